"""The one training loop.

Each step: the task evaluates a batch, penalties are added, the gradients are taken. Before the
last step of an epoch its held-out score is offered to `BestWeights`, so that with one step per
epoch the weights measured are the weights kept. (With several steps per epoch the score is a mean
over slightly different weights; the confirmation at the end measures the kept ones exactly.)
The loop reads numbers back from the device once per epoch and knows no algorithm.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from autoden.errors import InputError, TrainingError
from autoden.models.config import create_optimizer
from autoden.training.batch import Batch
from autoden.training.best import BestWeights
from autoden.training.held_out import held_out_scores
from autoden.training.history import History
from autoden.training.memory import keep_freed_memory
from autoden.training.observers import EpochRecord, Observer, StopTraining
from autoden.training.schedule import constant, cosine_restarts
from autoden.training.settings import TrainingSettings
from autoden.training.steps import Stepper
from autoden.training.task import Task

logger = logging.getLogger(__name__)
T = TypeVar("T")

MAX_INVALID_STEPS = 10
"""So many steps in a row without a valid gradient end the training with an error."""


def fit(
    model: nn.Module,
    task: Task,
    settings: TrainingSettings,
    *,
    penalties: Sequence[nn.Module] = (),
    observers: Sequence[Observer] = (),
) -> History:
    """Train a network on a task and leave it with the weights that did best on held-out data.

    Parameters
    ----------
    model : torch.nn.Module
        Trained in place; it ends in inference mode.
    task : Task
        Which batches, which loss.
    settings : TrainingSettings
        Epochs, optimizer, learning rate and its schedule.
    penalties : sequence of modules
        Each takes the output (N, C, *S) and gives a scalar, which is added to the loss.
    observers : sequence of Observer
        Called once per epoch. `StopTraining` raised by one, or Ctrl-C, ends the run with the
        best weights so far.

    Returns
    -------
    History
        The loss curves and the epoch that was kept.

    Raises
    ------
    InputError
        The network has no parameters, or its output has another shape than the target.
    TrainingError
        The gradients stayed invalid (NaN or infinite) for ten steps in a row.
    """
    if not any(p.requires_grad for p in model.parameters()):
        raise InputError("The network has no parameters that can be trained.")
    schedule = (
        cosine_restarts(settings.epochs, settings.restarts) if settings.restarts else constant
    )
    keep_freed_memory()
    optimizer = create_optimizer(model, settings.optimizer, settings.learning_rate)
    stepper = Stepper(model, optimizer, schedule)
    objective = _Objective(model, task, penalties)
    best = BestWeights(model, settings.epochs)
    records: list[EpochRecord] = []
    stopped = None
    model.train()
    try:
        for epoch in range(settings.epochs):
            records.append(_run_epoch(epoch, objective, stepper, best, settings))
            for observer in observers:
                observer.on_epoch(records[-1])
    except StopTraining as request:
        stopped = str(request) or "stopped"
    except KeyboardInterrupt:
        stopped = "interrupted"
    if stopped:
        done = f"{len(records)} of {settings.epochs} epochs"
        logger.warning("Training %s after %s; the best weights so far are kept.", stopped, done)
    best_epoch, score = _keep_best(model, task, best)
    return History(
        tuple(records),
        best_epoch=len(records) - 1 if best_epoch is None else best_epoch,
        best_held_out=score,
        skipped_steps=int(stepper.n_invalid),
        stopped=stopped,
    )


@dataclass(frozen=True)
class _Objective:
    """What is minimised: the loss of a task plus penalties on the output."""

    model: nn.Module
    task: Task
    penalties: Sequence[nn.Module]

    def backward(self, batch: Batch) -> Tensor:
        """Add the gradients of a batch; give its loss, data term and held-out sums, shape (9,)."""
        losses = self.task.loss(self.model, batch)
        total = losses.train
        for penalty in self.penalties:
            total = total + penalty(losses.output)
        total.backward()  # type: ignore[no-untyped-call]
        return torch.cat((torch.stack((total.detach(), losses.train.detach())), losses.held_out))


def _run_epoch(
    epoch: int,
    objective: _Objective,
    stepper: Stepper,
    best: BestWeights,
    settings: TrainingSettings,
) -> EpochRecord:
    """Go once through the batches; read the epoch's numbers back before its last step."""
    stepper.start_epoch(epoch)
    totals = []
    for batch, is_last in _mark_last(objective.task.train_batches(epoch)):
        totals.append(objective.backward(batch))
        if is_last:
            record, streak = _read_back(epoch, totals, stepper.invalid_streak)
            _check_streak(streak, epoch, settings)
            best.offer(epoch, record.held_out)
        if is_last or not settings.accum_grads:
            stepper.step(
                lambda: objective.backward(batch)[0],  # noqa: B023 - called at once
                n_accumulated=len(totals) if settings.accum_grads else 1,
            )
    return record


def _read_back(epoch: int, totals: list[Tensor], streak: Tensor) -> tuple[EpochRecord, int]:
    """Bring an epoch's numbers to the host: the one moment at which the loop waits."""
    numbers = torch.cat((torch.stack(totals).sum(dim=0), streak.reshape(1)))
    loss, data, *sums, invalid_streak = numbers.tolist()
    held_out, held_out_sbi = held_out_scores(sums)
    n = len(totals)
    return EpochRecord(epoch, loss / n, data / n, held_out, held_out_sbi), int(invalid_streak)


def _check_streak(streak: int, epoch: int, settings: TrainingSettings) -> None:
    """Give up when the gradients have been invalid for many steps in a row."""
    if streak < MAX_INVALID_STEPS:
        return
    raise TrainingError(
        f"The gradients were NaN or infinite for {streak} steps in a row, up to epoch {epoch}, "
        f"with `learning_rate` (={settings.learning_rate}). Try a ten times smaller learning "
        "rate, and check a network or penalty of your own for divisions, logarithms and roots "
        "of zero."
    )


@torch.no_grad()
def _keep_best(model: nn.Module, task: Task, best: BestWeights) -> tuple[int | None, float]:
    """Score the kept weights in inference mode and leave the model with the best of them."""
    chosen: tuple[int | None, float] = (None, float("nan"))
    for epoch in best.epochs:
        best.restore(epoch)
        score = _inference_score(model, task)
        if chosen[0] is None or score < chosen[1]:
            chosen = (epoch, score)
    if chosen[0] is not None:
        best.restore(chosen[0])
    _inference_score(model, task)
    return chosen


def _inference_score(model: nn.Module, task: Task) -> float:
    """Held-out error in inference mode, with normalisation fitted to these very weights.

    The running statistics of batch normalisation trail behind the weights while these change;
    they are measured anew on the batches that the score is taken from.
    """
    update_bn((batch.input for batch in task.held_out_batches()), model)
    model.eval()
    sums = sum(task.loss(model, batch).held_out for batch in task.held_out_batches())
    return held_out_scores(torch.as_tensor(sums).tolist())[0]


def _mark_last(items: Iterable[T]) -> Iterator[tuple[T, bool]]:
    """Pair each item with whether it is the last one."""
    iterator = iter(items)
    item = next(iterator)
    for following in iterator:
        yield item, False
        item = following
    yield item, True
