"""EMSA/MSA (ISO 22029): one spectrum as text with a header of keywords.

Keywords are kept as they stand in ``metadata["emsa"]`` and written back; live and real time, which
others ask for, are in ``metadata["live_time"]`` and ``["real_time"]`` as well, in seconds.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.description import from_pieces, same_bits, to_pieces
from autoden.io.files import FilePath
from autoden.io.foreign import parsing
from autoden.io.positions import is_monotonic
from autoden.io.spectrum_text import (
    calibrated,
    calibration,
    format_number,
    one_spectrum,
    parse_counts,
    parse_number,
    read_text,
    write_lines,
)
from autoden.signals import Axis, Signal

KEYWORDS = "emsa"  # the name of the keywords in the metadata
_OWN = "#AUTODEN"
_WIDTH = 60  # of the pieces of our own text: the standard ends lines after 80 characters
_LINE = re.compile(r"#(#?[^:]*?)\s*:\s?(.*)")
_CELLS = re.compile(r"[\s,;]+")
_PRINTED = re.compile(r"#?[A-Za-z0-9_./-][A-Za-z0-9_./ -]*")
_TIMES = {"live_time": "LIVETIME", "real_time": "REALTIME"}
_STRUCTURE = (
    "FORMAT", "VERSION", "NPOINTS", "NCOLUMNS", "XUNITS", "XLABEL", "DATATYPE", "XPERCHAN",
    "OFFSET", "SPECTRUM", "ENDOFDATA", "CHECKSUM", _OWN,
)  # fmt: skip
_REQUIRED = ("TITLE", "DATE", "TIME", "OWNER")
_UNITS = {"kev": "keV", "ev": "eV", "mev": "MeV"}


def read(path: FilePath) -> Signal:
    """Read a spectrum.

    Parameters
    ----------
    path : path-like
        A file of either data type, Y (positions by OFFSET and XPERCHAN) or XY.

    Returns
    -------
    Signal
        Shape (energy,), int64 if every number is whole, otherwise float64. The axis is named by
        XLABEL, or "energy" where its unit is one of energy, otherwise "channel".

    Raises
    ------
    InputError
        No EMSA file, a file that is cut off (NPOINTS and ENDOFDATA tell), cells that are no
        finite numbers.
    """
    text, name = read_text(path)
    with parsing(name, "an EMSA file"):
        lines = list(enumerate(text.split("\n"), start=1))
        header, pieces, n_header = _header(lines, name)
        assumed: list[str] = []
        data, listed = _spectrum(header, _numbers(lines[n_header:], name), name, assumed)
        by_step = _calibrated(header, data.size, name)
        if pieces:
            positions = by_step if listed is None else listed
            return from_pieces(pieces, data, name, positions=positions)
        axis = _axis(header, listed, by_step, assumed)
        metadata: dict[str, Any] = {"source": name, "assumed": assumed}
        for key, keyword in _TIMES.items():
            seconds = _number(header, keyword, name)
            metadata |= {key: seconds} if seconds is not None else {}
        kept = {key: value for key, value in header.items() if key not in _STRUCTURE}
        return Signal(data, (axis,), {**metadata, KEYWORDS: kept})


def write(path: FilePath, signal: Signal) -> None:
    """Write a spectrum; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        The file, replaced if it exists.
    signal : Signal
        One real, finite spectrum. Its data type is Y if offset and step give its positions to
        the last bit, otherwise XY.

    Raises
    ------
    InputError
        Several spectra, complex or long numbers, NaN or infinity.
    """
    data, axis = one_spectrum(signal, "An EMSA file"), signal.axes[-1]
    offset, step = calibration(axis)
    positions = calibrated((offset, step), 0, data.size)
    has_pairs = axis.values is not None and not same_bits(positions, axis.values)
    if has_pairs and axis.values is not None:
        positions = axis.values
    header = {
        "FORMAT": "EMSA/MAS Spectral Data File",
        "VERSION": "1.0",
        **_kept(signal.metadata),
        "NPOINTS": f"{data.size}.",
        "NCOLUMNS": "1.",
        "XUNITS": axis.unit,
        "XLABEL": axis.name,
        "DATATYPE": "XY" if has_pairs else "Y",
        "XPERCHAN": format_number(step),
        "OFFSET": format_number(offset),
    }
    lines = [_keyword(key, each) for key, value in header.items() for each in value.split("\n")]
    lines += [_keyword(_OWN, piece) for piece in to_pieces(signal, _WIDTH, positions=positions)]
    lines.append(_keyword("SPECTRUM", "Spectral Data Starts Here"))
    numbers = [format_number(value) for value in data]
    if has_pairs:
        numbers = [f"{format_number(x)}, {y}" for x, y in zip(positions, numbers, strict=True)]
    write_lines(path, [*lines, *numbers, _keyword("ENDOFDATA", "")])


def _header(lines: list[tuple[int, str]], name: str) -> tuple[dict[str, str], list[str], int]:
    """Read the keywords up to the spectrum: their values, our own text, how many lines they are."""
    header: dict[str, str] = {}
    pieces: list[str] = []
    for number, line in lines:
        found = _LINE.fullmatch(line.strip())
        if found is None:
            if not line.strip():
                continue
            raise InputError(
                f"{name}, line {number}: a keyword such as '#TITLE : ...' is expected: it is no "
                "EMSA file, or it has no line #SPECTRUM."
            )
        keyword, value = found[1].strip(), found[2].strip()
        known = keyword.upper() if keyword.upper() in (*_STRUCTURE, *_TIMES.values()) else keyword
        if not header and known != "FORMAT":
            raise InputError(f"{name} does not begin with #FORMAT: it is no EMSA file.")
        if known == "SPECTRUM":
            return header, pieces, number
        if known == _OWN:
            pieces.append(value)
        elif known in header and known not in _STRUCTURE:
            header[known] += f"\n{value}"  # comments, mostly
        else:
            header[known] = value
    raise InputError(f"{name} has no line #SPECTRUM: it is incomplete or no EMSA file.")


def _numbers(lines: list[tuple[int, str]], name: str) -> list[tuple[int, str]]:
    """Return the cells of the spectrum, each with the number of its line."""
    cells: list[tuple[int, str]] = []
    for number, line in lines:
        if line.lstrip().startswith("#"):
            if line.lstrip()[1:].upper().startswith("ENDOFDATA"):
                return cells
            continue
        cells += [(number, cell) for cell in _CELLS.split(line) if cell]
    raise InputError(f"{name} ends without the line #ENDOFDATA: it is incomplete. Copy it again.")


def _spectrum(
    header: Mapping[str, str], cells: list[tuple[int, str]], name: str, assumed: list[str]
) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
    """Return counts and the positions listed, None if there are none; check how many are there."""
    has_pairs = header.get("DATATYPE", "Y").upper() == "XY"
    if has_pairs and len(cells) % 2:
        raise InputError(f"{name} has an odd number of cells, pairs are announced: it is damaged.")
    data = parse_counts(cells[1::2] if has_pairs else cells, name)
    announced = _number(header, "NPOINTS", name)
    if announced is None:
        assumed.append("the spectrum is complete: the number of its points is not announced")
    elif announced != data.size:
        raise InputError(
            f"{name} announces {announced:g} points, but holds {data.size}: it is damaged or "
            "incomplete. Copy it again."
        )
    listed = parse_counts(cells[::2], name).astype(np.float64) if has_pairs else None
    return data, listed


def _calibrated(header: Mapping[str, str], n_points: int, name: str) -> NDArray[np.float64]:
    """Return the positions by offset and step; all zero where the step is not given."""
    numbers = [_number(header, keyword, name) or 0.0 for keyword in ("OFFSET", "XPERCHAN")]
    return calibrated(numbers, 0, n_points)


def _axis(
    header: Mapping[str, str],
    listed: NDArray[np.float64] | None,
    by_step: NDArray[np.float64],
    assumed: list[str],
) -> Axis:
    """Name the axis, and choose its positions: those listed, or those by offset and step."""
    unit, label = header.get("XUNITS", ""), header.get("XLABEL", "")
    unit = _UNITS.get(unit.lower(), unit) if unit.isprintable() else ""
    values = by_step if listed is None else listed
    if listed is not None and not is_monotonic(listed):
        assumed.append("the positions are those of OFFSET and XPERCHAN: those listed repeat")
        values = by_step
    if not is_monotonic(values) or (values.size == 1 and listed is None and not values.any()):
        assumed.append("the positions of the channels are not known")
        return Axis("channel")
    named = label if label.strip() and label.isprintable() else ""
    return Axis(named or ("energy" if unit in _UNITS.values() else "channel"), unit, values)


def _number(header: Mapping[str, str], keyword: str, name: str) -> float | None:
    """Read the number of a keyword; None if it is not there."""
    value = header.get(keyword, "").rstrip(",").strip()
    return parse_number(value, f"{name}, #{keyword}") if value else None


def _kept(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Choose the keywords that are written: the known ones, and those that the file had."""
    given = metadata.get(KEYWORDS)
    found = dict.fromkeys(_REQUIRED, "")
    for key, value in (given if isinstance(given, Mapping) else {}).items():
        text = str(value)
        plain = isinstance(value, str | int | float) and all(
            line.isprintable() for line in text.split("\n")
        )
        if plain and _PRINTED.fullmatch(key) and key.upper() not in _STRUCTURE:
            found[key] = text
    for key, keyword in _TIMES.items():
        seconds = metadata.get(key)
        if isinstance(seconds, int | float) and math.isfinite(seconds):
            found[keyword] = format_number(seconds)
    return found


def _keyword(key: str, value: str) -> str:
    return f"#{key:<12}: {value}".rstrip()
