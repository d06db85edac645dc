"""Scores of a result against acquisitions that were kept for that alone.

Their own noise adds to every distance from them. Here it is taken off again, and what is left to
chance is stated as a standard error.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, exp1

from autoden.auto.result import Result
from autoden.auto.spectra.measurement import Measurement
from autoden.errors import InputError
from autoden.noise.exposures import Exposures
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import FLOOR_COUNTS, Poisson
from autoden.noise.unknown import Unknown
from autoden.report.numerals import plus_minus

Floats = NDArray[np.float64]

_SAID = {"mse": "squared error", "mdev": "deviance"}


def score_by(held: Measurement, result: Result) -> Result:
    """Add ``quality["reference"]``: "mse" and "mdev" of the estimate and of the mean, with errors.

    The mean squared error is unbiased, as `autoden.evaluation.unbiased_mse` is; one single
    acquisition gives it by the variance that the noise model states. "mdev" is half the Poisson
    deviance of the rate from the unknown truth, in thousandths of a nat per channel and exposure;
    NaN where the noise is not that of counts. "mse_error", "mdev_error" and so on are standard
    errors, from the scatter over the channels: rather too large than too small, since the errors of
    an estimate differ between channels also where the reference is exact. Several samples are
    averaged. A reference that is too small to judge the estimate is told in the verdict.
    """
    noise = result.trained.noise
    ours, means = (result.measurement.by_sample(a) for a in (result.estimate, result.mean))
    references, scores = [], []
    for sample, estimate, mean in zip(held.samples, ours, means, strict=True):
        references.append(sample.scaled().mean(axis=0))
        scores.append(
            [
                _squared_errors(estimate, sample, noise, estimate),
                _squared_errors(mean, sample, noise, estimate),
                1000 * _deviances(estimate, sample, noise, estimate),
                1000 * _deviances(mean, sample, noise, estimate),
            ]
        )
    by_channel = np.array(scores).reshape(len(scores), 4, -1)  # (samples, scores, channels)
    by_channel = by_channel[..., ~np.isnan(by_channel[:, :2]).any(axis=(0, 1))]  # all but missing
    values = by_channel.mean(axis=(0, 2))
    errors = np.sqrt((by_channel.var(axis=2, ddof=1) / by_channel.shape[2]).mean(axis=0))
    errors /= np.sqrt(len(by_channel))
    found: dict[str, float] = {}
    for name, value, error in zip(("mse", "mean_mse", "mdev", "mean_mdev"), values, errors,
                                  strict=True):  # fmt: skip
        found |= {name: float(value), f"{name}_error": float(error)}
    return replace(
        result,
        quality={**result.quality, "reference": found},
        verdict=[*result.verdict, *_say_too_small(found)],
        reference=result.measurement.shaped(references),
    )


def distances(
    rate: Floats, held: Exposures, noise: NoiseModel, estimate: Floats
) -> dict[str, float]:
    """Score a rate by acquisitions that were kept for that, as `score_by` scores a result.

    Parameters
    ----------
    rate : ndarray, shape (*S)
        What is scored.
    held : Exposures
        By what, shape (R, *S).
    noise : NoiseModel
        Of the acquisitions.
    estimate : ndarray, shape (*S)
        The best guess at the truth.

    Returns
    -------
    dict
        "mse" and "mdev" with "mse_error" and "mdev_error"; NaN where there is none.
    """
    found: dict[str, float] = {}
    for name, values in (
        ("mse", _squared_errors(rate, held, noise, estimate)),
        ("mdev", 1000 * _deviances(rate, held, noise, estimate)),
    ):
        error = values.std(ddof=1) / np.sqrt(values.size)
        found |= {name: float(values.mean()), f"{name}_error": float(error)}
    return found


def _squared_errors(rate: Floats, held: Exposures, noise: NoiseModel, estimate: Floats) -> Floats:
    """Give the squared error of a rate in each channel, less what the noise of the held adds."""
    scaled = held.scaled()
    if held.n_repeats > 1:
        variance = scaled.var(axis=0, ddof=1)
    else:
        variance = noise.variance(estimate if isinstance(noise, Unknown) else scaled[0])
    return np.asarray((rate - scaled.mean(axis=0)) ** 2 - variance / held.n_repeats)


def _deviances(rate: Floats, held: Exposures, noise: NoiseModel, estimate: Floats) -> Floats:
    r"""Give half the Poisson deviance of a rate from the truth in each channel, without bias.

    It is :math:`f - r - r \log(f / r)` for a rate f and a truth r, and all but
    :math:`r \log r` is linear in counts. For a Poisson number N of expectation m,

    .. math:: \mathrm{E}[N \psi(N)] = m \log m + m E_1(m)

    holds exactly, with the digamma function and the exponential integral. The latter falls as
    exp(-m): that it is taken at the estimate leaves a bias only in channels of hardly any counts,
    where it is less than the standard error.
    """
    if not isinstance(noise, Poisson):
        return np.full(held.shape, np.nan)
    try:
        counts = noise.counts(held).astype(np.float64)
    except InputError:  # scored by something else than counts
        return np.full(held.shape, np.nan)
    dose = float(held.durations.sum())
    given, expected = (np.maximum(each / noise.gain, FLOOR_COUNTS) for each in (rate, estimate))
    m_log_m = counts * digamma(np.maximum(counts, 1)) - dose * expected * exp1(dose * expected)
    constant = (m_log_m - counts * np.log(dose)) / dose
    return np.asarray(given - counts / dose * (1 + np.log(given)) + constant)


def _say_too_small(found: dict[str, float]) -> list[str]:
    """Say by which scores the estimate cannot be judged: their errors are larger than they."""
    lost = [
        f"{said} ({plus_minus(found[name], found[f'{name}_error'])})"
        for name, said in _SAID.items()
        if found[f"{name}_error"] > found[name]
    ]
    if not lost:
        return []
    return [
        f"The reference is too small to judge the estimate by its {' or its '.join(lost)}: the "
        "standard error is larger than the value. More reference exposures would tell."
    ]
