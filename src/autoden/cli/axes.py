"""Letters for axes: ``--axes YXE`` says at once which axes are repeats, channels and space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from autoden.cli.options import DATA
from autoden.errors import InputError
from autoden.signals.letters import parse_letters, with_named_axes

if TYPE_CHECKING:
    from autoden.signals import Signal

_SPACE = "ZYX"

Axes = Annotated[
    str | None,
    Parameter(
        group=DATA,
        help="What runs along the axes, one letter each, such as YXE: R repeats, S samples, T "
        "times, C channels, Z Y X space, E energy.",
    ),
]


@dataclass(frozen=True)
class Roles:
    """What letters make of the axes of a file.

    Attributes
    ----------
    signal : Signal
        With named axes, in the order of the file.
    space : tuple of str
        Names of the axes of one measurement: the energy of a spectrum, else y and x, maybe z.
    repeats, channel : str or None
        Names of these axes, where they are.
    """

    signal: Signal
    space: tuple[str, ...]
    repeats: str | None
    channel: str | None


def named(signal: Signal, name: str, axes: str | None) -> Signal:
    """Name the axes by letters, if there are any."""
    return with_named_axes(signal, name, axes=axes)


def roles_of(signal: Signal, name: str, axes: str) -> Roles:
    """Say what each axis is by its letter.

    Where there is an energy, it alone is the measurement: a map is many spectra.

    Raises
    ------
    InputError
        Letters that do not fit, or of which none stands for a measurement.
    """
    letters = parse_letters(axes)
    result = with_named_axes(signal, name, axes=letters)
    names = [axis.name for axis in result.axes]
    letters = letters if len(letters) == len(names) else f"R{letters}"
    by_letter = dict(zip(letters, names, strict=True))
    space = ("E",) if "E" in by_letter else tuple(each for each in _SPACE if each in by_letter)
    if not space:
        raise InputError(
            f"--axes {axes} has no axis of a measurement: E for spectra, YX for images, ZYX for "
            "volumes."
        )
    return Roles(
        result,
        tuple(by_letter[each] for each in space),
        by_letter.get("R"),
        by_letter.get("C"),
    )
