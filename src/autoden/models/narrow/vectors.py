"""Vectors of numbers as values in functions that numba compiles.

Numba makes vector instructions of loops by itself, but what a loop adds to many sums goes through
memory each time. With vectors as values the sums of a convolution stay in registers, and it runs as
quickly as the processor multiplies.

`kernels.BUILT_ON` has to follow what changes here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import models, register_model

from autoden.transforms.compiled import instruction

# Numba calls the functions below with types, and what they return with parts of the machine code.
Generator = Callable[[Any, Any, Any, Any], Any]

WIDTH = 32 if llvm.get_host_cpu_features().get("avx512f") else 8
"""Numbers in a vector: with so many eight sums fill half of the registers that a processor has."""

FUSED = ("contract",)
"""Lets a product and a sum be one instruction."""


class Vector(types.Type):
    """The type of `WIDTH` numbers of one kind."""

    def __init__(self, number: types.Type) -> None:
        self.number = number
        super().__init__(name=f"Vector({number})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    """How a vector is held: as one of the machine."""

    def __init__(self, manager: Any, vector: Vector) -> None:
        number = manager.lookup(vector.number).get_value_type()
        super().__init__(manager, vector, ir.VectorType(number, WIDTH))  # type: ignore[no-untyped-call]


@instruction
def load(context: Any, array: Any, start: Any) -> tuple[Any, Generator]:
    """``load(array, start)``: the numbers of a 1D array from `start` on."""
    vector = Vector(array.dtype)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, size = _place(context, builder, signature.args[0], arguments, vector)
        return builder.load(pointer, align=size)

    return vector(array, types.uint64), generate


@instruction
def store(context: Any, array: Any, start: Any, vector: Any) -> tuple[Any, Generator]:
    """``store(array, start, vector)``: write into a 1D array from `start` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer, size = _place(context, builder, signature.args[0], arguments, vector)
        builder.store(arguments[2], pointer, align=size)
        return context.get_dummy_value()

    return types.void(array, types.uint64, vector), generate


def _place(context: Any, builder: Any, array: Any, arguments: Any, vector: Vector) -> Any:
    """Point to a vector in an array; give the size of a number, to which alone it is aligned."""
    data = context.make_array(array)(context, builder, arguments[0]).data
    kind = context.get_value_type(vector)
    pointer = builder.bitcast(builder.gep(data, [arguments[1]]), kind.as_pointer())
    return pointer, context.get_abi_sizeof(kind.element)


@instruction
def spread(context: Any, number: Any) -> tuple[Any, Generator]:
    """``spread(number)``: the vector of one number again and again."""
    vector = Vector(number)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(vector)
        empty, index = ir.Constant(kind, ir.Undefined), ir.IntType(32)
        one = builder.insert_element(empty, arguments[0], index(0))
        mask = ir.Constant(ir.VectorType(index, WIDTH), [0] * WIDTH)
        return builder.shuffle_vector(one, empty, mask)

    return vector(number), generate


@instruction
def add_product(context: Any, total: Any, one: Any, other: Any) -> tuple[Any, Generator]:
    """``add_product(total, one, other)``: ``total + one * other`` of vectors."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        so_far, one_, other_ = arguments
        return builder.fadd(so_far, builder.fmul(one_, other_, flags=FUSED), flags=FUSED)

    return total(total, one, other), generate


@instruction
def sum_of(context: Any, vector: Any) -> tuple[Any, Generator]:
    """``sum_of(vector)``: the sum of its numbers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = context.get_value_type(vector)
        number = kind.element
        suffix = {ir.FloatType(): "f32", ir.DoubleType(): "f64"}[number]
        reduce = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(number, [number, kind]),
            f"llvm.vector.reduce.fadd.v{WIDTH}{suffix}",
        )
        return builder.call(
            reduce, [ir.Constant(number, -0.0), arguments[0]], fastmath=("reassoc",)
        )

    return vector.number(vector), generate


@instruction
def fetch(context: Any, array: Any, index: Any) -> tuple[Any, Generator]:
    """``fetch(array, index)``: have a number, and those beside it, brought into a near cache."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.gep(data, [arguments[1]])
        number = ir.IntType(32)
        prefetch = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [place.type, number, number, number]),
            "llvm.prefetch.p0",
        )
        read, near, data_cache = number(0), number(2), number(1)
        builder.call(prefetch, [place, read, near, data_cache])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate
