"""The network method: filters and sources, mixed channel by channel.

Which member serves where, a small network learns by predicting one independent part of the
measurement from the other. It is small and trained shortly: the parts all come from one
measurement, and a larger network would learn its noise by heart.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autoden.algorithms.pairs import PairsTask
from autoden.auto.fitting import fit_to_the_end
from autoden.auto.members import Members
from autoden.auto.splits import Splits
from autoden.auto.stacking import stack
from autoden.models.kernel_mixture import KernelMixture
from autoden.noise.exposures import Combined
from autoden.noise.poisson import Poisson
from autoden.randomness import torch_generator
from autoden.report.numerals import show
from autoden.training.batch import Batch
from autoden.training.observers import Observer
from autoden.training.settings import TrainingSettings

Floats = NDArray[np.float64]

N_FEATURES = 8
BATCH_SIZE = 4
LEARNING_RATE = 3e-3
FAVOUR = 120.0
"""Weight of all estimates together at the start, where each linear filter has 1."""
MEMORY = 0.9
"""The weights are averaged over about the last 1 / (1 - MEMORY) passes through the splits."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """A trained mixture: one network or several whose outputs are averaged.

    Attributes
    ----------
    members : Members
        What is mixed.
    networks : tuple of KernelMixture
        In inference mode.
    """

    members: Members
    networks: tuple[KernelMixture, ...]
    name: str = "kernel mixture"

    def describe(self) -> str:
        """Say what is mixed, and by how many networks."""
        n_members, n = self.networks[0].n_members, len(self.networks)
        first, last = self.members.widths
        widths = " to ".join(dict.fromkeys(show(width, 2) for width in (first, last)))
        said = f"{n_members} filters for lines of sigma {widths} channels"
        return f"{said}, mixed by {n} network{'s' * (n > 1)}"

    @torch.inference_mode()
    def each(self, parts: Sequence[Combined]) -> list[Floats]:
        """Estimate the rates of each part by each network: per part, shape (n_networks, n).

        Filters with negative lobes lead below 0 beside strong lines; counts are raised to it.
        """
        inputs = torch.from_numpy(self.members.inputs(parts))
        outputs = torch.stack([network(inputs)[:, 0] for network in self.networks], dim=1)
        least = 0.0 if isinstance(self.members.noise, Poisson) else -np.inf
        units = self.members.units
        return [
            np.maximum(units.rates(output.numpy().astype(np.float64), part.dose), least)
            for part, output in zip(parts, outputs, strict=True)
        ]

    def rates(self, parts: Sequence[Combined]) -> list[Floats]:
        """Estimate the rates of each part, shape (n,)."""
        return [rates.mean(axis=0) for rates in self.each(parts)]


class MixtureTraining:
    """Trains mixtures on one pool of splits, whose members are computed once.

    Parameters
    ----------
    splits : Splits
        What trains.
    members : Members
        What is mixed.
    """

    def __init__(self, splits: Splits, members: Members) -> None:
        self.members = members
        self._params = members.network(N_FEATURES)
        inputs, targets = splits.sides()  # in the units of the whole, which the parts stand for
        held_out = splits.held_out[list(splits.owners)]
        with torch.inference_mode():
            mixed = self._network(0).members(torch.from_numpy(members.inputs(inputs)))
        self._input = mixed.clone()
        units = members.units
        values = np.stack([units.of(target) for target in targets])
        self._target = torch.tensor(values, dtype=torch.float32)[:, None]
        shares = torch.tensor(splits.shares(), dtype=torch.float32)[:, None, None]
        self._weight = shares.expand_as(self._target)
        self._held_out = torch.from_numpy(held_out)[:, None]
        self._data_term = units.data_term
        estimates = self._input[:, -members.n_estimates :]
        trains = self._weight * ~self._held_out
        self._stacked = stack(estimates, self._target, trains, units.data_term)

    def start(self, seed: int) -> KernelMixture:
        """Make a network that mixes the estimates as predicts best where channels are alike."""
        network = self._network(seed)
        logits = torch.zeros(network.n_members)
        logits[-self.members.n_estimates :] = torch.log1p(FAVOUR * self._stacked)
        network.favour(logits)
        return network

    def train(
        self,
        network: KernelMixture,
        epochs: int,
        seed: int,
        *,
        with_held_out: bool = True,
        learning_rate: float = LEARNING_RATE,
        observers: Sequence[Observer] = (),
    ) -> KernelMixture:
        """Train a copy of a network for so many passes through the splits.

        Parameters
        ----------
        network : KernelMixture
            Where to start.
        epochs : int
            Passes.
        seed : int
            Of the order of the splits.
        with_held_out : bool
            Whether the held-out channels train too.
        learning_rate : float
            At the start; it falls to 0 like a cosine.
        observers : sequence of Observer
            Called after each pass.
        """
        trained = copy.deepcopy(network)
        weight = self._weight if with_held_out else self._weight * ~self._held_out
        task = _PoolTask(
            Batch(self._input, self._target, weight, torch.zeros_like(self._held_out)),
            BATCH_SIZE,
            generator=torch_generator(seed),
            data_term=self._data_term,
        )
        settings = TrainingSettings(epochs, learning_rate, restarts=1, average=MEMORY)
        fit_to_the_end(_Mixer(trained), task, settings, observers)
        return trained.eval()

    def _network(self, seed: int) -> KernelMixture:
        network = self._params.get_model("cpu", seed)
        assert isinstance(network, KernelMixture)
        return network

    @torch.inference_mode()
    def loss(self, network: KernelMixture) -> float:
        """Give the mean data term over all splits and channels."""
        errors = self._data_term(network.mix(self._input), self._target)
        return float((errors * self._weight).sum() / self._weight.sum())


class _PoolTask(PairsTask):
    """Pairs of which none confirms the kept weights: the last average is kept.

    Its targets overlap with the inputs of other pairs, so that a network cannot be stopped by
    them; it is compared with other methods on channels that did not train instead.
    """

    def held_out_batches(self) -> Iterable[Batch]:
        """Give none."""
        return ()


class _Mixer(nn.Module):
    """The trained part of a mixture, which reads members that were computed before."""

    def __init__(self, network: KernelMixture) -> None:
        super().__init__()
        self.network = network

    def forward(self, members: Tensor) -> Tensor:
        """Mix."""
        return self.network.mix(members)
