"""Batch normalisation and the leaky rectifier after it as one step that keeps one tensor, not two.

Torch keeps the input of the normalisation and the output of the rectifier for the way back. The
latter follows from the former, and computing it again is quick beside the convolutions. Where the
number of channels suits torch badly, compiled kernels compute.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from autoden.models.narrow.availability import has_kernels
from autoden.models.narrow.differentiable import differentiable_gradients
from autoden.models.narrow.parts import are_alike, is_just_called

VECTOR = 16
"""Torch normalises as many channels at a time, and those beyond one by one."""
MANY = 64
"""From so many channels on few are beyond."""
MOST_THREADS = 4
"""With more threads torch is quicker than the kernels, which use one."""

_KERNELS = "autoden.models.narrow.norm_pass"


def rectified_norm(norm: nn.Module, rectifier: nn.Module, x: Tensor) -> Tensor | None:
    """Pass images or volumes on a CPU through two layers; give None if they are others than these.

    They must be plain, training and without hooks.
    """
    if not (
        isinstance(norm, nn.BatchNorm2d | nn.BatchNorm3d)
        and type(norm) in (nn.BatchNorm2d, nn.BatchNorm3d)  # what is derived may compute otherwise
        and type(rectifier) is nn.LeakyReLU
        and _trains(norm, x)
        and is_just_called(norm)
        and is_just_called(rectifier)
    ):
        return None
    assert norm.num_batches_tracked is not None
    norm.num_batches_tracked.add_(1)
    running = (norm.running_mean, norm.running_var, norm.momentum)
    y: Tensor = _RectifiedNorm.apply(  # type: ignore[no-untyped-call]
        x, norm.weight, norm.bias, running, norm.eps, rectifier.negative_slope
    )
    return y


def _trains(norm: nn.BatchNorm2d | nn.BatchNorm3d, x: Tensor) -> bool:
    """Tell whether gradients are wanted, and statistics of `x` are taken and tracked."""
    return (
        norm.training
        and norm.affine
        and norm.track_running_stats
        and norm.momentum is not None
        and torch.is_grad_enabled()
        and x.is_cpu
        and x.ndim == (4 if isinstance(norm, nn.BatchNorm2d) else 5)
        and x.dtype == norm.weight.dtype
        and x.shape[1] == norm.num_features < x.numel()  # of one number there are no statistics
    )


def _suits_kernels(x: Tensor, weight: Tensor, bias: Tensor) -> bool:
    """Tell whether kernels are quicker than torch, and there."""
    n_channels = x.shape[1]
    return (
        n_channels % VECTOR != 0
        and n_channels < MANY
        and torch.get_num_threads() <= MOST_THREADS
        and x.dtype in (torch.float32, torch.float64)
        and are_alike((weight, bias), x.dtype)
        and has_kernels(x.dtype, _KERNELS)
    )


class _RectifiedNorm(torch.autograd.Function):
    """The normalisation by the statistics of the batch, and the rectifier."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        running: tuple[Tensor, Tensor, float],
        eps: float,
        slope: float,
    ) -> Tensor:
        mean, variance, momentum = running
        ctx.eps, ctx.slope, ctx.kernels = eps, slope, None
        if _suits_kernels(x, weight, bias):
            from autoden.models.narrow.norm_pass import NormPass  # needs numba

            ctx.kernels = NormPass(x, weight, bias, eps, slope)
            ctx.save_for_backward(x, weight, bias)
            n = ctx.kernels.n_of_channel
            unbiased = ctx.kernels.variance * (n / (n - 1))
            for kept, found in ((mean, ctx.kernels.mean), (variance, unbiased)):
                kept.lerp_(torch.from_numpy(found).to(kept.dtype), momentum)
            output: Tensor = ctx.kernels.output()
            return output
        y, *statistics = torch.native_batch_norm(
            x, weight, bias, mean, variance, True, momentum, eps
        )
        ctx.save_for_backward(x, weight, bias, *statistics)
        return functional.leaky_relu_(y, slope)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, *statistics = ctx.saved_tensors
        if torch.is_grad_enabled():  # the gradients are to be differentiated, too
            again = partial(_by_torch, eps=ctx.eps, slope=ctx.slope)
            needed = ctx.needs_input_grad[:3]
            found = differentiable_gradients(again, (x, weight, bias), gradient, needed)
            return *found, None, None, None
        if ctx.kernels is not None:
            return *ctx.kernels.gradients(gradient), None, None, None
        mean, inverse = statistics
        variance = inverse.pow(-2) - ctx.eps
        y = torch.native_batch_norm(x, weight, bias, mean, variance, False, 0.0, ctx.eps)[0]
        torch.ops.aten.leaky_relu_backward.grad_input(gradient, y, ctx.slope, False, grad_input=y)
        gradients = torch.ops.aten.native_batch_norm_backward(
            y, x, weight, None, None, mean, inverse, True, ctx.eps, [True, True, True]
        )
        return *gradients, None, None, None


def _by_torch(x: Tensor, weight: Tensor, bias: Tensor, eps: float, slope: float) -> Tensor:
    """Take the two steps by torch's own functions."""
    normalised = functional.batch_norm(x, None, None, weight, bias, True, 0.0, eps)
    return functional.leaky_relu(normalised, slope)
