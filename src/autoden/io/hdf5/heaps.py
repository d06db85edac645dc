"""Checks of the bytes of an HDF5 file that the HDF5 library itself goes without.

Texts of variable length are kept in heaps of objects, one after the other. The library believes
the sizes of these objects; one of zero makes it turn in circles for ever, where no interrupt
reaches it. It also believes the length of a text, and takes that much memory before it looks at
the text. So heaps and lengths are walked here first.
"""

import mmap
import re
import struct
from math import prod
from pathlib import Path
from typing import Any

from autoden.errors import InputError

_SIGNATURE = b"GCOL\x01"
_START, _OBJECT = struct.Struct("<8sQ"), struct.Struct("<HHIQ")
_LENGTH = struct.Struct("<I12x")  # of a text, and where it is
_TEXTS = re.compile(  # the datatype of texts of variable length, then zeros up to a dataspace
    rb"\x19[\x00\x01][\x00\x01]\x00\x10\x00\x00\x00"
    rb"(?:\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x08\x00|\x13[\x00-\x12]\x00\x00\x01\x00\x00\x00)"
    rb"\x00{0,4}(?=[\x01\x02][\x00-\x20][\x00\x01])"
)
_MAX_TEXTS = 4096
_MIN_HEAP = 4096  # bytes
_MOST = 2**30  # bytes of a file that are looked through


def check_heaps(source: Path) -> None:
    """Walk the heaps of an HDF5 file.

    Parameters
    ----------
    source : Path
        The file; only its first GiB is looked through.

    Raises
    ------
    InputError
        An object of a heap that is empty or reaches beyond it.
    """
    n_bytes = source.stat().st_size
    if n_bytes == 0:
        return
    with (
        source.open("rb") as file,
        mmap.mmap(file.fileno(), min(n_bytes, _MOST), access=mmap.ACCESS_READ) as content,
    ):
        place = content.find(_SIGNATURE)
        while place >= 0:
            if not _is_sound(content, place):
                raise InputError(
                    f"{source} is damaged: its texts at byte {place} have sizes that cannot be. "
                    "Copy or write it again."
                )
            place = content.find(_SIGNATURE, place + 1)
        for found in _TEXTS.finditer(content):
            if any(length > n_bytes for length in _lengths_at(content, found.end())):
                raise InputError(
                    f"{source} is damaged: a text at byte {found.end()} is said to be longer than "
                    "the file. Copy or write it again."
                )


def texts_fit(dataset: Any) -> bool:
    """Tell whether texts of variable length in a dataset are no longer than its file.

    Parameters
    ----------
    dataset : h5py.Dataset
        Of such texts, not in chunks.
    """
    offset = dataset.id.get_offset()
    if offset is None:
        return False
    source = Path(dataset.file.filename)
    with source.open("rb") as file:
        file.seek(offset)
        content = file.read(_LENGTH.size * prod(dataset.shape))
    whole = len(content) // _LENGTH.size * _LENGTH.size
    n_bytes = source.stat().st_size
    return all(length <= n_bytes for (length,) in _LENGTH.iter_unpack(content[:whole]))


def _lengths_at(content: mmap.mmap, at: int) -> list[int]:
    """Read the lengths of the texts of an attribute, whose dataspace begins at a byte."""
    version, rank, has_most = content[at], content[at + 1], content[at + 2]
    at += 8 if version == 1 else 4
    dims_end = at + 8 * rank
    if dims_end + 8 * rank * has_most + _LENGTH.size > len(content):
        return []
    n_texts = prod(struct.unpack(f"<{rank}Q", content[at:dims_end]))
    start = dims_end + 8 * rank * has_most
    n_there = min(n_texts, _MAX_TEXTS, (len(content) - start) // _LENGTH.size)
    part = content[start : start + n_there * _LENGTH.size]
    return [length for (length,) in _LENGTH.iter_unpack(part)]


def _is_sound(content: mmap.mmap, start: int) -> bool:
    """Tell whether the objects of a heap fill it, one after the other."""
    if start + _START.size > len(content):
        return True  # the library says that the file is cut off
    size: int = _START.unpack_from(content, start)[1]
    end, at = start + size, start + _START.size
    if size < _MIN_HEAP or end > len(content):
        return True  # no heap, which the library says as well
    while at + _OBJECT.size <= end:
        number, _, _, length = _OBJECT.unpack_from(content, at)
        at += length if number == 0 else _OBJECT.size + (length + 7) // 8 * 8
        if (number == 0 and length == 0) or at > end:
            return False
    return True
