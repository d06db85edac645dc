"""Networks to disk and back: single files, and the folder in which a training keeps its epochs.

A name ending in ``.pt`` stands for a file that ``torch.load(file, weights_only=True)`` reads: a
mapping with the keys ``model_class``, ``init_params``, ``epoch``, ``state_dict`` and ``optimizer``,
as auto-denoise 3.0 writes it. Any other name stands for a safetensors file. Both are read without
running anything in them, and only if they fit the network that they describe exactly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.io.files import FilePath
from autoden.models.model_files import SavedModel, read_model, write_model

__all__ = [
    "SavedModel",
    "load_model",
    "load_model_state",
    "read_model",
    "save_model",
    "save_model_state",
    "write_model",
]


def save_model(
    file: FilePath,
    model: nn.Module,
    optim_state: Mapping[str, Any] | None = None,
    epoch_num: int = 0,
) -> None:
    """Save a network. A file of this name is replaced, in one step once the new one is complete.

    Parameters
    ----------
    file : path-like
        The file; its folder must be there.
    model : torch.nn.Module
        A network of autoden or one whose class is registered (`autoden.models.register`).
    optim_state : mapping, optional
        What the ``state_dict()`` of its optimiser returned.
    epoch_num : int, default: 0
        When in its training the weights are taken.

    Raises
    ------
    InputError
        The network cannot be named in a file or holds NaN, or the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from autoden.models import NetworkParamsDnCNN, create_network
    >>> network = NetworkParamsDnCNN(n_layers=2, n_features=4).get_model("cpu")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(f"{folder}/network.safetensors", network, epoch_num=3)
    ...     state = load_model(f"{folder}/network.safetensors")
    >>> state["model_class"], state["epoch"]
    ('DnCNN', 3)
    >>> same = create_network(state, device="cpu")
    """
    saved = SavedModel.of(model, optimizer=optim_state, epoch=epoch_num)
    write_model(file, saved, overwrite=True)


def load_model(file: FilePath) -> dict[str, Any]:
    """Load what `save_model` or auto-denoise 3.0 saved.

    Parameters
    ----------
    file : path-like
        The file. Which of the formats it has is told from its content.

    Returns
    -------
    dict
        Keys ``model_class`` (name of the network's class), ``init_params``, ``epoch``,
        ``state_dict`` (tensors on the CPU) and ``optimizer`` (None if it was not saved):
        `create_network` makes a network of it.

    Raises
    ------
    InputError
        No such file, or not intact, or not exactly what the network it describes needs.
    """
    return read_model(file).as_state()


def save_model_state(
    save_epochs_dir: FilePath,
    epoch_num: int,
    model: nn.Module,
    optim_state: Mapping[str, Any] | None = None,
    is_best: bool = False,
) -> None:
    """Save a network during its training, as `save_model` does.

    Parameters
    ----------
    save_epochs_dir : path-like
        Folder of the training; it and its folder ``weights`` are made if they are not there.
    epoch_num : int
        The epoch.
    model : torch.nn.Module
        The network.
    optim_state : mapping, optional
        State of its optimiser.
    is_best : bool, default: False
        Save to ``weights/weights.pt`` rather than to ``weights/weights_epoch_N.pt``.

    Raises
    ------
    InputError
        As `save_model`, or the folder cannot be made.
    """
    file = _file(save_epochs_dir, None if is_best else epoch_num)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder {file.parent} cannot be made ({error.strerror}): choose another one."
        ) from error
    save_model(file, model, optim_state, epoch_num)


def load_model_state(save_epochs_dir: FilePath, epoch_num: int | None = None) -> dict[str, Any]:
    """Load what `save_model_state` saved.

    Parameters
    ----------
    save_epochs_dir : path-like
        Folder of the training.
    epoch_num : int, optional
        The epoch; the best one if not given, or -1.

    Returns
    -------
    dict
        As `load_model` returns.

    Raises
    ------
    InputError
        The epoch was not saved there, or as `load_model`.
    """
    file = _file(save_epochs_dir, None if epoch_num == -1 else epoch_num)
    if not file.is_file():
        found = (re.fullmatch(r"weights_epoch_(\d+)\.pt", other.name) for other in _others(file))
        epochs = sorted(int(match[1]) for match in found if match)
        listed = f"the epochs {_ranges(epochs)}" if epochs else "no epochs"
        raise InputError(
            f"{file} does not exist: {file.parent} holds {listed}"
            f"{' and the best one' if (file.parent / 'weights.pt').is_file() else ''}."
        )
    return load_model(file)


def _file(save_epochs_dir: FilePath, epoch_num: int | None) -> Path:
    folder = Path(save_epochs_dir).expanduser() / "weights"
    if epoch_num is None:
        return folder / "weights.pt"
    return folder / f"weights_epoch_{whole_number('epoch_num', epoch_num, at_least=0)}.pt"


def _others(file: Path) -> list[Path]:
    return list(file.parent.iterdir()) if file.parent.is_dir() else []


def _ranges(numbers: list[int]) -> str:
    """Write sorted numbers as in 0-4, 9."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    return ", ".join("-".join(map(str, ends)) for ends in ranges)
