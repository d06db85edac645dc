"""Penalties on what a prediction looks like, added to the data term.

Each takes the output of shape (N, C, *S) and gives one number: `lambda_val` times the mean (or
sum) of a measure of roughness.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from autoden.checks import choice, number

Reduction = Literal["mean", "sum"]


class LossRegularizer(nn.Module, ABC):
    """A penalty on the output of a network.

    Parameters
    ----------
    lambda_val : float
        Weight of the penalty, at least 0.
    reduction : {"mean", "sum"}
        How the element-wise penalties become one number.
    n_dims : {1, 2, 3}
        How many trailing axes are spatial.
    """

    def __init__(self, lambda_val: float, reduction: Reduction = "mean", n_dims: int = 2) -> None:
        super().__init__()
        self.lambda_val = number("lambda_val", lambda_val, at_least=0)
        self.reduction = choice("reduction", reduction, ("mean", "sum"))
        self.n_dims = choice("n_dims", n_dims, (1, 2, 3))

    @abstractmethod
    def roughness(self, output: Tensor) -> Tensor:
        """Measure the roughness of each element of an output (N, C, *S), any shape out."""

    def forward(self, output: Tensor) -> Tensor:
        """Penalise an output of shape (N, C, *S)."""
        values = self.roughness(output)
        return self.lambda_val * (values.mean() if self.reduction == "mean" else values.sum())


class LossTV(LossRegularizer):
    r"""Total variation (Rudin, Osher & Fatemi 1992), by forward differences.

    Isotropic: :math:`\lambda\,\mathrm{mean}\sqrt{\sum_d (\nabla_d f)^2}`; anisotropic:
    :math:`\lambda\,\mathrm{mean}\sum_d |\nabla_d f|`. The difference beyond the last element of an
    axis is 0.

    Parameters
    ----------
    lambda_val : float
        Weight of the penalty, at least 0.
    reduction : {"mean", "sum"}
        How the element-wise penalties become one number.
    isotropic : bool
        Length of the gradient instead of the sum of its components.
    n_dims : {1, 2, 3}
        How many trailing axes are spatial.

    Examples
    --------
    >>> step = torch.tensor([[[0.0, 0.0, 3.0, 3.0]]])
    >>> LossTV(1.0, reduction="sum", n_dims=1)(step)
    tensor(3.)
    """

    def __init__(
        self,
        lambda_val: float,
        reduction: Reduction = "mean",
        isotropic: bool = True,
        n_dims: int = 2,
    ) -> None:
        super().__init__(lambda_val, reduction, n_dims)
        self.isotropic = isotropic

    def roughness(self, output: Tensor) -> Tensor:
        """Length of the gradient of each element."""
        axes = range(-self.n_dims, 0)
        gradient = torch.stack(
            [output.diff(dim=d, append=output.narrow(d, -1, 1)) for d in axes]
        )  # (n_dims, N, C, *S)
        if not self.isotropic or self.n_dims == 1:
            return gradient.abs().sum(dim=0)
        # The length has no derivative at 0: flat places take the subgradient 0 instead of NaN.
        squared = gradient.square().sum(dim=0)
        flat = squared == 0
        return torch.where(flat, 0.0, torch.where(flat, 1.0, squared).sqrt())
