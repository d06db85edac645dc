"""Those who look on while a network trains: progress, cancelling, and whatever users add.

An observer is called once per epoch with plain numbers; it never touches the loop. To end the
training early it raises `StopTraining`; the best weights so far are then kept.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, runtime_checkable

from tqdm.auto import tqdm


class StopTraining(Exception):  # noqa: N818 - a request, not an error
    """Raised by an observer to end the training; the best weights so far are kept."""


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch measured, on the weights before its (last) step.

    Attributes
    ----------
    epoch : int
        Counted from 0.
    train : float
        Training loss with penalties.
    train_data : float
        Training loss, data term alone.
    held_out : float
        Held-out error; NaN where nothing is held out.
    held_out_sbi : float
        Held-out error, invariant to scale and bias.
    """

    epoch: int
    train: float
    train_data: float
    held_out: float
    held_out_sbi: float


@runtime_checkable
class Observer(Protocol):
    """Looks on while a network trains.

    One with a true attribute `shows_progress` takes the place of the progress bar.
    """

    def on_epoch(self, record: EpochRecord) -> None:
        """Take note of a finished epoch; raise `StopTraining` to end the training."""
        ...


def is_watched() -> bool:
    """Whether somebody sees the bar move: in a terminal or a notebook, not in a log file."""
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())


class ProgressBar:
    """A progress bar for terminal or notebook, refreshed a few times a second.

    Where standard error goes to a file, nothing is drawn.

    Parameters
    ----------
    epochs : int
        Length of the bar.
    enabled : bool
        False draws nothing.
    """

    def __init__(self, epochs: int, *, enabled: bool = True) -> None:
        self._bar = tqdm(
            total=epochs,
            desc="Training",
            unit="epoch",
            mininterval=0.2,
            disable=not (enabled and is_watched()),
        )

    def on_epoch(self, record: EpochRecord) -> None:
        """Advance by one epoch; the text changes only when the bar is drawn anyway."""
        if self._bar.update(1):
            self._bar.set_postfix_str(f"held-out loss {record.held_out:.4g}", refresh=False)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()


class CancelWhen:
    """Ends the training as soon as a function says so, for example when a button was pressed.

    Parameters
    ----------
    wanted : callable
        Called once per epoch; True ends the training with the best weights so far.
    """

    def __init__(self, wanted: Callable[[], bool]) -> None:
        self._wanted = wanted

    def on_epoch(self, record: EpochRecord) -> None:
        """Ask whether to go on."""
        if self._wanted():
            raise StopTraining("cancelled")
