"""Whether there are compiled kernels: they need numba, which is imported when first needed.

Where numba cannot be imported or cannot compile, or with ``AUTODEN_NATIVE=0`` in the environment,
there are none, and networks compute with torch alone.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib import import_module

import torch

logger = logging.getLogger(__name__)

OFF = ("0", "false", "no", "off")
"""Values of ``AUTODEN_NATIVE`` that switch the kernels off."""


@cache
def has_kernels(dtype: torch.dtype, module: str) -> bool:
    """Tell whether kernels work for numbers of this type, by computing something tiny.

    That compiles them, which takes a few seconds once per installation; they are kept on disk.

    Parameters
    ----------
    dtype : torch.dtype
        float32 or float64.
    module : str
        Which of the modules that need numba; its `try_out` is called.
    """
    if os.environ.get("AUTODEN_NATIVE", "").lower() in OFF:
        return False
    try:
        import_module(module).try_out(dtype)
    except Exception as error:  # whatever goes wrong in a compiler
        logger.warning("Networks of few channels compute with torch alone: %s", error)
        return False
    return True
