"""Does the estimate lift or sink the background? Its mean level where there are no lines.

In squared error a bias of the background is nothing, in the analysis of traces it is everything.
Which channels are quiet is said by `regions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autoden.errors import InputError
from autoden.evaluation.comparison import (
    Comparison,
    expected_counts,
    judged_arrays,
    spectrum_positions,
    sum_of,
)
from autoden.evaluation.peaks import Peak, find_peaks
from autoden.evaluation.regions import Region, quiet_channels, quiet_windows


@dataclass(frozen=True, eq=False)
class Level:
    """The mean level of some quiet channels.

    Attributes
    ----------
    region : Region
        Which channels.
    level : Comparison
        Their mean in the estimate and in the measurement, in data units; its difference is the
        bias.
    """

    region: Region
    level: Comparison


@dataclass(frozen=True, eq=False)
class Background:
    """The level of the background, as a whole and piece by piece.

    Attributes
    ----------
    overall : Level or None
        Of all quiet channels together: the sharpest test of a bias that is the same everywhere.
        None if no channel is quiet.
    windows : tuple of Level
        Of each quiet window; together they hold the same channels.
    """

    overall: Level | None
    windows: tuple[Level, ...]


def background_bias(
    estimate: ArrayLike,
    measured: ArrayLike,
    variance: ArrayLike,
    *,
    positions: ArrayLike | None = None,
    quiet: ArrayLike | None = None,
    peaks: Sequence[Peak] | None = None,
    counts: ArrayLike | None = None,
    n_windows: int = 8,
) -> Background:
    """Compare the background of the estimate with that of the measured mean.

    Parameters
    ----------
    estimate, measured : array_like
        Shape S, in data units, of one acquisition.
    variance : array_like
        Shape S: of the measured mean, in squared data units.
    positions : array_like, optional
        Shape (n_channels,) of a spectrum; channel numbers by default.
    quiet : array_like of bool, optional
        Shape S: where there are no lines; needed for images. By default the channels outside the
        strong lines.
    peaks : sequence of Peak, optional
        The strong lines, if they are known; by default `find_peaks` of the estimate.
    counts : array_like, optional
        Shape S: expected counts behind the measured mean (rate x dose / gain); windows are then
        long enough to expect 20.
    n_windows : int
        Most windows.

    Raises
    ------
    InputError
        Arrays that differ in shape or are not finite, or an image without `quiet`.

    Examples
    --------
    >>> counts = np.full(1600, 0.25)
    >>> background = background_bias(counts + 0.05, counts, counts)
    >>> round(background.overall.level.z, 1), len(background.windows)
    (4.0, 8)
    """
    rate, values, noise = judged_arrays(estimate, measured, variance)
    if quiet is not None:
        chosen = np.asarray(quiet)
        if chosen.dtype != bool or chosen.shape != rate.shape:
            raise InputError(
                f"`quiet` has shape {chosen.shape} and dtype {chosen.dtype}: give a mask (bool) of "
                f"the shape of the estimate, {rate.shape}."
            )
    elif rate.ndim == 1:
        lines = find_peaks(rate, noise) if peaks is None else peaks
        chosen = quiet_channels(lines, rate.size)
    else:
        raise InputError(
            f"`estimate` has shape {rate.shape}: give `quiet`, a mask of where the background is."
        )
    x = np.arange(rate.size, dtype=np.float64)
    if rate.ndim == 1:
        x = spectrum_positions(positions, rate.size)
    expected = None if counts is None else expected_counts(counts, rate.shape).ravel()

    if not chosen.any():
        return Background(None, ())
    windows = quiet_windows(chosen.ravel(), x, counts=expected, n_windows=n_windows)

    def level(region: Region) -> Level:
        inside = region.inside.reshape(rate.shape)
        share = inside / np.count_nonzero(inside)
        return Level(Region(region.label, inside), sum_of(share, rate, values, noise))

    return Background(level(Region("quiet", chosen)), tuple(level(window) for window in windows))
