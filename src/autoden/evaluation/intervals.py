"""Do the intervals hold what they claim? Their coverage of a truth or of held-out data.

How an uncertainty is found is not said here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, pdtr

from autoden.checks import number
from autoden.errors import InputError
from autoden.evaluation.arrays import Floats, same_shape
from autoden.evaluation.intensity import Band, intensity_bands

BLOCK = 50
"""Neighbouring elements whose errors are taken as one in the standard error of a coverage."""

MANY_COUNTS = 25.0
"""Expected counts from which they are taken as normal."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """How often an interval holds the reference.

    Attributes
    ----------
    band : Band
        Over which elements.
    observed : float
        Share of the elements whose interval holds the reference.
    expected : float
        The share if sigma is right: 0.683 for 1 sigma and normal errors.
    standard_error : float
        Of the observed share. Errors of neighbours go together: it is the spread between blocks of
        50 elements, and never less than that of independent elements.
    """

    band: Band
    observed: float
    expected: float
    standard_error: float

    @property
    def z(self) -> float:
        """Observed less expected share, in standard errors; 0 if nothing can be said."""
        error = self.standard_error
        return (self.observed - self.expected) / error if error > 0 else 0.0


def interval_coverage(
    estimate: ArrayLike,
    sigma: ArrayLike,
    reference: ArrayLike,
    *,
    reference_variance: ArrayLike | None = None,
    reference_dose: float | None = None,
    k: float = 1.0,
    bands: Sequence[Band] | None = None,
) -> tuple[Coverage, ...]:
    """Count how often k sigma around the estimate hold a truth, or held-out data and their noise.

    Parameters
    ----------
    estimate, sigma : array_like
        Shape S, in data units.
    reference : array_like
        Shape S: a truth, or the mean of measurements that the estimate has not seen.
    reference_variance : array_like, optional
        Shape S: of the noise of the reference, which widens the intervals; 0 for a truth.
    reference_dose : float, optional
        For held-out counts instead: counts that stand behind a reference of 1 (dose / gain). Their
        variance is estimate / dose, and the share expected is summed over the counts that there can
        be: where these are few, no interval can hold 68 % of them.
    k : float
        Half-width of the interval in sigmas.
    bands : sequence of Band, optional
        By default everything, then the decades of the estimate. Against a truth better give bands
        of the truth: an estimate that is too low sorts itself into too low a band.

    Returns
    -------
    tuple of Coverage
        One per band.

    Raises
    ------
    InputError
        Shapes that differ, negative sigmas or variances, or two kinds of noise at once.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.uniform(1, 9, 4000)
    >>> coverage = interval_coverage(truth + rng.normal(0, 2, 4000), np.full(4000, 2.0), truth)
    >>> abs(coverage[0].z) < 3, round(coverage[0].expected, 3)
    (True, 0.683)
    """
    width = number("k", k, above=0)
    rate, spread, known = same_shape(estimate=estimate, sigma=sigma, reference=reference)
    noise = _reference_noise(rate, reference_variance, reference_dose)
    arrays = (rate, spread, known, noise)
    if not all(np.isfinite(array).all() for array in arrays) or (spread < 0).any():
        raise InputError("`estimate`, `sigma` and `reference` must be finite, `sigma` 0 or above.")
    half = width * np.sqrt(spread**2 + noise)
    holds = np.abs(rate - known) <= half
    normal = float(erf(width / math.sqrt(2)))
    expected = np.full(rate.shape, normal)
    if reference_dose is not None:
        expected = _of_counts(rate, spread, half, float(reference_dose), normal)
    if bands is None:
        everything = Band(-math.inf, math.inf, np.ones(rate.shape, dtype=bool))
        bands = (everything, *intensity_bands(rate))
    return tuple(_coverage(band, holds.astype(np.float64), expected) for band in bands)


def _reference_noise(rate: Floats, variance: ArrayLike | None, dose: float | None) -> Floats:
    if variance is not None and dose is not None:
        raise InputError("give `reference_variance` or `reference_dose`, not both.")
    if dose is not None:
        return np.maximum(rate, 0) / number("reference_dose", dose, above=0)
    noise = np.broadcast_to(np.asarray(0.0 if variance is None else variance, float), rate.shape)
    if (noise < 0).any():
        raise InputError(f"`reference_variance` holds {noise.min():g}: give 0 or above.")
    return noise


def _coverage(band: Band, holds: Floats, expected: Floats) -> Coverage:
    inside = holds[band.inside]
    if not inside.size:
        return Coverage(band, math.nan, math.nan, 0.0)
    share, right = float(inside.mean()), float(expected[band.inside].mean())
    error = math.sqrt(right * (1 - right) / inside.size)
    n_blocks = inside.size // BLOCK
    if n_blocks >= 4:
        off = (inside - expected[band.inside])[: n_blocks * BLOCK].reshape(n_blocks, BLOCK)
        error = max(error, float(off.mean(axis=1).std(ddof=1)) / math.sqrt(n_blocks))
    return Coverage(band, share, right, error)


def _of_counts(rate: Floats, sigma: Floats, half: Floats, dose: float, normal: float) -> Floats:
    """Give the share of held-out counts within the interval, the truth scattered by sigma.

    Over the scatter by Gauss-Hermite quadrature; a truth below 0 counts as 0. Many counts are
    normal.
    """
    total = np.full(rate.shape, normal)
    few = rate * dose < MANY_COUNTS
    rate, sigma, half = rate[few], sigma[few], half[few]
    lowest = np.ceil((rate - half) * dose - 1e-9) - 1  # the last one below the interval
    highest = np.floor((rate + half) * dose + 1e-9)
    nodes, shares = np.polynomial.hermite_e.hermegauss(15)
    share_of_few = np.zeros(rate.shape)
    for node, share in zip(nodes, shares / shares.sum(), strict=True):
        mean = np.maximum(rate + node * sigma, 0) * dose
        share_of_few += share * (
            pdtr(highest, mean) - np.where(lowest < 0, 0, pdtr(np.maximum(lowest, 0), mean))
        )
    total[few] = share_of_few
    return total
