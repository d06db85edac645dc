"""Measurements whose axes are known, in the order of the algorithms.

Which axis is what, `readings.py` says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.cli.files import REPEAT
from autoden.cli.presets import SPACES
from autoden.errors import InputError
from autoden.signals import Axis, Signal


@dataclass(frozen=True)
class Measurement:
    """Measurements whose axes are known.

    Attributes
    ----------
    signal : Signal
        Axes in the order (others, [repeats], [channel], space).
    n_dims : int
        How many axes are space.
    repeats, channel : str or None
        Names of these axes, where they are.
    order : tuple of str
        The names of all axes as the file has them.
    name : str
        The file, or the first of several.
    """

    signal: Signal
    n_dims: int
    repeats: str | None
    channel: str | None
    order: tuple[str, ...]
    name: str

    @property
    def data(self) -> NDArray[Any]:
        """The numbers, in the order of the algorithms."""
        return np.asarray(self.signal)

    @property
    def n_channels(self) -> int:
        """Channels that a network needs: a complex number takes two."""
        own = 1 if self.channel is None else self.signal.shape[-self.n_dims - 1]
        return 2 * own if np.iscomplexobj(self.data) else own

    @property
    def channel_position(self) -> int | None:
        """Where the channels are, counted from the end."""
        return None if self.channel is None else -self.n_dims - 1

    @property
    def repeats_position(self) -> int:
        """Where the repeats are if there are any, counted from the end."""
        return -self.n_dims - 1 - (self.channel is not None)

    @property
    def space(self) -> tuple[Axis, ...]:
        """The axes of one measurement."""
        return self.signal.axes[-self.n_dims :]

    @property
    def front(self) -> tuple[Axis, ...]:
        """The axes before channels and space, repeats last if there are any."""
        return self.signal.axes[: self.signal.ndim - self.n_dims - (self.channel is not None)]

    def __str__(self) -> str:
        return f"{self.name}: {self.say()}"

    def say(self) -> str:
        """Say what was measured."""
        one, several = SPACES[self.n_dims]
        n_others = math.prod(self.signal.shape[: len(self.front) - (self.repeats is not None)])
        text = f"{n_others} {several}" if n_others > 1 else f"one {one}"
        if self.repeats is not None:
            n_repeats = self.signal.shape[self.repeats_position]
            along = "" if self.repeats == REPEAT else f" along {self.repeats!r}"
            text = f"{n_repeats} repeats{along} of {text}"
        size = " x ".join(str(n) for n in self.signal.shape[-self.n_dims :])
        text += f" of {size} ({', '.join(axis.name for axis in self.space)})"
        if self.channel is not None:
            text += f" with {self.signal.shape[-self.n_dims - 1]} channels"
        return f"{text}, {self.signal.dtype}"

    def select(self, exposures: str | None) -> Measurement:
        """Take the measurements FIRST:END along the repeats, or else along the first axis.

        Raises
        ------
        InputError
            Something else than a range of measurements that are there.
        """
        if exposures is None:
            return self
        if not self.front:
            raise InputError(
                f"--exposures is {exposures}, but {self.name} holds a single measurement: leave "
                "it out."
            )
        along = self.signal.axis_index(self.repeats or self.front[0].name)
        chosen = parse_range(exposures, self.signal.shape[along])
        axes, axis = list(self.signal.axes), self.signal.axes[along]
        if axis.values is not None:
            axes[along] = Axis(axis.name, axis.unit, axis.values[chosen])
        data = self.data[(slice(None),) * along + (chosen,)]
        return replace(self, signal=Signal(data, tuple(axes), self.signal.metadata))


def parse_range(text: str, n_there: int) -> slice:
    """Read FIRST:END."""
    parts = text.split(":")
    bounds = [int(part) for part in parts if part.isdecimal()]
    if not (len(bounds) == len(parts) == 2 and bounds[0] < bounds[1] <= n_there):
        raise InputError(
            f"--exposures {text} must be FIRST:END within the {n_there} exposures of the "
            f"file, such as 0:{min(4, n_there)}."
        )
    return slice(*bounds)
