"""What comes of a method that denoised: files, and what a terminal or a program is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from autoden.cli import EXIT_INTERRUPTED
from autoden.cli.destinations import ReportDestination
from autoden.cli.record import Record
from autoden.cli.telling import Teller
from autoden.cli.verdict import describe, found_of, tell, tell_warnings

if TYPE_CHECKING:
    from pathlib import Path

    from autoden.auto.result import Result

logger = logging.getLogger(__name__)


def conclude(
    result: Result,
    destination: ReportDestination,
    teller: Teller,
    record: Record,
    files: Sequence[Path],
    step: Mapping[str, Any],
    *,
    told: Sequence[str] = (),
    is_interrupted: bool = False,
) -> int:
    """Write what is wanted of a result, tell the rest, and give the exit code.

    Parameters
    ----------
    result : Result
        Of `denoise`, or of a saved method.
    destination : ReportDestination
        Where it goes.
    teller : Teller
        Who tells.
    record : Record
        The options of the run.
    files : sequence of Path
        What was measured, which the library may have got as arrays.
    step : mapping
        What was done, as `Record.step` gives it.
    told : sequence of str
        Notes that were told before.
    is_interrupted : bool
        Whether the run was ended early.
    """
    result = replace(result, measurement=replace(result.measurement, sources=tuple(files)))
    saved = result.save(destination.output, overwrite=destination.force)
    written = list(saved)
    if destination.report is not None:
        written.append(result.report(destination.report, overwrite=destination.force))
    if destination.model is not None:
        written.append(result.save_model(destination.model, overwrite=destination.force))
    record.write(destination.output, {}, step)
    tell(note for note in result.notes if note not in told)
    teller.show(describe(result))
    tell_warnings(result)
    logger.info("Wrote %s after %.1f s.", " and ".join(map(str, written)), teller.seconds)
    paths = destination.written() | ({"sigma": saved[1]} if len(saved) > 1 else {})
    teller.result(paths, found_of(result), "interrupted" if is_interrupted else None)
    return EXIT_INTERRUPTED if is_interrupted else 0


@contextmanager
def only_says(room: str, least: int) -> Iterator[None]:
    """Let a room itself say only what is that serious: notes and warnings tell all of it."""
    logger = logging.getLogger(room)
    level = logger.level
    logger.setLevel(least)
    try:
        yield
    finally:
        logger.setLevel(level)
