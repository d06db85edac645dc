"""Numbers as a processor takes them: some at once, in a register."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, NamedTuple

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils

from autoden.native.compiling.language import Generator, declared, instruction

N = types.int64
"""Of places and counts."""

WIDTH = 16 if llvm.get_host_cpu_features().get("avx512f") else 8
"""So many numbers of single precision are in a register."""

FUSED = ("contract",)
"""Lets a product and a sum be one instruction."""


@instruction
def fetch(context: Any, array: Any, index: Any) -> tuple[Any, Generator]:
    """``fetch(array, index)``: have a number, and those beside it, brought into a near cache."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.gep(data, [arguments[1]])
        number = ir.IntType(32)
        prefetch = declared(
            builder, "llvm.prefetch.p0", ir.VoidType(), place.type, number, number, number
        )
        read, near, data_cache = number(0), number(2), number(1)
        builder.call(prefetch, [place, read, near, data_cache])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate


class Row:
    """The numbers of a 1D array in machine code."""

    def __init__(self, context: Any, builder: Any, kind: Any, value: Any) -> None:
        array = context.make_array(kind)(context, builder, value)
        self.builder, self.data = builder, array.data
        self.length = builder.extract_value(array.shape, 0)
        number = context.get_data_type(kind.dtype)
        self.size = context.get_abi_sizeof(number)
        self.register = ir.VectorType(number, WIDTH)

    def number(self, index: Any) -> Any:
        """Read a number."""
        return self.builder.load(self.builder.gep(self.data, [index]))

    def numbers(self, index: Any) -> Any:
        """Read a register of numbers."""
        return self.builder.load(self._place(index), align=self.size)

    def write(self, index: Any, register: Any) -> None:
        """Write a register of numbers."""
        self.builder.store(register, self._place(index), align=self.size)

    def add(self, index: Any, number: Any) -> None:
        """Add to a number."""
        sum_ = self.builder.fadd(self.number(index), number)
        self.builder.store(sum_, self.builder.gep(self.data, [index]))

    def spread(self, number: Any) -> Any:
        """Repeat a number in a register."""
        empty, index = ir.Constant(self.register, ir.Undefined), ir.IntType(32)
        one = self.builder.insert_element(empty, number, index(0))
        mask = ir.Constant(ir.VectorType(index, WIDTH), [0] * WIDTH)
        return self.builder.shuffle_vector(one, empty, mask)

    def _place(self, index: Any) -> Any:
        return self.builder.bitcast(
            self.builder.gep(self.data, [index]), self.register.as_pointer()
        )


class Source(NamedTuple):
    """Where a row of numbers begins that is read register by register."""

    row: Row
    first: Any

    def at(self, builder: Any, i: Any) -> Any:
        """Read a register of numbers, from the number `i` on."""
        return self.row.numbers(builder.add(i, self.first))


def rows_of(context: Any, builder: Any, signature: Any, arguments: Any) -> list[Row]:
    """Take the arrays among the arguments."""
    return [
        Row(context, builder, kind, value)
        for kind, value in zip(signature.args, arguments, strict=True)
        if isinstance(kind, types.Array)
    ]


def add_product(builder: Any, total: Any, one: Any, other: Any) -> Any:
    """Give a product of registers and a sum together."""
    return builder.fadd(total, builder.fmul(one, other, flags=FUSED), flags=FUSED)


def sums_of(builder: Any, registers: list[Any]) -> list[Any]:
    """Add up the numbers of each register; give the sums."""
    some, step, index = registers[:WIDTH], 1, ir.IntType(32)
    together = some
    while step < WIDTH:
        pairs = zip_longest(together[::2], together[1::2], fillvalue=together[-1])
        together = [_folded(builder, one, other, step) for one, other in pairs]
        step *= 2
    kept = cgutils.alloca_once_value(builder, together[0])
    numbers = builder.bitcast(kept, together[0].type.element.as_pointer())
    sums = [builder.load(builder.gep(numbers, [index(i)])) for i in range(len(some))]
    return sums + (sums_of(builder, registers[WIDTH:]) if registers[WIDTH:] else [])


def _folded(builder: Any, one: Any, other: Any, step: int) -> Any:
    """Add numbers that are `step` apart: those of the second register where the place has `step`.

    Of as many registers as there are numbers in one, folded two by two with a step of 1, then 2 and
    so on, one remains; its numbers are the sums of each in turn.
    """
    index = ir.IntType(32)
    own = [i + (WIDTH if i & step else 0) for i in range(WIDTH)]

    def chosen(places: list[int]) -> Any:
        mask = ir.Constant(ir.VectorType(index, WIDTH), places)
        return builder.shuffle_vector(one, other, mask)

    return builder.fadd(chosen(own), chosen([i ^ step for i in own]))
