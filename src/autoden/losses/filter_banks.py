"""Penalty on the coefficients of a given bank of filters, such as one learnt from clean data.

The analysis is in ``transforms/filter_banks.py``, the learning in
``transforms/learnable_filters.py``.
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from autoden.checks import flag
from autoden.errors import InputError
from autoden.losses.regularizers import LossRegularizer, Reduction
from autoden.transforms.filter_banks import CustomFilterDecomposition


class LossCCF(LossRegularizer):
    r"""The weighed l1 norm of the coefficients of custom filters.

    .. math::
        \lambda\,\mathrm{mean}_i \sum_m w_m |c_m[i]|, \qquad c_m[i] = \sum_j k_m[j]\, f[i + j - o]

    with filters :math:`k_m` centred on the element :math:`i`; beyond its ends the output
    :math:`f` is mirrored. With the filters and weights of a learnt bank (Cai, Ji, Shen & Ye 2014)
    it penalises what the data it was learnt from have little of.

    Parameters
    ----------
    lambda_val : float
        Weight of the penalty, at least 0.
    filters : Tensor or ndarray
        Shape (M, *K), applied to each channel by itself, or (M, C, *K) across C channels; the
        first filter is the smoothing one.
    weights : array_like
        Shape (M,), at least 0, such as `ParsevalFilterBankND.get_filter_weights` gives.
    min_approx : bool
        Penalise the coefficients of the first filter too; otherwise its weight is 0.
    reduction : {"mean", "sum"}
        How the penalties of the elements become one number.

    Raises
    ------
    InputError
        Filters of another shape; weights that are negative, not finite, or of another number.

    Examples
    --------
    >>> filters = torch.tensor([[0.5, 0.5], [-0.5, 0.5]])
    >>> loss = LossCCF(1.0, filters, weights=[1.0, 1.0], reduction="sum")
    >>> loss(torch.tensor([[[0.0, 0.0, 3.0, 3.0]]]))
    tensor(1.5000)
    """

    weights: Tensor

    def __init__(
        self, lambda_val: float, filters: Tensor | NDArray[Any], weights: Tensor | ArrayLike,
        min_approx: bool = False, reduction: Reduction = "mean",
    ) -> None:  # fmt: skip
        super().__init__(lambda_val, reduction, n_dims=None)
        self.decomposition = CustomFilterDecomposition(filters)
        self.min_approx = flag("min_approx", min_approx)
        kernels = self.decomposition.kernels
        checked = torch.as_tensor(weights).detach().to(kernels, copy=True)
        is_weight = checked.isfinite() & (checked >= 0)
        if checked.shape != kernels.shape[:1] or not is_weight.all():
            raise InputError(
                f"`weights` are {checked.tolist()}: give one finite number of at least 0 for each "
                f"of the {len(kernels)} filters."
            )
        if not self.min_approx:
            checked[0] = 0
        self.register_buffer("weights", checked)

    def roughness(self, output: Tensor) -> Tensor:
        """Return the weighed absolute coefficients of each element, shape (N, C or 1, *S)."""
        found = self.decomposition.analyze(output, mode="symmetric")  # (N, C * M, *S)
        by_filter = found.reshape(len(output), -1, len(self.weights), *output.shape[2:])
        return torch.einsum("ncm...,m->nc...", by_filter.abs(), self.weights.to(output.dtype))
