"""What was measured, as the noise models see it: repeats with their durations, and what they give.

All values are in the user's units of one mean acquisition, so that an average of many and a single
one estimate the same rate; the dose says how many mean acquisitions a value averages. How values
scatter, and how they are combined and split, is the noise models' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.checks import number
from autoden.errors import InputError
from autoden.signals.values import check_finite, check_numeric

Floats = NDArray[np.float64]

_LARGEST: Final = 1e30  # its square, and that of its inverse, leave room in float64


@dataclass(frozen=True, eq=False)
class Exposures:
    """Repeated acquisitions of one sample.

    Parameters
    ----------
    repeats : array_like, shape (R, *S)
        Measured values, real and finite, in the user's units; R is at least 1 and S has at least
        one axis. A float64 array is held, not copied.
    durations : array_like, shape (R,), optional
        Live time or dose of each repeat in units of the mean acquisition, above 0; 1 each if not
        given. They are taken as they are; `timed` makes them from live times.

    Attributes
    ----------
    repeats : ndarray of float64, shape (R, *S)
        Measured values.
    durations : ndarray of float64, shape (R,)
        Of each repeat.

    Raises
    ------
    InputError
        Values or durations that are complex, not finite or of the wrong shape, or a duration that
        is not above 0.

    Examples
    --------
    >>> counts = Exposures([[4, 0, 2], [8, 2, 6]], durations=[0.5, 1.5])
    >>> counts.n_repeats, counts.shape
    (2, (3,))
    >>> counts.take([0]).scaled()
    array([[8., 0., 4.]])
    """

    repeats: Floats
    durations: Floats = None  # type: ignore[assignment]  # filled in below

    def __post_init__(self) -> None:
        repeats = _real("exposures", self.repeats)
        if repeats.ndim < 2:
            raise InputError(
                f"exposures have shape {repeats.shape}: give (repeats, *signal), such as "
                "values[None] for a single acquisition."
            )
        given = np.ones(len(repeats)) if self.durations is None else self.durations
        object.__setattr__(self, "repeats", repeats)
        object.__setattr__(self, "durations", _durations(given, len(repeats)))

    @classmethod
    def timed(cls, repeats: ArrayLike, live_times: ArrayLike) -> Exposures:
        """Make exposures from live times (or doses) in any unit: durations relative to their mean.

        Parameters
        ----------
        repeats : array_like, shape (R, *S)
            Measured values, real and finite.
        live_times : array_like, shape (R,)
            Above 0, in seconds or any other unit.

        Examples
        --------
        >>> Exposures.timed([[4, 0], [8, 2]], live_times=[0.1, 0.3]).durations
        array([0.5, 1.5])
        """
        values = _real("exposures", repeats)
        durations = _durations(live_times, len(np.atleast_1d(values)), "live times")
        return cls(values, durations / durations.mean())

    @property
    def n_repeats(self) -> int:
        """Number of acquisitions, R."""
        return len(self.repeats)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one acquisition, S."""
        return self.repeats.shape[1:]

    def take(self, indices: ArrayLike) -> Exposures:
        """Select repeats; they keep their durations, so that the unit of the rate stays the same.

        Parameters
        ----------
        indices : array_like of int
            Positions of the repeats to keep, at least one.
        """
        chosen = np.asarray(indices)
        if chosen.size == 0:
            raise InputError("no repeats are selected: take at least one.")
        chosen = np.atleast_1d(chosen)
        return Exposures(self.repeats[chosen], self.durations[chosen])

    def pooled(self) -> Combined:
        """Average the repeats by their durations, ``sum(y) / sum(t)``, as if they were one."""
        dose = float(self.durations.sum())
        return Combined(self.repeats.sum(axis=0) / dose, dose)

    def scaled(self) -> Floats:
        """Divide each repeat by its duration, so that all estimate one rate: shape (R, *S)."""
        return self.repeats / per_repeat(self.durations, self.repeats)


@dataclass(frozen=True, eq=False)
class Combined:
    """The best single estimate that the exposures give by themselves: their mean.

    Parameters
    ----------
    values : ndarray of float64, shape (*S)
        Unbiased estimate of the rate, in the user's units of one mean acquisition.
    dose : float
        How many mean acquisitions the values average, above 0: their variance is
        ``noise.variance(rate, dose)``.
    """

    values: Floats
    dose: float

    def __post_init__(self) -> None:
        number("dose", self.dose, above=0)


@dataclass(frozen=True, eq=False)
class Split:
    """Two independent parts of one measurement, both unbiased estimates of its rate.

    Parameters
    ----------
    input : Combined
        What a method is shown.
    target : Combined
        What it is compared with.
    """

    input: Combined
    target: Combined


def per_repeat(numbers: Floats, repeats: Floats) -> Floats:
    """Give one number per repeat, (R,), the axes of the repeats: (R, 1, ...)."""
    return numbers.reshape(-1, *[1] * (repeats.ndim - 1))


def check_size(arrays: Sequence[Floats], name: str) -> None:
    """Refuse values so large or so small that their squares cannot be told.

    Parameters
    ----------
    arrays : sequence of ndarray
        Of any shapes, in the same unit.
    name : str
        What the values are called.

    Raises
    ------
    InputError
        The largest in size is beyond 1e30, or below 1e-30 and not 0.

    Examples
    --------
    >>> check_size([np.array([1e300, 0.0])], "data")
    Traceback (most recent call last):
    autoden.errors.InputError: the largest value of data is 1e+300 in size: rescale to a unit ...
    """
    largest = max((float(np.abs(values).max(initial=0)) for values in arrays), default=0.0)
    if largest and not 1 / _LARGEST <= largest <= _LARGEST:
        raise InputError(
            f"the largest value of {name} is {largest:.3g} in size: rescale to a unit in which "
            f"it is between {1 / _LARGEST:.0e} and {_LARGEST:.0e}."
        )


def as_floats(values: ArrayLike) -> Floats:
    """Give an array as float64, not copied where it is one."""
    return np.asarray(values, dtype=np.float64)


def _durations(given: ArrayLike, n_repeats: int, name: str = "durations") -> Floats:
    durations = _real(name, given)
    if durations.shape != (n_repeats,):
        raise InputError(
            f"{name} have shape {durations.shape} for {n_repeats} repeat(s): give one each."
        )
    if not (durations > 0).all():
        raise InputError(f"{name} are {durations.min():g} at the least: give numbers above 0.")
    return durations


def _real(name: str, values: ArrayLike) -> Floats:
    array = check_finite(check_numeric(values, name), name)
    if np.iscomplexobj(array):
        raise InputError(f"{name} are complex: give real numbers, such as their two parts.")
    return array.astype(np.float64, copy=False)
