"""Whether there are compiled kernels: they need numba, which is imported when first needed.

Where numba cannot be imported, or with ``AUTODEN_NATIVE=0`` in the environment, there are none, and
networks compute with torch alone.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib import import_module

logger = logging.getLogger(__name__)


@cache
def has_kernels() -> bool:
    """Tell whether the kernels of `autoden.models.narrow.kernels` can be used."""
    if os.environ.get("AUTODEN_NATIVE") == "0":
        return False
    try:
        import_module("autoden.models.narrow.kernels")
    except Exception as error:  # whatever goes wrong in a compiler
        logger.warning("Narrow 1D networks compute with torch alone: %s", error)
        return False
    return True
