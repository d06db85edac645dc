"""Which file format reads and writes which suffix, and the two calls that users make.

A format is a module with two functions, ``read(path, **options) -> Signal`` and, if it can be
written, ``write(path, signal)``, plus one line in `_BUILT_IN`. Its module is imported when a file
of its suffix is met. Finding, refusing and replacing files is done here once for all formats.
"""

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from autoden.errors import InputError
from autoden.io.files import FilePath, check_destination, check_source, replacing
from autoden.io.folders import replacing_folder
from autoden.signals import Signal
from autoden.signals.letters import with_named_axes


@dataclass(frozen=True)
class Format:
    """A file format.

    Parameters
    ----------
    name : str
        What people call it.
    suffixes : tuple of str
        Ends of the names of its files, in lower case and with the dot: (".csv", ".tsv").
    module : str
        The module that has its functions ``read`` and ``write``.
    extra : str or None
        The extra of autoden that installs what the module imports; None: nothing but what is
        always installed.
    folder_with : tuple of str
        Given for a format that is kept in a folder: names of files of which such a folder has one.
    in_parts : bool
        Whether ``write`` takes signals whose numbers are still in another file, and copies them
        part by part.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    extra: str | None = None
    folder_with: tuple[str, ...] = ()
    in_parts: bool = False

    def function(self, name: str) -> Callable[..., Any]:
        """Return the function ``read`` or ``write`` of the format's module.

        Raises
        ------
        InputError
            The format cannot do that, or a package that it needs is not installed; the message
            says which extra has it.
        """
        function: Callable[..., Any] | None = getattr(self._import(), name, None)
        if function is None:
            raise InputError(
                f"autoden cannot {name} the format {self.name}: choose another suffix."
            )
        return function

    def _import(self) -> ModuleType:
        try:
            return import_module(self.module)
        except ImportError as error:
            if self.extra is None:
                raise
            raise InputError(
                f"The format {self.name} needs a package that is not installed ({error}): install "
                f"it with pip install 'autoden[{self.extra}]'."
            ) from error


_BUILT_IN = (
    Format("table of text (CSV, TSV)", (".csv", ".tsv", ".txt"), "autoden.io.csv"),
    Format("NumPy array", (".npy", ".npz"), "autoden.io.npy"),
    Format("HDF5, NeXus", (".h5", ".hdf5", ".hdf", ".nxs"), "autoden.io.hdf5", in_parts=True),
    Format("TIFF image or stack", (".tif", ".tiff"), "autoden.io.tiff"),
    Format("PNG image", (".png",), "autoden.io.png"),
    Format("JPEG image", (".jpg", ".jpeg"), "autoden.io.jpeg"),
)  # fmt: skip

_by_suffix: dict[str, Format] = {}


def register(file_format: Format) -> None:
    """Add a file format, so that `read` and `write` know its suffixes.

    Parameters
    ----------
    file_format : Format
        The format.

    Raises
    ------
    InputError
        One of its suffixes belongs to another format, or is not like ".abc".
    """
    for suffix in file_format.suffixes:
        if not suffix.startswith(".") or suffix != suffix.lower():
            raise InputError(f"The suffix {suffix!r} must start with a dot and be lower case.")
        if _by_suffix.get(suffix, file_format) != file_format:
            raise InputError(f"The suffix {suffix} belongs to {_by_suffix[suffix].name} already.")
    _by_suffix.update(dict.fromkeys(file_format.suffixes, file_format))


def formats() -> tuple[Format, ...]:
    """Return the formats that `read` and `write` know.

    Examples
    --------
    >>> [file_format.suffixes for file_format in formats()][0]
    ('.csv', '.tsv', '.txt')
    """
    return tuple(dict.fromkeys(_by_suffix.values()))


def format_of(path: FilePath) -> Format:
    """Return the format that the suffix of a path stands for.

    Parameters
    ----------
    path : path-like
        A file, which need not exist. Upper and lower case are the same; of two suffixes that
        fit (".tiff", ".ome.tiff") the longer one counts.

    Raises
    ------
    InputError
        No format has that suffix; the message lists those there are.

    Examples
    --------
    >>> format_of("spectra.CSV").name
    'table of text (CSV, TSV)'
    >>> format_of("spectra.docx")
    Traceback (most recent call last):
    autoden.errors.InputError: spectra.docx: the suffix is not known; known are .csv, ...
    """
    name = str(path).lower().rstrip("/")
    fitting = [suffix for suffix in _by_suffix if name.endswith(suffix)]
    if not fitting:
        known = ", ".join(sorted(_by_suffix))
        raise InputError(f"{path}: the suffix is not known; known are {known}.")
    return _by_suffix[max(fitting, key=len)]


def check_writable(
    path: FilePath, signal: Signal | None = None, *, overwrite: bool = False
) -> None:
    """Check, before a long computation, that a signal can be written to a path.

    Parameters
    ----------
    path : path-like
        The file. Its suffix says which format it gets.
    signal : Signal or None
        Zeros of the shape, dtype and axes that the result is going to have, if they are known: it
        is written to a temporary file next to `path` and removed again, since only trying tells
        what a format, and a disk, can hold.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    InputError
        As `write` would raise it.

    Examples
    --------
    >>> import numpy as np
    >>> check_writable("out.png", Signal(np.zeros((4, 5), np.float32), ["y", "x"]))
    Traceback (most recent call last):
    autoden.errors.InputError: A PNG image holds whole numbers of 8 or 16 bits (...), but the
    signal is float32: write a .tif or .npz file, which holds any numbers, or round it yourself...
    """
    file_format = format_of(path)
    writer = file_format.function("write")
    target = check_destination(path, overwrite, folder_with=file_format.folder_with)
    if signal is not None:
        with (
            TemporaryDirectory(prefix=".autoden-", dir=target.parent) as folder,
            writing(Path(folder) / Path(path).name) as temporary,
        ):
            writer(temporary, signal)


def read(
    path: FilePath,
    *,
    axes: str | None = None,
    channel_axis: int | None = None,
    repeats_axis: int | None = None,
    lazy: bool = False,
    **options: Any,
) -> Signal:
    r"""Read a file into a signal.

    Parameters
    ----------
    path : path-like
        The file. Its suffix says which format it has. What is inside a container follows two
        colons: ``"scan.h5::/entry/data/counts"``.
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
    place, inside = split_inside(path)
    source = check_source(place, folder=_is_kept_in_folder(place))
    reader = format_of(source).function("read")
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
    if not colons or not before.lower().endswith(tuple(_by_suffix)) or os.path.lexists(text):
        return path, None
    return before, inside


