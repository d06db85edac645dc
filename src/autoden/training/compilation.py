"""Training a network as code compiled for it, where this machine can compile."""

from __future__ import annotations

import logging
from functools import cache
from typing import cast

import torch
from torch import nn

logger = logging.getLogger(__name__)


def compile_network(model: nn.Module) -> nn.Module:
    """Compile a network by `torch.compile`, or give it back with one line of log.

    Compiling takes seconds to a minute at the first step, and needs a C++ compiler for the CPU or
    triton for a GPU: whether they work is found out on a tiny function, once per device.

    Parameters
    ----------
    model : torch.nn.Module
        On the device where it trains.

    Returns
    -------
    torch.nn.Module
        With the very parameters and buffers of `model`.
    """
    device = next(model.parameters()).device
    reason = _why_not(device)
    if reason:
        logger.warning(
            "The network trains without `compile`: nothing can be compiled for %s here (%s).",
            device.type, reason,
        )  # fmt: skip
        return model
    return cast(nn.Module, torch.compile(model, dynamic=False))


@cache
def _why_not(device: torch.device) -> str:
    """Compile something tiny, forward and backward; say what goes wrong, if anything does."""
    x = torch.ones(4, device=device, requires_grad=True)
    try:
        torch.autograd.backward(torch.compile(_tiny, dynamic=False)(x))
    except Exception as error:  # whatever goes wrong in a compiler
        return (str(error).strip().splitlines() or [type(error).__name__])[0]
    return ""


def _tiny(x: torch.Tensor) -> torch.Tensor:
    return (x.sin() * 2).sum()
