"""What the noise of an element says about that of its neighbour, or of another repeat.

Both are asked of what the repeats do not share, so that no model of the spectrum is needed.
Drifts make neighbours alike over the width of a line; charge shared between channels, resampling
or smoothing only over a channel or two: the difference tells them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from scipy.optimize import nnls

from autoden.noise.exposures import Exposures, Floats
from autoden.noise.residuals import residuals

_FAR: Final = range(5, 9)  # elements; farther than anything but drift reaches
_LEAST_COUNTS: Final = 2  # an element with one count, or none, says nothing
_SAME: Final = 1e-6  # relative difference of repeats that are copies with a factor
_LEAST_ALIKE: Final = 0.1  # correlation of two repeats that matters
_CLEAR: Final = 5.5  # standard errors
_CHANCE: Final = 1e-4  # of two repeats of few counts being equal
_FEWEST: Final = 4  # repeats whose values tell likeness from unequal levels of noise


@dataclass(frozen=True)
class NeighbourCorrelation:
    """Correlation of the noise of neighbours along the last axis.

    Attributes
    ----------
    correlation : float
        At distance 1, less the mean at distances 5 to 8.
    standard_error : float
        Of independent noise.
    """

    correlation: float
    standard_error: float

    @property
    def z_score(self) -> float:
        """Correlation over its standard error."""
        return self.correlation / self.standard_error


@dataclass(frozen=True)
class Likeness:
    """Two repeats that are more alike than independent noise lets them be.

    Attributes
    ----------
    first, second : int
        Positions of the repeats.
    is_copy : bool
        Equal, or equal but for a factor.
    correlation : float
        Of their noise, 1 for copies; estimated from their differences.
    """

    first: int
    second: int
    is_copy: bool
    correlation: float


def correlation_of_neighbours(exposures: Exposures, gain: float | None) -> NeighbourCorrelation:
    """Correlate the noise of each element with that of the next along the last axis.

    Parameters
    ----------
    exposures : Exposures
        At least two repeats.
    gain : float or None
        Units of the data per count; None for values that are no counts.

    Returns
    -------
    NeighbourCorrelation
        0 with an infinite standard error where there is nothing to correlate.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(4, 1001))
    >>> smoothed = (noise[:, 1:] + noise[:, :-1]) / 2
    >>> round(correlation_of_neighbours(Exposures(smoothed), gain=None).correlation, 1)
    0.5
    """
    left = residuals(exposures, gain)
    scaled = left.standardised()
    scaled[:, left.unit_variance < (_LEAST_COUNTS * gain**2 if gain is not None else 0)] = 0
    is_exact = gain is not None
    free = len(scaled) - 1
    near, near_error = correlation_at(scaled, 1, free, is_exact)
    far, far_error = np.mean([correlation_at(scaled, d, free, is_exact) for d in _FAR], axis=0)
    error = np.hypot(near_error, far_error / np.sqrt(len(_FAR)))
    if not np.isfinite(error) or error == 0:
        return NeighbourCorrelation(0.0, np.inf)
    return NeighbourCorrelation(float(near - far), float(error))


def copied_repeats(exposures: Exposures, gain: float | None) -> list[Likeness]:
    """Find pairs of repeats that are equal but for a factor, and not so by chance.

    Parameters
    ----------
    exposures : Exposures
        Any number of repeats, any shape.
    gain : float or None
        Units of the data per count; None for values that are no counts.
    """
    flat = exposures.repeats.reshape(exposures.n_repeats, -1)
    return [
        Likeness(a, b, True, 1.0)
        for a, b in combinations(range(len(flat)), 2)
        if _is_copy(flat[a], flat[b], gain)
    ]


def like_repeats(exposures: Exposures, gain: float | None) -> list[Likeness]:
    """Find pairs of repeats that are copies, or whose noise is alike beyond chance.

    For counts, the scatter of two repeats about their shares of their sum is compared with what
    the binomial law gives. For other values and at least four repeats, the correlation of what
    they do not share is compared with what their own levels of noise let expect. Of three repeats
    it cannot be told: two with little noise and one with much look like two that are alike.

    Parameters
    ----------
    exposures : Exposures
        Any number of repeats, any shape.
    gain : float or None
        Units of the data per count; None for values that are no counts.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(3.0, (3, 500))
    >>> counts[2] = counts[0]
    >>> like_repeats(Exposures(counts), gain=1.0)
    [Likeness(first=0, second=2, is_copy=True, correlation=1.0)]
    """
    copies = copied_repeats(exposures, gain)
    alike = _alike_by_count(exposures, gain, copies) if gain else _alike_by_value(exposures, copies)
    return sorted([*copies, *alike], key=lambda one: (one.first, one.second))


def _alike_by_count(
    exposures: Exposures, gain: float, copies: Sequence[Likeness]
) -> list[Likeness]:
    """Compare each pair of repeats of counts that are no copies."""
    counts = exposures.repeats.reshape(exposures.n_repeats, -1) / gain
    known = {(one.first, one.second) for one in copies}
    pairs = [pair for pair in combinations(range(len(counts)), 2) if pair not in known]
    measured = [_alike_counts(counts[a], counts[b]) for a, b in pairs]
    # where all pairs are alike, the noise is less than that of counts: no fault of a pair
    typical = (
        max(float(np.median([likeness for likeness, _ in measured])), 0.0) if pairs[1:] else 0.0
    )
    return [
        Likeness(*pair, False, likeness - typical)
        for pair, (likeness, error) in zip(pairs, measured, strict=True)
        if likeness - typical > max(_LEAST_ALIKE, _CLEAR * error)
    ]


def _alike_by_value(exposures: Exposures, copies: Sequence[Likeness]) -> list[Likeness]:
    """Set aside one repeat of the pair that is most alike, until none is."""
    found: list[Likeness] = []
    copied = {one.second for one in copies}
    left = [r for r in range(exposures.n_repeats) if r not in copied]
    while len(left) >= _FEWEST:
        excess, error = _excess_correlations(exposures.take(left))
        first, second = np.triu_indices(len(left), 1)
        pairs = excess[first, second]
        most = int(pairs.argmax())
        # as with counts: what all pairs have is no fault of one
        likeness = float(pairs[most] - max(np.median(pairs), 0))
        if likeness <= max(_LEAST_ALIKE, _CLEAR * error):
            break
        found.append(Likeness(left[first[most]], left[second[most]], False, likeness))
        left.pop(second[most])
    return found


def correlation_at(
    scaled: Floats, distance: int, free: int, is_exact: bool = False
) -> tuple[float, float]:
    """Correlate standardised residuals at a distance along the last axis.

    The variance of the products is known for counts; for other values, whose level of noise is
    only known on average, it is taken from the products.

    Parameters
    ----------
    scaled : ndarray of float64, shape (R, *S)
        Standardised residuals, 0 where they say nothing.
    distance : int
        Elements.
    free : int
        How many of the R are independent: R - 1 for repeats less their mean.
    is_exact : bool
        Whether they are those of counts.

    Returns
    -------
    correlation, standard_error : float
        The error is infinite where there are no pairs.
    """
    products = (scaled[..., :-distance] * scaled[..., distance:]).sum(axis=0)
    seen = np.asarray(scaled.any(axis=0))
    n_pairs = int((seen[..., :-distance] & seen[..., distance:]).sum())
    if n_pairs < 2:
        return 0.0, np.inf
    square = n_pairs * free if is_exact else float((products**2).sum())
    return float(products.sum()) / (n_pairs * free), float(np.sqrt(square)) / (n_pairs * free)


def _is_copy(one: Floats, other: Floats, gain: float | None) -> bool:
    """Whether two repeats are equal but for a factor, and not so by chance."""
    power, cross = float(one @ one), float(one @ other)
    if power == 0 or cross <= 0:
        return False
    left = other - cross / power * one
    if float(left @ left) > _SAME**2 * float(other @ other):
        return False
    if gain is None:
        return int(np.count_nonzero(one)) > 1
    counts = one / gain
    log_chance = -0.5 * np.log(np.pi * np.maximum(counts[counts > 0], 0.5)).sum()
    return bool(log_chance < np.log(_CHANCE))


def _alike_counts(one: Floats, other: Floats) -> tuple[float, float]:
    """Correlation of the noise of two repeats of counts, and its standard error if there is none.

    Given their sum n, one of them is binomial: its squared deviation over ``n p q`` has the mean
    1 and the variance ``2 + (1 - 6 p q) / (n p q)``, both exact.
    """
    n = one + other
    inside = n >= _LEAST_COUNTS
    if inside.sum() < 2:
        return 0.0, np.inf
    n, share = n[inside], float(one.sum() / (one.sum() + other.sum()))
    spread = share * (1 - share)
    if spread <= 0:
        return 0.0, np.inf
    squares = (one[inside] - share * n) ** 2 / (n * spread)
    variance = np.maximum(2 + (1 - 6 * spread) / (n * spread), 0)
    return 1 - float(squares.mean()), float(np.sqrt(variance.sum()) / len(n))


def _excess_correlations(exposures: Exposures) -> tuple[Floats, float]:
    """Correlations (R, R) of what the repeats do not share, beyond expectation; and their error.

    Rapid changes only, so that drifts have no part. Independent repeats with the shares p of the
    sum and the variances v have residuals of the covariance ``diag(v) - p v^T - v p^T + p p^T V``,
    V being the sum of v, whose diagonal tells v.
    """
    left = residuals(exposures, None)
    error = np.sqrt(left.unit_variance)
    scaled = np.divide(left.values, error, out=np.zeros_like(left.values), where=error > 0)
    rapid = np.diff(scaled.reshape(exposures.n_repeats, -1), n=2, axis=1)
    covariance = rapid @ rapid.T
    own, p = np.diag(covariance), left.shares
    if not (own > 0).all():
        return np.zeros_like(covariance), np.inf
    variances, _ = nnls(np.diag(1 - 2 * p) + np.outer(p**2, np.ones_like(p)), own)
    shared = np.outer(p, variances)
    expected = np.outer(p, p) * variances.sum() - shared - shared.T
    effective = rapid.shape[1] * 18 / 35  # second differences of white noise are correlated
    return (covariance - expected) / np.sqrt(np.outer(own, own)), float(effective**-0.5)
