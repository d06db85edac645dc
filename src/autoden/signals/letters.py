"""Names for axes that a file leaves without them: one letter each, or numbers of two of them.

``axes="YXE"`` and ``channel_axis=-1`` are what users write; the outcome is a signal whose axes are
called "y", "x", "energy". What is done with such axes is decided elsewhere.
"""

from collections.abc import Sequence

from autoden.errors import InputError
from autoden.signals.signal import Axis, Signal

LETTERS = {
    "R": "repeats",
    "S": "samples",
    "T": "times",
    "C": "channels such as colours",
    "Z": "space",
    "Y": "space",
    "X": "space",
    "E": "energy, or whatever else runs along a spectrum",
}
NAMES = {
    "R": "repeat", "S": "sample", "T": "time", "C": "channel", "Z": "z", "Y": "y", "X": "x",
    "E": "energy",
}  # fmt: skip
"""What an axis is called by its letter."""

CALLED = " are called "
"""Stands in sentences about axes for which a name had to be made up."""

_SPECTRAL = ("energy", "wavelength", "channel")  # names that E leaves as they are
_READINGS = {
    1: ("E", "X"),
    2: ("RE", "SE", "YX", "ER"),
    3: ("YXE", "RYX", "CYX", "TYX", "ZYX", "SRE", "EYX"),
    4: ("RZYX", "CZYX", "TZYX", "RCYX", "TCYX", "RYXE", "ZYXE"),
    5: ("TCZYX", "RCZYX", "RZYXE"),
}


def parse_letters(axes: str, known: Sequence[str] = tuple(LETTERS)) -> str:
    """Check the letters that a user gives.

    Parameters
    ----------
    axes : str
        One letter per axis, in upper or lower case.
    known : sequence of str
        Letters that are allowed.

    Returns
    -------
    str
        In upper case.

    Raises
    ------
    InputError
        No text, an unknown letter, or one that stands twice; the message lists the letters.

    Examples
    --------
    >>> parse_letters("yxe")
    'YXE'
    >>> parse_letters("RQ")
    Traceback (most recent call last):
    autoden.errors.InputError: `axes` is 'RQ': give one letter per axis, each at most once, of R
    (repeats), S (samples), T (times), C (channels such as colours), Z, Y, X (space), E (energy, ...
    """
    letters = axes.strip().upper() if isinstance(axes, str) else ""
    if not letters or set(letters) - set(known) or len(set(letters)) != len(letters):
        listed = ", ".join(f"{letter} ({LETTERS[letter]})" for letter in known)
        listed = listed.replace(f"Z ({LETTERS['Z']}), Y ({LETTERS['Y']}), ", "Z, Y, ")
        raise InputError(
            f"`axes` is {axes!r}: give one letter per axis, each at most once, of {listed}, "
            "such as axes='RE'."
        )
    return letters


def with_named_axes(
    signal: Signal,
    name: str,
    *,
    axes: str | None = None,
    channel_axis: int | None = None,
    repeats_axis: int | None = None,
) -> Signal:
    """Name the axes of a signal as the user says.

    Parameters
    ----------
    signal : Signal
        What was read; its numbers are not touched.
    name : str
        What errors call it.
    axes : str or None
        One letter per axis, as `parse_letters` takes them. A table with one row may be called
        "E", and keeps its first axis.
    channel_axis, repeats_axis : int or None
        The number of the axis of channels such as colours, or of repeats, from 0, maybe negative;
        the other axes keep their names.

    Returns
    -------
    Signal
        The axes called "repeat", "sample", "time", "channel", "z", "y", "x", "energy"; units and
        positions are kept, and so are the names "wavelength" and "channel" for E.
        ``metadata["assumed"]`` no longer has the sentences about names that were made up.

    Raises
    ------
    InputError
        Unknown letters, another number of them than axes (the message lists what the axes can
        be), numbers out of range or of one axis, or both letters and numbers.

    Examples
    --------
    >>> import numpy as np
    >>> signal = Signal(np.zeros((4, 5, 9)), ["axis_0", "axis_1", Axis("channel", "", range(9))])
    >>> with_named_axes(signal, "map.npy", axes="YXE")
    Signal 4 x 5 x 9 (y, x, channel 0 to 8), float64
    >>> with_named_axes(signal, "map.npy", axes="YX")
    Traceback (most recent call last):
    autoden.errors.InputError: `axes` is 'YX', but map.npy has 3 axes, axis_0 (4), axis_1 (5),
    channel (9): give one letter for each, such as axes='YXE' (a map of spectra), ...
    """
    numbers = {"channel_axis": channel_axis, "repeats_axis": repeats_axis}
    given = {option: index for option, index in numbers.items() if index is not None}
    if axes is None and not given:
        return signal
    if axes is not None and given:
        raise InputError(
            f"`axes` ({axes!r}) and {' and '.join(given)} say the same in two ways: give one of "
            "them."
        )
    names = (
        _by_numbers(signal, name, given) if axes is None else _by_letters(signal, name, str(axes))
    )
    renamed = tuple(
        Axis(new, axis.unit, axis.values) for new, axis in zip(names, signal.axes, strict=True)
    )
    metadata = dict(signal.metadata)
    if "assumed" in metadata:
        metadata["assumed"] = [each for each in metadata["assumed"] if CALLED not in str(each)]
    return Signal(signal.data, renamed, metadata)


