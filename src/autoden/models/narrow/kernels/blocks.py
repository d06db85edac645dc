"""Blocks of sums of products, which stay in the registers of a processor while they grow.

Numba makes vector instructions of loops by itself, but what a loop adds to many sums goes through
memory each time. Here the instructions are written out: so many sums at once that the processor
multiplies without a break, from as few loads as can be.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils

from autoden.models.narrow.kernels.registers import (
    WIDTH,
    N,
    Source,
    add_product,
    rows_of,
    sums_of,
)
from autoden.native.compiling.language import Generator, instruction


class Form(NamedTuple):
    """How many sums are in a block.

    Attributes
    ----------
    outputs, registers : int
        A convolution: of so many outputs, in so many registers each, or in fewer at an end.
    gradients, terms : int
        The gradient by weights: so many gradients times what so many terms see.
    """

    outputs: int
    registers: int
    gradients: int
    terms: int


# With the factors of their products the sums fill all registers but a few: 32 of 512 bits, or 16
# of 256 bits.
FORM = Form(8, 3, 4, 6) if WIDTH == 16 else Form(4, 3, 4, 3)
STEP = WIDTH * FORM.registers
"""So many numbers of each output a whole block of a convolution has."""


@instruction
def convolve_block(
    context: Any, n: Any, n_registers: Any, tile: Any, at: Any, starts: Any, weights: Any,
    first_weight: Any, bias: Any, first_bias: Any, out: Any, to: Any, stride: Any,
) -> tuple[Any, Generator]:  # fmt: skip
    """Write some registers of each of `n` outputs, 1 to `FORM.outputs`: bias and weighted terms.

    A term is what lies in the `tile` from ``at`` and its place in `starts` on. Its weights, one
    for each output, follow each other. The first output is written from ``to`` on, each other one
    `stride` further.
    """
    signature = types.void(
        N, N, tile, N, starts, weights, N, bias, N, out, N, N,
    )  # fmt: skip

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        n, n_registers, _, at, _, _, first_weight, _, first_bias, _, to, stride = arguments
        tile, starts, weights, bias, out = rows_of(context, builder, signature, arguments)

        def block(n_outputs: int, n_each: int) -> None:
            each = [n.type(i) for i in range(n_outputs)]
            further = [n.type(WIDTH * i) for i in range(n_each)]
            sums = [
                [cgutils.alloca_once_value(builder, bias.spread(number)) for _ in range(n_each)]
                for number in [bias.number(builder.add(first_bias, i)) for i in each]
            ]
            with cgutils.for_range(builder, starts.length) as loop:
                start = builder.add(at, starts.number(loop.index))
                seen = [tile.numbers(builder.add(start, i)) for i in further]
                weight = builder.add(first_weight, builder.mul(loop.index, n.type(n_outputs)))
                for i, of_output in zip(each, sums, strict=True):
                    factor = weights.spread(weights.number(builder.add(weight, i)))
                    for total, x in zip(of_output, seen, strict=True):
                        _grow(builder, total, factor, x)
            for i, of_output in zip(each, sums, strict=True):
                place = builder.add(to, builder.mul(stride, i))
                for j, total in zip(further, of_output, strict=True):
                    out.write(builder.add(place, j), builder.load(total))

        def blocks(n_outputs: int) -> None:
            _for_each_number(builder, n_registers, FORM.registers, partial(block, n_outputs))

        _for_each_number(builder, n, FORM.outputs, blocks)
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
        tile, starts, gradient, sums = rows_of(context, builder, signature, arguments)

        def block(n_gradients: int) -> None:
            each, terms = ([n.type(i) for i in range(m)] for m in (n_gradients, FORM.terms))
            seen = [Source(tile, starts.number(builder.add(first_term, k))) for k in terms]
            given = [Source(gradient, builder.add(row, builder.mul(stride, i))) for i in each]
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
                        _grow(builder, totals[pair], x, factor)
            found = sums_of(builder, [builder.load(total) for total in totals.values()])
            for (g, k), total in zip(totals, found, strict=True):
                first = builder.add(to, builder.mul(sums_stride, each[g]))
                sums.add(builder.add(first, terms[k]), total)

        _for_each_number(builder, n, FORM.gradients, block)
        return context.get_dummy_value()

    return signature, generate


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


def _grow(builder: Any, total: Any, one: Any, other: Any) -> None:
    """Add a product of registers to a sum that is kept."""
    builder.store(add_product(builder, builder.load(total), one, other), total)
