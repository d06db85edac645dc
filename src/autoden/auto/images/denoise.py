"""From measured images or volumes to a result: noise, faults, splits, competition, estimate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autoden.auto.budget import Budget
from autoden.auto.images.gaps import say_gaps
from autoden.auto.images.limits import say_cut_off
from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.images.noise import choose_image_noise
from autoden.auto.images.noise_again import check_image_noise
from autoden.auto.images.outliers import without_outliers
from autoden.auto.images.region import busiest_region
from autoden.auto.images.shared import shared_noise
from autoden.auto.learning.competition import END, FILTERS, choose_method
from autoden.auto.learning.splits import Splits
from autoden.auto.progress import SILENT, Progress
from autoden.auto.result import Result
from autoden.auto.trained import Trained
from autoden.noise.choice import NoiseName
from autoden.randomness import numpy_generator

SHARES = (0.08, 0.2)
"""Range of the share of the dose that a target takes."""


def denoise_images(
    measurement: ImageMeasurement,
    noise: NoiseName,
    work: Budget,
    seed: int | None,
    settings: Mapping[str, Any],
    progress: Progress = SILENT,
) -> Result:
    """Choose a method for images or volumes, train it and judge its estimate.

    Parameters
    ----------
    measurement : ImageMeasurement
        What was measured.
    noise : str
        What the user says that the noise is, or "auto".
    work : Budget
        How much to do.
    seed : int or None
        Of all draws.
    settings : mapping
        What the user gave, to be kept with the result.
    progress : Progress
        Who is told how far it is, and may ask for an early end.
    """
    calm = without_outliers(measurement.samples)
    verdict = choose_image_noise(calm.samples, noise, measurement.missing)
    rng = numpy_generator(seed, "splits")
    region = busiest_region(replace(measurement, samples=calm.samples), work.region)
    missing = np.stack(region.missing)
    splits = Splits.draw(
        region.samples, verdict.noise, work.n_splits, rng,
        shares=SHARES, missing=missing if missing.any() else None,
    )  # fmt: skip
    progress.say("filters", FILTERS)
    chosen = choose_method(splits, work, seed, progress)
    progress.say("uncertainty", END)
    trained = Trained(
        chosen.method,
        verdict.noise,
        chosen.candidates,
        work.n_replicas,
        seed,
        {"noise": verdict.noise.describe(), **settings},
        calm.samples,
        verdict.relative_error,
    )
    shared = shared_noise(calm.samples, measurement.missing)
    result = trained.result(
        measurement,
        calm.samples,
        notes=[*measurement.notes, verdict.sentence, *shared.notes, *region.notes, *chosen.notes],
        warnings=[
            *verdict.warnings,
            *calm.warnings(),
            *shared.warnings,
            *say_cut_off(calm.samples, verdict.noise),
            *say_gaps(measurement.missing),
            *chosen.warnings,
        ],
    )
    return calm.restored(result, measurement, verdict.noise)


def apply_to_images(trained: Trained, measurement: ImageMeasurement) -> Result:
    """Denoise other images by a trained method."""
    calm = without_outliers(measurement.samples)
    noise = check_image_noise(calm.samples, trained, measurement.missing)
    result = trained.result(
        measurement,
        calm.samples,
        notes=[
            *measurement.notes,
            noise.sentence,
            "The method was chosen on other data of the set-up.",
        ],
        warnings=[
            *noise.warnings,
            *calm.warnings(),
            *say_cut_off(calm.samples, trained.noise),
            *say_gaps(measurement.missing),
        ],
        applied=True,
    )
    return calm.restored(result, measurement, trained.noise)
