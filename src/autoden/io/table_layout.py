"""What the cells of a table of spectra mean: which way spectra run, and along what.

Told by the content alone, by the rules below, and never silently: the layout found is in
``metadata["layout"]``, and whatever the file did not say itself is a sentence in
``metadata["assumed"]``. How the table was written (delimiter, header) is kept in
``metadata["table"]``, so that a result can be written the same way.

1. Header of numbers below nothing or any first cell: one spectrum per row, the header is the axis;
   the first column is an index. Unless the header only counts (0, 1, 2 or 1, 2, 3), is not
   monotonic or is a single number, while the first column runs like an axis: then rule 2.
2. Header of names: the first column is the axis, one spectrum per column; unless it is named like
   all others (s1, s2): then every column is a spectrum, and nothing is known about the axis.
3. Numbers only. One column: one spectrum. First row runs like an axis (8 cells or more): it is the
   header. First column runs like an axis (8 rows or more; for two columns 3 rows, and any
   spacing): it is the axis, or an index if it only counts and rows are at least as long as there
   are rows. Otherwise one spectrum per row, and nothing is known about the axis.

What it is to run like an axis, and which quantity the axis is, ``positions.py`` says.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.labels import (
    CORNER_SEPARATOR,
    named_alike,
    names_positions,
    parse_label,
    split_corner,
)
from autoden.io.positions import (
    counts_from,
    first_misplaced,
    is_monotonic,
    position_axis,
    runs_like_an_axis,
)
from autoden.io.tables import (
    Table,
    is_number,
    is_number_like,
    parse_numbers,
    parse_texts,
    refuse_cell,
)
from autoden.signals import Axis, Signal

ROWS = "one spectrum per row, positions in the header"
COLUMNS = "one spectrum per column, positions in the first column"
BARE_ROWS = "one spectrum per row, no positions"
BARE_COLUMN = "one spectrum in one column, no positions"
BARE_COLUMNS = "one spectrum per column, no positions"

CHANNEL_NAME = "channel {}"  # header cells of an axis without values

_LEAST_CELLS = 8
_LEAST_ROWS_OF_TWO = 3


def interpret(table: Table) -> Signal:
    """Turn a table of cells into spectra.

    Parameters
    ----------
    table : Table
        The cells.

    Returns
    -------
    Signal
        Shape (spectra, channels), int64 or float64, and metadata "source", "layout", "table"
        and "assumed".

    Raises
    ------
    InputError
        A cell that is no number, or positions that are not strictly monotonic.
    """
    assumed: list[str] = []
    if table.decimal_comma:
        assumed.append("commas inside numbers are decimal commas")
    if table.width == 1 and len(table.rows) > 1:
        assumed.append("the only column is one spectrum; its positions are not known")
        return _bare_columns(table, BARE_COLUMN, assumed)
    if table.header is None:
        return _interpret_numbers(table, assumed)
    cells = table.header[1:]
    if cells and all(cell == CHANNEL_NAME.format(i) for i, cell in enumerate(cells)):
        return _spectra_in_rows(table, None, assumed)
    n_numbers = sum(is_number(cell) for cell in cells)
    if cells and n_numbers == len(cells):
        positions = np.array([float(cell) for cell in cells])
        if _axis_runs_down(table, positions):
            return _spectra_in_columns(table, assumed)
        return _spectra_in_rows(table, positions, assumed)
    meant = n_numbers and all(is_number_like(cell) or not cell for cell in cells)
    if meant or 2 * n_numbers > len(cells):
        column = next(i for i, cell in enumerate(cells, start=1) if not is_number(cell))
        raise InputError(
            f"{table.source}, header, column {column + 1}: {table.header[column]!r} is not a "
            "number, but most of the header is: give every channel its position."
        )
    if not cells:
        return _bare_rows(table, 0, assumed)
    if named_alike(table.header):
        assumed.append(
            f"the columns, named alike from {table.header[0]!r} on, are all spectra; their "
            "positions are not known"
        )
        assumed.append("the columns are repeats of one measurement")
        return _bare_columns(table, BARE_COLUMNS, assumed)
    return _spectra_in_columns(table, assumed)


def _interpret_numbers(table: Table, assumed: list[str]) -> Signal:
    """Apply rule 3: a table of numbers only."""
    first_texts = [text.strip() for text in table.rows[0].split(table.delimiter)]
    for column, text in enumerate(first_texts):
        if not is_number(text):
            refuse_cell(table, 0, column)
    first_row = _as_numbers(first_texts)
    n_rows = len(table.rows)
    if n_rows > 1 and len(first_row) >= _LEAST_CELLS and runs_like_an_axis(first_row):
        assumed.append("the first row, which rises or falls evenly, holds the positions")
        return _spectra_in_rows(_without_first_row(table), first_row, assumed, index_column=False)
    texts = parse_texts(table, 0)
    if not all(is_number(text) for text in texts) or table.width == 1:
        return _bare_rows(table, 0, assumed)  # which says what is wrong
    first_column = _as_numbers(texts)
    is_pair = table.width == 2 and n_rows >= _LEAST_ROWS_OF_TWO and is_monotonic(first_column)
    if is_pair or (n_rows >= _LEAST_CELLS and runs_like_an_axis(first_column)):
        if counts_from(texts) is not None and table.width - 1 >= n_rows:
            assumed.append("the first column, which only counts the rows, is an index")
            return _bare_rows(table, 1, assumed)
        assumed.append("the first column, which rises or falls evenly, holds the positions")
        return _spectra_in_columns(table, assumed)
    return _bare_rows(table, 0, assumed)


def _spectra_in_rows(
    table: Table,
    positions: NDArray[np.float64] | None,
    assumed: list[str],
    *,
    index_column: bool = True,
) -> Signal:
    """Read one spectrum per row; positions None: the header names channels."""
    corner = table.header[0] if table.header else ""
    if positions is not None and table.header:
        _check_header_order(table.source, table.header, positions)
    row_label, label = split_corner(corner)
    index = parse_texts(table, 0) if index_column else []
    data = parse_numbers(table, range(int(index_column), table.width))
    style = {"header_cell": corner, "index_column": index_column}
    if positions is not None and table.header and all(map(str.isdecimal, table.header[1:])):
        style["whole_positions"] = True
    rows = _row_axis(table, row_label, index, CORNER_SEPARATOR in corner, assumed)
    if index and not is_number(index[0]):
        style["row_names"] = index
    elif counts_from(index) == 1:
        style["index_start"] = 1
    axes = (rows, position_axis(label, positions, assumed))
    return _signal(table, data, axes, ROWS, style, assumed)


def _spectra_in_columns(table: Table, assumed: list[str]) -> Signal:
    """Read one spectrum per column; the first column holds the positions."""
    texts = parse_texts(table, 0)
    positions = parse_numbers(table, range(1))[:, 0].astype(np.float64)
    is_named = table.header is None or names_positions(table.header[0])
    if not is_monotonic(positions):
        row = first_misplaced(positions)
        raise InputError(
            f"{table.source}, line {table.line_numbers[row]}, column 1: {texts[row]} follows "
            f"{texts[row - 1]}, but the positions must strictly rise or strictly fall: "
            + ("" if is_named else "add a column of energies in front if this is a spectrum, else ")
            + "sort the lines, and write more digits if two are equal."
        )
    if table.header is not None and not is_named:
        called = f", {table.header[0]!r}," if table.header[0] else ", which has no name,"
        assumed.append(f"the first column{called} holds the positions")
    data = np.ascontiguousarray(parse_numbers(table, range(1, table.width)).T)
    style: dict[str, Any] = {"header_cell": table.header[0] if table.header else ""}
    if table.header:
        style["column_names"] = list(table.header[1:])
    if all(map(str.isdecimal, texts)):
        style["whole_positions"] = True
    label = style["header_cell"]
    axis = position_axis("" if is_number(label) else label, positions, assumed)
    rows = Axis("spectrum" if axis.name == "repeat" else "repeat")
    if len(data) > 1:
        assumed.append("the columns are repeats of one measurement")
    return _signal(table, data, (rows, axis), COLUMNS, style, assumed)


def _bare_rows(table: Table, first_column: int, assumed: list[str]) -> Signal:
    """Read one spectrum per row, of which the positions are not known."""
    data = parse_numbers(table, range(first_column, table.width))
    assumed.append("each row is a spectrum; its positions are not known")
    if len(data) > 1:
        assumed.append("the rows are repeats of one measurement")
    style: dict[str, Any] = {"index_column": bool(first_column)}
    if first_column and counts_from(parse_texts(table, 0)) == 1:
        style["index_start"] = 1
    return _signal(table, data, (Axis("repeat"), Axis("channel")), BARE_ROWS, style, assumed)


def _bare_columns(table: Table, layout: str, assumed: list[str]) -> Signal:
    """Read one spectrum per column, one channel per line, of which the positions are not known."""
    data = np.ascontiguousarray(parse_numbers(table, range(table.width)).T)
    style = {"column_names": list(table.header or ())}
    return _signal(table, data, (Axis("repeat"), Axis("channel")), layout, style, assumed)


def _signal(
    table: Table,
    data: NDArray[Any],
    axes: tuple[Axis, ...],
    layout: str,
    style: dict[str, Any],
    assumed: list[str],
) -> Signal:
    metadata = {
        "source": table.source,
        "layout": layout,
        "table": {"delimiter": table.delimiter, **style},
        "assumed": assumed,
    }
    return Signal(data, axes, metadata)


def _row_axis(
    table: Table, label: str, index: list[str], labelled: bool, assumed: list[str]
) -> Axis:
    """Name what runs down the rows, from the index column and its label."""
    numbers = [is_number(text) for text in index]
    if any(numbers) and not all(numbers):
        refuse_cell(table, numbers.index(False), 0)
    if "" in index:
        refuse_cell(table, index.index(""), 0)
    values = None
    if index and all(numbers) and counts_from(index) is None:
        values = _as_numbers(index)
        if not np.isfinite(values).all():
            refuse_cell(table, int(np.argmin(np.isfinite(values))), 0)
    name, unit = parse_label(label)
    if labelled or (values is not None and name):
        return Axis(name, unit or "", values)
    if len(table.rows) > 1:
        assumed.append("the rows are repeats of one measurement")
    return Axis("repeat", "", values)


def _axis_runs_down(table: Table, header: NDArray[np.float64]) -> bool:
    """Tell whether the first column rather than the header of numbers is the axis (rule 1)."""
    cells = (table.header or ())[1:]
    is_axis = is_monotonic(header) and len(cells) > 1 and counts_from(cells) is None
    if is_axis or CORNER_SEPARATOR in (table.header or ("",))[0]:
        return False
    texts = parse_texts(table, 0)
    if len(texts) < _LEAST_ROWS_OF_TWO or not all(is_number(text) for text in texts):
        return False
    return counts_from(texts) is None and runs_like_an_axis(_as_numbers(texts))


def _check_header_order(source: str, header: Sequence[str], positions: NDArray[np.float64]) -> None:
    """Refuse positions in a header that are not strictly monotonic, at the cell where it shows."""
    if is_monotonic(positions):
        return
    place = f"{source}, header, column"
    if not np.isfinite(positions).all():
        column = int(np.argmin(np.isfinite(positions))) + 1
        raise InputError(f"{place} {column + 1}: {header[column]} is too large a number.")
    column = first_misplaced(positions) + 1
    raise InputError(
        f"{place} {column + 1}: {header[column]} follows {header[column - 1]}, but the positions "
        "must strictly rise or strictly fall: sort the channels, give the header more digits if "
        "two are equal, or add a header of energies if this line is a spectrum."
    )


def _as_numbers(texts: Sequence[str]) -> NDArray[np.float64]:
    return np.array([float(text) for text in texts], dtype=np.float64)


def _without_first_row(table: Table) -> Table:
    return replace(table, rows=table.rows[1:], line_numbers=table.line_numbers[1:])
