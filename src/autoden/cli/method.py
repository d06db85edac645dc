"""``autoden infer`` with a method that ``autoden denoise --save-model`` kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from autoden.cli.denoise import parse_times
from autoden.cli.destinations import ReportDestination
from autoden.cli.events import Plan
from autoden.cli.outcome import conclude, only_says
from autoden.cli.readings import ReadingRepeats
from autoden.cli.record import Record
from autoden.cli.spectra import SpectraReading, read_spectra
from autoden.cli.telling import Teller
from autoden.cli.verdict import PARAMETERS, tell
from autoden.cli.wording import in_options
from autoden.errors import InputError


def is_method(path: Path) -> bool:
    """Tell a saved method from a denoiser by what its file says that it is."""
    from autoden.models.tensor_files import read_format

    return read_format(path) == "autoden-method"


def apply_method(
    model: Path,
    files: Sequence[Path],
    destination: ReportDestination,
    reading: ReadingRepeats,
    exposure: str | None,
    *,
    teller: Teller,
    record: Record,
    is_quiet: bool,
    is_dry: bool,
) -> int:
    """Load a method, read data of its set-up as ``denoise`` does, and denoise them."""
    with in_options(PARAMETERS):
        from autoden.auto.files.saved_method import SavedMethod
        from autoden.auto.files.saving import check_saving
        from autoden.auto.files.trained_files import read_trained
        from autoden.auto.spectra.measurement import read_measurement

        method = SavedMethod(*read_trained(model))
        _check_reading(model, reading)
        times = parse_times(exposure)
        letters = SpectraReading(
            reading.keep_overflow, reading.key, reading.series, reading.axes, reading.exposures
        )
        with only_says("autoden.io", logging.WARNING if is_quiet else logging.ERROR):
            given = read_spectra(files, letters)
            axes, n_dims = given.axes, reading.n_dims
            measurement = read_measurement(given.data, axes=axes, n_dims=n_dims, exposure=times)
        method.setup.check(measurement.setup)
        told = replace(measurement, sources=(model, *files))
        check_saving(destination.output, told, overwrite=destination.force)
        tell(measurement.notes)
        if is_dry:
            n_repeats = sum(sample.n_repeats for sample in measurement.samples)
            plan = Plan(
                [f"Read {model} and {', '.join(map(str, files))}: {n_repeats} measurements."],
                [f"Would denoise by {method.method}."],
                {name: str(path) for name, path in destination.written().items()},
                record.resolved(destination.output, {}),
            )
            teller.plan(plan)
            return 0
        step = record.step([model, *files])
        with only_says("autoden.io", logging.ERROR), only_says("autoden.auto", logging.ERROR):
            result = method.apply(given.data, axes=axes, n_dims=n_dims, exposure=times)
    return conclude(result, destination, teller, record, files, step, told=measurement.notes)


def _check_reading(model: Path, reading: ReadingRepeats) -> None:
    """Refuse options that denoisers take."""
    others = {
        "--channel-axis": reading.channel_axis,
        "--repeats-axis": reading.repeats_axis,
    }
    given = [option for option, value in others.items() if value is not None]
    if given:
        raise InputError(
            f"{model} is a method of autoden denoise, which takes no {' and no '.join(given)}: say "
            "what the axes are with --axes, such as --axes RE."
        )
