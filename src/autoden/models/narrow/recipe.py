"""What a chain computes with, and where the kernels find it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autoden.models.narrow import codes
from autoden.models.narrow.parts import Layer

Array = NDArray[np.floating]
Tensors = Sequence[Tensor | None]
N_INPUTS, N_WEIGHTS = codes.N_INPUTS, codes.N_WEIGHTS
MULTIPLIER = 2
"""Which weight of a layer multiplies the normalised values."""
N_STATISTICS = 3
"""Of each layer: running mean and variance, and the number of batches that they have seen."""


class Recipe:
    """The layers of a chain, their weights and their statistics, at the time of a pass.

    Parameters
    ----------
    layers : tuple of Layer
        The chain.
    weights, statistics : sequence of Tensor or None
        `N_WEIGHTS` and `N_STATISTICS` of each layer in turn. The statistics follow the batch where
        a layer normalises by it.

    Attributes
    ----------
    widest, widest_between : int
        Most channels of any layer, its input among them; of those that another one follows.
    """

    def __init__(self, layers: tuple[Layer, ...], weights: Tensors, statistics: Tensors) -> None:
        self.layers, self.weights, self.statistics = layers, weights, statistics
        self.widest_between = max((layer.n_out for layer in layers[:-1]), default=0)
        self.widest = max(layers[0].n_in, self.widest_between, layers[-1].n_out)
        self._there = tuple(weight is not None for weight in weights)
        self._rows = [w.detach().numpy().ravel() for w in weights if w is not None]
        self._moments = list(self._find_moments())
        self._counts = [count.numpy() for count in statistics[2::N_STATISTICS] if count is not None]

    def plan(self, dtype: np.dtype[np.floating], keeps: bool) -> Plan:
        """Make the tables; `keeps` says whether there will be a way back."""
        return _plan(self.layers, self._there, dtype, keeps)

    def vector(self, plan: Plan) -> Array:
        """Lay the weights one after the other; what stands for missing ones comes last."""
        return np.concatenate((*self._rows, plan.neutral))

    def gradients(self, vector: Array, plan: Plan) -> Iterator[Tensor | None]:
        """Give those by each of the weights in a vector of all."""
        sizes = [0 if w is None else w.numel() for w in self.weights]
        parts = torch.split(torch.from_numpy(vector), [*sizes, len(plan.neutral)])
        for part, weight in zip(parts, self.weights, strict=False):
            yield None if weight is None else part.view_as(weight)

    def moments(self, dtype: np.dtype[np.floating]) -> Array:
        """Give running means and variances (layers, 2, channels)."""
        running = np.zeros((len(self.layers), 2, self.widest), dtype)
        for values, i, which in self._moments:
            running[i, which, : len(values)] = values
        return running

    def follow(self, running: Array) -> None:
        """Let the statistics follow a batch."""
        for values, i, which in self._moments:
            if self.layers[i].of_batch:
                values[:] = running[i, which, : len(values)]
        for count in self._counts:
            np.add(count, 1, out=count)

    def _find_moments(self) -> Iterator[tuple[Array, int, int]]:
        """Give the running statistics, each with its layer, and whether it is the variance."""
        for i, layer in enumerate(self.layers):
            if layer.is_normalised:
                for which in (0, 1):
                    statistic = self.statistics[N_STATISTICS * i + which]
                    if statistic is not None:
                        yield statistic.numpy(), i, which


@dataclass(frozen=True)
class Plan:
    """What the passes need to know of a chain: its tables, and what it does not have."""

    table: NDArray[np.int64]
    numbers: NDArray[np.float64]
    neutral: Array
    """What stands for weights that a layer does not have, one after the other."""
    n_kept: int
    """How many channels the raw values have that are kept."""


@lru_cache(maxsize=64)
def _plan(
    layers: tuple[Layer, ...], there: tuple[bool, ...], dtype: np.dtype[np.floating], keeps: bool
) -> Plan:
    """Make the plan of a chain.

    `there` says which of the weights it has, `keeps` whether there will be a way back.
    """
    table = np.zeros((len(layers), codes.N_COLUMNS), np.int64)
    sizes: list[int] = []
    for row, layer in zip(table, layers, strict=True):
        row[: codes.AT_WEIGHT] = (
            layer.n_in, layer.n_out, *on_three_axes(layer.kernel, 1), layer.dilation,
            *on_three_axes(layer.reach, 0), layer.mode, layer.responds, layer.is_normalised,
            layer.of_batch, 0,
        )  # fmt: skip
        sizes += [layer.n_out * layer.n_in * math.prod(layer.kernel), *[layer.n_out] * 3]
    n_outs = table[:, codes.N_OUT]
    if keeps:
        table[:, codes.CHANNELS_BEFORE] = np.cumsum(n_outs) - n_outs
    else:  # two after each other take turns
        table[1::2, codes.CHANNELS_BEFORE] = max(n_outs)
    if not (keeps and layers[-1].responds):
        table[-1, codes.CHANNELS_BEFORE] = -1
    order = sorted(range(len(sizes)), key=lambda i: not there[i])
    starts = np.empty(len(sizes), np.int64)
    starts[order] = np.cumsum([0, *(sizes[i] for i in order)])[:-1]
    table[:, codes.AT_WEIGHT :] = starts.reshape(-1, N_WEIGHTS)
    slopes = [layer.slope for layer in layers]
    others = [(layer.eps, layer.momentum) for layer in layers]
    numbers = np.column_stack(([1.0, *slopes[:-1]], slopes, others))
    missing = [i for i in order if not there[i]]
    neutral = [np.full(sizes[i], i % N_WEIGHTS == MULTIPLIER, dtype) for i in missing]
    n_kept = max(0, *(row[codes.CHANNELS_BEFORE] + row[codes.N_OUT] for row in table))
    return Plan(table, numbers, np.concatenate([np.empty(0, dtype), *neutral]), int(n_kept))


def on_three_axes(values: tuple[int, ...], missing: int) -> tuple[int, int, int]:
    """Complete what is known of one to three axes: the first are planes, the last the width.

    Samples of a signal are planes, so that they can be cut into tiles.
    """
    first, *others = values
    between = others[0] if len(others) == 2 else missing
    return first, between, others[-1] if others else missing
