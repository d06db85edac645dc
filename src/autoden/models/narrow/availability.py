"""Whether there are compiled kernels: they need numba, which is imported when first needed.

Where numba cannot be imported or cannot compile, or with ``AUTODEN_NATIVE=0`` in the environment,
there are none, and networks compute with torch alone.
"""

from __future__ import annotations

import logging
import os
from functools import cache

import torch

logger = logging.getLogger(__name__)


@cache
def has_kernels(dtype: torch.dtype) -> bool:
    """Tell whether the kernels work for numbers of this type, by computing something tiny.

    That compiles them, which takes a few seconds once per installation; they are kept on disk.
    """
    if os.environ.get("AUTODEN_NATIVE") == "0":
        return False
    try:
        from autoden.models.narrow.function import try_out  # needs numba

        try_out(dtype)
    except Exception as error:  # whatever goes wrong in a compiler
        logger.warning("Narrow 1D networks compute with torch alone: %s", error)
        return False
    return True
