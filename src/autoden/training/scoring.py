"""Scores of weights as they will be used: in inference mode, with statistics of their own."""

from __future__ import annotations

import math

import torch
from torch import nn

from autoden.training.best import BestWeights
from autoden.training.held_out import held_out_scores
from autoden.training.normalisation import NormalisationMeter
from autoden.training.task import Task


class Scorer:
    """Scores a network on the held-out data of a task.

    Parameters
    ----------
    model : torch.nn.Module
        Whatever weights it has at the time.
    task : Task
        Gives the data and the loss.
    """

    def __init__(self, model: nn.Module, task: Task) -> None:
        self._model, self._task = model, task
        self._meter = NormalisationMeter(model)

    @torch.no_grad()
    def score(self) -> float:
        """Give the held-out error; NaN if the task has nothing to score.

        The network ends in inference mode.
        """
        self._measure()
        task = self._task
        sums = [task.loss(self._model, batch).held_out for batch in task.held_out_batches()]
        return held_out_scores(torch.stack(sums).sum(0).tolist())[0] if sums else float("nan")

    def keep_best(self, best: BestWeights) -> tuple[int | None, float]:
        """Score the kept weights and leave the network with the best of them.

        Returns
        -------
        epoch : int or None
            In which they were; None if none were kept.
        score : float
            Of these; NaN if none were kept.
        """
        candidates = best.candidates
        for candidate in candidates:
            if not candidate.as_used:
                best.restore(candidate)
                score = self.score()
                # What some tasks score shows only while they train: that score then stands.
                best.confirm(candidate, candidate.score if math.isnan(score) else score)
        if not candidates:
            self._measure()
            return None, float("nan")
        chosen = min(candidates, key=lambda candidate: candidate.score)
        best.restore(chosen)
        self._model.eval()
        return chosen.epoch, chosen.score

    def _measure(self) -> None:
        """Fit the statistics of batch normalisation to these very weights."""
        self._meter.measure(batch.input for batch in self._task.held_out_batches())
