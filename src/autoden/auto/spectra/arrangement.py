"""Acquisitions whose axes are known, in one order: samples, repeats, channels.

What runs along which axis, ``axes.py`` says; here the numbers are moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.auto.axes import OPEN, is_unnamed
from autoden.auto.spectra.acquisitions import Acquisition
from autoden.auto.spectra.channels import check_length
from autoden.errors import InputError
from autoden.signals import Axis
from autoden.signals.values import check_finite


@dataclass(frozen=True, eq=False)
class Arranged:
    """One acquisition in the order (samples, repeats, channels).

    Attributes
    ----------
    name : str
        What notes and errors call it.
    letters : str
        One per axis as it was given.
    values : ndarray of float64, shape (S, R, E)
        A copy of the user's numbers.
    axis : Axis
        What runs along the spectra.
    sample_axis : Axis or None
        What runs along the samples; None if there is no such axis.
    metadata : mapping
        Of the file or Signal.
    """

    name: str
    letters: str
    values: NDArray[np.float64]
    axis: Axis
    sample_axis: Axis | None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether nothing but the data can tell that they hold repeats."""
        return OPEN in self.letters

    @property
    def samples_last(self) -> bool:
        """Whether the samples are behind the channels."""
        return "S" in self.letters and self.letters.index("S") > self.letters.index("E")


def arrange(given: Acquisition, letters: str, *, is_element: bool) -> Arranged:
    """Bring an acquisition of spectra into order.

    Parameters
    ----------
    given : Acquisition
        Real numbers.
    letters : str
        What runs along its axes, as `letters_of` gives them.
    is_element : bool
        Whether it is one sample of a list.

    Raises
    ------
    InputError
        No spectra, spectra that are too short, or values that are not finite.

    Examples
    --------
    >>> from autoden.auto.spectra.acquisitions import gather
    >>> (given,), _ = gather(np.ones((9, 4)))
    >>> arrange(given, "ER", is_element=False).values.shape
    (1, 4, 9)
    """
    signal, name = given.signal, given.name
    if "E" not in letters:
        raise InputError(f"{name} holds images beside spectra: denoise them one by one.")
    check_finite(signal.data, name)
    if is_element and "S" in letters:
        raise InputError(
            f"{name} has the axes {letters}, but each element of a list is one sample: give an "
            "array of its own for each of its samples."
        )
    order = [letters.index(letter) for letter in ("S", "R", OPEN, "E") if letter in letters]
    moved = signal.data.transpose(order).astype(np.float64, order="C")  # a copy
    n_samples = moved.shape[0] if "S" in letters else 1
    values = moved.reshape(n_samples, -1, moved.shape[-1])
    check_length(values.shape[-1], letters, signal.shape, name)
    axis = _named(signal.axes[letters.index("E")], "channel")
    along = _sample_axis(signal.axes[letters.index("S")]) if "S" in letters else None
    return Arranged(name, letters, values, axis, apart(along, axis), signal.metadata)


def apart(sample_axis: Axis | None, axis: Axis) -> Axis | None:
    """Give the axis of the samples another name than that of the channels."""
    if sample_axis is None or sample_axis.name != axis.name:
        return sample_axis
    return Axis("spectrum" if axis.name == "sample" else "sample", "", sample_axis.values)


def _sample_axis(axis: Axis) -> Axis:
    """Name the axis of the samples: not "repeat", as tables call their rows."""
    return (
        Axis("sample", axis.unit, axis.values) if axis.name == "repeat" else _named(axis, "sample")
    )


def _named(axis: Axis, name: str) -> Axis:
    return Axis(name, axis.unit, axis.values) if is_unnamed(axis) else axis
