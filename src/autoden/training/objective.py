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
        The same for the batches that it takes, sooner.
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
            Shape (10,): weight, loss times weight, data term times weight, held-out sums; they
            add up over the batches of an epoch.
        """
        if self.direct is not None and self.direct.takes(batch):
            return self.direct.backward(batch, weighted=weighted)
        losses = self.task.loss(self.model, batch)
        total = losses.train
        for penalty in self.penalties:
            total = total + penalty(losses.output)
        torch.autograd.backward(total * losses.weight if weighted else total)
        total, train, weight = total.detach(), losses.train.detach(), losses.weight.detach()
        numbers = (weight, total * weight, train * weight)
        return total, torch.cat((torch.stack(numbers), losses.held_out))
