"""What is wrong with a denoised image, if anything, in sentences.

Images have so many pixels that the least deviation is no chance: what is told must also matter.
"""

from __future__ import annotations

import numpy as np

from autoden.auto.images.agreement import ImageAgreement
from autoden.auto.verdicts.agreement import dispersion_ratio
from autoden.auto.verdicts.findings import CHANCE_OF_RESIDUALS, CHANCE_OF_SUMS, limit
from autoden.auto.verdicts.uncertainty import Errors

LEAST_STRUCTURE = 0.05
"""Correlation of neighbouring residuals, beyond that of noise, below which it is no matter."""
LEAST_DISPERSION = 0.3
"""A variance of the residuals that is off by less is no matter, however certain."""
LEAST_LEVEL = 1e-3
"""Relative change of the mean level that is no matter, however certain."""


def image_findings(
    found: ImageAgreement, errors: Errors, *, n_samples: int, is_counts: bool
) -> list[str]:
    """Say what is wrong with an estimate.

    Parameters
    ----------
    found : ImageAgreement
        All numbers.
    errors : Errors
        How wrong the estimate is thought to be.
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
        *_levels(found, n_samples),
        *(_structure(found, n_samples) if found.has_residuals else []),
        *(_dispersion(found, n_samples) if found.has_residuals else []),
        *_worse_than_mean(errors),
        *(_negative(found) if is_counts else []),
    ]


def _levels(found: ImageAgreement, n_samples: int) -> list[str]:
    most = limit(CHANCE_OF_SUMS, len(found.levels) * n_samples)
    off = [
        (number, each)
        for number, each in enumerate(found.levels, start=1)
        if abs(each.z) > most and abs(each.difference) > LEAST_LEVEL * abs(each.measured)
    ]
    return [
        f"The mean level{f' of channel {number}' if len(found.levels) > 1 else ''} is "
        f"{100 * each.difference / abs(each.measured) if each.measured else np.inf:+.2g} % off the "
        f"measured one ({each.z:+.1f} standard errors): the estimate has lost or invented signal; "
        "do not quantify with it."
        for number, each in off
    ]


def _structure(found: ImageAgreement, n_samples: int) -> list[str]:
    chance = CHANCE_OF_RESIDUALS / (len(found.excess) * n_samples)
    excess = max(found.excess)
    if found.structure_p >= chance or excess <= LEAST_STRUCTURE:
        return []
    return [
        "What was taken away has structure, which white noise has not: neighbouring residuals "
        f"correlate by {excess:.2f} more. Signal was taken away with it, or the noise is "
        "correlated between neighbours."
    ]


def _dispersion(found: ImageAgreement, n_samples: int) -> list[str]:
    tests = found.residuals[-1]
    parts = list(zip((tests.overall, *tests.bands), found.stated, strict=True))
    least = CHANCE_OF_RESIDUALS / (len(parts) * n_samples)
    off = []
    for part, stated in parts:
        size = part.dispersion
        matters = abs(size.observed - size.expected) > max(LEAST_DISPERSION * size.expected, stated)
        if matters and size.p_value < least:
            off.append(part)
    if not off:
        return []
    worst = max(off, key=lambda part: abs(part.dispersion.z))
    ratio = dispersion_ratio(worst)
    values = found.estimate[worst.band.inside]
    where = (
        ""
        if worst is tests.overall
        else f" where the estimate is {values.min():.3g} to {values.max():.3g}"
    )
    meaning = (
        "the estimate misses signal, or the noise is larger than was assumed"
        if ratio > 1
        else "the estimate follows the noise, or the noise is smaller than was assumed"
    )
    return [
        f"What was taken away has {ratio:.2f} times the variance that the noise would leave{where}:"
        f" {meaning}."
    ]


def _worse_than_mean(errors: Errors) -> list[str]:
    if errors.gain_interval[1] >= 1:
        return []
    return [
        "The estimate is farther from the truth than the measurement: it is worth "
        f"{errors.gain:.2g} times as many exposures. Use the measurement."
    ]


def _negative(found: ImageAgreement) -> list[str]:
    n_below = int(np.count_nonzero(found.estimate < 0))
    if not n_below:
        return []
    return [
        f"The estimate is negative in {n_below} pixel{'s' * (n_below > 1)}, down to "
        f"{found.estimate.min():.2g}: expected counts cannot be."
    ]
