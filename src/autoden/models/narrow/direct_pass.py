"""A convolution with few channels as a function of torch, forward and backward.

Elements of an image with margins are numbered in the order in which they lie in memory; see
`direct_kernels`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from autoden.models.narrow import direct_kernels as kernels
from autoden.models.narrow.differentiable import differentiable_gradients

Array = NDArray[np.floating]
Part = tuple[int, int, int]
T = TypeVar("T")

AT_ONCE = 2**16
"""Elements of one sample that a thread computes before it takes the next ones."""
TAPS = 3
"""Weights along every axis."""


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, dilation: int) -> Tensor:
    """Convolve without padding.

    Parameters
    ----------
    x : Tensor
        Shape (N, n_in, *S), on the CPU, of two or three axes S longer than ``2 * dilation``.
    weight, bias : Tensor
        Shapes (n_out, n_in, 3, 3[, 3]) and (n_out,).
    dilation : int
        From one weight to the next, along every axis.

    Returns
    -------
    Tensor
        Shape (N, n_out, *T), ``2 * dilation`` shorter along every axis.
    """
    y: Tensor = _Convolution.apply(x, weight, bias, dilation)  # type: ignore[no-untyped-call]
    return y


def try_out(dtype: torch.dtype) -> None:
    """Go forward and back once, which compiles the kernels."""
    x = torch.ones(1, 1, 3, 3, dtype=dtype)
    weight = np.ones((1, 1, 3, 3), x.numpy().dtype)
    shape = _Shape.of(x, 1)
    y = _forward(shape, x.numpy(), weight, np.zeros(1, weight.dtype))
    _by_weight(shape, x.numpy(), shape.spread(y))
    _by_input(shape, weight, shape.spread(y))


@dataclass(frozen=True)
class _Shape:
    """Where elements of a convolution lie: those of the input, and in the same places the output.

    Attributes
    ----------
    n_samples : int
        N.
    size : tuple of int
        S, of the input.
    dilation : int
        From one weight to the next.
    """

    n_samples: int
    size: tuple[int, ...]
    dilation: int

    @classmethod
    def of(cls, x: Tensor, dilation: int) -> _Shape:
        return cls(len(x), tuple(x.shape[2:]), dilation)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """Where the element of each weight lies, from the place of the output on."""
        steps = [math.prod(self.size[axis + 1 :]) for axis in range(len(self.size))]
        numbers = np.indices((TAPS,) * len(self.size)).reshape(len(self.size), -1)
        return np.asarray(np.array(steps) @ numbers * self.dilation, dtype=np.int64)

    @property
    def margin(self) -> int:
        """How far the last weight's element is from the place of the output."""
        return int(self.offsets[-1])

    @property
    def n_elements(self) -> int:
        """Number of elements of a channel of the input."""
        return math.prod(self.size)

    @property
    def inside(self) -> tuple[Any, ...]:
        """The places of (..., *S) that hold an output."""
        return (..., *(slice(0, n - 2 * self.dilation) for n in self.size))

    def parts(self, n_elements: int) -> list[Part]:
        """Divide the work, alike for any number of threads: a sample, from where, to where."""
        starts = range(0, n_elements, AT_ONCE)
        ends = [min(start + AT_ONCE, n_elements) for start in starts]
        pairs = list(zip(starts, ends, strict=True))
        return [(n, *pair) for n in range(self.n_samples) for pair in pairs]

    def spread(self, gradient: Array) -> Array:
        """Put outputs (N, n_out, *T) in their places, zeros around: (N, n_out, more elements)."""
        n_out, margin = gradient.shape[1], self.margin
        spread = np.zeros((self.n_samples, n_out, self.n_elements + 2 * margin), gradient.dtype)
        channels = spread.reshape(-1, spread.shape[2])
        images = gradient.reshape(-1, *gradient.shape[2:])
        for channel, image in zip(channels, images, strict=True):
            places = channel[margin : margin + self.n_elements].reshape(self.size)
            places[self.inside] = image
        return spread


