"""What is minimised: the loss of a task plus penalties on the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from autoden.training.batch import Batch
from autoden.training.direct import DirectObjective
from autoden.training.task import Task


@dataclass(frozen=True)
class Objective:
    """The loss of a task, with penalties.

    Attributes
    ----------
    model : torch.nn.Module
        What learns.
    task : Task
        Gives the loss.
    penalties : sequence of modules
        Each takes the output (N, C, *S) and gives a scalar.
    direct : DirectObjective, optional
        Gives the same sooner, where it can.
    """

    model: nn.Module
    task: Task
    penalties: Sequence[nn.Module]
    direct: DirectObjective | None = None

    def backward(self, batch: Batch, *, weighted: bool = False) -> tuple[Tensor, Tensor]:
        """Add the gradients of a batch's loss, or of its loss times its weight.

        Returns
        -------
        loss : Tensor
            Scalar, with penalties.
        sums : Tensor
            Shape (10,), as `Losses.sums` makes them; they add up over the batches of an epoch.
        """
        found = self.direct and self.direct.backward(batch, weighted=weighted)
        if found:
            return found
        losses = self.task.loss(self.model, batch)
        total = losses.train
        for penalty in self.penalties:
            total = total + penalty(losses.output)
        torch.autograd.backward(total * losses.weight if weighted else total)
        return total.detach(), losses.sums(total)
