"""Halving and doubling the scale of images by compiled kernels, as functions of torch.

Torch's own take several times as long as memory takes to give the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autoden.models.narrow import scale_kernels as kernels
from autoden.models.narrow.recipe import on_three_axes
from autoden.models.narrow.team import n_threads

OF_A_THREAD = 2**14
"""A thread is called for so many numbers at least."""

BACK = {
    kernels.AVERAGE: kernels.SPREAD,
    kernels.SPREAD: kernels.AVERAGE,
    kernels.INTERPOLATE: kernels.GATHER,
    kernels.GATHER: kernels.INTERPOLATE,
}
"""What turns gradients by the output into those by the input."""

Size = Sequence[int]


def average(x: Tensor, factors: tuple[int, ...]) -> Tensor:
    """Average ``(N, C, *S)`` over cells of `factors` samples, 1 or 2; the last may be smaller."""
    coarse = [-(-size // factor) for size, factor in zip(x.shape[2:], factors, strict=True)]
    return _rescaled(x, kernels.AVERAGE, coarse, x.shape[2:], factors)


def interpolate(x: Tensor, factors: tuple[int, ...], size: Size) -> Tensor:
    """Interpolate ``(N, C, *S)`` by `factors`, 1 or 2, linearly between cell centres, to `size`."""
    return _rescaled(x, kernels.INTERPOLATE, x.shape[2:], size, factors)


def try_out(dtype: torch.dtype) -> None:
    """Double something tiny, which compiles the kernels."""
    interpolate(torch.ones(1, 1, 2, dtype=dtype), (2,), (4,))


class _Rescaling(torch.autograd.Function):
    """A change of scale, whose way back is another one."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, kind: int, coarse: Size, fine: Size, factors: tuple[int, ...]
    ) -> Tensor:
        ctx.back = (BACK[kind], coarse, fine, factors)
        rows = x.detach().contiguous().flatten(0, 1).flatten(1)
        size = coarse if kind in (kernels.AVERAGE, kernels.GATHER) else fine
        values = rows.numpy()
        out = np.empty((len(rows), math.prod(size)), values.dtype)
        threads = max(1, min(n_threads(), max(values.size, out.size) // OF_A_THREAD))
        kernels.rescale(
            kind, values, on_three_axes(tuple(coarse), 1), on_three_axes(tuple(fine), 1),
            on_three_axes(factors, 1), out, threads,
        )  # fmt: skip
        return torch.from_numpy(out).view(*x.shape[:2], *size)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return _rescaled(gradient, *ctx.back), None, None, None, None


def _rescaled(x: Tensor, kind: int, coarse: Size, fine: Size, factors: tuple[int, ...]) -> Tensor:
    """Do what `kind` says."""
    out: Tensor = _Rescaling.apply(x, kind, coarse, fine, factors)  # type: ignore[no-untyped-call]
    return out
