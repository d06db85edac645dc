"""What the noise of images is, and how well that is known.

Repeats and counts are asked as for spectra, each channel by itself, since they differ in content. A
single image tells its noise by what all its parts have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoden.auto.images.single import SingleUnknown
from autoden.errors import InputError
from autoden.noise.choice import NoiseName, NoiseVerdict, choose_noise
from autoden.noise.correlation import NoiseCorrelation, correlation_of_repeats
from autoden.noise.estimation import estimate_unknown
from autoden.noise.exposures import Exposures
from autoden.noise.gaussian import Gaussian
from autoden.noise.level import Level, Mask, gaussian_level, refine_level, rounding_variance
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson
from autoden.noise.unknown import Unknown
from autoden.noise.variance_line import VarianceLine, variance_line
from autoden.report.numerals import plus_minus

Floats = NDArray[np.float64]

SURE = 3.0
"""Standard errors from which a level counts as found; below it the least likely one is taken, since
an image without noise suffers more by smoothing than a noisy one by too little of it."""
CLEARLY = 5.0
"""Standard errors by which the variance must differ from that of counts."""
RISES, RISING = 3.0, 1.5
"""Standard errors by which the variance must rise with the signal, and its ratio between bright and
faint pixels, from which noise is not of one level: of photographs with noise of one level the ratio
is 1.2 at most."""
MATTERS = 0.1
"""Relative difference of the variance from that of counts that matters."""
COARSELY = 0.5
"""The same for images so small that only the mean variance is known."""
TOO_EVEN, LEAST_COUNTS = 2.0, 10
"""Equal neighbours, over those that counts have, which no counts have; of so many counts each."""
LEAST_TOLD = 0.1
"""Counts below which the variance of pixels is not compared with that of counts."""
LEAST_FLOOR = 0.25
"""Squared counts below which the variance of a pixel on a pedestal is not let: where nothing is
counted, values of single pixels scatter about the pedestal, and the deviance must stay finite."""
MOSTLY_EVEN = 0.5
"""Share of equal neighbours from which there is no noise to speak of."""
_MAY_RISE = (
    "The noise may rise with the signal, as that of cameras does, but the image is too small to "
    "tell by how much: one level is assumed, which bright parts may exceed, and the stated error "
    "is as uncertain. Repeats or a larger image would tell."
)
N_REFINEMENTS = 4
SINGLE_ERROR = 0.006
"""Relative error of the level of a single image at the least, from photographs."""


@dataclass(frozen=True)
class ImageNoise:
    """The noise of images.

    Attributes
    ----------
    noise : NoiseModel
        With its parameters.
    sentence : str
        What was found, with numbers.
    warnings : tuple of str
        What the user should know about the data.
    relative_error : float
        Standard error of the variance, relative to it.
    """

    noise: NoiseModel
    sentence: str
    warnings: tuple[str, ...] = ()
    relative_error: float = 0.0


def choose_image_noise(
    samples: Sequence[Exposures], noise: NoiseName = "auto", missing: Sequence[Mask] = ()
) -> ImageNoise:
    """Choose the noise model, or take the one that the user knows.

    Parameters
    ----------
    samples : sequence of Exposures
        Images or volumes, (R, C, *S), without gaps.
    noise : {"auto", "poisson", "gaussian", "unknown"}
        What the user says.
    missing : sequence of ndarray of bool, shape (C, *S)
        Where gaps of each sample were filled: single images tell nothing there.

    Raises
    ------
    InputError
        As `autoden.noise.choice.choose_noise`.
    """
    layers = planes(samples)
    if any(sample.n_repeats > 1 for sample in samples):
        return _of_repeats(layers, noise)
    if noise == "unknown":
        raise InputError(
            'there is 1 repeat, and `noise` is "unknown": noise of unknown kind is told by repeats '
            'alone. Give two or more, or noise="auto", "poisson" or "gaussian".'
        )
    valid = _known(missing)
    if noise == "gaussian":
        return _of_level(gaussian_level(layers, valid), layers, "as asked")
    line = _line(layers, valid)
    if noise == "poisson":
        verdict = choose_noise(layers, noise)
        return ImageNoise(verdict.noise, verdict.sentence, verdict.warnings)
    verdict = choose_noise(layers, noise)
    if isinstance(verdict.noise, Poisson):
        off = _against_counts(verdict.noise, line, layers, gaussian_level(layers, valid))
        if not off:
            return ImageNoise(verdict.noise, verdict.sentence, verdict.warnings)
        return _measured(layers, line, off, valid)
    return _measured(layers, line, "The values are no counts", valid)


def planes(samples: Sequence[Exposures]) -> list[Exposures]:
    """Give every channel as exposures of its own, (R, *S)."""
    return [
        Exposures(sample.repeats[:, channel], sample.durations)
        for sample in samples
        for channel in range(sample.shape[0])
    ]


def refined(noise: NoiseModel, sample: Exposures, estimate: Floats) -> float:
    """Say by what factor the variance of a single image is to be corrected, knowing its estimate.

    Noise is added to the estimate and measured as that of the image was; several draws tell how
    much of the level was structure, as far as they agree. 1 for repeats and for other noise.
    """
    if not isinstance(noise, Gaussian) or sample.n_repeats > 1:
        return 1.0
    level = Level(noise.sigma, 0.0)
    ratios = [
        refine_level(level, plane, image, seed=seed).value / noise.sigma
        for plane, image in zip(planes([sample]), estimate, strict=True)
        for seed in range(-(-N_REFINEMENTS // len(estimate)))
    ]
    change = float(np.median(ratios)) - 1
    doubt = 1.25 * float(np.std(ratios)) / len(ratios) ** 0.5
    certain = max(1 - (doubt / change) ** 2, 0.0) if change else 0.0  # as Stein shrinks
    return (1 + certain * change) ** 2


def axis_names(layers: Sequence[Exposures]) -> tuple[str, ...]:
    """Name the axes of planes."""
    return tuple("ZYX"[-len(layers[0].shape) :])


def correlation_in(layers: Sequence[Exposures], gain: float | None) -> NoiseCorrelation | None:
    """Ask the repeats of all channels whether neighbours share noise; None if none does."""
    found = [correlation_of_repeats(each, gain) for each in layers if each.n_repeats > 1]
    told = [each for each in found if not each.is_white]
    return max(told, key=lambda each: float(np.abs(each.correlations).max()), default=None)


def _of_repeats(layers: Sequence[Exposures], noise: NoiseName) -> ImageNoise:
    """Choose as for spectra; noise that neighbours share can be split by whole repeats only."""
    verdict = _with_pedestal(choose_noise(layers, noise), layers)
    warnings = tuple(each for each in verdict.warnings if "The data are no counts" not in each)
    freedom = sum((each.n_repeats - 1) * each.repeats[0].size for each in layers)
    error = 0.0 if isinstance(verdict.noise, Poisson) else float(np.sqrt(2 / freedom))
    shared = correlation_in(layers, getattr(verdict.noise, "gain", None))
    if shared is None:
        return ImageNoise(verdict.noise, verdict.sentence, warnings, error)
    said = (
        f"{shared.sentence(axis_names(layers))} Here splits keep whole repeats together, whose "
        "noise is independent; the uncertainty of sums over neighbouring pixels is larger than "
        "that of independent ones."
    )
    if all(each.n_repeats > 1 for each in layers):
        return ImageNoise(estimate_unknown(layers), f"{verdict.sentence}", (*warnings, said), error)
    return ImageNoise(verdict.noise, verdict.sentence, (*warnings, said), error)


def _with_pedestal(verdict: NoiseVerdict, layers: Sequence[Exposures]) -> NoiseVerdict:
    """Let the variance of noise of unknown kind begin where nothing is counted, as of a camera."""
    if not isinstance(verdict.noise, Unknown):
        return verdict
    noise = estimate_unknown(layers, has_pedestal=True)
    if not noise.zero:
        return verdict
    noise = replace(noise, floor=_floor(noise))
    said = f" Nothing is counted at {noise.zero:.4g}, a pedestal: using {noise.describe()}."
    return replace(verdict, noise=noise, sentence=verdict.sentence + said)


def _floor(noise: Unknown) -> float:
    """Give a floor above 0 where the variance begins at a pedestal."""
    return max(noise.floor, LEAST_FLOOR * noise.slope**2) if noise.zero else noise.floor


def _known(missing: Sequence[Mask]) -> Mask | None:
    """Mark what no channel of any sample misses; None if that is all of it, or nothing."""
    gaps = [mask.any(axis=0) for mask in missing]
    known = ~np.logical_or.reduce(gaps) if gaps else np.ones(1, dtype=np.bool_)
    return None if known.all() or not known.any() else np.asarray(known)


def _line(layers: Sequence[Exposures], valid: Mask | None) -> VarianceLine | None:
    """Measure how the variance rises with the signal, where the images are large enough."""
    try:
        return variance_line(layers, valid, has_pedestal=True)
    except InputError:
        return None


def _against_counts(
    noise: Poisson, line: VarianceLine | None, layers: Sequence[Exposures], level: Level
) -> str:
    """Say that whole numbers do not scatter as counts do; "" if they do.

    In images that are too small to tell the noise at several levels, only its mean is compared.
    """
    told, expected = _even_neighbours(layers, noise.gain)
    if told > TOO_EVEN * expected:
        return (
            f"The values are whole numbers, but {100 * told:.2g} % of bright neighbours are equal, "
            f"of counts {100 * expected:.2g} %"
        )
    rates, matters = _rates(layers), MATTERS
    if line is not None:
        rates = np.append(rates, line.surest_rate)
        measured, error = line.noise.variance(rates), line.variance_error(rates)
    if line is None or (error > measured).all():
        rates = np.array([np.mean([np.mean(each.repeats) for each in layers])])
        measured, matters = np.array([level.value**2]), COARSELY
        error = np.array([2 * level.value * level.standard_error + level.standard_error**2])
    counted = np.maximum(noise.variance(rates), noise.gain**2 * LEAST_TOLD)
    ratio, doubt = measured / counted, error / counted
    off = np.abs(ratio - 1) > np.maximum(matters, CLEARLY * doubt)
    if not off.any():
        return ""
    worst = int(np.argmax(np.abs(ratio - 1) / np.maximum(doubt, 1e-9)))
    return (
        f"The values are whole numbers, but scatter by {measured[worst] ** 0.5:.3g} where they are "
        f"about {rates[worst]:.3g}, and counts would by {counted[worst] ** 0.5:.3g}"
    )


def _measured(
    layers: Sequence[Exposures], line: VarianceLine | None, found: str, valid: Mask | None
) -> ImageNoise:
    """Take one level, or a variance that rises with the signal, whichever single images show."""
    level = _of_level(gaussian_level(layers, valid), layers, found)
    if line is None:
        return level
    faint, bright = line.noise.variance(_rates(layers))
    if bright <= RISING * faint:
        return level
    if line.slope.value > RISES * line.slope.standard_error:
        return _of_line(line, layers, found)
    middle = float(line.noise.variance(np.mean(_rates(layers))))
    ratio = middle / float(np.mean(level.noise.variance(0.0)))
    return replace(
        level, warnings=(_MAY_RISE,), relative_error=max(level.relative_error, abs(ratio - 1))
    )


def _of_line(line: VarianceLine, layers: Sequence[Exposures], found: str) -> ImageNoise:
    """Take a variance that rises with the signal, from a pedestal or with a floor."""
    noise = SingleUnknown(_floor(line.noise), line.noise.slope, line.noise.zero)
    middle = float(np.mean(_rates(layers)))
    error = float(line.variance_error(middle) / noise.variance(middle))
    start = plus_minus(line.floor.value, line.floor.standard_error)
    if noise.zero:
        start = f"nothing at {noise.zero:.4g}, a pedestal,"
    return ImageNoise(
        noise,
        f"{found}; in a single image their variance is {start} and rises by "
        f"{plus_minus(line.slope.value, line.slope.standard_error)} per unit of signal: using "
        f"{noise.describe()}.",
        (),
        max(error, 2 * SINGLE_ERROR),
    )


def _of_level(level: Level, layers: Sequence[Exposures], found: str) -> ImageNoise:
    """Take one level; the least likely one where hardly any noise was found."""
    value, error = level.value, level.standard_error
    least = max(float(np.sqrt(rounding_variance(layers))), _least_sigma(layers))
    told = f"{found}; the noise of a single image, white and the same everywhere as far as can be "
    told += f"told, has a standard deviation of {plus_minus(value, error)}"
    share, _ = _even_neighbours(layers)
    if share > MOSTLY_EVEN:  # rounded noise of a sigma makes 28 % / sigma of them equal at most
        value = min(value, least)
    if value < SURE * error or value <= least:
        sigma = max(value - 2 * error, least)
        noise = Gaussian(sigma)
        return ImageNoise(noise, f"{told}, which is hardly any: using {noise.describe()}.", (), 1.0)
    noise = Gaussian(value)
    relative = 2 * max(error / value, SINGLE_ERROR)
    return ImageNoise(noise, f"{told}: using {noise.describe()}.", (), relative)


def _even_neighbours(layers: Sequence[Exposures], gain: float | None = None) -> tuple[float, float]:
    """Give the share of neighbours along rows that are equal, and the share that counts have.

    With a gain, only of pixels of at least ten counts.
    """
    pairs = [(each.repeats[..., :-1].ravel(), each.repeats[..., 1:].ravel()) for each in layers]
    one, other = (np.concatenate(side) for side in zip(*pairs, strict=True))
    if gain is None:
        return float(np.mean(one == other)), 0.0
    counts = one / gain
    bright = counts >= LEAST_COUNTS
    if not bright.any():
        return 0.0, 1.0
    expected = float(np.mean(1 / np.sqrt(4 * np.pi * counts[bright])))
    return float(np.mean(one[bright] == other[bright])), expected


def _least_sigma(layers: Sequence[Exposures]) -> float:
    """Give a level so small that it changes nothing, but above the rounding of large offsets."""
    return max(
        max(1e-6 * float(each.repeats.std()), 1e-14 * float(np.abs(each.repeats).max()))
        for each in layers
    )


def _rates(layers: Sequence[Exposures]) -> Floats:
    """Give a faint and a bright value, between which nearly all lie: (2,)."""
    values = np.concatenate([each.repeats.mean(axis=0).ravel() for each in layers])
    return np.asarray(np.quantile(values, [0.1, 0.95]))
