"""Who is told what a run does: a person at a terminal, or a program that reads JSON lines.

Commands say what they do through one `Teller`; what the library logs reaches it, too. Progress is
drawn only where somebody sees it move.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autoden.cli.events import Event, Message, Outcome, Plan, Progress, Start, to_line
from autoden.cli.versions import version
from autoden.cli.wording import reworded

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

LEAST_SECONDS = 0.2
"""Progress is told at most every so often."""


class Lines(logging.Handler):
    """Logs plain lines to what standard error is at the time, which a progress bar may replace."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        sys.stderr.write(f"{reworded(self.format(record))}\n")


class _Messages(logging.Handler):
    """Logs JSON lines."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "warning" if record.levelno >= logging.WARNING else "info"
        tell_line(Message(level, reworded(record.getMessage())))  # type: ignore[arg-type]


class Teller(ABC):
    """Tells what a run does, from its start to its end."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._last = -float("inf")
        self._first: tuple[float, float] | None = None

    @property
    def seconds(self) -> float:
        """How long the run took so far."""
        return time.monotonic() - self._started

    def start(self, command: str, files: Sequence[Path]) -> None:
        """Tell that a run begins."""
        self._tell(Start(command, version(), [str(path) for path in files]))

    def progress(self, stage: str, fraction: float, **known: Any) -> None:
        """Tell how far the run is, unless it was told just now.

        Parameters
        ----------
        stage : str
            What it does.
        fraction : float
            Share of all the work that is done.
        **known
            Further attributes of `Progress`.
        """
        now = time.monotonic()
        if now - self._last < LEAST_SECONDS and fraction < 1:
            return
        self._last = now
        remaining = self._remaining(fraction)
        self._progress(
            Progress(stage, round(fraction, 4), round(self.seconds, 3), remaining, **known)
        )

    def _remaining(self, fraction: float) -> float | None:
        """Guess the seconds that are left from the work since progress was told first."""
        if self._first is None:
            self._first = self.seconds, fraction
        started, start = self._first
        if fraction - start < 0.02:
            return None
        return round((self.seconds - started) * (1 - fraction) / (fraction - start), 1)

    @abstractmethod
    def show(self, lines: Sequence[str]) -> None:
        """Show what a person asked for."""

    def plan(self, plan: Plan) -> None:
        """Tell what would be done."""
        self.close()
        self._tell(plan)

    def result(
        self,
        written: Mapping[str, object],
        found: Mapping[str, Any] | None = None,
        stopped: str | None = None,
    ) -> None:
        """Tell how the run ended: what was written, and what was found."""
        self.close()
        files = {name: str(path) for name, path in written.items()}
        self._tell(Outcome(files, self.seconds, stopped, found or {}))

    @abstractmethod
    def close(self) -> None:
        """Take away what moves."""

    @abstractmethod
    def _progress(self, event: Progress) -> None: ...

    @abstractmethod
    def _tell(self, event: Start | Plan | Outcome) -> None: ...


class JsonLines(Teller):
    """Tells a program, whose SIGINT is heard also where a shell in the background ignores it.

    Parameters
    ----------
    quiet : bool
        Of the messages tell warnings only.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__()
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and is_main_thread():
            signal.signal(signal.SIGINT, signal.default_int_handler)
        level = logging.WARNING if quiet else logging.INFO
        logging.basicConfig(handlers=[_Messages()], level=level, force=True)

    def show(self, lines: Sequence[str]) -> None:
        """Say nothing: the result tells all of it."""

    def close(self) -> None:
        """Do nothing: nothing moves."""

    def _progress(self, event: Progress) -> None:
        tell_line(event)

    def _tell(self, event: Start | Plan | Outcome) -> None:
        tell_line(event)


class Terminal(Teller):
    """Tells a person.

    Parameters
    ----------
    quiet : bool
        Say warnings, and nothing else.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__()
        self._quiet = quiet
        self._bar: Bar | None = None
        if quiet:
            logging.getLogger().setLevel(logging.WARNING)

    def show(self, lines: Sequence[str]) -> None:
        """Print lines."""
        self.close()
        if not self._quiet:
            print("\n".join(lines))

    def close(self) -> None:
        """Take the progress bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _progress(self, event: Progress) -> None:
        if self._quiet or not sys.stderr.isatty():
            return
        if self._bar is None:
            self._bar = _start_bar()
        self._bar.update(
            self._bar.task_ids[0],
            completed=event.fraction,
            description=event.stage.capitalize(),
            known=_say_known(event),
        )

    def _tell(self, event: Start | Plan | Outcome) -> None:
        if not isinstance(event, Plan):
            return  # commands say what they wrote in words of their own
        print("\n".join([*event.reads, *event.does]))
        for what, path in event.writes.items():
            print(f"Would write {path} ({what}).")


def is_main_thread() -> bool:
    """Whether signals can be handled here."""
    return threading.current_thread() is threading.main_thread()


def tell_line(event: Event) -> None:
    """Write an event to standard output, at once."""
    sys.stdout.write(f"{to_line(event)}\n")
    sys.stdout.flush()


def _start_bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[known]}"),
        console=Console(file=sys.stderr),
        transient=True,
        redirect_stdout=False,
    )
    bar.add_task("", total=1.0, known="")
    bar.start()
    return bar


def _say_known(event: Progress) -> str:
    """Say what a terminal has room for.

    Examples
    --------
    >>> _say_known(Progress("training", 0.5, 8.0, 68.2, epoch=5, epochs=10, held_out=0.01234))
    'epoch 5/10, held-out loss 0.0123, 1:08 left'
    """
    parts = []
    if event.epochs is not None:
        parts.append(f"epoch {event.epoch}/{event.epochs}")
    if event.held_out is not None and event.held_out == event.held_out:
        parts.append(f"held-out loss {event.held_out:.3g}")
    if event.remaining_s is not None:
        minutes, seconds = divmod(round(event.remaining_s), 60)
        hours, minutes = divmod(minutes, 60)
        clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        parts.append(f"{clock} left")
    return ", ".join(parts)
