"""A network with its weights as a file: what is saved, and how it maps to the two formats.

A name ending in ``.pt`` stands for a file of `torch.save` with the keys of auto-denoise 3.0, any
other name for safetensors. What is read is checked against the network that it describes before
memory is taken for one; the formats themselves are `autoden.models.tensor_files` and
`autoden.models.pickled_files`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.io.files import FilePath, check_source
from autoden.models.params import NetworkParams
from autoden.models.pickled_files import read_pickled, write_pickled
from autoden.models.records import DenoiserRecord, ModelRecord, NetworkRecord
from autoden.models.registry import class_name, describe_network
from autoden.models.saved_state import (
    check_finite,
    check_tensor,
    check_weights,
    load_weights,
    open_saved_state,
    skeleton,
)
from autoden.models.tensor_files import read_tensors, write_tensors
from autoden.models.trees import join_tensors, split_tensors


@dataclass(frozen=True)
class SavedModel:
    """All that a model file holds.

    Attributes
    ----------
    params : NetworkParams
        Parameters of the network.
    weights : mapping of str to Tensor
        Its weights, by name.
    epoch : int
        When in its training they were taken.
    optimizer : mapping, optional
        State of the optimiser that trained it.
    denoiser : DenoiserRecord, optional
        What a denoiser needs besides its network.
    arrays : mapping of str to array_like
        Numbers that belong to the denoiser, by the names that `denoiser` lists.
    """

    params: NetworkParams
    weights: Mapping[str, Tensor]
    epoch: int = 0
    optimizer: Mapping[str, Any] | None = None
    denoiser: DenoiserRecord | None = None
    arrays: Mapping[str, ArrayLike] = field(default_factory=dict)

    @classmethod
    def of(cls, network: nn.Module, **rest: Any) -> SavedModel:
        """Take what is to be saved from a network; `rest` are the other attributes.

        Raises
        ------
        InputError
            The network is not registered, or was changed after it was built, or holds NaN.
        """
        _, params = describe_network(network)
        weights = network.state_dict()
        check_weights(skeleton(params).state_dict(), weights)
        return cls(params, weights, **rest)

    def get_model(self, device: torch.device | str | None = None) -> nn.Module:
        """Build the network, on a device as in `NetworkParams.get_model`."""
        network = self.params.get_model(device)
        load_weights(network, self.weights)
        return network

    def as_state(self) -> dict[str, Any]:
        """Return the mapping that ``.pt`` files hold and `create_network` takes."""
        return {
            "model_class": class_name(type(self.params)),
            "init_params": dict(vars(self.params)),
            "epoch": whole_number("epoch_num", self.epoch, at_least=0),
            "state_dict": dict(self.weights),
            "optimizer": self.optimizer,
        }


def write_model(path: FilePath, saved: SavedModel, *, overwrite: bool = False) -> None:
    """Write a model file, as a whole or not at all.

    Parameters
    ----------
    path : path-like
        The file; ``.pt`` at its end means a file of `torch.save`, anything else safetensors.
    saved : SavedModel
        What to write.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    InputError
        The file cannot be written, or cannot hold something of `saved`.
    """
    with _about(path):
        if Path(path).suffix.lower() == ".pt":
            if saved.denoiser is not None:
                raise InputError(
                    "a file of this name holds a network, not a denoiser: give a name that ends "
                    "in .safetensors."
                )
            return write_pickled(path, saved.as_state(), overwrite=overwrite)
        tensors, record = _to_tensors(saved)
        return write_tensors(path, tensors, record, overwrite=overwrite)


def read_model(path: FilePath) -> SavedModel:
    """Read a model file of either format, or a network that auto-denoise 3.0 saved.

    Raises
    ------
    InputError
        No such file, or not a model file, or not intact, or one that asks for a network that its
        weights do not fit.
    """
    with check_source(path).open("rb") as file:
        is_archive = file.read(2) == b"PK"
    with _about(path):
        if not is_archive:
            return _from_tensors(*read_tensors(path, ModelRecord))
        state = read_pickled(path)
        params, weights = open_saved_state(state)
        optimizer, tensors = split_tensors(state.get("optimizer"))
        epoch = whole_number("epoch", state.get("epoch", 0), at_least=0)
        return SavedModel(params, weights, epoch, _optimizer(optimizer, tensors))


def _to_tensors(saved: SavedModel) -> tuple[dict[str, Tensor], ModelRecord]:
    """Name all tensors, and describe the rest."""
    state = saved.as_state()
    optimizer, slots = split_tensors(state["optimizer"])
    params, none = split_tensors(state["init_params"])
    arrays = saved.denoiser.arrays if saved.denoiser is not None else ()
    if none or set(arrays) != set(saved.arrays):
        raise InputError(
            f"its parameters hold {len(none)} tensors, and its arrays are {list(saved.arrays)} "
            f"where the denoiser has {list(arrays)}: give plain parameters and these arrays."
        )
    tensors = {
        **{f"network.{name}": weight for name, weight in saved.weights.items()},
        **{f"optimizer.{i}": slot for i, slot in enumerate(slots)},
        **{f"denoiser.{name}": torch.as_tensor(saved.arrays[name]) for name in arrays},
    }
    record = ModelRecord(
        versions={package: version(package) for package in ("autoden", "torch")},
        network=NetworkRecord(name=state["model_class"], params=dict(params["map"])),
        epoch=state["epoch"],
        optimizer=optimizer,
        denoiser=saved.denoiser,
    )
    return tensors, record


def _from_tensors(tensors: Mapping[str, Tensor], record: ModelRecord) -> SavedModel:
    """Undo `_to_tensors`, trusting nothing."""
    parts: dict[str, dict[str, Tensor]] = {"network": {}, "optimizer": {}, "denoiser": {}}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        if part not in parts:
            raise InputError(f"it holds {name!r:.100}, which belongs to nothing known.")
        parts[part][rest] = tensor
    wanted = set(record.denoiser.arrays) if record.denoiser is not None else set()
    slots = [parts["optimizer"].pop(str(i), None) for i in range(len(parts["optimizer"]))]
    if wanted != set(parts["denoiser"]) or None in slots:
        raise InputError("its denoiser or its optimiser does not have the numbers it speaks of.")
    params, weights = open_saved_state(
        {
            "model_class": record.network.name,
            "init_params": {k: join_tensors(v, []) for k, v in record.network.params.items()},
            "state_dict": parts["network"],
        }
    )
    return SavedModel(
        params,
        weights,
        record.epoch,
        _optimizer(record.optimizer, slots),
        record.denoiser,
        {name: _array(name, tensor) for name, tensor in parts["denoiser"].items()},
    )


def _optimizer(plain: Any, slots: list[Any]) -> dict[str, Any] | None:
    """Put the optimiser's state together again, if its numbers are numbers."""
    for i, slot in enumerate(slots):
        check_tensor(f"optimizer.{i}", slot)
        check_finite(f"optimizer.{i}", slot)
    state = join_tensors(plain, slots)
    if not isinstance(state, dict | None):
        raise InputError(f"its optimiser is a {type(state).__name__}: a mapping was expected.")
    return state


def _array(name: str, tensor: Tensor) -> NDArray[Any]:
    if tensor.dtype not in (torch.float32, torch.float64):
        raise InputError(f"its array {name!r} is of {tensor.dtype}: floats were expected.")
    check_finite(name, tensor)
    return np.asarray(tensor.numpy())


@contextmanager
def _about(path: FilePath) -> Iterator[None]:
    """Let every error say which file it is about."""
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from error
