"""Spectra as a table of text that reads back equal: data, axes and the last bit of every number.

A signal that was read from a table is written the way it was read, if that reads back equal;
every other one as one spectrum per row below a header of positions, which always does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.labels import (
    CORNER_SEPARATOR,
    POSITION_NAMES,
    parse_label,
    row_label,
    split_corner,
)
from autoden.io.positions import is_monotonic, position_axis, position_label
from autoden.io.table_layout import (
    BARE_COLUMN,
    BARE_COLUMNS,
    BARE_ROWS,
    CHANNEL_NAME,
    COLUMNS,
    ROWS,
    interpret,
)
from autoden.io.tables import MAX_HEADER_CELL, is_number, parse_table
from autoden.signals import Axis, Signal
from autoden.signals.values import check_finite


def format_table(signal: Signal, suffix: str) -> str:
    r"""Write spectra as a table.

    Parameters
    ----------
    signal : Signal
        Shape (spectra, channels), or (channels,), which gives a single row. Real numbers.
    suffix : str
        ".tsv" separates cells by tabs, ".csv" by commas and ".txt" by tabs; for the latter two
        the delimiter with which the signal was read goes first.

    Returns
    -------
    str
        The whole file.

    Raises
    ------
    InputError
        Another number of axes, complex or non-finite numbers, positions that are not strictly
        monotonic, names of axes that a header cannot hold.

    Examples
    --------
    >>> energy = Axis("energy", "keV", [0.5, 1.0])
    >>> print(format_table(Signal(np.array([[3, 12], [4, 9]]), ["y", energy]), ".csv"))
    y \ energy (keV),0.5,1.0
    0,3,12
    1,4,9
    """
    spectra = _as_spectra(signal)
    style = spectra.metadata.get("table")
    style = style if isinstance(style, Mapping) else {}
    delimiter = {".csv": ",", ".tsv": "\t"}.get(suffix, "\t")
    if suffix != ".tsv" and style.get("delimiter") in (",", ";", "\t"):
        delimiter = style["delimiter"]
    cells = _cells_as_read(spectra, style)
    if cells is not None:
        text = _join(cells, delimiter)
        if _reads_back(text, spectra):
            return text
    return _join(_cells_of_rows(spectra, _corner(spectra.axes), style), delimiter)


def _as_spectra(signal: Signal) -> Signal:
    """Return the signal with two axes, int64 or float64, all finite."""
    if signal.ndim not in (1, 2):
        names = ", ".join(axis.name for axis in signal.axes)
        raise InputError(
            f"A table of text holds spectra, that is 1 or 2 axes, but the signal has {signal.ndim} "
            f"({names}): write its spectra one by one, or choose another format."
        )
    data = np.atleast_2d(check_finite(signal.data, "data"))
    if data.dtype.kind == "c":
        raise InputError("A table of text holds real numbers: write real and imaginary part apart.")
    if data.dtype.kind == "u" and data.max() > np.iinfo(np.int64).max:
        raise InputError("A table of text holds integers below 2**63: convert the data to float.")
    data = data.astype(np.float64 if data.dtype.kind == "f" else np.int64, copy=False)
    axes = signal.axes if signal.ndim == 2 else (_other_axis(signal.axes[0]), *signal.axes)
    values = axes[1].values
    if values is not None and not is_monotonic(values):
        raise InputError(
            f"The values of the axis {axes[1].name!r} must strictly rise or strictly fall to be "
            "the header of a table: sort the channels."
        )
    return Signal(data, axes, signal.metadata)


def _other_axis(axis: Axis) -> Axis:
    return Axis("spectrum" if axis.name == "repeat" else "repeat")


def _reads_back(text: str, spectra: Signal) -> bool:
    """Tell whether a table gives the same data and axes."""
    try:
        read = interpret(parse_table(text.encode("utf-8"), "the table"))
    except InputError:
        return False
    same_data = read.dtype == spectra.dtype and np.array_equal(read.data, spectra.data)
    return same_data and all(map(_same_axis, read.axes, spectra.axes))


def _same_axis(one: Axis, other: Axis) -> bool:
    if (one.name, one.unit) != (other.name, other.unit):
        return False
    if one.values is None or other.values is None:
        return one.values is other.values
    return np.array_equal(one.values, other.values)


def _cells_as_read(spectra: Signal, style: Mapping[str, Any]) -> list[list[str]] | None:
    """Write in the layout in which the signal was read; None if it was not read from a table."""
    layout = spectra.metadata.get("layout")
    positions = _position_cells(spectra.axes[1], spectra.shape[1], style)
    if layout == ROWS:
        if style.get("index_column", True):
            return _cells_of_rows(spectra, str(style.get("header_cell", "")), style)
        return [positions, *_number_cells(spectra.data)]
    if layout == COLUMNS:
        body = [
            [at, *row] for at, row in zip(positions, _number_cells(spectra.data.T), strict=True)
        ]
        if not isinstance(style.get("column_names"), list):
            return body
        return [[str(style.get("header_cell", "")), *_column_names(spectra, style)], *body]
    if layout == BARE_COLUMNS:
        return [_column_names(spectra, style), *_number_cells(spectra.data.T)]
    if layout == BARE_COLUMN:
        header = [list(map(str, style.get("column_names", [])))]
        return [*filter(None, header), *_number_cells(spectra.data.T)]
    if layout == BARE_ROWS:
        rows = _number_cells(spectra.data)
        if not style.get("index_column"):
            return rows
        return [[at, *row] for at, row in zip(_counting(spectra, style), rows, strict=True)]
    return None


def _column_names(spectra: Signal, style: Mapping[str, Any]) -> list[str]:
    """Write the names that the columns had, or new ones if there are more or fewer now."""
    names = style.get("column_names")
    if not isinstance(names, list) or len(names) != len(spectra.data):
        return [f"spectrum {index}" for index in range(len(spectra.data))]
    return [str(name) for name in names]


def _cells_of_rows(spectra: Signal, corner: str, style: Mapping[str, Any]) -> list[list[str]]:
    """Write a header of positions, then one spectrum per row after its index."""
    header = [corner, *_position_cells(spectra.axes[1], spectra.shape[1], style)]
    index = _index_cells(spectra, style)
    rows = zip(index, _number_cells(spectra.data), strict=True)
    return [header, *([at, *row] for at, row in rows)]


def _corner(axes: Sequence[Axis]) -> str:
    """Write the first cell of the header, from which names and units are read again."""
    rows, header = axes
    label = position_label(header)
    plain_rows = (rows.name, rows.unit, rows.values is None) == ("repeat", "", True)
    if not plain_rows or header.name not in POSITION_NAMES:
        label = f"{row_label(rows.name, rows.unit)}{CORNER_SEPARATOR}{label}"
    of_rows, of_header = split_corner(label)
    name, unit = parse_label(of_rows)
    found = position_axis(of_header, header.values, [])
    is_told = not of_rows or (name, unit or "") == (rows.name, rows.unit)
    is_told &= (found.name, found.unit) == (header.name, header.unit)
    if not is_told or len(label) > MAX_HEADER_CELL:
        raise InputError(
            f"The names and units of the axes, {label!r:.250}, cannot be told apart again in a "
            "header: use shorter ones without brackets that are left open and without backslashes."
        )
    return label


def _position_cells(axis: Axis, length: int, style: Mapping[str, Any]) -> list[str]:
    """Write the values of the axis so that they read back equal bit for bit."""
    if axis.values is None:
        return [CHANNEL_NAME.format(index) for index in range(length)]
    values = axis.values.tolist()
    if style.get("whole_positions") and all(value.is_integer() for value in values):
        return [str(int(value)) for value in values]
    return [repr(value) for value in values]


def _index_cells(spectra: Signal, style: Mapping[str, Any]) -> list[str]:
    """Write the first column: values of the rows' axis, their names, or a count."""
    values = spectra.axes[0].values
    if values is not None:
        return [repr(value) for value in values.tolist()]
    names = style.get("row_names")
    if isinstance(names, list) and len(names) == len(spectra.data) and all(map(_is_name, names)):
        return names
    return _counting(spectra, style)


def _counting(spectra: Signal, style: Mapping[str, Any]) -> list[str]:
    start = 1 if style.get("index_start") == 1 else 0
    return [str(number) for number in range(start, start + len(spectra.data))]


def _is_name(text: object) -> bool:
    """Tell whether a text can stand in the index column and is read as a name again."""
    if not isinstance(text, str) or not text.isprintable() or is_number(text):
        return False
    return text == text.strip() != "" and not set(text) & set('",;.#')


def _number_cells(data: NDArray[Any]) -> list[list[str]]:
    return [[repr(number) for number in row] for row in data.tolist()]


def _join(cells: list[list[str]], delimiter: str) -> str:
    lines = [delimiter.join(_quoted(cell, delimiter) for cell in cells[0])]
    lines += [delimiter.join(row) for row in cells[1:]]
    return "\n".join(lines) + "\n"


def _quoted(cell: str, delimiter: str) -> str:
    """Quote a cell of the header where its delimiter, a quote or a # would be misread."""
    if delimiter in cell or '"' in cell or cell.startswith("#"):
        return '"' + cell.replace('"', '""') + '"'
    return cell
