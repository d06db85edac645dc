"""What machine code and those who load and call it agree on."""

import ctypes
import re
from typing import NamedTuple

ENTRY = "autoden_entry"
"""The function of machine code that is called from Python."""
DONE, NO_MEMORY, UNSUITABLE = range(3)
"""What it answers; an error of Python's own is raised by itself."""
PARAMETER = re.compile(r"(?P<array>[Tidb])(?P<n_axes>[1-9])(?P<is_written>w?)|(?P<count>[1-9]?)n")
"""What it takes, as `autoden.native.kernel.Kernel` says."""


class Function(NamedTuple):
    """What machine code is of.

    Attributes
    ----------
    module, name, parameters : str
        As of `autoden.native.kernel.Kernel`.
    kind : str
        The type of its numbers, ``f`` or ``d``.
    """

    module: str
    name: str
    parameters: str
    kind: str


GET, RELEASE, LEAVE, RETURN = (
    "PyObject_GetBuffer", "PyBuffer_Release", "PyEval_SaveThread", "PyEval_RestoreThread",
)  # fmt: skip
TAKE, GIVE = "PyMem_RawMalloc", "PyMem_RawFree"
OF_PYTHON = (GET, RELEASE, LEAVE, RETURN, TAKE, GIVE)
"""What machine code calls of the interpreter."""

FREE = "NRT_MemInfo_call_dtor"
"""What it would call to free an array of its own; there is none, as arrays belong to others."""
NEVER_CALLED = ctypes.CFUNCTYPE(None)(lambda: None)
"""Stands for what is not there."""

RUN, WAIT, MEMBER, SIZE = (f"autoden_team_{what}" for what in ("run", "wait", "member", "size"))
OF_OPENMP = {
    RUN: "GOMP_parallel",
    WAIT: "GOMP_barrier",
    MEMBER: "omp_get_thread_num",
    SIZE: "omp_get_num_threads",
}
"""What it calls for teams of threads, and the functions of OpenMP that stand for it."""
