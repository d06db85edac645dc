"""A table of cells from the lines of a text file, and the numbers in it.

What the rows and columns mean is decided in ``table_layout.py``. Every error here names the file,
the line and the column, counted from 1 as editors do.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.text import (
    announced_delimiter,
    choose_delimiter,
    decode,
    plain_row,
    shorten,
    significant_lines,
    split_line,
)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
# What spreadsheets, R, Fortran and programmers write for numbers, and is_number does not take.
_NUMBER_LIKE = re.compile(
    r"""[+\-\u2212]?(?:nan|inf|infinity|true|false|null|n/a|\#n/a|(?-i:NA)|0x[0-9a-f]+
    |1\.\#(?:inf|ind|qnan)|\d{1,3}(?:[.,'\s]\d{3})+(?:[.,]\d*)?|\d+(?:_\d+)+
    |(?:\d+[.,]?\d*|[.,]\d+)(?:[ed][+-]?\d+)?\s*%?)""",
    re.IGNORECASE | re.VERBOSE,
)
_FRACTION = re.compile(r"[.eE]")  # a line without any of these may hold integers
MAX_HEADER_CELL = 200  # characters


@dataclass(frozen=True)
class Table:
    """A text file as cells.

    Parameters
    ----------
    source : str
        The file, for errors.
    header : tuple of str or None
        Cells of the first line if it names anything; None if its cells are numbers, or would be
        but for bad ones (NaN, 1D3, blank after the first column), which are data then.
    rows : list of str
        The lines below the header, cells separated by `delimiter`, numbers with a decimal point.
    line_numbers : list of int
        Line of the file in which each row stands.
    delimiter : str
        What separates cells: "," ";" "|" or a tab (which also stands for gaps).
    width : int
        Cells per row.
    decimal_comma : bool
        Whether the file writes 0,5 for one half.
    """

    source: str
    header: tuple[str, ...] | None
    rows: list[str]
    line_numbers: list[int]
    delimiter: str
    width: int
    decimal_comma: bool = False


def is_number(text: str) -> bool:
    """Tell whether a cell is a finite number in plain ASCII.

    Examples
    --------
    >>> [is_number(text) for text in ("-0.02", "1e3", "", "nan", "1_000", "2 mm")]
    [True, True, False, False, False, False]
    """
    return bool(_NUMBER.fullmatch(text))


def is_number_like(text: str) -> bool:
    """Tell whether a cell is a number, or was meant for one.

    Examples
    --------
    >>> [is_number_like(text) for text in ("12", "nan", "1D3", "0x1", "1.000,5", "True", "")]
    [True, True, True, True, True, True, False]
    >>> [is_number_like(text) for text in ("Na", "s1", "2theta", "brass")]
    [False, False, False, False]
    """
    return is_number(text) or bool(_NUMBER_LIKE.fullmatch(text))


def parse_table(content: bytes, source: str) -> Table:
    r"""Cut a text file into cells.

    Parameters
    ----------
    content : bytes
        The whole file: UTF-8, or UTF-16 with its mark.
    source : str
        Its name, for errors.

    Returns
    -------
    Table
        Header and rows, all of one width; lines that are blank or start with # are left out. A
        first line "sep=;", as Excel writes it, says what separates the cells.

    Raises
    ------
    InputError
        No text, no lines, nothing below the header, lines of unequal numbers of cells.

    Examples
    --------
    >>> table = parse_table(b"# a comment\n;0,5;1,0\n0;3;12\n", "spectra.csv")
    >>> table.header, table.rows, table.line_numbers
    (('', '0.5', '1.0'), ['0;3;12'], [3])
    """
    numbered = significant_lines(decode(content, source), source)
    delimiter = announced_delimiter(*numbered[0], source)
    if delimiter is not None:
        numbered = numbered[1:]
        if not numbered:
            raise InputError(f"{source} holds nothing but the separator of its cells.")
    numbers, lines = [number for number, _ in numbered], [line for _, line in numbered]
    delimiter = delimiter or choose_delimiter(lines[-1])
    first = split_line(lines[0], delimiter, f"{source}, line {numbers[0]}")
    rows = [plain_row(line, delimiter, f"{source}, line {number}") for number, line in numbered[1:]]
    delimiter = "\t" if delimiter == " " else delimiter
    if delimiter != ",":
        first, rows, decimal_comma = _with_decimal_points(first, rows)
    else:
        decimal_comma = False
    if is_number_like(first[0]) and all(is_number_like(cell) or not cell for cell in first):
        table = Table(source, None, [delimiter.join(first), *rows], numbers, delimiter, 0)
    else:
        _check_header(first, f"{source}, line {numbers[0]}")
        table = Table(source, tuple(first), rows, numbers[1:], delimiter, 0)
    if not table.rows:
        raise InputError(
            f"{source} has a header but no numbers below it: write one spectrum per line, or "
            "one energy per line."
        )
    return _with_width(replace(table, decimal_comma=decimal_comma))


def parse_numbers(table: Table, columns: range) -> NDArray[Any]:
    """Turn the rows of a table into numbers.

    Parameters
    ----------
    table : Table
        The cells.
    columns : range
        Which columns, from 0.

    Returns
    -------
    ndarray
        Shape (rows, columns), int64 if every cell is an integer, otherwise float64.

    Raises
    ------
    InputError
        A cell that is blank, text, NaN, infinite or too large.
    """
    lines, cut = table.rows, table.delimiter
    if columns != range(table.width):
        lines = [cut.join(line.split(cut)[columns.start : columns.stop]) for line in lines]
    whole = not any(_FRACTION.search(line) for line in lines)
    data = _load(lines, cut, np.int64) if whole else None
    if data is None:
        data = _load(lines, cut, np.float64)
    if data is None or not np.isfinite(data).all():
        _refuse_first(table, columns)
    return data


def parse_texts(table: Table, column: int) -> list[str]:
    """Return the cells of one column as text."""
    return [row.split(table.delimiter)[column].strip() for row in table.rows]


def _with_decimal_points(first: list[str], rows: list[str]) -> tuple[list[str], list[str], bool]:
    """Write decimal points for decimal commas, where commas do not separate cells."""
    pointed = [cell.replace(",", ".") for cell in first]
    new_first = [
        point if is_number(point) else cell for cell, point in zip(first, pointed, strict=True)
    ]
    found = new_first != first
    if any("," in row for row in rows) and not any("." in row for row in rows):
        rows, found = [row.replace(",", ".") for row in rows], True
    return new_first, rows, found


def _check_header(cells: list[str], place: str) -> None:
    for index, cell in enumerate(cells):
        if len(cell) > MAX_HEADER_CELL:
            raise InputError(
                f"{place}, column {index + 1}: a cell of {len(cell)} characters, {shorten(cell)}: "
                "give a table of spectra."
            )
        if not cell.isprintable():
            raise InputError(f"{place}, column {index + 1}: {shorten(cell)} is not printable.")


def _with_width(table: Table) -> Table:
    """Find the number of cells per row, and check that it is the same everywhere."""
    delimiter, rows, header = table.delimiter, table.rows, table.header
    width = rows[0].count(delimiter) + 1
    for row, number in zip(rows, table.line_numbers, strict=True):
        if row.count(delimiter) + 1 != width:
            raise InputError(
                f"{table.source}: line {number} has {row.count(delimiter) + 1} cells, but line "
                f"{table.line_numbers[0]} has {width}: all spectra need the same length."
            )
    if width > 1 and all(row.endswith(delimiter) for row in rows):
        if header and len(header) == width and header[-1] == "":
            header = header[:-1]
        if header is None or len(header) == width - 1:
            rows, width = [row[: -len(delimiter)] for row in rows], width - 1
    if header is not None and len(header) != width:
        raise InputError(
            f"{table.source}: the header has {len(header)} cells, but the lines below it have "
            f"{width}: they need the same number."
        )
    return replace(table, header=header, rows=rows, width=width)


def _load(
    lines: list[str], delimiter: str, dtype: type[np.int64] | type[np.float64]
) -> NDArray[Any] | None:
    """Return the numbers, shape (rows, columns), or None if a cell is none of that dtype."""
    if not all(map(str.strip, lines)):  # loadtxt would skip the line
        return None
    try:
        return np.loadtxt(lines, dtype=dtype, delimiter=delimiter, comments=None, ndmin=2)
    except (ValueError, OverflowError):
        return None


def _refuse_first(table: Table, columns: range) -> NoReturn:
    """Raise the error for the first cell that is no finite number."""
    for row, line in enumerate(table.rows):
        cells = line.split(table.delimiter)
        for column in columns:
            text = cells[column].strip()
            if not is_number(text) or not np.isfinite(float(text)):
                refuse_cell(table, row, column)
    raise InputError(f"{table.source} cannot be read as a table of numbers.")


def refuse_cell(table: Table, row: int, column: int) -> NoReturn:
    """Raise the error for a cell that is no number."""
    text = table.rows[row].split(table.delimiter)[column].strip()
    place = f"{table.source}, line {table.line_numbers[row]}, column {column + 1}"
    if not text:
        raise InputError(f"{place}: the cell is blank; every channel needs a number.")
    if is_number(text):
        raise InputError(f"{place}: {shorten(text)} is too large a number.")
    raise InputError(
        f"{place}: {shorten(text)} is not a finite number: write it like 12, 0.5 or 1e-3."
    )
