"""Loops over arrays compiled by numba when they are first called."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numba


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
    compile_ = partial(
        numba.njit,
        nogil=True,
        error_model="numpy",
        fastmath={"reassoc", "contract", "arcp", "nsz"},
    )
    try:
        return compile_(function, cache=True)
    except RuntimeError:  # no folder can be written
        return compile_(function)
