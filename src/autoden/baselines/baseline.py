"""What a classical filter is: a frozen record of its parameters that turns values into rates.

A filter estimates from the combined value of all exposures alone. How its parameters are chosen is
told in `tuning.py`; which filters there are, in `registry.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import FLOOR_COUNTS, Poisson

Floats = NDArray[np.float64]


class Baseline(Protocol):
    """A classical filter with its parameters.

    A class of filters writes `describe`, `grid` and either `smooth` or, if its members can share
    work, `sweep`; it inherits the other one, and `apply`.

    Attributes
    ----------
    name : str
        Of its family, such as "savitzky-golay".
    """

    name: ClassVar[str]

    def smooth(self, values: Floats, dose: float, noise: NoiseModel) -> Floats:
        """Estimate the rates of several measurements at once.

        Parameters
        ----------
        values : ndarray of float64, shape (K, *S)
            K measurements, in the user's units of one acquisition; not written to.
        dose : float
            How many acquisitions each value averages.
        noise : NoiseModel
            What the noise is.

        Returns
        -------
        ndarray of float64, shape (K, *S)
            In the units of `values`; never negative if they are Poisson counts.
        """
        return next(self.sweep([self], values, dose, noise))

    def smooth_channels(self, values: Floats, dose: float, noise: NoiseModel) -> Floats:
        """Estimate the rates of measurements of several channels, such as colours.

        Each channel is filtered by itself, unless a filter knows better.

        Parameters
        ----------
        values : ndarray of float64, shape (K, C, *S)
            K measurements of C channels on the same positions, in the user's units; not written to.
        dose : float
            How many acquisitions each value averages.
        noise : NoiseModel
            What the noise is, in all channels.

        Returns
        -------
        ndarray of float64, shape (K, C, *S)
            In the units of `values`.
        """
        flat = values.reshape(-1, *values.shape[2:])
        return self.smooth(flat, dose, noise).reshape(values.shape)

    def describe(self) -> str:
        """Say the filter and its parameters: "Savitzky-Golay, order 6, window 71"."""
        ...

    @classmethod
    def grid(cls, shape: Sequence[int]) -> tuple[Self, ...]:
        """List the candidates for measurements of shape S, from the narrowest to the widest."""
        ...

    @classmethod
    def sweep(
        cls, members: Sequence[Self], values: Floats, dose: float, noise: NoiseModel
    ) -> Iterator[Floats]:
        """Give what `smooth` of each member gives, one after the other."""
        return (member.smooth(values, dose, noise) for member in members)

    def apply(self, measured: Combined, noise: NoiseModel) -> Floats:
        """Estimate the rate of one measurement.

        Parameters
        ----------
        measured : Combined
            Values of shape S and their dose.
        noise : NoiseModel
            What the noise is.

        Returns
        -------
        ndarray of float64, shape S
            In the user's units; never negative if the noise is Poisson.
        """
        estimate: Floats = self.smooth(measured.values[np.newaxis], measured.dose, noise)[0]
        return estimate


def positive(rates: Floats, noise: NoiseModel) -> Floats:
    """Raise rates of Poisson counts to 0.001 counts of one acquisition; leave others alone.

    Filters with negative lobes give rates below 0 next to strong lines, which no counts can have
    and whose logarithm does not exist.
    """
    if isinstance(noise, Poisson):
        return np.asarray(np.maximum(rates, FLOOR_COUNTS * noise.gain))
    return rates


def smooth_stabilised(
    clean: Callable[[Floats], Floats], values: Floats, dose: float, noise: NoiseModel
) -> Floats:
    """Clean measurements one by one in units of their noise; what has no contrast stays.

    Parameters
    ----------
    clean : callable
        Takes one measurement (*S) whose noise has a variance of 1, about its mean.
    values : ndarray of float64, shape (N, *S)
        Combined values.
    dose : float
        Of each of them.
    noise : NoiseModel
        Whose transform gives the noise unit variance.

    Returns
    -------
    ndarray of float64, shape (N, *S)
        Rates.
    """
    stabilised = noise.stabilise(values, dose)
    cleaned = np.empty_like(stabilised)
    for position, each in enumerate(stabilised):
        mean = each.mean() if each.size else 0.0  # rounding is that of the contrast
        contrast = each - mean
        cleaned[position] = mean + (clean(contrast) if contrast.any() else contrast)
    return positive(noise.unstabilise(cleaned, dose), noise)


def geometric(first: float, last: float, ratio: float) -> list[float]:
    """List `first` and its multiples by powers of `ratio` up to `last`; `first` at least.

    Examples
    --------
    >>> geometric(0.5, 5, 2)
    [0.5, 1.0, 2.0, 4.0]
    """
    n_steps = int(np.log(max(last / first, 1)) / np.log(ratio) + 1e-9)
    return [float(first * ratio**step) for step in range(n_steps + 1)]
