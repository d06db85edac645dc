"""Spikes: channels of one repeat far above what the other repeats have there.

A cosmic ray or a glitch hits one repeat in a channel or two; the other repeats agree there, and so
do the channels beside. What differs over more channels is a drift, and what all repeats have is a
hot channel (`autoden.noise.hot_channels`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.special import rel_entr

from autoden.noise.exposures import Exposures, Floats
from autoden.noise.residuals import Residuals, fitted_shares, residuals

Mask = NDArray[np.bool_]

_CLEAR: Final = 8.0  # standard errors
_BESIDE_ONE: Final = 2.0  # times the neighbours at least; no line is as narrow
_BESIDE_TWO: Final = 4.0
_FEW: Final = 4  # of a repeat; it may have 1 % of its channels if that is more
_QUANTILES: Final = (0.5, 0.75, 0.9, 0.97, 0.99)  # of intensity, between bands of like noise
_SMALLEST_BAND: Final = 20  # channels
_TRIMMED: Final = 0.05  # of the largest squares, among which spikes are
_SMOOTHING: Final = 2.0  # channels


def find_spikes(exposures: Exposures, gain: float | None) -> Mask:
    """Find single channels, or two side by side, in which a repeat has far more than its share.

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
    found = _narrow(scores)
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
    n_channels = scores.shape[1]
    size = np.pad(np.abs(scores), ((0, 0), (2, 3)))

    def beside(*distances: int) -> Floats:
        shifted = [size[:, 2 + d : 2 + d + n_channels] for d in distances]
        return np.asarray(np.max(shifted, axis=0))

    alone = (scores > _CLEAR) & (scores > _BESIDE_ONE * beside(-2, -1, 1, 2))
    after = np.pad(scores, ((0, 0), (0, 1)))[:, 1:]
    higher, lower = np.maximum(scores, after), np.minimum(scores, after)
    pair = (higher > _CLEAR) & (lower > _CLEAR / 2) & (higher > _BESIDE_TWO * beside(-2, -1, 2, 3))
    return np.asarray(alone | pair | np.pad(pair, ((0, 0), (1, 0)))[:, :-1])


def _scores_of_counts(exposures: Exposures, unit: float) -> Floats:
    """Give the signed roots of the deviance of counts, given their sum over the repeats: (R, n).

    Such a count is binomial, and the chance of a score of z or more is at most exp(-z^2 / 2)
    (Chernoff 1952), also where counts are few or a repeat is short.
    """
    counts = np.maximum(exposures.repeats, 0) / unit
    total = counts.sum(axis=0)
    expected = fitted_shares(exposures)[:, np.newaxis] * total
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
    if exposures.repeats.min() < 0:
        return np.where(is_known, scores, 0.0)
    spread = float((left.shares * (1 - left.shares)).sum()) * float(left.total.sum())
    unit = float(variance.sum()) / spread if spread > 0 else 0.0
    if unit == 0:
        return np.zeros_like(scores)
    rare = _scores_of_counts(exposures, unit)
    return np.where(np.abs(scores) < np.abs(rare), scores, rare)


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
