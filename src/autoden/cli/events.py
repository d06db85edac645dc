r"""JSON lines: what a run tells the program that started it with ``--json``.

One object per line on standard output, in UTF-8, of which "event" says the kind:

=========  ==================================================================================
start      the command, the version and the files; the first line of every run
progress   the stage, which share of the run is done, and what is known of the training
message    a line of text that a terminal would show, of level "info" or "warning"
plan       with ``--dry-run``: what would be read, done and written; the last line then
result     what was written, and what was found; the last line of a run that went well
error      what is wrong, and what to do; the last line of a run that failed
=========  ==================================================================================

Whatever is not known is left out, and so are numbers that are not finite. Programs must ignore
events and names that they do not know: there may be more in later versions.

To end a run early, send it SIGINT (as Ctrl-C does): it keeps the best so far, writes it, and tells
the result, with "stopped" set. A second SIGINT, or SIGTERM, ends it with nothing written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class Start:
    """A run begins.

    Attributes
    ----------
    command : str
        Such as "denoise" or "train n2n".
    version : str
        Of autoden.
    files : sequence of str
        What is read.
    """

    event: ClassVar = "start"
    command: str
    version: str
    files: Sequence[str] = ()


@dataclass(frozen=True)
class Progress:
    """How far a run is; a few times a second at most.

    Attributes
    ----------
    stage : str
        "training" for all algorithms; for denoise "reading", "noise", "filters", "mixture",
        "dncnn", "comparison", "training", "uncertainty", "done", and others in later versions.
    fraction : float
        Share of all the work that is done, from 0 to 1; it never falls.
    elapsed_s, remaining_s : float
        Seconds since the start, and until the end if the rest goes as the work so far.
    epoch, epochs : int
        Of the training that goes on: how many are done, and how many there are.
    train, held_out : float
        Loss of the training data and of those held out, in that epoch.
    """

    event: ClassVar = "progress"
    stage: str
    fraction: float
    elapsed_s: float | None = None
    remaining_s: float | None = None
    epoch: int | None = None
    epochs: int | None = None
    train: float | None = None
    held_out: float | None = None


@dataclass(frozen=True)
class Message:
    """A line of text.

    Attributes
    ----------
    level : {"info", "warning"}
        Warnings must be read before the result is used.
    text : str
        Without a line break at the end.
    """

    event: ClassVar = "message"
    level: Literal["info", "warning"]
    text: str


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes
    ----------
    reads, does : sequence of str
        Sentences.
    writes : mapping of str to str
        Files, by what is in them, as in `Outcome`.
    settings : mapping
        All options, as the file beside the output would list them.
    """

    event: ClassVar = "plan"
    reads: Sequence[str]
    does: Sequence[str]
    writes: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """A run went well.

    Attributes
    ----------
    written : mapping of str to str
        Files, by what is in them: "output", "sigma", "report", "model", "plot", "settings".
    seconds : float
        How long it took.
    stopped : str
        "interrupted" if it was ended early.
    found : mapping
        What the command found: for denoise "method", "candidates", "quality", "verdict", "notes"
        and "warnings"; for the algorithms "best_epoch", "best_held_out" and "epochs"; for evaluate
        and info the numbers that they show.
    """

    event: ClassVar = "result"
    written: Mapping[str, str]
    seconds: float
    stopped: str | None = None
    found: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """A run failed.

    Attributes
    ----------
    message : str
        What is wrong, and what to do; one line.
    code : int
        The exit code that follows.
    """

    event: ClassVar = "error"
    message: str
    code: int


Event = Start | Progress | Message | Plan | Outcome | Failure
KINDS: dict[str, type[Event]] = {
    kind.event: kind for kind in (Start, Progress, Message, Plan, Outcome, Failure)
}


def to_line(event: Event) -> str:
    """Write an event as a line, without its end.

    Examples
    --------
    >>> to_line(Progress("training", 0.5, epoch=3, epochs=6, held_out=float("nan")))
    '{"event": "progress", "stage": "training", "fraction": 0.5, "epoch": 3, "epochs": 6}'
    """
    values = {each.name: plain(getattr(event, each.name)) for each in fields(event)}
    known = {name: value for name, value in values.items() if value is not None}
    return json.dumps({"event": event.event, **known}, ensure_ascii=False, allow_nan=False)


def parse(line: str) -> Event | None:
    """Read a line; None if it is no event that is known here.

    Examples
    --------
    >>> parse('{"event": "message", "level": "info", "text": "Reading.", "new": 1}')
    Message(level='info', text='Reading.')
    >>> parse("Traceback (most recent call last):") is None
    True
    """
    try:
        values = json.loads(line)
        kind = KINDS[values.pop("event")]
        names = {each.name for each in fields(kind)}
        return kind(**{name: value for name, value in values.items() if name in names})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def plain(value: Any) -> Any:
    """Reduce a value to what JSON and YAML have; None for numbers that are not finite.

    Examples
    --------
    >>> import numpy as np
    >>> plain({"a": np.array([1.5, np.nan]), "b": np.int64(3), "c": ("x", True)})
    {'a': [1.5, None], 'b': 3, 'c': ['x', True]}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | bool | int | float | None) else str(value)
