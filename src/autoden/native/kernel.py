"""A function of arrays as machine code, which is called as if it were one of Python."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autoden.native.interface import NO_MEMORY, UNSUITABLE, Function, Parameter, parameters_of

KINDS = ("f", "d")
"""Types of numbers that kernels are compiled for: float32 and float64."""


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
        ``i2``, ``d2`` or ``b2`` one of int64, float64 or bool, all contiguous; with ``w`` after it
        it is written to. ``n`` is a whole number, and ``3n`` are three, which the function takes
        as a tuple. How long arrays have to be the function says, and nobody compares.

    Raises
    ------
    MemoryError
        By a call: the function needs more memory than there is.
    TypeError, ValueError
        By a call: an argument is not what `parameters` say. Already here: they say nothing.

    Examples
    --------
    >>> multiply = Kernel("autoden.transforms.kernels.banded", "multiply", "T2 T2 T2w")
    >>> rows, padded = np.full((2, 1), 3, np.float32), np.ones((1, 2), np.float32)
    >>> out = np.empty((1, 2), np.float32)
    >>> multiply(rows, padded, out)
    >>> out
    array([[3., 3.]], dtype=float32)
    """

    def __init__(self, module: str, name: str, parameters: str) -> None:
        self.module, self.name, self.parameters = module, name, parameters
        takes = parameters_of(parameters)
        if not takes or not takes[0].number:
            raise ValueError(
                f"{parameters!r} begin with no array, whose type would be the kernel's."
            )
        self._kinds = [kind for parameter in takes for kind in _kinds_of(parameter)]
        self._called: dict[str, Callable[..., int]] = {}

    def __call__(self, *arguments: Any) -> None:
        """Call it; three numbers of a tuple are arguments of their own."""
        if len(arguments) != len(self._kinds):
            raise TypeError(f"{self.name} takes {self.parameters}, not {len(arguments)} arguments.")
        try:
            kind = arguments[0].dtype.char
            answer = (self._called.get(kind) or self._prepared(kind))(*arguments)
        except (AttributeError, ctypes.ArgumentError):
            answer = UNSUITABLE
        if answer == NO_MEMORY:
            raise MemoryError(f"{self.name} needs more memory than there is: use smaller batches.")
        if answer == UNSUITABLE:
            given = ", ".join(map(_described, arguments))
            raise TypeError(f"{self.name} takes {self.parameters}, not {given}.")

    def function_for(self, dtype: DTypeLike) -> Function | None:
        """Say what has to be compiled for numbers of a type; None where that is loaded."""
        kind = np.dtype(dtype).char
        if kind not in KINDS:
            raise TypeError(f"{self.name} computes with float32 or float64, not {np.dtype(dtype)}.")
        wanted = Function(self.module, self.name, self.parameters, kind)
        return None if kind in self._called else wanted

    def load(self, code: bytes, dtype: DTypeLike) -> None:
        """Take machine code for numbers of a type."""
        from autoden.native.machine_code import load  # needs LLVM

        called = ctypes.PYFUNCTYPE(ctypes.c_int, *self._kinds)(load(code))
        self._called.setdefault(np.dtype(dtype).char, called)

    def _prepared(self, dtype: DTypeLike) -> Callable[..., int]:
        """Give what is called for numbers of a type, compiled or loaded now."""
        prepare(dtype, [self])
        return self._called[np.dtype(dtype).char]


def prepare(dtype: DTypeLike, kernels: Iterable[Kernel]) -> None:
    """Load machine code for numbers of a type; what has to be compiled is so at the same time."""
    from autoden.native.kept import machine_codes  # needs LLVM, 40 MB

    wanted = [(kernel, kernel.function_for(dtype)) for kernel in kernels]
    missing = {kernel: function for kernel, function in wanted if function is not None}
    for kernel, code in zip(missing, machine_codes(list(missing.values())), strict=True):
        kernel.load(code, dtype)


def _kinds_of(parameter: Parameter) -> list[Any]:
    """Say as what C takes a parameter."""
    if parameter.number:
        return [ctypes.py_object]
    return [ctypes.c_int64] * max(parameter.size, 1)


def _described(argument: Any) -> str:
    """Describe an argument that was given."""
    if isinstance(argument, np.ndarray):
        return f"{argument.dtype} of {argument.ndim} axes"
    return type(argument).__name__
