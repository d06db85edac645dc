"""What is in the files that a user names, what it was taken for, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autoden.app.order import AUTOMATIC
from autoden.app.view import SPECTRUM, View, shown_axes, view
from autoden.errors import InputError
from autoden.signals import Axis, Signal

LETTERS = {
    "R": "repeats",
    "S": "samples",
    "T": "time",
    "C": "channels such as colours",
    "Z": "depth",
    "Y": "rows",
    "X": "columns",
    "E": "energy, or what else runs along a spectrum",
}
"""What can run along an axis."""

_SPACE = {1: "E", 2: "YX", 3: "ZYX"}
_FORMATS = {1: ".csv", 2: ".tif"}


@dataclass(frozen=True, eq=False)
class Preview:
    """What was found in files.

    Attributes
    ----------
    files : tuple of str
        The files; several hold repeats.
    signal : Signal
        All that is in them.
    letters : str
        What runs along each axis, as far as it is known; "" where the file does not tell.
    given : str or None
        The letters that the user gave; None if they were found.
    facts : tuple of str
        What they were taken for and what was assumed, in sentences.
    refusal : str
        Why the automatic method does not take them; "" if it does.
    """

    files: tuple[str, ...]
    signal: Signal
    letters: str
    given: str | None
    facts: tuple[str, ...]
    refusal: str

    @property
    def title(self) -> str:
        """A name for all of it."""
        first = Path(self.files[0].split("::")[0]).name
        return first if len(self.files) == 1 else f"{first} and {len(self.files) - 1} more"

    @property
    def view(self) -> View | None:
        """What can be drawn; None where the axes are not known."""
        return view(self.signal, self.letters) if self.letters else None

    @property
    def n_dims(self) -> int:
        """Dimensions of one measurement."""
        return 1 if SPECTRUM in self.letters else sum(letter in "ZYX" for letter in self.letters)

    @property
    def verb(self) -> str:
        """What suits the data: automatic, or an algorithm for repeats or for single images."""
        if not self.refusal:
            return AUTOMATIC
        return "n2n" if "R" in self.letters else "n2v"

    @property
    def suffix(self) -> str:
        """How the result is written: as the first file, where that format can hold it."""
        return _result_suffix(self.files[0].split("::")[0], self.signal, self.letters)


def look(files: Sequence[str], letters: str | None = None) -> Preview:
    """Read files, and say what they are.

    Parameters
    ----------
    files : sequence of str
        Paths; several files are repeats.
    letters : str, optional
        What the user says runs along each axis.

    Raises
    ------
    InputError
        Files that cannot be read or do not go together, or letters that do not fit.
    """
    from autoden.cli.files import AS_IT_IS, read_all

    if not files:
        raise InputError("There is no file: drop one, or type its path.")
    signal = read_all([Path(file) for file in files], AS_IT_IS)
    name = Path(files[0].split("::")[0]).name
    facts = [str(signal), *_assumed(signal)]
    if letters is None:
        known, said = _by_names(signal, name)
        facts = [facts[0], said, *facts[1:]]
    else:
        known = parse_letters(letters, signal.ndim)
    given = None if letters is None else known
    refusal = _refusal(signal, name, given)
    return Preview(tuple(map(str, files)), signal, known, given, tuple(facts), refusal)


def parse_letters(text: str, n_axes: int) -> str:
    """Check the letters that a user gives.

    Raises
    ------
    InputError
        An unknown letter, one that stands twice, or another number of them.

    Examples
    --------
    >>> parse_letters(" tyx ", 3)
    'TYX'
    >>> parse_letters("RQ", 2)
    Traceback (most recent call last):
    autoden.errors.InputError: The axes 'RQ' must be 2 different letters of R (repeats), ...
    """
    letters = "".join(text.split()).upper()
    if len(letters) != n_axes or set(letters) - set(LETTERS) or len(set(letters)) < len(letters):
        known = ", ".join(f"{letter} ({meaning})" for letter, meaning in LETTERS.items())
        raise InputError(
            f"The axes {text!r} must be {n_axes} different letters of {known}, one for each axis."
        )
    shown_axes(letters)
    return letters


def _by_names(signal: Signal, name: str) -> tuple[str, str]:
    """Give letters by the names of the axes as the command line takes them, and how it says so."""
    from autoden.cli.readings import ReadingRepeats, arrange

    try:
        found = arrange(signal, name, ReadingRepeats(), repeats="possible")
    except InputError as error:
        return "", str(error)
    space = [axis.name for axis in found.space]
    letters, others = "", iter("ST")
    for axis in signal.axes:
        if axis.name in space:
            letters += _SPACE[found.n_dims][space.index(axis.name)]
        elif axis.name == found.repeats:
            letters += "R"
        elif axis.name == found.channel:
            letters += "C"
        else:
            letters += next(others, "")
    if len(letters) < signal.ndim:
        return "", f"{name} has more axes than autoden has letters for"
    return letters, f"Taken for {found.say()}"


def _refusal(signal: Signal, name: str, letters: str | None) -> str:
    """Ask the automatic method whether it takes such data."""
    from autoden.auto.axes import letters_of, parse_axes

    try:
        letters_of(signal, name, axes=None if letters is None else parse_axes(letters))
    except InputError as error:
        return str(error)
    return ""


def _assumed(signal: Signal) -> list[str]:
    said = signal.metadata.get("assumed", [])
    sentences = [said] if isinstance(said, str) else [str(each) for each in said]
    overflow = signal.metadata.get("overflow_bin")
    if overflow:
        sentences.append(f"channel {overflow['channel']} was left out, as an overflow bin")
    return [f"Assumed: {sentence}" for sentence in sentences]


def _result_suffix(path: str, signal: Signal, letters: str) -> str:
    """Find a format that holds real numbers on these axes."""
    from tempfile import TemporaryDirectory

    from autoden.io import check_writable, formats

    kept = [axis for axis, letter in zip(signal.axes, letters, strict=True) if letter != "R"]
    few = Signal(np.full((2,) * len(kept), 0.5), tuple(Axis(axis.name) for axis in kept))
    known = [
        suffix
        for each in formats()
        for suffix in each.suffixes
        if path.lower().endswith(suffix) and not each.folder_with  # a browser takes no folder
    ]
    usual = _FORMATS[1 if SPECTRUM in letters else 2]
    with TemporaryDirectory() as folder:
        for suffix in (*sorted(known, key=len, reverse=True), usual):
            try:
                check_writable(Path(folder) / f"result{suffix}", few)
            except InputError:
                continue
            return suffix
    return ".npz"
