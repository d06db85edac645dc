"""Whether compiled kernels can be used: they are loaded when first needed.

Where they can be neither loaded nor compiled, or with ``AUTODEN_NATIVE=0`` in the environment,
there are none, and networks compute with torch alone.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib import import_module

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn.modules import module as modules
from torch.nn.parameter import Parameter

logger = logging.getLogger(__name__)

OFF = ("0", "false", "no", "off")
"""Values of ``AUTODEN_NATIVE`` that switch the kernels off."""

TENSORS = (Tensor, Parameter)


def just_computes() -> bool:
    """Tell whether torch just computes: no compiling, tracing, transforms, hooks on everything."""
    try:
        return not (
            torch.compiler.is_compiling()
            or torch._C._get_tracing_state() is not None
            or torch._C._len_torch_dispatch_stack()
            or torch._C._functorch.peek_interpreter_stack() is not None
            or forward_ad._current_level >= 0
            or modules._has_any_global_hook()  # type: ignore[no-untyped-call]
        )
    except AttributeError:  # these names are torch's own and may change
        return False


def is_plain(x: Tensor) -> bool:
    """Tell whether `x` is of shape (N, C, *S), not empty, of real numbers as they are on a CPU."""
    return (
        type(x) in TENSORS
        and 3 <= x.ndim <= 5
        and x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and x.layout is torch.strided
        and not x.is_neg()
        and x.numel() > 0
    )


@cache
def has_kernels(dtype: torch.dtype, module: str) -> bool:
    """Tell whether kernels work for numbers of this type, by computing something tiny.

    They are compiled once per installation, which takes up to a minute, and kept on disk.

    Parameters
    ----------
    dtype : torch.dtype
        float32 or float64.
    module : str
        A module that calls kernels; its `try_out` is called.
    """
    if os.environ.get("AUTODEN_NATIVE", "").lower() in OFF:
        return False
    try:
        import_module(module).try_out(dtype)
    except Exception as error:  # whatever goes wrong in a compiler
        logger.warning("Networks of few channels compute with torch alone: %s", error)
        return False
    return True
