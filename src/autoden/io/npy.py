"""NumPy's own files: .npy holds one bare array, .npz holds a signal with its axes and metadata.

An .npz file that is written here has "data", "axis_0" ... for the axes that have values (so that
``numpy.load`` gives them by name), and "autoden.json" for the rest. Nothing is ever unpickled, and
no size is believed before it was compared with that of the file.
"""

import zipfile
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.description import NAME, describe, from_text, restore, to_text
from autoden.io.files import FilePath, check_source
from autoden.io.foreign import (
    READ_LAZILY,
    check_expansion,
    check_memory,
    check_size,
    parsing,
    say_bytes,
)
from autoden.signals import Axis, LazyArray, Signal
from autoden.signals.lazy import Bounds, n_elements
from autoden.signals.letters import CALLED

_DATA, SIGMA = "data", "sigma"
_DESCRIPTION = f"{NAME}.json"
NUMERIC_KINDS = "biufc"
_HEADERS = {(1, 0): npy_format.read_array_header_1_0, (2, 0): npy_format.read_array_header_2_0}


def read(path: FilePath, *, key: str | None = None, lazy: bool = False) -> Signal:
    """Read an array of numbers.

    Parameters
    ----------
    path : path-like
        A file ending in .npy or .npz.
    key : str or None
        Which array of an .npz file; not needed if there is only one, or if autoden wrote it.
    lazy : bool
        Whether the numbers of an .npy file stay in it until they are indexed or converted.

    Returns
    -------
    Signal
        The array in its own shape and dtype (in the byte order of the machine), of any numeric
        kind, NaN included. Axes are as they were written to an .npz file by autoden, otherwise
        called "axis_0", "axis_1" ..., which ``metadata["assumed"]`` says.

    Raises
    ------
    InputError
        Objects, records or texts instead of numbers, an empty array, a damaged file, several
        arrays and no `key`, a `key` that is not there, or an .npz file that is to be read lazily.
    """
    source = check_source(path)
    name, size = str(source), source.stat().st_size
    if source.suffix.lower() == ".npz":
        if lazy:
            raise InputError(
                f"{name} cannot be read lazily, since its arrays are inside an archive: leave out "
                "lazy=True, or save the array as .npy."
            )
        with parsing(name, "an .npz file"), zipfile.ZipFile(source) as archive:
            return _read_archive(archive, key, name, size)
    if key is not None:
        raise InputError(f"{name} holds a single array without a key: leave out key={key!r}.")
    with parsing(name, "an .npy file"), source.open("rb") as file:
        return _bare(_lazy(file, source) if lazy else _read_array(file, size, size, name), name)


def write(path: FilePath, signal: Signal, *, sigma: NDArray[np.float64] | None = None) -> None:
    """Write an array of numbers; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        The file, replaced if it exists. Ending in .npz, it holds axes and metadata as well;
        ending in .npy, only the numbers.
    signal : Signal
        Any shape and dtype.
    sigma : ndarray or None
        Standard deviation of each number, same shape; only for .npz, as the array "sigma".

    Raises
    ------
    InputError
        Metadata of an extraordinary size.
    """
    target = Path(path)
    if target.suffix.lower() != ".npz":
        with target.open("wb") as file:
            npy_format.write_array(file, signal.data, allow_pickle=False)
        return
    description = describe(signal)
    arrays = {_DATA: signal.data}
    for index, axis in enumerate(signal.axes):
        if axis.values is not None:
            arrays[_axis_key(index)] = axis.values
            description["axes"][index]["values"] = None
    with zipfile.ZipFile(target, "w") as archive:
        for key, array in arrays.items():
            _add(archive, key, array)
        archive.writestr(zipfile.ZipInfo(_DESCRIPTION), to_text(description))
        if sigma is not None:
            _add(archive, SIGMA, sigma)


def _add(archive: zipfile.ZipFile, key: str, array: NDArray[Any]) -> None:
    """Add an array without a date: the same signal gives the same bytes."""
    with archive.open(zipfile.ZipInfo(f"{key}.npy"), "w", force_zip64=True) as file:
        npy_format.write_array(file, array, allow_pickle=False)


def _axis_key(index: int) -> str:
    return f"axis_{index}"


