"""What is done about faults in a measurement, and how it is told: never silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoden.auto.spectra.measurement import Measurement
from autoden.noise.exposures import Exposures
from autoden.noise.faults import Fault, find_faults
from autoden.noise.lattice import lattice_step
from autoden.noise.model import NoiseModel
from autoden.noise.spikes import without_spikes

LONGEST_GAP = 2
"""So many faulty channels side by side are filled from their neighbours; more are left as they are.
"""


@dataclass(frozen=True, eq=False)
class Repaired:
    """Samples without what would spoil an estimate.

    Attributes
    ----------
    samples : tuple of Exposures
        Copies of repeats dropped, spikes replaced, faulty single channels filled.
    measured : tuple of Exposures
        The same without the channels in which something was: only these can tell the noise.
    warnings : tuple of str
        What was found, and what was done about it.
    """

    samples: tuple[Exposures, ...]
    measured: tuple[Exposures, ...]
    warnings: tuple[str, ...]


def repair(measurement: Measurement, noise: NoiseModel) -> Repaired:
    """Drop copies of repeats, replace spikes, and fill hot or dead channels that stand alone."""
    samples, measured, warnings = [], [], []
    axis = measurement.axis
    for number, sample in enumerate(measurement.samples, start=1):
        faults = find_faults(sample, noise, axis.values, axis.unit)
        where = f"Sample {number}: " if measurement.n_samples > 1 else ""
        filled = np.concatenate([np.empty(0, np.intp), *(_to_fill(fault) for fault in faults)])
        numbers = _without_copies(sample, faults)
        kept, spikes = sample.take(numbers), _spikes(sample, faults)[numbers]
        touched = np.union1d(filled, np.flatnonzero(spikes.any(axis=0)))
        step = _step(np.delete(kept.repeats, touched, axis=1))
        calm = without_spikes(kept, spikes, step)
        samples.append(Exposures(_filled(calm.repeats, filled, step), kept.durations))
        measured.append(Exposures(np.delete(kept.repeats, touched, axis=1), kept.durations))
        warnings += [
            f"{where}{fault.sentence}{_say_done(fault)}"
            for fault in faults
            if fault.kind != "not counts"  # of all samples together, as the choice of noise says
        ]
    return Repaired(tuple(samples), tuple(measured), tuple(dict.fromkeys(warnings)))


def _to_fill(fault: Fault) -> NDArray[np.intp]:
    """Give the channels that are filled because of a fault."""
    is_of_channels = fault.kind in ("hot channel", "dead channels")
    return _in_short_gaps(fault.elements) if is_of_channels else fault.elements[:0]


def _say_done(fault: Fault) -> str:
    """Say what was done about a fault."""
    if fault.kind == "duplicate":
        return " It was left out here."
    if fault.kind == "spike":
        return " Here the other repeats stand in for it."
    if not len(_to_fill(fault)):
        return ""
    return " Here it was filled from its neighbours, which is no measurement."


def _without_copies(sample: Exposures, faults: Sequence[Fault]) -> NDArray[np.intp]:
    """Give the repeats that are kept."""
    copies = [i for fault in faults if fault.kind == "duplicate" for i in fault.elements]
    kept = np.setdiff1d(np.arange(sample.n_repeats), copies)
    return kept if len(kept) else np.arange(sample.n_repeats)


def _spikes(sample: Exposures, faults: Sequence[Fault]) -> NDArray[np.bool_]:
    """Mark what single repeats have alone: (R, n)."""
    spikes = np.zeros(sample.repeats.shape, dtype=np.bool_)
    for fault in faults:
        if fault.repeat is not None:
            spikes[fault.repeat, fault.elements] = True
    return spikes


def _in_short_gaps(channels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Keep the channels of runs that are short."""
    runs = np.split(channels, np.flatnonzero(np.diff(channels) > 1) + 1)
    return np.concatenate([np.empty(0, np.intp), *(r for r in runs if len(r) <= LONGEST_GAP)])


def _step(repeats: NDArray[np.float64]) -> float | None:
    """Find of what all values are multiples, as counts are; None for other values."""
    return lattice_step(repeats) if repeats.size and repeats.min() >= 0 else None


def _filled(
    repeats: NDArray[np.float64], channels: NDArray[np.intp], step: float | None
) -> NDArray[np.float64]:
    """Interpolate channels from those beside them; multiples of a step stay so."""
    if not len(channels):
        return repeats
    good = np.setdiff1d(np.arange(repeats.shape[1]), channels)
    filled = repeats.copy()
    for repeat in filled:
        between = np.interp(channels, good, repeat[good])
        repeat[channels] = between if step is None else step * np.rint(between / step)
    return filled
