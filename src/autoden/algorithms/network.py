"""The network of a denoiser: found from whatever describes it, and what data it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import nn

from autoden.checks import choice, whole_number
from autoden.errors import InputError, TrainingError
from autoden.models.config import NetworkParams, create_network

ModelLike = NetworkParams | str | nn.Module | Mapping[str, Any] | int | np.integer


@dataclass(frozen=True)
class KindOfData:
    """What a network takes and gives: dimensions of the signal, channels in and out."""

    n_dims: int = 2
    n_channels_in: int = 1
    n_channels_out: int = 1

    @property
    def n_axes_in(self) -> int:
        """Axes of one input, ([C,] *S): one channel has no axis."""
        return self.n_dims + (self.n_channels_in > 1)

    @property
    def n_axes_out(self) -> int:
        """Axes of one output, ([C,] *S)."""
        return self.n_dims + (self.n_channels_out > 1)


def network_of(
    model: ModelLike,
    epochs_dir: str | PathLike[str] | None,
    device: torch.device,
    seed: int | None,
) -> nn.Module:
    """Give the network that `model` describes, on a device.

    Parameters
    ----------
    model : NetworkParams, str, torch.nn.Module, mapping or int
        As in `create_network`; a number stands for the weights of that epoch in `epochs_dir`.
    epochs_dir : path, optional
        Folder in which an earlier training kept its epochs.
    device : torch.device
        Where the weights go.
    seed : int, optional
        Makes new weights repeat.

    Raises
    ------
    InputError
        Nothing known, or an epoch that was not kept.
    """
    if isinstance(model, bool):
        raise InputError(
            f"`model` is {model}: give parameters of a network, its name, a network, a saved state "
            "or the number of an epoch."
        )
    if not isinstance(model, int | np.integer):
        return create_network(model, device=device, seed=seed)
    if epochs_dir is None:
        raise InputError(
            f"`model` is {model}, an epoch that an earlier training saved: give the folder that "
            "it saved to as `save_epochs_dir`."
        )
    from autoden.models.io import load_model_state  # checks files, which takes a while to import

    return create_network(load_model_state(epochs_dir, int(model)), device=device)


def kind_of_data(network: nn.Module) -> KindOfData:
    """Read from a network's `init_params` what data it is for.

    Raises
    ------
    InputError
        `init_params` that say nothing usable.

    Examples
    --------
    >>> kind_of_data(nn.Conv2d(1, 1, 3, padding=1))
    KindOfData(n_dims=2, n_channels_in=1, n_channels_out=1)
    """
    init_params = getattr(network, "init_params", None)
    if init_params is None:
        init_params = {}
    if not isinstance(init_params, Mapping):
        raise InputError(
            f"`init_params` of the network is {init_params!r}: give a mapping, such as "
            "{'n_dims': 1, 'n_channels_in': 1, 'n_channels_out': 1}."
        )
    n_dims = choice("n_dims", init_params.get("n_dims", 2), (1, 2, 3))
    n_in, n_out = (
        whole_number("n_channels", init_params.get(name, 1))
        for name in ("n_channels_in", "n_channels_out")
    )
    return KindOfData(n_dims, n_in, n_out)


@contextmanager
def about_the_network(network: nn.Module) -> Iterator[None]:
    """Say what torch's complaints about a user's own network, or about tiny data, mean."""
    try:
        yield
    except (InputError, TrainingError):
        raise
    except (RuntimeError, ValueError) as error:
        if "more than 1 value per channel" in str(error):
            raise InputError(
                "The data leave one element per channel and batch at some level of the network, "
                "which batch normalisation cannot scale: give larger data or batches, or a "
                "network with fewer levels."
            ) from error
        if hasattr(network, "init_params"):
            raise
        raise InputError(
            f"The network failed on the data: {error}. A network without `init_params` is given "
            'images of one channel; for others set, before, `network.init_params = {"n_dims": 1, '
            '"n_channels_in": 1, "n_channels_out": 1}`.'
        ) from error
