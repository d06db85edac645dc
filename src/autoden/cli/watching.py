"""Looking on while something is computed: how far it is goes to a `Teller`, Ctrl-C comes back."""

from __future__ import annotations

import logging
import signal
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from autoden.cli.telling import Teller, is_main_thread
from autoden.training.observers import EpochRecord, StopTraining

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

_DETAILS = ("epoch", "epochs", "train", "held_out")


class Epochs:
    """Tells of each epoch of a training; an observer of it.

    Parameters
    ----------
    teller : Teller
        Who is told.
    epochs : int
        How many there will be.
    """

    shows_progress = True

    def __init__(self, teller: Teller, epochs: int) -> None:
        self._teller, self._epochs = teller, epochs

    def on_epoch(self, record: EpochRecord) -> None:
        """Tell of an epoch."""
        done = record.epoch + 1
        self._teller.progress(
            "training",
            done / self._epochs,
            epoch=done,
            epochs=self._epochs,
            train=record.train,
            held_out=record.held_out,
        )


class Stages:
    """Tells of the stages of a longer run, and ends it early on Ctrl-C: what `progress` takes.

    Within the context the first Ctrl-C asks for the end, a second one raises `KeyboardInterrupt`.

    Parameters
    ----------
    teller : Teller
        Who is told.
    """

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._before: Callable[..., Any] | int | None = None
        self.interrupted = False

    def __call__(self, stage: str, fraction: float, detail: Mapping[str, Any]) -> None:
        """Tell of a stage; raise `StopTraining` if the end was asked for."""
        known = {name: detail[name] for name in _DETAILS if name in detail}
        self._teller.progress(stage, fraction, **known)
        if self.interrupted:
            raise StopTraining("interrupted")

    def __enter__(self) -> Stages:
        if is_main_thread() and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        self._teller.close()

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True
        logger.warning("Ending early with the best so far; Ctrl-C again ends it with nothing.")
