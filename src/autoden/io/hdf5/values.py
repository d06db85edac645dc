"""Reading from an HDF5 dataset what is safe to read: numbers, and small attributes as plain values.

A dataset may announce any size, keep its numbers in other files, or be compressed so that a few
bytes expand without end. Everything is checked before memory is taken.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.foreign import (
    DEFLATE_EXPANSION,
    MAX_SMALL,
    READ_LAZILY,
    check_deflated,
    check_expansion,
    check_memory,
)
from autoden.io.hdf5.heaps import texts_fit
from autoden.signals.lazy import Bounds, n_elements

NUMERIC_KINDS = "biufc"
MAX_PLAIN = 64
"""Elements of an attribute or a small dataset that count as metadata."""
_MAX_TEXT = 10_000  # bytes of a text
_MAX_ATTRIBUTES = 256  # of one object

_DEFLATE, _SHUFFLE, _FLETCHER, _LZF = 1, 2, 3, 32000
_OF_HDF5 = {4: "szip", 5: "nbit", 6: "scale-offset"}
_MAX_LZF = 88  # times that LZF expands at most
_FIRST_PLUGIN = 256
_REMEDY = "write it again with gzip, for example by h5repack -f GZIP=4"


def is_numeric(dataset: Any) -> bool:
    """Tell whether a dataset holds numbers, and any at all."""
    return dataset.shape is not None and prod(dataset.shape) > 0 and _is_number(dataset)


def check_dataset(dataset: Any, name: str, file_bytes: int) -> list[str]:
    """Check what a dataset announces before anything is read.

    Parameters
    ----------
    dataset : h5py.Dataset
        In an open file.
    name : str
        What errors call it.
    file_bytes : int
        How large the file is.

    Returns
    -------
    list of str
        What has to be said about it: parts that were never written.

    Raises
    ------
    InputError
        No numbers, numbers in other files, sizes that the file cannot hold, or a compression that
        is not known.
    """
    if dataset.shape is None or not _is_number(dataset):
        kind = "nothing" if dataset.shape is None else f"the dtype {dataset.dtype}"
        raise InputError(f"{name} has {kind}, numbers are needed: choose another dataset.")
    if dataset.is_virtual or dataset.external is not None:
        raise InputError(
            f"{name} keeps its numbers in other files, which are never opened: give those files "
            "themselves, or copy it into one file."
        )
    n_bytes = dataset.dtype.itemsize * prod(dataset.shape)
    check_expansion(name, n_bytes, file_bytes)
    if dataset.chunks is None:
        _check_whole(dataset, name, n_bytes, file_bytes)
        return []
    check_expansion(name, dataset.dtype.itemsize * prod(dataset.chunks), file_bytes)
    _check_filters(dataset, name)
    n_chunks = prod(-(-n // c) for n, c in zip(dataset.shape, dataset.chunks, strict=True))
    n_stored = dataset.id.get_num_chunks()
    if n_stored == 0:
        raise InputError(f"{name} was created but its numbers were never written.")
    if n_stored >= n_chunks:
        return []
    return [
        f"{n_chunks - n_stored} of {n_chunks} parts of {name} were never written; they read as "
        f"{dataset.fillvalue}"
    ]


def read_numbers(dataset: Any, bounds: Bounds, name: str) -> NDArray[Any]:
    """Read a part of a dataset that was checked.

    Parameters
    ----------
    dataset : h5py.Dataset
        In an open file.
    bounds : Bounds
        Which part.
    name : str
        What errors call it.

    Returns
    -------
    ndarray
        With all axes, in the byte order of the machine.

    Raises
    ------
    InputError
        More than the memory, or parts that expand to more than they should.
    """
    check_memory(name, dataset.dtype.itemsize * n_elements(bounds), READ_LAZILY)
    if dataset.chunks is not None:
        _check_chunks(dataset, bounds, name)
    array: NDArray[Any] = np.asarray(dataset[bounds] if bounds else dataset[()])
    if array.dtype.kind == "b":  # bytes other than 0 and 1 would count as themselves
        array = np.not_equal(array.view(np.uint8), 0)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def whole(shape: tuple[int, ...]) -> Bounds:
    """Return the bounds of all of an array."""
    return tuple(slice(0, length, 1) for length in shape)


def attributes(item: Any) -> dict[str, Any]:
    """Read the attributes of a group or dataset as plain values; what is none is left out."""
    found: dict[str, Any] = {}
    for name in list(item.attrs)[:_MAX_ATTRIBUTES]:
        value = attribute(item, name)
        if value is not None:
            found[name] = value
    return found


def attribute(item: Any, name: str) -> Any:
    """Read one attribute as a plain value; None if there is none, or no plain one."""
    if name not in item.attrs:
        return None
    kind = item.attrs.get_id(name)
    if kind.get_space().get_simple_extent_type() == h5py.h5s.NULL:
        return ""
    return _plain(item.attrs[name]) if _is_small(kind.shape, kind.dtype) else None


def text_attribute(item: Any, name: str) -> str:
    """Read an attribute that should be a text; "" if it is not there, or none."""
    value = attribute(item, name)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value.strip() if isinstance(value, str) else ""


def small_value(dataset: Any) -> Any:
    """Read a small dataset as a plain value; None if it is large or not plain."""
    if dataset.shape is None or dataset.is_virtual or dataset.external is not None:
        return None
    if not _is_small(dataset.shape, dataset.dtype) or dataset.chunks is not None:
        return None
    if dataset.dtype.kind == "O" and not texts_fit(dataset):
        return None
    return _plain(dataset[()])


def plain_to_hdf5(value: Any) -> Any:
    """Give a plain value to h5py in a type of HDF5; None if it has none."""
    if isinstance(value, str | bool | int | float):
        return value
    if not isinstance(value, list) or not value or any(isinstance(v, Mapping) for v in value):
        return None
    try:
        array = np.asarray(value)
    except ValueError:  # lists of unequal lengths
        return None
    if array.dtype.kind == "U":
        return array.astype(h5py.string_dtype())
    return array if array.dtype.kind in "biuf" else None


def _is_number(dataset: Any) -> bool:
    dtype = dataset.dtype
    odd = h5py.check_vlen_dtype(dtype) or h5py.check_ref_dtype(dtype) or dtype.subdtype is not None
    return dtype.kind in NUMERIC_KINDS and not odd


def _is_small(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Tell whether something is small, and of a type that h5py reads without trouble."""
    is_text = dtype.kind == "S" or h5py.check_string_dtype(dtype) is not None
    safe = is_text or (dtype.kind in "biuf" and dtype.subdtype is None)
    return safe and prod(shape) <= MAX_PLAIN and dtype.itemsize <= _MAX_TEXT


