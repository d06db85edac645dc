"""Large images and volumes pass through layers strip by strip, where nothing is to be learnt.

A strip and what is made of it stay in the processor's cache, and the tensors between the layers are
as small as a strip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from autoden.models.narrow.parts import leaves
from autoden.models.padding import Pad

LARGE = 2**22
"""Elements of a tensor from which strips pay."""
OF_A_STRIP = 2**21
"""Elements of the widest layer, about."""
LEAST_SHARE = 8
"""A strip is at least so many times as long as what is computed twice at one of its ends."""

Compute = Callable[[Tensor], Tensor]


def in_strips(layers: nn.Sequential, x: Tensor, compute: Compute) -> Tensor | None:
    """Pass ``(N, C, *S)`` on a CPU through layers, strip by strip along the first axis of ``S``.

    Parameters
    ----------
    layers : torch.nn.Sequential
        Convolutions that keep the size, each padded before or by itself, and what acts on each
        element alone.
    x : Tensor
        The input.
    compute : callable
        Passes a part of `x` through the layers.

    Returns
    -------
    Tensor or None
        What ``compute(x)`` gives within rounding; None if `x` is small, gradients are wanted or
        there are other layers.
    """
    if x.ndim < 4 or not x.is_cpu or x.numel() < LARGE or torch.is_grad_enabled():
        return None
    flat = list(leaves(layers, (type(layers), nn.Sequential)))
    reach = _reach(flat)
    if reach is None:
        return None
    per_row = _widest(flat, x.shape[1]) * x.shape[0] * x[0, 0, 0].numel()
    n_rows = max(OF_A_STRIP // per_row, LEAST_SHARE * reach, 1)
    size = x.shape[2]
    if 2 * n_rows > size:
        return None
    out: Tensor | None = None
    for start in range(0, size, n_rows):
        stop = min(start + n_rows, size)
        first, last = max(start - reach, 0), min(stop + reach, size)
        strip = compute(x[:, :, first:last])[:, :, start - first : stop - first]
        if out is None:
            out = strip.new_empty(*strip.shape[:2], *x.shape[2:])
        out[:, :, start:stop] = strip
    return out


def _reach(layers: Sequence[nn.Module | None]) -> int | None:
    """Say how far an output looks along the first axis; None if there are layers of other kinds."""
    reach = pad = 0
    if layers and isinstance(layers[0], nn.LeakyReLU):
        return None  # in place it would act twice where strips overlap
    for layer in layers:
        if isinstance(layer, Pad) and layer.mode != "circular":
            pad += layer.width
        elif isinstance(layer, nn.Conv2d | nn.Conv3d) and _keeps_size(layer, pad):
            reach, pad = reach + layer.dilation[0] * (layer.kernel_size[0] // 2), 0
        elif pad or not _acts_alone(layer):
            return None
    return None if pad else reach


def _keeps_size(conv: nn.Conv2d | nn.Conv3d, pad: int) -> bool:
    """Tell whether the output of a convolution is as large as its input was before the padding."""
    return (
        not isinstance(conv.padding, str)
        and conv.padding_mode == "zeros"
        and set(conv.stride) == {1}
        and all(
            2 * (padding + pad) == dilation * (size - 1)
            for padding, dilation, size in zip(
                conv.padding, conv.dilation, conv.kernel_size, strict=True
            )
        )
    )


def _acts_alone(layer: nn.Module | None) -> bool:
    """Tell whether a layer changes each element by itself, whatever the others are."""
    if isinstance(layer, _BatchNorm):
        return not layer.training and layer.track_running_stats
    return isinstance(layer, nn.LeakyReLU | nn.Identity)


def _widest(layers: Sequence[nn.Module | None], n_in: int) -> int:
    """Give the largest number of channels between the layers."""
    convs = (layer for layer in layers if isinstance(layer, nn.Conv2d | nn.Conv3d))
    return max([n_in, *(conv.out_channels for conv in convs)])
