"""What a referee would ask about an estimate, answered: numbers, sentences, warnings and tables.

The numbers come from ``agreement.py``; here they are gathered over the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.auto.learning.selection import Candidate, chosen_of
from autoden.auto.spectra.measurement import Measurement
from autoden.auto.verdicts.agreement import (
    Agreement,
    agreement,
    dispersion_ratio,
    largest,
    ordered_positions,
    width_z,
)
from autoden.auto.verdicts.findings import findings
from autoden.auto.verdicts.sentences import say_choice, say_errors, say_fidelity
from autoden.auto.verdicts.uncertainty import Errors
from autoden.auto.verdicts.verdict_tables import verdict_tables
from autoden.baselines.mean import Mean
from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson
from autoden.noise.wording import ChannelNames
from autoden.report.tables import Table

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Verdict:
    """How far an estimate can be trusted.

    Attributes
    ----------
    quality : dict
        Numbers by name; a list with one entry per sample where there are several. z is a
        difference in standard errors of the measured value.

        - "dose_gain", "dose_gain_interval", "mse", "mse_interval", "held_out_z": as `Errors` has
          them;
        - "held_out", "held_out_error": score of the chosen candidate and its standard error, both
          of the measurement that it was chosen on;
        - "total_z": of the sum of all channels;
        - "n_lines": strong lines found; "largest_area_z", "largest_peak_shift_z",
          "largest_width_z": their greatest changes, without sign;
        - "background_z", "largest_background_z": of the level without lines, as a whole and the
          greatest over windows, without sign; None if no channel is without lines;
        - "dispersion": variance of the residuals over that which replicas leave, for each
          intensity band from faint to bright; "dispersion_p": probability that noise alone is as
          far from 1, over all channels;
        - "whiteness_p": probability that noise alone has residuals as correlated; "structure_p":
          that it has as much positive correlation, which is what smoothing leaves;
        - "smallest_rate": of the estimate.
    sentences : list of str
        Answers in words.
    warnings : list of str
        What is wrong; empty for a faithful estimate.
    tables : tuple of Table
        Lines, regions, background and residuals.
    """

    quality: dict[str, Any]
    sentences: list[str]
    warnings: list[str]
    tables: tuple[Table, ...]


def judge(
    measurement: Measurement,
    wholes: Sequence[Combined],
    noise: NoiseModel,
    estimates: Sequence[Floats],
    errors: Sequence[Errors],
    candidates: Sequence[Candidate],
    *,
    refitted: str = "",
    applied: bool = False,
) -> Verdict:
    """Judge the estimates of all samples of a measurement.

    Parameters
    ----------
    measurement : Measurement
        What was measured.
    wholes : sequence of Combined
        The mean of each sample.
    noise : NoiseModel
        What its noise is.
    estimates : sequence of ndarray, shape (n,)
        Rates of each sample.
    errors : sequence of Errors
        Of each estimate.
    candidates : sequence of Candidate
        The methods, one of them chosen.
    refitted : str
        The parameters of the method as it made the estimates; "" if they are those compared.
    applied : bool
        Whether it was chosen on another measurement.
    """
    axis = measurement.axis
    positions = ordered_positions(axis)
    found = [
        agreement(estimate, whole, noise, error, positions)
        for estimate, whole, error in zip(estimates, wholes, errors, strict=True)
    ]
    names, is_counts = ChannelNames(positions, axis.unit), isinstance(noise, Poisson)
    chosen = chosen_of(candidates)
    is_mean = chosen.name == Mean.name
    sentences = say_choice(candidates, refitted=refitted, applied=applied)
    sentences += say_errors(errors, is_mean=is_mean)
    if not is_mean:
        sentences += say_fidelity(found, is_counts=is_counts)
    tables = () if is_mean else verdict_tables(found, measurement)
    return Verdict(
        {
            "held_out": chosen.score,
            "held_out_error": chosen.standard_error,
            **by_sample([_numbers(*pair) for pair in zip(found, errors, strict=True)]),
        },
        sentences,
        _warnings(found, errors, names, is_counts),
        tables,
    )


def _numbers(found: Agreement, errors: Errors) -> dict[str, Any]:
    """Give the numbers of one sample."""
    background, overall = found.background, found.residuals.overall
    level = background.overall
    return {
        "dose_gain": errors.gain,
        "dose_gain_interval": errors.gain_interval,
        "mse": errors.mse,
        "mse_interval": errors.mse_interval,
        "held_out_z": errors.held_out_z,
        "total_z": found.total.z,
        "n_lines": len(found.lines),
        "largest_area_z": largest([line.area.z for line in found.lines]),
        "largest_peak_shift_z": largest([line.centroid.z for line in found.lines]),
        "largest_width_z": largest([width_z(line) for line in found.lines]),
        "background_z": None if level is None else level.level.z,
        "largest_background_z": largest([window.level.z for window in background.windows]),
        "dispersion": [dispersion_ratio(band) for band in found.residuals.bands],
        "dispersion_p": overall.dispersion.p_value,
        "whiteness_p": overall.whiteness.p_value,
        "structure_p": overall.whiteness.structure_p_value,
        "smallest_rate": float(found.estimate.min()),
    }


def _warnings(
    found: Sequence[Agreement], errors: Sequence[Errors], names: ChannelNames, is_counts: bool
) -> list[str]:
    """Say what is wrong, and with which sample where there are several."""
    n_samples = len(found)
    return [
        f"Sample {index}: {sentence}" if n_samples > 1 else sentence
        for index, pair in enumerate(zip(found, errors, strict=True), start=1)
        for sentence in findings(*pair, names, n_samples=n_samples, is_counts=is_counts)
    ]


def by_sample(numbers: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the numbers of the only sample, or lists of those of all."""
    if len(numbers) == 1:
        return numbers[0]
    return {name: [each[name] for each in numbers] for name in numbers[0]}
