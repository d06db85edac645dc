"""An algorithm as the engine sees it: a source of batches and a loss.

`compare` is the loss of almost every algorithm: run the model once and compare its output with
the target. An algorithm that needs more (several model calls, several outputs, an operator
between output and data) writes its own `Task.loss` and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from autoden.errors import InputError
from autoden.losses.data import squared_error
from autoden.training.batch import Batch
from autoden.training.held_out import held_out_sums
from autoden.training.squares import are_rows, compare_rows

DataTerm = Callable[[Tensor, Tensor], Tensor]
"""Element-wise error of (output, target), both of shape (N, C, *S)."""


@dataclass(frozen=True)
class Losses:
    """What one evaluation of a batch says.

    Attributes
    ----------
    train : Tensor
        Scalar, the data term to minimise: a mean over the elements that train.
    weight : Tensor
        Scalar, how much that mean counts beside those of other batches: its total weight.
    held_out : Tensor
        Shape (7,): sums over the held-out elements, as `held_out_sums` makes them. They add up
        over batches.
    output : Tensor
        Shape (N, C_out, *S): what the penalties look at.
    """

    train: Tensor
    weight: Tensor
    held_out: Tensor
    output: Tensor

    def sums(self, total: Tensor) -> Tensor:
        """Give what adds up over the batches of an epoch.

        Parameters
        ----------
        total : Tensor
            Scalar, the loss with penalties.

        Returns
        -------
        Tensor
            Shape (10,): weight, loss times weight, data term times weight, held-out sums.
        """
        weight = self.weight.detach()
        numbers = (weight, total.detach() * weight, self.train.detach() * weight)
        return torch.cat((torch.stack(numbers), self.held_out))


class Task(Protocol):
    """An algorithm, as the engine sees it."""

    def train_batches(self, epoch: int) -> Iterable[Batch]:
        """Give the batches of one epoch, shuffled and augmented as the algorithm wants them."""
        ...

    def held_out_batches(self) -> Iterable[Batch]:
        """Give the batches on which the kept weights are confirmed: fixed, never augmented."""
        ...

    def loss(self, model: nn.Module, batch: Batch) -> Losses:
        """Evaluate the training and the held-out terms of one batch."""
        ...


class PlainTask:
    """A task whose loss compares one output of the network with the target of its batch.

    Attributes
    ----------
    data_term : callable
        Element-wise error of (output, target).
    """

    data_term: DataTerm

    def loss(self, model: nn.Module, batch: Batch) -> Losses:
        """Compare the network's output with the target."""
        return compare(model(batch.input), batch, self.data_term)


def compare(output: Tensor, batch: Batch, data_term: DataTerm) -> Losses:
    """Compare an output with the target of its batch: weighted mean of the data term.

    Parameters
    ----------
    output : Tensor
        Shape (N, C_out, *S), the network's prediction of ``batch.target``.
    batch : Batch
        Target, weight and held-out mask, of the same shape.
    data_term : callable
        Element-wise error of (output, target).

    Returns
    -------
    Losses
        Errors train by ``batch.weight`` and are scored where ``batch.held_out`` is True.
    """
    check_output(output, batch)
    if data_term is squared_error and are_rows(output, batch):
        train, sums = compare_rows(output, batch)
        return Losses(train, batch.total_weight, sums, output)
    return weigh(data_term(output, batch.target), output, batch)


def weigh(errors: Tensor, output: Tensor, batch: Batch) -> Losses:
    """Average errors by the weights of a batch, and gather those that are held out.

    Parameters
    ----------
    errors : Tensor
        Shape (N, C_out, *S).
    output : Tensor
        The same shape, the network's prediction of ``batch.target``.
    batch : Batch
        Target, weight and held-out mask, of the same shape.
    """
    weight = batch.total_weight
    # A batch that is wholly held out has no weight: its loss is 0, not 0 / 0.
    train = (errors * batch.weight).sum() / weight.clamp(min=torch.finfo(weight.dtype).tiny)
    with torch.no_grad():
        sums = held_out_sums(errors.detach(), output.detach(), batch)
    return Losses(train, weight, sums, output)


def check_output(output: Tensor, batch: Batch) -> None:
    """Refuse what a user's own network may return instead of a prediction of the target."""
    if not isinstance(output, Tensor):
        raise InputError(
            f"The network returned a {type(output).__name__}: it must return a tensor."
        )
    if output.shape != batch.target.shape or not output.dtype.is_floating_point:
        raise InputError(
            f"The network returned {output.dtype} of shape {tuple(output.shape)} for an input of "
            f"{tuple(batch.input.shape)}, but floating point of shape {tuple(batch.target.shape)} "
            "is needed: the size of its input and one channel for each channel of the target."
        )
    if torch.is_grad_enabled() and not output.requires_grad:
        raise InputError(
            "The network's output does not depend on its parameters: remove `detach`, `no_grad` "
            "and the like from it."
        )
