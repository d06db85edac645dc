"""Checks of the bytes of an HDF5 file that the HDF5 library itself goes without.

Texts of variable length are kept in heaps of objects, one after the other. The library believes
the sizes of these objects; one of zero makes it turn in circles for ever, where no interrupt
reaches it. So the heaps are walked here first.
"""

import mmap
import struct
from pathlib import Path

from autoden.errors import InputError

_SIGNATURE = b"GCOL\x01\0\0\0"
_START, _OBJECT = struct.Struct("<8sQ"), struct.Struct("<HHIQ")
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
            if not _is_sound(content, place, n_bytes):
                raise InputError(
                    f"{source} is damaged: its texts at byte {place} have sizes that cannot be. "
                    "Copy or write it again."
                )
            place = content.find(_SIGNATURE, place + 1)


def _is_sound(content: mmap.mmap, start: int, n_bytes: int) -> bool:
    """Tell whether the objects of a heap fill it, one after the other."""
    if start + _START.size > len(content):
        return True  # the library says that the file is cut off
    size: int = _START.unpack_from(content, start)[1]
    end, at = start + size, start + _START.size
    if end > len(content):
        return end <= n_bytes  # beyond what is looked through
    while at + _OBJECT.size <= end:
        number, _, _, length = _OBJECT.unpack_from(content, at)
        at += length if number == 0 else _OBJECT.size + (length + 7) // 8 * 8
        if (number == 0 and length == 0) or at > end:
            return False
    return True
