"""From the bytes of a text file to its lines, and from lines to cells.

What the cells mean is decided elsewhere. Every error names the file, the line and the column,
counted from 1 as editors do.
"""

import csv
import re

from autoden.errors import InputError

_SEPARATOR_LINE = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)  # written and read by Excel
_SEPARATORS = ",;\t| "
_GAP = re.compile(r"\s+(?![(\[])")  # a gap before a bracket belongs to a label: "Energy (keV)"
_SHOWN = 40  # characters of a bad cell that an error repeats


def decode(content: bytes, source: str) -> str:
    """Return the characters of a file in UTF-8, or in UTF-16 with its mark."""
    if not content.strip():
        raise InputError(f"{source} is empty: give a file with numbers.")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source} is not text in {encoding[:5].upper().rstrip('-')}: byte {error.start} is "
            f"0x{content[error.start]:02x}. Save the table again as CSV in UTF-8, or give the file "
            "the suffix of its true format."
        ) from error
    if "\0" in text:
        raise InputError(
            f"{source} holds binary data, not text: give the file the suffix of its true format."
        )
    return text


def significant_lines(text: str, source: str) -> list[tuple[int, str]]:
    """Give each line its number, from 1, and leave out those that are blank or a comment."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [
        (number, line)
        for number, line in enumerate(lines, start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not kept:
        raise InputError(
            f"{source} holds nothing but blank lines and comments: give a file with numbers."
        )
    return kept


def announced_delimiter(number: int, line: str, source: str) -> str | None:
    """Return what the first line says separates cells, "sep=;"; None if it is no such line."""
    announced = _SEPARATOR_LINE.fullmatch(line)
    if announced is None:
        return None
    if announced[1] not in _SEPARATORS:
        raise InputError(
            f"{source}, line {number}: cells separated by {announced[1]!r} cannot be read: use "
            "a comma, a semicolon, a tab, a gap or |."
        )
    return announced[1]


def choose_delimiter(line: str) -> str:
    """Tell from a line of data what separates its cells; " " stands for gaps."""
    return next((delimiter for delimiter in "\t;," if delimiter in line), " ")


def split_line(line: str, delimiter: str, place: str) -> list[str]:
    """Cut a line into its cells, without quotes and the blanks around them."""
    if delimiter == " ":
        cells = _GAP.split(line.strip())
    elif '"' not in line:
        cells = line.split(delimiter)
    else:
        try:
            cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
        except csv.Error as error:
            raise InputError(f"{place} cannot be cut into cells: {error}.") from error
    return [cell.strip() for cell in cells]


def plain_row(line: str, delimiter: str, place: str) -> str:
    """Write a row without quotes; gaps become tabs."""
    if delimiter != " " and '"' not in line:
        return line
    cells = split_line(line, delimiter, place)
    joint = "\t" if delimiter == " " else delimiter
    for index, cell in enumerate(cells):
        if joint in cell:
            raise InputError(
                f"{place}, column {index + 1}: {shorten(cell)} has a {joint!r} inside quotes: "
                "write numbers with a decimal point and names without it."
            )
    return joint.join(cells)


def shorten(text: str) -> str:
    """Quote a cell for an error, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
