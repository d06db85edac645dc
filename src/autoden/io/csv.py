"""CSV, TSV and tables of text: one file of spectra, in the layouts that people use.

The steps are elsewhere: ``tables.py`` cuts text into cells, ``table_layout.py`` says what they
mean (its rules are listed there), ``overflow.py`` finds the overflow bin and ``table_writing.py``
writes.
"""

import logging
from pathlib import Path

from autoden.io.files import FilePath, check_source
from autoden.io.overflow import without_overflow_bin
from autoden.io.table_layout import interpret
from autoden.io.table_writing import format_table
from autoden.io.tables import parse_table
from autoden.signals import Signal

_logger = logging.getLogger(__name__)


def read(path: FilePath, *, keep_overflow: bool = False) -> Signal:
    """Read a table of spectra.

    Parameters
    ----------
    path : path-like
        Text in UTF-8. Cells are separated by commas, semicolons, tabs or gaps; numbers have a
        decimal point, or a decimal comma where commas separate nothing. Lines that start with #
        are left out.
    keep_overflow : bool
        Whether a last channel that holds the events above the range is kept. It is dropped by
        default, with a warning in the log and ``metadata["overflow_bin"]``; for the rule see
        `autoden.io.overflow.has_overflow_bin`.

    Returns
    -------
    Signal
        Always two axes, spectra and channels, also for a file of one spectrum: shape
        (repeat, energy), int64 if every number is an integer, otherwise float64. ``metadata`` has
        "source", "layout", "table" (how it was written) and "assumed" (sentences).

    Raises
    ------
    InputError
        The file is missing, empty, binary, has only a header, lines of unequal lengths, cells
        that are blank, text or not finite, or positions that are not strictly monotonic.
    """
    source = check_source(path)
    signal = interpret(parse_table(source.read_bytes(), str(source)))
    layout, assumed = signal.metadata["layout"], "; ".join(signal.metadata["assumed"])
    _logger.info("%s: %s%s", source.name, layout, f"; assumed: {assumed}" if assumed else "")
    return signal if keep_overflow else without_overflow_bin(signal, source.name)


def write(path: FilePath, signal: Signal) -> None:
    """Write spectra as a table of text; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        The file, replaced if it exists.
    signal : Signal
        Shape (spectra, channels) or (channels,), real and finite.

    Raises
    ------
    InputError
        What a table cannot hold: see `autoden.io.table_writing.format_table`.
    """
    target = Path(path)
    target.write_bytes(format_table(signal, target.suffix.lower()).encode("utf-8"))
