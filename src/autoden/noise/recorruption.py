"""One measurement made into two with independent noise, where the kind of noise is known.

For Gaussian noise numbers are drawn and added to one and subtracted from the other; counts are
dealt out; values with gamma noise (speckle, averages of intensities) are divided by fractions.
Each of the two is an unbiased estimate of the truth. All functions are of plain arrays.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, get_args

import numpy as np
from scipy.optimize import brentq
from scipy.special import polygamma

from autoden.checks import choice, number
from autoden.errors import InputError
from autoden.noise.estimation import estimate_gaussian, estimate_poisson
from autoden.noise.exposures import Exposures, Floats
from autoden.noise.poisson import Poisson

KnownNoise = Literal["gaussian", "poisson", "gamma"]
KINDS: tuple[KnownNoise, ...] = get_args(KnownNoise)

_SHAPES = 1e-3, 1e12  # between which the shape of gamma noise is looked for


def recorrupt(
    measured: Floats, noise: KnownNoise, level: float, fraction: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    r"""Draw two measurements from one, with independent noise and the same expected value.

    Of y and the fraction a: for Gaussian noise :math:`y + \sqrt{a/(1-a)}\,w` and
    :math:`y - \sqrt{(1-a)/a}\,w`, with w drawn like the noise; of counts each goes to the second
    with probability a; of gamma noise with shape l the share w of the second is drawn from a beta
    distribution, (l a, l (1 - a)). The first is then as if measured with the share 1 - a of the
    dose, the second with a.

    Parameters
    ----------
    measured : ndarray
        Any shape; multiples of the gain for "poisson", above 0 for "gamma".
    noise : {"gaussian", "poisson", "gamma"}
        Its kind.
    level : float
        Standard deviation, gain, or shape: the squared mean over the variance.
    fraction : float
        Share of the dose in the second, above 0 and below 1.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray, ndarray
        The shape of `measured`; ``(1 - fraction) * first + fraction * second`` is `measured`.

    References
    ----------
    T. Pang et al., "Recorrupted-to-Recorrupted: unsupervised deep learning for image denoising",
    CVPR 2021. B. Monroy et al., "Generalized Recorrupted-to-Recorrupted", CVPR 2025.

    Examples
    --------
    >>> first, second = recorrupt(np.full(3, 8.0), "poisson", 2.0, 0.5, np.random.default_rng(1))
    >>> first, second
    (array([ 8.,  0., 12.]), array([ 8., 16.,  4.]))
    """
    a = fraction
    if noise == "gaussian":
        drawn, odds = rng.normal(0.0, level, measured.shape), math.sqrt(a / (1 - a))
        return measured + odds * drawn, measured - drawn / odds
    if noise == "poisson":
        counts = np.rint(measured / level).astype(np.int64)
        taken = rng.binomial(np.maximum(counts, 0), a)
        first, second = (counts - taken) * (level / (1 - a)), taken * (level / a)
        return np.asarray(first), np.asarray(second)
    share = rng.beta(level * a, level * (1 - a), measured.shape)
    return measured * (1 - share) / (1 - a), measured * share / a


def level_of(
    measured: Iterable[Floats], noise: KnownNoise, given: float | None, name: str = "level"
) -> float:
    """Check measurements against the kind of noise; estimate its level if it is not given.

    Parameters
    ----------
    measured : iterable of ndarray
        Single measurements, shape (*S) each.
    noise : {"gaussian", "poisson", "gamma"}
        Its kind.
    given : float, optional
        The level: standard deviation, gain or shape. None estimates it, from differences of
        neighbours or, for counts, from what all values are multiples of.
    name : str
        What errors call it.

    Raises
    ------
    InputError
        Values that cannot have such noise, or a level that is not above 0.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shape = level_of([5 * rng.gamma(30.0, size=(64, 64))], "gamma", None)
    >>> bool(abs(shape - 30) < 2)
    True
    """
    choice("noise", noise, KINDS)
    samples = [np.asarray(sample, dtype=np.float64) for sample in measured]
    if given is not None:
        number(name, given, above=0)
    if noise == "gamma":
        lowest = min(float(sample.min()) for sample in samples)
        if lowest <= 0:
            raise InputError(
                f"`noise` is 'gamma', but the data hold {lowest:g}: values with such noise are "
                "above 0. Give the intensities as they were measured, or choose 'gaussian'."
            )
    exposures = [Exposures(sample[np.newaxis]) for sample in samples]
    if noise == "poisson":
        model = estimate_poisson(exposures) if given is None else Poisson(float(given))
        for exposure in exposures:
            model.counts(exposure)
        return model.gain
    if given is not None:
        return float(given)
    if noise == "gaussian":
        return estimate_gaussian(exposures).sigma
    logarithms = [Exposures(np.log(sample)[np.newaxis]) for sample in samples]
    return _shape_of_gamma(estimate_gaussian(logarithms).sigma ** 2)


def variance_of(measured: Floats, noise: KnownNoise, level: float) -> Floats:
    """Give an estimate of the variance of each measured value, unbiased for the first two kinds."""
    if noise == "gaussian":
        return np.full_like(measured, level**2)
    if noise == "poisson":
        return np.asarray(np.maximum(measured, 0) * level)
    return np.asarray(np.square(measured) / level)


def _shape_of_gamma(variance: float) -> float:
    """Find the shape whose logarithm has this variance: the trigamma function of it."""

    def excess(log_shape: float) -> float:
        return float(polygamma(1, math.exp(log_shape))) - variance

    low, high = (math.log(shape) for shape in _SHAPES)
    if excess(high) > 0:
        return _SHAPES[1]
    return math.exp(brentq(excess, low, high)) if excess(low) > 0 else _SHAPES[0]
