"""What ``autoden denoise`` reads: spectra in one file or in several, and which of them to use.

Several files hold repeats of one measurement, as for every other verb, unless ``--axes`` says
otherwise. What runs along the axes, the library finds out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cyclopts import Parameter

from autoden.cli.files import AS_IT_IS, REPEAT, ReadOptions, name_of, read_all
from autoden.cli.measurements import parse_range
from autoden.cli.options import DATA
from autoden.errors import InputError
from autoden.signals import Axis, Signal

_REPEATS = "the files hold repeats of one measurement"  # which the library then asks the data


@Parameter(name="*", group=DATA)
@dataclass(frozen=True)
class SpectraReading(ReadOptions):
    """How spectra are to be taken.

    Attributes
    ----------
    axes
        One letter per axis: R repeats, S samples, E energy, C colours, Z Y X space, such as RE for
        a table of repeats or RYX for repeats of an image. For several files, those of all together:
        RE repeats, SE one or more samples in each, SRE one sample with its repeats in each. Only
        needed where neither files nor data tell.
    exposures
        Which measurements to use, as FIRST:END counted from 0 with END left out, such as 0:4.
        By default all of them.
    """

    axes: str | None = None
    exposures: str | None = None


@dataclass(frozen=True)
class Spectra:
    """What was read, as `autoden.denoise` takes it.

    Attributes
    ----------
    data : Path, Signal or list of Signal
        The measurements.
    axes : str or None
        Their letters, where the command line gave some.
    rest : Signal or None
        The measurements that ``--exposures`` left out.
    """

    data: Any
    axes: str | None = None
    rest: Signal | None = None


def read_spectra(files: Sequence[Path], reading: SpectraReading) -> Spectra:
    """Read the measurements.

    Raises
    ------
    InputError
        A file that cannot be read, files that do not go together, letters or a range that do not
        fit.
    """
    from autoden.auto.axes import parse_axes

    axes = None if reading.axes is None else parse_axes(reading.axes)
    if len(files) == 1:
        if reading == SpectraReading(axes=reading.axes):
            return Spectra(files[0], axes)  # so that the library knows its name
        return _chosen(reading.read(files[0]), axes, reading.exposures, files[0].name)
    if axes == "SRE":
        samples = [
            _chosen(reading.read(path), "RE", reading.exposures, path.name) for path in files
        ]
        if any(sample.data.ndim > 1 and len(sample.data.data) > 1 for sample in samples):
            return Spectra([sample.data for sample in samples], "RE")
        axes = "SE"  # one spectrum in each
    together = read_all(files, reading)
    name = name_of(files)
    metadata = {**together.metadata, "source": name}
    if axes is None:
        metadata["assumed"] = [*metadata.get("assumed", ()), _REPEATS]
    together = Signal(together.data, together.axes, metadata)
    return _chosen(together, axes, reading.exposures, name)


def read_reference(
    reference: Sequence[Path], files: Sequence[Path], reading: SpectraReading, spectra: Spectra
) -> Any:
    """Read the acquisitions for scoring: other files, or what is left of the one measured.

    Raises
    ------
    InputError
        They are measurements that are denoised, or cannot be read.
    """
    for path in reference:
        if any(path.exists() and file.exists() and path.samefile(file) for file in files):
            if spectra.rest is not None and len(files) == len(reference) == 1:
                return spectra.rest
            raise InputError(
                f"--reference {path} is what is denoised, which would be scored on itself: give "
                "other acquisitions, or use some of one file with --exposures, such as 0:4; its "
                "others then serve as reference."
            )
    alike = reference[0].suffix.lower() == files[0].suffix.lower()
    options = reading if alike else AS_IT_IS
    if isinstance(spectra.data, list):
        return [options.read(path) for path in reference]  # one sample in each, too
    return read_all(reference, options)


def _chosen(signal: Signal, axes: str | None, exposures: str | None, name: str) -> Spectra:
    """Take the measurements FIRST:END along the repeats, or else along the first axis."""
    if exposures is None:
        return Spectra(signal, axes)
    names = [axis.name for axis in signal.axes]
    along = names.index(REPEAT) if REPEAT in names else 0
    if axes is not None and len(axes) == signal.ndim:
        along = max(axes.find("R"), 0)
    if signal.ndim == 1:
        raise InputError(
            f"--exposures is {exposures}, but {name} holds a single measurement: leave it out."
        )
    chosen = parse_range(exposures, signal.shape[along])
    left = np.delete(np.arange(signal.shape[along]), chosen)
    rest = _taken(signal, along, left) if left.size else None
    return Spectra(_taken(signal, along, np.arange(signal.shape[along])[chosen]), axes, rest)


def _taken(signal: Signal, along: int, indices: Any) -> Signal:
    """Take some of what is along an axis."""
    axes = list(signal.axes)
    axis = axes[along]
    if axis.values is not None:
        axes[along] = Axis(axis.name, axis.unit, axis.values[indices])
    return Signal(np.take(signal.data, indices, axis=along), tuple(axes), signal.metadata)
