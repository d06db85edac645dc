"""The network method: filters and sources, mixed channel by channel or pixel by pixel.

Which member serves where, a small network learns by predicting one independent part of the
measurement from the other. It is small and trained shortly: the parts all come from one
measurement, and a larger network would learn its noise by heart.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autoden.algorithms.pairs import PairsTask
from autoden.auto.learning.fitting import fit_to_the_end
from autoden.auto.learning.splits import Splits
from autoden.auto.learning.stacking import stack
from autoden.auto.learning.units import Units
from autoden.models.kernel_mixture import KernelMixture
from autoden.models.params import NetworkParamsKernelMixture
from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson
from autoden.randomness import torch_generator
from autoden.training.batch import Batch
from autoden.training.observers import Observer
from autoden.training.settings import TrainingSettings

Floats = NDArray[np.float64]

FAVOUR = 120.0
"""Weight of all estimates together at the start, where each linear filter has 1."""
MOST_AT_ONCE = 2**20
"""Elements that a network mixes at once: large images go one by one, for the sake of memory."""


@dataclass(frozen=True)
class Learning:
    """How the networks of a mixture learn.

    Attributes
    ----------
    n_features : int
        Of each layer.
    batch_size : int
        Splits per step.
    learning_rate : float
        At the start; it falls to 0 like a cosine.
    memory : float
        The weights are averaged over about the last 1 / (1 - memory) passes through the splits.
    patch : int or None
        Elements along each axis that a step sees, somewhere in each split; None: all of them.
    """

    n_features: int = 8
    batch_size: int = 4
    learning_rate: float = 3e-3
    memory: float = 0.9
    patch: int | None = None


class Members(Protocol):
    """What a mixture chooses from, and how its network sees it."""

    @property
    def noise(self) -> NoiseModel:
        """What the noise is."""

    @property
    def units(self) -> Units:
        """Those of the network."""

    @property
    def learning(self) -> Learning:
        """How the network learns."""

    @property
    def n_estimates(self) -> int:
        """How many of the members are estimates, which are listed last."""

    def network(self, n_features: int) -> NetworkParamsKernelMixture:
        """Describe the network that mixes the members."""

    def inputs(self, parts: Sequence[Combined]) -> NDArray[np.float32]:
        """Give the network's input, shape (K, 1 + n_estimates, *S), in its units."""

    def sides(self, splits: Splits) -> tuple[list[Combined], list[Combined]]:
        """Give what is shown and what is asked for, in units of the same dose."""

    def describe(self, n_members: int) -> str:
        """Say what is mixed."""


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
        said, n = self.members.describe(self.networks[0].n_members), len(self.networks)
        return f"{said}, mixed by {n} network{'s' * (n > 1)}"

    @torch.inference_mode()
    def each(self, parts: Sequence[Combined]) -> list[Floats]:
        """Estimate the rates of each part by each network: per part, shape (n_networks, *S).

        Filters with negative lobes lead below 0 beside strong lines; counts are raised to it.
        """
        inputs = torch.from_numpy(self.members.inputs(parts))
        outputs = torch.cat([self._outputs(few) for few in torch.split(inputs, _at_once(inputs))])
        least = 0.0 if isinstance(self.members.noise, Poisson) else -np.inf
        units, rates = self.members.units, []
        for part, rows in zip(parts, torch.split(outputs, len(outputs) // len(parts)), strict=True):
            own = rows.transpose(0, 1).reshape(len(self.networks), *part.values.shape)
            values = units.rates(own.numpy().astype(np.float64), part.dose)
            rates.append(np.maximum(values, least))
        return rates

    def rates(self, parts: Sequence[Combined]) -> list[Floats]:
        """Estimate the rates of each part, in its shape."""
        return [rates.mean(axis=0) for rates in self.each(parts)]

    def _outputs(self, inputs: Tensor) -> Tensor:
        """Mix inputs (N, 1 + n_estimates, *S) by each network: (N, n_networks, *S)."""
        return torch.stack([network(inputs)[:, 0] for network in self.networks], dim=1)


def _at_once(inputs: Tensor) -> int:
    """Say how many images or spectra to mix at once: a network needs some 60 values for each."""
    return max(1, MOST_AT_ONCE // inputs[0, 0].numel())


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
        self._learning = members.learning
        self._params = members.network(self._learning.n_features)
        inputs, targets = members.sides(splits)
        n_dims = splits.n_dims

        def rows(values: NDArray[Any]) -> Tensor:  # every channel of an image is one of its own
            array = torch.from_numpy(np.ascontiguousarray(values))
            return array.reshape(-1, 1, *values.shape[values.ndim - n_dims :])

        with torch.inference_mode():
            mixed = self._network(0).members(torch.from_numpy(members.inputs(inputs)))
        self._input = mixed.clone()
        units = members.units
        self._target = rows(np.stack([units.of(target) for target in targets])).float()
        shares = np.asarray(splits.shares(), dtype=np.float32)
        known = 1.0 if splits.missing is None else ~splits.missing[list(splits.owners)]
        shape = (len(shares), *[1] * (splits.held_out.ndim - 1))
        everywhere = np.ones((len(shares), *splits.held_out.shape[1:]), dtype=np.float32)
        self._weight = rows(everywhere * shares.reshape(shape) * known)
        self._held_out = rows(splits.held_out[list(splits.owners)])
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
        slower: float = 1.0,
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
        slower : float
            By what the learning rate is divided.
        observers : sequence of Observer
            Called after each pass.
        """
        trained = copy.deepcopy(network)
        weight = self._weight if with_held_out else self._weight * ~self._held_out
        task = _PoolTask(
            Batch(self._input, self._target, weight, torch.zeros_like(self._held_out)),
            self._learning.batch_size,
            generator=torch_generator(seed),
            data_term=self._data_term,
            patch=self._learning.patch,
        )
        rate, memory = self._learning.learning_rate / slower, self._learning.memory
        settings = TrainingSettings(epochs, rate, restarts=1, average=memory)
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


@dataclass(frozen=True)
class _PoolTask(PairsTask):
    """Pairs of which none confirms the kept weights: the last average is kept.

    Its targets overlap with the inputs of other pairs, so that a network cannot be stopped by
    them; it is compared with other methods on channels that did not train instead.
    """

    patch: int | None = None

    def train_batches(self, epoch: int) -> Iterator[Batch]:
        """Give the pairs in a new random order each epoch, or a patch of each."""
        for batch in super().train_batches(epoch):
            yield batch if self.patch is None else batch.map(self._patches(batch))

    def held_out_batches(self) -> Iterable[Batch]:
        """Give none."""
        return ()

    def _patches(self, batch: Batch) -> Callable[[Tensor], Tensor]:
        """Choose where the patch of each pair lies."""
        sizes = batch.input.shape[2:]
        patch = self.patch or max(sizes)
        corners = [
            torch.randint(max(size - patch, 0) + 1, (len(batch),), generator=self.generator)
            for size in sizes
        ]
        where = [
            (slice(None), *(slice(int(start), int(start) + patch) for start in corner))
            for corner in zip(*corners, strict=True)
        ]
        return lambda values: torch.stack([v[w] for v, w in zip(values, where, strict=True)])


class _Mixer(nn.Module):
    """The trained part of a mixture, which reads members that were computed before."""

    def __init__(self, network: KernelMixture) -> None:
        super().__init__()
        self.network = network

    def forward(self, members: Tensor) -> Tensor:
        """Mix."""
        return self.network.mix(members)
