"""The squared error of a network that is one chain, and its gradients, without torch's graph.

An epoch of a small network on a CPU takes a millisecond, and torch's graph would be half of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from autoden.losses.bounds import LowerLimit
from autoden.losses.data import squared_error
from autoden.models.direct import DirectNetwork, direct_network
from autoden.models.narrow.parts import is_just_called
from autoden.training.batch import Batch
from autoden.training.flat import FlatParameters
from autoden.training.squares import add_violation, are_rows_of, differentiate_rows
from autoden.training.task import Losses, PlainTask, Task


class DirectObjective:
    """The same numbers as by torch's graph, where nothing looks at more than the output.

    Parameters
    ----------
    model : torch.nn.Module
        What learns.
    task : Task
        Whose loss it is.
    penalties : sequence of modules
        What is added to it.
    weights : FlatParameters
        The parameters of the model.
    """

    def __init__(
        self, model: nn.Module, task: Task, penalties: Sequence[nn.Module], weights: FlatParameters
    ) -> None:
        self._model, self._task = model, task
        self._penalties, self._weights = penalties, weights
        self._network: DirectNetwork | None = None

    def backward(self, batch: Batch, *, weighted: bool = False) -> tuple[Tensor, Tensor] | None:
        """Do what `Objective.backward` does, or nothing, and give None.

        Works for a batch on a CPU, a network that is one chain, the squared error, and lower
        limits as the only penalties. All of that is asked anew for every batch.
        """
        limits = _plain_limits(self._penalties, batch)
        if limits is None or not _takes_squares(self._task):
            return None
        network = self._network_for(batch)
        if network is None:
            return None
        output, gradients_by = network.forward(batch.input)
        train, held_out, gradient = differentiate_rows(output, batch)
        losses, total = Losses(train, batch.total_weight, held_out, output), train
        for limit in limits:
            total = total + add_violation(output, limit, gradient)
        if weighted:
            gradient *= losses.weight
        self._weights.add(gradients_by(gradient))
        return total, losses.sums(total)

    def _network_for(self, batch: Batch) -> DirectNetwork | None:
        """Give the network as it is now, if it is a chain and can pass a batch."""
        x, shape = batch.input, batch.target.shape
        if not are_rows_of(shape, batch):
            return None
        if self._network is None or not self._network.can_pass(x):
            self._network = direct_network(self._model, self._weights.learning, x)
            if self._network is None or not self._network.can_pass(x):
                return None
        return self._network if self._network.shape_of(x) == shape else None


def _takes_squares(task: Task) -> bool:
    """Tell whether the loss of a task is the mean of squared errors of one output."""
    own = getattr(task.loss, "__func__", None)
    return own is PlainTask.loss and getattr(task, "data_term", None) is squared_error


def _plain_limits(penalties: Sequence[nn.Module], batch: Batch) -> list[Tensor] | None:
    """Give the limits, if all penalties are limits of a kind and shape that kernels take."""
    limits = []
    for penalty in penalties:
        if type(penalty) is not LowerLimit or not is_just_called(penalty):
            return None
        limits.append(penalty.limit)
    shape = batch.target.shape[::-1]
    for limit in limits:
        plain = type(limit) is Tensor and limit.is_cpu and limit.dtype is torch.float32
        fits = limit.ndim <= len(shape) and all(
            n in (1, most) for n, most in zip(limit.shape[::-1], shape, strict=False)
        )
        if not plain or limit.requires_grad or not fits:
            return None
    return limits
