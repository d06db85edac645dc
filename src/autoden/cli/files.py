"""Files to one signal: reading them with their formats' options, and putting repeats together."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cyclopts import Parameter

from autoden.cli.options import DATA, Flag
from autoden.errors import InputError
from autoden.signals import Axis, Signal

REPEAT = "repeat"
"""Name of the axis along which several files are put together."""


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
    signals = [options.read(path) for path in paths]
    if len(signals) == 1:
        return signals[0]
    first = signals[0]
    names = [axis.name for axis in first.axes]
    for path, signal in zip(paths[1:], signals[1:], strict=True):
        _check_alike(first, signal, f"{path} does not go together with {paths[0]}")
    arrays = [np.asarray(signal) for signal in signals]
    if REPEAT in names:
        along = names.index(REPEAT)
        axes = tuple(Axis(REPEAT) if axis.name == REPEAT else axis for axis in first.axes)
        return Signal(np.concatenate(arrays, axis=along), axes, first.metadata)
    return Signal(np.stack(arrays), (Axis(REPEAT), *first.axes), first.metadata)


def _check_alike(first: Signal, other: Signal, complaint: str) -> None:
    """Refuse signals whose axes differ, but for the number of repeats."""
    remedy = "several files must be repeats of one size on the same axes."
    if [axis.name for axis in first.axes] != [axis.name for axis in other.axes]:
        raise InputError(f"{complaint}: it holds {other!r}, not {first!r}; {remedy}")
    for one, two, length, length_of_other in zip(
        first.axes, other.axes, first.shape, other.shape, strict=True
    ):
        if one.name == REPEAT:
            continue
        if length != length_of_other:
            raise InputError(
                f"{complaint}: it has {length_of_other} elements along {one.name!r}, not {length}; "
                f"{remedy}"
            )
        if one.values is None or two.values is None:
            continue
        if not np.allclose(one.values, two.values, rtol=1e-6, atol=0.0):
            raise InputError(f"{complaint}: its positions along {one.name!r} are others; {remedy}")
