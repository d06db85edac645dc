"""The channels of spectra: enough of them, and the same for all.

Which axis they run along, ``axes.py`` says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoden.auto.axes import MIN_CHANNELS, OPEN
from autoden.errors import InputError
from autoden.signals import Axis

_SAME_POSITION = 0.01  # of a channel


def common_axis(parts: Sequence[tuple[Axis, int, str]]) -> Axis:
    """Return the axis that several spectra have in common.

    Parameters
    ----------
    parts : sequence of (Axis, int, str)
        The axis, its length, and what errors call its owner.

    Returns
    -------
    Axis
        The first one with positions, or else the first one.

    Raises
    ------
    InputError
        Lengths, units or positions that differ.

    Examples
    --------
    >>> common_axis([(Axis("energy", "keV"), 4095, "a.csv"), (Axis("energy"), 2048, "b.csv")])
    Traceback (most recent call last):
    autoden.errors.InputError: b.csv has 2048 channels, but a.csv has 4095: samples of one set-up
    have the same channels, so bring them to one axis first.
    """
    remedy = "samples of one set-up have the same channels, so bring them to one axis first."
    with_values = [part for part in parts if part[0].values is not None]
    axis, length, name = with_values[0] if with_values else parts[0]
    for other, other_length, other_name in parts:
        if other_length != length:
            raise InputError(
                f"{other_name} has {other_length} channels, but {name} has {length}: {remedy}"
            )
        if other.values is None or axis.values is None:
            continue
        if other.unit != axis.unit and other.unit and axis.unit:
            raise InputError(
                f"the channels of {other_name} are in {other.unit}, those of {name} in "
                f"{axis.unit}: {remedy}"
            )
        apart_by = np.abs(other.values - axis.values)
        if apart_by.max() > _SAME_POSITION * np.abs(np.diff(axis.values)).min():
            channel = int(apart_by.argmax())
            raise InputError(
                f"channel {channel} of {other_name} is at {other.values[channel]:.8g}, that of "
                f"{name} at {axis.values[channel]:.8g} {axis.unit}".rstrip()
                + f": {remedy}"
            )
    return axis


def check_length(length: int, letters: str, shape: tuple[int, ...], name: str) -> None:
    """Refuse spectra that are too short, such as repeats that were taken for channels.

    Examples
    --------
    >>> check_length(4, "RE", (4095, 4), "data")
    Traceback (most recent call last):
    autoden.errors.InputError: data holds spectra of 4 channels (shape (4095, 4), axes RE): give
    spectra of at least 8, or axes='ER' if its spectra run along the other axis.
    """
    if length >= MIN_CHANNELS:
        return
    longest = int(np.argmax(shape))
    hint = ""
    if shape[longest] >= MIN_CHANNELS:
        meant = list(letters.replace(OPEN, "R"))
        at = meant.index("E")
        meant[at], meant[longest] = meant[longest], meant[at]
        hint = f", or axes={''.join(meant)!r} if its spectra run along the other axis"
    raise InputError(
        f"{name} holds spectra of {length} channel{'s' * (length != 1)} (shape {shape}, axes "
        f"{letters}): give spectra of at least {MIN_CHANNELS}{hint}."
    )
