"""The units in which networks see measurements: those in which the noise is the same for all data.

Where the variance rises with the rate, values become counts whose variance equals their mean; where
it does not, values become multiples of their standard deviation. A network, its features and its
loss then need to know nothing of gains, doses or offsets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.losses.data import poisson_deviance, squared_error
from autoden.noise.exposures import Combined
from autoden.noise.gaussian import Gaussian
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson
from autoden.noise.unknown import Unknown
from autoden.training.task import DataTerm

Floats = NDArray[np.float64]

MOSTLY_LEVEL = 1e4
"""A variance whose constant part is so many times that of one slope counts as constant."""


class Units(Protocol):
    """How rates of a dose are expressed for a network."""

    stabilise: ClassVar[str | None]
    """What a kernel mixture does to its features."""

    @property
    def data_term(self) -> DataTerm:
        """Give the loss that is least at the expected value."""

    def of(self, part: Combined) -> Floats:
        """Express a part of a measurement."""

    def rates(self, values: Floats, dose: float) -> Floats:
        """Turn what a network gives for a part of this dose into rates."""


@dataclass(frozen=True)
class CountUnits:
    """Counts: variance and mean are equal.

    Attributes
    ----------
    unit : float
        What one count adds to the sum over all acquisitions.
    offset : float
        Added to the rate, so that its variance is ``unit * (rate + offset)``.
    """

    unit: float
    offset: float = 0.0
    stabilise: ClassVar[str | None] = "anscombe"
    data_term = staticmethod(poisson_deviance)

    def of(self, part: Combined) -> Floats:
        """Express a part in counts, at its own dose."""
        return (part.values + self.offset) * (part.dose / self.unit)

    def rates(self, values: Floats, dose: float) -> Floats:
        """Turn counts into rates."""
        return values * (self.unit / dose) - self.offset


@dataclass(frozen=True)
class SquaredCountUnits(CountUnits):
    """Counts of images, of which the squared error is to be least: bright parts weigh more.

    Their members are compared in units of their differences near by, as those of other images.
    """

    stabilise: ClassVar[str | None] = None
    data_term = staticmethod(squared_error)


@dataclass(frozen=True)
class LevelUnits:
    """Multiples of the standard deviation, which is the same everywhere.

    Attributes
    ----------
    sigma : float
        Of one acquisition.
    """

    sigma: float
    stabilise: ClassVar[str | None] = None
    data_term = staticmethod(squared_error)

    def of(self, part: Combined) -> Floats:
        """Express a part in its own standard deviations."""
        return part.values * (math.sqrt(part.dose) / self.sigma)

    def rates(self, values: Floats, dose: float) -> Floats:
        """Turn standard deviations into rates."""
        return values * (self.sigma / math.sqrt(dose))


def units_of(noise: NoiseModel, values: ArrayLike = 0.0) -> Units:
    """Choose the units in which this noise is simplest.

    Parameters
    ----------
    noise : NoiseModel
        What the noise is.
    values : array_like
        Rates, roughly. Where they go below what counts could be, such as counts from which
        a background was subtracted, their noise is taken for the same everywhere.

    Examples
    --------
    >>> units_of(Unknown(floor=3.0, slope=1.5))
    CountUnits(unit=1.5, offset=2.0)
    """
    if isinstance(noise, Poisson):
        return CountUnits(noise.gain)
    if isinstance(noise, Gaussian):
        return LevelUnits(noise.sigma)
    if not isinstance(noise, Unknown):
        raise TypeError(f"{noise!r} has no units for networks")
    is_level = noise.floor > MOSTLY_LEVEL * noise.slope**2
    if is_level or (np.min(values) - noise.zero) * noise.slope < -noise.floor:
        return LevelUnits(math.sqrt(float(np.mean(noise.variance(values)))))
    return CountUnits(noise.slope, noise.floor / noise.slope - noise.zero)
