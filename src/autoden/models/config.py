"""Networks from whatever describes one: a record, a name, a saved state, or the network itself.

The records of parameters and the optimisers are offered here, too, so that one import serves.
Nothing here imports torch until a network is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from autoden.checks import choice
from autoden.errors import InputError
from autoden.models.devices import choose_device
from autoden.models.optimizers import create_optimizer
from autoden.models.params import (
    NETWORKS,
    NetworkParams,
    NetworkParamsDnCNN,
    NetworkParamsMSD,
    NetworkParamsResnet,
    NetworkParamsUNet,
)

if TYPE_CHECKING:
    import torch

__all__ = [
    "NETWORKS",
    "NetworkParams",
    "NetworkParamsDnCNN",
    "NetworkParamsMSD",
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
        and ``state_dict``.
    init_params : mapping, optional
        Parameters by name, where `model` is a name; those not given have their defaults.
    state_dict : mapping, optional
        Weights to load, instead of those of the saved state if `model` is one.
    device : torch.device or str, optional
        Where the weights go; if not given, the GPU if there is one, else the CPU. A network that
        is given stays where it is.
    seed : int, optional
        As in `NetworkParams.get_model`.

    Returns
    -------
    torch.nn.Module
        The network.

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
    if isinstance(model, Mapping):
        model, init_params, saved = _open_saved_state(model, init_params)
        state_dict = saved if state_dict is None else state_dict
    if isinstance(model, str):
        model = _describe(model, init_params or {})
    elif init_params is not None:
        raise InputError(
            f"`init_params` is {dict(init_params)!r}, but `model` is a {type(model).__name__}, "
            "which has its parameters already: give only one of them."
        )

    if isinstance(model, NetworkParams):
        network = model.get_model(device, seed)
    elif _is_module(model):
        network = model if device is None else model.to(choose_device(device))
    else:
        raise InputError(
            f"`model` is {model!r}: give a NetworkParams record, a torch.nn.Module, a saved "
            f"state, or one of the names {_names()}."
        )
    if state_dict is not None:
        _load_weights(network, state_dict)
    return network


def _names() -> str:
    return ", ".join(map(repr, NETWORKS))


def _is_module(model: Any) -> bool:
    import torch

    return isinstance(model, torch.nn.Module)


def _describe(name: str, params: Mapping[str, Any]) -> NetworkParams:
    """Return the record of the network called `name` with the given parameters."""
    by_class = {kind.network.split(":")[1].lower(): kind for kind in NETWORKS.values()}
    kind = NETWORKS.get(name.lower(), by_class.get(name.lower()))
    if kind is None:
        raise InputError(f"There is no network called {name!r}: choose one of {_names()}.")
    known = list(signature(kind).parameters)
    for param in params:
        choice(f"a parameter of {name}", param, known)
    return kind(**params)


def _open_saved_state(
    saved: Mapping[str, Any], init_params: Mapping[str, Any] | None
) -> tuple[str, Mapping[str, Any], Mapping[str, Any]]:
    """Return the name, parameters and weights that a saved state holds."""
    wanted = ("model_class", "init_params", "state_dict")
    missing = [key for key in wanted if key not in saved]
    if missing:
        raise InputError(
            f"The saved state has the keys {sorted(map(str, saved))}, but not {missing}: "
            f"give a mapping with {list(wanted)}."
        )
    if init_params is not None:
        raise InputError(
            f"`init_params` is {dict(init_params)!r}, but the saved state has its own: give only "
            "one of them."
        )
    name, params, weights = (saved[key] for key in wanted)
    if not isinstance(name, str):
        raise InputError(f"`model_class` is {name!r}: give one of the names {_names()}.")
    return name, params, weights


def _load_weights(network: torch.nn.Module, state_dict: Mapping[str, Any]) -> None:
    """Load all weights, by name, or raise if a name or a shape differs."""
    try:
        network.load_state_dict(state_dict)
    except RuntimeError as error:
        raise InputError(
            f"The weights in `state_dict` are not those of this network: {error}. Build the "
            "network with the parameters that it was saved with."
        ) from error
