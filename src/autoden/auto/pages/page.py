"""The report of a result: what the page says of it, and the file it goes to.

What is on a page, ``autoden.report`` knows; what is true of the result, ``verdict.py`` found.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from autoden.auto.files.saving import as_path
from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.images.page import image_page_of
from autoden.auto.pages.citation import cite
from autoden.auto.pages.page_parts import alike, candidates_of, made_by, settings_of
from autoden.auto.spectra.measurement import Measurement
from autoden.auto.verdicts.agreement import ordered_positions
from autoden.errors import InputError
from autoden.io.files import check_destination
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson
from autoden.report.frame import SUFFIXES
from autoden.report.html import write_page
from autoden.report.image_html import write_image_page
from autoden.report.images import image_figure
from autoden.report.page import Page
from autoden.report.saving import save_figure, save_sheet

if TYPE_CHECKING:
    from autoden.auto.result import Result

PICTURE: Final = ".png"
MOST_IN_PICTURE: Final = 20
"""Samples that one picture can show."""


def page_of(result: Result) -> Page:
    """Put together the report of a result.

    Parameters
    ----------
    result : Result
        Of one sample or several.

    Returns
    -------
    Page
        Spectra, verdict, warnings, candidates, checks and settings, and how to say it in a paper.
    """
    measurement, noise = result.measurement, result.trained.noise
    assert isinstance(measurement, Measurement)
    axis = measurement.axis

    def spectra(values: Any) -> Any:
        by_sample = measurement.by_sample(values)
        return by_sample if measurement.n_samples > 1 else by_sample[0]

    return Page(
        measured=spectra(result.mean),
        estimate=spectra(result.estimate),
        sigma=spectra(result.uncertainty),
        noise_sigma=spectra(result.noise),
        reference=None if result.reference is None else spectra(result.reference),
        positions=ordered_positions(axis),
        axis_name=axis.name.capitalize(),
        axis_unit=axis.unit,
        value_name="Counts per channel" if _is_counts(noise) else "Value per channel",
        value_unit="counts" if _is_counts(noise) else "",
        samples=[f"Sample {i}" for i in range(1, measurement.n_samples + 1)]
        if measurement.n_samples > 1
        else [],
        title=_title(measurement),
        measurement=_facts(result),
        verdict=result.verdict,
        warnings=result.warnings,
        candidates=candidates_of(result),
        tables=result.tables,
        made=made_by(result),
        settings=settings_of(result),
        citation=cite(result),
    )


def write_report(result: Result, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write the report of a result.

    Parameters
    ----------
    result : Result
        Of one sample or several.
    path : str or Path
        Ends in ".html" or ".htm" (all there is to say, in one file that needs no network) or in
        ".png" (the samples one below the other: each with its uncertainty on a linear and on a
        logarithmic scale, and its residuals).
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        Another ending, no such folder, a file that is there, or more samples than one picture
        holds (20).
    """
    target = as_path(path)
    suffix = target.suffix.lower()
    if suffix in SUFFIXES and isinstance(result.measurement, ImageMeasurement):
        return write_image_page(target, image_page_of(result), overwrite=overwrite)
    if suffix in SUFFIXES:
        return write_page(target, page_of(result), overwrite=overwrite)
    if suffix != PICTURE:
        raise InputError(
            f"cannot write a report as {target.name!r}: end its name in "
            f"{' or '.join(SUFFIXES)} for a page, or in {PICTURE} for a picture."
        )
    if isinstance(result.measurement, ImageMeasurement):
        check_destination(target, overwrite)
        save_figure(image_figure(image_page_of(result)), target, overwrite=overwrite)
        return target
    n_samples = result.measurement.n_samples
    if n_samples > MOST_IN_PICTURE:
        raise InputError(
            f"the result has {n_samples} samples and a picture holds {MOST_IN_PICTURE} at most: "
            f"write a page, {target.with_suffix(SUFFIXES[0]).name!r}."
        )
    check_destination(target, overwrite)
    _write_picture(page_of(result), n_samples, target, overwrite)
    return target


def _write_picture(page: Page, n_samples: int, target: Path, overwrite: bool) -> None:
    """Draw the samples one below the other."""
    from autoden.report.denoised import plot_denoised

    figures = [plot_denoised(page, sample=sample) for sample in range(n_samples)]
    save_sheet(figures, target, overwrite=overwrite)


def _title(measurement: Measurement) -> str:
    """Name the first file, if there is one."""
    what = "Denoised spectra" if measurement.n_samples > 1 else "Denoised spectrum"
    sources = measurement.sources
    return f"{what}: {sources[0].name}" if len(sources) == 1 else what


def _facts(result: Result) -> dict[str, object]:
    """Say what was measured, and how it was read."""
    measurement, noise = result.measurement, result.trained.noise
    samples = measurement.samples
    facts: dict[str, object] = {}
    if measurement.sources:
        facts["Files"] = [source.name for source in measurement.sources]
    if len(samples) > 1:
        facts["Samples"] = len(samples)
    facts["Exposures"] = alike([sample.n_repeats for sample in samples])
    facts["Channels"] = measurement.n_channels
    if isinstance(noise, Poisson):
        totals = [float(sample.repeats.sum()) / noise.gain for sample in samples]
        facts["Counts in all exposures"] = [round(total) for total in totals]
    facts["Noise"] = noise.describe()
    if result.notes:
        facts["Notes"] = " ".join(result.notes)
    return facts


def _is_counts(noise: NoiseModel) -> bool:
    return isinstance(noise, Poisson) and noise.gain == 1
