"""A chain of convolution layers as one function of torch, forward and backward.

The kernels do the arithmetic; here is which of them are called when, and on what.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from autoden.models.narrow import backward_kernels, forward_kernels, tasks
from autoden.models.narrow.differentiable import differentiable_gradients
from autoden.models.narrow.parts import Layer
from autoden.models.narrow.team import n_threads
from autoden.models.nd import nd_layers
from autoden.models.padding import pad_axis

Array = NDArray[np.floating]
Weights = Sequence[Tensor | None]
N_INPUTS, N_WEIGHTS = tasks.N_INPUTS, tasks.N_WEIGHTS
MULTIPLIER = 2
"""Which weight of a layer multiplies the normalised values."""
N_STATISTICS = 3
"""Of each layer: running mean and variance, and the number of batches that they have seen."""
IDENTITY = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])[:, None]
"""The constants of a layer that is not normalised."""
AT_ONCE = 2**20
"""About so many numbers of a layer are computed together where no gradient is wanted."""
OF_A_THREAD = 2**15
"""A thread is called for so many products of numbers and weights at least."""


def compute(
    layers: tuple[Layer, ...],
    x: Tensor,
    beside: Tensor | None,
    weights: Weights,
    statistics: Weights,
) -> Tensor:
    """Compute a chain.

    Parameters
    ----------
    layers : tuple of Layer
        The chain.
    x : Tensor
        Shape (N, C, *S), none of them 0, on the CPU.
    beside : Tensor or None
        Further channels, as if they were joined to those of `x`.
    weights, statistics : sequence of Tensor or None
        `N_WEIGHTS` and `N_STATISTICS` of each layer in turn. The statistics follow the batch where
        a layer normalises by it.

    Returns
    -------
    Tensor
        Shape (N, n_out, *S).
    """
    inputs = (x, beside, *weights)
    if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in inputs):
        out: Tensor = _Chain.apply(layers, statistics, *inputs)  # type: ignore[no-untyped-call]
        return out
    x = joined(x, beside)
    at_once = max(1, AT_ONCE // (x[0, 0].numel() * max(layer.n_out for layer in layers)))
    if any(layer.of_batch for layer in layers):
        at_once = len(x)
    outputs = [
        _Pass(layers, part, None, weights, statistics, keeps=False).output()
        for part in torch.split(x, at_once)
    ]
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs)


def joined(x: Tensor, beside: Tensor | None) -> Tensor:
    """Join the channels of two tensors."""
    return x if beside is None else torch.cat((x, beside), dim=1)


def try_out(dtype: torch.dtype) -> None:
    """Go forward and back through a tiny chain, which compiles all kernels."""
    layer = Layer(1, 1, (3,), 1, "replicate", 0.2, is_normalised=True, of_batch=True, eps=1e-5)
    weights = [torch.ones(1, 1, 3, dtype=dtype), *torch.ones(3, 1, dtype=dtype)]
    run = _Pass((layer, layer), torch.ones(1, 1, 4, dtype=dtype), None, weights * 2, [None] * 6)
    out = run.output()
    run.gradients(run.give_raws(), out, [True] * (N_INPUTS + 2 * N_WEIGHTS))


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
    n_kept: int
    """How many channels the raw values have that are kept."""

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
def _plan(layers: tuple[Layer, ...], dtype: np.dtype[np.floating], keeps: bool) -> _Plan:
    """Make the plan of a chain; `keeps` says whether there will be a way back."""
    shapes: list[tuple[int, ...]] = []
    table = np.zeros((len(layers), tasks.N_COLUMNS), np.int64)
    for row, layer in zip(table, layers, strict=True):
        row[: tasks.AT_WEIGHT] = (
            layer.n_in, layer.n_out, *on_three_axes(layer.kernel, 1), layer.dilation,
            *on_three_axes(layer.reach, 0), layer.mode, layer.responds, layer.is_normalised,
            layer.of_batch, 0,
        )  # fmt: skip
        shapes += [(layer.n_out, layer.n_in, *layer.kernel), *[(layer.n_out,)] * 3]
    n_outs = table[:, tasks.N_OUT]
    if keeps:
        table[:, tasks.CHANNELS_BEFORE] = np.cumsum(n_outs) - n_outs
    else:  # two after each other take turns
        table[1::2, tasks.CHANNELS_BEFORE] = max(n_outs)
    if not (keeps and layers[-1].responds):
        table[-1, tasks.CHANNELS_BEFORE] = -1
    sizes = [math.prod(shape) for shape in shapes]
    table[:, tasks.AT_WEIGHT :] = (np.cumsum(sizes) - sizes).reshape(-1, N_WEIGHTS)
    slopes = [layer.slope for layer in layers]
    others = [(layer.eps, layer.momentum) for layer in layers]
    numbers = np.column_stack(([1.0, *slopes[:-1]], slopes, others))
    neutral = tuple(np.full(n, i % N_WEIGHTS == MULTIPLIER, dtype) for i, n in enumerate(sizes))
    n_kept = max(0, *(row[tasks.CHANNELS_BEFORE] + row[tasks.N_OUT] for row in table))
    return _Plan(table, numbers, neutral, tuple(shapes), sizes, int(n_kept))


def on_three_axes(values: tuple[int, ...], missing: int) -> tuple[int, int, int]:
    """Complete what is known of one to three axes: the first are planes, the last the width.

    Samples of a signal are planes, so that they can be cut into tiles.
    """
    first, *others = values
    between = others[0] if len(others) == 2 else missing
    return first, between, others[-1] if others else missing


class _Pass:
    """One pass through a chain, and what it keeps for the way back."""

    def __init__(
        self,
        layers: tuple[Layer, ...],
        x: Tensor,
        beside: Tensor | None,
        weights: Weights,
        statistics: Weights,
        keeps: bool = True,
    ) -> None:
        self.layers, self.statistics = layers, statistics
        self.x: Array = x.detach().contiguous().numpy()
        none = np.empty((len(x), 0), self.x.dtype)
        self.beside: Array = none if beside is None else beside.detach().contiguous().numpy()
        self.plan = _plan(layers, self.x.dtype, keeps)
        self.weights = self.plan.vector(weights)
        self.space = on_three_axes(self.x.shape[2:], 1)
        widest = max(layers[0].n_in, *(layer.n_out for layer in layers))
        self.constants = np.empty((len(layers) + 1, len(IDENTITY), widest), self.x.dtype)
        self.constants[:] = IDENTITY
        n_samples = len(x) * math.prod(self.space)
        self.raws = np.empty((n_samples * self.plan.n_kept,), self.x.dtype)
        self.n_threads = max(1, min(n_threads(), n_samples * len(self.weights) // OF_A_THREAD))

    def output(self) -> Tensor:
        """Go through all layers."""
        running = np.zeros((len(self.layers), 2, self.constants.shape[2]), self.x.dtype)
        kept = list(self._running())
        for values, i, which in kept:
            running[i, which, : len(values)] = values
        out = np.empty((len(self.x), self.layers[-1].n_out, *self.x.shape[2:]), self.x.dtype)
        forward_kernels.forward(
            self.x.ravel(), self.beside.ravel(), len(self.x), self.space, self.plan.table,
            self.plan.numbers, self.weights, running, self.raws, self.constants, out.ravel(),
            self.n_threads,
        )  # fmt: skip
        for values, i, which in kept:
            if self.layers[i].of_batch:
                values[:] = running[i, which, : len(values)]
        for n_seen in self.statistics[2::N_STATISTICS]:
            if n_seen is not None:
                n_seen += 1
        return torch.from_numpy(out)

    def _running(self) -> Iterator[tuple[Array, int, int]]:
        """Give the running statistics, each with its layer, and whether it is the variance."""
        for i, layer in enumerate(self.layers):
            if layer.is_normalised:
                for which in (0, 1):
                    statistic = self.statistics[N_STATISTICS * i + which]
                    if statistic is not None:
                        yield statistic.numpy(), i, which

    def give_raws(self) -> Tensor:
        """Give the raw values away, which are too large to be kept after the way back."""
        raws, self.raws = self.raws, np.empty(0, self.x.dtype)
        return torch.from_numpy(raws)

    def gradients(
        self, raws: Tensor, gradient: Tensor, needed: Sequence[bool]
    ) -> list[Tensor | None]:
        """Turn the gradient by the output into those by the inputs and by the weights needed."""
        by_weights = np.empty_like(self.weights)
        by_inputs = [
            np.empty(of.shape if any(needed[:N_INPUTS]) else (0,), of.dtype)
            for of in (self.x, self.beside)
        ]
        widest = max(0, *(layer.n_out for layer in self.layers[:-1])) if len(self.layers) > 1 else 0
        between = np.empty((2, len(self.x) * math.prod(self.space) * widest), self.x.dtype)
        backward_kernels.backward(
            gradient.resolve_neg().contiguous().numpy().ravel(), self.x.ravel(),
            self.beside.ravel(), len(self.x), self.space, self.plan.table, self.plan.numbers,
            self.weights, raws.numpy(), self.constants, np.array(needed), needed.index(True),
            between, by_weights, *(by.ravel() for by in by_inputs), self.n_threads,
        )  # fmt: skip
        found = (*map(torch.from_numpy, by_inputs), *self.plan.parts(by_weights))
        return [tensor if needs else None for tensor, needs in zip(found, needed, strict=True)]


class _Chain(torch.autograd.Function):
    """`_Pass` for torch; gradients of gradients by torch itself."""

    @staticmethod
    def forward(
        ctx: Any,
        layers: tuple[Layer, ...],
        statistics: Weights,
        x: Tensor,
        beside: Tensor | None,
        *weights: Tensor | None,
    ) -> Tensor:
        """Go through the chain."""
        ctx.layers, ctx.statistics = layers, statistics
        run = _Pass(layers, x, beside, weights, statistics)
        out = run.output()
        ctx.save_for_backward(run.give_raws(), x, beside, *weights)
        ctx.run = run
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Go back."""
        needed = ctx.needs_input_grad[2:]
        raws, *inputs = ctx.saved_tensors  # refuses what was changed meanwhile
        if torch.is_grad_enabled():  # they are to be differentiated once more

            def again(x: Tensor, beside: Tensor | None, *weights: Tensor | None) -> Tensor:
                return compute_by_torch(ctx.layers, joined(x, beside), weights, ctx.statistics)

            return None, None, *differentiable_gradients(again, inputs, gradient, needed)
        return None, None, *ctx.run.gradients(raws, gradient, needed)


def compute_by_torch(
    layers: tuple[Layer, ...], x: Tensor, weights: Weights, statistics: Weights
) -> Tensor:
    """Compute a chain by torch's own functions; statistics stay as they are."""
    for i, layer in enumerate(layers):
        weight, bias, scale, shift = weights[N_WEIGHTS * i : N_WEIGHTS * (i + 1)]
        mean, variance, _ = statistics[N_STATISTICS * i : N_STATISTICS * (i + 1)]
        assert weight is not None
        by_itself = layer.pad_mode == "zeros"
        for axis, width in enumerate(layer.reach, start=2):
            x = x if by_itself else pad_axis(x, axis, width, layer.pad_mode)
        conv = nd_layers(len(layer.kernel)).convolve
        x = conv(x, weight, bias, padding=layer.reach if by_itself else 0, dilation=layer.dilation)
        if layer.of_batch:
            x = functional.batch_norm(x, None, None, scale, shift, training=True, eps=layer.eps)
        elif layer.is_normalised:
            x = functional.batch_norm(x, mean, variance, scale, shift, eps=layer.eps)
        x = functional.leaky_relu(x, layer.slope)
    return x
