"""What the axes of a file are: repeats, channels or space; said or refused, never guessed.

The outcome is a `Measurement`. Reading files is `files.py`.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from cyclopts import Parameter

from autoden.cli.axes import roles_of
from autoden.cli.files import REPEAT, ReadOptions
from autoden.cli.measurements import Measurement
from autoden.cli.options import DATA, AxisOption
from autoden.cli.presets import SPACES
from autoden.errors import InputError
from autoden.signals import Signal

logger = logging.getLogger(__name__)

CHANNEL = "channel"
Repeats = Literal["needed", "possible", "none"]

_UNNAMED = re.compile(r"(axis|page)_\d+")
_SAYS_NOTHING = re.compile(rf"{REPEAT}|page|(axis|page)_\d+")


@Parameter(name="*", group=DATA)
@dataclass(frozen=True)
class Reading(ReadOptions):
    """How the axes of a file are to be taken.

    Attributes
    ----------
    axes
        One letter per axis, such as RE or YXE: R repeats, S samples, T times, C channels, Z Y X
        space, E energy. For several files, those of all together, R first.
        Only needed where the file does not tell.
    n_dims
        Dimensions of one measurement: 1 for spectra, 2 for images, 3 for volumes.
        Only needed where the file does not tell.
    channel_axis
        Axis of channels such as colours: its name, or its number from 0.
    exposures
        Which measurements to use, as FIRST:END counted from 0 with END left out, such as 0:4.
        By default all of them.
    """

    axes: str | None = None
    n_dims: Literal[1, 2, 3] | None = None
    channel_axis: AxisOption = None
    exposures: str | None = None


@Parameter(name="*", group=DATA)
@dataclass(frozen=True)
class ReadingRepeats(Reading):
    """How the axes of a file are to be taken, of which one counts repeats.

    Attributes
    ----------
    repeats_axis
        Axis of the repeats: its name, or its number from 0.
    """

    repeats_axis: AxisOption = None


def arrange(
    signal: Signal,
    name: str,
    reading: Reading,
    *,
    n_dims: int | None = None,
    repeats: Repeats = "none",
    trained: str | None = None,
) -> Measurement:
    """Say what each axis of a file is, and bring them into the order of the algorithms.

    Parameters
    ----------
    signal : Signal
        What was read.
    name : str
        Where from.
    reading : Reading
        What the command line says about it.
    n_dims : int, optional
        Dimensions of one measurement, if that is known otherwise.
    repeats : {"needed", "possible", "none"}
        Whether one axis counts repeats.
    trained : str, optional
        A model that was trained on data of `n_dims` and takes no others.

    Raises
    ------
    InputError
        No such axis, or axes that could be several things: the message lists the readings.
    """
    if reading.axes is not None:
        return _by_letters(signal, name, reading, n_dims, repeats)
    names = [axis.name for axis in signal.axes]
    channel = _named(signal, reading.channel_axis, "--channel-axis", name)
    if channel is None and {CHANNEL, "y", "x"}.issubset(names) and len(names) > 2:
        channel = CHANNEL  # of a table, "channel" is the axis of the spectra
    along = _named(signal, getattr(reading, "repeats_axis", None), "--repeats-axis", name)
    if along is not None and along == channel:
        raise InputError(f"--repeats-axis and --channel-axis are both {along!r}: they must differ.")
    rest = [axis for axis in names if axis not in (channel, along)]
    if n_dims is not None and reading.n_dims not in (None, n_dims):
        raise InputError(
            f"--n-dims is {reading.n_dims}, but {SPACES[n_dims][1]} are needed here, which have "
            f"{n_dims} dimensions: leave it out."
        )
    natural = natural_n_dims(rest)
    if trained is not None and n_dims is not None and reading.n_dims is None:
        _check_kind(natural, n_dims, name, trained)
    n_space = n_dims or reading.n_dims or natural
    if n_space is None:
        raise InputError(_say_readings(signal, name, rest))
    if len(rest) < n_space:
        raise InputError(
            f"{name} holds {signal!r}: that is too few axes for {SPACES[n_space][1]} of "
            f"{n_space} dimensions."
        )
    front, space = rest[: len(rest) - n_space], rest[len(rest) - n_space :]
    if along is None and repeats != "none":
        along = _find_repeats(front, name, needed=repeats == "needed")
        if along is not None and not _SAYS_NOTHING.fullmatch(along):
            logger.warning(
                "The %s along %r are taken for repeats of one measurement.",
                SPACES[n_space][1], along,
            )  # fmt: skip
    return _ordered(signal, name, front, space, along, channel)


def _ordered(
    signal: Signal,
    name: str,
    front: Sequence[str],
    space: Sequence[str],
    along: str | None,
    channel: str | None,
) -> Measurement:
    """Bring the axes into the order of the algorithms."""
    names = [axis.name for axis in signal.axes]
    own = [axis for axis in (along, channel) if axis is not None]
    order = [*(axis for axis in front if axis not in own), *own, *space]
    moved = np.asarray(signal).transpose([names.index(axis) for axis in order])
    axes = tuple(signal.axis(axis) for axis in order)
    arranged = Signal(moved, axes, signal.metadata)
    return Measurement(arranged, len(space), along, channel, tuple(names), name)


def _by_letters(
    signal: Signal, name: str, reading: Reading, n_dims: int | None, repeats: Repeats
) -> Measurement:
    """Say what each axis is by the letters of the command line."""
    others = {
        "--n-dims": reading.n_dims,
        "--channel-axis": reading.channel_axis,
        "--repeats-axis": getattr(reading, "repeats_axis", None),
    }
    given = [option for option, value in others.items() if value is not None]
    if given:
        raise InputError(f"--axes says all that {' and '.join(given)} would say: leave that out.")
    roles = roles_of(signal, name, str(reading.axes))
    if n_dims is not None and n_dims != len(roles.space):
        raise InputError(
            f"--axes {reading.axes} are {SPACES[len(roles.space)][1]}, but {SPACES[n_dims][1]} are "
            "needed here: give other data or letters."
        )
    names = [axis.name for axis in roles.signal.axes]
    front = [axis for axis in names if axis not in (*roles.space, roles.channel)]
    along = roles.repeats
    if along is None and repeats == "needed":
        along = _find_repeats(front, name, needed=True)
    elif repeats == "none":
        along = None
    return _ordered(roles.signal, name, front, roles.space, along, roles.channel)


def natural_n_dims(names: Sequence[str]) -> int | None:
    """Say how many of the last axes are one measurement, by their names; None: they do not tell.

    Examples
    --------
    >>> natural_n_dims(["page", "y", "x"]), natural_n_dims(["repeat", "energy"])
    (2, 1)
    >>> natural_n_dims(["axis_0", "axis_1"]) is None
    True
    """
    if list(names[-2:]) == ["y", "x"]:
        return 2
    if len(names) == 1 or (len(names) == 2 and not any(map(_UNNAMED.fullmatch, names))):
        return 1
    return None


def _check_kind(natural: int | None, n_dims: int, name: str, trained: str) -> None:
    """Refuse spectra for a model of images, and the like; a stack of images may be a volume."""
    if natural is not None and (natural == 1) != (n_dims == 1):
        raise InputError(
            f"{trained} was trained on {SPACES[n_dims][1]}, but {name} holds {SPACES[natural][1]}: "
            f"give data of that kind, or say --n-dims {n_dims} if they are."
        )


def _named(signal: Signal, axis: int | str | None, option: str, name: str) -> str | None:
    """Give the name of an axis that the command line names or numbers."""
    names = [known.name for known in signal.axes]
    if axis is None or axis in names:
        return axis
    if isinstance(axis, int) and -len(names) <= axis < len(names):
        return names[axis]
    numbered = ", ".join(f"{i} ({known})" for i, known in enumerate(names))
    raise InputError(f"{option} is {axis}, but the axes of {name} are {numbered}.")


def _find_repeats(front: Sequence[str], name: str, *, needed: bool) -> str | None:
    """Find the axis of the repeats among those before a measurement."""
    if REPEAT in front:
        return REPEAT
    if len(front) > 1:
        raise InputError(
            f"{name} has several axes that may count repeats, {' and '.join(front)}: say which "
            f"with --repeats-axis, such as --repeats-axis {front[0]}."
        )
    if not front and needed:
        raise InputError(
            f"{name} holds a single measurement, but repeats are needed: give several files, or "
            "one with an axis of repeats, or use an algorithm for single measurements, such as "
            "n2v."
        )
    return front[0] if front else None


def _say_readings(signal: Signal, name: str, rest: Sequence[str]) -> str:
    """List what axes without names can be."""
    lengths = [signal.shape[signal.axis_index(axis)] for axis in rest]
    readings = []
    for n_dims in range(1, min(3, len(rest)) + 1):
        n_front, size = math.prod(lengths[:-n_dims]), " x ".join(map(str, lengths[-n_dims:]))
        one, several = SPACES[n_dims]
        what = f"{n_front} {several}" if len(rest) > n_dims else f"one {one}"
        readings.append(f"--n-dims {n_dims} for {what} of {size}")
    axes = ", ".join(f"{axis} ({n})" for axis, n in zip(rest, lengths, strict=True))
    return f"{name} does not say what its axes {axes} are: give {', or '.join(readings)}."
