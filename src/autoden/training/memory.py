"""How the memory of one step serves the next."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""What glibc's `mallopt` calls its settings."""
EVERYTHING = 2**31 - 1
"""Bytes; the largest that `mallopt` takes."""
_changing = Lock()
_inside: list[bool] = []  # one for each context of any thread
BLOCK = 32 * 2**20
"""Bytes; so large a block glibc asks the system for by itself, as it does when it has adapted."""


@contextmanager
def keep_freed_memory() -> Iterator[None]:
    """Make the C library keep freed memory for the next step, rather than give it back.

    A training step allocates and frees the same megabytes each time. By default glibc returns large
    blocks to the system at once and then waits for fresh pages, which takes as long as a small
    network does on a CPU. When the last of such contexts ends, what is free goes back. Other C
    libraries ignore all of this.
    """
    glibc = _glibc()
    if glibc is None:
        yield
        return
    with _changing:
        _inside.append(True)
        glibc.mallopt(MMAP_THRESHOLD, EVERYTHING)
        glibc.mallopt(TRIM_THRESHOLD, EVERYTHING)
    try:
        yield
    finally:
        with _changing:
            _inside.pop()
            if not _inside:
                glibc.mallopt(MMAP_THRESHOLD, BLOCK)
                glibc.mallopt(TRIM_THRESHOLD, 2 * BLOCK)
                glibc.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    """Find glibc in this process, if it is there."""
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
    names = ("gnu_get_libc_version", "mallopt", "malloc_trim")
    return library if all(hasattr(library, name) for name in names) else None
