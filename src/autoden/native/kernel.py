"""A function of arrays as machine code, which is called as if it were one of Python."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autoden.native import kept
from autoden.native.interface import NO_MEMORY, PARAMETER, UNSUITABLE
from autoden.native.machine_code import load


class Kernel:
    """A function in a module of ``kernels``, compiled for numbers of one type at a time.

    The type is that of the first argument. Sums may be taken in any order, as vector instructions
    need; NaN and infinity stay what they are. Python goes on in other threads meanwhile.

    Parameters
    ----------
    module, name : str
        Where the function is.
    parameters : str
        What it takes in turn, between spaces. ``T2`` is an array of two axes of such numbers, and
        ``i2``, ``d2`` or ``b2`` one of int64, float64 or bool, all contiguous; ``n`` is a whole
        number, and ``3n`` are three, which the function takes as a tuple.

    Raises
    ------
    MemoryError
        By a call: the function needs more memory than there is.
    TypeError, ValueError
        By a call: an argument is not what `parameters` say.

    Examples
    --------
    >>> multiply = Kernel("autoden.transforms.kernels.banded", "multiply", "T2 T2 T2")
    >>> rows, padded = np.full((2, 1), 3, np.float32), np.ones((1, 2), np.float32)
    >>> out = np.empty((1, 2), np.float32)
    >>> multiply(rows, padded, out)
    >>> out
    array([[3., 3.]], dtype=float32)
    """

    def __init__(self, module: str, name: str, parameters: str) -> None:
        self.module, self.name, self.parameters = module, name, parameters
        self._called: dict[str, Callable[..., int]] = {}

    def __call__(self, *arguments: Any) -> None:
        """Call it; three numbers of a tuple are arguments of their own."""
        kind = arguments[0].dtype.char
        called = self._called.get(kind) or self.prepare(kind)
        answer = called(*arguments)
        if answer == NO_MEMORY:
            raise MemoryError(f"{self.name} needs more memory than there is: use smaller batches.")
        if answer == UNSUITABLE:
            raise TypeError(f"{self.name} takes {self.parameters}, of another type than was given.")

    def prepare(self, dtype: DTypeLike) -> Callable[..., int]:
        """Load the machine code for numbers of a type; where there is none, compile it first."""
        kind = np.dtype(dtype).char
        code = kept.machine_code(self.module, self.name, self.parameters, kind)
        kinds = [argument for p in self.parameters.split() for argument in _kinds_of(p)]
        called = ctypes.PYFUNCTYPE(ctypes.c_int, *kinds)(load(code))
        return self._called.setdefault(kind, called)


def prepare(dtype: DTypeLike, kernels: Iterable[Kernel]) -> None:
    """Load machine code for numbers of a type; what has to be compiled is so at the same time."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda kernel: kernel.prepare(dtype), kernels))


def _kinds_of(parameter: str) -> list[Any]:
    """Say as what C takes a parameter."""
    found = PARAMETER.fullmatch(parameter)
    assert found, parameter
    if found["array"]:
        return [ctypes.py_object]
    return [ctypes.c_int64] * int(found["count"] or 1)
