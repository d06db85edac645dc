"""Are the counts still there? Totals of the estimate against those of the measurement.

Totals of the whole, of each strong line and of the quiet parts, each with its standard error.
Shapes of lines live in `peak_shifts`, levels of the background in `background`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autoden.evaluation.arrays import Floats
from autoden.evaluation.comparison import (
    Comparison,
    expected_counts,
    judged_arrays,
    spectrum_positions,
    sum_of,
)
from autoden.evaluation.peaks import Peak, find_peaks
from autoden.evaluation.regions import (
    Region,
    given_regions,
    peak_regions,
    quiet_channels,
    quiet_windows,
)


@dataclass(frozen=True, eq=False)
class Total:
    """The sum over a region.

    Attributes
    ----------
    region : Region
        Which elements.
    counts : Comparison
        Their sum in the estimate and in the measured mean, in data units. Its standard error,
        the root of the summed variances, is how well the measurement knows the true total; z is
        the difference in units of it.
    """

    region: Region
    counts: Comparison


def total_counts(
    estimate: ArrayLike,
    measured: ArrayLike,
    variance: ArrayLike,
    *,
    positions: ArrayLike | None = None,
    regions: Mapping[str, ArrayLike] | None = None,
    peaks: Sequence[Peak] | None = None,
    counts: ArrayLike | None = None,
) -> tuple[Total, ...]:
    """Compare total counts of the estimate with those of the measured mean, region by region.

    Parameters
    ----------
    estimate, measured : array_like
        Shape S, in data units, of one acquisition.
    variance : array_like
        Shape S: of the measured mean, in squared data units.
    positions : array_like, optional
        Shape (n_channels,) of a spectrum; channel numbers by default.
    regions : mapping of str to array_like, optional
        By name: a mask of shape S or, for a spectrum, (lowest, highest position). By default the
        windows of the strong lines and of the quiet parts of a spectrum; none for images.
    peaks : sequence of Peak, optional
        The strong lines, if they are known; by default `find_peaks` of the estimate.
    counts : array_like, optional
        Shape S: expected counts behind the measured mean (rate x dose / gain), so that the quiet
        windows found are long enough to be judged.

    Returns
    -------
    tuple of Total
        The whole first, then the regions.

    Raises
    ------
    InputError
        Arrays that differ in shape or are not finite, or a region that is not one.

    Examples
    --------
    >>> counts = np.full(100, 100.0)
    >>> totals = total_counts(0.97 * counts, counts, counts, regions={"low": (0, 24)})
    >>> [(total.region.label, round(total.counts.z, 1)) for total in totals]
    [('whole', -3.0), ('low', -1.5)]
    """
    rate, values, noise = judged_arrays(estimate, measured, variance)
    whole = Region("whole", np.ones(rate.shape, dtype=bool))
    expected = None if counts is None else expected_counts(counts, rate.shape)
    if regions is not None:
        x = spectrum_positions(positions, rate.size) if rate.ndim == 1 else np.empty(0)
        parts = given_regions(regions, x, rate.shape)
    elif rate.ndim == 1:
        x = spectrum_positions(positions, rate.size)
        lines = find_peaks(rate, noise) if peaks is None else peaks
        parts = _found(lines, x, expected)
    else:
        parts = ()
    return tuple(
        Total(region, sum_of(region.inside.astype(np.float64), rate, values, noise))
        for region in (whole, *parts)
    )


def _found(peaks: Sequence[Peak], x: Floats, counts: Floats | None) -> tuple[Region, ...]:
    quiet = quiet_channels(peaks, x.size)
    return (*peak_regions(peaks, x), *quiet_windows(quiet, x, counts=counts))
