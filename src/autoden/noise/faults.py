"""What is wrong with a measurement, told in plain sentences: which repeat or channel, and so what.

The tests are those of this room; here their verdicts are put in order, so that one cause gives one
fault: copies first, then channels, then repeats that differ as a whole, then the scatter that is
left. Small effects that only many counts can show are not faults.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.noise import wording
from autoden.noise.channels import FailingChannels, failing_channels
from autoden.noise.choice import not_counts, scaled_counts
from autoden.noise.counts import examine_counts
from autoden.noise.exposures import Exposures
from autoden.noise.independence import (
    Likeness,
    copied_repeats,
    correlation_of_neighbours,
    like_repeats,
)
from autoden.noise.model import NoiseModel
from autoden.noise.odd_repeats import find_odd_repeats
from autoden.noise.poisson import Poisson
from autoden.noise.scatter import examine_scatter
from autoden.noise.spikes import without_spikes
from autoden.noise.wording import ChannelNames

Indices = NDArray[np.intp]
Kind = Literal[
    "scaled", "shifted", "duplicate", "not counts", "dead channels", "hot channel", "spike",
    "dispersion", "correlated",
]  # fmt: skip

_CLEAR: Final = 6.0  # standard errors
_MATTERS: Final = 0.05  # correlation of neighbours
_ROUNDING: Final = 1e-9  # of durations that are equal


@dataclass(frozen=True, eq=False)
class Fault:
    """Something that is wrong with the data.

    Attributes
    ----------
    kind : str
        "scaled", "shifted", "duplicate", "not counts", "dead channels", "hot channel", "spike",
        "dispersion" or "correlated".
    sentence : str
        What, where, and what it means for the result.
    elements : ndarray of int
        The repeats concerned (scaled, shifted, and of duplicates those to leave out) or the
        channels (dead, hot, spike), from 0; empty if it is the whole measurement.
    repeat : int or None
        The one repeat, from 0, whose channels have spikes; None for all other faults.
    """

    kind: Kind
    sentence: str
    elements: Indices
    repeat: int | None = None


def find_faults(
    exposures: Exposures,
    noise: NoiseModel | None,
    positions: ArrayLike | None = None,
    unit: str = "",
) -> list[Fault]:
    """Look for copies, drifts, channels that fail or are hit, and scatter that is not the noise's.

    Parameters
    ----------
    exposures : Exposures
        Any number of repeats. Shifts are along the last axis; spikes, hot and dead channels are
        looked for in spectra only.
    noise : NoiseModel or None
        What the noise is taken for; None: counts are expected, as with Poisson.
    positions : array_like, shape (n,), optional
        Of the channels, for the sentences.
    unit : str
        Of the positions.

    Returns
    -------
    list of Fault
        Empty if nothing is wrong. Sentences number repeats from 1.

    Raises
    ------
    InputError
        If there are not as many positions as channels.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(20.0, (3, 500))
    >>> find_faults(Exposures(counts), None)
    []
    >>> counts[2] = counts[0]
    >>> print(find_faults(Exposures(counts), None)[0].sentence)
    Repeat 3 is a copy of repeat 1: it adds no information and would make the result look ...
    """
    names = ChannelNames.of(positions, unit, exposures.shape[-1])
    faults: list[Fault] = []
    gain = None
    if noise is None or isinstance(noise, Poisson):
        counting = examine_counts(exposures)
        gain = counting.step if counting.is_counts else None
        said = not_counts(counting) if gain is None else scaled_counts(gain)
        faults += [Fault("not counts", said, _indices())] if said else []
    copies = _duplicates(copied_repeats(exposures, gain), np.arange(exposures.n_repeats))
    numbers = np.setdiff1d(np.arange(exposures.n_repeats), _elements(copies))
    kept = exposures.take(numbers)
    channels: list[Fault] = []
    if len(exposures.shape) == 1:
        failing = failing_channels(kept, gain)
        channels = _channels(kept, failing, names, numbers)
        kept = failing.left_out_of(kept)
    alike = _duplicates(like_repeats(kept, gain), numbers)
    kept = kept.take(np.flatnonzero(~np.isin(numbers, _elements(alike))))
    numbers = np.setdiff1d(numbers, _elements(alike))
    odd = _odd(kept, gain, names, numbers) if kept.n_repeats > 1 else []
    agreeing = np.flatnonzero(~np.isin(numbers, _elements(odd)))
    left = kept.take(agreeing if len(agreeing) else [0])
    return [*faults, *copies, *alike, *channels, *odd, *_scatter(left, gain)]


def _duplicates(pairs: Sequence[Likeness], numbers: Indices) -> list[Fault]:
    """Repeats that copy another, or whose noise is alike; `numbers` tell which they are."""
    faults, gone = [], set[int]()
    for pair in pairs:
        if not {pair.first, pair.second} & gone:
            gone.add(pair.second)
            first, second = int(numbers[pair.first]), int(numbers[pair.second])
            said = wording.copied(replace(pair, first=first, second=second))
            faults.append(Fault("duplicate", said, _indices(second)))
    return faults


def _channels(
    exposures: Exposures, failing: FailingChannels, names: ChannelNames, numbers: Indices
) -> list[Fault]:
    """Tell of spikes, hot and dead channels; `numbers` tell which repeats these are."""
    mended = without_spikes(exposures, failing.spikes)
    total = mended.repeats.sum(axis=0)
    faults = []
    for repeat in np.flatnonzero(failing.spikes.any(axis=1)):
        hit = np.flatnonzero(failing.spikes[repeat])
        values, expected = exposures.repeats[repeat, hit], mended.repeats[repeat, hit]
        number = int(numbers[repeat])
        said = wording.spiked(number + 1, hit, values, expected, names)
        faults.append(Fault("spike", said, hit, number))
    faults += [
        Fault("hot channel", wording.hot(int(channel), total, names), _indices(channel))
        for channel in failing.hot
    ]
    if len(failing.dead):
        said = wording.dead(failing.dead, names)
        faults.append(Fault("dead channels", said, failing.dead))
    return faults


def _odd(
    exposures: Exposures, gain: float | None, names: ChannelNames, numbers: Indices
) -> list[Fault]:
    """Repeats that are scaled or shifted against the others."""
    faults = []
    is_stated = np.ptp(exposures.durations) > _ROUNDING * exposures.durations.max()
    for odd in find_odd_repeats(exposures, gain):
        elements = numbers[list(odd.repeats)]
        called = [int(element) + 1 for element in elements]
        if odd.kind == "scaled":
            said = wording.scaled(odd, called, is_stated=bool(is_stated))
        else:
            said = wording.shifted(odd, called, names)
        faults.append(Fault(odd.kind, said, elements))
    return faults


def _scatter(exposures: Exposures, gain: float | None) -> list[Fault]:
    """Find repeats that are not identical, and noise that is not that of counts."""
    warning = examine_scatter([exposures], gain).warning() if gain is not None else ""
    if warning:
        return [Fault("dispersion", warning, _indices())]
    if exposures.n_repeats == 1:
        return []
    found = correlation_of_neighbours(exposures, gain)
    if abs(found.correlation) <= _MATTERS or abs(found.z_score) <= _CLEAR:
        return []
    return [Fault("correlated", wording.correlated(found.correlation), _indices())]


def _elements(faults: list[Fault]) -> Indices:
    """All repeats, or all channels, that some faults concern."""
    return np.concatenate([_indices(), *(fault.elements for fault in faults)])


def _indices(*elements: int) -> Indices:
    return np.array(elements, dtype=np.intp)
