"""Torch's own threads, which belong to OpenMP: its library can be asked to run machine code.

Threads of our own would not do: torch's wait for work by asking for it again and again,
milliseconds long, and would keep the processor from them. Where there is no such library one thread
does all.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import torch

from autoden.native.interface import NEVER_CALLED, OF_OPENMP

logger = logging.getLogger(__name__)

LIBRARIES = ("libgomp*.so*", "libomp*.so*", "libiomp5*", "libomp*.dylib")
"""Names under which OpenMP comes with torch."""


def n_threads() -> int:
    """Say how many threads a team may have: as many as torch, in whose process they began.

    A process that was forked has none but its own.
    """
    return torch.get_num_threads() if _home() == os.getpid() else 1


def threads_for(n: int, of_a_thread: int) -> int:
    """Say how many threads share `n` pieces of work, of which each wants so many at least."""
    return max(1, min(n_threads(), n // of_a_thread))


@cache
def functions() -> dict[str, Any]:
    """Give the functions of OpenMP for what machine code calls; none is called without it."""
    for library in _libraries():
        try:
            return {symbol: getattr(library, name) for symbol, name in OF_OPENMP.items()}
        except AttributeError:
            logger.debug("%s is another make of it", library)
    logger.info("No OpenMP library of torch was found: narrow networks compute on one thread.")
    return dict.fromkeys(OF_OPENMP, NEVER_CALLED)


@cache
def _home() -> int:
    """Give the process that has threads, 0 if there are none."""
    return 0 if NEVER_CALLED in functions().values() else os.getpid()


def _libraries() -> Iterator[ctypes.CDLL]:
    """Open what torch has opened already: a copy elsewhere would have other threads.

    Those that come with torch are in its folders; where it was built to use those of the system,
    that is among what this process has loaded.
    """
    root = Path(torch.__file__).parent
    folders = (root / "lib", root.with_name("torch.libs"))
    own = [path for pattern in LIBRARIES for folder in folders for path in folder.glob(pattern)]
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    loaded = dict.fromkeys(Path(line.split(maxsplit=5)[-1]) for line in lines if "/" in line)
    others = [path for pattern in LIBRARIES for path in loaded if path.match(pattern)]
    for path in (*own, *others):
        try:
            yield ctypes.CDLL(str(path))
        except OSError:
            logger.debug("%s cannot be opened", path)
