"""What a referee would ask about a denoised image, answered: numbers, sentences and tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.auto.images.agreement import ImageAgreement
from autoden.auto.images.findings import image_findings
from autoden.auto.learning.selection import Candidate, chosen_of
from autoden.auto.verdicts.agreement import dispersion_ratio, largest
from autoden.auto.verdicts.sentences import say_choice, say_errors
from autoden.auto.verdicts.uncertainty import Errors
from autoden.auto.verdicts.verdict import Verdict, by_sample
from autoden.baselines.mean import Mean
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson
from autoden.report.numerals import show
from autoden.report.tables import Table

Floats = NDArray[np.float64]


def judge_images(
    found: Sequence[ImageAgreement],
    noise: NoiseModel,
    errors: Sequence[Errors],
    candidates: Sequence[Candidate],
    *,
    refitted: str = "",
    applied: bool = False,
) -> Verdict:
    """Judge the estimates of all samples of a measurement.

    Parameters
    ----------
    found : sequence of ImageAgreement
        Of each sample.
    noise : NoiseModel
        What the noise is.
    errors : sequence of Errors
        Of each estimate.
    candidates : sequence of Candidate
        The methods, one of them chosen.
    refitted : str
        The parameters of the method as it made the estimates; "" if they are those compared.
    applied : bool
        Whether it was chosen on another measurement.

    Returns
    -------
    Verdict
        ``quality`` has the names that it has for spectra, but for those of lines and background,
        and in addition "resolution" and "resolution_raw": the shortest period at which the
        denoised half and the raw halves of the measurement are told from noise, in units of the
        pixel size (None where they cannot be measured); "residual_correlation": along each axis,
        that of neighbouring residuals beyond that of noise.
    """
    chosen = chosen_of(candidates)
    is_mean = chosen.name == Mean.name
    is_counts = isinstance(noise, Poisson)
    sentences = say_choice(candidates, refitted=refitted, applied=applied, what="pixel")
    sentences += say_errors(errors, is_mean=is_mean)
    if not is_mean:
        sentences += [*_levels(found), *_residuals(found), *_rings(found)]
    n_samples = len(found)
    warnings = [
        f"Sample {index}: {sentence}" if n_samples > 1 else sentence
        for index, pair in enumerate(zip(found, errors, strict=True), start=1)
        for sentence in image_findings(*pair, n_samples=n_samples, is_counts=is_counts)
    ]
    numbers = by_sample([_numbers(*pair) for pair in zip(found, errors, strict=True)])
    quality = {"held_out": chosen.score, "held_out_error": chosen.standard_error, **numbers}
    return Verdict(quality, sentences, warnings, () if is_mean else _tables(found))


def _numbers(found: ImageAgreement, errors: Errors) -> dict[str, Any]:
    overall, rings = found.residuals[-1].overall, found.rings
    return {
        "dose_gain": errors.gain,
        "dose_gain_interval": errors.gain_interval,
        "mse": errors.mse,
        "mse_interval": errors.mse_interval,
        "held_out_z": errors.held_out_z,
        "total_z": largest(level.z for level in found.levels),
        "dispersion": [dispersion_ratio(band) for band in found.residuals[-1].bands],
        "dispersion_p": overall.dispersion.p_value,
        "whiteness_p": min(each.overall.whiteness.p_value for each in found.residuals),
        "structure_p": found.structure_p,
        "residual_correlation": found.excess,
        "resolution": None if rings is None else rings.denoised.resolution(),
        "resolution_raw": None if rings is None else rings.raw.resolution(),
        "smallest_rate": float(found.estimate.min()),
    }


def _levels(found: Sequence[ImageAgreement]) -> list[str]:
    worst = largest(level.z for each in found for level in each.levels)
    of_all = " at most" if sum(len(each.levels) for each in found) > 1 else ""
    return [
        f"The mean level differs from the measured one by {worst:.1f} standard errors{of_all} (of "
        "the measurement, whose noise the estimate shares)."
    ]


def _residuals(found: Sequence[ImageAgreement]) -> list[str]:
    left = [each for each in found if each.has_residuals]
    if not left:
        return []
    ratios = [dispersion_ratio(band) for each in left for band in each.residuals[-1].bands]
    excess = max(value for each in left for value in each.excess)
    size = f"{min(ratios):.2f} to {max(ratios):.2f}" if len(ratios) > 1 else f"{ratios[0]:.2f}"
    over = ", over intensities" + " and samples" * (len(left) > 1) if len(ratios) > 1 else ""
    return [
        f"What was taken away has {size} times the variance that noise alone would leave{over}; "
        f"its neighbours correlate by {excess:+.3f} beyond what noise alone would show."
    ]


def _rings(found: Sequence[ImageAgreement]) -> list[str]:
    curves = [each.rings for each in found if each.rings is not None]
    if not curves:
        return []
    unit = curves[0].unit
    before, after = (
        _lengths([getattr(each, which).resolution() for each in curves])
        for which in ("raw", "denoised")
    )
    return [
        f"With half of the dose, details are told from noise down to {after} {unit} once denoised "
        f"(by correlation with the raw other half, threshold 0.541), and to {before} {unit} as "
        "measured (half-bit)."
    ]


def _lengths(values: Sequence[float]) -> str:
    """Say the least and the greatest length."""
    ends = dict.fromkeys(
        show(value, 2) if np.isfinite(value) else "no" for value in (min(values), max(values))
    )
    return " to ".join(ends)


def _tables(found: Sequence[ImageAgreement]) -> tuple[Table, ...]:
    tables = []
    for number, each in enumerate(found, start=1):
        if not each.has_residuals:
            continue
        where = f"Sample {number}: " if len(found) > 1 else ""
        rows = []
        for band in each.residuals[-1].bands:
            values = each.estimate[band.band.inside]
            rows.append((
                f"{values.min():.3g} to {values.max():.3g}",
                values.size,
                f"{dispersion_ratio(band):.2f}",
                f"{band.whiteness.correlations[0]:+.3f}",
            ))  # fmt: skip
        tables.append(
            Table(
                title=f"{where}Residuals by intensity",
                columns=("Estimate", "Pixels", "Variance over that of noise", "Correlation"),
                rows=rows,
                note="1 and 0 are what noise alone would leave; the correlation is that of "
                "neighbours along a row.",
            )
        )
    return tuple(tables)
