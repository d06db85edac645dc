"""Whether kernels may compute a tensor in place of torch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn.modules import module as modules
from torch.nn.parameter import Parameter

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
