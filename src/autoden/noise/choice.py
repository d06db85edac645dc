"""Which noise model a measurement deserves, and the sentence that tells the user why.

What thinning needs is that every acquisition, taken by itself, holds Poisson counts. Repeats of
a drifting source or of different grains are such counts around different rates, and their sum is
Poisson around the mean rate: it can be thinned, though single repeats do not stand for another.
Where the scatter within a repeat is not that of counts (gain, shared charge, smoothing), the parts
of a thinned sum would share noise, and repeats alone are independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from scipy.ndimage import uniform_filter

from autoden.checks import choice
from autoden.errors import InputError
from autoden.noise.counts import Counting, examine_counts
from autoden.noise.estimation import estimate_gaussian, estimate_unknown
from autoden.noise.exposures import Exposures, Floats
from autoden.noise.gaussian import Gaussian
from autoden.noise.level import rounding_variance
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson
from autoden.noise.scatter import Scatter, examine_scatter

NoiseName = Literal["auto", "poisson", "gaussian", "unknown"]

_LEVEL: Final = 1.5  # ratio of variances between bright and faint that counts as constant noise
_ROUNDED: Final = 0.5  # of the variance that may be due to rounding
_CLEARLY: Final = 6.0  # standard errors by which variance grows with the rate; it is skewed
_NEIGHBOURHOOD: Final = 5  # elements; a mean over them tells intensities in spite of the noise


@dataclass(frozen=True)
class NoiseVerdict:
    """The noise model and why it was chosen.

    Attributes
    ----------
    noise : NoiseModel
        With its parameters.
    sentence : str
        What was found and what is used, with numbers.
    warnings : tuple of str
        What the user should know about the data; empty for counts that are what they should be.
    """

    noise: NoiseModel
    sentence: str
    warnings: tuple[str, ...] = ()


def choose_noise(exposures: Sequence[Exposures], noise: NoiseName = "auto") -> NoiseVerdict:
    """Choose the noise model by the tests of this room, or take the one that the user knows.

    What the user knows is taken even where the tests contradict it, with a warning.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of one set-up.
    noise : {"auto", "poisson", "gaussian", "unknown"}
        "auto": Poisson for counts (whole multiples of a step), also where the repeats drift;
        Gaussian for noise of one level; unknown where only repeats can tell.

    Returns
    -------
    NoiseVerdict

    Raises
    ------
    InputError
        No exposures, an unknown name, or ``noise="poisson"`` for values that are no counts.

    Examples
    --------
    >>> rates = np.linspace(5.0, 50.0, 1000)
    >>> counts = np.random.default_rng(0).poisson(rates, (4, 1000))
    >>> choose_noise([Exposures(counts)]).noise
    Poisson(gain=1.0)
    """
    choice("noise", noise, ("auto", "poisson", "gaussian", "unknown"))
    if not len(exposures):
        raise InputError("there are no exposures: give at least one.")
    if noise == "gaussian":
        level = estimate_gaussian(exposures)
        return _told(level, _against_one_level(level, exposures))
    if noise == "unknown":
        return _told(estimate_unknown(exposures))
    counting = _together([examine_counts(sample) for sample in exposures])
    if counting.is_counts and counting.step is not None:
        scatter = examine_scatter(exposures, counting.step)
        if noise == "poisson" or not scatter.forbids_thinning:
            return _counts(Poisson(counting.step), scatter)
        return _instead(_measured(exposures, _values(counting.step, scatter), scatter.warning()))
    if noise == "poisson":
        raise InputError(
            f'`noise` is "poisson", but {describe_values(counting)}: give the raw counts (before '
            "dead-time correction, normalisation or background subtraction; live times go to "
            '`exposure`), or noise="unknown" or noise="gaussian".'
        )
    found = f"The values are no counts ({describe_values(counting)})"
    return _measured(exposures, found, not_counts(counting))


def describe_values(counting: Counting) -> str:
    """Say in what the values differ from counts, with a witness."""
    if not counting.is_non_negative:
        return f"the data go down to {counting.oddest:.4g}"
    if counting.has_factors:
        low, high = counting.repeat_steps.min(), counting.repeat_steps.max()
        return f"each repeat is whole numbers times a factor of its own, {low:.4g} to {high:.4g}"
    return f"{counting.oddest:.6g} is no whole number"


def not_counts(counting: Counting) -> str:
    """Warn that the values are no counts, and say what that costs."""
    return (
        f"The data are no counts: {describe_values(counting)}. Counts can be divided into "
        "independent parts and known to the last one; other values only by their repeats or by an "
        "assumed noise level. If the detector counts, give its raw counts instead, before "
        "dead-time correction, normalisation or subtraction, with live times as `exposure`."
    )


def scaled_counts(step: float) -> str:
    """Warn that counts were multiplied by a number; "" if they were not."""
    if step == 1:
        return ""
    return (
        f"The data are whole multiples of {step:.4g}, not counts: they are taken for counts times "
        "this number. If that is not so, give the raw counts."
    )


def _together(found: Sequence[Counting]) -> Counting:
    """Join what was found in several samples; one that is odd speaks for all."""
    odd = [one for one in found if not one.is_counts]
    if odd:
        return odd[0]
    steps = {one.step for one in found if one.step is not None}
    if len(steps) == 1:
        return found[0]
    whole = all(one.is_whole for one in found)
    return Counting(whole, True, 1.0 if whole else None, np.full(1, np.nan), found[0].oddest)


def _counts(noise: Poisson, scatter: Scatter) -> NoiseVerdict:
    sentence = f"{_values(noise.gain, scatter)}: using {noise.describe()}."
    told = [scatter.warning(), scaled_counts(noise.gain)]
    return NoiseVerdict(noise, sentence, tuple(warning for warning in told if warning))


def _values(step: float, scatter: Scatter) -> str:
    unit = "whole numbers" if step == 1 else f"whole multiples of {step:.4g}"
    return f"The values are {unit}{scatter.sentence()}"


def _measured(exposures: Sequence[Exposures], found: str, warning: str) -> NoiseVerdict:
    """Take the noise from the data: unknown from repeats, Gaussian if it is the same everywhere."""
    if all(sample.n_repeats == 1 for sample in exposures):
        gaussian = estimate_gaussian(exposures)
        said = f"{found}; there are no repeats: using {gaussian.describe()}."
        told = (warning, *_of_neighbours(gaussian, exposures))
        return NoiseVerdict(gaussian, said, told)
    unknown = estimate_unknown(exposures)
    faint, bright = unknown.variance(_range_of_rates(exposures))
    if bright < _LEVEL * faint:
        level: NoiseModel = estimate_gaussian(exposures)
        said = f"{found}; their variance between repeats is the same at all intensities"
        return NoiseVerdict(level, f"{said}: using {level.describe()}.", (warning,))
    said = (
        f"{found}; their variance between repeats grows from {unknown.floor:.3g} by "
        f"{unknown.slope:.3g} per unit of signal: using {unknown.describe()}."
    )
    return NoiseVerdict(unknown, said, (warning,))


def _instead(verdict: NoiseVerdict) -> NoiseVerdict:
    """Say in the first warning what is used because of it."""
    first, *others = verdict.warnings
    used = f"{first} Used instead of counts: {verdict.noise.describe()}."
    return replace(verdict, warnings=(used, *others))


def _of_neighbours(noise: Gaussian, exposures: Sequence[Exposures]) -> tuple[str, ...]:
    """Say what a level from differences of neighbours takes for granted."""
    told = (
        f"The noise level, {noise.sigma:.3g}, is estimated from the differences of neighbours in "
        "single acquisitions, and taken to be the same everywhere and independent between "
        "neighbours. Repeats would show whether that is so.",
    )
    rounding = rounding_variance(exposures)
    if rounding <= _ROUNDED * noise.sigma**2:
        return told
    return (
        *told,
        f"The values are rounded to steps of {np.sqrt(12 * rounding):.3g}, which are coarse beside "
        "their noise: it hardly shows, its level is little more than a guess, and neighbours share "
        "their rounding errors. Give the values before they were rounded, or repeats.",
    )


def _range_of_rates(exposures: Sequence[Exposures]) -> Floats:
    """Give a faint and a bright rate, between which nearly all lie: (2,)."""
    rates = [sample.repeats.sum(axis=0) / sample.durations.sum() for sample in exposures]
    smoothed = [uniform_filter(rate, _NEIGHBOURHOOD).ravel() for rate in rates]
    return np.asarray(np.quantile(np.concatenate(smoothed), [0.05, 0.99]))


def _told(noise: NoiseModel, warning: str = "") -> NoiseVerdict:
    said = f"Using {noise.describe()}, as asked."
    return NoiseVerdict(noise, said, (warning,) if warning else ())


def _against_one_level(noise: Gaussian, exposures: Sequence[Exposures]) -> str:
    """Warn that the noise is not the same everywhere, if it is not; "" if it may be."""
    counting = _together([examine_counts(sample) for sample in exposures])
    levels = _range_of_rates(exposures)
    measured: NoiseModel | None = None
    step = counting.step if counting.is_counts else None
    if step is not None and not examine_scatter(exposures, step).forbids_thinning:
        measured = Poisson(step)
    elif all(sample.n_repeats > 1 for sample in exposures) and _grows(exposures):
        measured = estimate_unknown(exposures)
    if measured is None:
        return ""
    faint, bright = measured.variance(levels)
    if bright < _LEVEL * faint:
        return ""
    if isinstance(measured, Poisson):
        found, remedy = "scatter as counts do", 'noise="poisson" or noise="auto"'
    else:
        found, remedy = "scatter more between repeats where they are brighter", 'noise="unknown"'
    faintest, brightest = np.sqrt([faint, bright])
    return (
        f'`noise` is "gaussian", of one level everywhere ({noise.sigma:.3g}), but the data '
        f"{found}: their noise is {faintest:.3g} where they are faint and {brightest:.3g} where "
        "they are bright. Estimate and uncertainty are made for one level, as asked, and are wrong "
        f"where it is not: give {remedy}."
    )


def _grows(exposures: Sequence[Exposures]) -> bool:
    """Whether the variance between repeats clearly grows with the rate: a regression on it.

    Under noise of one level, mean and variance of the repeats are independent, and the variance is
    chi-square with the same spread everywhere.
    """
    total, square = 0.0, 0.0
    for sample in exposures:
        scaled = sample.scaled()
        lever = scaled.mean(axis=0) - scaled.mean()
        spread = scaled.var(axis=0, ddof=1)
        residual = (spread / max(spread.mean(), 1e-300) - 1) * np.sqrt((sample.n_repeats - 1) / 2)
        total += float((lever * residual).sum())
        square += float((lever**2).sum())
    return bool(total > _CLEARLY * np.sqrt(square))
