"""zarr and OME-Zarr: arrays in folders, in chunks of one file each.

Read are versions 2 and 3, of an image with several levels the finest; written is version 3, with
OME metadata for images. ``store.py`` checks the files, ``axes.py`` names the axes.
"""

import os
from collections.abc import Iterator, Mapping
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.storage import LocalStore

from autoden.errors import InputError
from autoden.io.description import NAME, describe, from_text, restore, to_text
from autoden.io.files import FilePath, check_source
from autoden.io.foreign import READ_LAZILY, check_expansion, check_memory, parsing
from autoden.io.zarr.axes import axes_of_ome, first_level, multiscale_of, ome_of
from autoden.io.zarr.store import GuardedStore, chunks_of
from autoden.signals import Axis, LazyArray, Signal
from autoden.signals.lazy import Bounds, blocks, n_elements
from autoden.signals.letters import CALLED

_KIND = "a zarr store"
_DATA, _SIGMA = "0", "sigma"
_WRITTEN = frozenset("?bBhHiIlLqQefdFD")
_NUMERIC_KINDS = "biufc"
_CHUNK = 2**22  # bytes
_KEPT = "zarr"  # in the metadata: attributes of the group and of the array
_OF_STRUCTURE = {"ome", "multiscales", "omero", NAME, "_ARRAY_DIMENSIONS"}
_MAX_LISTED = 12
_MAX_DEPTH = 4


def read(path: FilePath, *, dataset: str | None = None, lazy: bool = False) -> Signal:
    """Read an array of numbers.

    Parameters
    ----------
    path : path-like
        The folder of a zarr store.
    dataset : str or None
        Path of an array in it, or of a group that has one. None: the finest level of its first
        OME image, or its only array.
    lazy : bool
        Whether the numbers stay in the store until they are indexed or converted.

    Returns
    -------
    Signal
        Shape and dtype as in the store, in the byte order of the machine. Axes as OME, dimension
        names or xarray's coordinates give them; axes and metadata as they were if autoden wrote
        the store. ``metadata["zarr"]`` has the attributes of the group and of the array.

    Raises
    ------
    InputError
        A damaged or unfinished store, no such array, several that could be meant (the message
        lists them), no numbers, more of them than the files can hold or the memory takes, files
        outside of the store, or a compression that is not known.
    """
    source = check_source(path, folder=True)
    name = str(source)
    with parsing(name, _KIND):
        at = _parts(dataset or "")
        array, group = _find(zarr.open(GuardedStore(source), mode="r", path=at), name)
        label = name if dataset is None else f"{name}::{array.path}"
        n_missing = _check(array, source, f"{name}::{array.path}")
        if lazy:
            numbers: Any = LazyArray(
                array.shape,
                array.dtype.newbyteorder("="),
                partial(_read_part, source, array.path, array.shape),
            )
        else:
            everything = tuple(slice(0, length, 1) for length in array.shape)
            numbers = _numbers(source, array, everything)
        own = _own_description(group, array, name)
        if own is None:
            return _interpret(array, group, numbers, source, label, n_missing)
        if n_missing:
            raise InputError(f"{name} is incomplete: {n_missing} files are missing. Copy it again.")
        for index, axis in enumerate(own["axes"]):
            if axis.pop("stored", False):
                axis["values"] = _small(source, f"axis_{index}")
        return restore(own, numbers, label)


def write(path: FilePath, signal: Signal, *, sigma: NDArray[np.float64] | None = None) -> None:
    """Write a store of version 3; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        An empty folder.
    signal : Signal
        Any shape; bool, integers, float of 16 to 64 bits, or complex. Numbers that are still in
        another file are copied part by part. Images get OME metadata.
    sigma : ndarray or None
        Standard deviation of each number, same shape.

    Raises
    ------
    InputError
        Other floats, or metadata of an extraordinary size.
    """
    if signal.dtype.char not in _WRITTEN:
        raise InputError(
            f"A zarr store cannot hold {signal.dtype}: write an .npz file, or convert it to "
            "float64."
        )
    kept = signal.metadata.get(_KEPT)
    kept = kept if isinstance(kept, Mapping) else {}
    group = zarr.create_group(LocalStore(Path(path)), attributes={NAME: {"complete": False}})
    names = [axis.name for axis in signal.axes]
    _write_array(group, _DATA, signal.data, signal.dtype, names, _mapping(kept.get("array")))
    if sigma is not None:
        _write_array(group, _SIGMA, sigma, sigma.dtype, names, {})
    description = describe(signal)
    for index, axis in enumerate(signal.axes):
        if axis.values is not None:
            _write_array(group, f"axis_{index}", axis.values, axis.values.dtype, [axis.name], {})
            description["axes"][index] |= {"values": None, "stored": True}
    ome = ome_of(signal)
    attributes = {**_mapping(kept.get("group")), **({"ome": ome} if ome else {})}
    group.attrs.update(
        {**attributes, NAME: {"complete": True, "description": to_text(description)}}
    )


