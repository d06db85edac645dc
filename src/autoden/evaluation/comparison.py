"""One number of the estimate beside the same number of the measurement, in the latter's errors.

Totals, peak areas, centroids and background levels are all judged this way. What is compared is
said by the modules that call; here live the pair itself and the arrays that every judgement takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autoden.errors import InputError
from autoden.evaluation.arrays import Floats, real_array, same_shape


@dataclass(frozen=True)
class Comparison:
    """What the estimate says, what the measurement says, and how well the measurement knows it.

    Attributes
    ----------
    estimate, measured : float
        The same quantity of both.
    standard_error : float
        Of the measured one alone, by propagation of the variances of its channels. It is also what
        a total of the measurement is worth as a statement about the truth.

    Notes
    -----
    An estimate made from the measurement shares its noise, so that the two differ by less than two
    independent results would: for a faithful estimate `z` spreads by at most about 1, often by
    much less. ``abs(z)`` of 3 or more says that the estimate left the data; a small one cannot say
    that the measured value itself is right.

    Examples
    --------
    >>> counts = Comparison(estimate=9700.0, measured=10000.0, standard_error=100.0)
    >>> counts.difference, counts.z
    (-300.0, -3.0)
    """

    estimate: float
    measured: float
    standard_error: float

    @property
    def difference(self) -> float:
        """Estimate less measured."""
        return self.estimate - self.measured

    @property
    def z(self) -> float:
        """Difference over the standard error of the measurement; 0 if both are 0."""
        if self.standard_error > 0:
            return self.difference / self.standard_error
        return math.copysign(math.inf, self.difference) if self.difference else 0.0


def sum_of(weights: Floats, estimate: Floats, measured: Floats, variance: Floats) -> Comparison:
    """Compare a weighted sum of channels, whose noise is independent; all of one shape."""
    error = math.sqrt(float(np.sum(weights**2 * variance)))
    return Comparison(float(np.sum(weights * estimate)), float(np.sum(weights * measured)), error)


def judged_arrays(
    estimate: ArrayLike, measured: ArrayLike, variance: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Give estimate, measured mean and its variance as float64 of one shape, or raise."""
    arrays = same_shape(estimate=estimate, measured=measured, variance=variance)
    for name, array in zip(("estimate", "measured", "variance"), arrays, strict=True):
        if not np.isfinite(array).all():
            raise InputError(f"`{name}` holds NaN or infinite values: fill them or cut them away.")
    if (arrays[2] < 0).any():
        raise InputError(
            f"`variance` holds {arrays[2].min():g}: give the variance of the measured mean in each "
            "channel, 0 or above."
        )
    return arrays[0], arrays[1], arrays[2]


def expected_counts(counts: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Give the expected counts of each element as float64 of the shape, or raise."""
    array = real_array("counts", counts)
    if array.shape not in ((), shape) or not np.isfinite(array).all() or (array < 0).any():
        raise InputError(
            f"`counts` has shape {array.shape}: give the expected counts of each element, shape "
            f"{shape}, finite and not negative."
        )
    return np.broadcast_to(array, shape)


def spectrum_positions(positions: ArrayLike | None, n_channels: int) -> Floats:
    """Give the positions of the channels of a spectrum, their numbers by default, or raise."""
    if positions is None:
        return np.arange(n_channels, dtype=np.float64)
    given = np.asarray(positions, dtype=np.float64)
    steps = np.diff(given)
    if given.shape != (n_channels,) or not ((steps > 0).all() or (steps < 0).all()):
        raise InputError(
            f"`positions` has shape {given.shape} for {n_channels} channels: give one position per "
            "channel, always rising or always falling."
        )
    return given


def check_spectrum(estimate: Floats) -> None:
    """Raise unless an array is one spectrum."""
    if estimate.ndim != 1:
        raise InputError(
            f"`estimate` has shape {estimate.shape}: lines are looked for in one spectrum, "
            "of shape (n_channels,)."
        )
