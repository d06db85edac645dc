"""An ordinary network as a method: it reads stabilised values and predicts rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autoden.algorithms.pairs import PairsTask
from autoden.auto.learning.fitting import fit_to_the_end
from autoden.auto.learning.splits import Splits
from autoden.auto.learning.units import CountUnits, Units
from autoden.models.params import NetworkParamsDnCNN
from autoden.models.registry import describe_network
from autoden.noise.exposures import Combined
from autoden.randomness import torch_generator
from autoden.training.batch import Batch
from autoden.training.observers import Observer
from autoden.training.settings import TrainingSettings

Floats = NDArray[np.float64]

PARAMS = NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6)
RANGE = 8.0
"""Stabilised values are divided by it, so that a network sees numbers of about 1. Files of methods
do not hold it: another value asks for another version of their format."""
BATCH_SIZE = 4
LEARNING_RATE = 5e-3


@dataclass(frozen=True, eq=False)
class RateNetwork:
    """A trained DnCNN.

    Attributes
    ----------
    network : Stabilised
        From values to rates, both in network units.
    units : Units
        Those units.
    """

    network: Stabilised
    units: Units
    name: str = "dncnn"

    def describe(self) -> str:
        """Say the network."""
        params: Any = describe_network(self.network.network)[1]
        return f"DnCNN, {params.n_layers} layers of {params.n_features} features"

    @torch.inference_mode()
    def rates(self, parts: Sequence[Combined]) -> list[Floats]:
        """Estimate the rate of each part."""
        values = np.stack([self.units.of(part) for part in parts])
        outputs = self.network(torch.tensor(values, dtype=torch.float32)[:, None])[:, 0]
        return [
            self.units.rates(output.numpy().astype(np.float64), part.dose)
            for part, output in zip(parts, outputs, strict=True)
        ]


def train_rate_network(
    splits: Splits,
    epochs: int,
    seed: int,
    *,
    with_held_out: bool = False,
    observers: Sequence[Observer] = (),
) -> RateNetwork:
    """Train a DnCNN to predict one part of each split from the other.

    The held-out channels train only if asked for.
    """
    units = splits.units
    network = Stabilised(PARAMS.get_model("cpu", seed), isinstance(units, CountUnits))
    inputs, targets = (
        torch.tensor(np.stack([units.of(part) for part in side]), dtype=torch.float32)[:, None]
        for side in splits.sides()
    )
    held_out = torch.from_numpy(splits.held_out[list(splits.owners)])[:, None]
    shares = torch.tensor(splits.shares(), dtype=torch.float32)[:, None, None]
    task = PairsTask(
        Batch(inputs, targets, shares * (~held_out | with_held_out), torch.zeros_like(held_out)),
        BATCH_SIZE,
        generator=torch_generator(seed),
        data_term=units.data_term,
    )
    settings = TrainingSettings(epochs, LEARNING_RATE, restarts=1)
    fit_to_the_end(network, task, settings, observers)
    return RateNetwork(network.eval(), units)


class Stabilised(nn.Module):
    """A network that predicts the noise, which is taken away: of square roots of counts, or as is.

    Rates are squares of roots; a network that had to give the roots themselves would start near 0,
    where squares have no slope, and end up with either sign.
    """

    def __init__(self, network: nn.Module, is_counts: bool) -> None:
        super().__init__()
        self.network, self.is_counts = network, is_counts

    def forward(self, values: Tensor) -> Tensor:
        """Map values to rates, (N, 1, n)."""
        if not self.is_counts:
            return self._cleaned(values)
        return (self._cleaned(2 * (values.clamp(min=0) + 3 / 8).sqrt()) / 2).square()

    def _cleaned(self, values: Tensor) -> Tensor:
        noise: Tensor = self.network(values / RANGE)
        return values - RANGE * noise
