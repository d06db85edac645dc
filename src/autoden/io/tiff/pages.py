"""Whether the pages of a TIFF are all there, and as large as they say, before they are decoded.

tifffile is patient: where pages or strips are missing it logs a line and returns less, or zeros.
For measured data that is worse than an error, so whatever it logs about them becomes one here.
What the numbers mean is not decided here.
"""

import logging
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from math import prod
from typing import IO

import tifffile

from autoden.errors import InputError
from autoden.io.foreign import (
    DEFLATE_EXPANSION,
    MAX_SMALL,
    check_deflated,
    check_expansion,
    check_size,
)

_MAX_PAGES = 2**18  # a map of 512 x 512 diffraction patterns; each costs time and memory
_MAX_TAGS = 4096

# The lossless compressions whose results are known to stay in bounds.
_PLAIN, _LZW, _DEFLATE, _PACKBITS = 1, 5, (8, 32946, 50013), 32773
_MAX_PACKBITS = 2**19  # bytes in a strip; 64 times as many numbers may come out

_HARMLESS = re.compile(r"TiffTag (?:27[12]|30[5-6]|315|3[3-9]\d{3}|[4-6]\d{4}) |GDAL_NODATA")


@contextmanager
def complaints(name: str) -> Iterator[None]:
    """Refuse a file of which tifffile logs that a part is missing or wrong.

    Raises
    ------
    InputError
        At the end of the body, with what was logged first. Faults in tags that only describe
        (software, author, private ones) do not count.
    """
    logged: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING and not _HARMLESS.search(record.getMessage()):
            logged.append(record.getMessage())
        return False

    logger = logging.getLogger("tifffile")
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
    if logged:
        first = re.sub(r"<tifffile\.[^>]*> *", "", logged[0])[:200]
        raise InputError(
            f"{name} is damaged or incomplete: tifffile says: {first}. Copy it again, or open and "
            "save it with the program it comes from."
        )


@dataclass(frozen=True)
class _Layout:
    """How a TIFF writes numbers: classic with 32 bits, BigTIFF with 64."""

    order: str  # "<" or ">", as struct has it
    count: str
    offset: str
    first: int  # byte at which the offset of the first page stands

    @property
    def tag(self) -> str:
        """Code, type, number of values, and where they are (or what, if they are short)."""
        return f"{self.order}HH{self.offset}{self.offset}"

    def unpack(self, file: IO[bytes], code: str, name: str) -> int:
        """Read one number."""
        content = file.read(struct.calcsize(code))
        if len(content) < struct.calcsize(code):
            raise InputError(f"{name} is damaged or incomplete: it ends within a page.")
        return int(struct.unpack(self.order + code, content)[0])


_LAYOUTS = {
    b"II*\0": _Layout("<", "H", "I", 4),
    b"MM\0*": _Layout(">", "H", "I", 4),
    b"II+\0": _Layout("<", "Q", "Q", 8),
    b"MM\0+": _Layout(">", "Q", "Q", 8),
}
_SUB_PAGES = 330  # the tag that leads to them
_OFFSET_TYPES = {4: "I", 13: "I", 16: "Q", 18: "Q"}


def check_pages(file: IO[bytes], n_bytes: int, name: str) -> None:
    """Follow the pages of a TIFF from one to the next, and to the pages below them.

    Parameters
    ----------
    file : binary file
        At its start, where it is again afterwards.
    n_bytes : int
        Size of the file.
    name : str
        Its name, for errors.

    Raises
    ------
    InputError
        No TIFF, a page beyond the end of the file, pages in a circle, or more than 262144.
    """
    layout = _LAYOUTS.get(file.read(4))
    if layout is None:
        raise InputError(f"{name} is not a TIFF: its first bytes are others. Check its suffix.")
    file.seek(layout.first)
    seen: set[int] = set()
    pending = [(layout.unpack(file, layout.offset, name), True)]
    while pending:
        offset, in_row = pending.pop()
        if offset == 0:
            continue
        if offset in seen:
            raise InputError(f"{name} is damaged: its pages lead back to an earlier one.")
        if offset >= n_bytes:
            raise InputError(
                f"{name} is damaged or incomplete: its page {len(seen) + 1} would begin at byte "
                f"{offset}, but it has {n_bytes}. Copy or write it again."
            )
        if len(seen) >= _MAX_PAGES:
            raise InputError(f"{name} has more than {_MAX_PAGES} pages: split it.")
        seen.add(offset)
        file.seek(offset)
        n_tags = layout.unpack(file, layout.count, name)
        if n_tags > _MAX_TAGS:
            raise InputError(f"{name} is damaged: its page {len(seen)} has {n_tags} tags.")
        tags = file.read(n_tags * struct.calcsize(layout.tag))
        following = layout.unpack(file, layout.offset, name)
        pending += [(sub, False) for sub in _sub_pages(file, tags, layout)]
        pending += [(following, True)] if in_row else []
    file.seek(0)
    if not seen:
        raise InputError(f"{name} holds no image.")


