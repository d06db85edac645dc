"""A sequence of layers that is computed by compiled kernels where these are quicker: on a CPU.

Narrow 1D layers are computed as a whole; of images and volumes convolutions to one channel, and the
normalisation of few channels with the rectifier after it.

Everything else, and every doubt, is left to torch: the result is the same within rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.modules import module as modules

from autoden.models.narrow.availability import has_kernels
from autoden.models.narrow.direct import direct_convolution
from autoden.models.narrow.parts import TENSORS, are_alike, are_narrow, find_parts, follow
from autoden.models.narrow.rectified_norm import rectified_norm
from autoden.models.narrow.strips import in_strips

_KERNELS = "autoden.models.narrow.function"


class Chain(nn.Sequential):
    """`torch.nn.Sequential`, the same results within rounding, quicker on a CPU.

    In 1D convolutions that keep the length, each with a `Pad` before it and a batch normalisation
    and a leaky rectifier after it, or without them, also in nested sequences, are computed by
    compiled kernels where there are few channels, numbers are float32 or float64, no layer has
    hooks, and torch is not compiling, tracing or transforming functions. For images and volumes see
    `direct_convolution`, `rectified_norm` and `in_strips`.

    Examples
    --------
    >>> from autoden.models.padding import Pad
    >>> chain = Chain(Pad(1, "reflect"), nn.Conv1d(1, 4, 3), nn.BatchNorm1d(4), nn.LeakyReLU(0.2))
    >>> x = torch.linspace(-1, 1, 20).reshape(2, 1, 10)
    >>> torch.allclose(chain(x), nn.Sequential(*chain)(x), atol=1e-5)
    True
    """

    def forward(self, x: Tensor) -> Tensor:
        """Pass `x` through all layers."""
        if torch.compiler.is_compiling() or not _just_computes():
            return self._by_torch(x)
        y = _compute(self, x)  # of single precision in mixed precision, too: that is quicker
        if y is None and torch.is_autocast_enabled("cpu"):
            return self._by_torch(x)
        if y is None:
            y = in_strips(self, x, self._in_turn)
        return self._in_turn(x) if y is None else y

    def _by_torch(self, x: Tensor) -> Tensor:
        return super().forward(x)  # type: ignore[no-any-return, no-untyped-call]

    def _in_turn(self, x: Tensor) -> Tensor:
        """Pass `x` through one layer after the other, but through what is one step at once."""
        layers = list(self)
        while layers:
            layer = layers.pop(0)
            joined = rectified_norm(layer, layers[0], x) if layers else None
            if joined is not None:
                x = joined
                layers.pop(0)
                continue
            convolved = direct_convolution(layer, x)
            x = layer(x) if convolved is None else convolved
        return x


def _compute(chain: Chain, x: Tensor) -> Tensor | None:
    """Compute a chain by the kernels, or not at all."""
    if not _is_batch_of_signals(x):
        return None
    parts = find_parts(chain, (Chain, nn.Sequential))
    if parts is None or not (are_narrow(parts) and follow(parts, x)):
        return None
    trained = [tensor for part in parts for tensor in part.trained()]
    statistics = [tensor for part in parts for tensor in part.statistics()]
    running = (tensor for part in parts for tensor in part.statistics()[:2])
    of_one_kind = are_alike(trained, x.dtype) and are_alike(running, x.dtype)
    if not (of_one_kind and has_kernels(x.dtype, _KERNELS)):
        return None
    from autoden.models.narrow.function import compute  # needs numba

    return compute(tuple(part.layer() for part in parts), x, trained, statistics)


def _is_batch_of_signals(x: Tensor) -> bool:
    """Tell whether `x` is of shape (N, C, L), not empty, of real numbers on a CPU."""
    return (
        type(x) in TENSORS
        and x.ndim == 3
        and x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.float64)
        and x.numel() > 0
    )


def _just_computes() -> bool:
    """Tell whether torch just computes: no tracing, transforms, hooks on everything."""
    try:
        return not (
            torch._C._get_tracing_state() is not None
            or torch._C._len_torch_dispatch_stack()
            or torch._C._functorch.peek_interpreter_stack() is not None
            or forward_ad._current_level >= 0
            or modules._has_any_global_hook()  # type: ignore[no-untyped-call]
        )
    except AttributeError:  # these names are torch's own and may change
        return False
