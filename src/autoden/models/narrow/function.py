"""A chain of narrow 1D convolution layers as one function of torch, forward and backward.

The kernels do the arithmetic; here is which of them are called when, and on what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from autoden.models.narrow import kernels
from autoden.models.narrow.parts import Layer
from autoden.models.padding import pad_axis

Array = NDArray[np.floating]
Weights = Sequence[Tensor | None]
N_WEIGHTS = 4
"""Of each layer: weight and bias of the convolution, then of the normalisation."""
N_STATISTICS = 3
"""Of each layer: running mean and variance, and the number of batches that they have seen."""
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


class _Pass:
    """One pass through a chain, and what it keeps for the way back."""

    def __init__(
        self, layers: tuple[Layer, ...], x: Tensor, weights: Weights, statistics: Weights
    ) -> None:
        self.layers, self.length = layers, x.shape[2]
        self.weights = list(_by_layer(layers, weights, x.dtype))
        self.statistics = statistics
        self.raw: list[Array] = [x.detach().contiguous().numpy()]  # what each layer is given
        self.constants: list[Array] = []  # by which it is normalised first

    def output(self) -> Array:
        """Go through all layers."""
        for i, layer in enumerate(self.layers):
            weight, bias, *_ = self.weights[i]
            raw = self._empty(layer.n_out, 0)
            kernels.convolve(self._rows(i, layer), weight, bias, layer.dilation, raw)
            self.raw.append(raw)
            self.constants.append(self._settled(i, raw))
        last = self.layers[-1]
        return self._rows(len(self.layers), None) if last.responds else self.raw[-1]

    def gradients(self, rows: Array, needed: Sequence[bool]) -> list[Array | None]:
        """Turn the gradient by the output into those by the input and by the weights needed."""
        found: list[Array | None] = [None] * len(needed)
        following: Layer | None = None
        for i, layer in reversed(list(enumerate(self.layers))):
            at = 1 + N_WEIGHTS * i
            weight = self.weights[i][0]
            raw, *found[at + 2 : at + 4] = self._by_raw(i, rows, following)
            if needed[at]:
                found[at] = np.empty_like(weight)
                margin = 2 * layer.reach
                kernels.correlate(self._rows(i, layer), raw, margin, layer.dilation, found[at])
            if needed[at + 1]:
                found[at + 1] = kernels.total(raw).astype(raw.dtype)
            if not any(needed[:at]):
                break
            turned = np.ascontiguousarray(weight[:, :, ::-1].transpose(1, 0, 2))
            nothing = neutral(layer.n_in, raw.dtype)[0]
            rows, following = self._empty(layer.n_in, layer.reach), layer
            kernels.convolve(raw, turned, nothing, layer.dilation, rows)
        else:
            found[0] = self._by_raw(-1, rows, following)[0]
        return [array if needs else None for array, needs in zip(found, needed, strict=True)]

    def _empty(self, n_channels: int, width: int) -> Array:
        like = self.raw[0]
        return np.empty((len(like), n_channels, self.length + 2 * width), like.dtype)

    def _rows(self, i: int, layer: Layer | None) -> Array:
        """Give what `layer` number `i` convolves, or the output if there is none."""
        raw = self.raw[i]
        width, mode = (layer.reach, layer.mode) if layer else (0, kernels.ZEROS)
        rows = self._empty(raw.shape[1], width)
        if i and self.layers[i - 1].responds:
            slope = raw.dtype.type(self.layers[i - 1].slope)
            kernels.respond(raw, self.constants[i - 1], slope, width, mode, rows)
        else:
            kernels.place(raw, width, mode, rows)
        return rows

    def _by_raw(self, i: int, rows: Array, following: Layer | None) -> tuple[Array, Array, Array]:
        """Turn gradients by the rows of the `following` layer into those by what layer `i` gave.

        For the input, i = -1, what is given are the numbers themselves.
        """
        layer = self.layers[i] if i >= 0 else None
        width, mode = (following.reach, following.mode) if following else (0, kernels.ZEROS)
        margin = 2 * layer.reach if layer else 0
        values = self.raw[i + 1]
        by_raw = self._empty(values.shape[1], margin)
        by_scale, by_shift = np.empty((2, values.shape[1]), values.dtype)
        constants = self.constants[i] if layer else identity(values.shape[1], values.dtype)
        slope = values.dtype.type(layer.slope if layer else 1)
        of_batch = layer is not None and layer.of_batch
        norm = (constants, slope, of_batch)
        kernels.unrespond(rows, width, mode, values, *norm, margin, by_raw, by_scale, by_shift)
        return by_raw, by_scale, by_shift

    def _settled(self, i: int, raw: Array) -> Array:
        """Give the constants of a layer: its normalisation by this batch or by earlier ones."""
        layer = self.layers[i]
        if not layer.is_normalised:
            return identity(layer.n_out, raw.dtype)
        constants = np.empty((4, layer.n_out), raw.dtype)
        mean, variance, n_seen = self.statistics[N_STATISTICS * i : N_STATISTICS * (i + 1)]
        if mean is None or variance is None:
            running = tuple(np.zeros((2, layer.n_out), raw.dtype))
        else:
            running = (mean.numpy(), variance.numpy())
        _, _, scale, shift = self.weights[i]
        kernels.settle(
            raw, scale, shift, running, layer.of_batch, layer.momentum, layer.eps, constants
        )
        if n_seen is not None:
            n_seen += 1
        return constants


def _by_layer(
    layers: tuple[Layer, ...], weights: Weights, dtype: torch.dtype
) -> Iterator[tuple[Array, ...]]:
    """Give the weights of each layer, with some that do nothing where there are none."""
    numpy_dtype = np.dtype(np.float32 if dtype is torch.float32 else np.float64)
    arrays = iter([None if w is None else w.detach().numpy() for w in weights])
    for layer in layers:
        zeros, ones = neutral(layer.n_out, numpy_dtype)
        weight, bias, scale, shift = (next(arrays) for _ in range(N_WEIGHTS))
        assert weight is not None
        yield (
            weight,
            zeros if bias is None else bias,
            ones if scale is None else scale,
            zeros if shift is None else shift,
        )


@cache
def neutral(n: int, dtype: np.dtype[np.floating]) -> tuple[Array, Array]:
    """Give what adds and what multiplies without effect."""
    return np.zeros(n, dtype), np.ones(n, dtype)


@cache
def identity(n: int, dtype: np.dtype[np.floating]) -> Array:
    """Give the constants that leave values as they are."""
    zeros, ones = neutral(n, dtype)
    return np.stack((ones, zeros, zeros, ones))


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
            return None, None, *_by_torch(ctx.layers, ctx.statistics, inputs, gradient, needed)
        found = ctx.run.gradients(gradient.contiguous().numpy(), needed)
        return None, None, *(None if g is None else torch.from_numpy(g) for g in found)


def _by_torch(
    layers: tuple[Layer, ...],
    statistics: Weights,
    inputs: Weights,
    gradient: Tensor,
    needed: Sequence[bool],
) -> Iterator[Tensor | None]:
    """Compute gradients by torch's own functions, so that they have gradients themselves."""
    x, *weights = inputs
    assert x is not None
    out = compute_by_torch(layers, x, weights, statistics)
    wanted = [t for t, needs in zip(inputs, needed, strict=True) if needs and t is not None]
    found = iter(torch.autograd.grad(out, wanted, gradient, create_graph=True))
    for tensor, needs in zip(inputs, needed, strict=True):
        yield next(found) if needs and tensor is not None else None


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
