"""A chain of narrow 1D convolution layers as one function of torch, forward and backward.

The kernels do the arithmetic; here is which of them are called when, and on what.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from autoden.models.narrow import kernels
from autoden.models.narrow.differentiable import differentiable_gradients
from autoden.models.narrow.parts import Layer
from autoden.models.padding import pad_axis

Array = NDArray[np.floating]
Weights = Sequence[Tensor | None]
N_WEIGHTS = kernels.N_WEIGHTS
MULTIPLIER = 2
"""Which weight of a layer multiplies the normalised values."""
N_STATISTICS = 3
"""Of each layer: running mean and variance, and the number of batches that they have seen."""
IDENTITY = np.array([1.0, 0.0, 0.0, 1.0])[:, None]
"""The constants of a layer that is not normalised."""
AT_ONCE = 2**18
"""About so many numbers of a layer are computed together where no gradient is wanted."""


def compute(layers: tuple[Layer, ...], x: Tensor, weights: Weights, statistics: Weights) -> Tensor:
    """Compute a chain.

    Parameters
    ----------
    layers : tuple of Layer
        The chain.
    x : Tensor
        Shape (N, n_in, L), none of them 0, on the CPU.
    weights, statistics : sequence of Tensor or None
        `N_WEIGHTS` and `N_STATISTICS` of each layer in turn. The statistics follow the batch where
        a layer normalises by it.

    Returns
    -------
    Tensor
        Shape (N, n_out, L).
    """
    if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in (x, *weights)):
        out: Tensor = _Chain.apply(layers, statistics, x, *weights)  # type: ignore[no-untyped-call]
        return out
    at_once = max(1, AT_ONCE // (x.shape[2] * max(layer.n_out for layer in layers)))
    if any(layer.of_batch for layer in layers):
        at_once = len(x)
    parts = torch.split(x, at_once)
    if len(parts) == 1:
        return torch.from_numpy(_Pass(layers, x, weights, statistics).output())
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:  # kernels leave Python to others
        outputs = threads.map(lambda p: _Pass(layers, p, weights, statistics).output(), parts)
        return torch.cat([torch.from_numpy(output) for output in outputs])


def try_out(dtype: torch.dtype) -> None:
    """Go forward and back through a tiny chain, which compiles all kernels."""
    layer = Layer(1, 1, 3, 1, "replicate", 0.2, is_normalised=True, of_batch=True, eps=1e-5)
    weights = [torch.ones(1, 1, 3, dtype=dtype), *torch.ones(3, 1, dtype=dtype)]
    run = _Pass((layer, layer), torch.ones(1, 1, 4, dtype=dtype), weights * 2, [None] * 6)
    run.gradients(run.output(), [True] * 9)


@dataclass(frozen=True)
class _Plan:
    """What the passes need to know of a chain: its tables, and where its weights lie."""

    table: NDArray[np.int64]
    numbers: NDArray[np.float64]
    neutral: tuple[Array, ...]
    """What stands for a weight that a layer does not have."""
    shapes: tuple[tuple[int, ...], ...]
    """Of each weight."""
    sizes: list[int]
    """How many numbers each has in the vector of all."""

    def vector(self, weights: Weights) -> Array:
        """Lay the weights one after the other."""
        return np.concatenate(
            [
                neutral if weight is None else weight.detach().numpy().ravel()
                for weight, neutral in zip(weights, self.neutral, strict=True)
            ]
        )

    def parts(self, vector: Array) -> Iterator[Tensor]:
        """Give the part of each weight in a vector, in its shape."""
        parts = torch.split(torch.from_numpy(vector), self.sizes)
        for part, shape in zip(parts, self.shapes, strict=True):
            yield part if len(shape) == 1 else part.view(shape)


@lru_cache(maxsize=64)
def _plan(layers: tuple[Layer, ...], dtype: np.dtype[np.floating]) -> _Plan:
    """Make the plan of a chain."""
    shapes: list[tuple[int, ...]] = []
    table = np.zeros((len(layers), kernels.N_COLUMNS), np.int64)
    for row, layer in zip(table, layers, strict=True):
        row[: kernels.AT_WEIGHT] = (
            layer.n_in, layer.n_out, layer.kernel, layer.dilation, layer.reach, layer.mode,
            layer.responds, layer.is_normalised, layer.of_batch, 0,
        )  # fmt: skip
        shapes += [(layer.n_out, layer.n_in, layer.kernel), *[(layer.n_out,)] * 3]
    n_outs = table[:, kernels.N_OUT]
    table[:, kernels.CHANNELS_BEFORE] = np.cumsum(n_outs) - n_outs
    sizes = [math.prod(shape) for shape in shapes]
    table[:, kernels.AT_WEIGHT :] = (np.cumsum(sizes) - sizes).reshape(-1, N_WEIGHTS)
    slopes = [layer.slope for layer in layers]
    others = [(layer.eps, layer.momentum) for layer in layers]
    numbers = np.column_stack(([1.0, *slopes[:-1]], slopes, others))
    neutral = tuple(np.full(n, i % N_WEIGHTS == MULTIPLIER, dtype) for i, n in enumerate(sizes))
    return _Plan(table, numbers, neutral, tuple(shapes), sizes)


class _Pass:
    """One pass through a chain, and what it keeps for the way back."""

    def __init__(
        self, layers: tuple[Layer, ...], x: Tensor, weights: Weights, statistics: Weights
    ) -> None:
        self.layers, self.statistics = layers, statistics
        self.x: Array = x.detach().contiguous().numpy()
        self.plan = _plan(layers, self.x.dtype)
        self.weights = self.plan.vector(weights)
        n_outs = [layer.n_out for layer in layers]
        widest = max(x.shape[1], *n_outs)
        self.constants = np.empty((len(layers) + 1, 4, widest), self.x.dtype)
        self.constants[:] = IDENTITY
        n_kept = sum(n_outs) if layers[-1].responds else sum(n_outs[:-1])
        self.raws = np.empty(len(x) * x.shape[2] * n_kept, self.x.dtype)

    def output(self) -> Array:
        """Go through all layers."""
        running = np.zeros((len(self.layers), 2, self.constants.shape[2]), self.x.dtype)
        kept = list(self._running())
        for values, i, which in kept:
            running[i, which, : len(values)] = values
        out = np.empty((len(self.x), self.layers[-1].n_out, self.x.shape[2]), self.x.dtype)
        kernels.forward(
            self.x, self.plan.table, self.plan.numbers, self.weights, running, self.raws,
            self.constants, out,
        )  # fmt: skip
        for values, i, which in kept:
            if self.layers[i].of_batch:
                values[:] = running[i, which, : len(values)]
        for n_seen in self.statistics[2::N_STATISTICS]:
            if n_seen is not None:
                n_seen += 1
        return out

    def _running(self) -> Iterator[tuple[Array, int, int]]:
        """Give the running statistics, each with its layer, and whether it is the variance."""
        for i, layer in enumerate(self.layers):
            if layer.is_normalised:
                for which in (0, 1):
                    statistic = self.statistics[N_STATISTICS * i + which]
                    if statistic is not None:
                        yield statistic.numpy(), i, which

    def gradients(self, rows: Array, needed: Sequence[bool]) -> list[Tensor | None]:
        """Turn the gradient by the output into those by the input and by the weights needed."""
        by_weights = np.empty_like(self.weights)
        by_x = np.empty(self.x.shape if needed[0] else (0, 0, 0), self.x.dtype)
        kernels.backward(
            rows, self.x, self.plan.table, self.plan.numbers, self.weights, self.raws,
            self.constants, np.array(needed), needed.index(True), by_weights, by_x,
        )  # fmt: skip
        found = (torch.from_numpy(by_x), *self.plan.parts(by_weights))
        return [tensor if needs else None for tensor, needs in zip(found, needed, strict=True)]


class _Chain(torch.autograd.Function):
    """`_Pass` for torch; gradients of gradients by torch itself."""

    @staticmethod
    def forward(
        ctx: Any, layers: tuple[Layer, ...], statistics: Weights, x: Tensor, *weights: Tensor | None
    ) -> Tensor:
        """Go through the chain."""
        ctx.layers, ctx.statistics = layers, statistics
        ctx.run = _Pass(layers, x, weights, statistics)
        ctx.save_for_backward(x, *weights)
        return torch.from_numpy(ctx.run.output())

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Go back."""
        needed = ctx.needs_input_grad[2:]
        inputs = ctx.saved_tensors  # refuses what was changed meanwhile
        if torch.is_grad_enabled():  # they are to be differentiated once more

            def again(x: Tensor, *weights: Tensor | None) -> Tensor:
                return compute_by_torch(ctx.layers, x, weights, ctx.statistics)

            return None, None, *differentiable_gradients(again, inputs, gradient, needed)
        found = ctx.run.gradients(gradient.contiguous().numpy(), needed)
        return None, None, *found


def compute_by_torch(
    layers: tuple[Layer, ...], x: Tensor, weights: Weights, statistics: Weights
) -> Tensor:
    """Compute a chain by torch's own functions; statistics stay as they are."""
    for i, layer in enumerate(layers):
        weight, bias, scale, shift = weights[N_WEIGHTS * i : N_WEIGHTS * (i + 1)]
        mean, variance, _ = statistics[N_STATISTICS * i : N_STATISTICS * (i + 1)]
        assert weight is not None
        width = layer.reach if layer.pad_mode == "zeros" else 0
        x = x if width else pad_axis(x, 2, layer.reach, layer.pad_mode)
        x = functional.conv1d(x, weight, bias, padding=width, dilation=layer.dilation)
        if layer.of_batch:
            x = functional.batch_norm(x, None, None, scale, shift, training=True, eps=layer.eps)
        elif layer.is_normalised:
            x = functional.batch_norm(x, mean, variance, scale, shift, eps=layer.eps)
        x = functional.leaky_relu(x, layer.slope)
    return x
