"""What machine code and those who load and call it agree on."""

import ctypes
import re
from typing import NamedTuple

ENTRY = "autoden_entry"
"""The function of machine code that is called from Python."""
DONE, NO_MEMORY, UNSUITABLE = range(3)
"""What it answers; an error of Python's own is raised by itself."""
_PARAMETER = re.compile(r"(?P<number>[Tidb])(?P<n_axes>[1-9])(?P<is_written>w?)|(?P<count>[1-9]?)n")


class Parameter(NamedTuple):
    """What a function takes: an array, or whole numbers.

    Attributes
    ----------
    number : str
        The type of an array's numbers, as `autoden.native.kernel.Kernel` says; else empty.
    size : int
        How many axes an array has, or how many whole numbers are a tuple; 0 for a single one.
    is_written : bool
        Whether an array is written to.
    """

    number: str
    size: int
    is_written: bool


def parameters_of(text: str) -> list[Parameter]:
    """Read what a function takes in turn.

    Raises
    ------
    ValueError
        The text does not say it.

    Examples
    --------
    >>> parameters_of("T2w 3n")
    [Parameter(number='T', size=2, is_written=True), Parameter(number='', size=3, is_written=False)]
    """
    found = [_PARAMETER.fullmatch(word) for word in text.split()]
    read = [
        Parameter(p["number"] or "", int(p["n_axes"] or p["count"] or 0), bool(p["is_written"]))
        for p in found
        if p
    ]
    if len(read) < len(found):
        raise ValueError(f"{text!r} are no parameters of a kernel: see its description.")
    return read


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
