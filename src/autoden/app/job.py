"""A job: one order on its way from the queue to its files; no page and no process here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from autoden.app.order import SETTINGS, Order
from autoden.app.progress import Curve, Progress


class State(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    STOPPING = "stopping"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(eq=False)
class Job:
    """An order, and how far it is.

    Attributes
    ----------
    number : int
        Counted from 1.
    order : Order
        What was asked.
    folder : Path
        Its own; what it leaves is there.
    state : State
        Where it is.
    progress, curve
        How far it is.
    result : mapping
        What the program said at the end: method, verdict, warnings, and more.
    message : str
        Why it failed.
    told, said : sequence of str
        What the program told of what it does, and its other text.
    warned : sequence of str
        What it warned of.
    seconds : float
        How long it took.
    """

    number: int
    order: Order
    folder: Path
    state: State = State.WAITING
    progress: Progress = field(default_factory=Progress)
    curve: Curve = field(default_factory=Curve)
    result: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    told: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    said: Sequence[str] = ()
    seconds: float = 0.0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in (State.DONE, State.CANCELLED, State.FAILED)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take note of an event of the program; events of other kinds are for others."""
        kind = event.get("event")
        if kind == "progress":
            self.progress = Progress.of(event)
            self.curve.add(self.progress)
        elif kind == "message":
            self._hear_message(event)
        elif kind == "result":
            self.result = event
        elif kind == "error":
            self.message = str(event.get("message", ""))

    def end(self, code: int | None, said: Sequence[str], seconds: float) -> None:
        """Take note that the program has ended."""
        self.said, self.seconds = list(said), seconds
        if self.state is State.STOPPING:
            self.state = State.CANCELLED
        elif code == 0:
            self.state = State.DONE
        else:
            self.state = State.FAILED
            self.message = self.message or _last_words(said, code)

    def files(self) -> dict[str, Path]:
        """Give the files that it left so far, by what they are; files are whole or not there."""
        if not self.has_ended:
            return {}
        goes = self.order.destinations(self.folder)
        left = {what: path for what, path in goes.items() if path.is_file()}
        written = self.result.get("written")
        settings = written.get(SETTINGS) if isinstance(written, Mapping) else None
        if isinstance(settings, str) and Path(settings).parent == self.folder:
            left[SETTINGS] = Path(settings)
        return left

    def _hear_message(self, event: Mapping[str, Any]) -> None:
        text = str(event.get("text", ""))
        self.told.append(text)
        if event.get("level") == "warning":
            self.warned.append(text)

    def sentences(self, name: str) -> list[str]:
        """Give a list of sentences that were found, such as "verdict" or "warnings"."""
        found = self.result.get("found")
        said = found.get(name) if isinstance(found, Mapping) else None
        return [str(sentence) for sentence in said] if isinstance(said, list) else []

    def warnings(self) -> list[str]:
        """Give what must be known before the result is used."""
        found = self.sentences("warnings")
        return found or list(dict.fromkeys(self.warned))

    def say(self) -> str:
        """Say where it is, in a line."""
        if self.state is State.RUNNING:
            return self.progress.say() or "starting"
        if self.state is State.CANCELLED:
            return "cancelled; what was kept is below" if self.files() else "cancelled"
        return str(self.state)


def _last_words(said: Sequence[str], code: int | None) -> str:
    """Give the error that a program ended with."""
    if code is not None and code < 0:
        return f"The computation was ended from outside (signal {-code}); perhaps memory ran out."
    marked = [line for line in said if "error:" in line]
    last = (marked or list(said) or [f"it ended with exit code {code}"])[-1]
    return last.partition("error:")[2].strip() or last
