"""What runs along each axis of the data, one letter each: said, told by names, or refused.

The letters are those that users write, ``axes="SRE"``. Here are shapes and names only; which
numbers they hold, and whether rows agree as repeats do, ``measurement.py`` asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autoden.errors import InputError
from autoden.io.labels import format_label, names_positions
from autoden.signals import Axis, Signal
from autoden.signals.letters import parse_letters

MIN_CHANNELS = 8
"""Channels below which nothing tells a spectrum from its noise."""

OPEN = "?"
"""An axis that may count repeats, if the data agree."""

MOST_COLOURS = 4
"""Channels of an image that nothing names, at most."""

_SPACE = "ZYX"
_THREE = ("SRE", "RSE", "RYX", "SYX", "YXC", "CYX", "ZYX", "YXE")
_BY_NAME = {
    **dict.fromkeys(("repeat", "exposure", "realization", "replicate", "acquisition"), "R"),
    **dict.fromkeys(("sample", "specimen"), "S"),
    **dict.fromkeys(("z", "depth"), "Z"),
    **dict.fromkeys(("y", "row"), "Y"),
    **dict.fromkeys(("x", "column"), "X"),
}
_UNNAMED = re.compile(r"(axis|page)_\d+")
ASSUMED_REPEATS = "repeats of one measurement"
"""How the reading of tables says that nothing names their rows."""


def parse_axes(axes: str) -> str:
    """Check the letters that a user gives.

    Returns
    -------
    str
        In upper case.

    Raises
    ------
    InputError
        No text, an unknown letter, or one that stands twice.

    Examples
    --------
    >>> parse_axes("sre")
    'SRE'
    >>> parse_axes("RQ")
    Traceback (most recent call last):
    autoden.errors.InputError: `axes` is 'RQ': give one letter per axis, each at most once, of R
    (repeats), S (samples), C (channels such as colours), Z, Y, X (space), E (energy, ...
    """
    return parse_letters(axes, "RSCZYXE")


def letters_of(
    signal: Signal,
    name: str,
    *,
    axes: str | None = None,
    n_dims: int | None = None,
    unnamed_pair: str | None = None,
) -> str:
    """Say what runs along each axis of a signal.

    Parameters
    ----------
    signal : Signal
        Axes called "axis_0", "axis_1" ... have no name.
    name : str
        What errors call it.
    axes : str or None
        What the user says, as `parse_axes` gives it; it goes before all names.
    n_dims : int or None
        How many of the last axes are one acquisition, as the user says; one more is R.
    unnamed_pair : str or None
        The letters of two axes without names; None: they are ambiguous.

    Returns
    -------
    str
        One letter per axis, at most one R and one S, and either E or two or three of Z, Y, X;
        `OPEN` in place of R where nothing but the data can tell.

    Raises
    ------
    InputError
        Axes that are ambiguous (the message lists the readings), or neither spectra nor images.

    Examples
    --------
    >>> letters_of(Signal([[3, 1], [4, 1]], ["energy", "repeat"]), "counts")
    'ER'
    >>> letters_of(Signal([[3, 1], [4, 1]], ["axis_0", "axis_1"]), "counts", n_dims=2)
    'YX'
    >>> letters_of(Signal([[3, 1], [4, 1]], ["spot", "energy"]), "counts")
    '?E'
    >>> letters_of(Signal([[3, 1], [4, 1]], ["spot", "energy"]), "counts", n_dims=1)
    'RE'
    """
    if axes is not None:
        letters = _fitted(axes, signal, name)
    elif signal.ndim == 1 and n_dims in (None, 1):
        letters = "E"
    else:
        letters = _by_names(signal.axes) or _by_position(signal, name, n_dims, unnamed_pair)
    letters = _with_open_rows(letters, signal, said=axes is not None or n_dims is not None)
    _check_kind(letters, signal.shape, name)
    has = n_dims_of(letters)
    if n_dims is not None and n_dims != has:
        what = {1: "spectra", 2: "images"}.get(has, "volumes")
        raise InputError(
            f"`n_dims` is {n_dims}, but {name} with the axes {letters} holds {what}, which have "
            f"{has} dimension{'s' * (has > 1)}: leave `n_dims` out."
        )
    return letters


def n_dims_of(letters: str) -> int:
    """Count the axes along which neighbours are alike: 1 of spectra, 2 of images, 3 of volumes.

    Examples
    --------
    >>> n_dims_of("RE"), n_dims_of("SYXC")
    (1, 2)
    """
    return 1 if "E" in letters else sum(letter in _SPACE for letter in letters)


def is_unnamed(axis: Axis) -> bool:
    """Tell whether the name of an axis is only a number."""
    return _UNNAMED.fullmatch(axis.name) is not None


def _fitted(axes: str, signal: Signal, name: str) -> str:
    """Compare the letters given with the number of axes; a table of one row is one spectrum."""
    if len(axes) == signal.ndim:
        return axes
    if len(axes) == 1 and signal.ndim == 2 and "R" not in axes and is_one_row(signal):
        return f"R{axes}"
    raise InputError(
        f"`axes` is {axes!r}, but {name} has {signal.ndim} axes (shape "
        f"{signal.shape}): give one letter for each."
    )


def is_one_row(signal: Signal) -> bool:
    """Tell whether a signal is a single spectrum in a table, shape (1, channels)."""
    return signal.ndim == 2 and signal.axes[0].name == "repeat" and signal.shape[0] == 1


def _by_names(axes: Sequence[Axis]) -> str | None:
    """Read the axes by their names; None: these do not tell."""
    names = [axis.name for axis in axes]
    found = [_BY_NAME.get(name) or _BY_NAME.get(name.removesuffix("s")) for name in names]
    nameless = [is_unnamed(axis) for axis in axes]
    alone = found.count(None) == 1
    is_picture = {"Y", "X"} <= set(found)
    rank = [
        -1
        if letter or (without and not alone) or (is_picture and axis.name == "time")  # a film
        else _spectral_rank(axis)
        for axis, letter, without in zip(axes, found, nameless, strict=True)
    ]
    if max(rank) >= int(is_picture):
        along = max(index for index, each in enumerate(rank) if each == max(rank))
        found[along] = "C" if is_picture and names[along] == "channel" else "E"
    letters = "".join(letter or OPEN for letter in found)
    told = letters.count(OPEN) <= ("R" not in letters)
    return letters if told and len(set(letters)) == len(letters) else None


def _spectral_rank(axis: Axis) -> int:
    """Say how surely a name that means nothing else is that of a spectrum's axis."""
    if axis.name in ("energy", "wavelength"):
        return 3
    return 2 if axis.name == "channel" else int(names_positions(format_label(axis.name, axis.unit)))


def _by_position(signal: Signal, name: str, n_dims: int | None, unnamed_pair: str | None) -> str:
    """Read axes that have no names: the last `n_dims` and one more in front."""
    if n_dims is not None and signal.ndim < n_dims:
        raise InputError(
            f"`n_dims` is {n_dims}, but {name} has shape {signal.shape}: leave it out for spectra."
        )
    if n_dims is not None and signal.ndim - n_dims <= 1:
        return "R" * (signal.ndim - n_dims) + ("E" if n_dims == 1 else _SPACE[-n_dims:])
    if unnamed_pair is not None and signal.ndim == 2:
        return unnamed_pair
    raise InputError(_say_ambiguous(signal.shape, name))


def _with_open_rows(letters: str, signal: Signal, said: bool) -> str:
    """Open the axis of repeats if a table has it without saying so; decide if the user did."""
    if said:
        return letters.replace(OPEN, "R")
    assumed = signal.metadata.get("assumed", ())
    if "R" in letters and any(str(each).endswith(ASSUMED_REPEATS) for each in assumed):
        letters = letters.replace("R", OPEN)
    if OPEN in letters and signal.shape[letters.index(OPEN)] == 1:
        letters = letters.replace(OPEN, "R")
    return letters


def _check_kind(letters: str, shape: tuple[int, ...], name: str) -> None:
    """Refuse what is neither a set of spectra nor one of images, and say what to do with it."""
    sizes = dict(zip(letters, shape, strict=True))
    space = [letter for letter in letters if letter in _SPACE]
    start = f"{name}, of shape {shape} with the axes {letters},"
    if "C" in letters and "E" in letters:
        raise InputError(
            f"{start} has channels such as colours beside spectra, which `denoise` does not take "
            "yet: give one channel at a time, or their spectra as samples, S instead of C."
        )
    if space and "E" in letters:
        n_spectra = " x ".join(str(sizes[letter]) for letter in space)
        raise InputError(
            f"{start} is a map of {n_spectra} spectra, which `denoise` does not take yet: "
            "reshape it to (samples, channels), channels last, and give axes='SE', or use N2N."
        )
    if "E" not in letters and len(space) < 2:
        what = "a profile in space" if space else "no axis of a spectrum or an image"
        raise InputError(
            f"{start} has {what}: call the axis E if it is that of a spectrum, and those of an "
            "image Y and X."
        )


def _say_ambiguous(shape: tuple[int, ...], name: str) -> str:
    """List what axes without names can be."""
    start = f"{name} has shape {shape}"
    if len(shape) not in (2, 3):
        return (
            f"{start}: give one letter for each axis, such as axes='SRE' for spectra or "
            "axes='SRYX' for images."
        )
    kinds = ("RE", "SE", "ER", "ES", "YX") if len(shape) == 2 else _THREE
    readings = []
    for letters in kinds:
        sizes = dict(zip(letters, shape, strict=True))
        is_image = "E" not in letters
        least = min(sizes[letter] for letter in letters if letter in (_SPACE if is_image else "E"))
        fits = least >= MIN_CHANNELS and sizes.get("C", 2) <= MOST_COLOURS
        if fits:
            say = say_image_sizes if is_image else say_sizes
            readings.append(f"axes={letters!r} for {say(sizes)}")
    if not readings:
        return f"{start}: an axis of a spectrum or an image needs at least {MIN_CHANNELS} elements."
    return f"{start}, which can be read in several ways: give {', or '.join(readings)}."


def say_image_sizes(sizes: dict[str, int]) -> str:
    """Say what an array of images or volumes holds.

    Examples
    --------
    >>> say_image_sizes({"R": 4, "Y": 128, "X": 96}), say_image_sizes({"Y": 9, "X": 9, "C": 3})
    ('4 repeats of an image of 128 x 96', 'an image of 9 x 9 with 3 channels')
    """
    pixels = " x ".join(str(sizes[letter]) for letter in _SPACE if letter in sizes)
    what = "image" if n_dims_of("".join(sizes)) == 2 else "volume"
    colours = f" with {sizes['C']} channel{'s' * (sizes['C'] != 1)}" if "C" in sizes else ""
    repeats = f"{sizes['R']} repeat{'s' * (sizes['R'] != 1)}" if "R" in sizes else ""
    if "S" in sizes:
        each = f", {repeats} each," if repeats else ""
        return f"{sizes['S']} sample{'s' * (sizes['S'] != 1)}{each} of {what}s of {pixels}{colours}"
    article = "an" if what == "image" else "a"
    said = f"{article} {what} of {pixels}{colours}"
    return f"{repeats} of {said}" if repeats else said


def say_sizes(sizes: dict[str, int]) -> str:
    """Say what an array of spectra holds.

    Examples
    --------
    >>> say_sizes({"R": 4, "E": 4095}), say_sizes({"S": 3, "R": 1, "E": 9})
    ('4 repeats of a spectrum of 4095 channels', '3 samples, 1 repeat each, of 9 channels')
    """
    repeats = f"{sizes['R']} repeat{'s' * (sizes['R'] != 1)}" if "R" in sizes else ""
    channels = f"{sizes['E']} channels"
    if "X" in sizes:
        return f"a map of {sizes['Y']} x {sizes['X']} spectra of {channels} (not taken yet)"
    if "S" in sizes:
        each = f", {repeats}{' each' * (sizes['S'] != 1)}, of" if repeats else " of"
        return f"{sizes['S']} sample{'s' * (sizes['S'] != 1)}{each} {channels}"
    return f"{repeats} of a spectrum of {channels}" if repeats else f"a spectrum of {channels}"
