"""How a TIFF is written, so that other programs see axes and sizes of pixels as well.

A name ending in .ome.tif has them in OME's text, other files in ImageJ's where ImageJ can show the
numbers, and else as the resolution of a page. Autoden itself reads a tag of its own, which holds
all axes and metadata exactly.
"""

import uuid
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.description import NAME, describe, to_text
from autoden.io.files import FilePath
from autoden.io.positions import spacing
from autoden.signals import Axis, Signal

OWN_TAG = 65123  # among those that anybody may use
OME_SUFFIXES = (".ome.tif", ".ome.tiff")

_WRITTEN = frozenset("?bBhHiIlLqQefdFD")
_IMAGEJ = (np.uint8, np.uint16, np.float32)
_OME = frozenset("?bBhHiIfdFD")
_MAX_IMAGEJ = 2**32 - 2**25  # bytes: its offsets have 32 bits
_LETTERS = {
    "z": "Z", "depth": "Z", "time": "T", "channel": "C", "y": "Y", "row": "Y", "x": "X",
    "column": "X",
}  # fmt: skip
_STACKS = "TZC"  # what may run in front of a page, in ImageJ's order
_ASCII_UNITS = {"µm": "micron", "Å": "Angstrom"}
_CENTIMETRES = {
    "Å": 1e-8, "nm": 1e-7, "µm": 1e-4, "um": 1e-4, "mm": 0.1, "cm": 1.0, "m": 100.0, "inch": 2.54,
}  # fmt: skip


def write(path: FilePath, signal: Signal) -> None:
    """Write an image or a stack; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        The file, replaced if it exists. Ending in .ome.tif or .ome.tiff, it is an OME-TIFF.
    signal : Signal
        Any shape; the last two axes make a page. Bool, integers, float of 16 to 64 bits, or
        complex, kept as they are (ImageJ shows uint8, uint16 and float32).

    Raises
    ------
    InputError
        Other floats, metadata of an extraordinary size; for OME, more than three axes in front of
        the pages, and numbers of 64 bits other than float.
    """
    if signal.dtype.char not in _WRITTEN:
        raise InputError(
            f"A TIFF cannot hold {signal.dtype}: write an .npz file, or convert it to float64."
        )
    text = to_text(describe(signal))
    data = np.atleast_2d(signal.data)
    axes = (Axis("row"),) * (data.ndim - signal.ndim) + signal.axes
    coloured = _is_coloured(data, axes)
    letters = _letters(axes, coloured)
    if str(path).lower().endswith(OME_SUFFIXES):
        options = _for_ome(data, axes, letters, text)
    elif letters is not None and _imagej_shows(data, coloured):
        options = _for_imagej(axes, letters)
    else:
        options = _for_all(axes)
    tifffile.imwrite(
        Path(path),
        data,
        photometric="rgb" if coloured else "minisblack",
        software=NAME,
        extratags=[(OWN_TAG, "s", None, text, True)],
        **options,
    )


def _is_coloured(data: NDArray[Any], axes: Sequence[Axis]) -> bool:
    return (
        data.ndim > 2
        and axes[-1].name == "channel"
        and data.shape[-1] == 3
        and data.dtype.type in (np.uint8, np.uint16)
    )


def _imagej_shows(data: NDArray[Any], coloured: bool) -> bool:
    """Tell whether ImageJ has such numbers; tifffile takes pages of one column for damaged ones."""
    known = (np.uint8,) if coloured else _IMAGEJ
    return data.dtype.type in known and data.nbytes < _MAX_IMAGEJ and data.shape[-1] > 1


def _letters(axes: Sequence[Axis], coloured: bool) -> str | None:
    """Give the axes letters as ImageJ and OME have them; None where number or order do not allow.

    Axes without a letter of their own get a free one: what they are, our own tag tells.
    """
    page = "YXS" if coloured else "YX"
    front = [_LETTERS.get(axis.name, "") for axis in axes[: len(axes) - len(page)]]
    for chosen in combinations(_STACKS, len(front)):
        pairs = zip(front, chosen, strict=True)
        if all(own == letter or own not in _STACKS or not own for own, letter in pairs):
            return "".join(chosen) + page
    return None


def _for_imagej(axes: Sequence[Axis], letters: str) -> dict[str, Any]:
    by_letter = dict(zip(letters, axes, strict=True))
    metadata: dict[str, Any] = {"axes": letters}
    x, y = by_letter["X"], by_letter["Y"]
    sizes = [spacing(x), spacing(y)]
    options: dict[str, Any] = {}
    unit = _ASCII_UNITS.get(x.unit, x.unit)
    if None not in sizes and unit and unit.isascii():
        dots = [1.0 / abs(size) for size in sizes if size is not None]
        if all(1e-6 < each < 1e9 for each in dots):
            options["resolution"] = tuple(dots)
            metadata["unit"] = unit
            own = _ASCII_UNITS.get(y.unit, y.unit)
            metadata |= {"yunit": own} if own != unit and own.isascii() else {}
    for letter, key, unit_key in (("Z", "spacing", "zunit"), ("T", "finterval", "tunit")):
        axis = by_letter.get(letter)
        step = None if axis is None else spacing(axis)
        unit = "" if axis is None else _ASCII_UNITS.get(axis.unit, axis.unit)
        if step is not None and unit and unit.isascii():
            metadata |= {key: abs(step), unit_key: unit}
    return {"imagej": True, "metadata": metadata, **options}


def _for_ome(
    data: NDArray[Any], axes: Sequence[Axis], letters: str | None, text: str
) -> dict[str, Any]:
    if letters is None or data.dtype.char not in _OME or data.dtype.itemsize > 16:
        names = ", ".join(axis.name for axis in axes)
        raise InputError(
            f"An OME-TIFF holds time, z, channel, y and x, in this order, of up to 32 bits or "
            f"float64, but the signal has {names} of {data.dtype}: write a plain .tif."
        )
    metadata: dict[str, Any] = {"axes": letters, "UUID": str(uuid.uuid5(uuid.NAMESPACE_OID, text))}
    for letter, axis in zip(letters, axes, strict=True):
        step = spacing(axis)
        if step is None or letter not in "TZYX" or not axis.unit:
            continue
        key = "TimeIncrement" if letter == "T" else f"PhysicalSize{letter}"
        metadata |= {key: abs(step), f"{key}Unit": axis.unit}
    return {"ome": True, "metadata": metadata}


def _for_all(axes: Sequence[Axis]) -> dict[str, Any]:
    """Give tifffile the axes, and all programs the resolution of a page."""
    letters = [_LETTERS.get(axis.name, "Q") for axis in axes]
    unique = "".join(letter if letters.count(letter) == 1 else "Q" for letter in letters)
    options: dict[str, Any] = {"ome": False, "imagej": False, "metadata": {"axes": unique}}
    dots = []
    for axis in (axes[-1], axes[-2]):
        step, length = spacing(axis), _CENTIMETRES.get(axis.unit)
        dots.append(0.0 if step is None or length is None else 1.0 / abs(step * length))
    if all(1e-6 < each < 4e9 for each in dots):
        options |= {"resolution": tuple(dots), "resolutionunit": "CENTIMETER"}
    return options
