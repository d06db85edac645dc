"""Whether new data have the noise that a method was trained for.

What noise data have, the room ``noise`` finds out; here it is compared with that of a model: its
gain where it is that of counts, or else its variance, by the same estimate in both measurements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from autoden.auto.verdicts.findings import limit
from autoden.errors import InputError
from autoden.noise.choice import describe_values, scaled_counts
from autoden.noise.counts import examine_counts
from autoden.noise.estimation import estimate_gaussian
from autoden.noise.exposures import Exposures, per_repeat
from autoden.noise.gaussian import Gaussian
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson
from autoden.noise.scatter import examine_scatter
from autoden.noise.unknown import Unknown
from autoden.report.numerals import plus_minus

if TYPE_CHECKING:
    from autoden.auto.trained import Trained

Floats = NDArray[np.float64]

CHANCE: Final = 1e-3
"""That chance alone makes the noise of two measurements look so different."""
LEAST_DIFFERENCE: Final = 0.2
"""Variances that differ by less do no harm, however certain it is: a tenth of sigma."""

_SAME_GAIN: Final = 1e-3
_OVERLAP: Final = 2.31  # sum of the squared correlations of third differences
_REMEDY: Final = (
    "The method smooths as that noise asks, and the uncertainty is stated for it: denoise these "
    "data by themselves."
)


@dataclass(frozen=True)
class NoiseAgain:
    """What is to be said about the noise of new data.

    Attributes
    ----------
    sentence : str
        A note.
    warnings : tuple of str
        In what it differs from the noise that the method was trained for; empty if it does not.
    """

    sentence: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoiseLevels:
    """The noise that a method was trained on, against which that of new data is compared.

    Attributes
    ----------
    between_repeats, between_neighbours : (float, float) or None
        Variance between repeats, and that of the differences of neighbours, each over that of the
        noise model, with its relative standard error; None where it does not tell.
    """

    between_repeats: tuple[float, float] | None = None
    between_neighbours: tuple[float, float] | None = None


def levels_of(trained: Trained) -> NoiseLevels:
    """Measure the noise that a method was trained on; not that of counts, or of images."""
    if trained.levels is not None:
        return trained.levels
    samples = trained.samples
    if isinstance(trained.noise, Poisson) or samples[0].repeats.ndim > 2:
        return NoiseLevels()
    repeated = any(sample.n_repeats > 1 for sample in samples)
    return NoiseLevels(
        _between_repeats(samples, trained) if repeated else None,
        _between_neighbours(samples, trained) if isinstance(trained.noise, Gaussian) else None,
    )


def check_noise(samples: Sequence[Exposures], trained: Trained) -> NoiseAgain:
    """Ask whether the noise of new data is what a method was trained for.

    Raises
    ------
    InputError
        The method was trained on counts, and these data are none.
    """
    if isinstance(trained.noise, Poisson):
        return _check_gain(samples, trained.noise)
    return _check_variance(samples, trained)


def _check_gain(samples: Sequence[Exposures], noise: Poisson) -> NoiseAgain:
    gain = max(_gain(sample, noise) for sample in samples)
    scatter = examine_scatter(samples, gain)
    told = [scatter.warning(), scaled_counts(gain)]
    if abs(gain / noise.gain - 1) > _SAME_GAIN:
        other = f"counts times {gain:.4g}, and the method was trained on counts times"
        told.insert(0, f"These data are {other} {noise.gain:.4g}. {_REMEDY}")
    said = f"These data are counts{scatter.sentence()}: using {noise.describe()}, as before."
    return NoiseAgain(said, tuple(warning for warning in told if warning))


def _check_variance(samples: Sequence[Exposures], trained: Trained) -> NoiseAgain:
    """Compare the variances of the new data and of those that the method was trained on.

    That is the variance between repeats, if both have them. Noise of one level also shows in the
    third differences of neighbours, to which the roughness of the signal adds the same in both.
    """
    using = f"Using {trained.noise.describe()}, as before"
    before = levels_of(trained)
    found, known = None, before.between_repeats
    if known is not None and any(sample.n_repeats > 1 for sample in samples):
        found = _between_repeats(samples, trained)
    elif before.between_neighbours is not None:
        found, known = _between_neighbours(samples, trained), before.between_neighbours
    if found is None or known is None:
        return NoiseAgain(f"{using}: repeats, which would tell it, are missing.")
    ratio, relative_error = found[0] / known[0], float(np.hypot(found[1], known[1]))
    said = f"{plus_minus(ratio, ratio * relative_error)} times"
    note = f"{using}: these data have {said} its variance."
    if abs(ratio - 1) <= max(LEAST_DIFFERENCE, limit(CHANCE, 1) * ratio * relative_error):
        return NoiseAgain(note)
    size = "small" if ratio > 1 else "large"
    warning = (
        f"The noise of these data has {said} the variance of that which the method was trained "
        f"for ({trained.noise.describe()}), so that the uncertainty is stated too {size}. {_REMEDY}"
    )
    return NoiseAgain(note, (warning,))


def _gain(sample: Exposures, trained: Poisson) -> float:
    """Give the gain of counts: the one known, unless the values show another."""
    found = examine_counts(sample)
    if found.is_counts and found.step is not None and sample.repeats.any():
        steps = found.step / trained.gain
        if abs(steps - round(steps)) > _SAME_GAIN or steps > 1 + _SAME_GAIN:
            return found.step
    try:
        trained.counts(sample)  # a few counts do not show their gain, but have to agree with it
    except InputError as error:
        raise InputError(
            "the method was trained on counts, and the new data are none: "
            f"{describe_values(found)}. Give raw counts, or denoise these data by themselves."
        ) from error
    return trained.gain


def _between_repeats(samples: Sequence[Exposures], trained: Trained) -> tuple[float, float]:
    """Give the variance over that of the model, and its relative standard error.

    Each channel weighs by what its variance is worth.
    """
    noise, total, weight = trained.noise, 0.0, 0.0
    for sample in samples:
        n_repeats = sample.n_repeats
        if n_repeats == 1:
            continue
        (rate,) = trained.method.rates([noise.combine(sample)])
        unit = _in_units(sample, rate, noise)
        fitted = unit.durations @ unit.repeats / (unit.durations @ unit.durations)
        left = unit.repeats - np.outer(unit.durations, fitted)
        worth = 1 / (2 / (n_repeats - 1) + _excess_kurtosis(rate, noise) / n_repeats)
        total += float(np.sum(left**2, axis=0) @ worth) / (n_repeats - 1)
        weight += float(worth.sum())
    return total / weight, weight**-0.5


def _between_neighbours(samples: Sequence[Exposures], trained: Trained) -> tuple[float, float]:
    """Give the same by the differences of neighbours in each acquisition."""
    alone = [sample.take([repeat]) for sample in samples for repeat in range(sample.n_repeats)]
    size = sum(sample.repeats.size for sample in alone)
    ratio = estimate_gaussian(alone).variance(0.0) / trained.noise.variance(0.0)
    return float(ratio), float(np.sqrt(2 * _OVERLAP / size))


def _in_units(sample: Exposures, rate: Floats, noise: NoiseModel) -> Exposures:
    """Divide each repeat by the noise that the model gives it; durations say what is left."""
    sigma = np.sqrt(noise.variance(rate))
    if isinstance(noise, Gaussian):  # of one level, however long a repeat is
        return Exposures(sample.repeats / sigma, sample.durations)
    roots = np.sqrt(sample.durations)
    return Exposures(sample.repeats / sigma / per_repeat(roots, sample.repeats), roots)


def _excess_kurtosis(rate: Floats, noise: NoiseModel) -> Floats:
    """Give that of one acquisition: 0 for normal noise, and more where steps are rare."""
    if not isinstance(noise, Unknown):
        return np.zeros_like(rate)
    return np.asarray(noise.slope**3 * np.maximum(rate, 0) / noise.variance(rate) ** 2)
