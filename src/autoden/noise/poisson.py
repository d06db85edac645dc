"""Poisson noise: values are a gain times a number of counted events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.checks import number
from autoden.errors import InputError
from autoden.noise.anscombe import anscombe, inverse_anscombe
from autoden.noise.exposures import Combined, Exposures, Floats, Split, as_floats

FLOOR_COUNTS = 1e-3
"""Expected counts below which a rate is not told from zero, so that its logarithm is finite."""

_ROUNDING = 0.05  # counts; a value is a multiple of the gain if it is this close to one
_MOST_COUNTS = 2.0**53  # whole numbers above it are no longer exact


@dataclass(frozen=True)
class Poisson:
    r"""Counts times a gain: the variance is the gain times the rate.

    Parameters
    ----------
    gain : float
        What one count adds to a value, above 0, in the user's units.

    Raises
    ------
    InputError
        If the gain is not above 0.

    Examples
    --------
    >>> noise = Poisson()
    >>> both = Exposures([[3, 0, 9], [5, 2, 7]])
    >>> noise.combine(both).values
    array([4., 1., 8.])
    >>> split = noise.split(both, 0.25, np.random.default_rng(0))
    >>> 0.75 * split.input.values + 0.25 * split.target.values
    array([4., 1., 8.])
    """

    gain: float = 1.0
    name: ClassVar[str] = "poisson"

    def __post_init__(self) -> None:
        number("gain", self.gain, above=0)

    def combine(self, exposures: Exposures) -> Combined:
        """Pool the repeats: their sum holds all that they know, whatever their durations."""
        return exposures.pooled()

    def variance(self, rate: ArrayLike, dose: float = 1.0) -> Floats:
        """Give ``gain * rate / dose``, 0 where the rate is 0 or below."""
        return np.asarray(np.maximum(as_floats(rate), 0) * (self.gain / dose))

    def split(self, exposures: Exposures, fraction: float, rng: np.random.Generator) -> Split:
        """Thin the summed counts: each goes into the target with probability `fraction`.

        The two parts of a Poisson number so divided are Poisson numbers and independent.

        Parameters
        ----------
        exposures : Exposures
            Multiples of the gain, at least 0.
        fraction : float
            Share of the dose in the target, above 0 and below 1.
        rng : numpy.random.Generator
            Source of the draws.

        Raises
        ------
        InputError
            If a value is negative or no multiple of the gain.
        """
        number("fraction", fraction, above=0, below=1)
        dose = float(exposures.durations.sum())
        total = self.counts(exposures)
        taken = rng.binomial(total, fraction)
        return Split(
            self._combined(total - taken, dose * (1 - fraction)),
            self._combined(taken, dose * fraction),
        )

    def counts(self, exposures: Exposures) -> NDArray[np.int64]:
        """Sum the counts of all repeats: whole numbers of shape (*S).

        Raises
        ------
        InputError
            If a value is negative or no multiple of the gain.
        """
        multiples = exposures.repeats / self.gain
        whole = np.rint(multiples)
        wrong = (whole < 0) | (np.abs(multiples - whole) > _ROUNDING)
        if wrong.any():
            self._refuse(exposures.repeats, wrong)
        total = whole.sum(axis=0)
        if total.max() > _MOST_COUNTS:
            raise InputError(
                f"a sum of {total.max():.3g} counts is too large to be exact: give a larger gain "
                f"than {self.gain:g}, or another noise model."
            )
        return np.asarray(total, dtype=np.int64)

    def deviance(self, rate: ArrayLike, values: ArrayLike) -> Floats:
        """Give ``(rate - v - v log(rate / v)) / gain`` for values v of dose 1.

        The rate, and v in the ratio, count as 0.001 counts at least. A v of 0 still multiplies the
        logarithm by 0, so that the mean over noisy values is least at their expected value also
        where almost all of them are 0.
        """
        floor = FLOOR_COUNTS * self.gain
        given = as_floats(values)
        expected, seen = np.maximum(as_floats(rate), floor), np.maximum(given, floor)
        return np.asarray((expected - seen - given * np.log(expected / seen)) / self.gain)

    def stabilise(self, values: ArrayLike, dose: float = 1.0) -> Floats:
        """Apply the square root of Anscombe to the counts: unit variance from about 3 counts on."""
        return anscombe(as_floats(values) * (dose / self.gain))

    def unstabilise(self, stabilised: ArrayLike, dose: float = 1.0) -> Floats:
        """Invert `stabilise` without bias (Mäkitalo and Foi 2011); never below 0."""
        return inverse_anscombe(stabilised) * (self.gain / dose)

    def simulate(self, rate: ArrayLike, dose: float, rng: np.random.Generator) -> Floats:
        """Draw counts of `dose` acquisitions; rates below 0 count as 0."""
        expected = np.maximum(as_floats(rate), 0) * (dose / self.gain)
        return np.asarray(rng.poisson(expected) * (self.gain / dose))

    def describe(self) -> str:
        """Say the model and its gain."""
        return f"Poisson counts, gain {self.gain:.6g}"

    def _combined(self, counts: NDArray[np.int64], dose: float) -> Combined:
        return Combined(counts.astype(np.float64) * (self.gain / dose), dose)

    def _refuse(self, repeats: Floats, wrong: NDArray[np.bool_]) -> None:
        first = tuple(int(i) for i in np.unravel_index(int(wrong.argmax()), wrong.shape))
        value = float(repeats[first])
        fault = "negative" if value < 0 else f"no multiple of the gain {self.gain:g}"
        raise InputError(
            f"the exposures hold {value:g} at index {first}, which is {fault}: counts cannot be. "
            "Give the counts as they were recorded, without dead-time correction or background "
            'subtraction, give their gain, or choose noise="gaussian" or noise="unknown".'
        )
