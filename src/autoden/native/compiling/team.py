"""A compiled function run by several threads at once, each on a share of the work.

The threads are torch's (`autoden.native.openmp`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils

from autoden.native.compiling.language import Generator, declared, instruction
from autoden.native.interface import MEMBER, RUN, SIZE, WAIT


@instruction
def in_team(context: Any, work: Any, n_threads: Any, arguments: Any) -> tuple[Any, Generator]:
    """``in_team(work, n_threads, arguments)``: let threads call a compiled function.

    Each calls ``work(member, size, *arguments)`` with its number in the team and how many they are.
    What the function raises is lost, and where one has ended others may wait for ever: what is
    large has to be taken from the system before.
    """
    called = (types.int64, types.int64, *arguments.types)
    signature = work.get_call_type(context, called, {})

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        compiled = work.dispatcher.get_compile_result(signature)
        context.add_linking_libs([compiled.library])

        def call(where: Any, place: list[Any], shared: Any) -> None:
            given = [*place, *cgutils.unpack_tuple(where, shared)]
            context.call_internal_no_propagate(where, compiled.fndesc, signature, given)

        n = values[1]
        with builder.if_else(builder.icmp_signed(">", n, n.type(1))) as (together, alone):
            with together:
                data = cgutils.alloca_once_value(builder, values[2])
                _run(builder, data, n, call)
            with alone:
                call(builder, [n.type(0), n.type(1)], values[2])
        return context.get_dummy_value()

    return types.void(work, types.int64, arguments), generate


def _run(
    builder: Any, data: Any, n_threads: Any, call: Callable[[Any, list[Any], Any], None]
) -> None:
    """Have OpenMP call a function that calls the compiled one with what `data` points to."""
    pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
    share = ir.Function(
        builder.module,
        ir.FunctionType(ir.VoidType(), [pointer]),
        name=builder.module.get_unique_name("autoden_share"),
    )
    share.linkage = "internal"
    inside = ir.IRBuilder(share.append_basic_block())
    place = [
        inside.sext(inside.call(declared(inside, name, number), []), n_threads.type)
        for name in (MEMBER, SIZE)
    ]
    call(inside, place, inside.load(inside.bitcast(share.args[0], data.type)))
    inside.ret_void()
    run = declared(builder, RUN, ir.VoidType(), share.type, pointer, number, number)
    n = builder.trunc(n_threads, number)
    builder.call(run, [share, builder.bitcast(data, pointer), n, number(0)])


@instruction
def wait(context: Any) -> tuple[Any, Generator]:
    """``wait()``: wait until all threads of the team have come this far."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.call(declared(builder, WAIT, ir.VoidType()), [])
        return context.get_dummy_value()

    return types.void(), generate


@instruction
def take_next(context: Any, taken: Any, index: Any) -> tuple[Any, Generator]:
    """``take_next(taken, index)``: add 1 to a whole number of a 1D array and give what it was.

    No two threads are given the same.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.gep(data, [arguments[1]])
        return builder.atomic_rmw("add", place, place.type.pointee(1), "monotonic")

    return types.int64(taken, types.int64), generate
