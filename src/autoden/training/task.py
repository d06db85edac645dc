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
from autoden.training.batch import Batch

DataTerm = Callable[[Tensor, Tensor], Tensor]
"""Element-wise error of (output, target), both of shape (N, C, *S)."""


@dataclass(frozen=True)
class Losses:
    """What one evaluation of a batch says.

    Attributes
    ----------
    train : Tensor
        Scalar, the data term to minimise.
    held_out : Tensor
        Shape (7,): sums over the held-out elements, as `held_out_sums` makes them. They add up
        over batches.
    output : Tensor
        Shape (N, C_out, *S): what the penalties look at.
    """

    train: Tensor
    held_out: Tensor
    output: Tensor


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
    if output.shape != batch.target.shape:
        raise InputError(
            f"The network returned shape {tuple(output.shape)} for an input of "
            f"{tuple(batch.input.shape)}, but {tuple(batch.target.shape)} was expected: its output "
            "must have the size of its input and one channel for each channel of the target."
        )
    errors = data_term(output, batch.target)
    train = (errors * batch.weight).sum() / batch.weight.sum()
    with torch.no_grad():
        sums = held_out_sums(errors.detach(), output.detach(), batch.target, batch.held_out)
    return Losses(train, sums, output)


def held_out_sums(errors: Tensor, output: Tensor, target: Tensor, held_out: Tensor) -> Tensor:
    """Sum what the held-out scores need: count, error, output, target and their products.

    Returns
    -------
    Tensor
        Shape (7,): count, sum of errors e, of outputs o, of targets t, of o^2, of t^2, of o t.
    """
    chosen = held_out.reshape(-1).to(output.dtype)
    o, t = output.reshape(-1), target.reshape(-1)
    rows = torch.stack((torch.ones_like(o), o, t, errors.reshape(-1)))  # (4, M)
    products = (rows * chosen) @ rows[:3].T  # (4, 3): one pass instead of seven reductions
    picked = ((0, 0), (3, 0), (1, 0), (2, 0), (1, 1), (2, 2), (1, 2))
    return torch.stack([products[i, j] for i, j in picked])


def held_out_scores(sums: Iterable[float]) -> tuple[float, float]:
    """Turn held-out sums into two mean scores: the error, and a scale- and bias-invariant one.

    The second is the mean squared error that is left after the best straight line from output to
    target: blind to wrong scale and offset, so it tells a wrong shape from a wrong level.

    Returns
    -------
    tuple of float
        Mean error and invariant mean squared error; NaN where nothing is held out.

    Examples
    --------
    Three outputs 1, 2, 3 and targets 2, 4, 6: the error is large, the shape is perfect.

    >>> held_out_scores([3, 14.0, 6.0, 12.0, 14.0, 56.0, 28.0])
    (4.666666666666667, 0.0)
    """
    count, error, o, t, oo, tt, ot = sums
    if count == 0:
        return float("nan"), float("nan")
    var_o, var_t, cov = oo - o * o / count, tt - t * t / count, ot - o * t / count
    unexplained = var_t - cov * cov / var_o if var_o > 0 else var_t
    return error / count, max(unexplained, 0.0) / count
