"""How a repeat differs from the others as a whole: in its scale, its position, its shape.

Each is a score test of the residuals against one direction of change, exact for counts (see
`autoden.noise.residuals`): the spectrum itself for the scale, its derivative for the shift.
What is left over all elements is the chi-square of homogeneity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr

from autoden.errors import InputError
from autoden.noise.exposures import Exposures, Floats, per_repeat
from autoden.noise.residuals import Residuals, residuals, smooth

_FARTHEST: Final = 40  # elements by which a shift is sought
_LEAST_COUNTS: Final = 0.5  # of the sum, where its logarithm is taken


@dataclass(frozen=True, eq=False)
class Drift:
    """How each repeat differs from the others.

    Attributes
    ----------
    scales : ndarray of float64, shape (R,)
        Total of each repeat per duration, relative to that of the others together.
    scale_z : ndarray of float64, shape (R,)
        Of the scales against 1.
    shifts : ndarray of float64, shape (R,)
        Elements along the last axis by which each repeat lies to the right of the others.
    shift_z : ndarray of float64, shape (R,)
        Of the shifts against 0.
    gains : ndarray of float64, shape (R,)
        By how much the shift brings a repeat nearer to the others: the fall of its chi-square.
    shape_z : ndarray of float64, shape (R,)
        Excess of each repeat's chi-square against its share of the sum, in standard errors.
    """

    scales: Floats
    scale_z: Floats
    shifts: Floats
    shift_z: Floats
    gains: Floats
    shape_z: Floats

    @property
    def p_value(self) -> float:
        """Chance that repeats of one thing differ as much in shape, the worst of them."""
        one = float(ndtr(-float(self.shape_z.max())))
        return float(-np.expm1(len(self.shape_z) * np.log1p(-min(one, 1 - 1e-16))))


def drift_of_repeats(exposures: Exposures, gain: float | None) -> Drift:
    """Compare each repeat with the others: scale, shift along the last axis, shape.

    Parameters
    ----------
    exposures : Exposures
        At least two repeats.
    gain : float or None
        Units of the data per count; None for values that are no counts.

    Returns
    -------
    Drift

    Raises
    ------
    InputError
        Fewer than two repeats.

    Examples
    --------
    >>> peak = 500 * np.exp(-0.5 * ((np.arange(200.0) - 100) / 10) ** 2)
    >>> rng = np.random.default_rng(0)
    >>> counts = rng.poisson([peak, peak, np.roll(1.3 * peak, 4)])
    >>> drift = drift_of_repeats(Exposures(counts), gain=1.0)
    >>> print(f"{drift.scales[2]:.1f} {drift.shifts[2]:.0f}")
    1.3 4
    """
    if exposures.n_repeats < 2:
        raise InputError("there is one acquisition: a drift needs at least two repeats.")
    timed = residuals(exposures, gain, fit_shares=False)
    fitted = residuals(exposures, gain)
    scales, scale_z = _scales(timed)
    found = [_shift(exposures.repeats, fitted, r) for r in range(exposures.n_repeats)]
    shifts, gains = np.array(found).T
    return Drift(scales, scale_z, shifts, _shift_scores(fitted), gains, _shapes(fitted, gain))


def line_width(exposures: Exposures, gain: float | None) -> float:
    """Width of the structure along the last axis, in elements: how sharply a position is known.

    The standard deviation of a Gaussian line; more with background. It is the inverse root of the
    mean squared logarithmic derivative, weighted by intensity (the Fisher information of a
    position per count).
    """
    left = residuals(exposures, gain)
    shared = np.maximum(smooth(left.total), 0)
    slope = np.gradient(shared, axis=-1) ** 2 / _floored_variance(left)
    along = shared**2 / _floored_variance(left)
    information = float(slope.sum())
    return float(np.sqrt(along.sum() / information)) if information > 0 else np.inf


def _scales(left: Residuals) -> tuple[Floats, Floats]:
    """Scale of each repeat against the others, and its z-score, both (R,)."""
    weights = _scale_direction(left)
    scores = _inner(left.values, weights)
    errors = np.sqrt(_inner(left.variance(), weights**2))
    seen = float((weights * left.total).sum())
    own = scores + left.shares * seen
    others = seen - own
    odds = left.shares / (1 - left.shares)
    scales = np.divide(own, others * odds, out=np.full(len(own), np.inf), where=others > 0)
    return scales, np.divide(scores, errors, out=np.zeros_like(scores), where=errors > 0)


def _shift_scores(left: Residuals) -> Floats:
    """z-score of a small shift of each repeat along the last axis, whatever its scale: (R,)."""
    shared = smooth(left.total)
    weights = -np.gradient(shared, axis=-1) / _floored_variance(left)
    along = _scale_direction(left)
    power = float((along * left.total).sum())
    if power > 0:
        weights = weights - float((weights * left.total).sum()) / power * along
    errors = np.sqrt(_inner(left.variance(), weights**2))
    scores = _inner(left.values, weights)
    return np.divide(scores, errors, out=np.zeros_like(scores), where=errors > 0)


def _shift(repeats: Floats, left: Residuals, r: int) -> tuple[float, float]:
    """Shift at which the others predict a repeat best, and the fall of chi-square it brings."""
    reach = min(_FARTHEST, repeats.shape[-1] // 4)
    others = smooth(left.total - repeats[r])
    odds = left.shares[r] / (1 - left.shares[r])
    # the smoothing widens the template, so the repeat is smoothed alike; noise falls with it
    own = smooth(repeats[r])
    inside = (..., slice(reach, repeats.shape[-1] - reach))
    weights = 1 / _floored_variance(left)[inside]
    moves = np.arange(-reach, reach + 1)
    misfit = np.array(
        [(weights * (own - odds * np.roll(others, m, axis=-1))[inside] ** 2).sum() for m in moves]
    ) / max(left.noise_shares[r], 1e-12)
    best = int(misfit.argmin())
    shift = float(moves[best])
    if 0 < best < len(moves) - 1:
        before, at, after = misfit[best - 1 : best + 2]
        curvature = before - 2 * at + after
        shift += 0.5 * float((before - after) / curvature) if curvature > 0 else 0.0
    return shift, float(misfit[reach] - misfit[best])


def _shapes(left: Residuals, gain: float | None) -> Floats:
    """Excess of each repeat's chi-square in standard errors, (R,)."""
    variance = left.variance()
    seen = left.unit_variance > 0
    squares = np.divide(left.values**2, variance, out=np.zeros_like(variance), where=seen)
    spread = left.shares * (1 - left.shares)
    spread = per_repeat(spread, variance)
    moments = np.full_like(variance, 2.0)
    if gain is not None:
        counts = np.maximum(left.total / gain, 1)
        moments = np.maximum(2 + (1 - 6 * spread) / (counts * spread), 1e-9)
    excess = np.where(seen, squares - 1, 0).reshape(len(variance), -1).sum(axis=1)
    errors = np.sqrt(np.where(seen, moments, 0).reshape(len(variance), -1).sum(axis=1))
    return np.asarray(np.divide(excess, errors, out=np.zeros_like(excess), where=errors > 0))


def _floored_variance(left: Residuals) -> Floats:
    """Smooth variance of the sum, above zero."""
    variance = smooth(left.unit_variance)
    positive = left.unit_variance[left.unit_variance > 0]
    floor = _LEAST_COUNTS * float(positive.min()) if positive.size else 1.0
    return np.asarray(np.maximum(variance, floor))


def _scale_direction(left: Residuals) -> Floats:
    """Weights that tell a change of scale best: the spectrum over its variance, (*S)."""
    return np.asarray(np.maximum(smooth(left.total), 0) / _floored_variance(left))


def _inner(values: Floats, weights: Floats) -> Floats:
    """Weighted sum of each repeat, (R,)."""
    return np.asarray((values * weights).reshape(len(values), -1).sum(axis=1))
