"""Blocks of sums of products, which stay in the registers of a processor while they grow.

Numba makes vector instructions of loops by itself, but what a loop adds to many sums goes through
memory each time. Here the instructions are written out: so many sums at once that the processor
multiplies without a break, from as few loads as can be.

`BUILT_ON` of the kernels has to follow what changes here.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils

from autoden.transforms.compiled import instruction

# Numba calls the functions below with types, and what they return with parts of the machine code.
Generator = Callable[[Any, Any, Any, Any], Any]

Table = tuple[tuple[int, ...], ...]

N = types.int64
"""Of places and counts."""


class Form(NamedTuple):
    """How many sums are in a block.

    Attributes
    ----------
    width : int
        Numbers of single precision in a register.
    outputs, registers : int
        A convolution: of so many outputs, in so many registers each.
    gradients, terms : int
        The gradient by weights: so many gradients times what so many terms see.
    """

    width: int
    outputs: int
    registers: int
    gradients: int
    terms: int


# With the factors of their products the sums fill all registers but a few: 32 of 512 bits, or 16
# of 256 bits.
FORM = (
    Form(16, 8, 3, 4, 6)
    if llvm.get_host_cpu_features().get("avx512f")
    else Form(8, 4, 3, 4, 3)
)  # fmt: skip
WIDTH = FORM.width
STEP = WIDTH * FORM.registers
"""So many numbers of each output a block of a convolution has."""

FUSED = ("contract",)
"""Lets a product and a sum be one instruction."""


@instruction
def convolve_block(
    context: Any, n: Any, tile: Any, at: Any, starts: Any, weights: Any, first_weight: Any,
    bias: Any, first_bias: Any, out: Any, to: Any, stride: Any,
) -> tuple[Any, Generator]:  # fmt: skip
    """Write `STEP` numbers of each of `n` outputs, 1 to `FORM.outputs`: bias and weighted terms.

    A term is what lies in the `tile` from ``at`` and its place in `starts` on. Its weights, one
    for each output, follow each other. The first output is written from ``to`` on, each other one
    `stride` further.
    """
    signature = types.void(
        N, tile, N, starts, weights, N, bias, N, out, N, N,
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        n, _, at, _, _, first_weight, _, first_bias, _, to, stride = arguments
        tile, starts, weights, bias, out = _rows(context, builder, signature, arguments)

        def block(n_outputs: int) -> None:
            each = [n.type(i) for i in range(n_outputs)]
            biases = [bias.number(builder.add(first_bias, i)) for i in each]
            sums = [
                [cgutils.alloca_once_value(builder, bias.spread(b)) for _ in range(FORM.registers)]
                for b in biases
            ]
            with cgutils.for_range(builder, starts.length) as loop:
                seen = tile.registers(builder.add(at, starts.number(loop.index)))
                weight = builder.add(first_weight, builder.mul(loop.index, n.type(n_outputs)))
                for i, of_output in zip(each, sums, strict=True):
                    factor = weights.spread(weights.number(builder.add(weight, i)))
                    for total, x in zip(of_output, seen, strict=True):
                        _add_product(builder, total, factor, x)
            for i, of_output in zip(each, sums, strict=True):
                out.write_registers(builder.add(to, builder.mul(stride, i)), of_output)

        _for_each_number(builder, n, FORM.outputs, block)
        return context.get_dummy_value()

    return signature, generate


@instruction
def correlate_block(
    context: Any, n: Any, tile: Any, starts: Any, first_term: Any, gradient: Any, row: Any,
    stride: Any, begin: Any, stop: Any, sums: Any, to: Any, sums_stride: Any,
) -> tuple[Any, Generator]:  # fmt: skip
    """Add to sums what `n` gradients, 1 to `FORM.gradients`, times `FORM.terms` terms come to.

    Numbers from `begin` to `stop`, in whole registers. The first gradient lies from `row` on, each
    other one `stride` further; the terms are those from `first_term` on. Sums are added from
    ``to`` on, those of each other gradient `sums_stride` further.
    """
    signature = types.void(N, tile, starts, N, gradient, N, N, N, N, sums, N, N)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        n, _, _, first_term, _, row, stride, begin, stop, _, to, sums_stride = arguments
        tile, starts, gradient, sums = _rows(context, builder, signature, arguments)

        def block(n_gradients: int) -> None:
            each, terms = ([n.type(i) for i in range(m)] for m in (n_gradients, FORM.terms))
            seen = [_Source(tile, starts.number(builder.add(first_term, k))) for k in terms]
            given = [_Source(gradient, builder.add(row, builder.mul(stride, i))) for i in each]
            nothing = ir.Constant(tile.register, None)
            totals = {
                pair: cgutils.alloca_once_value(builder, nothing)
                for pair in product(range(len(given)), range(len(seen)))
            }
            # The fewer are held in registers, the others pass one by one: else there would be more
            # than AVX2 has, and sums would wait for the memory.
            passing, held = (given, seen) if len(seen) < len(given) else (seen, given)
            step = n.type(WIDTH)
            with cgutils.for_range_slice(builder, begin, stop, step, inc=True) as (i, _):
                factors = [source.at(builder, i) for source in held]
                for p, source in enumerate(passing):
                    x = source.at(builder, i)
                    for h, factor in enumerate(factors):
                        pair = (p, h) if passing is given else (h, p)
                        _add_product(builder, totals[pair], x, factor)
            for g, i in enumerate(each):
                first = builder.add(to, builder.mul(sums_stride, i))
                for k, term in enumerate(terms):
                    total = _sum(builder, builder.load(totals[g, k]))
                    sums.add(builder.add(first, term), total)

        _for_each_number(builder, n, FORM.gradients, block)
        return context.get_dummy_value()

    return signature, generate


def _each_register(table: Table) -> Callable[..., Any]:
    """Make an instruction that turns registers into others by adding and subtracting them.

    ``made(tile, start, step, out, to, out_step)`` reads a register for each column of `table` from
    ``start`` on, `step` apart, and writes one for each row, `out_step` apart: the sum of those
    times 1, 0 or -1.
    """

    @instruction
    def made(
        context: Any, tile: Any, start: Any, step: Any, out: Any, to: Any, out_step: Any
    ) -> tuple[Any, Generator]:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _, start, step, _, to, out_step = arguments
            tile, out = _rows(context, builder, signature, arguments)
            seen = [
                tile.numbers(builder.add(start, builder.mul(step, step.type(i))))
                for i in range(len(table[0]))
            ]
            for i, signs in enumerate(table):
                total = ir.Constant(tile.register, None)
                for sign, x in zip(signs, seen, strict=True):
                    if sign:
                        total = (builder.fadd if sign > 0 else builder.fsub)(total, x)
                out.write(builder.add(to, builder.mul(out_step, out_step.type(i))), total)
            return context.get_dummy_value()

        return types.void(tile, N, N, out, N, N), generate

    return made


# As `winograd` tells: parts of a tile, products of gradients, planes made of products.
split_block = _each_register(((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)))
split_gradients_block = _each_register(((1, 0), (1, 1), (1, -1), (0, -1)))
merge_block = _each_register(((1, 1, 1, 0), (0, 1, -1, -1)))


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


class _Row:
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

    def registers(self, index: Any) -> list[Any]:
        """Read as many registers as a block of a convolution has of an output."""
        return [self.numbers(place) for place in self._places(index)]

    def write(self, index: Any, register: Any) -> None:
        """Write a register of numbers."""
        self.builder.store(register, self._place(index), align=self.size)

    def write_registers(self, index: Any, totals: list[Any]) -> None:
        """Write as many as a block of a convolution has of an output."""
        for place, total in zip(self._places(index), totals, strict=True):
            self.write(place, self.builder.load(total))

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

    def _places(self, index: Any) -> list[Any]:
        return [self.builder.add(index, index.type(WIDTH * i)) for i in range(FORM.registers)]

    def _place(self, index: Any) -> Any:
        return self.builder.bitcast(
            self.builder.gep(self.data, [index]), self.register.as_pointer()
        )


class _Source(NamedTuple):
    """Where a row of numbers begins that is read register by register."""

    row: _Row
    first: Any

    def at(self, builder: Any, i: Any) -> Any:
        """Read a register of numbers, from the number `i` on."""
        return self.row.numbers(builder.add(i, self.first))


def _rows(context: Any, builder: Any, signature: Any, arguments: Any) -> list[_Row]:
    """Take the arrays among the arguments."""
    return [
        _Row(context, builder, kind, value)
        for kind, value in zip(signature.args, arguments, strict=True)
        if isinstance(kind, types.Array)
    ]


def _for_each_number(builder: Any, n: Any, most: int, block: Callable[[int], None]) -> None:
    """Write out a block for each number of rows that there may be, and choose at run time."""
    done = builder.append_basic_block("done")
    choice = builder.switch(n, done)
    for number in range(1, most + 1):
        case = builder.append_basic_block(f"of_{number}")
        choice.add_case(n.type(number), case)
        builder.position_at_end(case)
        block(number)
        builder.branch(done)
    builder.position_at_end(done)


def _add_product(builder: Any, total: Any, one: Any, other: Any) -> None:
    """Add a product of registers to a sum."""
    product = builder.fmul(one, other, flags=FUSED)
    builder.store(builder.fadd(builder.load(total), product, flags=FUSED), total)


def _sum(builder: Any, register: Any) -> Any:
    """Add up the numbers of a register, in any order."""
    number = register.type.element
    suffix = {ir.FloatType(): "f32", ir.DoubleType(): "f64"}[number]
    reduce = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(number, [number, register.type]),
        f"llvm.vector.reduce.fadd.v{WIDTH}{suffix}",
    )
    return builder.call(reduce, [ir.Constant(number, -0.0), register], fastmath=("reassoc",))
