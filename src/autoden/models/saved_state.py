"""Saved states: from a mapping of name, parameters and weights to a network, nothing on trust.

A saved state has the keys ``model_class``, ``init_params`` and ``state_dict``. Its weights must be
exactly those that a network of these parameters has: names, shapes, types, every value finite. The
network to compare with is built without memory for its weights, so that a state that asks for an
absurd one costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autoden.errors import InputError
from autoden.models import reference_weights
from autoden.models.params import NetworkParams
from autoden.models.registry import class_name, describe, find, names

KEYS = ("model_class", "init_params", "state_dict")


def open_saved_state(saved: Mapping[str, Any]) -> tuple[NetworkParams, dict[str, Tensor]]:
    """Check a saved state and return what it holds.

    Parameters
    ----------
    saved : mapping
        With the `KEYS`; others are ignored. Weights in the layout of auto-denoise 3.0 are renamed.

    Returns
    -------
    params : NetworkParams
        Parameters of the network.
    weights : dict of str to Tensor
        Exactly the weights that the network has.

    Raises
    ------
    InputError
        A key is missing, the network is not known, or parameters and weights do not fit.
    """
    missing = [key for key in KEYS if key not in saved]
    if missing:
        raise InputError(
            f"The saved state has the keys {sorted(map(str, saved))}, but not {missing}: "
            f"give a mapping with {list(KEYS)}."
        )
    name, given, weights = (saved[key] for key in KEYS)
    if not isinstance(name, str):
        raise InputError(f"`model_class` is {name!r}: give one of the names {names()}.")
    for key, value in (("init_params", given), ("state_dict", weights)):
        if not isinstance(value, Mapping):
            raise InputError(f"`{key}` is a {type(value).__name__}: give a mapping of names.")
    kind = find(name)
    if reference_weights.is_reference(kind, weights):
        params = describe(name, reference_weights.our_params(kind, given))
        expected = skeleton(params).state_dict()
        weights = reference_weights.rename(params, weights, list(expected))
    else:
        params = describe(name, given)
        expected = skeleton(params).state_dict()
    check_weights(expected, weights)
    return params, dict(weights)


def skeleton(params: NetworkParams) -> nn.Module:
    """Build a network without values, and so without memory for them.

    Raises
    ------
    InputError
        No network can have these parameters.

    Examples
    --------
    >>> from autoden.models.params import NetworkParamsDnCNN
    >>> huge = skeleton(NetworkParamsDnCNN(n_features=100_000))
    >>> sum(weight.numel() for weight in huge.parameters())
    1620005600000
    """
    try:
        with torch.device("meta"):
            return params.network_class()(**vars(params))
    except (InputError, MemoryError):
        raise
    except Exception as error:
        if not params.network.startswith("autoden."):
            return _build(params)  # a user's own network may need values to be built
        raise _impossible(params, error) from error


def _build(params: NetworkParams) -> nn.Module:
    try:
        return params.get_model("cpu")
    except (InputError, MemoryError):
        raise
    except Exception as error:
        raise _impossible(params, error) from error


def _impossible(params: NetworkParams, error: Exception) -> InputError:
    return InputError(
        f"There is no {class_name(type(params))} with the parameters {vars(params)!r:.500} "
        f"({error}): give smaller ones."
    )


def check_weights(expected: Mapping[str, Tensor], weights: Mapping[str, Any]) -> None:
    """Raise unless weights have exactly the names, shapes and types expected, and finite values.

    Parameters
    ----------
    expected : mapping of str to Tensor
        Weights of the network; their values do not matter.
    weights : mapping of str to Tensor
        Weights to be given to it.

    Raises
    ------
    InputError
        With the first differences and the remedy.
    """
    remedy = "give the parameters that the network was saved with"
    missing = [name for name in expected if name not in weights]
    unknown = [name for name in weights if name not in expected]
    if missing or unknown:
        raise InputError(
            "The weights are not those of this network: "
            + " and ".join(
                f"{what} {_few(which)}"
                for what, which in (("missing are", missing), ("unknown are", unknown))
                if which
            )
            + f": {remedy}."
        )
    for name, wanted in expected.items():
        weight = weights[name]
        check_tensor(name, weight)
        if (weight.shape, weight.dtype) != (wanted.shape, wanted.dtype):
            raise InputError(
                f"The weight {name!r} has shape {tuple(weight.shape)} and type {weight.dtype}, but "
                f"in this network {tuple(wanted.shape)} and {wanted.dtype}: {remedy}."
            )
    for name in expected:
        check_finite(name, weights[name])


def check_tensor(name: str, tensor: Any) -> None:
    """Raise unless it is a plain tensor with a place in memory for each of its values."""
    is_plain = (
        isinstance(tensor, Tensor)
        and tensor.layout == torch.strided
        and not tensor.is_quantized
        and tensor.device.type != "meta"
        and tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()
    )
    if not is_plain:
        raise InputError(
            f"{name!r} is a {type(tensor).__name__}: give a plain tensor."
            if not isinstance(tensor, Tensor)
            else f"{name!r} is a tensor without a value of its own for each element: give a plain "
            "one."
        )


def check_finite(name: str, tensor: Tensor) -> None:
    """Raise if a tensor holds NaN or infinity."""
    values = torch.view_as_real(tensor) if tensor.is_complex() else tensor
    # NaN and infinity come through a maximum, which is quicker to find than each of them
    if values.numel() and not all(torch.isfinite(end) for end in torch.aminmax(values.detach())):
        raise InputError(
            f"{name!r} holds NaN or infinity, which no network can work with: take the weights of "
            "an earlier epoch, or train again with a lower learning rate."
        )


def load_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a network weights that are exactly its own.

    Raises
    ------
    InputError
        As `check_weights`.
    """
    check_weights(network.state_dict(), weights)
    network.load_state_dict(dict(weights))


def _few(which: Iterable[str]) -> str:
    listed = list(which)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(repr(name) for name in listed[:3]) + more
