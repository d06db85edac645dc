"""How wrong an estimate is, without a truth: replicas of the measurement, denoised again.

The estimate is taken for the truth, measurements of it are simulated with the dose of the real
one, and each is denoised by the same method (the parametric bootstrap). Their spread is the noise
that is left, their mean shift what the method smooths away. Thinned replicas would show the same
spread, but none where a channel happens to hold no counts. What the estimate has already lost
cannot shift again, so the shift stands for the bias of the estimate itself. Networks that were
trained with other seeds differ too; their spread is added. Whether all this is true is asked of
counts that were held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoden.auto.learning.method import Method
from autoden.auto.learning.splits import Splits
from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import FLOOR_COUNTS, Poisson

Floats = NDArray[np.float64]
Interval = tuple[float, float]

LEAST_TOTAL = 0.1
"""Expected counts of a whole measurement below which the noise of a channel is taken for that of
so many: in the units of a smaller noise any error would be huge."""

MODEL_SPREAD = 0.12
"""Relative uncertainty of a stated error beyond what replicas show, from simulated spectra."""

NORMAL_90 = 1.645
DOUBTFUL = 3.0
"""Standard errors by which held-out counts must contradict the replicas to be believed."""


@dataclass(frozen=True, eq=False)
class Errors:
    """What replicas say about the error of one estimate.

    Attributes
    ----------
    sigma : ndarray of float64, shape (n,)
        One standard deviation of the error, noise and bias.
    gain, gain_interval : float, (float, float)
        How many times more exposure the mean would need for the same error in units of its noise,
        and the interval that should hold it in 90 % of measurements.
    mse, mse_interval : float, (float, float)
        Mean squared error against the unknown truth, likewise.
    replicas, replies : ndarray of float64, shape (P, n)
        Simulated measurements and what the method made of them.
    held_out_z : float
        By how many standard errors held-out data contradict the stated error; 0 if none were there.
    """

    sigma: Floats
    gain: float
    gain_interval: Interval
    mse: float
    mse_interval: Interval
    replicas: Floats
    replies: Floats
    held_out_z: float = 0.0

    def inflated(self, held_out_z: float, factor: float) -> Errors:
        """State errors whose squares are larger by a factor."""
        return replace(
            self,
            sigma=self.sigma * np.sqrt(factor),
            gain=self.gain / factor,
            gain_interval=_times(self.gain_interval, 1 / factor),
            mse=self.mse * factor,
            mse_interval=_times(self.mse_interval, factor),
            held_out_z=held_out_z,
        )


def measure_errors(
    method: Method,
    estimate: Floats,
    dose: float,
    noise: NoiseModel,
    n_replicas: int,
    rng: np.random.Generator,
    spread: Floats | float = 0.0,
    *,
    is_positive: bool = False,
) -> Errors:
    """Find the error of an estimate from replicas.

    Parameters
    ----------
    method : Method
        What made the estimate.
    estimate : ndarray, shape (n,)
        Rates.
    dose : float
        Of the measurement.
    noise : NoiseModel
        What its noise is.
    n_replicas : int
        At least 2.
    rng : numpy.random.Generator
        Source of the replicas.
    spread : ndarray, shape (n,), or float
        Variance of the estimate over networks trained with other seeds.
    is_positive : bool
        Whether the measured values are never negative, which those of a noise model with a floor
        may be: some filters treat the two differently, and replicas have to be like the data.
    """
    replicas = np.stack([noise.simulate(estimate, dose, rng) for _ in range(n_replicas)])
    if is_positive:
        replicas = np.maximum(replicas, 0)
    replies = np.stack(method.rates([Combined(replica, dose) for replica in replicas]))
    shift = replies.mean(axis=0) - estimate
    # no rate is known better than it is told from zero, even where no replica has a count
    least = FLOOR_COUNTS * noise.gain / dose if isinstance(noise, Poisson) else 0.0
    sigma = np.sqrt(replies.var(axis=0, ddof=1) + shift**2 + spread + least**2)
    unit = noise_unit(estimate, dose, noise)
    squared = (replies - estimate) ** 2 + spread
    of_mean = float(np.mean(noise.variance(estimate, dose) / unit))
    relative = (squared / unit).mean(axis=1)
    gain = of_mean / float(relative.mean()) if relative.any() else 1.0
    absolute = squared.mean(axis=1)
    mse = float(absolute.mean())
    return Errors(
        sigma=sigma,
        gain=gain,
        gain_interval=_interval(gain, relative),
        mse=mse,
        mse_interval=_interval(mse, absolute),
        replicas=replicas,
        replies=replies,
    )


def noise_unit(estimate: Floats, dose: float, noise: NoiseModel) -> Floats:
    """Give the variance of the mean by which squared errors are divided, never quite 0."""
    if isinstance(noise, Poisson):
        estimate = np.maximum(estimate, LEAST_TOTAL * noise.gain / dose)
    return noise.variance(estimate, dose)


def check_errors(errors: Errors, sample: int, method: Method, splits: Splits) -> Errors:
    """Ask held-out parts whether the stated error is large enough, and raise it if not.

    The squared distance of what the method makes of an input from the target exceeds the noise of
    the target by the error of the estimate, for which the stated one is known.
    """
    pairs = [
        pair for pair, owner in zip(splits.pairs, splits.owners, strict=True) if owner == sample
    ]
    dose = splits.wholes[sample].dose
    excess, stated = [], []
    for rate, pair in zip(method.rates([pair.input for pair in pairs]), pairs, strict=True):
        unit = noise_unit(rate, pair.target.dose, splits.noise)
        noise = splits.noise.variance(pair.target.values, pair.target.dose)  # free of bias
        excess.append(((rate - pair.target.values) ** 2 - noise) / unit)
        stated.append(errors.sigma**2 * (dose / pair.input.dose) / unit)
    found, expected = np.mean(excess, axis=0), np.mean(stated, axis=0)
    standard_error = float((found - expected).std() / np.sqrt(found.size))
    difference = float(found.mean() - expected.mean())
    z = difference / standard_error if standard_error > 0 else 0.0
    factor = found.mean() / expected.mean() if z > DOUBTFUL else 1.0
    return errors.inflated(z, float(factor))


def _interval(value: float, of_replicas: Sequence[float] | Floats) -> Interval:
    """Give the 90 % interval of a positive number whose relative spread replicas show."""
    numbers = np.asarray(of_replicas)
    relative = float(numbers.std(ddof=1) / numbers.mean()) if numbers.mean() > 0 else 0.0
    reach = float(np.exp(NORMAL_90 * np.hypot(relative, MODEL_SPREAD)))
    return value / reach, value * reach


def _times(interval: Interval, factor: float) -> Interval:
    return interval[0] * factor, interval[1] * factor
