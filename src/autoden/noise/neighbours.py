"""What the neighbours in a single acquisition tell about its noise: bounds, but no more.

Differences of neighbours hold the noise and what structure is finer than they can follow, so that
their variance over mean is at most too large. Below 1 it condemns; above 1 only if it is so
everywhere, between the lines as well as in them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from autoden.noise.dispersion import Dispersion, difference, overlap, tabulated, windows
from autoden.noise.exposures import Floats
from autoden.noise.residuals import intensity_bands

Mask = NDArray[np.bool_]

_ORDERS: Final = (2, 4, 6)
_FEWEST: Final = 40  # windows
_LEAST_LEVEL: Final = 0.3  # counts per element
_SEGMENTS: Final = 40
_HIGHEST: Final = 10  # order of the differences that structure hardly reaches
_WHITE: Final = 0.6  # ratio of the highest order to the lowest that structure does not have


def dispersion_of_neighbours(values: Floats, gain: float = 1.0) -> Dispersion:
    """Variance over mean of a single acquisition, from differences of neighbours.

    The mean square of the second, fourth and sixth differences along the last axis, over what
    counts would give; the least of the three. Structure that is finer than the differences can
    follow adds to it and nothing takes away, so the ratios are upper bounds: below 1 they mean
    noise that is weaker than that of counts or shared by neighbours; above 1 they mean something
    only where also the faint bands are.

    Parameters
    ----------
    values : ndarray of float64, shape (*S)
        One acquisition.
    gain : float
        Units of the data per count.

    Returns
    -------
    Dispersion
        Bands of the local mean, from 0.3 counts per element upwards.
    """
    local = uniform_filter1d(values / gain, 15, axis=-1, mode="nearest")
    labels = np.where(local >= _LEAST_LEVEL, intensity_bands(np.ceil(local), 1.0), 0)
    bands = []
    for label in range(1, int(labels.max(initial=0)) + 1):
        rows = [_neighbours(values / gain, labels == label, order) for order in _ORDERS]
        known = [row for row in rows if row[2] >= _FEWEST]
        if known:
            ratio, error, n_windows = min(known)
            level = float(local[labels == label].mean()) * gain
            bands.append((level, ratio, error, n_windows))
    return tabulated(bands)


def least_dispersion(values: Floats, gain: float = 1.0) -> float:
    """Variance over mean that the neighbours in three quarters of the axis exceed.

    Lines narrow enough to look like noise fill a part of the segments at most; a gain fills all.

    Parameters
    ----------
    values : ndarray of float64, shape (*S)
        One acquisition.
    gain : float
        Units of the data per count.

    Returns
    -------
    float
        Lower quartile over segments of the last axis; 1 if most segments are empty, or if it falls
        with the order of the differences, as it does for structure and not for noise.
    """
    counts = values / gain
    found = []
    for segment in np.array_split(np.arange(counts.shape[-1]), _SEGMENTS):
        part = counts[..., segment]
        everywhere = np.ones(part.shape, dtype=np.bool_)
        if len(segment) > 2 * _HIGHEST and part.mean() >= _LEAST_LEVEL:
            rows = [_neighbours(part, everywhere, order) for order in (_ORDERS[0], _HIGHEST)]
            found.append([row[0] for row in rows])
    if len(found) <= _SEGMENTS // 2:
        return 1.0
    low, high = np.quantile(found, 0.25, axis=0)
    return float(min(low, high)) if high >= _WHITE * low else 1.0


def _neighbours(counts: Floats, band: NDArray[np.bool_], order: int) -> tuple[float, float, int]:
    """Ratio, its standard error and the number of windows of one band, for one order."""
    kernel = difference(order)
    inside = windows(band.astype(np.float64), np.ones(order + 1)) > order + 0.5
    squares = windows(counts, kernel)[inside] ** 2
    expected = windows(counts, kernel**2)[inside]
    total = float(expected.sum())
    if total <= 0:
        return np.inf, np.inf, 0
    fourth = windows(counts, kernel**4)[inside]  # cumulant of the difference of counts
    variance = overlap(kernel) * float((2 * expected**2 + fourth).sum())
    return float(squares.sum()) / total, float(np.sqrt(variance)) / total, int(inside.sum())
