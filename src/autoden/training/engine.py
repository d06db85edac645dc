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
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from autoden.errors import InputError, TrainingError
from autoden.training.best import BestWeights
from autoden.training.compilation import compile_network
from autoden.training.direct import DirectObjective
from autoden.training.flat import FlatParameters
from autoden.training.held_out import held_out_scores
from autoden.training.history import History
from autoden.training.memory import keep_freed_memory
from autoden.training.objective import Objective
from autoden.training.observers import EpochRecord, Observer, StopTraining
from autoden.training.optimizer import make_optimizer
from autoden.training.precision import in_mixed_precision
from autoden.training.schedule import constant, cosine_restarts
from autoden.training.scoring import Scorer
from autoden.training.settings import TrainingSettings
from autoden.training.steps import Stepper
from autoden.training.task import Task

logger = logging.getLogger(__name__)
T = TypeVar("T")

MAX_INVALID_STEPS = 10
"""So many steps in a row without a valid gradient end the training with an error."""

AVERAGE_SCORES = 100
"""So many times in a run an average of the weights is scored."""


@keep_freed_memory()
def fit(
    model: nn.Module,
    task: Task,
    settings: TrainingSettings,
    *,
    penalties: Sequence[nn.Module] = (),
    observers: Sequence[Observer] = (),
    compile: bool = False,
    mixed_precision: bool = False,
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
    compile : bool
        Whether the steps run as compiled code, where this machine can compile.
    mixed_precision : bool
        Whether the network computes in bfloat16 in the steps, where this device can.

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
    _check_parameters(model)
    _check_observers(observers)
    schedule = (
        cosine_restarts(settings.epochs, settings.restarts) if settings.restarts else constant
    )
    trained = in_mixed_precision(model) if mixed_precision else model
    trained = compile_network(trained) if compile else trained
    average = _start_average(model, settings)
    kept = model if average is None else average.module
    scorer = Scorer(kept, task)
    measured = _Measured([], BestWeights(kept, settings.epochs), offers_live=average is None)
    stopped = None
    model.train()
    with FlatParameters(model) as weights:
        direct = DirectObjective(trained, task, penalties, weights)
        objective = Objective(trained, task, penalties, direct)
        optimizer = make_optimizer(weights, settings)
        stepper = Stepper(weights, optimizer, schedule)
        try:
            for epoch in range(settings.epochs):
                _run_epoch(epoch, objective, stepper, measured, settings)
                if average is not None:
                    average.update_parameters(model)
                    _offer_average(epoch, scorer, measured.best, settings)
                for observer in observers:
                    observer.on_epoch(measured.records[-1])
        except StopTraining as request:
            stopped = str(request) or "stopped"
        except KeyboardInterrupt:
            if not measured.records:  # nothing was learnt that could be kept
                raise
            stopped = "interrupted"
    if stopped:
        done = f"{len(measured.records)} of {settings.epochs} epochs"
        logger.warning("Training %s after %s; the best weights so far are kept.", stopped, done)
    if average is None and measured.records:  # what the last step made was not offered yet
        measured.best.add(len(measured.records) - 1, scorer.score())
    best_epoch, score = scorer.keep_best(measured.best)
    if average is not None:
        model.load_state_dict(kept.state_dict())
        model.eval()
    _report_invalid(stepper, settings)
    return History(
        measured.records,
        best_epoch=len(measured.records) - 1 if best_epoch is None else best_epoch,
        best_held_out=score,
        skipped_steps=stepper.n_invalid,
        stopped=stopped,
    )


def _check_parameters(model: nn.Module) -> None:
    """Refuse networks that cannot be trained on float32 data."""
    if not any(p.requires_grad for p in model.parameters()):
        raise InputError("The network has no parameters that can be trained.")
    if any(is_lazy(p) for p in model.parameters()):
        raise InputError(
            "The network has layers that take their size from their first input, and have seen "
            "none: call it once on a tensor like the data."
        )
    dtypes = {str(p.dtype) for p in model.parameters()} - {"torch.float32"}
    if dtypes:
        raise InputError(
            f"The network has parameters of {', '.join(sorted(dtypes))}, data are float32: "
            "convert it with `model.float()`."
        )


def _check_observers(observers: Sequence[Observer]) -> None:
    for observer in observers:
        if not isinstance(observer, Observer):
            raise InputError(f"{observer!r} is no observer: it needs a method `on_epoch(record)`.")


@dataclass(frozen=True)
class _Measured:
    """What the epochs measured: their records, and the best weights by them."""

    records: list[EpochRecord]
    best: BestWeights
    offers_live: bool = True

    def take(self, record: EpochRecord) -> None:
        """Note an epoch's numbers while the weights are still those that gave them."""
        self.records.append(record)
        if self.offers_live:
            self.best.offer(record.epoch, record.held_out)


def _start_average(model: nn.Module, settings: TrainingSettings) -> AveragedModel | None:
    """Make the running average of the weights, where the settings ask for one."""
    if not settings.average:
        return None
    # torch has no types for this function
    lerp = get_ema_multi_avg_fn(settings.average)  # type: ignore[no-untyped-call]
    return AveragedModel(model, multi_avg_fn=lerp, use_buffers=True)


def _offer_average(
    epoch: int, scorer: Scorer, best: BestWeights, settings: TrainingSettings
) -> None:
    """Score the averaged weights as they will be used, a hundred times in a run."""
    every = max(1, settings.epochs // AVERAGE_SCORES)
    if (epoch + 1) % every == 0 or epoch + 1 == settings.epochs:
        best.offer(epoch, scorer.score(), as_used=True)


def _run_epoch(
    epoch: int,
    objective: Objective,
    stepper: Stepper,
    measured: _Measured,
    settings: TrainingSettings,
) -> None:
    """Go once through the batches; read the epoch's numbers back before its last step."""
    stepper.start_epoch(epoch)
    accumulate = settings.accum_grads
    totals = torch.zeros((), device=stepper.device)
    for batch, is_last in _mark_last(objective.task.train_batches(epoch)):
        sums = objective.backward(batch, weighted=accumulate)[1]
        totals = totals + sums
        if is_last:
            record, streak = _read_back(epoch, totals, stepper.invalid_streak)
            _check_streak(streak, epoch, settings)
            measured.take(record)
        if is_last or not accumulate:
            again = partial(objective.backward, batch)
            weight = totals[0] if accumulate else sums[0]
            stepper.step(again, weight, accumulated=accumulate)


def _read_back(epoch: int, totals: Tensor, streak: Tensor) -> tuple[EpochRecord, int]:
    """Bring an epoch's numbers to the host: the one moment at which the loop waits."""
    weight, loss, data, *sums, invalid = torch.cat((totals, streak.reshape(1))).tolist()
    held_out, held_out_sbi = held_out_scores(sums)
    loss, data = (value / weight if weight else float("nan") for value in (loss, data))
    return EpochRecord(epoch, loss, data, held_out, held_out_sbi), int(invalid)


def _check_streak(streak: int, epoch: int, settings: TrainingSettings) -> None:
    """Give up when the gradients have been invalid for many steps in a row."""
    if streak >= MAX_INVALID_STEPS:
        raise TrainingError(_say_invalid(f"{streak} steps in a row, by epoch {epoch}", settings))


def _report_invalid(stepper: Stepper, settings: TrainingSettings) -> None:
    """Tell of steps that were left out; fail if all were."""
    if stepper.n_invalid == stepper.n_steps:
        raise TrainingError(_say_invalid(f"all {stepper.n_steps} steps", settings))
    if stepper.n_invalid:
        logger.warning(
            "%d of %d steps were left out, because their gradients were NaN or infinite.",
            stepper.n_invalid, stepper.n_steps,
        )  # fmt: skip


def _say_invalid(when: str, settings: TrainingSettings) -> str:
    return (
        f"The gradients were NaN or infinite in {when}, with `learning_rate` "
        f"(={settings.learning_rate}). Try a ten times smaller learning rate, and check a network "
        "or penalty of your own for divisions, logarithms and roots of zero."
    )


def _mark_last(items: Iterable[T]) -> Iterator[tuple[T, bool]]:
    """Pair each item with whether it is the last one."""
    iterator = iter(items)
    item = next(iterator)
    for following in iterator:
        yield item, False
        item = following
    yield item, True
