"""Optimisers by name. Torch is imported when one is made."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from autoden.checks import choice
from autoden.errors import InputError

if TYPE_CHECKING:
    import torch

OPTIMIZERS = ("adam", "sgd", "rmsprop", "lbfgs")
FUSED_DEVICES = ("cpu", "cuda")


def create_optimizer(
    network: torch.nn.Module,
    algo: str = "adam",
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-2,
    optim_state: Mapping[str, Any] | None = None,
) -> torch.optim.Optimizer:
    """Return an optimiser of the network's parameters.

    Parameters
    ----------
    network : torch.nn.Module
        The network, already on its device.
    algo : {"adam", "sgd", "rmsprop", "lbfgs"}
        The algorithm; "adam" is AdamW, and "lbfgs" searches along its line (strong Wolfe), so
        that its `step` needs a closure.
    learning_rate : float, default: 1e-3
        Size of the steps.
    weight_decay : float, default: 1e-2
        How much the weights are drawn to zero; "lbfgs" does not.
    optim_state : mapping, optional
        State of an earlier optimiser of this kind to go on from, with its learning rate.

    Returns
    -------
    torch.optim.Optimizer
        The optimiser.

    Examples
    --------
    >>> import torch
    >>> create_optimizer(torch.nn.Linear(2, 2), "sgd").param_groups[0]["lr"]
    0.001
    """
    import torch

    parameters = list(network.parameters())
    options: dict[str, Any] = {"lr": learning_rate}
    if choice("algo", algo.lower(), OPTIMIZERS) != "lbfgs":
        options["weight_decay"] = weight_decay
    fused = all(p.device.type in FUSED_DEVICES for p in parameters) or None
    optimizer: torch.optim.Optimizer
    match algo.lower():
        case "adam":
            optimizer = torch.optim.AdamW(parameters, **options, fused=fused)
        case "sgd":
            optimizer = torch.optim.SGD(parameters, **options, fused=fused)
        case "rmsprop":
            optimizer = torch.optim.RMSprop(parameters, **options)
        case _:
            optimizer = torch.optim.LBFGS(parameters, **options, line_search_fn="strong_wolfe")
    if optim_state is not None:
        _load(optimizer, optim_state)
    return optimizer


def _load(optimizer: torch.optim.Optimizer, state: Mapping[str, Any]) -> None:
    """Load a state that may come from another device: fused here is what suits this one."""
    if "param_groups" not in state or "state" not in state:
        raise InputError(
            f"The `optim_state` has the keys {sorted(map(str, state))}: give what the "
            "`state_dict()` of an optimizer returned, with 'param_groups' and 'state'."
        )
    loaded = copy.deepcopy(dict(state))  # torch would go on writing to the caller's tensors
    for saved, own in zip(loaded["param_groups"], optimizer.param_groups, strict=False):
        saved.update({key: own[key] for key in ("fused", "foreach") if key in own})
    try:
        optimizer.load_state_dict(loaded)
    except ValueError as error:
        raise InputError(
            f"The `optim_state` is not that of this network and optimizer: {error}."
        ) from error
