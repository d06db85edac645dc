"""Training on fixed pairs of input and target, the task of most algorithms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

import torch

from autoden.algorithms.datasets import Augmentation
from autoden.losses.data import squared_error
from autoden.training.batch import Batch
from autoden.training.task import DataTerm, PlainTask


@dataclass(frozen=True)
class PairsTask(PlainTask):
    """Show inputs, ask for their targets; a `Task` of the engine.

    Attributes
    ----------
    pairs : Batch
        All pairs there are, on the device of the network.
    batch_size : int or None
        Pairs per batch; None takes all at once.
    views : sequence of Augmentation
        Applied one after the other to every training batch, never to those that confirm the kept
        weights.
    generator : torch.Generator or None
        Source of the order of the pairs; None follows torch's own state.
    data_term : callable
        Element-wise error of (output, target).
    """

    pairs: Batch
    batch_size: int | None = None
    views: Sequence[Augmentation] = ()
    generator: torch.Generator | None = None
    data_term: DataTerm = squared_error

    def train_batches(self, epoch: int) -> Iterator[Batch]:
        """Give the pairs in a new random order each epoch, each batch seen through the views."""
        for batch in self._batches(shuffle=True):
            for view in self.views:
                batch = view(batch)
            yield batch

    def held_out_batches(self) -> Iterable[Batch]:
        """Give the pairs in their own order, as they are."""
        return self._batches(shuffle=False)

    def _batches(self, *, shuffle: bool) -> Iterator[Batch]:
        n = len(self.pairs)
        size = self.batch_size or n
        if size >= n:  # one batch: its order does not matter, so nothing is copied
            yield self.pairs
            return
        order = torch.randperm(n, generator=self.generator) if shuffle else torch.arange(n)
        order = order.to(self.pairs.input.device)
        for start in range(0, n, size):
            yield self.pairs.map(itemgetter(order[start : start + size]))
