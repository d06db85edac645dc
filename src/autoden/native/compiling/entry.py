"""The way into machine code: arrays of Python as they lie in memory, without the interpreter.

An object file has one function that is called from Python, whose arguments are objects with a
buffer, and whole numbers. What it answers is said in `autoden.native.kernel`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.compiler_lock import global_compiler_lock
from numba.np.numpy_support import as_dtype

from autoden.native.compiling.language import array_of, declared
from autoden.native.interface import (
    DONE,
    ENTRY,
    FREE,
    GET,
    LEAVE,
    NEVER_CALLED,
    NO_MEMORY,
    OF_OPENMP,
    OF_PYTHON,
    RELEASE,
    RETURN,
    UNSUITABLE,
    Function,
    Parameter,
    parameters_of,
)

NUMBERS = {"f": types.float32, "d": types.float64, "i": types.int64, "b": types.boolean}

POINTER, NUMBER, SIZE = ir.IntType(8).as_pointer(), ir.IntType(32), ir.IntType(64)
VIEW = ir.LiteralStructType(
    [POINTER, POINTER, SIZE, SIZE, NUMBER, NUMBER, POINTER, *[SIZE.as_pointer()] * 3, POINTER]
)
"""``Py_buffer``, as the stable interface of Python 3.11 has it."""
DATA, N_AXES, FORMAT, SHAPE = 0, 5, 6, 7
"""What of it is read."""
KNOWN = {FREE, *OF_PYTHON, *OF_OPENMP}
"""What machine code may call, beside what LLVM puts in its place."""
C_CONTIGUOUS, WITH_FORMAT, WRITABLE = 0x38, 0x4, 0x1
"""What is asked for, as ``PyBUF_C_CONTIGUOUS``, ``PyBUF_FORMAT`` and ``PyBUF_WRITABLE``."""


@global_compiler_lock  # type: ignore[untyped-decorator]
def machine_code_of(wanted: Function) -> bytes:
    """Compile a function; give an object file.

    Some of what numba is asked for here is no part of its public interface, which knows no object
    files: what is asked for in vain ends up as an error, and torch computes.
    """
    _name_symbols()
    function = getattr(import_module(wanted.module), wanted.name)
    parameters = parameters_of(wanted.parameters)
    kinds = tuple(_type_of(parameter, wanted.kind) for parameter in parameters)
    function.compile(kinds)
    compiled = function.overloads[kinds]
    library = compiled.target_context.codegen().create_library(ENTRY)
    library.enable_object_caching()
    made = library.create_ir_module(ENTRY)
    writes = [parameter.is_written for parameter in parameters if parameter.number]
    _Entry(compiled, made, kinds, writes).write()
    library.add_ir_module(made)
    library.add_linking_library(compiled.library)
    library.finalize()
    _check_calls(library)
    code: bytes = library._get_compiled_object()
    return code


def _name_symbols() -> None:
    """Let LLVM finish what it compiles: it looks for all that is called, which nobody runs here."""
    for name in KNOWN:
        if llvm.address_of_symbol(name) is None:
            llvm.add_symbol(name, ctypes.cast(NEVER_CALLED, ctypes.c_void_p).value)


def _check_calls(library: Any) -> None:
    """Refuse code that calls what it will not find: it makes arrays, or raises with values."""
    called = {f.name for f in library._final_module.functions if f.is_declaration}
    unknown = {name for name in called - KNOWN if not name.startswith("llvm.")}
    if unknown:
        raise TypeError(f"Machine code would call {unknown}: borrow arrays, and raise MemoryError.")


def _type_of(parameter: Parameter, kind: str) -> Any:
    """Say as what the function takes a parameter."""
    if parameter.number:
        return types.Array(NUMBERS[parameter.number.replace("T", kind)], parameter.size, "C")
    return types.UniTuple(types.int64, parameter.size) if parameter.size else types.int64


class _Entry:
    """The function that is called from Python, being written."""

    def __init__(
        self, compiled: Any, module: Any, kinds: tuple[Any, ...], writes: list[bool]
    ) -> None:
        self.compiled, self.context, self.kinds = compiled, compiled.target_context, kinds
        self.function = ir.Function(module, ir.FunctionType(NUMBER, list(_given(kinds))), ENTRY)
        self.builder = ir.IRBuilder(self.function.append_basic_block())
        self.end = self.function.append_basic_block("end")
        self.answer = cgutils.alloca_once_value(self.builder, NUMBER(DONE))
        self.views = [
            (cgutils.alloca_once_value(self.builder, ir.Constant(VIEW, None)), is_written)
            for is_written in writes
        ]

    def write(self) -> None:
        """See the arrays, leave the interpreter, call the function, and come back."""
        builder, arguments, views = self.builder, iter(self.function.args), iter(self.views)
        values = [self._value(kind, arguments, views) for kind in self.kinds]
        state = builder.call(declared(builder, LEAVE, POINTER), [])
        status, _ = self.context.call_conv.call_function(
            builder,
            self.context.declare_function(self.function.module, self.compiled.fndesc),
            self.compiled.signature.return_type,
            self.compiled.signature.args,
            values,
        )
        builder.call(declared(builder, RETURN, ir.VoidType(), POINTER), [state])
        self._answer_if(status.is_error, NO_MEMORY)
        builder.branch(self.end)
        builder.position_at_end(self.end)
        release = declared(builder, RELEASE, ir.VoidType(), VIEW.as_pointer())
        for view, _ in self.views:  # those that were not seen are empty
            builder.call(release, [view])
        builder.ret(builder.load(self.answer))

    def _value(self, kind: Any, arguments: Iterator[Any], views: Iterator[Any]) -> Any:
        """Turn one or more arguments into what the function takes."""
        if isinstance(kind, types.Array):
            return self._array(kind, next(arguments), *next(views))
        if isinstance(kind, types.UniTuple):
            numbers = [next(arguments) for _ in range(kind.count)]
            return self.context.make_tuple(self.builder, kind, numbers)
        return next(arguments)

    def _array(self, kind: Any, argument: Any, view: Any, is_written: bool) -> Any:
        """See an object as an array, or end here."""
        builder = self.builder
        get = declared(builder, GET, NUMBER, POINTER, VIEW.as_pointer(), NUMBER)
        asked = C_CONTIGUOUS | WITH_FORMAT | (WRITABLE if is_written else 0)
        refused = builder.call(get, [argument, view, NUMBER(asked)])
        self._answer_if(builder.icmp_signed("!=", refused, NUMBER(0)), UNSUITABLE)
        n_axes, said = self._field(view, N_AXES), self._field(view, FORMAT)
        wanted = np.empty(0, as_dtype(kind.dtype)).data.format.encode() + b"\0"
        characters = [builder.load(builder.gep(said, [NUMBER(i)])) for i in range(len(wanted))]
        for found, value in zip((n_axes, *characters), (kind.ndim, *wanted), strict=True):
            self._answer_if(builder.icmp_signed("!=", found, found.type(value)), UNSUITABLE)
        lengths = self._field(view, SHAPE)
        shape = [builder.load(builder.gep(lengths, [NUMBER(i)])) for i in range(kind.ndim)]
        return array_of(self.context, builder, kind, self._field(view, DATA), shape)

    def _field(self, view: Any, which: int) -> Any:
        return self.builder.load(self.builder.gep(view, [NUMBER(0), NUMBER(which)]))

    def _answer_if(self, condition: Any, answer: int) -> None:
        """End with an answer, on a condition; what is written next is for where it is not met."""
        with self.builder.if_then(condition, likely=False):
            self.builder.store(NUMBER(answer), self.answer)
            self.builder.branch(self.end)


def _given(kinds: tuple[Any, ...]) -> Iterator[Any]:
    """Say as what C takes the arguments."""
    for kind in kinds:
        if isinstance(kind, types.Array):
            yield POINTER
        else:
            yield from [SIZE] * (kind.count if isinstance(kind, types.UniTuple) else 1)
