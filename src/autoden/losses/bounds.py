"""Penalties that keep an output within its physical range."""

from __future__ import annotations

from torch import Tensor, nn


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
        return (self.limit - output).relu().square().mean()