def _is_kept_in_folder(path: FilePath) -> bool:
    """Tell whether the suffix of a path is that of a format kept in folders."""
    suffixes = [suffix for suffix, each in _by_suffix.items() if each.folder_with]
    return str(path).lower().rstrip("/").endswith(tuple(suffixes))


@contextmanager
def writing(path: FilePath, *, overwrite: bool = False) -> Iterator[Path]:
    """Write a file, or a folder if the format is kept in one, as a whole or not at all.

    Parameters
    ----------
    path : path-like
        What is to be written; its suffix says which format it has.
    overwrite : bool
        Whether what is there may be replaced.

    Yields
    ------
    Path
        Where the body writes to; see `autoden.io.files.replacing`.

    Raises
    ------
    InputError
        As `check_destination`, or the system could not write.
    """
    folder_with = format_of(path).folder_with
    if folder_with:
        with replacing_folder(path, folder_with, overwrite=overwrite) as temporary:
            yield temporary
    else:
        with replacing(path, overwrite=overwrite) as temporary:
            yield temporary


def write(path: FilePath, signal: Signal, *, overwrite: bool = False) -> None:
    """Write a signal to a file, as a whole or not at all.

    Parameters
    ----------
    path : path-like
        The file. Its suffix says which format it gets.
    signal : Signal
        What is written: data and axes read back equal. (But .npy holds no axes, and a table of
        text no dtype.) Metadata come back from .npz, TIFF and PNG.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    InputError
        The file is there and `overwrite` is False, its folder is missing, its suffix is unknown,
        or the format cannot hold this signal.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> from autoden.signals import Axis
    >>> signal = Signal(np.array([[3, 12]]), ["repeat", Axis("energy", "keV", [0.5, 1.0])])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "out.csv"
    ...     write(path, signal)
    ...     print(path.read_text())
    energy (keV),0.5,1.0
    0,3,12
    """
    if not isinstance(signal, Signal):
        raise InputError(
            f"write takes a Signal, not {type(signal).__name__}: name its axes with "
            "Signal(data, axes), for example Signal(data, ['repeat', 'channel'])."
        )
    file_format = format_of(path)
    writer = file_format.function("write")
    with writing(path, overwrite=overwrite) as temporary:
        writer(temporary, signal if file_format.in_parts else signal.loaded())


for _file_format in _BUILT_IN:
    register(_file_format)
