"""All that a run reads: the measurements, and what an algorithm wants beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoden.cli.estimates import Estimate
from autoden.cli.files import AS_IT_IS, read_all
from autoden.cli.interface import Interface, flag_of
from autoden.cli.measurements import Measurement
from autoden.cli.readings import Reading, Repeats, arrange
from autoden.errors import InputError

if TYPE_CHECKING:
    from autoden.algorithms.denoiser import Denoiser

SHOWN, WANTED = "inp", "tgt"
"""Arrays of `prepare_data` that are measurements, too: what a network is shown and asked for."""


@dataclass(frozen=True)
class Sources:
    """What was read for an algorithm.

    Attributes
    ----------
    interface : Interface
        The algorithm.
    measurement : Measurement
        What is to be denoised.
    others : mapping of str to Measurement or ndarray
        Further arrays that `prepare_data` takes, by its names of them.
    """

    interface: Interface
    measurement: Measurement
    others: Mapping[str, Measurement | NDArray[Any]]

    @classmethod
    def read(
        cls,
        interface: Interface,
        files: Sequence[Path],
        others: Mapping[str, Sequence[Path]],
        reading: Reading,
        *,
        n_dims: int | None = None,
        repeats: Repeats = "none",
        trained: Path | None = None,
    ) -> Sources:
        """Read all files.

        Parameters
        ----------
        interface : Interface
            The algorithm.
        files : sequence of Path
            The measurements.
        others : mapping of str to sequence of Path
            Files of further arrays that `prepare_data` takes.
        reading : Reading
            How the axes are to be taken.
        n_dims, repeats, trained
            As in `arrange`.

        Raises
        ------
        InputError
            A file that cannot be read, or whose axes could be several things.
        """
        signal = read_all(files, reading)
        model = None if trained is None or interface.makes_images else str(trained)
        measurement = arrange(
            signal, str(files[0]), reading, n_dims=n_dims, repeats=repeats, trained=model
        )
        read: dict[str, Measurement | NDArray[Any]] = {}
        for name, paths in others.items():
            alike = paths[0].suffix.lower() == files[0].suffix.lower()
            if name in (SHOWN, WANTED):
                other = read_all(paths, reading if alike else AS_IT_IS)
                same_axes = other.ndim == signal.ndim
                axes = Reading(channel_axis=reading.channel_axis if same_axes else None)
                read[name] = arrange(other, str(paths[0]), axes, n_dims=measurement.n_dims)
            else:
                read[name] = _numbers_in_a_row(name, paths)
        return cls(interface, measurement.select(reading.exposures), read)

    @property
    def n_channels_in(self) -> int:
        """Channels that the network is shown."""
        return self._like(SHOWN).n_channels

    @property
    def n_channels_out(self) -> int:
        """Channels that the network returns."""
        return self._like(WANTED).n_channels

    @property
    def knows_wanted(self) -> bool:
        """Whether what the network is asked for is among what was read."""
        return WANTED in self.others or self.interface.fits

    def prepare(self, denoiser: Any, options: Mapping[str, Any]) -> tuple[Any, ...]:
        """Call `prepare_data` of a denoiser, with options by its names."""
        measurement = self.measurement
        arrays = {
            name: other.data if isinstance(other, Measurement) else other
            for name, other in self.others.items()
        }
        axes = {
            "channel_axis": measurement.channel_position,
            "realizations_axis": measurement.repeats_position,
        }
        known = {name: axis for name, axis in axes.items() if name in self.interface.axes}
        prepared: tuple[Any, ...] = denoiser.prepare_data(
            measurement.data, **arrays, **known, **options
        )
        return prepared

    def estimate(self, denoiser: Denoiser, *, averages: bool | None = None) -> Estimate:
        """Say what comes of the measurements."""
        alike = self.knows_wanted or denoiser.n_channels_out == denoiser.n_channels_in
        return Estimate(
            self.measurement,
            denoiser.n_channels_out,
            alike and np.iscomplexobj(self._like(WANTED).data),
            self.interface.averages if averages is None else averages,
            self.interface.makes_images,
        )

    def _like(self, name: str) -> Measurement:
        other = self.others.get(name)
        return other if isinstance(other, Measurement) else self.measurement


def _numbers_in_a_row(name: str, paths: Sequence[Path]) -> NDArray[Any]:
    """Read numbers that are no measurement, such as angles."""
    signal = read_all(paths, AS_IT_IS)
    numbers = np.asarray(signal).squeeze()
    if numbers.ndim > 1:
        raise InputError(
            f"{flag_of(name)} {paths[0]} holds {signal!r}: give a file with one row or one column."
        )
    return np.atleast_1d(numbers)
