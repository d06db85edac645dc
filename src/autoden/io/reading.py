"""Reading a file, whatever its format is: the call that users make.

Here are what all formats have in common: places inside containers, options, names of axes, and
several files that are repeats. Which format a file has, ``registry.py`` knows.
"""

import inspect
import os
from collections.abc import Sequence
from typing import Any

from autoden.errors import InputError
from autoden.io.companions import with_companion
from autoden.io.files import FilePath, check_source
from autoden.io.registry import Format, format_of
from autoden.io.repeats import stack_repeats
from autoden.signals import Signal
from autoden.signals.letters import with_named_axes


def read(
    path: FilePath | Sequence[FilePath],
    *,
    axes: str | None = None,
    channel_axis: int | None = None,
    repeats_axis: int | None = None,
    lazy: bool = False,
    **options: Any,
) -> Signal:
    r"""Read a file into a signal, or several files that hold repeats of one measurement.

    Parameters
    ----------
    path : path-like, or list of them
        The file. Its suffix says which format it has. What is inside a container follows two
        colons: ``"scan.h5::/entry/data/counts"``.
        Several files are put together along an axis "repeat" by
        `autoden.io.repeats.stack_repeats`; `axes` are those of each.
    axes : str or None
        What runs along the axes, one letter each: R (repeats), S (samples), T (times), C
        (channels such as colours), Z, Y, X (space), E (spectra). None: as the file says.
    channel_axis, repeats_axis : int or None
        The number of one such axis, from 0, maybe negative, if that is all there is to say.
    lazy : bool
        Whether numbers stay in the file until they are indexed or converted: HDF5, zarr, TIFF and
        .npy. Shape, dtype, axes and metadata are known at once; ``signal.data[3:5]`` reads only
        that.
    **options
        Options of the format: ``keep_overflow`` for tables of text (see `autoden.io.csv.read`),
        ``key`` for .npz files of several arrays, ``series`` for TIFFs of several series,
        ``dataset`` for HDF5 and zarr (the same as after the colons).

    Returns
    -------
    Signal
        Data, axes and metadata. Whatever the file did not say itself is listed as plain
        sentences in ``metadata["assumed"]``.

    Raises
    ------
    InputError
        The file is missing, its suffix is unknown, its content cannot be used, `axes` do not fit
        it, or the format has no such option.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "spectrum.csv"
    ...     _ = path.write_text("Energy (keV),counts\n0.5,3\n1.0,12\n1.5,4\n")
    ...     read(path)
    Signal 1 x 3 (repeat, energy 0.5 to 1.5 keV), int64
    """
    if isinstance(path, Sequence) and not isinstance(path, str):
        told: dict[str, Any] = {
            "axes": axes, "channel_axis": channel_axis, "repeats_axis": repeats_axis
        }  # fmt: skip
        return stack_repeats([read(each, lazy=lazy, **told, **options) for each in path])
    place, inside = split_inside(path)
    known_format = _known_format(place)
    source = check_source(place, folder=known_format is not None and known_format.folder_with != ())
    file_format = format_of(source)
    reader = file_format.function("read")
    known = list(inspect.signature(reader).parameters)[1:]
    if inside is not None:
        if "dataset" not in known:
            raise InputError(f"{source} is no container of datasets: leave out ::{inside}.")
        if options.setdefault("dataset", inside) != inside:
            raise InputError(f"{path} and dataset={options['dataset']!r} differ: give one of them.")
    options |= {"lazy": True} if lazy else {}
    for option in options:
        if option not in known:
            raise InputError(
                f"{source}: there is no option {option!r} for this format; "
                f"its options are {', '.join(known) or 'none'}."
            )
    signal: Signal = reader(source, **options)
    if file_format.loses:
        signal = with_companion(source, signal, file_format.loses)
    return with_named_axes(
        signal, str(path), axes=axes, channel_axis=channel_axis, repeats_axis=repeats_axis
    )


def split_inside(path: FilePath) -> tuple[FilePath, str | None]:
    """Split what follows two colons, the place inside a container, from the path of a file.

    Parameters
    ----------
    path : path-like
        The path of a file, with or without such a place.

    Returns
    -------
    path : path-like
        The file.
    inside : str or None
        The place in it. None: none was given, or a file of exactly that name is there.

    Examples
    --------
    >>> split_inside("scan.h5::/entry/data"), split_inside("scan.h5")
    (('scan.h5', '/entry/data'), ('scan.h5', None))
    """
    text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
    before, colons, inside = text.partition("::")
    if not colons or _known_format(before) is None or os.path.lexists(text):
        return path, None
    return before, inside


def _known_format(path: FilePath) -> Format | None:
    """Return the format of a path, None if its suffix is not known."""
    try:
        return format_of(path)
    except InputError:
        return None
