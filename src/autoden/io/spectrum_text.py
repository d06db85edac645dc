"""One spectrum as text: what the files of analysers (EMSA, .mca, .spe) have in common.

Such files hold one spectrum and a calibration. What they have no place for (further metadata, the
dtype, positions that no calibration gives) goes into lines of autoden's own, in the pieces of
``description.py``, which other programs pass over.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.files import FilePath, check_source
from autoden.io.foreign import say_bytes
from autoden.io.text import shorten
from autoden.signals import Axis, Signal
from autoden.signals.values import check_finite

MAX_BYTES = 2**22  # of the text of one spectrum, 100,000 channels: reading takes 100 times that
_EXACT = 2.0**53  # whole numbers that a float64 holds
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")


def read_text(path: FilePath) -> tuple[str, str]:
    """Return the characters of a file, and its name for errors.

    Raises
    ------
    InputError
        It is missing, empty, binary, or larger than any spectrum.
    """
    source = check_source(path)
    name, n_bytes = str(source), source.stat().st_size
    if n_bytes > MAX_BYTES:
        raise InputError(
            f"{name} has {say_bytes(n_bytes)}, more than the text of one spectrum takes "
            f"({say_bytes(MAX_BYTES)}): check its suffix."
        )
    content = source.read_bytes()
    if not content.strip():
        raise InputError(f"{name} is empty: give a file with a spectrum.")
    if b"\0" in content:
        raise InputError(
            f"{name} holds binary data, not text: give the file the suffix of its true format."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # as instruments write "µm"
    return text.replace("\r\n", "\n").replace("\r", "\n"), name


def parse_number(cell: str, place: str) -> float:
    """Read a finite number.

    Raises
    ------
    InputError
        Something else; the message says where.
    """
    try:
        value = float(cell)
    except ValueError:
        value = np.nan
    if not np.isfinite(value) or "_" in cell:
        raise InputError(f"{place}: {shorten(cell)} is not a finite number.")
    return value


def parse_counts(cells: Iterable[tuple[int, str]], name: str) -> NDArray[Any]:
    """Read numbers, each with the number of its line: int64 if all are whole, else float64.

    Raises
    ------
    InputError
        A cell that is no finite number, or no cell at all.
    """
    given = list(cells)
    values = [parse_number(cell, f"{name}, line {line}") for line, cell in given]
    if not values:
        raise InputError(f"{name} holds no numbers: it is damaged or of another kind.")
    data = np.array(values, dtype=np.float64)
    if np.abs(data).max() >= _EXACT and all(_WHOLE.fullmatch(cell) for _, cell in given):
        exact = [int(cell) for _, cell in given]
        for dtype in (np.int64, np.uint64):
            limits = np.iinfo(dtype)
            if limits.min <= min(exact) and max(exact) <= limits.max:
                return np.array(exact, dtype=dtype)
    whole = bool(np.all(data == np.rint(data)) and np.abs(data).max() < _EXACT)
    whole = whole and not np.any(np.signbit(data) & (data == 0))  # -0.0
    return data.astype(np.int64) if whole else data


def format_number(value: Any) -> str:
    """Write a number so that it reads back equal: '12', '0.1'."""
    plain = value.item() if isinstance(value, np.generic) else value
    return repr(int(plain) if isinstance(plain, bool) else plain)


def one_spectrum(signal: Signal, kind: str) -> NDArray[Any]:
    """Return the numbers of a signal that is a single spectrum.

    Parameters
    ----------
    signal : Signal
        One axis, or further ones of one element in front of it.
    kind : str
        What the file is: "An EMSA file".

    Raises
    ------
    InputError
        Several spectra, an image; complex numbers, long floats, NaN or infinity.
    """
    if signal.ndim == 0 or any(length != 1 for length in signal.shape[:-1]):
        raise InputError(
            f"{kind} holds one spectrum, but the signal has shape {signal.shape}: write its "
            "spectra one by one, or a .csv, .h5 or .npz file, which hold several."
        )
    if signal.dtype.kind == "c" or signal.dtype.itemsize > 8:
        raise InputError(
            f"{kind} holds real numbers of up to 64 bits, but the signal is {signal.dtype}: "
            "convert it, or write an .npz file."
        )
    return check_finite(signal.data.reshape(-1), "the numbers of the signal")


def calibrated(coefficients: Sequence[float], first: int, n_channels: int) -> NDArray[np.float64]:
    """Return the positions a + b i + c i**2 of the channels i = first, first + 1, ..."""
    channels = np.arange(first, first + n_channels, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.polynomial.polynomial.polyval(channels, list(coefficients)))


def calibration(axis: Axis) -> tuple[float, float]:
    """Return offset and step of the straight line that is closest to the ends of an axis.

    Examples
    --------
    >>> calibration(Axis("energy", "keV", [0.5, 1.0, 1.5])), calibration(Axis("channel"))
    ((0.5, 0.5), (0.0, 1.0))
    """
    if axis.values is None:
        return 0.0, 1.0
    first, last = float(axis.values[0]), float(axis.values[-1])
    if axis.values.size == 1:
        return first, 1.0
    step = last / (axis.values.size - 1) - first / (axis.values.size - 1)
    return first, step if np.isfinite(step) else 0.0


def write_lines(path: FilePath, lines: Iterable[str]) -> None:
    """Write lines of text in UTF-8, ended as on Unix.

    Raises
    ------
    InputError
        More than `read_text` would read.
    """
    content = ("\n".join(lines) + "\n").encode("utf-8")
    if len(content) > MAX_BYTES:
        raise InputError(
            f"The spectrum would take {say_bytes(len(content))} of text, more than the format is "
            f"made for ({say_bytes(MAX_BYTES)}): write a .csv, .h5 or .npz file."
        )
    Path(path).write_bytes(content)
