"""Memory for large arrays that is used again and again while a network trains.

Each step of a training needs as much memory as the one before. Given back in between, the system
takes it away, and fills it with zeros before it gives it out again, which takes a tenth of a step.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALL = 2**18
"""Bytes below which the system's own keeping is as good."""
SPARE = 1.25
"""What is given out is at most so many times as large as what was asked for."""

_free: list[NDArray[np.uint8]] = []
_lock = threading.Lock()


class _Lent:
    """Memory that is given back when the last array on it is gone."""

    def __init__(self, memory: NDArray[np.uint8]) -> None:
        self.memory = memory
        self.__array_interface__ = memory.__array_interface__

    def __del__(self) -> None:
        with _lock:
            _free.append(self.memory)


def lend(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Give an array with anything in it, as `numpy.empty` does, on memory that is kept.

    Examples
    --------
    >>> array = lend((2, 100_000), np.dtype(np.float32))
    >>> place, array = array.ctypes.data, None
    >>> lend((200_000,), np.dtype(np.float32)).ctypes.data == place
    True
    >>> release()
    """
    n_bytes = math.prod(shape) * dtype.itemsize
    if n_bytes < SMALL:
        return np.empty(shape, dtype)
    memory = np.asarray(_Lent(_take(n_bytes)))
    return memory[:n_bytes].view(dtype).reshape(shape)


def release() -> None:
    """Give what is not in use back to the system."""
    with _lock:
        _free.clear()


def _take(n_bytes: int) -> NDArray[np.uint8]:
    """Take the smallest memory that suits, or new one."""
    with _lock:
        suitable = [memory for memory in _free if n_bytes <= memory.size <= SPARE * n_bytes]
        if suitable:
            chosen = min(suitable, key=lambda memory: memory.size)
            _free[:] = [memory for memory in _free if memory is not chosen]
            return chosen
    return np.empty(n_bytes, np.uint8)
