"""Training in mixed precision: convolutions in bfloat16, everything else in float32."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import Tensor, nn

logger = logging.getLogger(__name__)


def in_mixed_precision(model: nn.Module) -> nn.Module:
    """Let a network compute in bfloat16 where that costs little, or give it back with a log line.

    Weights, loss, gradients of the weights and the optimizer stay in float32. Numbers of bfloat16
    have eight bits: an output is rounded to about 0.3 % of its size. Whoever uses `model` itself,
    as inference does, computes in float32.

    Parameters
    ----------
    model : torch.nn.Module
        On the device where it trains.

    Returns
    -------
    torch.nn.Module
        With the very parameters and buffers of `model`.

    Examples
    --------
    >>> model = nn.Linear(1, 1, bias=False)
    >>> with torch.no_grad():
    ...     _ = model.weight.fill_(1.003)
    >>> in_mixed_precision(model)(torch.ones(1, 1)).item()
    1.0
    """
    device = next(model.parameters()).device
    if not _has_bfloat16(device):
        logger.warning("The network trains in float32: there is no bfloat16 on %s.", device.type)
        return model
    return _MixedPrecision(model, device.type)


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.amp.is_autocast_available(device.type))


class _MixedPrecision(nn.Module):
    def __init__(self, model: nn.Module, device_type: str) -> None:
        super().__init__()
        self.model, self.device_type = model, device_type

    def forward(self, *inputs: Any) -> Tensor:
        """Compute in mixed precision; the output is float32."""
        with torch.autocast(self.device_type, dtype=torch.bfloat16):
            output = self.model(*inputs)
        return output.float() if isinstance(output, Tensor) else output