def _plain(value: Any) -> Any:
    """Turn what h5py gives into text, numbers and lists of them; None if it is nothing of that."""
    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, np.ndarray):
        items = [_plain(item) for item in value]
        return None if any(item is None for item in items) else items
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value.rstrip("\0") if len(value) <= _MAX_TEXT else None
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        value = value.item()
    return value if isinstance(value, bool | int | float) else None


def _check_whole(dataset: Any, name: str, n_bytes: int, file_bytes: int) -> None:
    """Check that numbers in one piece are in the file."""
    if n_bytes and dataset.id.get_storage_size() == 0:
        raise InputError(f"{name} was created but its numbers were never written.")
    offset = dataset.id.get_offset()  # None for those in the header
    if offset is not None and offset + n_bytes > file_bytes:
        raise InputError(
            f"{name} is incomplete: its numbers would end at byte {offset + n_bytes}, but the "
            f"file has {file_bytes}. Copy it again."
        )


def _filters(dataset: Any) -> list[int]:
    """Return the numbers of the filters that chunks went through, in their order."""
    listed = dataset.id.get_create_plist()
    return [listed.get_filter(index)[0] for index in range(listed.get_nfilters())]


def _check_filters(dataset: Any, name: str) -> None:
    """Refuse compressions whose results are not known to stay in bounds, or that are missing."""
    squeezing = [code for code in _filters(dataset) if code not in (_SHUFFLE, _FLETCHER)]
    if len(squeezing) > 1:
        raise InputError(f"{name} is compressed twice: {_REMEDY}.")
    for code in squeezing:
        if code in (_DEFLATE, _LZF):
            continue
        if code < _FIRST_PLUGIN:
            raise InputError(f"{name} is compressed by {_OF_HDF5.get(code, code)}: {_REMEDY}.")
        if not h5py.h5z.filter_avail(code):
            raise InputError(
                f"{name} is compressed by the plug-in {code} of HDF5, which is not installed: "
                f"import hdf5plugin before it is read, or {_REMEDY}."
            )


def _check_chunks(dataset: Any, bounds: Bounds, name: str) -> None:
    """Check that the chunks of a part expand to no more than they should."""
    expected = dataset.dtype.itemsize * prod(dataset.chunks)
    filters = _filters(dataset)
    for offset in _touched(bounds, dataset.chunks):
        info = dataset.id.get_chunk_info_by_coord(offset)
        if info.byte_offset is None or info.size == 0:
            continue  # never written
        if info.size > 2 * expected + 2**16:
            raise InputError(
                f"{name} is damaged: a part of it takes {info.size} bytes in the file, but only "
                f"{expected} in memory."
            )
        for index, code in enumerate(filters):
            if info.filter_mask & 1 << index:
                continue
            if code == _LZF and info.size * _MAX_LZF > MAX_SMALL:
                check_memory(name, info.size * _MAX_LZF, _REMEDY)
            if code == _DEFLATE and info.size * DEFLATE_EXPANSION > MAX_SMALL:
                _, content = dataset.id.read_direct_chunk(offset)
                check_deflated(name, content, expected)


def _touched(bounds: Bounds, chunks: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield where the chunks begin that a part lies in."""
    along = [
        range(b.start // size * size, b.stop, size) for b, size in zip(bounds, chunks, strict=True)
    ]
    yield from product(*along)
