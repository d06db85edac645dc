"""The squared error of a network that is one chain, and its gradients, without torch's graph.

An epoch of a small network on a CPU takes a millisecond, and torch's graph would be half of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from autoden.losses.bounds import LowerLimit
from autoden.losses.data import squared_error
from autoden.models.direct import DirectNetwork, direct_network
from autoden.models.narrow.parts import is_just_called
from autoden.training.batch import Batch
from autoden.training.flat import FlatParameters
from autoden.training.squares import add_violation, differentiate_small, is_small_of
from autoden.training.task import Compares, Task


class DirectObjective:
    """A loss that looks at the output alone; the same numbers as by torch's graph.

    Parameters
    ----------
    model : torch.nn.Module
        What learns.
    weights : FlatParameters
        Its parameters.
    limits : sequence of LowerLimit
        The penalties.
    """

    def __init__(
        self, model: nn.Module, weights: FlatParameters, limits: Sequence[LowerLimit]
    ) -> None:
        self._model, self._weights, self._limits = model, weights, limits
        self._network: DirectNetwork | None = None
        self._is_asked = False

    def takes(self, batch: Batch) -> bool:
        """Tell whether a batch is small, and the network a chain and as it was at first."""
        if not self._is_asked:
            self._is_asked = True
            self._network = direct_network(self._model, self._weights.learning, batch.input)
        network = self._network
        return (
            network is not None
            and network.can_pass(batch.input)
            and is_small_of(network.shape_of(batch.input), batch)
            and all(map(is_just_called, self._limits))
        )

    def backward(self, batch: Batch, *, weighted: bool = False) -> tuple[Tensor, Tensor]:
        """Do what `Objective.backward` does, for a batch that it takes."""
        network = cast(DirectNetwork, self._network)
        output, gradients_by = network.forward(batch.input)
        train, held_out, gradient = differentiate_small(output, batch)
        total, weight = train, batch.total_weight
        for limit in self._limits:
            total = total + add_violation(output, limit.limit, gradient)
        if weighted:
            gradient *= weight
        self._weights.add(gradients_by(gradient))
        return total, torch.cat((torch.stack((weight, total * weight, train * weight)), held_out))


def direct_objective(
    model: nn.Module, task: Task, penalties: Sequence[nn.Module], weights: FlatParameters
) -> DirectObjective | None:
    """Make a `DirectObjective` where the loss is one: a squared error with limits at most."""
    if not (isinstance(task, Compares) and task.only_compares()):
        return None
    limits = [
        penalty
        for penalty in penalties
        if type(penalty) is LowerLimit
        and penalty.limit.is_cpu
        and penalty.limit.dtype is torch.float32
    ]
    if task.data_term is not squared_error or len(limits) < len(penalties):
        return None
    return DirectObjective(model, weights, limits)
