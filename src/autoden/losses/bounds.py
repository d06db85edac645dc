"""Penalties that keep an output within its physical range."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from autoden.models.narrow.availability import just_computes


class LowerLimit(nn.Module):
    r"""Mean squared violation of a lower limit: :math:`\mathrm{mean}(\max(l - f, 0)^2)`.

    Parameters
    ----------
    limit : Tensor
        Shape () or one that broadcasts to (C, *S), in the units of the output.

    Examples
    --------
    >>> import torch
    >>> LowerLimit(torch.tensor(0.0))(torch.tensor([[[-2.0, 1.0]]]))
    tensor(2.)
    """

    limit: Tensor

    def __init__(self, limit: Tensor) -> None:
        super().__init__()
        self.register_buffer("limit", limit)

    def forward(self, output: Tensor) -> Tensor:
        """Penalise an output of shape (N, C, *S)."""
        if not just_computes():
            return (self.limit - output).relu().square().mean()
        violation: Tensor = _Violation.apply(output, self.limit)  # type: ignore[no-untyped-call]
        return violation


class _Violation(torch.autograd.Function):
    """The mean square, with half the calls that torch makes of its parts."""

    @staticmethod
    def forward(ctx: Any, output: Tensor, limit: Tensor) -> Tensor:
        """Square what is below the limit."""
        ctx.below = (limit - output).relu_()
        ctx.save_for_backward(output, limit)
        row: Tensor = ctx.below.flatten()
        return row.dot(row) / row.numel()

    @staticmethod
    def backward(ctx: Any, by_mean: Tensor) -> tuple[Tensor, None]:
        """Give the gradient; it can be differentiated once more."""
        output, limit = ctx.saved_tensors  # refuses what was changed meanwhile
        below = (limit - output).relu() if torch.is_grad_enabled() else ctx.below
        return below * (by_mean * (-2 / below.numel())), None