class _Convolution(torch.autograd.Function):
    """The convolution for torch; gradients of gradients by torch itself."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, dilation: int) -> Tensor:
        """Convolve."""
        ctx.save_for_backward(x, weight)
        ctx.dilation = dilation
        weights = weight.detach().numpy()
        added = np.zeros(len(weights), weights.dtype) if bias is None else bias.detach().numpy()
        values = x.detach().contiguous().numpy()
        return torch.from_numpy(_forward(_Shape.of(x, dilation), values, weights, added))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Go back."""
        x, weight = ctx.saved_tensors
        by_x, by_weight, by_bias, _ = ctx.needs_input_grad
        if torch.is_grad_enabled():  # they are to be differentiated once more
            # The gradient by the bias is the same for any bias.
            bias = weight.new_zeros(len(weight), requires_grad=True)
            again = partial(_by_torch, dilation=ctx.dilation)
            needed = ctx.needs_input_grad[:3]
            return *differentiable_gradients(again, (x, weight, bias), gradient, needed), None
        shape = _Shape.of(x, ctx.dilation)
        spread = shape.spread(gradient.numpy())
        found: list[Tensor | None] = [None] * 4
        if by_x:
            found[0] = torch.from_numpy(_by_input(shape, weight.detach().numpy(), spread))
        if by_weight:
            values = x.detach().contiguous().numpy()
            found[1] = torch.from_numpy(_by_weight(shape, values, spread)).view_as(weight)
        if by_bias:
            found[2] = gradient.sum(dim=[0, *range(2, gradient.ndim)])
        return tuple(found)


def _forward(shape: _Shape, x: Array, weight: Array, bias: Array) -> Array:
    """Convolve (N, n_in, *S)."""
    n_out, n_in = weight.shape[:2]
    rows = x.reshape(shape.n_samples, n_in, shape.n_elements)
    out = np.empty((shape.n_samples, n_out, shape.n_elements), x.dtype)
    weights = np.ascontiguousarray(weight).reshape(n_out, n_in, -1)

    def compute(part: Part) -> None:
        n, first, last = part
        kernels.convolve(rows[n], weights, bias, shape.offsets, first, last, out[n])

    _each(compute, shape.parts(shape.n_elements - shape.margin))
    return np.ascontiguousarray(out.reshape(shape.n_samples, n_out, *shape.size)[shape.inside])


def _by_input(shape: _Shape, weight: Array, spread: Array) -> Array:
    """Give the gradient by the input, (N, n_in, *S)."""
    n_out, n_in = weight.shape[:2]
    turned = weight.reshape(n_out, n_in, -1)[:, :, ::-1].transpose(1, 0, 2)
    weights, nothing = np.ascontiguousarray(turned), np.zeros(n_in, weight.dtype)
    out = np.empty((shape.n_samples, n_in, shape.n_elements), spread.dtype)

    def compute(part: Part) -> None:
        n, first, last = part
        kernels.convolve(spread[n], weights, nothing, shape.offsets, first, last, out[n])

    _each(compute, shape.parts(shape.n_elements))
    return out.reshape(shape.n_samples, n_in, *shape.size)


def _by_weight(shape: _Shape, x: Array, spread: Array) -> Array:
    """Give the gradient by the weights, (n_out, n_in, weights)."""
    rows = x.reshape(shape.n_samples, -1, shape.n_elements)
    n_out, n_in = spread.shape[1], rows.shape[1]

    def compute(part: Part) -> NDArray[np.float64]:
        n, first, last = part
        sums = np.zeros((n_out, n_in, len(shape.offsets)))
        kernels.correlate(rows[n], spread[n], shape.margin, shape.offsets, first, last, sums)
        return sums

    sums = _each(compute, shape.parts(shape.n_elements - shape.margin))
    return np.asarray(np.sum(sums, axis=0), dtype=x.dtype)


def _each(compute: Callable[[Part], T], parts: list[Part]) -> list[T]:
    """Compute all parts, by as many threads as torch has; the kernels leave Python to others.

    The caller's thread takes its share, which is far quicker than to wait for others to wake up.
    """
    results: dict[Part, T] = {}
    left = iter(parts)
    taking = Lock()

    def work() -> None:
        while True:
            with taking:
                part = next(left, None)
            if part is None:
                return
            results[part] = compute(part)

    n_helpers = min(torch.get_num_threads(), len(parts)) - 1
    if n_helpers == 0:
        work()
    else:
        with ThreadPoolExecutor(n_helpers) as threads:
            helpers = [threads.submit(work) for _ in range(n_helpers)]
            work()
            for helper in helpers:
                helper.result()
    return [results[part] for part in parts]


def _by_torch(x: Tensor, weight: Tensor, bias: Tensor, dilation: int) -> Tensor:
    """Convolve by torch's own function."""
    convolve_ = functional.conv2d if x.ndim == 4 else functional.conv3d
    return convolve_(x, weight, bias, dilation=dilation)
