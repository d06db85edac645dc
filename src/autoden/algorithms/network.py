"""The network of a denoiser: found from whatever describes it, and what data it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import torch
from torch import nn

from autoden.checks import choice, whole_number
from autoden.errors import InputError
from autoden.models.config import NetworkParams, create_network
from autoden.models.io import load_model_state

ModelLike = NetworkParams | str | nn.Module | Mapping[str, Any] | int


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
    if not isinstance(model, int):
        return create_network(model, device=device, seed=seed)
    if epochs_dir is None:
        raise InputError(
            f"`model` is {model}, an epoch that an earlier training saved: give the folder that "
            "it saved to as `save_epochs_dir`."
        )
    return create_network(load_model_state(epochs_dir, model), device=device)


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
