"""Elements of images that are no measurement: hot ones and missing ones; found, filled, put back.

A hot or dead pixel differs from all its neighbours by far more than noise and structure let it. It
and what is missing (NaN, or False in a mask) is filled smoothly from around, so that filters and
networks can be applied, and is put back as it was, so that nothing invented passes for measured.
Channels of spectra, whose lines are narrow, have rules of their own (`hot_channels`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import convolve, distance_transform_edt, generate_binary_structure

from autoden.errors import InputError
from autoden.noise.exposures import Floats, as_floats

Mask = NDArray[np.bool_]

_CLEAR: Final = 8.0  # standard errors
_RATIO: Final = 3.0  # of the step to the neighbours over theirs: a point sampled well has less
_MOST: Final = 0.01  # share of the elements; more are no faults
_FEWEST: Final = 1  # that may be hot, however small the image is
_SWEEPS: Final = 200


@dataclass(frozen=True, eq=False)
class Filled:
    """An image without gaps, and where they were.

    Attributes
    ----------
    values : ndarray of float64, shape (*S)
        Finite everywhere.
    gaps : ndarray of bool, shape (*S)
        Elements that are filled.
    original : ndarray of float64, shape (*S)
        As given.
    """

    values: Floats
    gaps: Mask
    original: Floats

    def restore(self, estimate: ArrayLike, *, missing_only: bool = False) -> Floats:
        """Put the gaps of the original back into an estimate of the same shape.

        Parameters
        ----------
        estimate : array_like, shape (*S)
            Made from `values`.
        missing_only : bool
            Put back what is not finite, and keep the estimate in gaps that held a number.
        """
        made = as_floats(estimate)
        if made.shape != self.gaps.shape:
            raise InputError(
                f"`estimate` has shape {made.shape} and the image {self.gaps.shape}: give an "
                "estimate of the filled image."
            )
        back = ~np.isfinite(self.original) if missing_only else self.gaps
        return np.where(back, self.original, made)


def hot_pixels(image: ArrayLike, variance: ArrayLike) -> Mask:
    """Find single elements far above, or below, all their neighbours.

    An element is hot if it differs significantly from the median of its neighbours (8 in an image,
    26 in a volume), and from the nearest of them in value by more than three times what any of them
    differs from the median of those two elements away. The elements of a checkerboard do not, nor
    the middles of spots whose width at half their height is two elements or more. If more than one
    in a hundred is hot, none is.

    Parameters
    ----------
    image : array_like, shape (*S)
        Two axes or more of three elements at least; elements that are not finite are left out.
    variance : array_like, shape (*S) or a number
        Of the noise.

    Returns
    -------
    ndarray of bool, shape (*S)

    Raises
    ------
    InputError
        If the image has fewer than two axes.

    Examples
    --------
    >>> image = np.random.default_rng(0).normal(10, 1, (32, 32))
    >>> image[5, 7] = 60
    >>> np.argwhere(hot_pixels(image, 1.0))
    array([[5, 7]])
    """
    values = as_floats(image)
    if values.ndim < 2:
        raise InputError(
            f"`image` has shape {values.shape}: give two axes or more; for spectra see "
            "`find_faults`."
        )
    around = _neighbours(values, 1)
    with np.errstate(invalid="ignore"):
        level, farther = _median(around), _median(_neighbours(values, 2))
        known = np.isfinite(around)
        step = np.min(np.where(known, np.abs(values - around), np.inf), axis=0)
        beside = np.max(np.where(known, np.abs(around - farther), 0.0), axis=0)
        # the median of n neighbours adds about pi / 2n of the variance
        error = np.sqrt(np.broadcast_to(as_floats(variance), values.shape) * (1 + 2 / len(around)))
        hot = (step > _RATIO * beside) & (np.abs(values - level) > _CLEAR * error)
    hot &= np.isfinite(values) & np.isfinite(level)
    if hot.sum() > max(_FEWEST, _MOST * values.size):
        return np.zeros(values.shape, dtype=np.bool_)
    return np.asarray(hot)


def fill_gaps(image: ArrayLike, gaps: ArrayLike | None = None) -> Filled:
    """Fill elements smoothly from around.

    Each gap begins with the nearest element that is known, and is then smoothed (the equation of
    Laplace) with what is known held fast.

    Parameters
    ----------
    image : array_like, shape (*S)
        What is not finite is filled in any case.
    gaps : array_like of bool, shape (*S), optional
        Further elements to fill, such as hot pixels.

    Raises
    ------
    InputError
        If the shapes differ or nothing is known.

    Examples
    --------
    >>> image = np.array([[1.0, 1.0, 1.0], [1.0, np.nan, 1.0]])
    >>> filled = fill_gaps(image)
    >>> filled.values[1].tolist(), filled.restore(filled.values * 2)[1].tolist()
    ([1.0, 1.0, 1.0], [2.0, nan, 2.0])
    """
    original = np.array(image, dtype=np.float64)
    missing = ~np.isfinite(original)
    if gaps is not None:
        given = np.asarray(gaps, dtype=np.bool_)
        if given.shape != original.shape:
            raise InputError(
                f"`gaps` have shape {given.shape} and the image {original.shape}: give one truth "
                "value for each element."
            )
        missing = missing | given
    if missing.all():
        raise InputError("no element of the image is known: give at least one finite value.")
    values = original.copy()
    if missing.any():
        nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
        values = original[tuple(nearest)]
        _smooth_inside(values, missing)
    return Filled(values, missing, original)


def _smooth_inside(values: Floats, missing: Mask) -> None:
    """Replace missing elements by the mean of their neighbours, again and again, in place."""
    cross = generate_binary_structure(values.ndim, 1).astype(np.float64)
    cross[(1,) * values.ndim] = 0
    cross /= cross.sum()
    typical = float(np.ptp(values)) or 1.0
    for _ in range(_SWEEPS):
        smooth = convolve(values, cross, mode="nearest")
        change = float(np.abs(smooth[missing] - values[missing]).max())
        values[missing] = smooth[missing]
        if change < 1e-4 * typical:
            break


def _neighbours(values: Floats, distance: int) -> Floats:
    """Give what lies so far away along any axes, NaN outside the image: (3^n_axes - 1, *S)."""
    padded = np.pad(values, distance, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (2 * distance + 1,) * values.ndim)
    chosen: Any = (..., *[slice(None, None, distance)] * values.ndim)
    flat = windows[chosen].reshape(*values.shape, -1)
    return np.moveaxis(np.delete(flat, flat.shape[-1] // 2, axis=-1), -1, 0)


def _median(around: Floats) -> Floats:
    """Give the median of what is finite; NaN where nothing is."""
    ordered = np.sort(np.where(np.isfinite(around), around, np.nan), axis=0)  # NaN goes last
    known = np.isfinite(ordered).sum(axis=0)
    low, high = np.maximum(known - 1, 0) // 2, known // 2
    high = np.minimum(high, len(around) - 1)
    pick = (np.take_along_axis(ordered, index[None], axis=0)[0] for index in (low, high))
    return np.asarray(sum(pick) / 2)
