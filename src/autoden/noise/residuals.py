"""By what each repeat differs from what the repeats share, with the variance that noise gives it.

Counts are judged given their sum S over the repeats: whatever the rate is, the counts of one
element are then multinomial (Przyborowski & Wilenski 1940), so that residuals have exactly mean 0
and covariance ``S (diag(p) - p p^T)`` with the shares p, are independent between elements, and any
weights that depend on S alone leave a test exact, also where most elements are empty. For values
that are no counts the variance is estimated from the residuals, in bands of equal intensity; how
the repeats share it, between equally (one level of noise) and by their shares, also.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from scipy.optimize import nnls

from autoden.noise.exposures import Exposures, Floats, per_repeat

Labels = NDArray[np.int64]

_QUANTILES: Final = (0.5, 0.75, 0.9, 0.97, 0.99)
_SMOOTHING: Final = 2.0  # elements; narrower than any line that is sampled well


@dataclass(frozen=True, eq=False)
class Residuals:
    """What the repeats do not share.

    Attributes
    ----------
    values : ndarray of float64, shape (R, *S)
        Each repeat minus its share of the sum.
    unit_variance : ndarray of float64, shape (*S)
        Variance of the sum of all repeats.
    total : ndarray of float64, shape (*S)
        Sum of the repeats.
    shares : ndarray of float64, shape (R,)
        Expected share of each repeat in the sum; they add up to 1.
    noise_shares : ndarray of float64, shape (R,)
        Share of each repeat in the variance of the sum; `shares` for counts.
    """

    values: Floats
    unit_variance: Floats
    total: Floats
    shares: Floats
    noise_shares: Floats

    def variance(self) -> Floats:
        """Variance of the residuals, (R, *S); for counts ``p (1 - p)`` of that of the sum."""
        spread = per_repeat(_left_of(self.noise_shares, self.shares), self.values)
        return np.asarray(spread * self.unit_variance)

    def standardised(self) -> Floats:
        """Residuals over the errors of the repeats: (R, *S).

        Those of counts with the shares p have the covariance ``1 - sqrt(p) sqrt(p)^T`` between
        repeats; their squares add up to R - 1 on average. Elements that are certain (no counts)
        are 0.
        """
        scale = np.sqrt(per_repeat(self.noise_shares, self.values) * self.unit_variance)
        return np.divide(self.values, scale, out=np.zeros_like(self.values), where=scale > 0)


def residuals(exposures: Exposures, gain: float | None, *, fit_shares: bool = True) -> Residuals:
    """Subtract from each repeat its share of the sum.

    Parameters
    ----------
    exposures : Exposures
        At least two repeats.
    gain : float or None
        Units of the data per count; None for values that are no counts.
    fit_shares : bool
        Take the shares from the repeats' totals rather than from their durations.

    Returns
    -------
    Residuals
    """
    repeats = exposures.repeats
    shares = fitted_shares(exposures) if fit_shares else _timed_shares(exposures)
    total = repeats.sum(axis=0)
    values = repeats - per_repeat(shares, repeats) * total
    if gain is not None:
        return Residuals(values, gain * np.maximum(total, 0), total, shares, shares)
    noise_shares = _noise_shares(values, shares)
    left = float(_left_of(noise_shares, shares).sum())
    return Residuals(values, _estimated_variance(values, left, total), total, shares, noise_shares)


def fitted_shares(exposures: Exposures) -> Floats:
    """Take the repeats' shares from their totals, as far as these are above zero: (R,)."""
    shares = _timed_shares(exposures)
    totals = exposures.repeats.reshape(exposures.n_repeats, -1).sum(axis=1)
    fits = bool((totals > 0.05 * shares * totals.sum()).all()) and totals.sum() > 0
    return totals / totals.sum() if fits else shares


def intensity_bands(total: Floats, gain: float | None) -> Labels:
    """Sort the elements by intensity: into bands of a factor 4 in counts, else of quantiles.

    Parameters
    ----------
    total : ndarray of float64, shape (*S)
        Sum of the repeats, in units of the data.
    gain : float or None
        Units of the data per count.

    Returns
    -------
    ndarray of int64, shape (*S)
        Number of the band. Counts: 0 for none, 1 for 1 to 3, 2 for 4 to 15, and so on; other
        values: 0 for the faint half, and so on.
    """
    if gain is not None:
        counts = np.maximum(np.rint(total / gain), 0)
        return np.asarray(np.ceil(np.log2(counts + 1) / 2), dtype=np.int64)
    level = gaussian_filter(total, _SMOOTHING)
    return np.asarray(np.searchsorted(np.quantile(level, _QUANTILES), level), dtype=np.int64)


def smooth(values: Floats, axis: int = -1) -> Floats:
    """Smooth by a Gaussian that is narrower than a line, along one axis; same shape."""
    return np.asarray(gaussian_filter1d(values, _SMOOTHING, axis=axis, mode="nearest"))


def _timed_shares(exposures: Exposures) -> Floats:
    return np.asarray(exposures.durations / exposures.durations.sum())


def _left_of(noise_shares: Floats, shares: Floats) -> Floats:
    """Variance of what is left of each repeat, in units of that of the sum: (R,)."""
    return noise_shares * (1 - 2 * shares) + shares**2


def _noise_shares(values: Floats, shares: Floats) -> Floats:
    """Find whether the variance goes with the shares, is the same in all repeats, or between: (R,).

    Rapid changes alone are looked at, of which drifts have few. Two repeats cannot tell, as what is
    left of one is left of the other.
    """
    rapid = np.diff(values, 2, axis=-1) if values.shape[-1] > 2 else values
    squares = (rapid**2).reshape(len(values), -1).mean(axis=1)
    if len(values) < 3 or not (squares > 0).all():
        return shares
    kinds = np.stack([shares, np.full(len(shares), 1 / len(shares))])  # (2, R)
    weights, _ = nnls((_left_of(kinds, shares) / squares).T, np.ones(len(shares)))
    return np.asarray(weights @ kinds / weights.sum())


def _estimated_variance(values: Floats, left: float, total: Floats) -> Floats:
    """Variance of the sum, from the residuals' mean square in each band of intensity: (*S).

    `left` is what the squares of the residuals add up to on average, for a sum of variance 1.
    """
    squares = (values**2).sum(axis=0) / left
    labels = intensity_bands(total, None)
    n_elements = np.maximum(np.bincount(labels.ravel()), 1)
    means = np.bincount(labels.ravel(), weights=squares.ravel()) / n_elements
    return np.asarray(means[labels])
