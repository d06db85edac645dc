"""A chain of convolution layers as one function of torch, forward and backward.

The kernels do the arithmetic; here is which of them are called when, and on what.
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from autoden.models.narrow.differentiable import differentiable_gradients
from autoden.models.narrow.parts import Layer
from autoden.models.narrow.recipe import (
    N_INPUTS,
    N_STATISTICS,
    N_WEIGHTS,
    Array,
    Recipe,
    Tensors,
    on_three_axes,
)
from autoden.models.nd import nd_layers
from autoden.models.padding import pad_axis
from autoden.native.kernel import Kernel, prepare
from autoden.native.openmp import threads_for

FORWARD = Kernel(
    "autoden.models.narrow.kernels.forward", "forward", "T1 T1 n 3n i2 d2 T1 T3w T1w T3w T1w n"
)
BACKWARD = Kernel(
    "autoden.models.narrow.kernels.backward",
    "backward",
    "T1 T1 T1 n 3n i2 d2 T1 T1 T3 b1 n T2w T1w T1w T1w n",
)
IDENTITY = np.array([1.0, 0.0, 0.0, 1.0, 0.0, 0.0])[:, None]
"""The constants of a layer that is not normalised."""
AT_ONCE = 2**20
"""About so many numbers of a layer are computed together where no gradient is wanted."""
OF_A_THREAD = 2**15
"""A thread is called for so many products of numbers and weights at least."""


def compute(recipe: Recipe, x: Tensor, beside: Tensor | None) -> Tensor:
    """Compute a chain.

    Parameters
    ----------
    recipe : Recipe
        The chain.
    x : Tensor
        Shape (N, C, *S), none of them 0, on the CPU.
    beside : Tensor or None
        Further channels, as if they were joined to those of `x`.

    Returns
    -------
    Tensor
        Shape (N, n_out, *S).
    """
    inputs, layers = (x, beside, *recipe.weights), recipe.layers
    if torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in inputs):
        chain = _Chain.apply(recipe, *inputs)  # type: ignore[no-untyped-call]
        return cast(Tensor, chain)
    x = joined(x, beside)
    at_once = max(1, AT_ONCE // (x[0, 0].numel() * max(layer.n_out for layer in layers)))
    if any(layer.of_batch for layer in layers):
        at_once = len(x)
    outputs = [Pass(recipe, part, None, keeps=False).output() for part in torch.split(x, at_once)]
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs)


def joined(x: Tensor, beside: Tensor | None) -> Tensor:
    """Join the channels of two tensors."""
    return x if beside is None else torch.cat((x, beside), dim=1)


def try_out(dtype: torch.dtype) -> None:
    """Go forward and back through a tiny chain, which needs all kernels."""
    layer = Layer(1, 1, (3,), 1, "replicate", 0.2, is_normalised=True, of_batch=True, eps=1e-5)
    weights = [torch.ones(1, 1, 3, dtype=dtype), *torch.ones(3, 1, dtype=dtype)]
    recipe = Recipe((layer, layer), weights * 2, [None] * (2 * N_STATISTICS))
    run = Pass(recipe, torch.ones(1, 1, 4, dtype=dtype), None)
    prepare(run.x.dtype, (FORWARD, BACKWARD))
    out = run.output()
    run.gradients(run.give_raws(), out, (True,) * (N_INPUTS + 2 * N_WEIGHTS))


class Pass:
    """One pass through a chain, and what it keeps for the way back.

    Parameters
    ----------
    recipe, x, beside
        As in `compute`.
    keeps : bool
        Whether there will be a way back.
    """

    def __init__(
        self, recipe: Recipe, x: Tensor, beside: Tensor | None, keeps: bool = True
    ) -> None:
        self.recipe = recipe
        self.x: Array = x.detach().contiguous().numpy()
        none = np.empty((len(x), 0), self.x.dtype)
        self.beside: Array = none if beside is None else beside.detach().contiguous().numpy()
        self.plan = recipe.plan(self.x.dtype, keeps)
        self.weights = recipe.vector(self.plan)
        self.space = on_three_axes(self.x.shape[2:], 1)
        self.n_numbers = len(x) * math.prod(self.space)
        self.constants = np.empty(
            (len(recipe.layers) + 1, len(IDENTITY), recipe.widest), self.x.dtype
        )
        self.constants[:] = IDENTITY
        self.raws = np.empty((self.n_numbers * self.plan.n_kept,), self.x.dtype)
        n_products = self.n_numbers * len(self.weights)
        self.n_threads = threads_for(n_products, OF_A_THREAD)

    def output(self) -> Tensor:
        """Go through all layers."""
        running = self.recipe.moments(self.x.dtype)
        n_out = self.recipe.layers[-1].n_out
        out = np.empty((len(self.x), n_out, *self.x.shape[2:]), self.x.dtype)
        FORWARD(
            self.x.ravel(), self.beside.ravel(), len(self.x), *self.space, self.plan.table,
            self.plan.numbers, self.weights, running, self.raws, self.constants, out.ravel(),
            self.n_threads,
        )  # fmt: skip
        self.recipe.follow(running)
        return torch.from_numpy(out)

    def give_raws(self) -> Tensor:
        """Give the raw values away, which are too large to be kept after the way back."""
        raws, self.raws = self.raws, np.empty(0, self.x.dtype)
        return torch.from_numpy(raws)

    def gradients(
        self, raws: Tensor, gradient: Tensor, asked: tuple[bool, ...]
    ) -> list[Tensor | None]:
        """Turn the gradient by the output into those asked for: by inputs and by weights."""
        by_weights, by_inputs = self.go_back(raws, gradient, asked)
        found = (
            *map(torch.from_numpy, by_inputs),
            *self.recipe.gradients(by_weights, self.plan),
        )
        return [tensor if needs else None for tensor, needs in zip(found, asked, strict=True)]

    def go_back(
        self, raws: Tensor, gradient: Tensor, asked: tuple[bool, ...]
    ) -> tuple[Array, list[Array]]:
        """Find gradients by the vector of weights, and by inputs (empty if none is asked for)."""
        by_weights = np.empty_like(self.weights)
        by_inputs = [
            np.empty(of.shape if any(asked[:N_INPUTS]) else (0,), of.dtype)
            for of in (self.x, self.beside)
        ]
        between = np.empty((2, self.n_numbers * self.recipe.widest_between), self.x.dtype)
        BACKWARD(
            gradient.resolve_neg().contiguous().numpy().ravel(), self.x.ravel(),
            self.beside.ravel(), len(self.x), *self.space, self.plan.table, self.plan.numbers,
            self.weights, raws.numpy(), self.constants, np.array(asked), asked.index(True), between,
            by_weights, *(by.ravel() for by in by_inputs), self.n_threads,
        )  # fmt: skip
        return by_weights, by_inputs


class _Chain(torch.autograd.Function):
    """`Pass` for torch; gradients of gradients by torch itself."""

    @staticmethod
    def forward(
        ctx: Any, recipe: Recipe, x: Tensor, beside: Tensor | None, *weights: Tensor | None
    ) -> Tensor:
        """Go through the chain."""
        ctx.run = run = Pass(recipe, x, beside)
        out = run.output()
        ctx.save_for_backward(run.give_raws(), x, beside, *weights)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Go back."""
        needed = ctx.needs_input_grad[1:]
        raws, *inputs = ctx.saved_tensors  # refuses what was changed meanwhile
        if torch.is_grad_enabled():  # they are to be differentiated once more
            recipe: Recipe = ctx.run.recipe

            def again(x: Tensor, beside: Tensor | None, *weights: Tensor | None) -> Tensor:
                return compute_by_torch(recipe, joined(x, beside), weights)

            return None, *differentiable_gradients(again, inputs, gradient, needed)
        return None, *ctx.run.gradients(raws, gradient, needed)


def compute_by_torch(recipe: Recipe, x: Tensor, weights: Tensors) -> Tensor:
    """Compute a chain by torch's own functions; statistics stay as they are."""
    for i, layer in enumerate(recipe.layers):
        weight, bias, scale, shift = weights[N_WEIGHTS * i : N_WEIGHTS * (i + 1)]
        mean, variance, _ = recipe.statistics[N_STATISTICS * i : N_STATISTICS * (i + 1)]
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
