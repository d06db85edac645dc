"""Files of multichannel analysers: .mca and .spe, one spectrum as text, in two layouts.

The one is a single column of numbers, with comments (PyMca's simplest file). The other has
sections, each after a line ``$NAME:``, as the IAEA and ORTEC's programs write them; it is the one
that is written. Sections are kept as they stand in ``metadata["sections"]`` and written back; live
and real time are in ``metadata["live_time"]`` and ``["real_time"]`` as well, in seconds.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.description import from_pieces, to_pieces
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

SECTIONS = "sections"  # the name of the sections in the metadata
_OWN = "AUTODEN"
_WIDTH = 76
_SECTION = re.compile(r"\$([A-Za-z0-9_./ -]+):\s*(.*)")
_NAME = re.compile(r"[A-Z0-9_./-]+")
_COEFFICIENTS = {"MCA_CAL": 1, "ENER_FIT": 0}  # lines before them; the first that tells counts
_STRUCTURE = frozenset({"DATA", "MEAS_TIM", "ENDRECORD", _OWN, *_COEFFICIENTS})
_UNITS = {"kev": "keV", "ev": "eV", "mev": "MeV"}
_OTHERS = {
    "<<PMCA SPECTRUM>>": "Amptek's",
    "#F ": "SPEC's",
    "#S ": "SPEC's",
    "#FORMAT": "EMSA's (suffix .msa)",
}

Sections = dict[str, list[tuple[int, str]]]


def read(path: FilePath) -> Signal:
    """Read a spectrum.

    Parameters
    ----------
    path : path-like
        A column of numbers after comments with #, or sections with counts in ``$DATA:``.

    Returns
    -------
    Signal
        Shape (channel,) or, if ``$MCA_CAL:`` or ``$ENER_FIT:`` has coefficients, (energy,);
        int64 if every number is whole, otherwise float64.

    Raises
    ------
    InputError
        Another kind of file, cells that are no finite numbers, fewer or more counts than
        announced.
    """
    text, name = read_text(path)
    for start, whose in _OTHERS.items():
        if text.lstrip().upper().startswith(start):
            raise InputError(
                f"{name} is in {whose} own layout, which is not known here for .mca and .spe: "
                "export it as EMSA (.msa), CSV, or with the sections $DATA: and $MCA_CAL:."
            )
    with parsing(name, "a spectrum of an analyser"):
        lines = list(enumerate(text.split("\n"), start=1))
        if any(_SECTION.fullmatch(line.strip()) for _, line in lines):
            return _read_sections(lines, name)
        return _read_column(lines, name)


def write(path: FilePath, signal: Signal) -> None:
    """Write a spectrum in sections; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        The file, replaced if it exists.
    signal : Signal
        One real, finite spectrum. Positions that no straight line gives to the last bit are told
        in lines that only autoden reads; other programs see the straight line.

    Raises
    ------
    InputError
        Several spectra, complex or long numbers, NaN or infinity.
    """
    data, axis = one_spectrum(signal, "A file of an analyser"), signal.axes[-1]
    sections = _kept(signal.metadata)
    times = [signal.metadata.get(key) for key in ("live_time", "real_time")]
    live = _seconds(times[0])
    if live is not None:
        real = _seconds(times[1])
        sections["MEAS_TIM"] = [f"{live} {live if real is None else real}"]
    offset, step = calibration(axis)
    positions = np.zeros(0) if axis.values is None else calibrated((offset, step), 0, data.size)
    if axis.values is not None:
        coefficients = f"{format_number(offset)} {format_number(step)}"
        unit = f" {axis.unit}" if axis.unit and " " not in axis.unit else ""
        sections["ENER_FIT"] = [coefficients]
        sections["MCA_CAL"] = ["3", f"{coefficients} 0.0{unit}"]
    sections[_OWN] = to_pieces(signal, _WIDTH, positions=positions)
    sections["DATA"] = [f"0 {data.size - 1}", *(format_number(value) for value in data)]
    sections["ENDRECORD"] = []
    write_lines(path, [line for key, each in sections.items() for line in (f"${key}:", *each)])


def _read_column(lines: list[tuple[int, str]], name: str) -> Signal:
    """Read a column of numbers."""
    comments = [line.strip().removeprefix("#").strip() for _, line in lines if _is_comment(line)]
    cells = [(number, line.strip()) for number, line in lines if line.strip()]
    data = parse_counts(
        [(number, cell) for number, cell in cells if not cell.startswith("#")], name
    )
    assumed = [
        "the numbers are counts of one spectrum, one per channel",
        "the file is complete: it does not say how many channels it has",
    ]
    metadata: dict[str, Any] = {"source": name, "assumed": assumed}
    metadata |= {"comments": "\n".join(comments).strip()} if any(comments) else {}
    return Signal(data, (Axis("channel"),), metadata)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _read_sections(lines: list[tuple[int, str]], name: str) -> Signal:
    """Read sections."""
    sections = _split(lines)
    if "DATA" not in sections:
        raise InputError(f"{name} has no section $DATA:, so it holds no spectrum.")
    ended = list(sections)[-1] != "DATA" or not lines[-1][1].strip()
    if not ended or (_OWN in sections and "ENDRECORD" not in sections):
        raise InputError(f"{name} ends within a section: it is incomplete. Copy it again.")
    first, data = _counts(sections["DATA"], name)
    assumed: list[str] = []
    if _OWN in sections:
        straight = [float(cell) for _, cell in _cells(sections.get("ENER_FIT", []))]
        positions = calibrated(straight or [0.0], first, data.size)
        pieces = [line for _, line in sections[_OWN]]
        return from_pieces(pieces, data, name, positions=positions)
    axis = _axis(sections, first, data.size, name, assumed)
    metadata: dict[str, Any] = {"source": name, "assumed": assumed}
    times = _cells(sections.get("MEAS_TIM", []))
    for key, (line, cell) in zip(("live_time", "real_time"), times, strict=False):
        metadata[key] = parse_number(cell, f"{name}, line {line}")
    kept = {
        key: "\n".join(line for _, line in each)
        for key, each in sections.items()
        if key not in _STRUCTURE
    }
    return Signal(data, (axis,), {**metadata, SECTIONS: kept})


def _split(lines: list[tuple[int, str]]) -> Sections:
    """Cut a file into its sections; what stands before the first one is left out."""
    sections: Sections = {}
    key = None
    for number, line in lines:
        found = _SECTION.fullmatch(line.strip())
        if found is not None:
            key = found[1].strip().upper()
            sections.setdefault(key, [])
        content = line.strip() if found is None else found[2].strip()
        if key is not None and content:
            sections[key].append((number, content))
    return sections


def _cells(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    return [(number, cell) for number, line in lines for cell in line.split()]


def _counts(lines: list[tuple[int, str]], name: str) -> tuple[int, NDArray[Any]]:
    """Read the number of the first channel, and the counts of all."""
    cells = _cells(lines)
    if len(cells) < 3:
        raise InputError(f"{name}: its section $DATA: holds no counts.")
    first, last = (parse_number(cell, f"{name}, line {line}") for line, cell in cells[:2])
    n_announced, n_there = last - first + 1, len(cells) - 2
    if n_announced != n_there or first != int(first) or abs(first) > 2**31:
        raise InputError(
            f"{name} announces counts of the channels {first:g} to {last:g}, but holds {n_there}: "
            "it is damaged or incomplete. Copy it again."
        )
    return int(first), parse_counts(cells[2:], name)


def _axis(sections: Sections, first: int, n_channels: int, name: str, assumed: list[str]) -> Axis:
    """Calibrate the channels, if coefficients that tell something are given."""
    for key, n_skipped in _COEFFICIENTS.items():
        cells = _cells(sections.get(key, [])[n_skipped:])
        words = [cell for _, cell in cells if not _is_number(cell)]
        numbers = [float(cell) for _, cell in cells if _is_number(cell)][:3]
        values = calibrated(numbers or [0.0], first, n_channels)
        if len(numbers) < 2 or not any(numbers[1:]):
            continue
        if not is_monotonic(values):
            assumed.append(f"the calibration ${key}: was left out: its energies do not only rise")
            continue
        unit = words[0] if words and words[0].isprintable() else ""
        if not unit:
            assumed.append(f"the energies of ${key}: are in keV")
        return Axis("energy", _UNITS.get(unit.lower(), unit) or "keV", values)
    if first:
        return Axis("channel", "", calibrated((0.0, 1.0), first, n_channels))
    assumed.append("the energies of the channels are not known")
    return Axis("channel")


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _seconds(value: Any) -> str | None:
    """Write a time; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return format_number(value)


def _kept(metadata: Mapping[str, Any]) -> dict[str, list[str]]:
    """Choose the sections that the file had and that are written back."""
    given = metadata.get(SECTIONS)
    kept: dict[str, list[str]] = {}
    for key, value in (given if isinstance(given, Mapping) else {}).items():
        lines = str(value).split("\n")
        plain = all(line.isprintable() and not line.lstrip().startswith("$") for line in lines)
        if plain and _NAME.fullmatch(key) and key not in _STRUCTURE:
            kept[key] = lines
    return kept
