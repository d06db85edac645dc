"""Bands of intensity: which elements are weak, middling or strong, to be judged apart.

A failure in the strong lines drowns in a mean over all channels, and one in the background drowns
in a squared error. The bands only sort elements; what is judged in them lives elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.checks import choice, whole_number
from autoden.errors import InputError
from autoden.evaluation.arrays import Floats, real_array


@dataclass(frozen=True, eq=False)
class Band:
    """Elements of similar intensity.

    Attributes
    ----------
    lower, upper : float
        The intensities in it: at least `lower` and below `upper`, in the unit of what was sorted.
    inside : ndarray of bool, shape S
        Which elements they are.
    """

    lower: float
    upper: float
    inside: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(np.count_nonzero(self.inside))


def intensity_bands(
    values: ArrayLike,
    *,
    by: Literal["decades", "quantiles"] = "decades",
    n_bands: int = 4,
    at_least: int = 100,
) -> tuple[Band, ...]:
    """Sort elements into bands by intensity, the weakest first.

    Parameters
    ----------
    values : array_like
        Shape S: what to sort by, such as the expected counts of each channel. For fair judgements
        these are smooth (the estimate, not the measurement), or known apart (a truth).
    by : {"decades", "quantiles"}
        Limits at the powers of ten, or bands of equally many elements.
    n_bands : int
        How many quantile bands, or the most decade bands: the lowest ones then become one.
    at_least : int
        Bands with fewer elements are joined with their weaker neighbour, the lowest with the next.

    Returns
    -------
    tuple of Band
        At least one; together they hold every element once. The lowest begins at minus infinity,
        the highest ends at infinity.

    Raises
    ------
    InputError
        Values that are empty, complex or not finite, or an option that is not one.

    Examples
    --------
    >>> bands = intensity_bands([0.2, 0.5, 3.0, 40.0, 70.0], at_least=1)
    >>> [(band.lower, band.upper, len(band)) for band in bands]
    [(-inf, 1.0, 2), (1.0, 10.0, 1), (10.0, inf, 2)]
    """
    array = real_array("values", values)
    if not array.size or not np.isfinite(array).all():
        raise InputError(f"`values` has shape {array.shape}: give finite values, at least one.")
    choice("by", by, ("decades", "quantiles"))
    most, least = whole_number("n_bands", n_bands), whole_number("at_least", at_least)
    limits = _decades(array, most) if by == "decades" else _quantiles(array, most)
    edges = _wide_enough(array, limits, least)
    return tuple(
        Band(lower, upper, (array >= lower) & (array < upper)) for lower, upper in pairwise(edges)
    )


def _decades(array: Floats, most: int) -> list[float]:
    positive = array[array > 0]
    if not positive.size:
        return []
    last = math.floor(math.log10(positive.max()))
    first = max(math.floor(math.log10(positive.min())) + 1, last - most + 2)
    return [10.0**power for power in range(first, last + 1)]


def _quantiles(array: Floats, n_bands: int) -> list[float]:
    limits = np.quantile(array, np.arange(1, n_bands) / n_bands)
    return [float(limit) for limit in np.unique(limits)]


def _wide_enough(array: Floats, limits: list[float], least: int) -> list[float]:
    """Give the edges of bands that hold enough elements: limits are dropped, strong ones first."""
    kept = [math.inf]
    for limit in reversed(limits):
        if np.count_nonzero((array >= limit) & (array < kept[0])) >= least:
            kept.insert(0, limit)
    if len(kept) > 1 and np.count_nonzero(array < kept[0]) < least:
        del kept[0]
    return [-math.inf, *kept]