def _sub_pages(file: IO[bytes], tags: bytes, layout: _Layout) -> list[int]:
    """Return where the pages below a page are: smaller copies, mostly."""
    offsets: list[int] = []
    for code, kind, number, where in struct.iter_unpack(layout.tag, tags):
        if code != _SUB_PAGES or kind not in _OFFSET_TYPES:
            continue
        item = struct.Struct(layout.order + _OFFSET_TYPES[kind])
        content = struct.pack(layout.order + layout.offset, where)
        if number * item.size > len(content):
            file.seek(where)
            content = file.read(item.size * min(number, _MAX_PAGES))
        whole = content[: len(content) // item.size * item.size]
        offsets += [offset for (offset,) in item.iter_unpack(whole)][:number]
    return offsets


def check_series(series: tifffile.TiffPageSeries, n_bytes: int, name: str) -> None:
    """Check that all images of a series are in the file, in the sizes that they announce.

    Parameters
    ----------
    series : tifffile.TiffPageSeries
        The images.
    n_bytes : int
        Size of the file.
    name : str
        Its name, for errors.

    Raises
    ------
    InputError
        Images that are missing or in another file, strips beyond the end of the file, a
        compression that loses something or is not known, data larger than the file can hold.
    """
    check_expansion(name, series.nbytes, n_bytes)
    if series.dataoffset is not None:  # all in one piece
        if series.dataoffset + series.nbytes > n_bytes:
            raise InputError(
                f"{name} is incomplete: its images would end at byte "
                f"{series.dataoffset + series.nbytes}, but it has {n_bytes}. Copy it again."
            )
        return
    keyframe = series.keyframe
    compression = int(keyframe.compression)
    if compression not in (_PLAIN, _LZW, *_DEFLATE, _PACKBITS):
        known = getattr(keyframe.compression, "name", str(compression))
        raise InputError(
            f"{name} is compressed by {known}: save it without compression, or with DEFLATE."
        )
    if compression == _LZW and find_spec("imagecodecs") is None:
        raise InputError(
            f"{name} is compressed by LZW, for which the package imagecodecs is needed: install "
            "it, or save the file without compression."
        )
    n_segments = prod(keyframe.chunked)
    expected = prod(keyframe.chunks) * (0 if keyframe.dtype is None else keyframe.dtype.itemsize)
    check_size(name, expected, n_bytes)
    for number, page in enumerate(series, start=1):
        if page is None or page.parent is not series.parent:
            raise InputError(
                f"{name} is a part of a set of files, and image {number} is in another one: save "
                "the set as a single file."
            )
        offsets, counts = page.dataoffsets, page.databytecounts
        if len(offsets) != n_segments or len(counts) != n_segments:
            raise InputError(
                f"{name} is damaged: image {number} has {len(offsets)} of {n_segments} strips."
            )
        for offset, count in zip(offsets, counts, strict=True):
            if count <= 0 or offset <= 0 or offset + count > n_bytes:
                raise InputError(
                    f"{name} is damaged or incomplete: image {number} has a part at byte {offset}, "
                    f"{count} long, but the file has {n_bytes}. Copy or write it again."
                )
            _check_expansion(page.parent.filehandle, offset, count, compression, expected, name)


def _check_expansion(
    file: tifffile.FileHandle, offset: int, count: int, compression: int, expected: int, name: str
) -> None:
    """Decompress a large strip once within bounds: the decoders know none."""
    if compression == _PACKBITS and count > _MAX_PACKBITS:
        raise InputError(
            f"{name} is compressed by PackBits in strips of {count} bytes, {_MAX_PACKBITS} is the "
            "most: save it without compression, or with DEFLATE."
        )
    if compression not in _DEFLATE or count * DEFLATE_EXPANSION <= MAX_SMALL:
        return
    file.seek(offset)
    check_deflated(name, file.read(count), expected)
