"""Hot channels: far above their neighbours in all repeats, where no line can be as narrow.

What is unusual is judged by the spectrum itself, the sum of the repeats: lines as narrow as two
channels are lines, and a spectrum that is full of spikes is coarse. What a single repeat has
alone is in `autoden.noise.spikes`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from autoden.noise.exposures import Floats

Indices = NDArray[np.intp]

_RATIO: Final = 2.0  # of a line of two channels FWHM, between its top and the next channel
_CLEAR: Final = 8.0  # standard errors
_MOST: Final = 4  # more are not channels that fail but lines that are sampled coarsely
_REACH: Final = 10  # channels to either side that tell the level around


def hot_channels(total: Floats, variance: Floats) -> Indices:
    """Find channels that stand out of their neighbours more than any line can.

    A channel is hot if its excess over the level around is significantly more than twice that of
    either neighbour. If many channels are, none is: the lines are then narrower than two channels.

    Parameters
    ----------
    total : ndarray of float64, shape (n,)
        Sum of the repeats.
    variance : ndarray of float64, shape (n,)
        Of the noise of the sum.

    Returns
    -------
    ndarray of int, shape (n_hot,)

    Examples
    --------
    >>> spectrum = np.full(100, 4.0)
    >>> spectrum[30] = 300.0
    >>> hot_channels(spectrum, spectrum)
    array([30])
    """
    if len(total) < 2 * _REACH + 1:
        return np.array([], dtype=np.intp)
    level = _level_around(total)
    neighbours = np.pad(total, 1, mode="constant", constant_values=-np.inf)
    beside = np.maximum(neighbours[:-2], neighbours[2:])
    variances = np.pad(variance, 1)
    spread = variance + _RATIO**2 * np.maximum(variances[:-2], variances[2:])
    excess = (total - level) - _RATIO * np.maximum(beside - level, 0)
    typical = float(np.median(spread[spread > 0])) if (spread > 0).any() else 0.0
    error = np.sqrt(np.maximum(spread, 1e-3 * typical))
    hot = (excess > _CLEAR * error) & (error > 0)
    suspects = (excess > _CLEAR / 2 * error) & (error > 0)
    return np.flatnonzero(hot & (suspects.sum() <= _MOST))


def _level_around(total: Floats) -> Floats:
    """Lowest tenth of the channels around each, without its next neighbours: (n,)."""
    padded = np.pad(total, _REACH, mode="reflect")
    windows = sliding_window_view(padded, 2 * _REACH + 1)
    around = np.delete(windows, range(_REACH - 2, _REACH + 3), axis=1)
    return np.asarray(np.quantile(around, 0.1, axis=1))