def _write_array(
    group: Any, name: str, data: Any, dtype: np.dtype[Any], axes: list[str], kept: dict[str, Any]
) -> None:
    """Write an array chunk by chunk, those of zeros as well: what is missing then was lost."""
    native, shape = dtype.newbyteorder("="), data.shape
    first = next(blocks(shape, dtype.itemsize, _CHUNK))
    array = group.create_array(
        name,
        shape=shape,
        dtype=native,
        chunks=tuple(each.stop - each.start for each in first),
        dimension_names=axes,
        attributes=kept,
        config={"write_empty_chunks": True},
    )
    for bounds in blocks(shape, dtype.itemsize, _CHUNK):
        array[bounds] = np.asarray(data[bounds], dtype=native)


def _find(node: Any, name: str) -> tuple[Any, Any]:
    """Return the array that is meant, and the group that it is in (None: none is known)."""
    if isinstance(node, zarr.Array):
        parent = node.path.rpartition("/")[0]
        try:
            return node, zarr.open_group(node.store, mode="r", path=parent) if node.path else None
        except FileNotFoundError:
            return node, None
    if _mapping(node.attrs.get(NAME)).get("complete") is False:
        raise InputError(f"{name} is incomplete: its writing was interrupted. Write it again.")
    image = multiscale_of(node.attrs)
    if image is not None:
        return node[_parts(first_level(image))], node
    if _mapping(node.attrs.get(NAME)):
        return node[_DATA], node
    arrays = [
        each for _, each in node.members(max_depth=_MAX_DEPTH) if isinstance(each, zarr.Array)
    ]
    arrays = [each for each in arrays if each.dtype.kind in _NUMERIC_KINDS]
    arrays = [each for each in arrays if each.ndim > 1] or arrays
    if len(arrays) == 1:
        return _find(arrays[0], name)
    if not arrays:
        raise InputError(f"{name} holds no array of numbers.")
    listed = ", ".join(
        f"{each.path} ({' x '.join(map(str, each.shape))} {each.dtype})"
        for each in sorted(arrays, key=lambda each: str(each.path))[:_MAX_LISTED]
    )
    raise InputError(
        f"{name} holds several arrays, {listed}: choose one, as in {name}::{arrays[0].path}"
    )


