"""Parameters of the noise from the measurements themselves.

Each function takes its model for granted; whether it fits is tested and decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from autoden.errors import InputError
from autoden.noise.exposures import Exposures
from autoden.noise.gaussian import Gaussian
from autoden.noise.lattice import lattice_step
from autoden.noise.level import gaussian_level, several
from autoden.noise.poisson import Poisson
from autoden.noise.unknown import Unknown
from autoden.noise.variance_line import variance_line

_LEAST: Final = 1e-12  # of the mean squared value: the variance where repeats are identical


def estimate_poisson(exposures: Sequence[Exposures]) -> Poisson:
    """Find the gain of counts: the largest number of which all values are whole multiples.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of one set-up.

    Returns
    -------
    Poisson
        With gain 1 for whole numbers, or a larger one if enough different values share it.

    Raises
    ------
    InputError
        If a value is negative, or the values are no multiples of one number.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(3.0, (2, 50))
    >>> estimate_poisson([Exposures(2.5 * counts)])
    Poisson(gain=2.5)
    """
    values = np.concatenate([sample.repeats.ravel() for sample in several(exposures)])
    if values.min() < 0:
        raise InputError(
            f"the exposures hold {values.min():g}, and counts are never negative: give them before "
            'background subtraction, or choose noise="gaussian" or noise="unknown".'
        )
    gain = lattice_step(values)
    if gain is None:
        raise InputError(
            "the values are no whole multiples of one gain, as counts are: give the counts as they "
            'were recorded, or choose noise="gaussian" or noise="unknown".'
        )
    return Poisson(gain)


def estimate_gaussian(exposures: Sequence[Exposures]) -> Gaussian:
    r"""Estimate the level of additive noise that is the same everywhere.

    From repeats, if a sample has two or more: the pooled variance
    :math:`\sum (y - t \hat x)^2 / (R - 1)` with durations t and the least-squares rate. Otherwise
    from what all frequencies and all parts of an image or a volume have in common, or, along a
    single axis, from third differences of neighbours, which annul slopes and curvatures; what
    exceeds 3 sigma is taken for signal and clipped. This second way takes the noise of neighbours
    to be independent: where it is correlated, the level comes out too low, and where the signal is
    rough everywhere, too high. `gaussian_level` also gives the error of the level. Values
    that were rounded to a step coarser than their noise show little of it or nothing; the level is
    then that of the rounding, the step over root 12.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of one set-up, any number of dimensions.

    Raises
    ------
    InputError
        If all samples are single acquisitions with no axis of four elements.

    Examples
    --------
    >>> ramp = np.arange(1000.0)
    >>> noisy = ramp + np.random.default_rng(0).normal(0, 3, 1000)
    >>> print(estimate_gaussian([Exposures(noisy[None])]).describe())
    Gaussian noise, sigma 2.954
    """
    level = gaussian_level(exposures).value
    return Gaussian(float(np.sqrt(max(level**2, _least_variance(exposures)))))


def estimate_unknown(exposures: Sequence[Exposures], *, has_pedestal: bool = False) -> Unknown:
    """Fit the variance between repeats as a floor and a slope times the mean.

    The elements are gathered in bands of like intensity. What decides on the band is the mean of
    the neighbours, without the element itself, so that the noise of an element does not choose its
    band: mean and variance of a band are then unbiased, and so is the fit. It weighs each band by
    what its variance is worth, and neither coefficient is negative.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of one set-up, at least one of them with two repeats or more.
    has_pedestal : bool
        Whether nothing may be counted at a rate above 0, as of cameras that add a constant.

    Returns
    -------
    Unknown
        Its variance is above 0 at any rate.

    Raises
    ------
    InputError
        If no sample has repeats.

    Examples
    --------
    >>> rate = np.linspace(1, 100, 2000)
    >>> counts = np.random.default_rng(0).poisson(rate, (4, 2000))
    >>> print(estimate_unknown([Exposures(3.0 * counts)]).describe())
    noise of unknown kind, variance 0.009269 + 3.045 x rate
    """
    samples = several(exposures)
    if all(sample.n_repeats == 1 for sample in samples):
        raise InputError(
            "no sample has repeats, from which noise of unknown kind is estimated: give two or "
            'more, or choose noise="poisson" or noise="gaussian".'
        )
    noise = variance_line(samples, has_pedestal=has_pedestal).noise
    return replace(noise, floor=max(noise.floor, _least_variance(samples)))


def _least_variance(samples: Sequence[Exposures]) -> float:
    """Give a variance so small that it changes nothing, for data without noise."""
    square = max(float(np.mean(sample.repeats**2)) for sample in samples)
    return _LEAST * square if square > 0 else _LEAST  # all is 0: there is no scale
