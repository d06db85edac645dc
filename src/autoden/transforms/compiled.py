"""Loops over arrays compiled by numba when they are first called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba.extending import intrinsic


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of arrays; it leaves Python to other threads while it runs.

    What was compiled is kept on disk for later processes, where there is a place for it. Sums may
    be taken in any order, as vector instructions need; NaN and infinity stay what they are.

    Examples
    --------
    >>> import numpy as np
    >>> total = compiled(lambda x: x.sum())
    >>> total(np.ones(3))
    3.0
    """
    try:
        return _compile(function, cache=True)
    except RuntimeError:  # no folder can be written
        return _compile(function)


def part(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled functions call a function, which becomes part of them.

    It is compiled alone, too, and where the two round otherwise, the process that compiles differs
    from those that find the result on disk; `autoden.models.narrow.preparation` sees to it.
    """
    return _compile(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def instruction(generator: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled functions call what a function makes machine code of, as `numba.intrinsic`.

    Numba calls it with types; what it returns are the types of the call, and a function that adds
    the instructions.
    """
    made: Callable[..., Any] = intrinsic(generator)
    return made


def _compile(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """Compile by numba, as `compiled` says."""
    compiled_: Callable[..., Any] = numba.njit(
        function,
        nogil=True,
        error_model="numpy",
        fastmath={"reassoc", "contract", "arcp", "nsz"},
        **options,
    )
    return compiled_
