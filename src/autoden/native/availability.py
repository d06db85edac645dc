"""Whether kernels can be used: they are loaded, or compiled, when they are first needed.

Where they can be neither, or with ``AUTODEN_NATIVE=0`` in the environment, there are none, and
torch or numpy compute.
"""

from __future__ import annotations

import logging
import os
import threading
from functools import cache
from importlib import import_module

logger = logging.getLogger(__name__)

OFF = ("0", "false", "no", "off")
"""Values of ``AUTODEN_NATIVE`` that switch the kernels off."""

_one_at_a_time = threading.RLock()


@cache
def has_kernels(dtype: object, module: str) -> bool:
    """Tell whether kernels work for numbers of a type, by computing something tiny.

    They are compiled once per installation, which takes up to a minute, and kept on disk.

    Parameters
    ----------
    dtype : numpy or torch dtype
        float32 or float64.
    module : str
        A module that calls kernels; its ``try_out(dtype)`` is called.
    """
    if os.environ.get("AUTODEN_NATIVE", "").lower() in OFF:
        return False
    try:
        with _one_at_a_time:
            import_module(module).try_out(dtype)
    except Exception as error:  # whatever goes wrong in a compiler
        logger.warning("Computing without kernels, which takes longer: %s", error)
        return False
    return True
