"""What every penalty on a prediction has in common, and the oldest of them, total variation.

Each takes the output of shape (N, C, *S) and gives one number, `lambda_val` times the mean (or
sum) of a measure of roughness, which is added to the data term.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from autoden.checks import choice, number
from autoden.errors import InputError

Reduction = Literal["mean", "sum"]


class LossRegularizer(nn.Module, ABC):
    """A penalty on the output of a network.

    Parameters
    ----------
    lambda_val : float
        Weight of the penalty, at least 0.
    reduction : {"mean", "sum"}
        How the element-wise penalties become one number.
    n_dims : {1, 2, 3}, optional
        How many trailing axes are spatial; None where the penalty itself sees it.
    """

    def __init__(
        self, lambda_val: float, reduction: Reduction = "mean", n_dims: int | None = 2
    ) -> None:
        super().__init__()
        self.lambda_val = number("lambda_val", lambda_val, at_least=0)
        self.reduction = choice("reduction", reduction, ("mean", "sum"))
        self.n_dims = n_dims if n_dims is None else choice("n_dims", n_dims, (1, 2, 3))

    @abstractmethod
    def roughness(self, output: Tensor) -> Tensor:
        """Measure the roughness of each element of an output (N, C, *S), any shape out."""

    def forward(self, output: Tensor) -> Tensor:
        """Penalise an output of shape (N, C, *S)."""
        n_spatial = output.ndim - 2
        if self.n_dims not in (None, n_spatial):
            raise InputError(
                f"{type(self).__name__} was made with n_dims={self.n_dims}, but the output is of "
                f"shape {tuple(output.shape)}, (N, C, *S): give n_dims={n_spatial}."
            )
        values = self.roughness(output)
        return self.lambda_val * (values.mean() if self.reduction == "mean" else values.sum())


def gradient(x: Tensor) -> Tensor:
    """Return the forward differences of (N, C, *S) along each spatial axis: (n_dims, N, C, *S).

    The difference beyond the last element of an axis is 0.
    """
    return torch.stack([x.diff(dim=d, append=x.narrow(d, -1, 1)) for d in range(2, x.ndim)])


def length(components: Tensor, dim: int) -> Tensor:
    """Return the Euclidean length of vectors along an axis.

    The length has no derivative at 0: there it takes the subgradient 0 instead of NaN.
    """
    if components.shape[dim] == 1:
        return components.squeeze(dim).abs()
    squared = components.square().sum(dim=dim)
    is_zero = squared == 0
    return torch.where(is_zero, 0.0, torch.where(is_zero, 1.0, squared).sqrt())


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
        components = gradient(output)
        return length(components, dim=0) if self.isotropic else components.abs().sum(dim=0)