def _parts(path: str) -> str:
    """Check a path inside the store, so that it stays inside."""
    if not isinstance(path, str) or ".." in path.split("/") or "\\" in path or "\0" in path:
        raise InputError(f"{path!r} is no path inside a store: give one such as '0' or 'a/0'.")
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def _check(array: Any, source: Path, name: str) -> int:
    """Check what an array announces; return how many of its files are missing."""
    if array.dtype.kind not in _NUMERIC_KINDS:
        raise InputError(f"{name} has the dtype {array.dtype}, numbers are needed.")
    chunks = chunks_of(array, name)
    folder = source / array.path
    sizes = list(_file_sizes(folder))
    check_expansion(name, array.dtype.itemsize * prod(array.shape), sum(sizes))
    check_expansion(name, chunks.n_bytes * chunks.per_file, sum(sizes))
    grid = zip(array.shape, array.shards or array.chunks, strict=True)
    n_files: int = prod(-(-length // size) for length, size in grid)
    return max(0, n_files - len(sizes))


def _file_sizes(folder: Path) -> Iterator[int]:
    """Yield the sizes of the files of an array, without those that describe it."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _file_sizes(Path(entry.path))
            elif not entry.name.startswith(".z") and entry.name != "zarr.json":
                yield entry.stat(follow_symlinks=False).st_size


def _numbers(source: Path, array: Any, bounds: Bounds) -> NDArray[Any]:
    """Read a part of an array that was checked."""
    name = f"{source}::{array.path}"
    chunks = chunks_of(array, name)
    check_memory(name, array.dtype.itemsize * n_elements(bounds), READ_LAZILY)
    check_memory(name, chunks.n_bytes, "write it again in smaller chunks")
    guarded = zarr.open_array(GuardedStore(source, chunks=chunks), mode="r", path=array.path)
    part = np.asarray(guarded[bounds if bounds else ()])
    return np.array(part, dtype=part.dtype.newbyteorder("="), order="C")


def _read_part(source: Path, at: str, shape: tuple[int, ...], bounds: Bounds) -> NDArray[Any]:
    """Read a part of an array, long after it was looked at."""
    name = str(source)
    with parsing(name, _KIND):
        array = zarr.open_array(GuardedStore(check_source(source, folder=True)), mode="r", path=at)
        if array.shape != shape:
            raise InputError(f"{name} has changed since it was opened: read it again.")
        return _numbers(source, array, bounds)


def _small(source: Path, path: str) -> NDArray[Any]:
    """Read a row of positions."""
    array = zarr.open_array(GuardedStore(source), mode="r", path=path)
    if _check(array, source, f"{source}::{path}"):
        raise InputError(f"{source} is incomplete: {path} is not there. Copy it again.")
    return _numbers(source, array, (slice(0, array.shape[0], 1),))


def _own_description(group: Any, array: Any, name: str) -> dict[str, Any] | None:
    """Return what autoden wrote of the signal, None if it did not or of another one."""
    if group is None or array.path != _DATA:
        return None
    text = _mapping(group.attrs.get(NAME)).get("description")
    own = from_text(text, name) if isinstance(text, str) else None
    return own if own is not None and tuple(own["shape"]) == array.shape else None


def _interpret(
    array: Any, group: Any, numbers: Any, source: Path, label: str, n_missing: int
) -> Signal:
    """Say what the numbers of another program are."""
    assumed = list[str]()
    if n_missing:
        assumed.append(f"{n_missing} chunks were never written; they read as {array.fill_value}")
    image = None if group is None else multiscale_of(group.attrs)
    if image is not None and array.path == _joined(group.path, first_level(image)):
        axes = axes_of_ome(image, array.shape, assumed)
    else:
        axes = _named_axes(array, group, source, assumed)
    attributes = {"group": {} if group is None else dict(group.attrs), "array": dict(array.attrs)}
    kept = {where: _plain(each) for where, each in attributes.items()}
    metadata = {"source": label, "dataset": array.path, "assumed": assumed}
    return Signal(numbers, axes, metadata | ({_KEPT: kept} if any(kept.values()) else {}))


def _joined(group: str, path: str) -> str:
    return f"{group}/{_parts(path)}".lstrip("/")


def _named_axes(array: Any, group: Any, source: Path, assumed: list[str]) -> tuple[Axis, ...]:
    """Name axes by their dimensions, with the coordinates that xarray keeps beside the array."""
    told = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    names = list(told) if told and len(told) == array.ndim else [None] * array.ndim
    axes, made_up = list[Axis](), list[str]()
    for index, (given, length) in enumerate(zip(names, array.shape, strict=True)):
        name = str(given or "").lower()
        if not name.strip() or name in [axis.name for axis in axes]:
            name = f"axis_{index}"
            made_up.append(name)
        beside = group.get(_parts(str(given))) if group is not None and given else None
        if (
            isinstance(beside, zarr.Array)
            and beside.shape == (length,)
            and beside.path != array.path
        ):
            _check(beside, source, f"{source}::{beside.path}")
            values = _numbers(source, beside, (slice(0, length, 1),))
            axes.append(Axis(name, str(beside.attrs.get("units", "")), values))
        else:
            axes.append(Axis(name))
    if made_up:
        assumed.append(f"the axes have no names in the file; they{CALLED}{', '.join(made_up)}")
    return tuple(axes)


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says how a store is built, and what is nothing."""
    return {
        key: _without_nothing(value)
        for key, value in attributes.items()
        if key not in _OF_STRUCTURE and value is not None
    }


def _without_nothing(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _without_nothing(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_nothing(each) for each in value if each is not None]
    return value