def _read_archive(archive: zipfile.ZipFile, key: str | None, name: str, size: int) -> Signal:
    """Read one array of an .npz file, with its axes if it has any."""
    members = {member.filename: member for member in archive.infolist()}
    if any(member.compress_size > size for member in members.values()):
        raise InputError(f"{name} is damaged: its parts are larger than the file. Copy it again.")
    arrays = [member.removesuffix(".npy") for member in members if member.endswith(".npy")]

    def load(array: str) -> NDArray[Any]:
        member = members[f"{array}.npy"]
        with archive.open(member) as file:
            return _read_array(file, member.file_size, size, f"{name}, {array!r}")

    if _DESCRIPTION in members and _DATA in arrays and key in (None, _DATA):
        check_size(name, members[_DESCRIPTION].file_size, size)
        description = from_text(archive.read(_DESCRIPTION).decode("ascii"), name)
        for index, axis in enumerate(description["axes"]):
            if _axis_key(index) in arrays:
                axis["values"] = load(_axis_key(index))
        return restore(description, load(_DATA), name)
    return _bare(load(_choose(arrays, key, name)), name)


def _choose(arrays: list[str], key: str | None, name: str) -> str:
    """Return the key of the array that is meant."""
    if not arrays:
        raise InputError(f"{name} holds no array: give a file written by numpy.savez.")
    listed = ", ".join(arrays)
    if key is None and len(arrays) > 1:
        raise InputError(f"{name} holds several arrays, {listed}: choose one with key=...")
    if key is not None and key not in arrays:
        raise InputError(f"{name} has no array {key!r}: choose key=... from {listed}.")
    return arrays[0] if key is None else key


@dataclass(frozen=True)
class _Header:
    """What an array in NumPy's format says of itself, and where its numbers begin."""

    shape: tuple[int, ...]
    order: Literal["C", "F"]
    dtype: np.dtype[Any]
    offset: int


def _read_header(file: IO[bytes], n_bytes: int, file_bytes: int, name: str) -> _Header:
    """Read and check what an array announces; `n_bytes` is what there is of it with its header."""
    version = npy_format.read_magic(file)
    if version not in _HEADERS:  # 3.0 is for names of fields outside Latin-1
        raise InputError(f"{name} holds records: write their fields as arrays of numbers.")
    shape, is_fortran, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise InputError(
            f"{name} holds Python objects, which autoden does not unpickle since they could run "
            "any code: convert the array to numbers, for example with .astype(float), and save it "
            "again with allow_pickle=False."
        )
    if dtype.kind not in NUMERIC_KINDS:
        raise InputError(f"{name} has the dtype {dtype}, numbers are needed: convert it first.")
    if any(length < 0 for length in shape):
        raise InputError(f"{name} announces the shape {shape}: it is damaged.")
    n_announced = dtype.itemsize * prod(shape)
    n_there = n_bytes - file.tell()
    if n_announced != n_there:
        raise InputError(
            f"{name} is damaged: it announces {say_bytes(n_announced)} of numbers (shape {shape}, "
            f"{dtype}), but holds {say_bytes(n_there)}. Copy or write it again."
        )
    check_expansion(name, n_announced, file_bytes)
    return _Header(shape, "F" if is_fortran else "C", dtype, file.tell())


def _read_array(file: IO[bytes], n_bytes: int, file_bytes: int, name: str) -> NDArray[Any]:
    """Read an array in NumPy's format, after what it announces was checked."""
    header = _read_header(file, n_bytes, file_bytes, name)
    check_memory(name, header.dtype.itemsize * prod(header.shape), READ_LAZILY)
    file.seek(0)
    return _plain(npy_format.read_array(file, allow_pickle=False))


def _lazy(file: IO[bytes], source: Path) -> LazyArray:
    """Leave the numbers of an .npy file in it."""
    size, name = source.stat().st_size, str(source)
    header = _read_header(file, size, size, name)
    read_part = partial(_read_part, source, header, size)
    return LazyArray(header.shape, header.dtype.newbyteorder("="), read_part)


def _read_part(source: Path, header: _Header, size: int, bounds: Bounds) -> NDArray[Any]:
    """Read a part of the numbers, long after the header was read."""
    name = str(source)
    if check_source(source).stat().st_size != size:
        raise InputError(f"{name} has changed since it was opened: read it again.")
    check_memory(name, header.dtype.itemsize * n_elements(bounds), READ_LAZILY)
    with parsing(name, "an .npy file"):
        mapped = np.memmap(source, header.dtype, "r", header.offset, header.shape, header.order)
        return _plain(np.array(mapped[bounds]))


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Bring numbers into the byte order of the machine."""
    if array.dtype.kind == "b":  # bytes other than 0 and 1 would count as themselves
        array = np.not_equal(array.view(np.uint8), 0)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _bare(data: Any, name: str) -> Signal:
    """Give an array that comes without axes some."""
    axes = tuple(Axis(_axis_key(index)) for index in range(data.ndim))
    called = ", ".join(axis.name for axis in axes)
    assumed = [f"the axes have no names in the file; they{CALLED}{called}"] if axes else []
    return Signal(data, axes, {"source": name, "assumed": assumed})
