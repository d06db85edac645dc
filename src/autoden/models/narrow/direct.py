"""Convolutions of images to one channel, by compiled kernels where these are quicker.

Torch's own convolutions are made for many channels: with one it can take ten times as long as the
arithmetic demands.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from autoden.models.narrow.availability import has_kernels
from autoden.models.narrow.parts import TENSORS, are_alike, is_just_called

MOST_INPUTS = 16
"""Up to so many input channels, and one output channel, the kernels are several times quicker than
torch, but where the channels lie last."""

_KERNELS = "autoden.models.narrow.direct_pass"


def direct_convolution(layer: nn.Module, x: Tensor) -> Tensor | None:
    """Convolve ``(N, C, *S)``, or give None if torch is to do it.

    The layer must be plain, of three samples along every axis, without stride, groups or hooks, and
    `x` on a CPU, one channel after the other.

    Examples
    --------
    >>> layer, x = nn.Conv2d(2, 1, 3), torch.ones(1, 2, 4, 5)
    >>> y = direct_convolution(layer, x)
    >>> y is None or torch.allclose(y, layer(x), atol=1e-6)
    True
    >>> direct_convolution(nn.Conv2d(8, 8, 3), torch.ones(1, 8, 4, 5)) is None
    True
    """
    if not isinstance(layer, nn.Conv2d | nn.Conv3d) or not _is_plain(layer):
        return None
    weights = tuple(layer._parameters.get(name) for name in ("weight", "bias"))
    fits = (
        type(x) in TENSORS
        and x.is_cpu
        and x.is_contiguous()
        and x.dtype in (torch.float32, torch.float64)
        and x.ndim == len(layer.kernel_size) + 2
        and x.shape[1] == layer.in_channels
        and x.numel() > 0
        and are_alike(weights, x.dtype)
        and has_kernels(x.dtype, _KERNELS)
    )
    if not fits:
        return None
    assert not isinstance(layer.padding, str)
    if any(layer.padding):
        widths = [width for width in reversed(layer.padding) for _ in range(2)]
        x = functional.pad(x, widths)
    dilation = layer.dilation[0]
    if min(x.shape[2:]) <= 2 * dilation:
        return None  # torch says what is wrong
    from autoden.models.narrow.direct_pass import convolve  # needs numba

    weight, bias = weights
    assert weight is not None
    return convolve(x, weight, bias, dilation)


def _is_plain(conv: nn.Conv2d | nn.Conv3d) -> bool:
    """Tell whether a layer is one of those that the kernels know."""
    return (
        type(conv) in (nn.Conv2d, nn.Conv3d)
        and conv.in_channels <= MOST_INPUTS
        and conv.out_channels == 1
        and set(conv.kernel_size) == {3}
        and set(conv.stride) == {1}
        and all(one == other for one, other in pairwise(conv.dilation))
        and conv.groups == 1
        and conv.padding_mode == "zeros"
        and not isinstance(conv.padding, str)
        and is_just_called(conv)
    )
