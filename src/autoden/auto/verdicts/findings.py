"""What is wrong with an estimate, if anything: which disagreements are no chance, in sentences.

Every limit allows for the number of tests. An estimate made from the measurement shares its noise
and stays far within them; and since every good filter trades a little bias for less noise, lines
must change by more than that before it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from autoden.auto.verdicts.agreement import Agreement, dispersion_ratio, width_z
from autoden.auto.verdicts.uncertainty import Errors
from autoden.evaluation.comparison import Comparison
from autoden.evaluation.peak_shifts import PeakShift
from autoden.evaluation.residuals import BandResiduals
from autoden.noise.wording import ChannelNames

Floats = NDArray[np.float64]

CHANCE_OF_SUMS = 1e-2
"""That noise alone parts an independent sum so far, in any of the tests together."""
CHANCE_OF_SHAPES = 1e-4
"""The same for areas, centres and widths of lines, which every filter changes a little."""
CHANCE_OF_RESIDUALS = 1e-4
"""The same for structure and size of the residuals."""
MOST_DOUBT = 0.5
"""Relative error of the variance of residuals above which they tell nothing."""
LEAST_DISPERSION = 0.1
"""A variance of the residuals that is off by less is no matter, however certain; nor is one that is
off by less than the squared error that is stated, which holds the signal that smoothing misses."""


def findings(
    found: Agreement, errors: Errors, names: ChannelNames, *, n_samples: int, is_counts: bool
) -> list[str]:
    """Say what is wrong with an estimate.

    Parameters
    ----------
    found : Agreement
        All numbers.
    errors : Errors
        How wrong the estimate is thought to be.
    names : ChannelNames
        How the user calls the channels.
    n_samples : int
        How many samples are tested alike.
    is_counts : bool
        Whether rates below 0 cannot be.

    Returns
    -------
    list of str
        Sentences; empty for a faithful estimate.
    """
    return [
        *_total(found.total, limit(CHANCE_OF_SUMS, n_samples)),
        *_lines(found.lines, names, n_samples),
        *_background(found, n_samples),
        *_residuals(found, n_samples),
        *_worse_than_mean(errors),
        *(_negative(found.estimate) if is_counts else []),
    ]


def limit(chance: float, n_tests: int) -> float:
    """Give the standard errors that the largest of some normal numbers exceeds by such a chance.

    Examples
    --------
    >>> round(limit(0.05, 1), 2), round(limit(0.05, 20), 2)
    (1.96, 3.02)
    """
    return float(ndtri(1 - chance / (2 * max(n_tests, 1))))


def _total(total: Comparison, most: float) -> list[str]:
    if abs(total.z) <= most:
        return []
    return [
        f"The sum over all channels is {_percent(total)} off the measured one "
        f"({total.z:+.1f} standard errors): the estimate has lost or invented signal; do not "
        "quantify with it."
    ]


def _lines(lines: Sequence[PeakShift], names: ChannelNames, n_samples: int) -> list[str]:
    most = limit(CHANCE_OF_SHAPES, 3 * len(lines) * n_samples)

    def judge(
        z: Callable[[PeakShift], float], what: str, change: Callable[[PeakShift], str], so: str
    ) -> list[str]:
        off = [line for line in lines if abs(z(line)) > most]
        if not off:
            return []
        worst = max(off, key=lambda line: abs(z(line)))
        where = names.one(worst.peak.index)
        if len(off) == 1:
            said = f"The strong line in {where} has {what}"
        else:
            which = f"above all the one in {where}"
            said = f"{len(off)} of {len(lines)} strong lines have {what}, {which}"
        return [f"{said}: {change(worst)} ({z(worst):+.1f} standard errors). {so}"]

    return [
        *judge(
            lambda line: line.area.z,
            "another net area than measured",
            lambda line: _percent(line.area),
            "Take areas from the measurement.",
        ),
        *judge(
            lambda line: line.centroid.z,
            "moved",
            lambda line: f"{line.centroid.difference:+.2g} {names.unit or 'channels'}",
            "Take positions from the measurement.",
        ),
        *judge(
            width_z,
            "another width than measured",
            lambda line: _percent(line.width),
            "Where they are wider, the estimate is too smooth: take widths and heights from the "
            "measurement.",
        ),
    ]


def _background(found: Agreement, n_samples: int) -> list[str]:
    overall, windows = found.background.overall, found.background.windows
    if overall is None:
        return []
    most = limit(CHANCE_OF_SUMS, (1 + len(windows)) * n_samples)
    off = [each for each in (overall, *windows) if abs(each.level.z) > most]
    if not off:
        return []
    worst = max(off, key=lambda each: abs(each.level.z))
    where = "in all channels without lines" if worst is overall else f"in {worst.region.label}"
    return [
        f"The background is {_percent(worst.level)} off the measured one {where} "
        f"({worst.level.z:+.1f} standard errors): faint lines and limits of detection would be "
        "wrong."
    ]


def _residuals(found: Agreement, n_samples: int) -> list[str]:
    given = (found.residuals.overall, *found.residuals.bands)
    pairs = zip(given, found.stated, strict=True)
    told = [pair for pair in pairs if _can_tell(pair[0])] if found.has_residuals else []
    if not told:
        return []
    least = CHANCE_OF_RESIDUALS / (len(told) * n_samples)
    warnings = []
    structure = min(part.whiteness.structure_p_value for part, _ in told)
    if structure < least:
        warnings.append(
            "What was taken away has structure, which noise has not "
            f"(p = {structure:.0e}): signal was taken away with it."
        )
    off = [part for part, stated in told if _is_off(part, stated, least)]
    if off:
        worst = max(off, key=lambda part: abs(part.dispersion.z))
        ratio = dispersion_ratio(worst)
        meaning = (
            "the estimate misses signal, or the noise is larger than was assumed"
            if ratio > 1
            else "the estimate follows the noise, or the noise is smaller than was assumed"
        )
        warnings.append(
            f"What was taken away has {ratio:.2f} times the variance that the noise would leave"
            f"{_where(found, worst)}: {meaning}."
        )
    return warnings


def _worse_than_mean(errors: Errors) -> list[str]:
    if errors.gain_interval[1] >= 1:
        return []
    return [
        f"The estimate is farther from the truth than the mean of the exposures: it is worth "
        f"{errors.gain:.2g} times as many. Use the mean."
    ]


def _negative(estimate: Floats) -> list[str]:
    n_below = int(np.count_nonzero(estimate < 0))
    if not n_below:
        return []
    channels = f"{n_below} channel{'s' * (n_below > 1)}"
    return [
        f"The estimate is negative in {channels}, down to {estimate.min():.2g}: expected counts "
        "cannot be."
    ]


def _can_tell(part: BandResiduals) -> bool:
    """Whether the variance is known at all: not where hardly anything is counted."""
    size = part.dispersion
    return size.standard_error < MOST_DOUBT * size.expected


def _is_off(part: BandResiduals, stated: float, least: float) -> bool:
    size = part.dispersion
    is_large = abs(size.observed - size.expected) > max(LEAST_DISPERSION * size.expected, stated)
    return is_large and size.p_value < least


def _where(found: Agreement, part: BandResiduals) -> str:
    """Say which channels a band is of."""
    if part is found.residuals.overall:
        return ""
    rates = found.estimate[part.band.inside]
    return f" where the estimate is {rates.min():.3g} to {rates.max():.3g}"


def _percent(pair: Comparison | None) -> str:
    """Say the difference relative to the measured value, or itself where that is 0."""
    if pair is None or pair.measured == 0:
        return "much" if pair is None else f"{pair.difference:+.2g}"
    return f"{100 * pair.difference / abs(pair.measured):+.2g} %"
