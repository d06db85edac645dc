"""Data as a page shows them: spectra or images, one below the other, repeats averaged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.signals import Axis, Signal

REPEATS, SPECTRUM, IMAGE = "R", "E", "YX"


@dataclass(frozen=True, eq=False)
class View:
    """What is drawn.

    Attributes
    ----------
    values : ndarray
        Shape (items, channels) for spectra, (items, rows, columns) for images; real numbers.
    axes : tuple of Axis
        Those of one item.
    labels : tuple of str
        A name for each item, such as "sample 2, z 5".
    quantity : str
        What the values are.
    """

    values: NDArray[Any]
    axes: tuple[Axis, ...]
    labels: tuple[str, ...]
    quantity: str = "Value"

    @property
    def is_spectrum(self) -> bool:
        """Whether an item is a curve."""
        return len(self.axes) == 1


def shown_axes(letters: str) -> str:
    """Say which axes one curve or one image has.

    Raises
    ------
    InputError
        Neither a spectrum nor an image.

    Examples
    --------
    >>> shown_axes("RE"), shown_axes("TZYX"), shown_axes("YXE"), shown_axes("X")
    ('E', 'YX', 'E', 'X')
    """
    if SPECTRUM in letters:
        return SPECTRUM
    space = "".join(letter for letter in "ZYX" if letter in letters)[-2:]
    if not space:
        raise InputError(
            f"The axes {letters} have no spectrum (E) and no image (YX): say what runs along each."
        )
    return space


def view(signal: Signal, letters: str) -> View:
    """Arrange a signal for drawing: repeats averaged, all other axes one after another.

    Parameters
    ----------
    signal : Signal
        Data.
    letters : str
        What runs along each of its axes.

    Raises
    ------
    InputError
        Letters that do not fit, or neither spectrum nor image.
    """
    if len(letters) != signal.ndim:
        raise InputError(
            f"The axes {letters or '(none)'} are {len(letters)}, but the data have {signal.ndim} "
            f"(shape {signal.shape}): give one letter for each."
        )
    shown = shown_axes(letters)
    data = np.asarray(signal)
    quantity = "Counts" if np.issubdtype(data.dtype, np.integer) else "Value"
    if np.iscomplexobj(data):
        data = np.abs(data)
    left = letters
    if REPEATS in left:
        data = data.mean(axis=left.index(REPEATS), dtype=np.float64)
        left = left.replace(REPEATS, "")
    front = [letter for letter in left if letter not in shown]
    order = [left.index(letter) for letter in (*front, *shown)]
    data = data.transpose(order)
    n_front = len(front)
    labels = _labels(
        [signal.axes[letters.index(letter)].name for letter in front], data.shape[:n_front]
    )
    axes = tuple(signal.axes[letters.index(letter)] for letter in shown)
    items = data.reshape(math.prod(data.shape[:n_front]), *data.shape[n_front:])
    return View(items, axes, labels, quantity)


def _labels(names: Sequence[str], sizes: Sequence[int]) -> tuple[str, ...]:
    """Name items by their places along the axes before them, counted from 0."""
    if math.prod(sizes) == 1:
        return ("",)
    places = np.ndindex(*sizes)
    return tuple(
        ", ".join(f"{n} {i}" for n, i in zip(names, place, strict=True)) for place in places
    )
