"""What a user gives, as signals with a name: one array, file or Signal, or a list of them.

What runs along their axes is not known here yet.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.auto.axes import is_one_row
from autoden.auto.spectra.channels import common_axis
from autoden.errors import InputError
from autoden.io import read
from autoden.io.reading import split_inside
from autoden.signals import Axis, Signal
from autoden.signals.values import check_numeric


@dataclass(frozen=True, eq=False)
class Acquisition:
    """One of the things that a user gives.

    Attributes
    ----------
    signal : Signal
        Real numbers; the axes of a bare array are called "axis_0", "axis_1" ...
    name : str
        What notes and errors call it: "counts.csv", "data", "data[2]".
    path : Path or None
        The file it was read from.
    """

    signal: Signal
    name: str
    path: Path | None = None


def gather(data: Any) -> tuple[list[Acquisition], bool]:
    """Read files and check numbers.

    Parameters
    ----------
    data : array_like, path, Signal, or list of them
        Never written to.

    Returns
    -------
    acquisitions : list of Acquisition
        One, or one per element of a list.
    is_list : bool
        Whether it was a list of acquisitions; nested lists of plain numbers are one array.

    Raises
    ------
    InputError
        A file that cannot be read; no numbers; values that are complex or masked.

    Examples
    --------
    >>> gather([[1, 2], [3, 4]])[1], gather([np.array([1, 2]), np.array([3, 4])])[1]
    (False, True)
    """
    if not isinstance(data, list | tuple) or not any(map(_is_whole, data)):
        return [_acquisition(data, "data")], False
    parts = [_acquisition(each, f"data[{index}]") for index, each in enumerate(data)]
    return _without_overflow(parts), True


def joined(parts: Sequence[Acquisition], axes: str) -> Acquisition | None:
    """Put a list together along a new first axis, if the letters given have one for it.

    Files with one row count as spectra of one axis.

    Parameters
    ----------
    parts : sequence of Acquisition
        The elements of the list.
    axes : str
        Letters, as `parse_axes` gives them.

    Returns
    -------
    Acquisition or None
        None if the letters are those of each element.

    Raises
    ------
    InputError
        Shapes or positions of channels that differ.
    """
    signals = [part.signal for part in parts]
    if all(map(is_one_row, signals)):
        signals = [signal.with_data(signal.data[0], dropping="repeat") for signal in signals]
    if any(signal.ndim + 1 != len(axes) for signal in signals):
        return None
    name = f"data, a list of {len(parts)},"
    shapes = list(dict.fromkeys(signal.shape for signal in signals))
    if len(shapes) > 1:
        listed = ", ".join(map(str, shapes[:5])) + ", ..." * (len(shapes) > 5)
        raise InputError(
            f"`axes` is {axes!r} for {name} of different shapes {listed}: bring them to one shape, "
            "or leave `axes` out if they are samples."
        )
    own = list(signals[0].axes)
    if "E" in axes[1:]:
        along = axes.index("E") - 1
        own[along] = common_axis(
            [
                (s.axes[along], s.shape[along], part.name)
                for s, part in zip(signals, parts, strict=True)
            ]
        )
    names = ("repeat" if axes[0] == "R" else "sample", "element")
    first = Axis(next(each for each in names if each not in [axis.name for axis in own]))
    stacked = Signal(
        np.stack([signal.data for signal in signals]), (first, *own), signals[0].metadata
    )
    return Acquisition(stacked, name, parts[0].path)


def _is_whole(element: Any) -> bool:
    """Tell whether an element of a list is an acquisition, rather than a part of an array."""
    if isinstance(element, str | os.PathLike | Signal):
        return True
    return hasattr(element, "__array__") and getattr(element, "ndim", 1) > 0


def _acquisition(given: Any, name: str) -> Acquisition:
    """Read a file, or give an array axes."""
    path = None
    if isinstance(given, str | os.PathLike):
        file, inside = split_inside(given)
        path = Path(file).expanduser()
        given, name = read(given), path.name + (f"::{inside}" if inside else "")
    elif given is None or isinstance(given, Mapping | set | bytes):
        raise InputError(
            f"`{name}` is of type {type(given).__name__}: give an array, the path of a file, a "
            "Signal, or a list of them."
        )
    if not isinstance(given, Signal):
        array = check_numeric(given, name)
        given = Signal(array, tuple(Axis(f"axis_{index}") for index in range(array.ndim)))
    elif path is None and name == "data":
        name = str(given.metadata.get("source", name))
    given = given.loaded()
    _check_values(given.data, name)
    return Acquisition(given, name, path)


def _check_values(array: NDArray[Any], name: str) -> None:
    if array.ndim == 0:
        raise InputError(f"{name} is the single number {array}: give a spectrum.")
    if array.dtype.kind == "c":
        raise InputError(
            f"{name} is complex ({array.dtype}): give real numbers, such as the magnitude, or the "
            "real and the imaginary part one after the other."
        )


def _without_overflow(parts: list[Acquisition]) -> list[Acquisition]:
    """Drop an overflow bin, found in some tables, from those where it was too small to be found."""
    found = [part.signal for part in parts if "overflow_bin" in part.signal.metadata]
    lengths = {signal.shape[-1] for signal in found}
    if len(lengths) != 1:
        return parts
    length = lengths.pop()
    return [
        Acquisition(_cut(part.signal), part.name, part.path)
        if part.path is not None and part.signal.shape[-1] == length + 1
        else part
        for part in parts
    ]


def _cut(signal: Signal) -> Signal:
    """Leave out the last channel."""
    *front, axis = signal.axes
    values = None if axis.values is None else axis.values[:-1]
    return Signal(
        signal.data[..., :-1], (*front, Axis(axis.name, axis.unit, values)), signal.metadata
    )
