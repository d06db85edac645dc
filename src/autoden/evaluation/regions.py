"""Regions of a spectrum or image over which counts are summed: given, or found from its lines.

Here regions are named and bounded. What is compared within them lives in `conservation` and
`background`, and the lines come from `peaks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.evaluation.arrays import Floats
from autoden.evaluation.peaks import Peak

LEAST_COUNTS = 20.0
"""Counts that a quiet window expects at least, so that its total is nearly normal."""


@dataclass(frozen=True, eq=False)
class Region:
    """A named part of the data.

    Attributes
    ----------
    label : str
        "whole", "peak at 8.64", "quiet 12.1 to 14.3", or the name that was given.
    inside : ndarray of bool, shape S
        Its elements.
    """

    label: str
    inside: NDArray[np.bool_]


def given_regions(
    regions: Mapping[str, ArrayLike], positions: Floats, shape: tuple[int, ...]
) -> tuple[Region, ...]:
    """Make regions from masks of the data's shape or, for spectra, from (lowest, highest) position.

    Raises
    ------
    InputError
        A region that is neither, or that holds nothing.
    """
    return tuple(
        Region(str(label), _mask(str(label), region, positions, shape))
        for label, region in regions.items()
    )


def _mask(
    label: str, region: ArrayLike, positions: Floats, shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    given = np.asarray(region)
    if given.dtype == bool and given.shape == shape:
        inside = given
    elif given.shape == (2,) and given.dtype.kind in "iuf" and positions.shape == shape:
        inside = (positions >= given[0]) & (positions <= given[1])
    else:
        raise InputError(
            f"region {label!r} is {region!r:.60}: give a mask of shape {shape} or, for a spectrum, "
            "its lowest and highest position."
        )
    if not inside.any():
        raise InputError(f"region {label!r} holds no channel: give one within the data.")
    return inside


def peak_regions(peaks: Sequence[Peak], positions: Floats) -> tuple[Region, ...]:
    """Give the windows of the peaks, one region each."""
    channels = np.arange(positions.size)
    return tuple(
        Region(
            f"peak at {positions[peak.index]:.4g}",
            (channels >= peak.start) & (channels < peak.stop),
        )
        for peak in peaks
    )


def quiet_channels(peaks: Sequence[Peak], n_channels: int) -> NDArray[np.bool_]:
    """Tell the channels of no peak: outside the windows and the strips beside them."""
    quiet = np.ones(n_channels, dtype=bool)
    for peak in peaks:
        quiet[peak.start - peak.strip : peak.stop + peak.strip] = False
    return quiet


def quiet_windows(
    quiet: NDArray[np.bool_],
    positions: Floats,
    *,
    counts: Floats | None = None,
    n_windows: int = 8,
) -> tuple[Region, ...]:
    """Part the quiet channels into windows of neighbours.

    Parameters
    ----------
    quiet : ndarray of bool, shape (n_channels,)
        Channels without peaks. A window may reach across a peak, which is then left out of it.
    positions : ndarray of float64, shape (n_channels,)
        For the labels.
    counts : ndarray of float64, shape (n_channels,), optional
        Expected counts: each window then gets at least `LEAST_COUNTS` of them.
    n_windows : int
        How many windows at most; fewer where counts are few.
    """
    chosen = np.flatnonzero(quiet)
    most = whole_number("n_windows", n_windows)
    if not chosen.size:
        return ()

    def is_short(group: NDArray[np.intp]) -> bool:
        return counts is not None and float(counts[group].sum()) < LEAST_COUNTS

    groups: list[NDArray[np.intp]] = []
    for piece in np.array_split(chosen, min(most, chosen.size)):
        if groups and is_short(groups[-1]):
            groups[-1] = np.concatenate([groups[-1], piece])
        else:
            groups.append(piece)
    if len(groups) > 1 and is_short(groups[-1]):
        groups[-2:] = [np.concatenate(groups[-2:])]
    return tuple(_window(group, positions) for group in groups)


def _window(channels: NDArray[np.intp], positions: Floats) -> Region:
    inside = np.zeros(positions.size, dtype=bool)
    inside[channels] = True
    first, last = sorted(positions[[channels[0], channels[-1]]])
    return Region(f"quiet {first:.4g} to {last:.4g}", inside)