def _by_letters(signal: Signal, name: str, axes: str) -> list[str]:
    letters = parse_letters(axes)
    one_row = signal.ndim == 2 and signal.shape[0] == 1 and signal.axes[0].name == "repeat"
    if one_row and len(letters) == 1 and letters != "R":
        letters = f"R{letters}"
    if len(letters) != signal.ndim:
        raise InputError(
            f"`axes` is {axes!r}, but {name} has {signal.ndim} axes, {_say_axes(signal)}: give "
            f"one letter for each, such as {_say_readings(signal.ndim)}."
        )
    names = [
        axis.name if letter == "E" and axis.name in _SPECTRAL else NAMES[letter]
        for letter, axis in zip(letters, signal.axes, strict=True)
    ]
    if len(set(names)) < len(names):  # a colour axis beside one that was called "channel"
        names = [NAMES[letter] for letter in letters]
    return names


def _by_numbers(signal: Signal, name: str, given: dict[str, int]) -> list[str]:
    names = [axis.name for axis in signal.axes]
    chosen: dict[int, str] = {}
    for option, index in given.items():
        if not isinstance(index, int) or isinstance(index, bool):
            raise InputError(f"{option} is {index!r}: give the number of an axis, from 0.")
        if not -signal.ndim <= index < signal.ndim:
            raise InputError(
                f"{option} is {index}, but {name} has the axes 0 to {signal.ndim - 1}: "
                f"{_say_axes(signal)}."
            )
        if index % signal.ndim in chosen:
            raise InputError(
                f"channel_axis and repeats_axis are both axis {index % signal.ndim} of {name}, "
                f"which has the axes {_say_axes(signal)}: they must differ."
            )
        chosen[index % signal.ndim] = "channel" if option == "channel_axis" else "repeat"
    for index, new in chosen.items():
        if new in names and names.index(new) != index and names.index(new) not in chosen:
            raise InputError(
                f"{name} has an axis called {new!r} already, among {_say_axes(signal)}: name all "
                f"of them, such as {_say_readings(signal.ndim)}."
            )
    return [chosen.get(index, old) for index, old in enumerate(names)]


def _say_axes(signal: Signal) -> str:
    """List axes with their lengths: 'y (4), x (5)'."""
    return ", ".join(
        f"{axis.name} ({n})" for axis, n in zip(signal.axes, signal.shape, strict=True)
    )


def _say_readings(n_axes: int) -> str:
    """List what so many axes can be."""
    readings = _READINGS.get(n_axes)
    if readings is None:
        return "axes='RZYX' for repeats of volumes"
    *first, last = [f"axes={letters!r} ({_say_reading(letters)})" for letters in readings]
    return f"{', '.join(first)} or {last}"


def _say_reading(letters: str) -> str:
    """Say what letters mean together.

    Examples
    --------
    >>> _say_reading("RYX"), _say_reading("YXE"), _say_reading("TCZYX"), _say_reading("ER")
    ('repeats of an image', 'a map of spectra', 'times of channels of a volume', 'a spectrum in
    each column')
    """
    fixed = {
        "E": "a spectrum", "X": "a profile", "YX": "an image", "ZYX": "a volume",
        "YXE": "a map of spectra", "EYX": "a map of spectra, energy first",
        "ZYXE": "a volume of spectra", "ER": "a spectrum in each column",
    }  # fmt: skip
    if letters in fixed:
        return fixed[letters]
    first = {"R": "repeats", "S": "samples", "T": "times", "C": "channels"}[letters[0]]
    return f"{first} of {_say_reading(letters[1:])}"
