"""``autoden convert``: a file in another format, with its axes, units and metadata."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from autoden.cli.axes import Axes, named
from autoden.cli.events import Plan
from autoden.cli.files import AS_IT_IS, ReadOptions
from autoden.cli.manner import PLAIN, Manner
from autoden.cli.options import OUTPUT, Flag
from autoden.cli.record import NO_RECORD, TakesRecord, check_record, record_path
from autoden.cli.wording import in_options
from autoden.errors import InputError

logger = logging.getLogger(__name__)


def convert(
    file: Path,
    output: Path,
    /,
    *,
    axes: Axes = None,
    reading: ReadOptions = AS_IT_IS,
    force: Annotated[Flag, Parameter(group=OUTPUT)] = False,
    manner: Manner = PLAIN,
    record: TakesRecord = NO_RECORD,
) -> None:
    """Write what is in a file to another one; its suffix says the format.

    Parameters
    ----------
    file
        What is read; a place in a container as FILE.h5::/path.
    output
        What is written, such as out.tif or out.npz.
    force
        Overwrite the output if it exists.
    """
    from autoden.io import check_writable, write
    from autoden.io.provenance import with_provenance

    teller = manner.teller()
    teller.start(record.command, [file])
    with in_options():
        signal = named(reading.read(file), str(file), axes)
        logger.info("%s: %s", file, signal)
        if output.exists() and file.exists() and output.samefile(file):
            raise InputError(f"{output} is what is read: choose another name for the output.")
        check_writable(output, signal, overwrite=force)
        check_record(output, overwrite=force)
        written = {"output": str(output), "settings": str(record_path(output))}
        if manner.dry_run:
            options = record.resolved(output, {})
            teller.plan(Plan([f"Read {file}: {signal}."], [], written, options))
            return
        step = record.step([file])
        write(output, with_provenance(signal, step), overwrite=force)
        record.write(output, {}, step)
    logger.info("Wrote %s.", output)
    teller.result(written, {"shape": signal.shape, "dtype": str(signal.dtype)})
