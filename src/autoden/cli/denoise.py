"""``autoden denoise``: measurements in, the best estimate out, with uncertainty and verdict.

What is done, the library decides; here is how it is asked, and how the answer is told.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from autoden.cli.destinations import KeepingDestination
from autoden.cli.events import Plan
from autoden.cli.manner import PLAIN, Manner
from autoden.cli.options import DATA, METHOD
from autoden.cli.outcome import conclude, only_says
from autoden.cli.record import NO_RECORD, Record, TakesRecord
from autoden.cli.spectra import SpectraReading, read_reference, read_spectra
from autoden.cli.verdict import PARAMETERS, tell
from autoden.cli.watching import Stages
from autoden.cli.wording import in_options
from autoden.errors import InputError

if TYPE_CHECKING:
    from autoden.auto.files.saving import AnyMeasurement
    from autoden.auto.result import Result

AS_NAMED = SpectraReading()

Files = Annotated[
    list[Path],
    Parameter(
        name="FILE",
        help="Spectra, images or volumes, in any format that autoden reads; several files are "
        "repeats of one measurement unless --axes says otherwise.",
    ),
]
Noise = Annotated[
    Literal["auto", "poisson", "gaussian", "unknown"],
    Parameter(group=METHOD, help="What the noise is; auto tests it, and says what was found."),
]
Budget = Annotated[
    Literal["fast", "balanced", "best"],
    Parameter(group=METHOD, help="Time to spend: best averages several networks."),
]
Seed = Annotated[int, Parameter(group=METHOD, help="Same seed, same machine, same result.")]
Exposure = Annotated[
    str | None,
    Parameter(
        group=DATA,
        help="Live time or dose of each repeat that is used, separated by commas, such as "
        "0.1,0.1,0.4; all alike if not given.",
    ),
]
Reference = Annotated[
    list[Path] | None,
    Parameter(
        group=DATA,
        negative=(),
        consume_multiple=True,
        help="Further repeats, to score the result on: nothing is learnt or chosen from them. "
        "With --exposures, the file itself: those that are left out.",
    ),
]


def denoise(
    files: Files,
    /,
    *,
    destination: KeepingDestination,
    reading: SpectraReading = AS_NAMED,
    exposure: Exposure = None,
    reference: Reference = None,
    noise: Noise = "auto",
    budget: Budget = "balanced",
    seed: Seed = 0,
    manner: Manner = PLAIN,
    record: TakesRecord = NO_RECORD,
) -> int:
    """Read, denoise by the method that predicts held-out data best, and write."""
    teller = manner.teller()
    teller.start(record.command, files)
    destination.check([*files, *(reference or [])])
    with in_options(PARAMETERS):
        from autoden.auto.files.saving import check_saving
        from autoden.auto.spectra.measurement import read_measurement

        times = parse_times(exposure)
        with only_says("autoden.io", logging.WARNING if manner.quiet else logging.ERROR):
            spectra = read_spectra(files, reading)
            held = read_reference(reference, files, reading, spectra) if reference else None
            measurement = read_measurement(spectra.data, axes=spectra.axes, exposure=times)
        told = replace(measurement, sources=(*files, *(reference or [])))
        check_saving(destination.output, told, overwrite=destination.force)
        tell(measurement.notes)
        if manner.dry_run:
            teller.plan(_plan(destination, told, budget, record))
            return 0
        step = record.step([*files, *(reference or [])])
        stages = Stages(teller)
        with (
            only_says("autoden.io", logging.ERROR),
            only_says("autoden.auto", logging.ERROR),
            stages,
        ):
            result = _run(
                spectra.data,
                axes=spectra.axes,
                noise=noise,
                exposure=times,
                budget=budget,
                reference=held,
                seed=seed,
                progress=stages,
            )
        return conclude(
            result,
            destination,
            teller,
            record,
            files,
            step,
            told=measurement.notes,
            is_interrupted=stages.interrupted,
        )


def parse_times(text: str | None) -> list[float] | None:
    """Read live times such as 0.1,0.1,0.4.

    Raises
    ------
    InputError
        Something else than numbers between commas.

    Examples
    --------
    >>> parse_times("0.1,0.4"), parse_times(None)
    ([0.1, 0.4], None)
    """
    try:
        return None if text is None else [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(
            f"--exposure {text} must be numbers separated by commas, such as 0.1,0.1,0.4."
        ) from None


def _plan(
    destination: KeepingDestination, measurement: AnyMeasurement, budget: str, record: Record
) -> Plan:
    """Say what would be done."""
    samples = measurement.samples
    n_repeats = sum(sample.n_repeats for sample in samples)
    what = f"{len(samples)} sample{'s' * (len(samples) > 1)}, {n_repeats} measurements in all"
    return Plan(
        [f"Read {', '.join(map(str, measurement.sources))}: {what}."],
        [f"Would compare methods on held-out data (budget {budget}) and give the best estimate."],
        {name: str(path) for name, path in destination.written().items()},
        record.resolved(destination.output, {}),
    )


def _run(data: Any, **options: Any) -> Result:
    """Import the library's function, and torch, only when it is called."""
    from autoden.auto.denoise import denoise as run

    return run(data, **options)
