"""What is wrong with a measurement, told in plain sentences: which repeat or channel, and so what.

The tests are those of this room; here their verdicts are put in order, so that one cause gives one
fault: copies first, then channels, then repeats that differ as a whole, then the scatter that is
left. Small effects that only many counts can show are not faults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import convolve1d

from autoden.noise import wording
from autoden.noise.channels import dead_channels, glitches, hot_channels
from autoden.noise.choice import not_counts, scaled_counts
from autoden.noise.counts import examine_counts
from autoden.noise.exposures import Exposures, Floats
from autoden.noise.independence import correlation_of_neighbours, like_repeats
from autoden.noise.model import NoiseModel
from autoden.noise.odd_repeats import find_odd_repeats
from autoden.noise.poisson import Poisson
from autoden.noise.residuals import residuals
from autoden.noise.scatter import examine_scatter
from autoden.noise.wording import ChannelNames

Indices = NDArray[np.intp]
Kind = Literal[
    "scaled", "shifted", "duplicate", "not counts", "dead channels", "hot channel", "dispersion",
    "correlated",
]  # fmt: skip

_CLEAR: Final = 6.0  # standard errors
_MATTERS: Final = 0.05  # correlation of neighbours
_NEAR: Final = 2  # channels whose roughness a channel takes part in
_AROUND: Final = 20  # channels to either side that tell the roughness


@dataclass(frozen=True, eq=False)
class Fault:
    """Something that is wrong with the data.

    Attributes
    ----------
    kind : str
        "scaled", "shifted", "duplicate", "not counts", "dead channels", "hot channel",
        "dispersion" or "correlated".
    sentence : str
        What, where, and what it means for the result.
    elements : ndarray of int
        The repeats concerned (scaled, shifted, and of duplicates those to leave out) or the
        channels (dead, hot), from 0; empty if it is the whole measurement.
    """

    kind: Kind
    sentence: str
    elements: Indices


def find_faults(
    exposures: Exposures,
    noise: NoiseModel | None,
    positions: ArrayLike | None = None,
    unit: str = "",
) -> list[Fault]:
    """Look for copies, drifts, channels that fail, and scatter that is not that of the noise.

    Parameters
    ----------
    exposures : Exposures
        Any number of repeats. Shifts are along the last axis; hot and dead channels are looked
        for in spectra only.
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
    copies = _copies(exposures, gain)
    numbers = np.setdiff1d(np.arange(exposures.n_repeats), _elements(copies))
    kept = exposures.take(numbers)
    channels = _channels(kept, gain, names) if len(exposures.shape) == 1 else []
    kept = _without_channels(kept, _elements(channels))
    odd = _odd(kept, gain, names, numbers) if kept.n_repeats > 1 else []
    agreeing = np.flatnonzero(~np.isin(numbers, _elements(odd)))
    left = kept.take(agreeing if len(agreeing) else [0])
    return [*faults, *copies, *channels, *odd, *_scatter(left, gain)]


def _copies(exposures: Exposures, gain: float | None) -> list[Fault]:
    """Repeats that copy another, and repeats whose noise is alike."""
    faults, gone = [], set[int]()
    for pair in sorted(like_repeats(exposures, gain), key=lambda one: not one.is_copy):
        if not {pair.first, pair.second} & gone:
            gone.add(pair.second)
            faults.append(Fault("duplicate", wording.copied(pair), _indices(pair.second)))
    return faults


def _channels(exposures: Exposures, gain: float | None, names: ChannelNames) -> list[Fault]:
    """Hot and dead channels of the sum of the repeats."""
    total = exposures.repeats.sum(axis=0)
    variance = _variance_of_sum(exposures, gain)
    hot = hot_channels(total, variance)
    if exposures.n_repeats > 1:
        hot = np.union1d(hot, glitches(residuals(exposures, gain).standardised()))
    faults = [
        Fault("hot channel", wording.hot(int(channel), total, names), _indices(channel))
        for channel in hot
    ]
    dead = dead_channels(np.abs(total) / (gain or _unit(exposures, variance)))
    if len(dead):
        faults.append(Fault("dead channels", wording.dead(dead, names), dead))
    return faults


def _odd(
    exposures: Exposures, gain: float | None, names: ChannelNames, numbers: Indices
) -> list[Fault]:
    """Repeats that are scaled or shifted against the others."""
    faults = []
    for odd in find_odd_repeats(exposures, gain):
        elements = numbers[list(odd.repeats)]
        called = [int(element) + 1 for element in elements]
        is_scaled = odd.kind == "scaled"
        said = wording.scaled(odd, called) if is_scaled else wording.shifted(odd, called, names)
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


def _variance_of_sum(exposures: Exposures, gain: float | None) -> Floats:
    """Variance of the noise of the sum, as far as the data themselves tell it: (n,)."""
    total = exposures.repeats.sum(axis=0)
    if gain is not None:
        return np.asarray(np.maximum(total, 0) * gain)
    if exposures.n_repeats > 1:
        return residuals(exposures, None).unit_variance
    if len(total) < 3:
        return np.zeros_like(total)
    rough = np.pad(np.diff(total, 2) ** 2 / 6, 1, mode="edge")
    kernel = np.ones(2 * _AROUND + 1)
    kernel[_AROUND - _NEAR : _AROUND + _NEAR + 1] = 0
    around = convolve1d(rough, kernel / kernel.sum(), mode="reflect")
    if total.min() < 0:
        return np.asarray(np.maximum(around, np.median(rough)))
    return np.asarray(np.maximum(around, _pooled_ratio(rough, total) * total))


def _unit(exposures: Exposures, variance: Floats) -> float:
    """Give what stands for a count in other values; noise around 0 is about one of them."""
    total = exposures.repeats.sum(axis=0)
    if (exposures.repeats < 0).any():
        return float(np.median(np.abs(total[total != 0])))
    return _pooled_ratio(variance, total)


def _pooled_ratio(variance: Floats, total: Floats) -> float:
    """Variance over mean of all channels; 1 where there is none."""
    ratio = float(variance.sum() / total.sum()) if total.sum() > 0 else 1.0
    return ratio if ratio > 0 else 1.0


def _without_channels(exposures: Exposures, channels: Indices) -> Exposures:
    """Cut channels out, unless none would be left."""
    n_channels = exposures.shape[-1]
    if not len(channels) or len(channels) >= n_channels:
        return exposures
    left = np.setdiff1d(np.arange(n_channels), channels)
    return Exposures(exposures.repeats[..., left], exposures.durations)


def _elements(faults: list[Fault]) -> Indices:
    """All repeats, or all channels, that some faults concern."""
    return np.concatenate([_indices(), *(fault.elements for fault in faults)])


def _indices(*elements: int) -> Indices:
    return np.array(elements, dtype=np.intp)
