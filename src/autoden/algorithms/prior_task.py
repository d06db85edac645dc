"""The task of a fit: one output for all targets, compared with them as they were measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import nn

from autoden.algorithms.degradation import Operator
from autoden.algorithms.output_variance import OutputVariance
from autoden.algorithms.pairs import PairsTask
from autoden.training.batch import Batch
from autoden.training.task import Losses, compare


@dataclass(frozen=True)
class PriorTask(PairsTask):
    """Fit one output to all targets, through an operator if there is one; a `Task`.

    Attributes
    ----------
    shared : bool
        Whether one input serves all targets, so that there is one output, too.
    operator : callable, optional
        From the output to what the target is compared with, in the range of the network.
    variance : OutputVariance, optional
        Scores epochs by it instead of by what is held out.
    """

    shared: bool = False
    operator: Operator | None = None
    variance: OutputVariance | None = None

    def loss(self, model: nn.Module, batch: Batch) -> Losses:
        """Compare the output, as the operator degrades it, with the targets."""
        moved = any(view.geometric for view in self.views)  # crops differ from sample to sample
        output = model(batch.input[:1] if self.shared and not moved else batch.input)
        compared = output if self.operator is None else self.operator(output)
        expanded = compared.expand(len(batch.target), *compared.shape[1:])
        losses = replace(compare(expanded, batch, self.data_term), output=output)
        if self.variance is None:
            return losses
        score = self.variance(output.detach()) if model.training else torch.zeros(7)
        return replace(losses, held_out=score.to(losses.held_out))
