"""Copies of the weights that did best on held-out data.

A run is divided into stretches and the best weights of each are kept, because the score seen
while training (batch normalisation with the statistics of the batch, one noisy hold-out) is not
quite that of inference: at the end the engine scores the few kept candidates again, as they will
be used, and takes the best. Copying goes into buffers that are made once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass
class Candidate:
    """Weights, when they were taken, and what they scored then, training or as they are used."""

    epoch: int
    score: float
    tensors: list[Tensor]
    as_used: bool = False


class BestWeights:
    """Keep the weights with the lowest held-out score of each stretch of a run.

    Parameters
    ----------
    model : torch.nn.Module
        The network being trained; its parameters and buffers are copied.
    epochs : int
        Planned length of the run.
    n_stretches : int
        How many candidates to keep at most.
    """

    def __init__(self, model: nn.Module, epochs: int, n_stretches: int = 4) -> None:
        self._live = [*model.parameters(), *model.buffers()]
        dtypes = [tensor.dtype for tensor in self._live]
        self._of_a_type = [
            [i for i, dtype in enumerate(dtypes) if dtype == each] for each in set(dtypes)
        ]
        self._epochs = epochs
        self._n_stretches = min(n_stretches, epochs)
        self._of_stretch: dict[int, Candidate] = {}
        self._added: list[Candidate] = []

    def offer(self, epoch: int, score: float, *, as_used: bool = False) -> None:
        """Copy the present weights if `score` is the lowest of this stretch; NaN never is."""
        stretch = epoch * self._n_stretches // self._epochs
        candidate = self._of_stretch.get(stretch)
        if not math.isfinite(score) or (candidate is not None and score >= candidate.score):
            return
        if candidate is None:
            candidate = self._of_stretch[stretch] = self._new_candidate(epoch, score)
        candidate.epoch, candidate.score, candidate.as_used = epoch, score, as_used
        self._copy(self._live, candidate.tensors)

    def add(self, epoch: int, score: float) -> None:
        """Copy the present weights, scored as they will be used; NaN adds none."""
        if math.isfinite(score):
            self._added.append(self._new_candidate(epoch, score))
            self.confirm(self._added[-1], score)

    def confirm(self, candidate: Candidate, score: float) -> None:
        """Note the score of a candidate as it will be used, and the statistics measured for it."""
        candidate.score, candidate.as_used = score, True
        self._copy(self._live, candidate.tensors)

    @property
    def candidates(self) -> list[Candidate]:
        """What is kept, in order; empty if nothing was ever offered."""
        return [*(self._of_stretch[stretch] for stretch in sorted(self._of_stretch)), *self._added]

    def restore(self, candidate: Candidate) -> None:
        """Put the weights of a candidate back into the model."""
        self._copy(candidate.tensors, self._live)

    def _new_candidate(self, epoch: int, score: float) -> Candidate:
        tensors = [torch.empty_like(t, requires_grad=False) for t in self._live]
        return Candidate(epoch, score, tensors)

    @torch.no_grad()
    def _copy(self, source: list[Tensor], target: list[Tensor]) -> None:
        """Copy many small tensors in a few calls, those of a type at once."""
        for chosen in self._of_a_type:
            torch._foreach_copy_([target[i] for i in chosen], [source[i] for i in chosen])
