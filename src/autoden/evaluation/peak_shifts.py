"""What the estimate made of each strong line: its area, height, centre and width, before and after.

The same functional, a sum over the line's window less the straight line through the strips beside
it, is taken of the estimate and of the measured mean. Which lines there are is said by `peaks`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autoden.evaluation.arrays import Floats
from autoden.evaluation.comparison import (
    Comparison,
    check_spectrum,
    judged_arrays,
    spectrum_positions,
    sum_of,
)
from autoden.evaluation.peaks import Peak, find_peaks

FWHM_PER_SIGMA = math.sqrt(8 * math.log(2))


@dataclass(frozen=True)
class PeakShift:
    """A line in the estimate and in the measured mean.

    Attributes
    ----------
    peak : Peak
        Where it is.
    area : Comparison
        Net sum over the window, in counts (data units).
    height : Comparison
        Net mean of the inner quarter of the window, in data units.
    centroid : Comparison
        Centre of mass of the net values, in the unit of the positions.
    width : Comparison or None
        Full width at half maximum of a Gaussian of the same second moment within the window
        (2.355 times its root), in the unit of the positions. None where a steep background or noise
        makes the moment of either negative.
    """

    peak: Peak
    area: Comparison
    height: Comparison
    centroid: Comparison
    width: Comparison | None


def peak_shifts(
    estimate: ArrayLike,
    measured: ArrayLike,
    variance: ArrayLike,
    *,
    positions: ArrayLike | None = None,
    peaks: Sequence[Peak] | None = None,
) -> tuple[PeakShift, ...]:
    """Compare each strong line of the estimate with the measured mean.

    Parameters
    ----------
    estimate, measured : array_like
        Shape (n_channels,), in data units.
    variance : array_like
        Shape (n_channels,), of the measured mean, in squared data units; from the estimate rather
        than from single counts.
    positions : array_like, optional
        Shape (n_channels,), rising or falling, not necessarily by even steps; channel numbers by
        default.
    peaks : sequence of Peak, optional
        The lines; by default `find_peaks` of the estimate.

    Returns
    -------
    tuple of PeakShift
        One per line. Standard errors are those of the measured values, to first order in the
        noise (see `Comparison` for what z then means).

    Raises
    ------
    InputError
        Arrays that differ in shape, are not finite or no spectrum; positions that turn back.

    Examples
    --------
    A filter too wide for its line is told by the width:

    >>> from scipy.ndimage import gaussian_filter1d
    >>> channels = np.arange(200)
    >>> truth = 5 + 300 * np.exp(-0.5 * ((channels - 120) / 6) ** 2)
    >>> counts = np.random.default_rng(0).poisson(truth)
    >>> smooth = gaussian_filter1d(counts.astype(float), 6)
    >>> (line,) = peak_shifts(smooth, counts, smooth)
    >>> line.width.z > 10, line.height.z < -10, abs(line.centroid.z) < 3
    (True, True, True)
    """
    rate, values, noise = judged_arrays(estimate, measured, variance)
    check_spectrum(rate)
    x = spectrum_positions(positions, rate.size)
    lines = find_peaks(rate, noise) if peaks is None else peaks
    return tuple(_shift(line, rate, values, noise, x) for line in lines)


def _shift(line: Peak, rate: Floats, values: Floats, noise: Floats, x: Floats) -> PeakShift:
    window = slice(line.start - line.strip, line.stop + line.strip)
    rate, values, noise, x = rate[window], values[window], noise[window], x[window]
    middle = line.strip + line.half_width
    offset = x - x[middle]
    core = np.abs(np.arange(x.size) - middle) <= line.half_width // 4
    sums = [_net_weights(offset**power, line.strip, x) for power in range(3)]
    height = _net_weights(core / np.count_nonzero(core), line.strip, x)
    centre, squared, to_centre, to_squared = _shape(sums, rate)
    measured_centre, measured_squared, *_ = _shape(sums, values)
    start = float(x[middle])
    centroid = Comparison(start + centre, start + measured_centre, _error(to_centre, noise))
    width = None
    if squared > 0 and measured_squared > 0:
        sigma, measured_sigma = math.sqrt(squared), math.sqrt(measured_squared)
        error = _error(to_squared, noise) / (2 * sigma)
        width = Comparison(*(FWHM_PER_SIGMA * size for size in (sigma, measured_sigma, error)))
    return PeakShift(
        line,
        sum_of(sums[0], rate, values, noise),
        sum_of(height, rate, values, noise),
        centroid,
        width,
    )


def _error(gradient: Floats, noise: Floats) -> float:
    return math.sqrt(float(np.sum(gradient**2 * noise)))


def _net_weights(inner: Floats, strip: int, x: Floats) -> Floats:
    """Give the weights of all channels in a sum over the window, less the line through the strips.

    The line takes its two values where the strips have their mean positions.
    """
    left, right = float(x[:strip].mean()), float(x[-strip:].mean())
    weights = np.array(inner, dtype=np.float64)
    weights[:strip] = weights[-strip:] = 0
    share = (x - left) / (right - left)
    on_right, on_left = float(np.sum(weights * share)), float(np.sum(weights * (1 - share)))
    weights[:strip], weights[-strip:] = -on_left / strip, -on_right / strip
    return weights


def _shape(sums: list[Floats], values: Floats) -> tuple[float, float, Floats, Floats]:
    """Give centre and variance by the first three moments, and their gradients by the values."""
    zeroth, first, second = (float(np.sum(weights * values)) for weights in sums)
    if zeroth == 0:
        return 0.0, 0.0, np.zeros_like(values), np.zeros_like(values)
    centre = first / zeroth
    squared = second / zeroth - centre**2
    to_centre = (sums[1] - centre * sums[0]) / zeroth
    to_squared = (sums[2] - 2 * centre * sums[1] + (centre**2 - squared) * sums[0]) / zeroth
    return centre, squared, to_centre, to_squared
