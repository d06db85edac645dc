"""``autoden evaluate``: how good a denoised file is, with or without something to compare it to.

Without a truth it is asked whether what was taken away is noise and nothing else. Further
acquisitions, which nobody denoised, tell the error itself: their own noise is taken off.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from autoden.cli.compared import Compared, Floats, read_compared, read_like
from autoden.cli.manner import PLAIN, Manner
from autoden.cli.options import DATA
from autoden.cli.readings import ReadingRepeats
from autoden.cli.record import NO_RECORD, TakesRecord
from autoden.cli.wording import in_options
from autoden.errors import InputError
from autoden.noise.exposures import Exposures

logger = logging.getLogger(__name__)

AS_NAMED = ReadingRepeats()
LAGS = 20
LEAST_SSIM = 6
"""Elements along an axis that are too few for a similarity."""

Reference = Annotated[
    list[Path] | None,
    Parameter(
        group=DATA,
        negative=(),
        consume_multiple=True,
        help="Further acquisitions of the same thing that were not used for denoising; their "
        "noise is taken off the errors.",
    ),
]
Truth = Annotated[
    Path | None, Parameter(group=DATA, help="The same thing without noise, where it is known.")
]
DataRange = Annotated[
    float | None,
    Parameter(
        group=DATA,
        help="Distance between the least and the greatest value possible, such as 255: for PSNR "
        "and SSIM, which mean nothing without it.",
    ),
]
Found = dict[str, Any]


def evaluate(
    noisy: Path,
    denoised: Path,
    /,
    *,
    reference: Reference = None,
    truth: Truth = None,
    data_range: DataRange = None,
    reading: ReadingRepeats = AS_NAMED,
    manner: Manner = PLAIN,
    record: TakesRecord = NO_RECORD,
) -> None:
    """Say how good a denoised file is: what the residuals tell and, with a reference, the errors.

    Parameters
    ----------
    noisy
        What was measured.
    denoised
        What was made of it, such as by autoden denoise.
    """
    teller = manner.teller()
    teller.start(record.command, [noisy, denoised, *(reference or [])])
    with in_options():
        compared = read_compared(noisy, denoised, reading)
        held = None if reference is None else _unseen(reference, reading, compared)
        known = None if truth is None else _truth(truth, reading, compared)
        logger.info("%s.", compared.measurement)
        found: dict[str, Found] = {"residuals": residuals(compared)}
        resolved = resolution(compared, held)
        if resolved:
            found["resolution"] = resolved
        if held is not None:
            found["reference"] = against_reference(compared, held, data_range)
        if known is not None:
            found["truth"] = against_truth(compared, known, data_range)
    teller.show(describe(compared, found))
    teller.result({}, {"noise": compared.verdict.sentence, **found})


def residuals(compared: Compared) -> Found:
    """Test what was taken away: its size, its order, and the total."""
    from autoden.evaluation import residual_tests, total_counts

    estimate, mean, noise = compared.estimate, compared.mean, compared.verdict.noise
    variance = noise.variance(estimate, mean.dose)
    counts = compared.counts
    lags = min(LAGS, estimate.shape[-1] - 1)
    tests = residual_tests(estimate, mean.values, variance, counts=counts, lags=lags).overall
    size, order = tests.dispersion, tests.whiteness
    (total, *_) = total_counts(estimate, mean.values, variance, regions={})
    return {
        "size": size.observed,
        "size_expected": size.expected,
        "size_error": size.standard_error,
        "structure_z": order.structure_z,
        "structure_p_value": order.structure_p_value,
        "total_estimate": float(estimate.sum()),
        "total_measured": float(mean.values.sum()),
        "total_z": total.counts.z,
    }


def resolution(compared: Compared, held: Floats | None) -> Found:
    """Say how fine the detail is that two halves of the data, or a reference, confirm."""
    from autoden.evaluation import denoised_ring_correlation, ring_correlation

    n_dims = compared.measurement.n_dims
    if n_dims == 1 or compared.estimate.ndim != n_dims or min(compared.estimate.shape) < 16:
        return {}
    found = {}
    if len(compared.repeats) > 1:
        halves = [compared.repeats[first::2].mean(axis=0) for first in (0, 1)]
        found["of_two_halves"] = ring_correlation(*halves).resolution()
    if held is not None and len(held) > 1:
        raw, other = (held[first::2].mean(axis=0) for first in (0, 1))
        if len(held) % 2:
            raw, other = held[0], held[1]
        curve = denoised_ring_correlation(compared.estimate, raw_half=raw, raw_other_half=other)
        found["of_denoised"] = curve.resolution()
    return found


def against_reference(compared: Compared, held: Floats, data_range: float | None) -> Found:
    """Estimate the errors against the unknown truth from acquisitions that nobody denoised."""
    from autoden.auto.spectra.reference import distances

    noise, estimate, kept = compared.verdict.noise, compared.estimate, Exposures(held)
    found: Found = {"acquisitions": len(held)}
    for of, values in (("", estimate), ("mean_", compared.mean.values)):
        scores = distances(values, kept, noise, estimate)
        found |= {f"{of}{name}": value for name, value in scores.items() if np.isfinite(value)}
    return found | _worth(found, compared, data_range)


def against_truth(compared: Compared, truth: Floats, data_range: float | None) -> Found:
    """Measure the errors against what is known."""
    from autoden.evaluation import excess_poisson_deviance, mean_squared_error, ssim

    found: Found = {}
    shape = compared.estimate.shape
    has_ssim = len(shape) == compared.measurement.n_dims > 1 and min(shape) > LEAST_SSIM
    for of, values in (("", compared.estimate), ("mean_", compared.mean.values)):
        found[f"{of}mse"] = mean_squared_error(values, truth)
        if compared.counts is not None:
            found[f"{of}mdev"] = excess_poisson_deviance(values, truth[np.newaxis])
        if data_range is not None and has_ssim:
            found[f"{of}ssim"] = ssim(values, truth, data_range=data_range)
    return found | _worth(found, compared, data_range)


def _worth(scores: Found, compared: Compared, data_range: float | None) -> Found:
    """Say squared errors in decibels, and as a number of exposures."""
    from autoden.evaluation import equivalent_exposures

    found: Found = {}
    for of in ("", "mean_"):
        if data_range is not None and scores[f"{of}mse"] > 0:
            found[f"{of}psnr"] = float(10 * np.log10(data_range**2 / scores[f"{of}mse"]))
    if scores["mse"] > scores.get("mse_error", 0.0) and scores["mean_mse"] > 0:
        of_one = scores["mean_mse"] * compared.mean.dose
        found["equivalent_exposures"] = equivalent_exposures(scores["mse"], of_one)
    return found


def _unseen(paths: Sequence[Path], reading: ReadingRepeats, compared: Compared) -> Floats:
    """Read the reference; of a file of which some acquisitions were used, take the others."""
    held = read_like(paths, reading, compared)
    used = np.array([any(np.array_equal(each, one) for one in compared.repeats) for each in held])
    if used.any() and (reading.exposures is None or used.all()):
        raise InputError(
            f"--reference {paths[0]} holds what was denoised, which would be scored on itself: "
            "give other acquisitions, or say with --exposures which ones were denoised."
        )
    others: Floats = held[~used]
    return others


def _truth(path: Path, reading: ReadingRepeats, compared: Compared) -> Floats:
    """Read a single clean measurement."""
    known = read_like([path], reading, compared)
    if len(known) != 1:
        raise InputError(f"--truth {path} holds {len(known)} acquisitions: give --reference.")
    single: Floats = known[0]
    return single


def describe(compared: Compared, found: dict[str, Found]) -> list[str]:
    """Put into lines of text what was found."""
    tests = found["residuals"]
    lines = [
        compared.verdict.sentence,
        "",
        "What was taken away, in units of the noise:",
        f"  size       {tests['size']:.3f}, noise alone {tests['size_expected']:.3f} ± "
        f"{tests['size_error']:.3f} (an estimate that was fitted to the data leaves a little less)",
        f"  structure  z = {tests['structure_z']:.1f}, p = {tests['structure_p_value']:.2g} "
        f"({_say_structure(tests['structure_z'])})",
        f"  total      {tests['total_estimate']:.6g} denoised, {tests['total_measured']:.6g} "
        f"measured (z = {tests['total_z']:.1f})",
    ]
    for name, words in (
        ("of_two_halves", "two halves of the data agree"),
        ("of_denoised", "the reference confirms the denoised image"),
    ):
        if name in found.get("resolution", {}):
            period = found["resolution"][name]
            lines += ["", f"Resolution: {words} down to periods of {period:.3g} pixels."]
    for name, words in (
        ("reference", "Errors against the unknown truth, from the reference without its noise:"),
        ("truth", "Errors against the truth:"),
    ):
        if name in found:
            lines += ["", words, *_rows(found[name], compared)]
    return lines


def _rows(scores: Found, compared: Compared) -> list[str]:
    """Tabulate the scores of the mean and of the estimate."""
    names = {"mse": "squared error", "mdev": "mdev", "psnr": "PSNR (dB)", "ssim": "SSIM"}
    there = [name for name in names if name in scores or f"mean_{name}" in scores]
    n_repeats = len(compared.repeats)
    mean = "measured" if n_repeats == 1 else f"mean of {n_repeats}"
    lines = ["  " + " " * 12 + "".join(f"{names[name]:>20}" for name in there)]
    for label, of in ((mean, "mean_"), ("denoised", "")):
        cells = "".join(f"{_cell(scores, of + name):>20}" for name in there)
        lines.append(f"  {label:12}{cells}")
    if "equivalent_exposures" in scores:
        lines.append(
            f"  The denoised file is worth {scores['equivalent_exposures']:.3g} exposures."
        )
    return lines


def _cell(scores: Found, name: str) -> str:
    """Write a score with its error, where it has one; "-" where there is none."""
    from autoden.report.numerals import GAP, plus_minus

    if name not in scores:
        return "-"
    if f"{name}_error" in scores:
        return plus_minus(scores[name], scores[f"{name}_error"]).replace(GAP, " ")
    return f"{scores[name]:.4g}"


def _say_structure(z: float) -> str:
    return "what was taken away has a shape: too smooth" if z > 3 else "no shape is seen"
