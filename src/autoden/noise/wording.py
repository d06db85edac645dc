"""The sentences of faults: what, where in the user's unit, and what it means for the result.

Repeats are numbered from 1, as people count; channels from 0, as arrays are indexed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError
from autoden.noise.exposures import Floats
from autoden.noise.independence import Likeness
from autoden.noise.odd_repeats import OddRepeats

Indices = NDArray[np.intp]

_MOST_LISTED: Final = 4
_ORDINALS: Final = {2: "second", 3: "third", 4: "fourth"}


@dataclass(frozen=True, eq=False)
class ChannelNames:
    """How the user calls the channels: by their number, and by their position if there is one.

    Attributes
    ----------
    positions : ndarray of float64, shape (n,), or None
        Of the channels.
    unit : str
        Of the positions.
    """

    positions: Floats | None
    unit: str

    @classmethod
    def of(cls, positions: ArrayLike | None, unit: str, n_channels: int) -> ChannelNames:
        """Check the positions; raises InputError unless there is one for each channel."""
        if positions is None:
            return cls(None, unit)
        values = np.asarray(positions, dtype=np.float64)
        if values.shape != (n_channels,):
            raise InputError(
                f"`positions` have shape {values.shape} for {n_channels} channels: give one each."
            )
        return cls(values, unit)

    def one(self, channel: int) -> str:
        """Name a channel."""
        if self.positions is None:
            return f"channel {channel}"
        return f"channel {channel} (at {self.positions[channel]:.4g}{self._unit})"

    def stretch(self, first: int, last: int) -> str:
        """Name the channels from the first to the last."""
        if first == last:
            return self.one(first)
        said = f"channels {first} to {last}"
        if self.positions is None:
            return said
        start, stop = self.positions[first], self.positions[last]
        return f"{said} ({start:.4g} to {stop:.4g}{self._unit})"

    def distance(self, n_channels: float) -> str:
        """Say a distance."""
        said = f"{abs(n_channels):.1f} channels"
        if self.positions is None or len(self.positions) < 2:
            return said
        step = float(np.median(np.abs(np.diff(self.positions))))
        return f"{said} ({abs(n_channels) * step:.3g}{self._unit})"

    @property
    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


def copied(pair: Likeness) -> str:
    """Tell of two repeats that are equal, or whose noise is alike."""
    one, other = pair.first + 1, pair.second + 1
    if pair.is_copy:
        return (
            f"Repeat {other} is a copy of repeat {one}: it adds no information and would make the "
            "result look more certain than it is; leave it out."
        )
    return (
        f"The noise of repeats {one} and {other} is alike (correlation {pair.correlation:.2f}, "
        "0 for independent ones): they overlap or were averaged. The result would look more "
        "certain than it is; leave one out."
    )


def hot(channel: int, total: Floats, names: ChannelNames) -> str:
    """Tell of a channel far above its neighbours."""
    around = np.r_[total[max(channel - 1, 0) : channel], total[channel + 1 : channel + 2]]
    return (
        f"{_capital(names.one(channel))} is hot: {total[channel]:,.6g} in all repeats together, "
        f"where its neighbours have {around.mean():,.4g}, and no line is as narrow. It would come "
        "out as a false line; leave it out."
    )


def spiked(
    repeat: int, channels: Indices, values: Floats, expected: Floats, names: ChannelNames
) -> str:
    """Tell of channels of one repeat, numbered from 1, far above what the others have there."""
    worst = int((values - expected).argmax())
    where = names.one(int(channels[worst]))
    what = f"{values[worst]:.4g}, where the other repeats let expect {expected[worst]:.3g}"
    if len(channels) == 1:
        said, verb = f"a spike in {where}: {what}", "It was"
    else:
        said, verb = f"spikes in {len(channels)} channels, most in {where}: {what}", "They were"
    return (
        f"Repeat {repeat} has {said}. {verb} in this repeat alone, as a cosmic ray or a glitch is, "
        "and would come out as a false line; leave out those values of this repeat."
    )


def dead(channels: Indices, names: ChannelNames) -> str:
    """Tell of channels that are silent where they should not be."""
    first, last = int(channels[0]), int(channels[-1])
    steps = set(np.diff(channels).tolist())
    where, verb = names.stretch(first, last), "is" if len(channels) == 1 else "are"
    if len(steps) == 1 and steps != {1} and steps <= set(_ORDINALS):
        where, verb = f"every {_ORDINALS[steps.pop()]} one of {where}", "is"
    elif len(channels) < last - first + 1:
        where = f"{len(channels)} of {where}"
    return (
        f"{_capital(where)} {verb} zero in every repeat although the channels beside are not: dead "
        "or cut off. They say nothing about the sample, and the result is no measurement there; "
        "leave them out."
    )


def scaled(odd: OddRepeats, numbers: Sequence[int], *, is_stated: bool = False) -> str:
    """Tell of repeats whose totals differ, or contradict the exposure times that were stated."""
    if is_stated:
        if len(numbers) == 1:
            what = (
                f"Repeat {numbers[0]} has {odd.amount:.2f} times the total that its stated "
                "exposure lets expect from the others"
            )
        else:
            what = (
                f"Repeats {_listed(numbers)} differ in their totals per stated exposure, by up to "
                f"{odd.amount:.2f} times"
            )
        return (
            f"{what} (z = {odd.z_score:+.0f}): the stated exposures contradict the data, or the "
            "source or the sample changed. Check the numbers in `exposure` and their order; "
            "without `exposure` all repeats count alike."
        )
    if len(numbers) == 1:
        what = f"Repeat {numbers[0]} has {odd.amount:.2f} times the total of the others"
    else:
        what = f"Repeats {_listed(numbers)} differ in their totals, by up to {odd.amount:.2f} times"
    return (
        f"{what} (z = {odd.z_score:+.0f}): another exposure time, or the source or the sample "
        "changed. The result is the mean of what was there; if exposure times differ, give them "
        "as `exposure`."
    )


def shifted(odd: OddRepeats, numbers: Sequence[int], names: ChannelNames) -> str:
    """Tell of repeats that lie elsewhere on the axis."""
    how_far = f"{names.distance(odd.amount)}, z = {odd.z_score:+.0f}"
    if len(numbers) == 1:
        side = "higher" if odd.amount > 0 else "lower"
        what = f"Repeat {numbers[0]} is shifted to {side} channels than the others ({how_far})"
    else:
        what = f"Repeats {_listed(numbers)} are shifted against each other ({how_far})"
    return (
        f"{what}: the calibration drifted. The mean has wider lines than each of them; align them "
        "or leave out what is shifted."
    )


def correlated(correlation: float) -> str:
    """Tell of noise that neighbours share."""
    return (
        f"The noise of neighbouring channels is correlated ({correlation:+.2f}, 0 for independent "
        "ones): charge is shared, or the data were resampled or smoothed. Part of the noise then "
        "looks like signal; give the data before such a step."
    )


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _listed(numbers: Sequence[int]) -> str:
    shown = [str(number) for number in numbers[:_MOST_LISTED]]
    if len(numbers) > _MOST_LISTED:
        shown.append("others")
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
