"""How far a run is: told to whoever looks on, who may ask that it ends early.

A run says its stage and which share of all the work is done; the one who is told raises
`StopTraining` to have the rest left out. What was compared by then is used: at the least the mean.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from tqdm.auto import tqdm

from autoden.errors import InputError
from autoden.training.observers import EpochRecord, StopTraining, is_watched

_SHAPE = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left{postfix}"

Tell = Callable[[str, float, Mapping[str, Any]], None]
"""Is told the stage, the share of the work that is done, from 0 to 1, and what else is known."""

ENDED_EARLY: Final = (
    "The run was ended early: what was not trained and compared by then had no part in it."
)


class EndedEarlyError(Exception):
    """Leaves a part of a run that nobody waits for any more."""


class Progress:
    """Tells how far a run is, and knows whether it is to end early.

    Parameters
    ----------
    tell : callable or bool, optional
        True draws a progress bar in a terminal or a notebook. A function is called with the stage,
        the share of the work that is done and a mapping of details, such as
        ``{"epoch": 3, "epochs": 25}``; from several threads, but never at the same time. If it
        raises `StopTraining` the run ends early; it is told of the stages that follow all the same.

    Examples
    --------
    >>> progress = Progress(lambda stage, fraction, detail: print(stage, fraction, dict(detail)))
    >>> progress.say("filters", 0.25, filter="gaussian")
    filters 0.25 {'filter': 'gaussian'}
    >>> progress.stopped
    False
    """

    def __init__(self, tell: Tell | bool | None = None) -> None:
        if not isinstance(tell, bool | None) and not callable(tell):
            raise InputError(
                f"`progress` is {tell!r}: give True for a progress bar, a function of stage, "
                "fraction and details, or None."
            )
        self._tell = Bar() if tell is True else tell or None
        self._lock = threading.Lock()
        self.stopped = False

    def say(self, stage: str, fraction: float, **detail: Any) -> None:
        """Say how far the run is; never raises what asks for its end, see `check`."""
        if self._tell is None:
            return
        with self._lock:
            try:
                self._tell(stage, fraction, detail)
            except StopTraining:
                self.stopped = True

    def check(self) -> None:
        """Leave the part of the run that can be left out, if an early end was asked for.

        Raises
        ------
        EndedEarlyError
            It was.
        """
        if self.stopped:
            raise EndedEarlyError

    def watch(
        self, stage: str, start: float, end: float, *, epochs: int, n_networks: int = 1
    ) -> Watch:
        """Make an observer of the trainings that take a run from one share of its work to another.

        Several networks that are trained at the same time have one observer.
        """
        return Watch(self, stage, (start, end), epochs, n_networks)


class Watch:
    """Looks on while the networks of a stage train; an early end leaves their training."""

    def __init__(
        self,
        progress: Progress,
        stage: str,
        span: tuple[float, float],
        epochs: int,
        n_networks: int,
    ) -> None:
        self._progress, self._stage, self._span = progress, stage, span
        self._epochs, self._n_networks = epochs, n_networks
        self._done = 0
        self._lock = threading.Lock()

    def on_epoch(self, record: EpochRecord) -> None:
        """Say how far the stage is, and leave it if that is wanted."""
        with self._lock:
            self._done += 1
            start, end = self._span
            share = min(self._done / (self._epochs * self._n_networks), 1.0)
            self._progress.say(
                self._stage,
                start + (end - start) * share,
                epoch=min(self._done // self._n_networks, self._epochs),
                epochs=self._epochs,
            )
        self._progress.check()


class Bar:
    """A progress bar for terminal or notebook: what `progress=True` asks for."""

    def __init__(self) -> None:
        self._bar = tqdm(total=1.0, bar_format=_SHAPE, disable=not is_watched())

    def __call__(self, stage: str, fraction: float, detail: Mapping[str, Any]) -> None:
        """Advance to a share of the work."""
        self._bar.set_description_str(stage.capitalize(), refresh=False)
        self._bar.update(max(fraction - self._bar.n, 0.0))
        if fraction >= 1.0:
            self._bar.close()


SILENT: Final = Progress()
"""Tells nobody."""
