r"""How wrong a denoised image is, without a truth: covariance penalties, and replicas.

For an estimate f of a measurement y with noise of variance v,

.. math:: \mathrm{E}|f - x|^2 = \mathrm{E}|y - f|^2 - \sum v + 2 \sum \mathrm{cov}(f, y)

whatever the noise is (Efron, J. Am. Stat. Assoc. 99, 619, 2004); Stein's estimate is the Gaussian
case. The first two terms hold the detail that the estimate has lost; the covariance, how much the
estimate follows the noise, comes from simulated measurements of the estimate that are denoised
again. They also say where in the image the error is: the map of their spread and shift is scaled
to the sum. The noise level enters the sum directly, and the interval holds its error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from autoden.auto.method import Method
from autoden.auto.uncertainty import Errors, noise_unit
from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

AROUND = 2.0
"""Pixels (sigma) over which the spread of few replicas is averaged."""
MODEL_SPREAD = 0.05
"""Relative uncertainty of the sum beyond that of its terms: replicas have less texture."""
NORMAL_90 = 1.645
LEAST_SHARE = 0.5
"""The squared error is at least so much of the spread of the replicas."""


@dataclass(frozen=True)
class Level:
    """How well the noise is known.

    Attributes
    ----------
    relative_error : float
        Standard error of its variance, relative to it.
    """

    relative_error: float


def measure_image_errors(
    method: Method,
    estimate: Floats,
    whole: Combined,
    noise: NoiseModel,
    level: Level,
    n_replicas: int,
    rng: np.random.Generator,
    *,
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
    whole : Combined
        The measurement, of the same shape.
    noise : NoiseModel
        What its noise is.
    level : Level
        How well that is known.
    n_replicas : int
        At least 2.
    rng : numpy.random.Generator
        Source of the replicas.
    spread : ndarray or float
        Variance of the estimate over networks trained with other seeds.
    missing : ndarray of bool, shape (C, *S), or None
        Where nothing was measured, which counts for nothing.
    """
    there = np.ones(estimate.shape, dtype=np.bool_) if missing is None else ~missing
    dose = whole.dose
    replicas = np.stack([noise.simulate(estimate, dose, rng) for _ in range(n_replicas)])
    if whole.values.min() >= 0 and not isinstance(noise, Poisson):
        replicas = np.maximum(replicas, 0)
    replies = np.stack(method.rates([Combined(replica, dose) for replica in replicas]))
    unit = noise_unit(estimate, dose, noise)
    variance = replies.var(axis=0, ddof=1)
    shift = (replies.mean(axis=0) - estimate) ** 2 - variance / n_replicas
    sigma2 = _around(variance + np.maximum(_around(shift), 0)) + spread
    following = (replies - estimate) * (replicas - estimate)  # the noise has mean 0
    per_replica = following[:, there].mean(axis=1)
    measured = noise.variance(whole.values, dose) if isinstance(noise, Poisson) else unit
    power = float(measured[there].mean())
    left = float(((whole.values - estimate) ** 2)[there].mean())
    sure = left - power + 2 * float(per_replica.mean())
    n = int(there.sum())
    # the chance in the sum of squares, and what the noise level and the replicas leave open
    terms = [
        power * np.sqrt(2 / n) * (1 - float(per_replica.mean()) / power),
        power * level.relative_error * abs(1 - 2 * float(per_replica.mean()) / power),
        2 * float(per_replica.std(ddof=1)) / np.sqrt(n_replicas),
        MODEL_SPREAD * max(sure, 0.0),
    ]
    least = LEAST_SHARE * float((variance + spread)[there].mean())
    mse = max(sure, least)
    reach = NORMAL_90 * float(np.sqrt(np.sum(np.square(terms))))
    interval = max(min(sure - reach, mse), 0.5 * least), max(sure + reach, 1.5 * least)
    stated = float(sigma2[there].mean())
    sigma2 = sigma2 * (mse / stated if stated > 0 else 1.0)
    relative = float((sigma2 / unit)[there].mean())
    of_mean = float((noise.variance(estimate, dose) / unit)[there].mean())
    gain = of_mean / relative if relative > 0 else 1.0
    return Errors(
        sigma=np.sqrt(sigma2),
        gain=gain,
        gain_interval=(gain * mse / interval[1], gain * mse / interval[0]),
        mse=mse,
        mse_interval=interval,
        replicas=replicas,
        replies=replies,
    )


def _around(values: Floats) -> Floats:
    """Average over the neighbours in the image, channel by channel."""
    smoothed: Floats = gaussian_filter(values, (0, *[AROUND] * (values.ndim - 1)), mode="nearest")
    return smoothed
