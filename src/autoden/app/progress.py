"""How far a job is: the last thing heard, and the curve of losses so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_MAX_POINTS = 2000


@dataclass(frozen=True)
class Progress:
    """The last progress that was heard of.

    Attributes
    ----------
    stage : str
        What is being done.
    fraction : float or None
        Of all, from 0 to 1.
    epoch, epochs : int or None
        Of the training that is going on.
    held_out, train : float or None
        Its current loss on what is held out, and on what trains.
    remaining_s : float or None
        Seconds that are left.
    """

    stage: str = ""
    fraction: float | None = None
    epoch: int | None = None
    epochs: int | None = None
    held_out: float | None = None
    remaining_s: float | None = None
    train: float | None = None

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Progress:
        """Read an event; what is no number, or missing, is not known."""
        epoch, epochs = _number(event.get("epoch")), _number(event.get("epochs"))
        fraction = _number(event.get("fraction"))
        if fraction is None and epoch is not None and epochs:
            fraction = epoch / epochs
        return cls(
            str(event.get("stage") or ""),
            None if fraction is None else min(max(fraction, 0.0), 1.0),
            None if epoch is None else int(epoch),
            None if epochs is None else int(epochs),
            _number(event.get("held_out")),
            _number(event.get("remaining_s")),
            _number(event.get("train")),
        )

    def say(self) -> str:
        """Say it in a line.

        Examples
        --------
        >>> Progress("training", 0.5, 50, 100, 0.0123, 75.0).say()
        'training, epoch 50 of 100, held-out loss 0.0123, about 1 min 15 s left'
        """
        parts = [self.stage] if self.stage else []
        if self.epoch is not None and self.epochs:
            parts.append(f"epoch {self.epoch} of {self.epochs}")
        if self.held_out is not None:
            parts.append(f"held-out loss {self.held_out:.4g}")
        if self.remaining_s is not None:
            parts.append(f"about {say_seconds(self.remaining_s)} left")
        return ", ".join(parts)


@dataclass
class Curve:
    """Losses by epoch of the training that is going on; thinned out when it gets long.

    They are those of what is held out, or else of what trains.
    """

    stage: str = ""
    kind: str = "held-out"
    epochs: list[float] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def add(self, progress: Progress) -> None:
        """Take note of a loss; another stage, or an epoch before the last one, starts anew."""
        kind = "training" if progress.held_out is None else "held-out"
        score = progress.train if progress.held_out is None else progress.held_out
        if score is None or progress.epoch is None:
            return
        is_other = (progress.stage, kind) != (self.stage, self.kind)
        if is_other or (self.epochs and progress.epoch < self.epochs[-1]):
            self.stage, self.kind, self.epochs, self.scores = progress.stage, kind, [], []
        self.epochs.append(progress.epoch)
        self.scores.append(score)
        if len(self.epochs) > _MAX_POINTS:
            del self.epochs[1:-1:2]
            del self.scores[1:-1:2]


def say_seconds(seconds: float) -> str:
    """Say how long something takes.

    Examples
    --------
    >>> say_seconds(4.2), say_seconds(75), say_seconds(7260)
    ('4 s', '1 min 15 s', '2 h 1 min')
    """
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _number(value: Any) -> float | None:
    """Give a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
