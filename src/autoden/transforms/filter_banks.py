"""Banks of filters given by their kernels: analysis, and its adjoint as synthesis.

A coefficient is the inner product of a kernel with the patch around a pixel. With periodic ends
the synthesis is exactly the adjoint of the analysis, at every size, and so its inverse when the
bank is a Parseval frame: when the power spectra of its kernels sum to 1 at every frequency. How
kernels are learnt from data is in ``learnable_filters.py``.
"""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autoden.errors import InputError
from autoden.transforms.extension import Mode, extend


class CustomFilterDecomposition(nn.Module):
    r"""A bank of given filters.

    The analysis by the kernels :math:`k_m` is :math:`c_m[i] = \sum_j k_m[j]\, x[i + j - o]`, with
    :math:`o = \lfloor (K - 1) / 2 \rfloor` along each axis, and the synthesis its adjoint
    :math:`x[i] = \sum_m \sum_j k_m[j]\, c_m[i - j + o]`.

    Parameters
    ----------
    kernels : Tensor or ndarray
        Shape (M, *K): M filters of one, two or three dimensions, applied to each channel by
        itself. Or (M, C, *K): filters across C channels. Which of the two is meant shows in the
        number of axes of the signal.

    Raises
    ------
    InputError
        Kernels that are no finite array of numbers of such a shape.

    Examples
    --------
    The two Haar filters, not decimated, are a Parseval frame when halved:

    >>> bank = CustomFilterDecomposition(torch.tensor([[0.5, 0.5], [0.5, -0.5]]))
    >>> x = torch.tensor([[[1.0, 2.0, 4.0]]])
    >>> coefficients = bank.analyze(x)
    >>> coefficients
    tensor([[[ 1.5000,  3.0000,  2.5000],
             [-0.5000, -1.0000,  1.5000]]])
    >>> bank.synthesize(coefficients)
    tensor([[[1., 2., 4.]]])
    """

    kernels: Tensor

    def __init__(self, kernels: Tensor | NDArray[Any]) -> None:
        super().__init__()
        checked = torch.as_tensor(kernels).detach().clone()
        if not 2 <= checked.ndim <= 5 or 0 in checked.shape:
            raise InputError(
                f"`kernels` are of shape {tuple(checked.shape)}: give M filters of one, two or "
                "three dimensions as (M, *K), or (M, C, *K) for filters across C channels."
            )
        checked = checked if checked.is_floating_point() else checked.float()
        if not checked.isfinite().all():
            raise InputError("`kernels` hold values that are not finite: remove NaN and infinity.")
        self.register_buffer("kernels", checked)

    def get_kernels(self) -> Tensor:
        """Return the kernels, in the shape they were given."""
        return self.kernels

    def analyze(self, x: Tensor, mode: Mode = "periodic") -> Tensor:
        """Return the coefficients (N, M, *S) of a signal (N, C, *S).

        Filters (M, *K) take each channel by itself and give (N, C * M, *S), channel by channel.
        `mode` says what lies beyond the ends, periodic or mirrored; the synthesis is the adjoint
        for periodic ends only. Kernels may be larger than the signal.
        """
        return analyze(x, self.kernels.to(x.dtype), mode)

    def synthesize(self, coefficients: Tensor) -> Tensor:
        """Return the adjoint of the periodic analysis, a signal (N, C, *S)."""
        return synthesize(coefficients, self.kernels.to(coefficients.dtype))


def analyze(x: Tensor, kernels: Tensor, mode: Mode = "periodic") -> Tensor:
    """Correlate (N, C, *S) with kernels (M, *K) or (M, C, *K), at all of its positions."""
    weight = as_weight(kernels, x)
    for dim, size in enumerate(weight.shape[2:], start=2):
        x = extend(x, dim, (size - 1) // 2, size // 2, mode)
    return correlate(x, weight)


def synthesize(coefficients: Tensor, kernels: Tensor) -> Tensor:
    """Apply the adjoint of the periodic `analyze`: the mirrored kernels, summed over the bank."""
    weight = as_weight(kernels, coefficients)
    for dim, size in enumerate(weight.shape[2:], start=2):
        coefficients = extend(coefficients, dim, size // 2, (size - 1) // 2, "periodic")
    return correlate(coefficients, weight.transpose(0, 1).flip(tuple(range(2, weight.ndim))))


def as_weight(kernels: Tensor, x: Tensor) -> Tensor:
    """Return kernels as (M, C, *K), seeing from `x` whether they have their own channel axis."""
    weight = kernels.unsqueeze(1) if kernels.ndim == x.ndim - 1 else kernels
    if weight.ndim != x.ndim:
        raise InputError(
            f"The kernels are of shape {tuple(kernels.shape)} and the signal of shape "
            f"{tuple(x.shape)}: kernels (M, *K) or (M, C, *K) take signals (N, C, *S) with as many "
            "axes in S as in K."
        )
    return weight


def correlate(x: Tensor, weight: Tensor) -> Tensor:
    """Correlate (N, G * C, *S) with kernels (M, C, *K), group by group: (N, G * M, *S - K + 1)."""
    n_dims, n_channels = weight.ndim - 2, weight.shape[1]
    if x.shape[1] % n_channels:
        raise InputError(
            f"The signal has {x.shape[1]} channels, the kernels take {n_channels}: give a signal "
            "with as many channels or a multiple of them."
        )
    groups = x.reshape(-1, n_channels, *x.shape[2:])
    ones, zeros = (1,) * n_dims, (0,) * n_dims
    found = torch.convolution(groups, weight, None, ones, zeros, ones, False, zeros, 1)
    return found.reshape(x.shape[0], -1, *found.shape[2:])
