"""Memory of compiled functions: what is borrowed for a call, and rooms in it.

A function that is called from Python borrows one block, as large as all need that it calls, and
gives it back; nothing else asks the system, so that nothing else can fail. Of the block, or of a
room in it for each thread, rows are taken one after the other.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from autoden.native.compiling.language import (
    Generator,
    array_of,
    declared,
    instruction,
    part,
    shaped,
    size_of,
)
from autoden.native.interface import GIVE, TAKE

ALIGNED = 128
"""Rows begin at multiples of so many bytes: at whole registers, and lines of a cache."""


@part
def bytes_for(n, number):
    """Say how many bytes of a room a row of `n` numbers of a type takes."""
    return (n * size_of_number(number) + ALIGNED - 1) // ALIGNED * ALIGNED


@part
def bytes_of_room(n_bytes):
    """Say how many bytes a room needs for rows of so many bytes together."""
    return n_bytes + ALIGNED


@part
def borrow(n_bytes):
    """Borrow a block of memory, as a room for rows of so many bytes together."""
    block = _taken(bytes_of_room(n_bytes))
    if block.ctypes.data == 0:
        raise MemoryError
    return emptied(block)


@part
def emptied(room):
    """Make all of a room free; it is a row of bytes, which begins with how many are taken."""
    _write_level(room, np.int64(ALIGNED - room.ctypes.data % ALIGNED))
    return room


@part
def take(room, n, number):
    """Take a row of `n` numbers of a type from a room; it holds anything."""
    level = level_of(room)
    free_from(room, level + bytes_for(n, number))
    return _seen(room, level, n, number)


@part
def rooms_in(room, n_rooms, n_bytes):
    """Take several rooms from a room, each for rows of so many bytes together."""
    size = bytes_of_room(n_bytes)
    return shaped(take(room, n_rooms * size, np.uint8), (n_rooms, size))


@part
def bytes_for_rooms(n_rooms, n_bytes):
    """Say how many bytes of a room such rooms take."""
    return bytes_for(n_rooms * bytes_of_room(n_bytes), np.uint8)


@part
def free_from(room, level):
    """Make free what was taken since the level was what is given."""
    if level > room.size:
        _stop()  # a room was made too small: better no process than wrong numbers
    _write_level(room, level)


@part
def level_of(room):
    """Say how far a room is taken."""
    return _seen(room, 0, 1, np.int64)[0]


@part
def _write_level(room, level):
    _seen(room, 0, 1, np.int64)[0] = level


@instruction
def size_of_number(context: Any, number: Any) -> tuple[Any, Generator]:
    """``size_of_number(number)``: say how many bytes a number of a type has."""
    dtype = number.dtype

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.IntType(64)(size_of(context, dtype))

    return types.int64(number), generate


@instruction
def _seen(context: Any, room: Any, first: Any, n: Any, number: Any) -> tuple[Any, Generator]:
    """``_seen(room, first, n, number)``: see some bytes as `n` numbers of a type."""
    dtype = number.dtype

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(room)(context, builder, arguments[0]).data
        first, n = (
            context.cast(builder, value, kind, types.intp)
            for value, kind in zip(arguments[1:3], signature.args[1:3], strict=True)
        )
        data = builder.gep(data, [first])
        return array_of(context, builder, signature.return_type, data, [n])

    return types.Array(dtype, 1, "C")(room, first, n, number), generate


@instruction
def _taken(context: Any, n: Any) -> tuple[Any, Generator]:
    """``_taken(n)``: take `n` bytes from the system; their address is 0 if there are none."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        n = context.cast(builder, arguments[0], signature.args[0], types.intp)
        take = declared(builder, TAKE, ir.IntType(8).as_pointer(), n.type)
        return array_of(context, builder, signature.return_type, builder.call(take, [n]), [n])

    return types.Array(types.uint8, 1, "C")(n), generate


@instruction
def give_back(context: Any, room: Any) -> tuple[Any, Generator]:
    """``give_back(room)``: give back what was borrowed."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(room)(context, builder, arguments[0]).data
        pointer = ir.IntType(8).as_pointer()
        give = declared(builder, GIVE, ir.VoidType(), pointer)
        builder.call(give, [builder.bitcast(data, pointer)])
        return context.get_dummy_value()

    return types.void(room), generate


@instruction
def _stop(context: Any) -> tuple[Any, Generator]:
    """``_stop()``: end the process."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.call(declared(builder, "llvm.trap", ir.VoidType()), [])
        return context.get_dummy_value()

    return types.void(), generate
