r"""How wrong a denoised image is, without a truth: covariance penalties.

For an estimate f of a measurement y with noise of variance v,

.. math:: \mathrm{E}|f - x|^2 = \mathrm{E}|y - f|^2 - \sum v + 2 \sum \mathrm{cov}(f, y)

whatever the noise is (Efron, J. Am. Stat. Assoc. 99, 619, 2004); Stein's estimate is the Gaussian
case. The first two terms hold the detail that the estimate has lost; the covariance, how much the
estimate follows the noise, comes from splits: the input of a split with a small target is the
measurement with a little more noise, known to the last digit, and how the estimate follows that is
seen. (Simulated measurements of the estimate would not do: they have less texture than the data,
so that methods follow their noise less.) The same differences say where in the image the error is;
the map is scaled to the sum. The noise level enters the sum directly, and the interval holds its
error. The level of a single image holds the scene's own grain as well, which no single image tells
from noise: as much as scenes usually have is taken off that level, which raises the error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from autoden.auto.learning.method import Method
from autoden.auto.verdicts.uncertainty import Errors, noise_unit
from autoden.noise.exposures import Exposures
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SHARE = 0.1
"""Of the dose that the targets of the splits take."""
SHARPER, SHARPER_COUNTS = 0.3, 0.6
"""How the estimate follows the noise grows with these powers of the dose, as seen on photographs
with noise of one level, and with counts of up to 30."""
AROUND = 2.0
"""Pixels (sigma) over which the spread of few replicas is averaged."""
MODEL_SPREAD = 0.05
"""Relative uncertainty of the sum beyond that of its terms."""
NORMAL_90 = 1.645
GRAIN, MOST_GRAIN = 0.001, 0.01
"""Grain of a scene that passes for noise, in shares of the variance of the scene: the median of 17
pictures (``benchmarks/scene_grain.py``); and at most this share of the noise."""
LEAST_SHARE = 0.5
"""The squared error is at least so much of the spread of the replicas."""


def measure_image_errors(
    method: Method,
    estimate: Floats,
    sample: Exposures,
    noise: NoiseModel,
    level_error: float,
    n_replicas: int,
    rng: np.random.Generator,
    *,
    correction: float = 1.0,
    spread: Floats | float = 0.0,
    missing: Mask | None = None,
) -> Errors:
    """Find the error of an estimate.

    Parameters
    ----------
    method : Method
        What made the estimate.
    estimate : ndarray, shape (C, *S)
        Rates.
    sample : Exposures
        The measurement, (R, C, *S).
    noise : NoiseModel
        What its noise is.
    level_error : float
        Standard error of its variance, relative to it.
    n_replicas : int
        At least 2: splits that are denoised.
    rng : numpy.random.Generator
        Source of the splits.
    correction : float
        Of the variance of the noise, as the estimate shows it; see `refined`.
    spread : ndarray or float
        Variance of the estimate over networks trained with other seeds.
    missing : ndarray of bool, shape (C, *S), or None
        Where nothing was measured, which counts for nothing.

    Returns
    -------
    Errors
        Its replicas are measurements with other noise of the same size around this one, as far as
        the splits tell.
    """
    there = np.ones(estimate.shape, dtype=np.bool_) if missing is None else ~missing
    whole = noise.combine(sample)
    pushes = _pushes(method, estimate, sample, noise, n_replicas, rng)
    unit = noise_unit(estimate, whole.dose, noise)
    variance = np.mean([push.response**2 for push in pushes], axis=0)
    followed = np.array([float((push.response * push.noise)[there].mean()) for push in pushes])
    variances = noise.variance(whole.values, whole.dose)[there] * correction
    power = float(variances.mean())
    if sample.n_repeats == 1 and not isinstance(noise, Poisson):
        power -= _grain(whole.values, there, power)
    chance = math.sqrt(2 * float(np.mean(variances**2)) / variances.size)
    left = float(((whole.values - estimate) ** 2)[there].mean())
    mse, interval = _total(
        left,
        power,
        followed,
        level_error,
        chance,
        float((variance + spread)[there].mean()),
    )
    sigma2 = _around(variance / unit) * unit + spread
    stated = float(sigma2[there].mean())
    sigma2 = sigma2 * (mse / stated) if stated > 0 else np.full_like(sigma2, mse)
    of_mean = float(noise.variance(estimate, whole.dose)[there].mean())
    gain = of_mean / mse if mse > 0 else 1.0
    return Errors(
        sigma=np.sqrt(sigma2),
        gain=gain,
        gain_interval=(gain * mse / interval[1], gain * mse / interval[0]) if mse > 0 else (1, 1),
        mse=mse,
        mse_interval=interval,
        replicas=np.stack([whole.values + push.noise for push in pushes]),
        replies=np.stack([estimate + push.response for push in pushes]),
    )


@dataclass(frozen=True, eq=False)
class _Push:
    """Noise of the size of that of the measurement, and how the estimate follows it: (C, *S)."""

    noise: Floats
    response: Floats


def _pushes(
    method: Method,
    estimate: Floats,
    sample: Exposures,
    noise: NoiseModel,
    n: int,
    rng: np.random.Generator,
) -> list[_Push]:
    """Split the measurement, and scale the differences up to the noise of the whole."""
    whole = noise.combine(sample)
    inputs = [noise.split(sample, SHARE, rng).input for _ in range(n)]
    pushes = []
    for part, rate in zip(inputs, method.rates(inputs), strict=True):
        kept = part.dose / whole.dose
        size = math.sqrt(kept / (1 - kept))
        sharper = kept ** -(SHARPER_COUNTS if isinstance(noise, Poisson) else SHARPER)
        pushes.append(
            _Push(size * (part.values - whole.values), sharper * size * (rate - estimate))
        )
    return pushes


def _grain(values: Floats, there: Mask, power: float) -> float:
    """Say how much of the measured noise is the scene's own, as far as that can be known."""
    channels = zip(values, there, strict=True)
    varies = float(np.mean([channel[known].var() for channel, known in channels if known.any()]))
    return min(GRAIN * max(varies - power, 0.0), MOST_GRAIN * power)


def _total(
    left: float, power: float, followed: Floats, level_error: float, chance: float, spread: float
) -> tuple[float, tuple[float, float]]:
    """Give the mean squared error and its 90 % interval.

    Parameters
    ----------
    left, power : float
        Mean square of what was taken away, and of the noise.
    followed : ndarray
        Covariance of estimate and noise, of each split.
    level_error : float
        Standard error of `power`, relative to it.
    chance : float
        Standard deviation of the mean square of the noise.
    spread : float
        Variance of the estimate, which the squared error cannot be much below.
    """
    share = float(followed.mean()) / power if power > 0 else 0.0
    sure = left - power + 2 * float(followed.mean())
    terms = [
        chance * abs(1 - share),
        power * level_error * abs(1 - 2 * share),
        2 * float(followed.std(ddof=1)) / math.sqrt(len(followed)),
        MODEL_SPREAD * max(sure, 0.0),
    ]
    reach = NORMAL_90 * float(np.linalg.norm(terms))
    least = LEAST_SHARE * spread
    mse = max(sure, least)
    return mse, (max(min(sure - reach, mse), least / 2), max(sure + reach, mse))


def _around(values: Floats) -> Floats:
    """Average over the neighbours in the image, channel by channel."""
    smoothed: Floats = gaussian_filter(values, (0, *[AROUND] * (values.ndim - 1)), mode="nearest")
    return smoothed
