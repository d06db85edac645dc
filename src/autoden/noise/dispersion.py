"""Variance over mean, per band of intensity: 1 for counts, whatever their rate.

Between repeats it is 1 only if the repeats are counts of the same thing. Within a repeat, what
neighbours cannot explain is 1 as soon as every repeat counts something, the same or not: that is
what thinning needs. What a single acquisition can tell is in `autoden.noise.neighbours`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d
from scipy.special import ndtr

from autoden.errors import InputError
from autoden.noise.exposures import Exposures, Floats, per_repeat
from autoden.noise.residuals import intensity_bands, residuals

_FEWEST: Final = 20  # elements of a band
_LEAST_COUNTS: Final = 4  # of an element, over all repeats, for its scatter to be near Gaussian


@dataclass(frozen=True, eq=False)
class Dispersion:
    """Variance over mean in bands of intensity, faint to bright.

    Attributes
    ----------
    levels : ndarray of float64, shape (B,)
        Mean value of a band, in units of one acquisition.
    ratios : ndarray of float64, shape (B,)
        Variance over mean, in counts: 1 for counts.
    standard_errors : ndarray of float64, shape (B,)
        Of the ratios, if the values are counts.
    n_elements : ndarray of int64, shape (B,)
        How many elements or windows a band holds.
    """

    levels: Floats
    ratios: Floats
    standard_errors: Floats
    n_elements: NDArray[np.int64]

    @property
    def z_scores(self) -> Floats:
        """How many standard errors each ratio lies above 1, (B,)."""
        return (self.ratios - 1) / self.standard_errors

    @property
    def pooled(self) -> tuple[float, float]:
        """Ratio over all bands, weighed by their precision, and its standard error."""
        if not len(self.ratios):
            return float("nan"), float("inf")
        weights = self.standard_errors**-2
        return float(weights @ self.ratios / weights.sum()), float(weights.sum() ** -0.5)

    @property
    def p_value(self) -> float:
        """Chance that counts deviate as much in their worst band (two-sided, all bands)."""
        if not len(self.ratios):
            return 1.0
        one = 2 * ndtr(-float(np.abs(self.z_scores).max()))
        return float(-np.expm1(len(self.ratios) * np.log1p(-min(one, 1 - 1e-16))))


def dispersion_between_repeats(exposures: Exposures, gain: float = 1.0) -> Dispersion:
    r"""Variance between repeats over their mean, in bands of their sum.

    In each element with sum S the index of dispersion (Fisher 1925),
    :math:`\sum_r (y_r - p_r S)^2 / (p_r S)`, has the mean R - 1 given S and the variance that
    Haldane (1937) gave; both are exact for counts at any rate. The shares p are those of the
    repeats' totals, so that a common factor on a repeat does not count.

    Parameters
    ----------
    exposures : Exposures
        At least two repeats, any shape.
    gain : float
        Units of the data per count.

    Returns
    -------
    Dispersion
        Bands of a factor 4 in the sum; those of fewer than 20 elements are left out.

    Raises
    ------
    InputError
        Fewer than two repeats.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(50, (4, 1000))
    >>> ratio, error = dispersion_between_repeats(Exposures(counts)).pooled
    >>> abs(ratio - 1) < 3 * error < 0.1
    True
    """
    _check_repeats(exposures)
    left = residuals(exposures, gain)
    index = (left.standardised() ** 2).sum(axis=0).ravel()
    counts, labels = left.total.ravel() / gain, intensity_bands(left.total, gain).ravel()
    free = exposures.n_repeats - 1
    excess = float((1 / left.shares).sum()) - exposures.n_repeats**2 - 2 * free
    bands = []
    for label in range(1, int(labels.max(initial=0)) + 1):
        band = labels == label
        if band.sum() < _FEWEST:
            continue
        variance = np.maximum(2 * free + excess / counts[band], 1e-3 * free)
        error = np.sqrt(variance.sum()) / (band.sum() * free)
        level = counts[band].mean() * gain / exposures.durations.sum()
        bands.append((level, index[band].mean() / free, error, band.sum()))
    return tabulated(bands)


def dispersion_within_repeats(exposures: Exposures, gain: float = 1.0) -> Dispersion:
    """Variance over mean that is left when the repeats may differ smoothly along the last axis.

    The same index of second differences of the residuals along the last axis. What the repeats
    share is gone whatever its shape; drifts of lines and of background, which are as wide as
    lines are, nearly so. The scatter of the counts themselves stays.

    Parameters
    ----------
    exposures : Exposures
        At least two repeats, any shape.
    gain : float
        Units of the data per count.

    Returns
    -------
    Dispersion
        Of windows with at least 4 counts per element over all repeats.

    Raises
    ------
    InputError
        Fewer than two repeats.
    """
    _check_repeats(exposures)
    left = residuals(exposures, gain)
    free = exposures.n_repeats - 1
    kernel = difference(2)
    steps = windows(left.values, kernel)
    variance = windows(left.unit_variance, kernel**2)
    shares = per_repeat(left.shares, steps)
    squares = (steps**2 / shares).sum(axis=0)
    index = np.divide(squares, variance, out=np.zeros_like(squares), where=variance > 0)
    counts = windows(left.total / gain, np.full(3, 1 / 3))
    labels = intensity_bands(counts, 1.0)
    bands = []
    for label in range(2, int(labels.max(initial=0)) + 1):
        band = (labels == label) & (counts >= _LEAST_COUNTS)
        if band.sum() < _FEWEST:
            continue
        level = counts[band].mean() * gain / exposures.durations.sum()
        error = np.sqrt(2 * overlap(kernel) / (band.sum() * free))
        bands.append((level, index[band].mean() / free, error, band.sum()))
    return tabulated(bands)


def difference(order: int) -> Floats:
    """Binomial coefficients of alternating sign, (order + 1,)."""
    return np.array([(-1.0) ** k * comb(order, k) for k in range(order + 1)])


def windows(values: Floats, kernel: Floats) -> Floats:
    """Weighted sums over all whole windows along the last axis: (..., n - len(kernel) + 1)."""
    summed = convolve1d(values, kernel[::-1], axis=-1, mode="constant")
    before = len(kernel) // 2
    return np.asarray(summed[..., before : values.shape[-1] - (len(kernel) - 1 - before)])


def overlap(kernel: Floats) -> float:
    """How much less windows say that overlap, because their differences are correlated."""
    correlation = np.correlate(kernel, kernel, mode="full") / (kernel @ kernel)
    return float(correlation @ correlation)


def tabulated(bands: list[tuple[float, float, float, int]]) -> Dispersion:
    """Gather (level, ratio, standard error, number of elements) of each band."""
    columns = np.array(bands, dtype=np.float64).reshape(-1, 4).T
    return Dispersion(columns[0], columns[1], columns[2], columns[3].astype(np.int64))


def _check_repeats(exposures: Exposures) -> None:
    if exposures.n_repeats < 2:
        raise InputError(
            "there is one acquisition: the scatter between repeats needs at least two."
        )
