"""Trained denoisers as files: the network with all that `infer` needs to know beside it."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import torch

from autoden.algorithms.registry import ALGORITHMS
from autoden.errors import InputError
from autoden.models.io import SavedModel, read_model, write_model
from autoden.models.records import DenoiserRecord

if TYPE_CHECKING:
    from autoden.algorithms.denoiser import Denoiser


def save(denoiser: Denoiser, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Save a trained denoiser as a safetensors file, as a whole or not at all.

    See `Denoiser.save`.
    """
    if not isinstance(path, str | PathLike):
        raise InputError(f"`path` is {path!r}: give the name of a file, such as 'n2n.safetensors'.")
    if denoiser.data_scale_bias is None:
        raise InputError("This denoiser is not trained yet: call `train` before `save`.")
    record = DenoiserRecord(
        algorithm=_name_of(denoiser),
        n_dims=cast("Literal[1, 2, 3]", denoiser.n_dims),
        n_channels_in=denoiser.n_channels_in,
        n_channels_out=denoiser.n_channels_out,
        axes="C" * (denoiser.n_channels_in > 1) + "ZYX"[-denoiser.n_dims :],
        scaling=denoiser.data_scale_bias,
        settings=_plain(denoiser.settings or {}),
        arrays=() if denoiser.lower_limit is None else ("lower_limit",),
    )
    arrays = {} if denoiser.lower_limit is None else {"lower_limit": denoiser.lower_limit}
    saved = SavedModel.of(denoiser.model, denoiser=record, arrays=arrays)
    write_model(path, saved, overwrite=overwrite)


def load(
    path: str | PathLike[str],
    device: str | torch.device | None = None,
    *,
    batch_size: int | None = None,
    verbose: bool = True,
) -> Denoiser:
    """Load a denoiser that was saved as a whole.

    Nothing in the file can run; one that is damaged, or not exactly what it describes, is refused.

    Parameters
    ----------
    path : path
        A file that `Denoiser.save` wrote.
    device : str or torch.device, optional
        Where to compute; None takes "cuda" if there is one, else "cpu".
    batch_size : int, optional
        Samples per call of the network; None takes all at once.
    verbose : bool
        As in `Denoiser`.

    Returns
    -------
    Denoiser
        Of the class that was saved, such as `N2N`, ready for `infer`. A further training keeps
        the scaling of the data.

    Raises
    ------
    InputError
        No such file, or not one of a denoiser, or not intact.

    Examples
    --------
    >>> import tempfile
    >>> import autoden as ad
    >>> repeats = np.random.default_rng(0).poisson(9.0, (3, 64))
    >>> n2n = ad.N2N(ad.NetworkParamsDnCNN(n_dims=1, n_layers=3), seed=0, verbose=False)
    >>> inp, tgt, held_out = n2n.prepare_data(repeats)
    >>> losses = n2n.train(inp, tgt, held_out, epochs=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     n2n.save(f"{folder}/n2n.safetensors")
    ...     loaded = ad.load(f"{folder}/n2n.safetensors", verbose=False)
    >>> bool((loaded.infer(inp) == n2n.infer(inp)).all())
    True
    """
    saved = read_model(path)
    record = saved.denoiser
    if record is None:
        raise InputError(
            f"{path} holds a network, not a denoiser, which would know the scaling of its data: "
            f"train it again, as in `ad.N2N(ad.models.io.load_model({str(path)!r}))`."
        )
    if record.algorithm not in ALGORITHMS:
        raise InputError(
            f"{path} was trained by {record.algorithm!r}, but known are {', '.join(ALGORITHMS)}: "
            "use the version of autoden that wrote it, or one that is newer."
        )
    kind = ALGORITHMS[record.algorithm].load()
    own: dict[str, Any] = {
        name: record.settings[name] for name in kind.saved_options if name in record.settings
    }
    denoiser = kind(
        saved.get_model(device),
        data_scale_bias=record.scaling,
        device=device,
        batch_size=batch_size,
        verbose=verbose,
        **own,
    )
    given = (record.n_dims, record.n_channels_in, record.n_channels_out)
    if given != (denoiser.n_dims, denoiser.n_channels_in, denoiser.n_channels_out):
        raise InputError(
            f"{path} speaks of data with (dimensions, channels in, channels out) = {given}, which "
            "its network is not for: the file is not as autoden writes it."
        )
    denoiser.settings = dict(record.settings)
    if "lower_limit" in saved.arrays:
        denoiser.lower_limit = np.asarray(saved.arrays["lower_limit"], dtype=np.float64)
    return denoiser


def _name_of(denoiser: Denoiser) -> str:
    """Find the name of the denoiser's algorithm."""
    for name, algorithm in ALGORITHMS.items():
        module, _, cls = algorithm.denoiser.partition(":")
        if (module, cls) == (type(denoiser).__module__, type(denoiser).__qualname__):
            return name
    raise InputError(
        f"{type(denoiser).__name__} is not in `autoden.algorithms.ALGORITHMS`, so that a file "
        "cannot name it: add it there, or save its network with `ad.models.io.save_model`."
    )


def _plain(value: Any) -> Any:
    """Turn tuples into lists and arrays into numbers, as JSON has them."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value
