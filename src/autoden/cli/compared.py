"""A measurement and what was made of it, element by element, whatever the files look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.cli.files import AS_IT_IS, ReadOptions, read_all
from autoden.cli.measurements import Measurement
from autoden.cli.readings import ReadingRepeats, arrange
from autoden.errors import InputError
from autoden.noise.choice import NoiseVerdict, choose_noise
from autoden.noise.exposures import Combined, Exposures
from autoden.noise.poisson import Poisson
from autoden.signals import Signal

Floats = NDArray[np.float64]

ESTIMATE = "estimate"
"""What `autoden denoise` calls the rows, or columns, of a table that are no uncertainty."""


@dataclass(frozen=True, eq=False)
class Compared:
    """A measurement and its estimate.

    Attributes
    ----------
    measurement : Measurement
        What was measured.
    repeats : ndarray of float64
        Its values, shape (R, *S) with R = 1 where nothing was repeated.
    estimate : ndarray of float64
        Shape (*S).
    verdict : NoiseVerdict
        What the noise is.
    mean : Combined
        The mean of the repeats.
    """

    measurement: Measurement
    repeats: Floats
    estimate: Floats
    verdict: NoiseVerdict
    mean: Combined

    @property
    def counts(self) -> Floats | None:
        """Expected counts behind each value of the mean; None where nothing is counted."""
        noise = self.verdict.noise
        if not isinstance(noise, Poisson):
            return None
        return np.maximum(self.estimate, 0.0) * self.mean.dose / noise.gain


def read_compared(noisy: Path, denoised: Path, reading: ReadingRepeats) -> Compared:
    """Read both files.

    Raises
    ------
    InputError
        Files that cannot be read, that hold complex numbers, or that do not go together.
    """
    signal = read_all([noisy], reading)
    measurement = arrange(signal, str(noisy), reading, repeats="possible")
    measurement = measurement.select(reading.exposures)
    repeats = _repeats_first(measurement)
    alike = denoised.suffix.lower() == noisy.suffix.lower()
    estimate = estimate_of((_options(reading) if alike else AS_IT_IS).read(denoised))
    values = _as_one(estimate, measurement, repeats.shape[1:], str(denoised))
    exposures = Exposures(repeats)
    verdict = choose_noise([exposures])
    return Compared(measurement, repeats, values, verdict, verdict.noise.combine(exposures))


def read_like(paths: Sequence[Path], reading: ReadingRepeats, compared: Compared) -> Floats:
    """Read acquisitions of the same thing, shape (K, *S).

    Raises
    ------
    InputError
        They are of another size.
    """
    signal = read_all(paths, _options(reading))
    expected = compared.estimate.shape
    if signal.ndim == len(expected):
        return _as_one(np.asarray(signal), compared.measurement, expected, str(paths[0]))[None]
    plain = ReadingRepeats(axes=reading.axes, n_dims=reading.n_dims,
                           channel_axis=reading.channel_axis,
                           repeats_axis=reading.repeats_axis)  # fmt: skip
    held = _repeats_first(arrange(signal, str(paths[0]), plain, repeats="possible"))
    if held.shape[1:] != expected:
        raise InputError(
            f"{paths[0]} holds acquisitions of shape {held.shape[1:]}, the denoised file one of "
            f"{expected}: give acquisitions of the same thing."
        )
    return held


def estimate_of(signal: Signal) -> NDArray[Any]:
    """Take the estimate, and not its uncertainty, from what ``autoden denoise`` wrote."""
    table = signal.metadata.get("table", {})
    names = []
    if isinstance(table, Mapping):
        names = list(table.get("row_names") or table.get("column_names") or [])
    data = np.asarray(signal)
    chosen = [i for i, name in enumerate(names) if str(name).startswith(ESTIMATE)]
    return data[chosen] if chosen and len(names) == len(data) else data


def _options(reading: ReadingRepeats) -> ReadOptions:
    return ReadOptions(reading.keep_overflow, reading.key, reading.series)


def _repeats_first(measurement: Measurement) -> Floats:
    """Give the values as real numbers, the repeats in front."""
    data = measurement.data
    if np.iscomplexobj(data):
        raise InputError(f"{measurement.name} holds complex numbers: evaluate their parts.")
    values = data.astype(np.float64)
    if measurement.repeats is None:
        return values[np.newaxis]
    return np.moveaxis(values, measurement.repeats_position, 0)


def _as_one(
    array: NDArray[Any], measurement: Measurement, shape: tuple[int, ...], name: str
) -> Floats:
    """Bring an estimate in the order of its file into that of the measurement."""
    kept = tuple(i for i, n in enumerate(array.shape) if n != 1 or array.ndim <= len(shape))
    array = array.reshape([array.shape[i] for i in kept])
    names = [n for n in measurement.order if n != measurement.repeats]
    if array.ndim == len(names):
        own = [axis.name for axis in measurement.signal.axes if axis.name != measurement.repeats]
        array = array.transpose([names.index(axis) for axis in own])
    if array.shape != shape or np.iscomplexobj(array):
        raise InputError(
            f"{name} holds {array.dtype} of shape {array.shape}, but one measurement of "
            f"{measurement.name} has {shape}: give what was made of it."
        )
    return array.astype(np.float64)
