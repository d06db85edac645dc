"""What functions of arrays are written with that become machine code.

They are plain functions of numbers, tuples and arrays, with loops. They are given memory and do
not make arrays: what they need on their way they take from it (`memory`).
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

# Numba calls such functions with types, and what they return with parts of the machine code.
Generator = Callable[[Any, Any, Any, Any], Any]

_HOW: dict[str, Any] = {
    "error_model": "numpy",
    "fastmath": {"reassoc", "contract", "arcp", "nsz"},  # NaN and infinity stay what they are
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
}


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function, also into others that call it."""
    compiled: Callable[..., Any] = numba.njit(function, **_HOW)
    return compiled


def instruction(generator: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled functions call what a function makes machine code of, as `numba.intrinsic`.

    Numba calls it with types; what it returns are the types of the call, and a function that adds
    the instructions.
    """
    made: Callable[..., Any] = intrinsic(generator)
    return made


@instruction
def shaped(context: Any, row: Any, shape: Any) -> tuple[Any, Generator]:
    """``shaped(row, shape)``: see a contiguous array in another shape, a tuple."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        lengths = cgutils.unpack_tuple(builder, arguments[1])
        wanted = [
            context.cast(builder, length, kind, types.intp)
            for length, kind in zip(lengths, signature.args[1], strict=True)
        ]
        return array_of(context, builder, signature.return_type, array.data, wanted)

    return types.Array(row.dtype, len(shape), "C")(row, shape), generate


@instruction
def square_root(context: Any, x: Any) -> tuple[Any, Generator]:
    """``square_root(x)``: one instruction of the processor, where numba would call a library."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        root = builder.module.declare_intrinsic("llvm.sqrt", [arguments[0].type])
        return builder.call(root, arguments)

    return x(x), generate


def array_of(context: Any, builder: Any, kind: Any, data: Any, shape: list[Any]) -> Any:
    """Make a contiguous array of numbers that lie somewhere, and belong to somebody else."""
    array = context.make_array(kind)(context, builder)
    size = ir.IntType(64)(size_of(context, kind.dtype))
    strides = [size]
    for length in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    data = builder.bitcast(data, array.data.type)
    populate_array(array, data, shape, strides, size, meminfo=None)
    return array._getvalue()


def size_of(context: Any, dtype: Any) -> int:
    """Say how many bytes a number of an array has."""
    size: int = context.get_abi_sizeof(context.get_data_type(dtype))
    return size


def declared(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    """Declare a function that machine code finds when it is loaded."""
    kind = ir.FunctionType(result, list(arguments))
    return cgutils.get_or_insert_function(builder.module, kind, name)
