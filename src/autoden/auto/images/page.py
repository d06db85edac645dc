"""The report of a denoised image: what the page says of it.

What is on a page, ``autoden.report`` knows; what is true of the result, ``verdict.py`` found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.pages.citation import cite
from autoden.auto.pages.page_parts import alike, candidates_of, made_by, settings_of
from autoden.noise.poisson import Poisson
from autoden.report.image_page import ImagePage

if TYPE_CHECKING:
    from autoden.auto.result import Result

COLOURS = 3


def image_page_of(result: Result) -> ImagePage:
    """Put together the report of images or volumes.

    Parameters
    ----------
    result : Result
        Of one sample, or of several, of which images are a stack, and volumes are shown by the
        first.

    Returns
    -------
    ImagePage
        Pictures, ring correlations, verdict, warnings, candidates, checks and settings.
    """
    measurement = result.measurement
    assert isinstance(measurement, ImageMeasurement)
    is_stack = measurement.n_samples > 1 and measurement.n_dims == 2
    n_channels = measurement.n_channels

    def pictures(values: NDArray[np.float64]) -> Any:
        by_sample = np.moveaxis(measurement.by_sample(values), 1, -1)  # (S, *S, C)
        shown = by_sample if is_stack else by_sample[0]
        return shown if n_channels > 1 else shown[..., 0]

    reference = result.reference
    names = "ZYX"[-measurement.n_dims :]
    return ImagePage(
        measured=pictures(result.mean),
        estimate=pictures(result.estimate),
        sigma=pictures(result.uncertainty),
        noise_sigma=pictures(result.noise),
        reference=None if reference is None else pictures(reference),
        channel_axis=-1 if n_channels > 1 else None,
        is_colour=n_channels == COLOURS,
        is_stack=is_stack,
        axes=("Sample", *names) if is_stack else tuple(names),
        curves=result.curves,
        unit=measurement.spacing[1],
        value_name="Counts" if isinstance(result.trained.noise, Poisson) else "Value",
        title=_title(measurement),
        measurement=_facts(result, measurement),
        verdict=result.verdict,
        warnings=result.warnings,
        candidates=candidates_of(result, "pixel"),
        tables=result.tables,
        made=made_by(result),
        settings=settings_of(result),
        citation=cite(result),
    )


def _title(measurement: ImageMeasurement) -> str:
    what = f"Denoised {'image' if measurement.n_dims == 2 else 'volume'}"
    what += "s" * (measurement.n_samples > 1)
    sources = measurement.sources
    return f"{what}: {sources[0].name}" if len(sources) == 1 else what


def _facts(result: Result, measurement: ImageMeasurement) -> dict[str, object]:
    """Say what was measured, and how it was read."""
    facts: dict[str, object] = {}
    if measurement.sources:
        facts["Files"] = [source.name for source in measurement.sources]
    if measurement.n_samples > 1:
        facts["Samples"] = measurement.n_samples
    facts["Exposures"] = alike([sample.n_repeats for sample in measurement.samples])
    facts["Pixels"] = " x ".join(map(str, measurement.size))
    if measurement.n_channels > 1:
        facts["Channels"] = measurement.n_channels
    facts["Noise"] = result.trained.noise.describe()
    if result.notes:
        facts["Notes"] = " ".join(result.notes)
    return facts
