"""Whether the rows of a table can be repeats of one spectrum: nothing but noise tells them apart.

Only this yes or no, asked before anything else is known, whatever the noise is. What is wrong with
repeats, and what their noise is, the room ``noise`` says.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoden.noise.exposures import Exposures

Floats = NDArray[np.float64]

_STANDARD_ERRORS = 4.0
_DIFFERENCE = 0.03  # of the spectrum, root mean square: smaller ones still make a useful mean
_AROUND = 31  # channels over which the variance of the noise is averaged, but for the nearest 3


def repeats_agree(exposures: Exposures) -> bool:
    """Tell whether spectra agree but for noise and a factor.

    Lines that differ stand out in several neighbouring channels, noise in one by itself: the
    products of the differences in neighbouring channels, each in units of the noise around it, sum
    to zero within their standard error if the noise is independent between channels, be it counts,
    counts times a gain, or any other. The noise is measured by the steps between neighbours, which
    hold little of the lines. Four standard errors say no, unless the difference is below 3 % of the
    spectrum. Lines one channel wide are not told from noise, and a spike in one repeat says no.

    Parameters
    ----------
    exposures : Exposures
        Spectra, (R, E).

    Returns
    -------
    bool
        False if the rows differ by more than chance; a single one agrees with itself.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> line = 50 * np.exp(-0.5 * ((np.arange(200) - 80) / 9) ** 2)
    >>> repeats_agree(Exposures(rng.poisson(line, (4, 200))))
    True
    >>> repeats_agree(Exposures(rng.poisson([line, line[::-1]])))
    False
    """
    mean = exposures.repeats.mean(axis=0)
    factors = exposures.repeats @ mean
    rows, factors = exposures.repeats[factors > 0], factors[factors > 0]
    if len(rows) < 2:
        return True
    shared = factors[:, np.newaxis] * rows.sum(axis=0) / factors.sum()  # (R, E)
    differences = rows - shared
    products = np.sum(differences[:, 1:] * differences[:, :-1], axis=0)  # (E - 1,)
    power = (len(rows) - 1) * float(np.sum(mean**2))
    is_small = float(products.sum()) < _DIFFERENCE**2 * power
    return is_small or _standard_errors(differences, products) < _STANDARD_ERRORS


def _standard_errors(differences: Floats, products: Floats) -> float:
    """Compare the sum of the products with its scatter among independent channels."""
    freedom = len(differences) - 1
    noise = np.sum(np.diff(differences, axis=1) ** 2, axis=0) / (2 * freedom)  # variance, (E - 1,)
    around = _average_around(noise)
    weights = np.divide(1.0, around, out=np.zeros_like(around), where=around > 0)
    # the product of two variances from disjoint channels, so that it is unbiased, too
    scatter = freedom * float(np.sum(weights[1:-1] ** 2 * noise[:-2] * noise[2:]))
    return float(weights @ products / np.sqrt(scatter)) if scatter > 0 else 0.0


def _average_around(values: Floats) -> Floats:
    """Average the values around each, without itself and its neighbours, which go with it."""
    kernel = np.ones(min(_AROUND, values.size - 1 | 1))
    middle = len(kernel) // 2
    kernel[middle - 1 : middle + 2] = 0.0
    number = np.convolve(np.ones_like(values), kernel, "same")
    return np.convolve(values, kernel, "same") / np.maximum(number, 1.0)
