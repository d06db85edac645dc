"""Machine code in this process: loaded, and told where it finds what it calls."""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from typing import Any

import llvmlite.binding as llvm

from autoden.native import openmp
from autoden.native.interface import ENTRY, FREE, NEVER_CALLED, OF_PYTHON

_loaded: list[Any] = []
"""What holds machine code in memory."""
_one_at_a_time = threading.Lock()


def load(code: bytes) -> int:
    """Load machine code, an object file; give the address of its `ENTRY`.

    Examples
    --------
    >>> from autoden.native.interface import Function
    >>> from autoden.native.kept import machine_codes
    >>> of = Function("autoden.transforms.kernels.banded", "multiply", "T2 T2 T2w", "f")
    >>> load(*machine_codes([of])) > 0
    True
    """
    with _one_at_a_time:
        target = _target()
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _loaded.append(engine)
        address: int = engine.get_function_address(ENTRY)
    return address


@cache
def processor() -> str:
    """Name the processor and what it can do: other ones need other machine code."""
    features: str = llvm.get_host_cpu_features().flatten()
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {features}"


@cache
def _target() -> Any:
    """Let LLVM know this machine, and machine code know the functions that it calls."""
    if ctypes.sizeof(ctypes.c_ssize_t) != ctypes.sizeof(ctypes.c_int64):
        raise OSError("machine code is made for processors of 64 bits")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    functions = {name: getattr(ctypes.pythonapi, name) for name in OF_PYTHON}
    functions |= {FREE: NEVER_CALLED, **openmp.functions()}
    for name, function in functions.items():
        llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
    return llvm.Target.from_default_triple().create_target_machine(jit=True)
