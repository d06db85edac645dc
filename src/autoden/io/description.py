"""Axes and metadata of a signal in plain JSON, for the formats that have no place of their own.

What is described here reads back equal, to the last bit of every axis value. How the text gets
into a file is each format's own business (npz, PNG, TIFF).
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.signals import Axis, Signal

NAME = "autoden"  # under which files hold a description
_VERSION = 1
_DTYPE = "dtype"
_CALIBRATED = "as calibrated"
_MAX_CHARACTERS = 2**24  # more would be data rather than metadata


def describe(signal: Signal) -> dict[str, Any]:
    """Describe everything about a signal but its numbers.

    Parameters
    ----------
    signal : Signal
        Any signal.

    Returns
    -------
    dict
        "version", "shape", "axes" (each with "name", "unit" and "values", a list or None) and
        "metadata": nothing that JSON does not have.

    Examples
    --------
    >>> describe(Signal([[1, 2]], ["y", Axis("x", "mm", [0.5, 1.0])]))["axes"][1]
    {'name': 'x', 'unit': 'mm', 'values': [0.5, 1.0]}
    """
    axes = [
        {
            "name": axis.name,
            "unit": axis.unit,
            "values": None if axis.values is None else axis.values.tolist(),
        }
        for axis in signal.axes
    ]
    return {
        "version": _VERSION,
        "shape": list(signal.shape),
        "axes": axes,
        "metadata": dict(signal.metadata),
    }


def restore(description: dict[str, Any], data: NDArray[Any], source: str) -> Signal:
    """Put numbers and their description together again.

    Parameters
    ----------
    description : dict
        As `describe` gives it.
    data : ndarray
        The numbers, in any shape of the right size.
    source : str
        The file, for errors and for ``metadata["source"]``.

    Returns
    -------
    Signal
        Axes and metadata as they were written, but for "source".

    Raises
    ------
    InputError
        The description comes from a later autoden, or its shape does not fit the numbers.
    Exception
        Whatever a description that was tampered with leads to: call it where that is caught.
    """
    if description["version"] != _VERSION:
        raise InputError(
            f"{source} was written by a later version of autoden "
            f"(description {description['version']}, known is {_VERSION}): update autoden."
        )
    shape = tuple(description["shape"])
    axes = [Axis(axis["name"], axis["unit"], axis["values"]) for axis in description["axes"]]
    metadata = {"assumed": [], **description["metadata"], "source": source}
    whole = data if data.shape == shape else np.asarray(data).reshape(shape)
    return Signal(whole, tuple(axes), metadata)


def to_text(description: dict[str, Any]) -> str:
    """Write a description as JSON in plain ASCII.

    Raises
    ------
    InputError
        Metadata of an extraordinary size.
    """
    text = json.dumps(description)
    _check_length(text, "The axes and metadata of the signal")
    return text


def from_text(text: str, source: str) -> dict[str, Any]:
    """Read a description from JSON.

    Raises
    ------
    InputError
        A text of an extraordinary size.
    ValueError, RecursionError
        No JSON.
    """
    _check_length(text, f"{source}: its description")
    description: dict[str, Any] = json.loads(text)
    return description


def to_pieces(
    signal: Signal, width: int = _MAX_CHARACTERS, *, positions: NDArray[np.float64] | None = None
) -> list[str]:
    """Describe a signal and its dtype in pieces of text, for files whose lines are short.

    Parameters
    ----------
    signal : Signal
        Any signal.
    width : int
        Characters of each piece.
    positions : ndarray or None
        Positions along the last axis as the rest of the file gives them; only others are told.

    Returns
    -------
    list of str
        Printable ASCII without blanks; `from_pieces` puts it together again.

    Raises
    ------
    InputError
        Metadata of an extraordinary size.
    """
    description = describe(signal) | {_DTYPE: signal.dtype.newbyteorder("=").str}
    values = signal.axes[-1].values if signal.axes else None
    if positions is not None and values is not None and same_bits(values, positions):
        description["axes"][-1]["values"] = _CALIBRATED
    text = json.dumps(json.loads(to_text(description)), separators=(",", ":"))
    text = text.replace(" ", "\\u0020")  # of texts: there are none elsewhere
    return [text[start : start + width] for start in range(0, len(text), width)]


def from_pieces(
    pieces: Sequence[str],
    data: NDArray[Any],
    source: str,
    *,
    positions: NDArray[np.float64] | None = None,
) -> Signal:
    """Put the numbers and what `to_pieces` told of them together again.

    Raises
    ------
    InputError
        It comes from a later autoden, or does not fit the numbers.
    Exception
        Whatever a description that was tampered with leads to.
    """
    description = from_text("".join(pieces), source)
    dtype = np.dtype(str(description[_DTYPE]))
    if dtype.kind not in "biufc" or (dtype.kind == "c") != (data.dtype.kind == "c"):
        raise InputError(f"{source} announces numbers of the type {dtype}: it is damaged.")
    if description["axes"] and description["axes"][-1]["values"] == _CALIBRATED:
        description["axes"][-1]["values"] = positions
    return restore(description, data.astype(dtype, copy=False), source)


def same_bits(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Tell whether positions are equal to the last bit, and the sign of zero."""
    return one.tobytes() == other.tobytes()


def _check_length(text: str, what: str) -> None:
    if len(text) > _MAX_CHARACTERS:
        raise InputError(
            f"{what} would be {len(text)} characters of text, more than {_MAX_CHARACTERS}: "
            "leave out metadata, or write a .npz file, which holds long axes as numbers."
        )
