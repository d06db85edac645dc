"""A compiled function run by torch's own threads, all at once, each on a share of the work.

Threads of our own would not do: torch's wait for work by asking for it again and again,
milliseconds long, and would keep the processor from them. Torch's threads belong to OpenMP, whose
library can be asked to run a function on them, as code does that a C compiler made. Where there is
no such library one thread does all.

`BUILT_ON` of the kernels has to follow what changes here.
"""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils

from autoden.models.narrow.registers import Generator
from autoden.transforms.compiled import instruction

logger = logging.getLogger(__name__)

LIBRARIES = ("libgomp*.so*", "libomp*.so*", "libiomp5*", "libomp*.dylib")
"""Names under which OpenMP comes with torch."""
SYMBOLS = {
    "autoden_team_run": "GOMP_parallel",
    "autoden_team_wait": "GOMP_barrier",
    "autoden_team_member": "omp_get_thread_num",
    "autoden_team_size": "omp_get_num_threads",
}
"""What compiled code calls, and the functions of OpenMP that stand for it."""


def n_threads() -> int:
    """Say how many threads `in_team` may use: as many as torch, in whose process they began.

    A process that was forked has none but its own. Has to be called before code with `in_team` is
    compiled or loaded.
    """
    return torch.get_num_threads() if _home() == os.getpid() else 1


@cache
def _home() -> int:
    """Let compiled code find OpenMP; give the process that has threads, 0 if there are none."""
    for library in _libraries():
        try:
            functions = [getattr(library, name) for name in SYMBOLS.values()]
        except AttributeError:  # another make of it
            continue
        _tell(functions)
        return os.getpid()
    logger.info("No OpenMP library of torch was found: narrow networks compute on one thread.")
    _tell([_NEVER_CALLED] * len(SYMBOLS))
    return 0


_NEVER_CALLED = ctypes.CFUNCTYPE(None)(lambda: None)


def _tell(functions: list[Any]) -> None:
    """Let compiled code call functions by our names for them."""
    for symbol, function in zip(SYMBOLS, functions, strict=True):
        llvm.add_symbol(symbol, ctypes.cast(function, ctypes.c_void_p).value)


def _libraries() -> Iterator[ctypes.CDLL]:
    """Open what torch has opened already: a copy elsewhere would have other threads.

    Those that come with torch are in its folders; where it was built to use those of the system,
    that is among what this process has loaded.
    """
    root = Path(torch.__file__).parent
    folders = (root / "lib", root.with_name("torch.libs"))
    own = [path for pattern in LIBRARIES for folder in folders for path in folder.glob(pattern)]
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    loaded = dict.fromkeys(Path(line.split(maxsplit=5)[-1]) for line in lines if "/" in line)
    others = [path for pattern in LIBRARIES for path in loaded if path.match(pattern)]
    for path in (*own, *others):
        try:
            yield ctypes.CDLL(str(path))
        except OSError:
            logger.debug("%s cannot be opened", path)


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
            given = [*place, *_lend(context, where, arguments.types, shared)]
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


def _lend(context: Any, builder: Any, kinds: Any, values: Any) -> list[Any]:
    """Give the values of a tuple, its arrays without their count of references.

    Whoever calls the team holds them all the while; threads that counted every row of an array that
    they look at would wait for each other at one and the same number.
    """
    lent: list[Any] = cgutils.unpack_tuple(builder, values)
    for i, kind in enumerate(kinds):
        if isinstance(kind, types.Array):
            array = context.make_array(kind)(context, builder, lent[i])
            array.meminfo = cgutils.get_null_value(array.meminfo.type)
            lent[i] = array._getvalue()
    return lent


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
        inside.sext(inside.call(_openmp(inside, name, number), []), n_threads.type)
        for name in ("autoden_team_member", "autoden_team_size")
    ]
    call(inside, place, inside.load(inside.bitcast(share.args[0], data.type)))
    inside.ret_void()
    run = _openmp(builder, "autoden_team_run", ir.VoidType(), share.type, pointer, number, number)
    n = builder.trunc(n_threads, number)
    builder.call(run, [share, builder.bitcast(data, pointer), n, number(0)])


@instruction
def wait(context: Any) -> tuple[Any, Generator]:
    """``wait()``: wait until all threads of the team have come this far."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.call(_openmp(builder, "autoden_team_wait", ir.VoidType()), [])
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


def _openmp(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    """Declare a function of OpenMP."""
    kind = ir.FunctionType(result, list(arguments))
    return cgutils.get_or_insert_function(builder.module, kind, name)
