"""Which file format reads and writes which suffix, and the call that writes.

A format is a module with two functions, ``read(path, **options) -> Signal`` and, if it can be
written, ``write(path, signal)``, plus one line in `_BUILT_IN`. Its module is imported when a file
of its suffix is met. Refusing and replacing files is done here once for all formats; reading them
is ``reading.py``.
"""

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
from autoden.io.companions import (
    AXES,
    DTYPE,
    METADATA,
    check_companion,
    has_companion,
    needs_companion,
    write_companion,
)
from autoden.io.files import FilePath, check_destination, replacing
from autoden.io.folders import replacing_folder
from autoden.signals import Signal

ANYTHING = "numbers of any shape"
ONE_SPECTRUM = "one spectrum of finite real numbers"


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
    holds : str
        What its files can hold, in words; signals that are something else it refuses to write.
    loses : tuple of str
        What of a signal its files do not hold: "axes", "metadata" (which `write` puts into a
        second file beside them), "dtype".
    folder_with : tuple of str
        Given for a format that is kept in a folder: names of files of which such a folder has one.
    in_parts : bool
        Whether ``write`` takes signals whose numbers are still in another file, and copies them
        part by part.
    holds_sigma : bool
        Whether ``write`` takes the standard deviations of the numbers, too, as ``sigma``.
    read_only : bool
        Whether the module has no ``write``.
    """

    name: str
    suffixes: tuple[str, ...]
    module: str
    extra: str | None = None
    holds: str = ANYTHING
    loses: tuple[str, ...] = ()
    folder_with: tuple[str, ...] = ()
    in_parts: bool = False
    holds_sigma: bool = False
    read_only: bool = False

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
                f"autoden cannot {name} the format {self.name}: choose another suffix, such as "
                f"{_suffixes(to_write=True)}."
            )
        return function

    def write_into(self, temporary: Path, path: FilePath, signal: Signal, **options: Any) -> None:
        """Write a signal into a file that `writing` gave, and what it loses beside `path`.

        The options are those of the format's ``write``.

        Raises
        ------
        InputError
            The format cannot hold this signal.
        """
        given = signal if self.in_parts else signal.loaded()
        self.function("write")(temporary, given, **options)
        target = os.path.realpath(Path(path).expanduser())
        if needs_companion(signal, self.loses) or (self.loses and has_companion(target)):
            write_companion(target, temporary, signal, self.loses)

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
    Format("table of text (CSV, TSV)", (".csv", ".tsv", ".txt"), "autoden.io.csv",
           holds="spectra of finite real numbers", loses=(METADATA, DTYPE)),
    Format("NumPy array", (".npy",), "autoden.io.npy", loses=(AXES, METADATA)),
    Format("NumPy archive", (".npz",), "autoden.io.npy", holds_sigma=True),
    Format("HDF5, NeXus", (".h5", ".hdf5", ".hdf", ".nxs"), "autoden.io.hdf5.format", in_parts=True,
           holds_sigma=True),
    Format(
        "zarr, OME-Zarr", (".zarr",), "autoden.io.zarr.format", extra="zarr",
        folder_with=("zarr.json", ".zgroup", ".zarray"), in_parts=True, holds_sigma=True,
    ),
    Format("TIFF image or stack", (".tif", ".tiff"), "autoden.io.tiff.format"),
    Format("PNG image", (".png",), "autoden.io.png", holds="images of 8 or 16 bits"),
    Format("JPEG image", (".jpg", ".jpeg"), "autoden.io.jpeg", holds="images of 8 bits",
           read_only=True),
    Format("EMSA/MSA spectrum", (".msa", ".emsa"), "autoden.io.emsa", holds=ONE_SPECTRUM),
    Format("spectrum of an analyser", (".mca", ".spe"), "autoden.io.mca", holds=ONE_SPECTRUM),
    Format("EDF of the ESRF", (".edf",), "autoden.io.edf", holds="real numbers of any shape"),
    Format("MRC image or volume", (".mrc", ".mrcs", ".map", ".rec"), "autoden.io.mrc", "mrc",
           holds="images and volumes of up to 32 bits", loses=(DTYPE,)),
    Format("file of an instrument", (".asw", ".bcf", ".blo", ".dens", ".dm3", ".dm4", ".elid",
           ".emd", ".emi", ".mib", ".pro", ".pts", ".ser", ".spd", ".spx", ".sur", ".tvf", ".tvips",
           ".unf", ".wdf"), "autoden.io.vendor.format", "vendor",
           read_only=True),
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


def format_of(path: FilePath, *, to_write: bool = False) -> Format:
    """Return the format that the suffix of a path stands for.

    Parameters
    ----------
    path : path-like
        A file, which need not exist. Upper and lower case are the same; of two suffixes that
        fit (".tiff", ".ome.tiff") the longer one counts.
    to_write : bool
        Whether the message is to list only suffixes that can be written.

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
    autoden.errors.InputError: spectra.docx: the suffix is not known; known are ...
    """
    name = str(path).lower().rstrip("/")
    fitting = [suffix for suffix in _by_suffix if name.endswith(suffix)]
    if not fitting:
        raise InputError(
            f"{path}: the suffix is not known; known are {_suffixes(to_write=to_write)}."
        )
    return _by_suffix[max(fitting, key=len)]


def _suffixes(*, to_write: bool) -> str:
    """List the suffixes that are known, or those that can be written."""
    return ", ".join(
        sorted(s for s, each in _by_suffix.items() if not (to_write and each.read_only))
    )


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
    file_format = format_of(path, to_write=True)
    writer = file_format.function("write")
    target = check_destination(path, overwrite, folder_with=file_format.folder_with)
    if signal is not None:
        if needs_companion(signal, file_format.loses):
            check_companion(target)
        with (
            TemporaryDirectory(prefix=".autoden-", dir=target.parent) as folder,
            writing(Path(folder) / Path(path).name) as temporary,
        ):
            writer(temporary, signal)


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
        What is written: data, axes and metadata read back equal. What a format cannot hold
        (`Format.loses`: axes of .npy, metadata of tables) goes into a second file beside it,
        ``NAME.autoden.json``, which `read` looks for; but the dtype of a table is lost.
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
    file_format = format_of(path, to_write=True)
    file_format.function("write")
    with writing(path, overwrite=overwrite) as temporary:
        file_format.write_into(temporary, path, signal)


for _file_format in _BUILT_IN:
    register(_file_format)
