"""Size and order of standardised residuals, with p-values that hold for few counts too.

Residuals of counts around their true rate have mean 0, variance 1 and no correlation at any rate:
the second moments of their sums are exact, and the third and fourth follow from the counts. Where
the residuals come from is not said here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, gammaincc, ndtr

from autoden.evaluation.arrays import Floats
from autoden.evaluation.expected_residuals import ExpectedResiduals

_LEAST = 1e-12  # dispersion below which there are no residuals to correlate


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals times weights, the last axis being that of the lags; 0 outside.

    Attributes
    ----------
    weights : ndarray, shape (..., n)
        Of each residual, from 0 to 1.
    values : ndarray, shape (..., n)
        Standardised residuals.
    kurtosis : ndarray, shape (..., n)
        Excess kurtosis of each; its root is the skewness, as for counts.
    products : ndarray, shape (1 + L, ..., n) or None
        Expected products at each lag; None for those of white residuals of variance 1.
    doubt : float
        Variance of what is observed less what is expected, over that of what is observed.
    """

    weights: Floats
    values: Floats
    kurtosis: Floats
    products: Floats | None
    doubt: float

    @classmethod
    def weighted(
        cls,
        values: Floats,
        known: NDArray[np.bool_],
        counts: Floats | None,
        expected: ExpectedResiduals | None,
        axis: int,
    ) -> Residuals:
        """Weigh residuals by what their counts can tell."""
        weights, kurtosis = known.astype(np.float64), np.zeros(values.shape)
        if counts is not None:
            weights *= np.sqrt(counts / (1 + counts))
            kurtosis = 1 / np.where(counts > 0, counts, np.inf)
        weights, values, kurtosis = (np.moveaxis(a, axis, -1) for a in (weights, values, kurtosis))
        if expected is None:
            return cls(weights, values, kurtosis, None, 1.0)
        products = np.moveaxis(expected.products, axis - values.ndim if axis >= 0 else axis, -1)
        n_replicas = expected.n_replicas
        doubt = 1.0 if n_replicas is None else 1 + 1 / (n_replicas - 1)
        return cls(weights, values, kurtosis, products, doubt)

    def within(self, inside: NDArray[np.bool_]) -> Residuals:
        """Give the same with no weight outside a mask of shape (..., n)."""
        return replace(self, weights=self.weights * inside)

    def expected(self, lag: int) -> Floats:
        """Give the expected products at one lag, (..., n - lag)."""
        length = self.values.shape[-1] - lag
        if self.products is None:
            return np.full((*self.values.shape[:-1], length), float(lag == 0))
        products: Floats = self.products[lag][..., :length]
        return products


@dataclass(frozen=True)
class Dispersion:
    """Mean square of standardised residuals.

    Attributes
    ----------
    observed, expected : float
        1 for the noise alone. More than expected: the estimate is off, or the noise is larger than
        it was said to be; less: the estimate follows the noise.
    standard_error : float
        Of `observed`, with the kurtosis of counts.
    p_value : float
        Two-sided, of a gamma distribution with these two moments; 1 if nothing can be said.
    """

    observed: float
    expected: float
    standard_error: float
    p_value: float

    @property
    def z(self) -> float:
        """Observed less expected, in standard errors; 0 if nothing can be said."""
        difference = self.observed - self.expected
        return difference / self.standard_error if self.standard_error > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Whiteness:
    """Correlations of residuals with their neighbours.

    Attributes
    ----------
    correlations : ndarray, shape (L,)
        At lags 1 to L; 0 where there are no pairs.
    expected : ndarray, shape (L,)
        What a faithful estimate leaves.
    standard_errors : ndarray, shape (L,)
        Of each correlation; infinite where there are no pairs.
    p_value : float
        That white residuals are as correlated at all lags together, of either sign, as these: the
        test of Ljung and Box (Biometrika 65, 297, 1978) with the known variance of the noise.
    structure_z, structure_p_value : float
        The mean correlation in standard errors, and that white residuals have one as high: what is
        left over has a shape, so that the estimate smoothed it away. One-sided.
    """

    correlations: Floats
    expected: Floats
    standard_errors: Floats
    p_value: float
    structure_z: float
    structure_p_value: float


