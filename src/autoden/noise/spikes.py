"""Spikes: channels of one repeat far above what the other repeats have there.

A cosmic ray or a glitch hits one repeat in a few channels; the other repeats agree there, and so do
the channels beside. In a channel or two it is narrower than any line; in more, up to five, it must
dwarf whatever lines are near, which might have moved or grown. What differs over more channels is a
drift, and what all repeats have is a hot channel (`autoden.noise.hot_channels`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, median_filter
from scipy.special import rel_entr

from autoden.noise.estimation import estimate_unknown
from autoden.noise.exposures import Exposures, Floats
from autoden.noise.lattice import rounding_step
from autoden.noise.residuals import Residuals, fitted_shares, residuals

Mask = NDArray[np.bool_]

_CLEAR: Final = 8.0  # standard errors
_BESIDE_ONE: Final = 2.0  # times the neighbours at least; no line is as narrow
_BESIDE_TWO: Final = 4.0
_SHARP: Final = 4.0  # times the neighbours: wherever lines are in the other repeats
_WIDEST: Final = 5  # channels
_BEYOND_DOUBT: Final = 16.0  # standard errors, of what is no narrower than a line
_NEAR: Final = 15  # channels to either side, where a line may have come from
_DWARFS: Final = 2.0  # times the structure of the other repeats nearby
_ALIKE: Final = 0.3  # of one another, at least: heights of one line in different places
_MOST_TYPICAL: Final = 4.0  # times the typical variance over the mean
_FEW: Final = 5  # of a repeat; it may have 1 % of its channels if that is more
_QUANTILES: Final = (0.5, 0.75, 0.9, 0.97, 0.99)  # of intensity, between bands of like noise
_SMALLEST_BAND: Final = 20  # channels
_TRIMMED: Final = 0.05  # of the largest squares, among which spikes are
_SMOOTHING: Final = 2.0  # channels


def find_spikes(exposures: Exposures, gain: float | None) -> Mask:
    """Find channels, up to five side by side, in which a repeat has far more than its share.

    Parameters
    ----------
    exposures : Exposures
        Spectra, (R, n).
    gain : float or None
        Units of the data per count; None for values that are no counts.

    Returns
    -------
    ndarray of bool, shape (R, n)
        A repeat with many of them has none: it then differs as a whole.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(5.0, (3, 200))
    >>> counts[1, 70] += 100
    >>> np.argwhere(find_spikes(Exposures(counts), 1.0))
    array([[ 1, 70]])
    """
    n_repeats, n_channels = exposures.repeats.shape
    if n_repeats < 2:
        return np.zeros((1, n_channels), dtype=np.bool_)
    scores = _scores_of_counts(exposures, gain) if gain else _scores_of_values(exposures)
    found = _unlike_lines(exposures, scores, _narrow(scores))
    found[found.sum(axis=1) > max(_FEW, n_channels // 100)] = False
    return found


def without_spikes(exposures: Exposures, spikes: Mask, step: float | None = None) -> Exposures:
    """Replace spikes by what the other repeats let expect there.

    Parameters
    ----------
    exposures : Exposures
        Spectra, (R, n).
    spikes : ndarray of bool, shape (R, n)
        Channels in which every repeat has one stay as they are.
    step : float or None
        What the values are multiples of, and stay so; None for any values.

    Examples
    --------
    >>> hit = Exposures([[2.0, 9.0, 3.0], [2.0, 1.0, 3.0], [2.0, 3.0, 3.0]])
    >>> without_spikes(hit, hit.repeats > 8).repeats[0]
    array([2., 2., 3.])
    """
    clean = ~spikes.any(axis=0)
    if clean.all():
        return exposures
    calm = Exposures(exposures.repeats[:, clean], exposures.durations) if clean.any() else exposures
    shares = fitted_shares(calm)[:, np.newaxis]
    seen = np.where(spikes, 0, exposures.repeats).sum(axis=0)
    share_seen = np.where(spikes, 0, shares).sum(axis=0)
    rate = np.divide(seen, share_seen, out=np.zeros_like(seen), where=share_seen > 0)
    expected = shares * rate
    if step is not None:
        expected = step * np.rint(expected / step)
    return Exposures(
        np.where(spikes & (share_seen > 0), expected, exposures.repeats), exposures.durations
    )


def _narrow(scores: Floats) -> Mask:
    """Mark high scores that stand alone, or in pairs that stand alone: (R, n)."""
    alone = _stand_alone(scores, _BESIDE_ONE)
    after = np.pad(scores, ((0, 0), (0, 1)))[:, 1:]
    higher, lower = np.maximum(scores, after), np.minimum(scores, after)
    pair = (
        (higher > _CLEAR)
        & (lower > _CLEAR / 2)
        & (higher > _BESIDE_TWO * _beside(scores, -2, -1, 2, 3))
    )
    return np.asarray(alone | pair | np.pad(pair, ((0, 0), (1, 0)))[:, :-1])


def _stand_alone(scores: Floats, ratio: float) -> Mask:
    """Mark high scores of so many times what their neighbours have: (R, n)."""
    beside = _beside(scores, -2, -1, 1, 2)
    return np.asarray((scores > _CLEAR) & (scores > ratio * beside))


def _beside(scores: Floats, *distances: int) -> Floats:
    """Give the largest size of the scores at some distances from each: (R, n)."""
    size = np.pad(np.abs(scores), ((0, 0), (2, 3)))
    shifted = [size[:, 2 + d : 2 + d + scores.shape[1]] for d in distances]
    return np.asarray(np.max(shifted, axis=0))


def _unlike_lines(exposures: Exposures, scores: Floats, narrow: Mask) -> Mask:
    """Mark runs of few high scores that no line can be which moved or grew: (R, n).

    A line that moved is as high as where it was in the others, near or, missing, elsewhere; one
    that grew is about as high as it is there. What is narrow and beyond doubt may be on a line, and
    what is in one channel alone is never one.
    """
    marked, sharp = np.zeros_like(narrow), narrow & _stand_alone(scores, _SHARP)
    if not (scores > _CLEAR).any():
        return marked
    rates = _rates(exposures, _calm(exposures, scores))
    heights = np.zeros(len(rates))
    for repeat, score in enumerate(scores):
        others = np.delete(rates, repeat, axis=0)
        highest = others.max(axis=0)
        level = median_filter(np.median(others, axis=0), 2 * _NEAR + 1)
        structure = maximum_filter1d(highest, 2 * _NEAR + 1) - level
        excess = rates[repeat] - highest
        missing = np.where(score < -_CLEAR, others.min(axis=0) - rates[repeat], 0.0).max()
        heights[repeat] = np.where(score > _CLEAR, excess, 0.0).max()
        candidates = [(run, True) for run in _runs(narrow[repeat])]
        candidates += [(run, False) for run in _runs(score > _CLEAR / 2)]
        for run, is_narrow in candidates:
            top = run[excess[run].argmax()]
            signs = score[run].max() > _BEYOND_DOUBT, excess[top] > _DWARFS * structure[top]
            has_left = _ALIKE * excess[top] < missing < excess[top] / _ALIKE
            if not has_left and (any(signs) if is_narrow else all(signs)):
                marked[repeat, run] = True
    is_everywhere = heights.min() > _ALIKE * heights.max()
    return sharp | (marked & ~np.bool_(is_everywhere))


def _runs(marked: Mask) -> list[NDArray[np.intp]]:
    """Give the runs of marked channels that are not too wide: (n,)."""
    channels = np.flatnonzero(marked)
    runs = np.split(channels, np.flatnonzero(np.diff(channels) > 1) + 1)
    return [run for run in runs if 0 < len(run) <= _WIDEST]


def _rates(exposures: Exposures, calm: Exposures) -> Floats:
    """Scale the repeats to one another by what they share, whatever the background: (R, n)."""
    common = np.median(calm.scaled(), axis=0)
    scales = calm.repeats @ common
    is_known = scales.min() > 0
    scales = scales / scales.mean() if is_known else exposures.durations
    return np.asarray(exposures.repeats / scales[:, np.newaxis])


def _calm(exposures: Exposures, scores: Floats) -> Exposures:
    """Leave out the channels in which a repeat has far more than its share."""
    calm = ~(scores > _CLEAR).any(axis=0)
    return Exposures(exposures.repeats[:, calm], exposures.durations) if calm.any() else exposures


def _scores_of_counts(exposures: Exposures, unit: float, shares: Floats | None = None) -> Floats:
    """Give the signed roots of the deviance of counts, given their sum over the repeats: (R, n).

    Such a count is binomial, and the chance of a score of z or more is at most exp(-z^2 / 2)
    (Chernoff 1952), also where counts are few or a repeat is short.
    """
    counts = np.maximum(exposures.repeats, 0) / unit
    total = counts.sum(axis=0)
    shares = fitted_shares(exposures) if shares is None else shares
    expected = shares[:, np.newaxis] * total
    half = rel_entr(counts, expected) + rel_entr(total - counts, total - expected)
    return np.asarray(np.sign(counts - expected) * np.sqrt(2 * np.maximum(half, 0)))


def _scores_of_values(exposures: Exposures) -> Floats:
    """Give the residuals in standard errors, (R, n), no more improbable than among rare events."""
    left = residuals(exposures, None)
    variance = _robust_variance(exposures, left)
    errors = np.sqrt(variance)
    is_known = errors > 0
    unlimited = np.where(left.values > 0, np.inf, 0.0)
    scores = np.divide(left.values, errors, out=unlimited, where=is_known)
    spread = float((left.shares * (1 - left.shares)).sum())
    unit, subtracted = _unit_of_events(exposures, scores, float(variance.sum()) / spread)
    if unit == 0:
        is_signed = exposures.repeats.min() < 0
        return np.where(is_known & is_signed, scores, 0.0)
    durations = exposures.durations[:, np.newaxis]
    raw = Exposures(exposures.repeats + subtracted * durations, exposures.durations)
    rare = _scores_of_counts(raw, unit, fitted_shares(_calm(raw, scores)))
    return np.where(np.abs(scores) < np.abs(rare), scores, rare)


def _unit_of_events(
    exposures: Exposures, scores: Floats, variance_of_total: float
) -> tuple[float, float]:
    """Find the step of the rare events behind the values, and what was subtracted from their rate.

    What was subtracted from counts shows as variance where the mean is zero. A step of 0 is that of
    noise of one level.
    """
    least = min(float(exposures.repeats.min()), 0.0)
    events = float((exposures.repeats - least).sum())
    typical = variance_of_total / events if events > 0 else 0.0
    if least == 0:
        return typical, 0.0
    noise = estimate_unknown([_calm(exposures, scores)])
    if noise.slope > 0 and np.isfinite(scores).all():
        unit = min(noise.slope, _MOST_TYPICAL * typical)
        return unit, noise.floor / unit
    step = rounding_step(exposures.repeats)  # too few events for a fit
    return (step, -least) if step is not None else (0.0, 0.0)


def _robust_variance(exposures: Exposures, left: Residuals) -> Floats:
    """Variance of the residuals by repeat and intensity, to which spikes add nothing: (R, n)."""
    squares = left.values**2
    of_repeats = _trimmed_means(squares)[:, np.newaxis]
    if not (of_repeats > 0).all():
        of_repeats = np.ones_like(of_repeats)
    common = (squares / of_repeats).mean(axis=0)
    # what the sum would be by all repeats but one, the highest: without a spike
    shares = left.shares[:, np.newaxis]
    level = ((left.total - exposures.repeats) / (1 - shares)).min(axis=0)
    level = np.maximum(gaussian_filter1d(level, _SMOOTHING), 0)
    variance = np.empty_like(common)
    quantiles = [q for q in _QUANTILES if (1 - q) * len(level) >= _SMALLEST_BAND]
    labels = np.searchsorted(np.quantile(level, quantiles), level)
    for label in np.unique(labels):
        band = labels == label
        mean = float(level[band].mean())
        rising = np.maximum(level[band] / mean, 1) if mean > 0 else 1.0
        variance[band] = _trimmed_means(common[band][np.newaxis])[0] * rising
    return np.asarray(of_repeats * variance)


def _trimmed_means(squares: Floats) -> Floats:
    """Mean of each row without its largest elements."""
    n_left_out = max(1, int(np.ceil(_TRIMMED * squares.shape[1])))
    kept = np.sort(squares, axis=1)[:, : max(squares.shape[1] - n_left_out, 1)]
    return np.asarray(kept.mean(axis=1))
