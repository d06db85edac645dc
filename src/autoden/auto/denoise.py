"""One call from measured spectra or images to an estimate that says how good it is.

The measurement is split into independent parts; filters and networks learn on some and are
compared on others; the best is trained on everything; replicas of its estimate tell the error.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from os import PathLike
from typing import Any, get_args

import numpy as np

from autoden.auto.budget import BUDGETS, IMAGE_BUDGETS, BudgetName
from autoden.auto.images.denoise import apply_to_images, denoise_images
from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.learning.competition import END, choose_method
from autoden.auto.learning.splits import Splits
from autoden.auto.progress import Progress, Tell
from autoden.auto.result import Result
from autoden.auto.setup import Setup
from autoden.auto.spectra.channels import common_axis
from autoden.auto.spectra.measurement import Measurement, read_measurement
from autoden.auto.spectra.reference import score_by
from autoden.auto.spectra.repair import repair
from autoden.auto.trained import Trained
from autoden.auto.verdicts.noise_again import check_noise
from autoden.checks import choice, seed_or_none
from autoden.errors import InputError
from autoden.io.reading import read
from autoden.noise.choice import NoiseName, choose_noise
from autoden.randomness import numpy_generator


def denoise(
    data: Any,
    *,
    axes: str | None = None,
    n_dims: int | None = None,
    noise: NoiseName = "auto",
    exposure: Any = None,
    budget: BudgetName = "balanced",
    reference: Any = None,
    seed: int | None = 0,
    progress: Tell | bool | None = None,
) -> Result:
    """Remove the noise from measured spectra, images or volumes, and say how well that went.

    Parameters
    ----------
    data : array_like, path, Signal, or list of them
        One spectrum, image or volume, repeats of one, or a list of samples of one set-up; raw
        counts are best. NaN in images says that nothing was measured there. See
        `autoden.auto.read_measurement` for how axes are read. Never written to.
    axes : str, optional
        One letter per axis: R (repeats), S (samples), E (energy or whatever runs along a spectrum);
        C (colours or other channels), Z, Y, X (space).
    n_dims : int, optional
        How many of the last axes are one spectrum (1), image (2) or volume (3); one more in front
        counts repeats.
    noise : {"auto", "poisson", "gaussian", "unknown"}
        What the noise is; "auto" decides by tests of the data and says so in `Result.notes`.
        "unknown" needs repeats.
    exposure : array_like, optional
        Live time or dose of each repeat, in any unit.
    budget : {"balanced", "fast", "best"}
        How much work to do for a better estimate.
    reference : like `data`, optional
        Acquisitions of the same kind for scoring only, in ``Result.quality["reference"]``; neither
        training nor selection sees them.
    seed : int or None
        The same seed gives the same result on the same machine; None follows the global state.
    progress : callable or bool, optional
        True draws a progress bar in a terminal or notebook. A function is called as
        ``progress(stage, fraction, details)``: the name of a stage, the share of all work that is
        done, and a mapping such as ``{"epoch": 3, "epochs": 25}``. It may be called from other
        threads, one at a time. If it raises `autoden.training.StopTraining`, the run ends early
        with the best method that was compared by then.

    Returns
    -------
    Result
        Estimate and uncertainty in the units of one (mean) acquisition, method, candidates,
        quality, warnings.

    Raises
    ------
    InputError
        Data that cannot be read in one way only, or that do not fit the noise model; settings
        outside their range. All before any training.

    Notes
    -----
    Candidates are the classical filters of `autoden.baselines`, tuned on the data; a mixture of
    filters chosen channel by channel, or pixel by pixel, by a network
    (`autoden.models.kernel_mixture`); and, for spectra and unless the budget is "fast", a DnCNN.
    All see one part of the counts and are compared on another in channels, or pixels, on which none
    was trained. If none is better than the mean, the mean is returned.

    Examples
    --------
    >>> import autoden as ad
    >>> spectra = ad.datasets.xrf_spectra(4, n_channels=1024, seed=0)
    >>> result = ad.denoise(spectra.counts, axes="RE", budget="fast")
    >>> result.estimate.shape, result.warnings
    ((1024,), [])
    >>> error = np.mean((result.estimate - spectra.truth) ** 2)
    >>> bool(error < np.mean((spectra.counts.mean(axis=0) - spectra.truth) ** 2) / 5)
    True
    """
    choice("noise", noise, get_args(NoiseName))
    work = BUDGETS[choice("budget", budget, BUDGETS)]
    seed_or_none(seed)
    told = Progress(progress)
    start = time.perf_counter()
    told.say("reading", 0.0)
    measurement = read_measurement(data, axes=axes, n_dims=n_dims, exposure=exposure)
    held = None if reference is None else _read_reference(reference, measurement, axes, n_dims)
    if held is not None:
        measurement = measurement.protecting(held)
    told.say("noise", 0.01)
    if isinstance(measurement, ImageMeasurement):
        given = {"budget": budget, "seed": seed}
        result = denoise_images(measurement, noise, IMAGE_BUDGETS[budget], seed, given, told)
        result = result if held is None else score_by(held, result)
        told.say("done", 1.0)
        return result.timed(time.perf_counter() - start)
    verdict = choose_noise(measurement.samples, noise)
    repaired = repair(measurement, verdict.noise)
    if len(repaired.warnings):  # what was found may have misled the choice
        verdict = choose_noise(repaired.measured, noise)
    rng = numpy_generator(seed, "splits")
    splits = Splits.draw(repaired.samples, verdict.noise, work.n_splits, rng)
    chosen = choose_method(splits, work, seed, told)
    told.say("uncertainty", END)
    trained = Trained(
        chosen.method,
        verdict.noise,
        chosen.candidates,
        work.n_replicas,
        seed,
        {"noise": verdict.noise.describe(), "budget": budget, "seed": seed},
        repaired.samples,
    )
    result = trained.result(
        measurement,
        repaired.samples,
        notes=[*measurement.notes, verdict.sentence, *chosen.notes],
        warnings=[*verdict.warnings, *repaired.warnings, *chosen.warnings],
        splits=splits.first(work.n_tuning_splits),
    )
    result = result if held is None else score_by(held, result)
    told.say("done", 1.0)
    return result.timed(time.perf_counter() - start)


def apply(
    trained: Trained,
    setup: Setup,
    other: Any,
    *,
    axes: str | None = None,
    n_dims: int | None = None,
    exposure: Any = None,
    protecting: Sequence[Any] = (),
) -> Result:
    """Denoise another measurement of a set-up by a trained method; see `Result.apply`.

    The files of the measurements that are `protecting` are not written over by the result.
    """
    start = time.perf_counter()
    measurement = read_measurement(other, axes=axes, n_dims=n_dims, exposure=exposure)
    setup.check(measurement.setup)
    measurement = measurement.protecting(*protecting)
    if isinstance(measurement, ImageMeasurement):
        return apply_to_images(trained, measurement).timed(time.perf_counter() - start)
    repaired = repair(measurement, trained.noise)
    noise = check_noise(repaired.samples, trained)
    return trained.result(
        measurement,
        repaired.samples,
        notes=[
            *measurement.notes,
            noise.sentence,
            "The method was chosen on other data of the set-up.",
        ],
        warnings=[*noise.warnings, *repaired.warnings],
        applied=True,
    ).timed(time.perf_counter() - start)


def _read_reference(
    reference: Any,
    measurement: Measurement | ImageMeasurement,
    axes: str | None,
    n_dims: int | None,
) -> Any:
    """Read the acquisitions to score by: as the data, or as repeats of a spectrum or an image."""
    if isinstance(reference, str | PathLike):
        reference = read(reference)
    is_list = isinstance(reference, list | tuple)
    n_axes = {np.ndim(each) + is_list for each in (reference if is_list else [reference])}
    has_axes = axes is not None and n_axes <= {len(axes), len(axes) + is_list}
    given = {"axes": axes} if has_axes else {"n_dims": n_dims or measurement.n_dims}
    is_array = isinstance(reference, np.ndarray)
    held = read_measurement(reference, **given if is_array or has_axes else {})
    if isinstance(measurement, Measurement) and isinstance(held, Measurement):
        common_axis(
            [
                (measurement.axis, measurement.n_channels, "the data"),
                (held.axis, held.n_channels, "`reference`"),
            ]
        )
    elif held.samples[0].shape != measurement.samples[0].shape:
        raise InputError(
            f"`reference` holds acquisitions of shape {held.samples[0].shape}, the data of "
            f"{measurement.samples[0].shape}: give such of the same shape."
        )
    if held.n_samples != measurement.n_samples:
        raise InputError(
            f"`reference` holds {held.n_samples} sample(s), the data {measurement.n_samples}: give "
            "acquisitions of the same samples."
        )
    for sample, kept in zip(measurement.samples, held.samples, strict=True):
        inner = tuple(range(1, sample.repeats.ndim))
        if any((row == sample.repeats).all(axis=inner).any() for row in kept.repeats):
            raise InputError(
                "`reference` holds an acquisition of the data: give others, or the score would be "
                "that of the data on themselves."
            )
    return held
