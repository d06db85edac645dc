"""Halving and doubling the scale of images by compiled kernels, as functions of torch.

Torch's own take several times as long as memory takes to give the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from autoden.models.narrow.codes import AVERAGE, GATHER, INTERPOLATE, SPREAD
from autoden.models.narrow.recipe import on_three_axes
from autoden.native.kernel import Kernel
from autoden.native.openmp import threads_for

RESCALE = Kernel("autoden.models.narrow.kernels.rescaling", "rescale", "T2 n 3n 3n 3n T2 T2w n")
OF_A_THREAD = 2**14
"""A thread is called for so many numbers at least."""

BACK = {
    AVERAGE: SPREAD,
    SPREAD: AVERAGE,
    INTERPOLATE: GATHER,
    GATHER: INTERPOLATE,
}
"""What turns gradients by the output into those by the input."""

Size = Sequence[int]


def average(x: Tensor, factors: tuple[int, ...]) -> Tensor:
    """Average ``(N, C, *S)`` over cells of `factors` samples, 1 or 2; the last may be smaller."""
    return _rescaled(x, AVERAGE, _coarse(x, factors), x.shape[2:], factors)


def keep_and_average(x: Tensor, factors: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Give a view of ``x`` and its average: gradients by both are added in passing."""
    return cast(tuple[Tensor, Tensor], _Fork.apply(x, factors))  # type: ignore[no-untyped-call]


def interpolate(x: Tensor, factors: tuple[int, ...], size: Size) -> Tensor:
    """Interpolate ``(N, C, *S)`` by `factors`, 1 or 2, linearly between cell centres, to `size`."""
    return _rescaled(x, INTERPOLATE, x.shape[2:], size, factors)


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
        return _compute(x, kind, coarse, fine, factors)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return _rescaled(gradient, *ctx.back), None, None, None, None


class _Fork(torch.autograd.Function):
    """Something and its average; on the way back there is one sum of gradients for both."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factors: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        ctx.coarse, ctx.fine, ctx.factors = _coarse(x, factors), x.shape[2:], factors
        return x, _compute(x, AVERAGE, ctx.coarse, ctx.fine, factors)

    @staticmethod
    def backward(
        ctx: Any, by_kept: Tensor | None, by_average: Tensor | None
    ) -> tuple[Tensor | None, None]:
        how = SPREAD, ctx.coarse, ctx.fine, ctx.factors
        if by_average is None:
            return by_kept, None
        if by_kept is not None and not torch.is_grad_enabled():
            return _compute(by_average, *how, by_kept), None
        spread = _rescaled(by_average, *how)  # it may be differentiated once more
        return spread if by_kept is None else by_kept + spread, None


def _coarse(x: Tensor, factors: tuple[int, ...]) -> Size:
    """Give the size of an average; the last cells may be smaller."""
    return [-(-size // factor) for size, factor in zip(x.shape[2:], factors, strict=True)]


def _compute(
    x: Tensor,
    kind: int,
    coarse: Size,
    fine: Size,
    factors: tuple[int, ...],
    added: Tensor | None = None,
) -> Tensor:
    """Do what `kind` says, and add something of the size of what is made."""
    values = _rows(x)
    size = coarse if kind in (AVERAGE, GATHER) else fine
    out = np.empty((len(values), math.prod(size)), values.dtype)
    beside = out[:0] if added is None else _rows(added)
    threads = threads_for(max(values.size, out.size), OF_A_THREAD)
    RESCALE(
        values, kind, *on_three_axes(tuple(coarse), 1), *on_three_axes(tuple(fine), 1),
        *on_three_axes(factors, 1), beside, out, threads,
    )  # fmt: skip
    return torch.from_numpy(out).view(*x.shape[:2], *size)


def _rows(x: Tensor) -> np.ndarray[Any, Any]:
    """See every channel as a row."""
    rows: np.ndarray[Any, Any] = (
        x.detach().resolve_neg().contiguous().flatten(0, 1).flatten(1).numpy()
    )
    return rows


def _rescaled(x: Tensor, kind: int, coarse: Size, fine: Size, factors: tuple[int, ...]) -> Tensor:
    """Do what `kind` says, differentiably."""
    out: Tensor = _Rescaling.apply(x, kind, coarse, fine, factors)  # type: ignore[no-untyped-call]
    return out
