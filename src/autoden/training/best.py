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
class _Candidate:
    epoch: int
    score: float
    tensors: list[Tensor]


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
        self._epochs = epochs
        self._candidates: list[_Candidate | None] = [None] * min(n_stretches, epochs)

    def offer(self, epoch: int, score: float) -> None:
        """Copy the present weights if `score` is the lowest of this stretch; NaN never is."""
        stretch = epoch * len(self._candidates) // self._epochs
        candidate = self._candidates[stretch]
        if not math.isfinite(score) or (candidate is not None and score >= candidate.score):
            return
        if candidate is None:
            tensors = [torch.empty_like(t, requires_grad=False) for t in self._live]
            candidate = self._candidates[stretch] = _Candidate(epoch, score, tensors)
        candidate.epoch, candidate.score = epoch, score
        _copy(self._live, candidate.tensors)

    @property
    def scores(self) -> dict[int, float]:
        """Score of each kept candidate by its epoch; empty if nothing was ever offered."""
        return {c.epoch: c.score for c in self._candidates if c is not None}

    def restore(self, epoch: int) -> None:
        """Put the weights kept at `epoch` back into the model."""
        kept = next(c for c in self._candidates if c is not None and c.epoch == epoch)
        _copy(kept.tensors, self._live)


@torch.no_grad()
def _copy(source: list[Tensor], target: list[Tensor]) -> None:
    """Copy many small tensors in a few calls, grouped by type as `_foreach_copy_` wants them."""
    for dtype in {t.dtype for t in source}:
        pairs = [(s, t) for s, t in zip(source, target, strict=True) if s.dtype == dtype]
        torch._foreach_copy_([t for _, t in pairs], [s for s, _ in pairs])
