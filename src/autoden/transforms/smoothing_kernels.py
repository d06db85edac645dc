"""Smoothing by fixed kernels: Gaussians, Savitzky-Golay filters, and banks of them.

The kernels have one dimension, are symmetric and sum to one; images and volumes are smoothed by
the same kernel along each axis in turn. Nothing here is learnt, and nothing chooses a width.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from autoden.checks import number, odd_number, whole_number
from autoden.errors import InputError
from autoden.transforms.extension import extend
from autoden.transforms.local_polynomial import local_polynomial

BLOCK = 64
"""Samples that one product of matrices gives: long enough to be quick, short beside kernels."""


def gaussian_kernel(width: float) -> NDArray[np.float64]:
    """Sample a Gaussian, out to four times its width.

    Parameters
    ----------
    width : float
        Standard deviation in samples, above 0.

    Returns
    -------
    ndarray
        An odd number of values with sum 1.

    Raises
    ------
    InputError
        No such width.

    Examples
    --------
    >>> gaussian_kernel(0.5).round(3)
    array([0.   , 0.106, 0.787, 0.106, 0.   ])
    """
    checked = number("width", width, above=0)
    reach = int(4 * checked + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / checked) ** 2)
    return np.asarray(kernel / kernel.sum())


def savgol_kernel(window: int, order: int) -> NDArray[np.float64]:
    """Return the weights that give the centre of a polynomial fitted to a window.

    Polynomials up to the order are left as they are. From order 2 on some of the weights are
    negative, so that positive data may come out negative beside sharp peaks.

    Parameters
    ----------
    window : int
        Number of samples, odd.
    order : int
        Of the polynomial, from 0 to below `window`.

    Returns
    -------
    ndarray
        `window` values with sum 1.

    Raises
    ------
    InputError
        No such window or order.

    References
    ----------
    A. Savitzky, M. J. E. Golay, "Smoothing and differentiation of data by simplified least
    squares procedures", Anal. Chem. 36, 1627 (1964).

    Examples
    --------
    >>> (savgol_kernel(5, 2) * 35).round(6)
    array([-3., 12., 17., 12., -3.])
    """
    n_samples = odd_number("window", window)
    if whole_number("order", order, at_least=0) >= n_samples:
        raise InputError(
            f"`order` is {order}: give one below the window, which has {n_samples} samples."
        )
    kernel = local_polynomial(n_samples, order)[n_samples // 2]
    return np.asarray(kernel / kernel.sum())


class SmoothingBank(nn.Module):
    """Several symmetric kernels, each applied along every axis of a signal.

    Beyond its ends the signal is continued by its mirror image, the last sample twice (scipy's
    "reflect"), as often as a kernel needs: constants stay what they are up to the edges, and
    signals of any size are taken, also shorter ones than the kernels.

    Parameters
    ----------
    kernels : sequence of ndarray
        K kernels of one dimension and of odd lengths.

    Notes
    -----
    A filter is a product with a band of a Toeplitz matrix, block by block. On a CPU this is as
    quick as the library's convolutions, and much quicker along the axes of images and volumes;
    on a GPU it has the full precision of the type, which convolutions there give away by default,
    and which counts of many orders of magnitude need. (A Fourier transform would spread the
    rounding of the highest peak over everything.)

    The kernels follow the data to their device and type. They are no part of the saved state,
    because whoever builds the bank knows them.

    Examples
    --------
    >>> bank = SmoothingBank([gaussian_kernel(2.0), savgol_kernel(7, 2)])
    >>> bank(torch.ones(4, 1, 30, 20)).shape
    torch.Size([4, 2, 30, 20])
    """

    def __init__(self, kernels: Sequence[NDArray[np.floating]]) -> None:
        super().__init__()
        lengths = [len(kernel) for kernel in kernels]
        for length in lengths:
            odd_number("length of a kernel", length)
        self.n_kernels = len(lengths)
        groups = _alike(lengths)
        self._exact = [_stacked([kernels[k] for k in group]) for group in groups]
        self._ready: dict[tuple[torch.device, torch.dtype], list[Tensor]] = {}
        order = [k for group in groups for k in group]
        self._places = [order.index(k) for k in range(len(order))]

    def forward(self, x: Tensor) -> Tensor:
        """Smooth (N, C, *S) to (N, C * K, *S), channel by channel, by all kernels each."""
        n, n_channels, *sizes = x.shape
        one_by_one = x.reshape(n * n_channels, 1, *sizes)
        found: list[Tensor] = []
        for kernels in self._kernels_for(x):
            smooth = one_by_one
            for axis in range(2, x.ndim):
                smooth = smooth_axis(smooth, kernels, axis)
            found += smooth.unbind(1)
        in_order = torch.stack([found[place] for place in self._places], dim=1)
        return in_order.reshape(n, n_channels * self.n_kernels, *sizes)

    def _kernels_for(self, x: Tensor) -> list[Tensor]:
        """Give the kernels, group by group, on the device and of the type of `x`."""
        key = (x.device, x.dtype)
        if key not in self._ready:
            self._ready[key] = [kernels.to(x.dtype).to(x.device) for kernels in self._exact]
        return self._ready[key]


def smooth_axis(x: Tensor, kernels: Tensor, axis: int) -> Tensor:
    """Correlate along one axis, continuing the signal by its mirror image.

    Parameters
    ----------
    x : Tensor
        Shape (N, 1, *S), for all kernels, or (N, K, *S), one channel for each.
    kernels : Tensor
        Shape (K, T), T odd.
    axis : int
        From 2 to ``x.ndim - 1``.

    Returns
    -------
    Tensor
        Shape (N, K, *S).
    """
    n_kernels, n_taps = kernels.shape
    size = x.shape[axis]
    block = min(size, BLOCK)
    n_blocks = -(-size // block)
    reach = n_taps // 2
    rows = x.movedim(axis, -1)
    extended = extend(rows, rows.ndim - 1, reach, reach + n_blocks * block - size)
    blocks = extended.unfold(-1, block + 2 * reach, block)  # (N, 1 or K, *rest, n_blocks, P)
    # band[k, p, b] = kernels[k, p - b], zero outside: (K, P, block)
    band = functional.pad(kernels, (block - 1, block - 1)).unfold(-1, block, 1).flip(-1)
    flat = blocks.reshape(x.shape[0], x.shape[1], -1, block + 2 * reach)
    if x.shape[1] == 1:
        smooth = torch.einsum("nrp,kpb->nkrb", flat.squeeze(1), band)
    else:
        smooth = torch.einsum("nkrp,kpb->nkrb", flat, band)
    whole = smooth.reshape(x.shape[0], n_kernels, *rows.shape[2:-1], n_blocks * block)
    return whole[..., :size].movedim(-1, axis)


def _alike(lengths: Sequence[int]) -> list[list[int]]:
    """Group kernels whose lengths are between the same powers of two, to pad none by much."""
    groups: dict[int, list[int]] = {}
    for k, length in enumerate(lengths):
        groups.setdefault(max(length, BLOCK // 2).bit_length(), []).append(k)
    return list(groups.values())


def _stacked(kernels: Sequence[NDArray[np.floating]]) -> Tensor:
    """Put kernels into one tensor (K, T), float64, with zeros at both ends of the shorter ones."""
    longest = max(map(len, kernels))
    padded = [np.pad(kernel, (longest - len(kernel)) // 2) for kernel in kernels]
    return torch.from_numpy(np.stack(padded).astype(np.float64))