def dispersion(residuals: Residuals) -> Dispersion:
    """Compare the mean square with what is expected, by weight."""
    squared = residuals.weights**2
    total = float(squared.sum())
    if total == 0:
        return Dispersion(0.0, 0.0, 0.0, 1.0)
    expected = float(np.sum(squared * residuals.expected(0))) / total
    observed = float(np.sum(squared * residuals.values**2)) / total
    spread = float(np.sum(squared**2 * (2 + residuals.kurtosis))) / total**2
    error = expected * math.sqrt(spread * residuals.doubt)
    if error == 0:
        return Dispersion(observed, expected, 0.0, 1.0)
    shape = (expected / error) ** 2
    low = float(gammainc(shape, shape * observed / expected))
    high = float(gammaincc(shape, shape * observed / expected))
    return Dispersion(observed, expected, error, min(1.0, 2 * min(low, high)))


def whiteness(residuals: Residuals, lags: int) -> Whiteness:
    """Correlate residuals with those 1 to `lags` elements further, by weight."""
    size = dispersion(residuals)
    correlations, expected = np.zeros(lags), np.zeros(lags)
    errors = np.full(lags, np.inf)
    judged: list[_Pairs] = []
    if size.observed > _LEAST * size.expected > 0:
        for lag in range(1, lags + 1):
            pairs = _pairs(residuals, lag, size)
            if pairs is not None:
                judged.append(pairs)
                correlations[lag - 1], expected[lag - 1] = pairs.correlation, pairs.expected
                errors[lag - 1] = pairs.error
    if not judged:
        return Whiteness(correlations, expected, errors, 1.0, 0.0, 1.0)
    weights = np.sqrt([pairs.information for pairs in judged])
    mean = sum(weight * pairs.score for weight, pairs in zip(weights, judged, strict=True))
    z = float(mean / np.linalg.norm(weights))
    return Whiteness(correlations, expected, errors, _portmanteau(judged), z, _one_sided(z, judged))


@dataclass(frozen=True)
class _Pairs:
    """What all pairs of residuals at one lag say together, and the moments that it would have."""

    correlation: float
    expected: float
    error: float
    score: float  # the difference in standard errors
    information: float  # sum of the squared weights
    effective: float  # pairs of equal weight that would say as much
    third: float  # skewness of the score that comes from the counts
    fourth: float  # excess kurtosis of the score
    shared: float  # covariance of its square with that of another lag


def _pairs(residuals: Residuals, lag: int, size: Dispersion) -> _Pairs | None:
    def both(array: Floats) -> tuple[Floats, Floats]:
        return array[..., :-lag], array[..., lag:]

    one, other = both(residuals.weights)
    weight = one * other
    squared = weight**2
    total, information = float(weight.sum()), float(squared.sum())
    if information == 0:
        return None
    one, other = both(residuals.values)
    observed = float(np.sum(weight * one * other)) / size.observed
    expected = float(np.sum(weight * residuals.expected(lag))) / size.expected
    error = math.sqrt(information * residuals.doubt)
    one, other = both(residuals.kurtosis)
    joint, either = one * other, one + other
    return _Pairs(
        correlation=observed / total,
        expected=expected / total,
        error=error / total,
        score=(observed - expected) / error,
        information=information,
        effective=information**2 / float(np.sum(squared**2)),
        third=float(np.sum(weight**3 * np.sqrt(joint))) / information**1.5,
        fourth=float(np.sum(squared**2 * (18 + 6 * either + joint))) / information**2,
        shared=float(np.sum(squared**2 * (12 + 2 * either))) / information**2,
    )


def _portmanteau(judged: list[_Pairs]) -> float:
    """Give the p-value of the sum of squared scores, by a gamma distribution of its two moments."""
    n_lags = len(judged)
    observed = sum(pairs.score**2 for pairs in judged)
    spread = sum(2 + pairs.fourth + (n_lags - 1) * pairs.shared for pairs in judged)
    return float(gammaincc(n_lags**2 / spread, observed * n_lags / spread))


def _one_sided(z: float, judged: list[_Pairs]) -> float:
    """Give the p-value of the mean correlation, by a Pearson III distribution of its three moments.

    Its skewness comes from that of the counts and, for lags up to L, from the 3 (L - 1) triangles
    of pairs at each element: the sum is like the variance of block means.
    """
    information = np.array([pairs.information for pairs in judged])
    thirds = np.array([pairs.third for pairs in judged])
    effective = sum(pairs.effective for pairs in judged)
    skewness = float(np.sum(thirds * information**1.5)) / float(information.sum()) ** 1.5
    skewness += 3 * (len(judged) - 1) / math.sqrt(effective)
    if skewness < _LEAST:
        return float(ndtr(-z))
    shape = 4 / skewness**2  # of the gamma distribution, moved and scaled
    return float(gammaincc(shape, max(shape + z * math.sqrt(shape), 0.0)))
