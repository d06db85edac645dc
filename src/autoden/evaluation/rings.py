"""Rings of equal spatial frequency in the Fourier transform of a line, image or volume.

What is compared within the rings, and what it means, lives in `ring_correlation`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoden.checks import number
from autoden.errors import InputError
from autoden.evaluation.arrays import Floats


@dataclass(frozen=True, eq=False)
class Rings:
    """Which ring each coefficient of ``numpy.fft.rfftn`` lies in.

    Attributes
    ----------
    frequencies : ndarray, shape (n_rings,)
        Middle of each ring, in cycles per unit.
    nyquist : float
        Highest frequency that every axis holds, in cycles per unit.
    index : ndarray of int, shape of the transform
        1 for the first ring, 2 for the next; 0 is no ring: the mean, and what lies further out.
    copies : ndarray, shape of the last axis of the transform
        1, or 2 where a coefficient stands for its conjugate as well.
    """

    frequencies: Floats
    nyquist: float
    index: NDArray[np.intp]
    copies: Floats

    def sum(self, values: Floats) -> Floats:
        """Sum `values`, of the shape of the transform, within each ring: (n_rings,)."""
        weights = np.broadcast_to(values * self.copies, self.index.shape)
        n_sums = len(self.frequencies) + 1
        sums = np.bincount(self.index.ravel(), weights.ravel(), minlength=n_sums)
        return np.asarray(sums[1:], dtype=np.float64)


def make_rings(
    shape: tuple[int, ...], spacing: tuple[float, ...], ring_width: float | None
) -> Rings:
    """Divide the Fourier transform of a real array into rings.

    Parameters
    ----------
    shape : tuple of int
        Of the array.
    spacing : tuple of float
        Distance between neighbouring elements along each axis.
    ring_width : float or None
        In frequency steps of the axis that has the coarsest; None chooses.
    """
    step = max(1 / (n * d) for n, d in zip(shape, spacing, strict=True))
    nyquist = min(1 / (2 * d) for d in spacing)
    n_steps = nyquist / step * (1 + 1e-12)
    if ring_width is None:
        ring_width = math.ceil(math.sqrt(n_steps)) if len(shape) == 1 else 1
    width = number("ring_width", ring_width, at_least=1)
    n_rings = int(n_steps / width)
    if n_rings < 2:
        raise InputError(
            f"an array of shape {shape} with spacing {spacing} has {n_rings} whole ring(s) of "
            f"width {width:g}: give more elements along the shortest axis, or narrower rings; a "
            "few slices can be compared as channels."
        )
    squared: Floats = np.zeros(())
    for n, d in zip(shape[:-1], spacing[:-1], strict=True):
        squared = np.add.outer(squared, np.fft.fftfreq(n, d) ** 2)
    squared = np.add.outer(squared, np.fft.rfftfreq(shape[-1], spacing[-1]) ** 2)
    # The first ring begins half a step from 0, so that it holds everything but the mean.
    index = np.floor((np.sqrt(squared) / step - 0.5) / width).astype(np.intp) + 1
    index[index > n_rings] = 0
    copies = np.full(shape[-1] // 2 + 1, 2.0)
    copies[0] = 1
    if shape[-1] % 2 == 0:
        copies[-1] = 1
    middles = 0.5 + (np.arange(n_rings, dtype=np.float64) + 0.5) * width
    return Rings(step * middles, nyquist, index, copies)


def spacing_of_axes(spacing: float | Sequence[float], n_dims: int) -> tuple[float, ...]:
    """Give the spacing of each axis, or raise if it is not a positive number or one per axis."""
    each = tuple(spacing) if isinstance(spacing, Iterable) else (spacing,) * n_dims
    if len(each) != n_dims:
        raise InputError(
            f"`spacing` has {len(each)} values: give one number, or one for each of the {n_dims} "
            "axes."
        )
    return tuple(number(f"spacing[{i}]", value, above=0) for i, value in enumerate(each))


def tukey_window(shape: tuple[int, ...], taper: float) -> Floats:
    """Give a window (*shape,) that falls to 0 over `taper` / 2 of each axis at either end."""
    if not 0 <= number("taper", taper) <= 1:
        raise InputError(f"`taper` is {taper!r}: give a number from 0 to 1.")
    window = np.ones(())
    for n in shape:
        place = (np.arange(n) + 0.5) / n
        distance = np.minimum(place, 1 - place)  # from the nearer end, at most 0.5
        rising = np.minimum(1, 2 * distance / taper) if taper else np.ones(n)
        window = np.multiply.outer(window, np.sin(np.pi / 2 * rising) ** 2)
    return window
