"""Networks from whatever describes one: a record, a name, a saved state, or the network itself.

The records of parameters and the optimisers are offered here, too, so that one import serves.
Nothing here imports torch until a network is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from autoden.errors import InputError
from autoden.models.devices import choose_device
from autoden.models.optimizers import create_optimizer
from autoden.models.params import (
    NETWORKS,
    NetworkParams,
    NetworkParamsBlindSpot,
    NetworkParamsDnCNN,
    NetworkParamsKernelMixture,
    NetworkParamsMSD,
    NetworkParamsPlain,
    NetworkParamsResnet,
    NetworkParamsUNet,
)
from autoden.models.registry import describe, names

if TYPE_CHECKING:
    import torch

__all__ = [
    "NETWORKS",
    "NetworkParams",
    "NetworkParamsBlindSpot",
    "NetworkParamsDnCNN",
    "NetworkParamsKernelMixture",
    "NetworkParamsMSD",
    "NetworkParamsPlain",
    "NetworkParamsResnet",
    "NetworkParamsUNet",
    "SerializableModel",
    "create_network",
    "create_optimizer",
]


@runtime_checkable
class SerializableModel(Protocol):
    """A network that can be saved: it knows the parameters it was built with."""

    @property
    def init_params(self) -> Mapping[str, Any]:
        """The parameters, by name: ``type(m)(**m.init_params)`` builds the same network."""
        ...


def create_network(
    model: NetworkParams | str | torch.nn.Module | Mapping[str, Any],
    init_params: Mapping[str, Any] | None = None,
    state_dict: Mapping[str, Any] | None = None,
    device: torch.device | str | None = None,
    seed: int | None = None,
) -> torch.nn.Module:
    """Return the network that `model` describes.

    Parameters
    ----------
    model : NetworkParams, str, torch.nn.Module or mapping
        A record of parameters; a name of `NETWORKS`, or of a network's class; a network, which
        is returned itself; or a saved state, with keys ``model_class`` (a name), ``init_params``
        and ``state_dict``, of autoden or of auto-denoise 3.0.
    init_params : mapping, optional
        Parameters by name, where `model` is a name; those not given have their defaults.
    state_dict : mapping, optional
        Weights to load, instead of those of the saved state if `model` is one. They must be
        exactly those of the network, and finite.
    device : torch.device or str, optional
        Where the weights go; if not given, the GPU if there is one, else the CPU. A network that
        is given stays where it is.
    seed : int, optional
        As in `NetworkParams.get_model`.

    Returns
    -------
    torch.nn.Module
        The network.

    Raises
    ------
    InputError
        Nothing known, parameters that it cannot have, or weights of another network.

    Examples
    --------
    >>> network = create_network("unet", {"n_levels": 2, "n_features": 8}, device="cpu")
    >>> copy = create_network(
    ...     {
    ...         "model_class": "UNet",
    ...         "init_params": network.init_params,
    ...         "state_dict": network.state_dict(),
    ...     },
    ...     device="cpu",
    ... )
    """
    if init_params is not None and not isinstance(model, str):
        raise InputError(
            f"`init_params` is {dict(init_params)!r}, but `model` is a {type(model).__name__}, "
            "which has its parameters already: give only one of them."
        )
    if isinstance(model, str) and state_dict is not None:
        model = {"model_class": model, "init_params": init_params or {}}
    elif isinstance(model, str):
        model = describe(model, init_params or {})
    if isinstance(model, Mapping):
        from autoden.models.saved_state import open_saved_state

        saved = model if state_dict is None else {**model, "state_dict": state_dict}
        model, state_dict = open_saved_state(saved)

    if isinstance(model, NetworkParams):
        network = model.get_model(device, seed)
    elif _is_module(model):
        network = model if device is None else model.to(choose_device(device))
    else:
        raise InputError(
            f"`model` is {model!r}: give a NetworkParams record, a torch.nn.Module, a saved "
            f"state, or one of the names {names()}."
        )
    if state_dict is not None:
        from autoden.models.saved_state import load_weights

        load_weights(network, state_dict)
    return network


def _is_module(model: Any) -> bool:
    import torch

    return isinstance(model, torch.nn.Module)
