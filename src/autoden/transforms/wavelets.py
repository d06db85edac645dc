"""Discrete wavelet transforms of tensors, decimated and stationary, in 1D, 2D and 3D.

One axis after the other is split into a smooth and a detailed half by the two filters of the
wavelet (Mallat 1989); the smooth part of all axes is split again at the next level. The decimated
transform keeps every second coefficient, the stationary one keeps all and spreads its filters
instead ("à trous"). The filters are PyWavelets', and so are the conventions: `dwtn` with
either mode equals `pywt.wavedecn`, and periodic `swtn` equals `pywt.swtn`.

Sums of shifted slices do the filtering: the filters have few taps, so that this is as quick as a
convolution, and it keeps the full precision of the tensor on every device.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import EllipsisType
from typing import TypeAlias

import pywt
import torch
from torch import Tensor

from autoden.checks import choice, whole_number
from autoden.errors import InputError
from autoden.transforms.extension import Mode, extend

Taps: TypeAlias = Sequence[float]
Pair: TypeAlias = tuple[Taps, Taps]


@dataclass(frozen=True, eq=False)
class WaveletCoefficients:
    """The coefficients of a transform of several levels.

    Attributes
    ----------
    approximation : Tensor
        Shape (N, C, *S'): what is left at the coarsest level.
    details : tuple of Tensor
        One per level, coarsest first, each of shape (N, C, 2^n - 1, *S') in n dimensions. Counted
        in binary, a band's index plus one says which axes were filtered for detail, the last axis
        lowest: in 2D the bands are X, Y, and both ("ad", "da", "dd" in PyWavelets).
    shape : tuple of int
        The sizes S of the signal.
    """

    approximation: Tensor
    details: tuple[Tensor, ...]
    shape: tuple[int, ...]


def as_wavelet(wavelet: str | pywt.Wavelet) -> pywt.Wavelet:
    """Return the discrete wavelet of a name, or raise if there is none."""
    if isinstance(wavelet, pywt.Wavelet):
        return wavelet
    try:
        return pywt.Wavelet(wavelet)
    except (ValueError, TypeError, AttributeError):
        raise InputError(
            f"`wavelet` is {wavelet!r}: give the name of a discrete wavelet, such as 'haar', "
            "'db2', 'sym4', 'coif1' or 'bior2.2' (pywt.wavelist(kind='discrete') lists them)."
        ) from None


def max_level(shape: Sequence[int]) -> int:
    """Return the highest level for a signal of these sizes: how often its shortest axis halves.

    Examples
    --------
    >>> max_level((64, 20)), max_level((1, 64))
    (4, 0)
    """
    return min(shape).bit_length() - 1


def dwtn(
    x: Tensor, wavelet: str | pywt.Wavelet = "haar", level: int = 1, mode: Mode = "symmetric"
) -> WaveletCoefficients:
    """Transform a signal into decimated wavelet coefficients.

    Parameters
    ----------
    x : Tensor
        Shape (N, C, *S), S of one to three axes of any size, odd sizes included; floating point.
    wavelet : str or pywt.Wavelet
        A discrete wavelet, such as "haar", "db2" or "sym4"; its filters may be longer than `x`.
    level : int
        How many times to split, from 1 to `max_level(S)`.
    mode : {"symmetric", "periodic"}
        What the filters see beyond the ends of `x`.

    Returns
    -------
    WaveletCoefficients
        Details of size (S + L - 1) // 2 at the finest level, for filters of L taps, and so on from
        there. Differentiable; of the type of `x`.

    Raises
    ------
    InputError
        Unknown wavelet, or a level that is too high for the size.

    Examples
    --------
    >>> x = torch.arange(8.0).reshape(1, 1, 8)
    >>> coefficients = dwtn(x, "haar", level=2)
    >>> [tuple(d.shape) for d in coefficients.details]
    [(1, 1, 1, 2), (1, 1, 1, 4)]
    >>> torch.allclose(idwtn(coefficients, "haar"), x, atol=1e-5)
    True
    """
    return _decompose(x, wavelet, level, mode, decimated=True)


def swtn(
    x: Tensor, wavelet: str | pywt.Wavelet = "haar", level: int = 1, mode: Mode = "periodic"
) -> WaveletCoefficients:
    """Transform a signal into stationary wavelet coefficients, which shift as the signal shifts.

    At each level these are the decimated coefficients of all shifts of the signal (Nason &
    Silverman 1995), so that every band has the size of the signal.

    Parameters
    ----------
    x : Tensor
        Shape (N, C, *S), S of one to three axes of any size; floating point.
    wavelet : str or pywt.Wavelet
        A discrete wavelet, such as "haar", "db2" or "sym4"; its filters may be longer than `x`.
    level : int
        How many times to split, from 1 to `max_level(S)`.
    mode : {"symmetric", "periodic"}
        What the filters see beyond the ends of `x`; only "periodic" can be inverted.

    Returns
    -------
    WaveletCoefficients
        Approximation and details of size S. Differentiable; of the type of `x`.

    Raises
    ------
    InputError
        Unknown wavelet, or a level that is too high for the size.

    Examples
    --------
    >>> x = torch.arange(7.0).reshape(1, 1, 7)
    >>> coefficients = swtn(x, "db2", level=2)
    >>> torch.allclose(iswtn(coefficients, "db2"), x, atol=1e-5)
    True
    """
    return _decompose(x, wavelet, level, mode, decimated=False)


def idwtn(coefficients: WaveletCoefficients, wavelet: str | pywt.Wavelet = "haar") -> Tensor:
    """Return the signal (N, C, *S) of decimated coefficients, exactly, whatever the mode was."""
    bank = as_wavelet(wavelet)
    filters = (bank.rec_lo, bank.rec_hi)
    details = coefficients.details
    x = coefficients.approximation
    # An odd size gives one element too many on the way back: the next size tells.
    sizes = [tuple(d.shape[3:]) for d in details] + [coefficients.shape]
    for detail, (own, following) in zip(details, pairwise(sizes), strict=True):
        bands = torch.cat([_crop(x, own).unsqueeze(2), detail], dim=2)
        for dim in reversed(range(3, bands.ndim)):
            bands = _interleave(bands, dim, filters)
        x = _crop(bands[:, :, 0], following)
    return x


def iswtn(coefficients: WaveletCoefficients, wavelet: str | pywt.Wavelet = "haar") -> Tensor:
    """Return the signal (N, C, *S) of periodic stationary coefficients.

    Coefficients that belong to no signal, because they were changed, give the mean of the signals
    of their decimated parts ("cycle spinning", Coifman & Donoho 1995).
    """
    bank = as_wavelet(wavelet)
    filters = (bank.rec_lo, bank.rec_hi)
    x = coefficients.approximation
    for i, detail in enumerate(coefficients.details):
        spacing = 2 ** (len(coefficients.details) - 1 - i)
        bands = torch.cat([x.unsqueeze(2), detail], dim=2)
        for dim in reversed(range(3, bands.ndim)):
            bands = _overlap(bands, dim, filters, spacing)
        x = bands[:, :, 0]
    return x


def _decompose(
    x: Tensor, wavelet: str | pywt.Wavelet, level: int, mode: Mode, *, decimated: bool
) -> WaveletCoefficients:
    shape = tuple(x.shape[2:])
    choice("the number of spatial axes of `x`, of shape (N, C, *S),", len(shape), (1, 2, 3))
    highest = max_level(shape)
    if whole_number("level", level) > highest:
        raise InputError(
            f"`level` is {level}: sizes {shape} allow at most {highest}, as each level halves them."
        )
    bank = as_wavelet(wavelet)
    filters = (bank.dec_lo, bank.dec_hi)
    approximation, details = x, []
    for spacing in (2**i for i in range(level)):
        bands = approximation.unsqueeze(2)  # (N, C, 1, *S), twice as many bands for each axis
        for dim in range(3, bands.ndim):
            bands = _split(bands, dim, filters, mode, spacing=None if decimated else spacing)
        approximation = bands[:, :, 0]
        details.append(bands[:, :, 1:])
    return WaveletCoefficients(approximation, tuple(reversed(details)), shape)


def _split(bands: Tensor, dim: int, filters: Pair, mode: Mode, *, spacing: int | None) -> Tensor:
    """Split each band (N, C, B, *S) along one axis into two; `spacing` None decimates."""
    n_taps = len(filters[0])
    if spacing is None:
        before, after = n_taps - 2, n_taps - 2 + bands.shape[dim] % 2
    else:
        before, after = spacing * (n_taps // 2 - 1), spacing * n_taps // 2
    extended = extend(bands, dim, before, after, mode)
    step = 2 if spacing is None else 1
    halves = [_correlate(extended, dim, taps[::-1], step, spacing or 1) for taps in filters]
    return torch.stack(halves, dim=3).flatten(2, 3)


def _interleave(bands: Tensor, dim: int, filters: Pair) -> Tensor:
    """Undo the decimated split: even and odd elements come from the even and the odd taps."""
    smooth, detailed = bands[:, :, 0::2], bands[:, :, 1::2]
    even, odd = (
        _correlate(smooth, dim, filters[0][phase::2][::-1])
        + _correlate(detailed, dim, filters[1][phase::2][::-1])
        for phase in (0, 1)
    )
    return torch.stack([even, odd], dim=dim + 1).flatten(dim, dim + 1)


def _overlap(bands: Tensor, dim: int, filters: Pair, spacing: int) -> Tensor:
    """Undo the periodic stationary split: the mean of what the even and the odd shifts tell."""
    n_taps = len(filters[0])
    before, after = spacing * n_taps // 2, spacing * (n_taps // 2 - 1)
    smooth, detailed = (
        _correlate(extend(half, dim, before, after, "periodic"), dim, taps[::-1], 1, spacing)
        for half, taps in zip((bands[:, :, 0::2], bands[:, :, 1::2]), filters, strict=True)
    )
    return (smooth + detailed) / 2


def _correlate(x: Tensor, dim: int, taps: Taps, step: int = 1, spacing: int = 1) -> Tensor:
    """Sum `taps[k] * x[i + k * spacing]` along an axis, for every `step`-th i that has them."""
    n_positions = x.shape[dim] - (len(taps) - 1) * spacing
    starts = (k * spacing for k in range(len(taps)))
    slices = (
        x[(slice(None),) * dim + (slice(start, start + n_positions, step),)] for start in starts
    )
    total = next(slices) * taps[0]
    for tap, values in zip(taps[1:], slices, strict=True):
        total = torch.add(total, values, alpha=tap)
    return total


def _crop(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Keep the first elements of each spatial axis of (N, C, *S)."""
    index: tuple[EllipsisType | slice, ...] = (..., *(slice(size) for size in shape))
    return x[index]
