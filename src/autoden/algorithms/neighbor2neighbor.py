"""Neighbor2Neighbor: predict a pixel's neighbour from it and all such pixels (CVPR 2021).

Of every 2 x 2 pixels two that touch are drawn, anew in every epoch: two images of half the size,
with noise of their own. Their truths differ a little; how much is told by the image denoised at
full size, of which the same pixels are taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import torch
from torch import nn

from autoden.algorithms.arrays import PairArrays
from autoden.algorithms.cells import draw_neighbours, in_cells, pick
from autoden.algorithms.network import ModelLike
from autoden.algorithms.pairs import PairsTask
from autoden.algorithms.zero_shot import Recipe, ZeroShot
from autoden.checks import number
from autoden.models.params import NetworkParams, NetworkParamsPlain
from autoden.signals.scaling import DataScaleBias
from autoden.training.batch import Batch
from autoden.training.task import Losses, compare

CELL = 2


class Nb2Nb(ZeroShot):
    """Denoise single measurements by predicting neighbours from each other.

    Parameters
    ----------
    model
        As in `Denoiser`; its channels in and out must be equal. None takes a small network for
        images of one channel.
    gamma : float
        Weight of the part of the loss that allows neighbours to differ as the denoised image has
        them differ, at least 0; without it the result is too smooth.
    **options
        What else `Denoiser` takes.

    References
    ----------
    T. Huang et al., "Neighbor2Neighbor: self-supervised denoising from single noisy images",
    CVPR 2021.

    Examples
    --------
    >>> import numpy as np
    >>> import autoden as ad
    >>> noisy = np.random.default_rng(0).poisson(20.0, (32, 32))
    >>> nb2nb = ad.Nb2Nb(seed=0, verbose=False)
    >>> inp, held_out = nb2nb.prepare_data(noisy)
    >>> losses = nb2nb.train(inp, held_out, epochs=2)
    >>> nb2nb.infer(inp).shape
    (32, 32)
    """

    title = "Neighbor2Neighbor"
    saved_options: ClassVar[tuple[str, ...]] = ("gamma",)
    default_network: ClassVar[NetworkParams] = NetworkParamsPlain(n_layers=6, n_features=32)

    def __init__(
        self, model: ModelLike | None = None, *arguments: Any, gamma: float = 1.0, **options: Any
    ) -> None:
        super().__init__(model, *arguments, **options)
        self.gamma = number("gamma", gamma, at_least=0)

    @property
    def cell_size(self) -> int:
        """Elements along each axis that are held out together: those of a cell."""
        return CELL

    def _recipe(self, arrays: PairArrays, scaling: DataScaleBias) -> Recipe:
        make_task = partial(NeighboursTask, gamma=self.gamma, draws=self._draws())
        return Recipe(arrays, make_task, options={"gamma": self.gamma})


@dataclass(frozen=True)
class NeighboursTask(PairsTask):
    """Ask for neighbours from their neighbours; a `Task`.

    Attributes
    ----------
    gamma : float
        Weight of what the denoised image has neighbours differ by.
    draws : torch.Generator, optional
        Source of the draws, on the device of the batches.
    """

    gamma: float = 1.0
    draws: torch.Generator | None = None

    def loss(self, model: nn.Module, batch: Batch) -> Losses:
        """Compare what one neighbour predicts with the other."""
        # What confirms weights is drawn alike each time.
        fixed = torch.Generator(batch.input.device).manual_seed(0)
        first, second = draw_neighbours(batch.input, self.draws if model.training else fixed)
        pair = in_cells(batch, pick(batch.input, first), pick(batch.target, second), CELL)
        with torch.no_grad():
            whole = model(batch.input)
        output = model(pair.input)
        losses = compare(output, pair, self.data_term)
        differ = pick(whole, first) - pick(whole, second)
        errors = self.data_term(output - differ, pair.target)
        excess = (errors * pair.weight).sum() / pair.total_weight.clamp(min=1.0)
        return replace(losses, train=losses.train + self.gamma * excess)
