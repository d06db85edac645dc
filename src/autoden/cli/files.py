"""Files to one signal: reading them with their formats' options, and putting repeats together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cyclopts import Parameter

from autoden.cli.options import DATA, Flag
from autoden.io.repeats import REPEAT, stack_repeats
from autoden.signals import Signal

__all__ = ["AS_IT_IS", "REPEAT", "ReadOptions", "read_all"]


@Parameter(name="*", group=DATA)
@dataclass(frozen=True)
class ReadOptions:
    """What formats can be told when a file is read.

    Attributes
    ----------
    keep_overflow
        Keep a last channel of a table that looks like an overflow bin.
    key
        Which array of an .npz file of several.
    series
        Which series of images of a TIFF of several, from 0.
    """

    keep_overflow: Flag = False
    key: str | None = None
    series: int | None = None

    def read(self, path: Path) -> Signal:
        """Read a file, telling its format what was given."""
        from autoden.io import read

        wanted = ("keep_overflow", "key", "series")
        given = {name: getattr(self, name) for name in wanted}
        return read(path, **{n: v for n, v in given.items() if v is not None and v is not False})


AS_IT_IS = ReadOptions()
"""Nothing is told to the format."""


def read_all(paths: Sequence[Path], options: ReadOptions) -> Signal:
    """Read one file, or several that hold repeats of the same thing.

    Several are put together along a new first axis "repeat"; or along the one that they have, as
    tables of spectra do.

    Raises
    ------
    InputError
        A file cannot be read, or they differ in size or in their axes.
    """
    return stack_repeats([options.read(path) for path in paths])


def name_of(paths: Sequence[Path]) -> str:
    """Call one file by its path, and several by the first.

    Examples
    --------
    >>> name_of([Path("a.msa"), Path("b.msa"), Path("c.msa")])
    'a.msa and 2 more'
    """
    more = len(paths) - 1
    return f"{paths[0].name} and {more} more" if more else str(paths[0])
