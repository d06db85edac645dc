"""The squared errors of a batch on a CPU, weighed and scored in one go.

With torch's functions a batch costs thirty calls, which take longer than the numbers of a small one
do, and go through those of a large one many times.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from autoden.models.narrow.availability import just_computes
from autoden.native.availability import has_kernels
from autoden.native.kernel import Kernel, prepare
from autoden.native.openmp import threads_for
from autoden.training.batch import Batch

_KERNELS = "autoden.training.kernels.squares"
COMPARE_SQUARES = Kernel(_KERNELS, "compare_squares", "T1 T1 T1 T1 b1 T1w T1w n")
ADD_VIOLATIONS = Kernel(_KERNELS, "add_violations", "T1 T1 T1w T1w n")
OF_A_THREAD = 2**15
"""A thread is called for so many errors at least."""


def are_rows(output: Tensor, batch: Batch) -> bool:
    """Tell whether `compare_rows` can compare an output with its batch."""
    return _is_row(output) and are_rows_of(output.shape, batch) and just_computes()


def are_rows_of(shape: torch.Size, batch: Batch) -> bool:
    """Tell whether a batch can be compared so with plain outputs of a shape."""
    target, weight, held_out = batch.target, batch.weight, batch.held_out
    return (
        target.numel() > 0
        and shape == target.shape == weight.shape == held_out.shape
        and _is_row(target)
        and _is_row(weight)
        and held_out.is_cpu  # which may repeat one mask
        and held_out.dtype is torch.bool
        and not (target.requires_grad or weight.requires_grad)
        and has_kernels(torch.float32, __name__)
    )


def _is_row(x: Tensor) -> bool:
    """Tell whether the numbers of a tensor lie one after the other in the memory of a CPU."""
    return type(x) is Tensor and x.is_cpu and x.dtype is torch.float32 and x.is_contiguous()


def try_out(dtype: torch.dtype) -> None:
    """Compare a single number, which needs all kernels."""
    prepare(np.float32, (COMPARE_SQUARES, ADD_VIOLATIONS))
    one = torch.ones(1, 1, 1, dtype=dtype)
    compare_rows(one, Batch(one, one, one, one.bool()))
    add_violation(one, one[0, 0, 0], one)


def compare_rows(output: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """Weigh squared errors and gather those that are held out.

    Parameters
    ----------
    output : Tensor
        Shape (N, C_out, *S), the network's prediction of ``batch.target``.
    batch : Batch
        Target, weight and held-out mask, of the same shape.

    Returns
    -------
    train : Tensor
        Scalar, the weighted mean of the squared errors; 0 without weight.
    sums : Tensor
        Shape (7,), as `autoden.training.held_out.held_out_sums` makes them.
    """
    loss: tuple[Tensor, Tensor] = _Squares.apply(output, batch)  # type: ignore[no-untyped-call]
    return loss


def differentiate_rows(output: Tensor, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Do the same without torch's graph: give also the gradient of `train` by the output."""
    gradient = np.empty(output.shape, np.float32)
    found = np.empty(8, np.float32)
    COMPARE_SQUARES(
        output.detach().numpy().ravel(), *batch.rows, gradient.ravel(), found,
        threads_for(gradient.size, OF_A_THREAD),
    )  # fmt: skip
    train, sums = torch.from_numpy(found[:1].reshape(())), torch.from_numpy(found[1:])
    return train, sums, torch.from_numpy(gradient)


def add_violation(output: Tensor, limit: Tensor, gradient: Tensor) -> Tensor:
    """Give the mean squared violation of a lower limit, and add its gradient by the output.

    Parameters
    ----------
    output, gradient : Tensor
        Shape (N, C, *S), float32, on the CPU.
    limit : Tensor
        Shape () or one that broadcasts to that of `output`, float32, on the CPU.

    Returns
    -------
    Tensor
        Scalar: what `autoden.losses.bounds.LowerLimit` gives.
    """
    row = limit if limit.numel() == 1 else limit.expand(output.shape).contiguous()
    rows = (tensor.numpy().ravel() for tensor in (output, row, gradient))
    mean = np.empty(1, np.float32)
    ADD_VIOLATIONS(*rows, mean, threads_for(output.numel(), OF_A_THREAD))
    return torch.from_numpy(mean.reshape(()))


class _Squares(torch.autograd.Function):
    """Compiled code forward; gradients of gradients by torch."""

    @staticmethod
    def forward(ctx: Any, output: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Compare."""
        train, sums, ctx.gradient = differentiate_rows(output, batch)
        ctx.batch = batch
        ctx.save_for_backward(output)
        ctx.mark_non_differentiable(sums)
        return train, sums

    @staticmethod
    def backward(ctx: Any, by_train: Tensor, _: Tensor) -> tuple[Tensor, None]:
        """Give the gradient, which is known already."""
        (output,) = ctx.saved_tensors  # refuses what was changed meanwhile
        if not torch.is_grad_enabled():
            return ctx.gradient * by_train, None
        batch: Batch = ctx.batch
        total = batch.total_weight.clamp(min=torch.finfo(torch.float32).tiny)
        return 2 * by_train / total * batch.weight * (output - batch.target), None
