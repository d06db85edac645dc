"""Lines of numbers made of others, as weighted sums with weights that are known before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types

from autoden.models.narrow.kernels.registers import WIDTH, N, add_product, rows_of
from autoden.native.compiling.language import Generator, instruction

Table = tuple[tuple[float, ...], ...]


def combine(table: Table) -> Callable[..., Any]:
    """Make an instruction that turns lines into others, whose numbers are weighted sums.

    ``made(tile, start, step, out, to, out_step)`` reads a register for each column of `table` from
    ``start`` on, `step` apart, and writes one for each row, `out_step` apart.
    """

    @instruction
    def made(
        context: Any, tile: Any, start: Any, step: Any, out: Any, to: Any, out_step: Any
    ) -> tuple[Any, Generator]:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _, start, step, _, to, out_step = arguments
            tile, out = rows_of(context, builder, signature, arguments)
            seen = [
                tile.numbers(builder.add(start, builder.mul(step, step.type(i))))
                for i in range(len(table[0]))
            ]
            for i, weights in enumerate(table):
                total = ir.Constant(tile.register, None)
                for weight, x in zip(weights, seen, strict=True):
                    total = _added(builder, total, weight, x)
                out.write(builder.add(to, builder.mul(out_step, out_step.type(i))), total)
            return context.get_dummy_value()

        return types.void(tile, N, N, out, N, N), generate

    return made


def _added(builder: Any, total: Any, weight: float, x: Any) -> Any:
    """Add a register times a number that is known before."""
    if weight == 0:
        return total
    if abs(weight) == 1:
        return (builder.fadd if weight > 0 else builder.fsub)(total, x)
    factors = ir.Constant(x.type, [ir.Constant(x.type.element, weight)] * WIDTH)
    return add_product(builder, total, factors, x)
