"""Noise of unknown kind: only a variance that rises linearly with the rate, and repeats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from autoden.checks import number
from autoden.errors import InputError
from autoden.noise.anscombe import anscombe, inverse_anscombe
from autoden.noise.exposures import Combined, Exposures, Floats, Split, as_floats

FLOOR_STEPS = 1e-3
"""Rates below this many slopes are not told from zero by the deviance."""

_NEGLIGIBLE = 1e-9  # slope over root of the floor: the noise is the same everywhere


@dataclass(frozen=True)
class Unknown:
    """Any noise that is independent between repeats and has a variance of floor + slope * rate.

    An acquisition of duration t has t times the mean and t times the variance of the mean one.

    Parameters
    ----------
    floor : float
        Variance of one acquisition at a rate of 0, at least 0, in squared units.
    slope : float
        What one unit of rate adds to the variance, at least 0, in the user's units; rates below
        `zero` count as that.
    zero : float
        Rate at which nothing is counted: the pedestal that a camera adds to its counts.

    Raises
    ------
    InputError
        If floor or slope is negative or both are 0.

    Examples
    --------
    >>> noise = Unknown(floor=1.0, slope=2.0)
    >>> noise.variance([0.0, 10.0], dose=2.0)
    array([ 0.5, 10.5])
    >>> repeats = Exposures([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> split = noise.split(repeats, 1 / 3, np.random.default_rng(0))
    >>> split.input.dose, split.target.dose
    (2.0, 1.0)
    """

    floor: float
    slope: float
    zero: float = 0.0
    name: ClassVar[str] = "unknown"

    def __post_init__(self) -> None:
        number("floor", self.floor, at_least=0)
        number("slope", self.slope, at_least=0)
        number("zero", self.zero)
        if self.floor == self.slope == 0:
            raise InputError("`floor` and `slope` are 0: give a variance above 0.")

    def combine(self, exposures: Exposures) -> Combined:
        """Pool the repeats: the best weights where their variances go with their durations."""
        return exposures.pooled()

    def variance(self, rate: ArrayLike, dose: float = 1.0) -> Floats:
        """Give ``(floor + slope * (rate - zero)) / dose``, rates below `zero` counting as that."""
        counted = np.maximum(as_floats(rate) - self.zero, 0)
        return np.asarray((self.floor + self.slope * counted) / dose)

    def split(self, exposures: Exposures, fraction: float, rng: np.random.Generator) -> Split:
        """Put some repeats into the target and the others into the input.

        The repeats are shuffled; the target takes as many of them as bring its share of the
        durations nearest to `fraction`, at least one, and leaves at least one.

        Parameters
        ----------
        exposures : Exposures
            Two repeats or more.
        fraction : float
            Share of the dose in the target, above 0 and below 1.
        rng : numpy.random.Generator
            Source of the order.

        Raises
        ------
        InputError
            If there is only one repeat.
        """
        number("fraction", fraction, above=0, below=1)
        if exposures.n_repeats < 2:
            raise InputError(
                "there is 1 repeat: noise of unknown kind is told from the signal by repeats "
                'alone. Give two or more, or choose noise="poisson" or noise="gaussian".'
            )
        order = rng.permutation(exposures.n_repeats)
        share = np.cumsum(exposures.durations[order])[:-1] / exposures.durations.sum()
        n_target = 1 + int(np.argmin(np.abs(share - fraction)))
        return Split(
            self.combine(exposures.take(order[n_target:])),
            self.combine(exposures.take(order[:n_target])),
        )

    def deviance(self, rate: ArrayLike, values: ArrayLike) -> Floats:
        r"""Give the quasi-deviance :math:`\int_v^r (u - v) / V(u)\,du` for values v of dose 1.

        Wedderburn (Biometrika 1974): it needs no more than the variance V. It is half the squared
        error over the variance where V hardly changes between v and r, and the Poisson deviance
        where V has no floor. A squared error over V(r) would favour rates that are too large.
        """
        floor = max(self.floor, FLOOR_STEPS * self.slope**2)
        expected, seen = np.broadcast_arrays(
            as_floats(rate) - self.zero, as_floats(values) - self.zero
        )
        start, stop = np.maximum(seen, 0), np.maximum(expected, 0)
        at_start = floor + self.slope * start
        step = stop - start
        growth = self.slope * step / at_start
        rising = (step * _curved(growth) + (start - seen) * _straight(growth)) * step / at_start
        below, end = np.minimum(seen, 0), np.minimum(expected, 0)
        level = (end - below) * (end + below - 2 * seen) / (2 * floor)
        return np.asarray(rising + level)

    def stabilise(self, values: ArrayLike, dose: float = 1.0) -> Floats:
        """Apply the generalised square root of Anscombe; a scale alone if the slope is nil."""
        if self._is_level:
            return np.asarray(as_floats(values) * math.sqrt(dose / self.floor))
        counted = as_floats(values) - self.zero
        return anscombe(counted * (dose / self.slope), self._extra_variance(dose))

    def unstabilise(self, stabilised: ArrayLike, dose: float = 1.0) -> Floats:
        """Invert `stabilise` without bias (Mäkitalo and Foi 2013)."""
        if self._is_level:
            return np.asarray(as_floats(stabilised) * math.sqrt(self.floor / dose))
        counts = inverse_anscombe(stabilised, self._extra_variance(dose))
        return np.asarray(counts * (self.slope / dose) + self.zero)

    def simulate(self, rate: ArrayLike, dose: float, rng: np.random.Generator) -> Floats:
        """Draw steps of the slope at Poisson times, and add normal noise for the floor.

        This has the mean and the variance of the model at any rate, is skewed at low rates as
        counts are, and stays at 0 or above if there is no floor; a normal draw would not.
        """
        if self._is_level:
            return np.asarray(rng.normal(as_floats(rate), np.sqrt(self.variance(rate, dose))))
        expected = as_floats(rate) - self.zero
        step = self.slope / dose
        drawn = step * rng.poisson(np.maximum(expected, 0) / step) + np.minimum(expected, 0)
        read_out = rng.normal(0, math.sqrt(self.floor / dose), expected.shape)
        return np.asarray(drawn + read_out + self.zero)

    def describe(self) -> str:
        """Say the model and its variance."""
        rate = f"(rate - {self.zero:.4g})" if self.zero else "rate"
        return f"noise of unknown kind, variance {self.floor:.4g} + {self.slope:.4g} x {rate}"

    @property
    def _is_level(self) -> bool:
        return self.slope <= _NEGLIGIBLE * math.sqrt(self.floor)

    def _extra_variance(self, dose: float) -> float:
        return self.floor * dose / self.slope**2


def _straight(x: Floats) -> Floats:
    """Give log(1 + x) / x, 1 at 0."""
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.log1p(safe) / safe)


def _curved(x: Floats) -> Floats:
    """Give (x - log(1 + x)) / x^2, 1/2 at 0, by its series where the difference cancels."""
    small = np.abs(x) < 1e-3
    safe = np.where(small, 1.0, x)
    return np.where(small, 1 / 2 - x / 3 + x**2 / 4 - x**3 / 5, (safe - np.log1p(safe)) / safe**2)
