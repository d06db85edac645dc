"""Dead channels: silent where their neighbours say that there should be counts.

Asked of one spectrum, the sum of the repeats. Silence where a spectrum fades, begins or has gaps
between its lines is no fault.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from autoden.noise.exposures import Floats

Indices = NDArray[np.intp]

_SHORT: Final = 20  # channels; a stretch as long is looked at by its edges
_FLANK: Final = 45.0  # counts beside a short silent stretch
_STEEPEST: Final = 2.5  # ratio of neighbours on a flank that is no line's edge
_EDGE_COUNTS: Final = 48  # that tell if a spectrum stops or fades
_NEAR: Final = 12  # channels beside an edge that are looked at one by one, however many counts
_EVEN: Final = 0.72
_LINE: Final = 4  # times as many counts: fewer may be one line, even at its middle
_FILLED: Final = (0.4, 0.25, 0.25, 0.25)  # least share of the quarters, that at the edge first
_EXPECTED: Final = 25  # counts at least that a silent stretch would hold
_LONG_END: Final = 0.35  # share of the axis that is more than an empty end
_LONG_GAP: Final = 0.05  # the same between two parts of a spectrum
_PERIODS: Final = (2, 3, 4)


def dead_channels(counts: Floats) -> Indices:
    """Find channels without a count where their neighbours show that there should be some.

    Three patterns are looked for: every second, third or fourth channel; short stretches between
    full channels; and long ones that begin abruptly. Ends where a spectrum fades out, a
    threshold at its beginning and gaps between lines are no fault.

    Parameters
    ----------
    counts : ndarray of float64, shape (n,)
        Sum of the repeats, in counts.

    Returns
    -------
    ndarray of int, shape (n_dead,)

    Examples
    --------
    >>> spectrum = np.full(400, 3.0)
    >>> spectrum[100:300] = 0
    >>> dead = dead_channels(spectrum)
    >>> print(dead[0], dead[-1], len(dead))
    100 299 200
    """
    silent = counts == 0
    if silent.all():
        return np.array([], dtype=np.intp)
    dead = _combs(counts)
    if dead.any():
        return np.flatnonzero(dead)
    for start, stop in zip(*_runs(silent), strict=True):
        if _between_full(counts, start, stop) or _is_cut(counts, start, stop):
            dead[start:stop] = True
    return np.flatnonzero(dead)


def _combs(counts: Floats) -> NDArray[np.bool_]:
    """Mark all channels of a regular pattern that is silent while the others are not: (n,)."""
    dead = np.zeros(len(counts), dtype=np.bool_)
    for period in _PERIODS:
        phases = [counts[phase::period] for phase in range(period)]
        seen = np.array([np.count_nonzero(phase) for phase in phases])
        if seen.max() >= 30 and (seen == 0).any():
            for phase in np.flatnonzero(seen == 0):
                dead[phase::period] = True
            break
    return dead


def _runs(silent: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """Give the first channel of each silent stretch and the first one after it."""
    change = np.diff(silent.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(change == 1), np.flatnonzero(change == -1)


def _between_full(counts: Floats, start: int, stop: int) -> bool:
    """Whether a short stretch is silent between full channels that are no edges of lines."""
    if stop - start >= _SHORT or start < 2 or stop > len(counts) - 2:
        return False
    beside = min(counts[start - 1], counts[stop])
    beyond = max(counts[start - 2] / counts[start - 1], counts[stop + 1] / counts[stop])
    return bool(beside >= _FLANK and beyond <= _STEEPEST)


def _is_cut(counts: Floats, start: int, stop: int) -> bool:
    """Whether a long silent stretch begins abruptly at each end that lies inside the axis."""
    length, size = stop - start, len(counts)
    is_end = start == 0 or stop == size
    if length < max((_LONG_END if is_end else _LONG_GAP) * size, _SHORT):
        return False
    sides = []
    if start > 0:
        sides.append(_stops_abruptly(counts[:start][::-1], length))
    if stop < size:
        sides.append(_stops_abruptly(counts[stop:], length))
    # the foot of a line at one end of a very long gap does not excuse the other end
    return any(sides) if length >= _LONG_END * size / 2 else all(sides)


def _stops_abruptly(outwards: Floats, length: int) -> bool:
    """Whether the counts beside an edge lie as evenly as if the spectrum went on beyond it.

    The mean logarithm of (reach / distance) is 1 for even counts, 1/2 if they fade linearly, and
    less at the foot of a line (the estimator of Hill, 1975). It has to hold at every reach, and
    no quarter of the reach may be nearly empty, as it is between narrow lines.
    """
    within = np.cumsum(outwards)
    enough = int(np.searchsorted(within, _EDGE_COUNTS)) + 1
    reach = max(enough, _NEAR)
    if reach > len(outwards) or within[-1] < _LINE * _EDGE_COUNTS:
        return False
    quarters = np.array([part.mean() for part in np.array_split(outwards[:reach], 4)])
    is_filled = (quarters >= np.array(_FILLED) * quarters.mean()).all()
    ends = np.arange(1, reach + 1, dtype=np.float64)
    primitive = ends * np.log(ends) - ends
    logarithms = np.cumsum(outwards[:reach] * np.diff(primitive, prepend=0))  # of the distances
    evenness = np.log(ends) - logarithms / np.maximum(within[:reach], 1e-12)
    is_even = (evenness[max(enough, _NEAR // 2) - 1 :] >= _EVEN).all()
    goes_on = float(quarters.min()) * length >= _EXPECTED
    return bool(is_filled and is_even and goes_on)
