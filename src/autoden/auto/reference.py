"""Scores of a result against acquisitions that were kept for that alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autoden.auto.measurement import Measurement
from autoden.auto.result import Result
from autoden.evaluation.fidelity import excess_poisson_deviance, unbiased_mse
from autoden.noise.unknown import Unknown


def score_by(held: Measurement, result: Result) -> Result:
    """Add ``quality["reference"]``: "mse" and "mdev" of the estimate and of the mean.

    The mean squared error is unbiased, `autoden.evaluation.unbiased_mse`; one single acquisition
    gives it by the variance that the noise model states. "mdev" is
    `autoden.evaluation.excess_poisson_deviance`, NaN where values are negative. Several samples
    are averaged.
    """
    noise = result.trained.noise
    ours, means = (result.measurement.by_sample(a) for a in (result.estimate, result.mean))
    references, scores = [], []
    for sample, estimate, mean in zip(held.samples, ours, means, strict=True):
        scaled = sample.scaled()
        references.append(scaled.mean(axis=0))
        variance = None
        if sample.n_repeats == 1:
            rate = scaled[0] if not isinstance(noise, Unknown) else estimate
            variance = noise.variance(rate)
        with_mdev = bool(scaled.min() >= 0)
        scores.append(
            [
                unbiased_mse(estimate, scaled, variance=variance),
                unbiased_mse(mean, scaled, variance=variance),
                excess_poisson_deviance(estimate, scaled) if with_mdev else np.nan,
                excess_poisson_deviance(mean, scaled) if with_mdev else np.nan,
            ]
        )
    mse, mean_mse, mdev, mean_mdev = (float(score) for score in np.mean(scores, axis=0))
    found = {"mse": mse, "mean_mse": mean_mse, "mdev": mdev, "mean_mdev": mean_mdev}
    return replace(
        result,
        quality={**result.quality, "reference": found},
        reference=result.measurement.shaped(references),
    )
