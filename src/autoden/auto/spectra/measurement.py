"""The front door of ``denoise``: whatever a user gives, as exposures of samples with one axis.

The outcome is a `Measurement`, which also brings estimates back into the user's axes. What runs
along which axis, ``axes.py`` says; reading files and checking numbers is ``acquisitions.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.auto.axes import letters_of, parse_axes
from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.images.reading import read_images
from autoden.auto.live_times import live_times
from autoden.auto.repeatability import repeats_agree
from autoden.auto.setup import Setup
from autoden.auto.spectra.acquisitions import gather, joined
from autoden.auto.spectra.arrangement import Arranged, apart, arrange
from autoden.auto.spectra.channels import common_axis
from autoden.auto.spectra.notes import notes_on, say_disagreement
from autoden.checks import choice
from autoden.errors import InputError
from autoden.noise.exposures import Exposures, check_size
from autoden.signals import Axis, Signal

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measurement:
    """Spectra as they were measured: exposures of one or several samples of one set-up.

    Attributes
    ----------
    samples : tuple of Exposures
        One per sample, each of shape (R, E) with an R of its own, in the user's units.
    axis : Axis
        What runs along the spectra, E long.
    sample_axis : Axis or None
        What runs along the samples; None if the user gave a single one, without such an axis.
    samples_last : bool
        Whether the user has the samples behind the channels.
    metadata : mapping
        Of the file or Signal; of the first one of a list.
    notes : tuple of str
        What was read and what was assumed, in sentences.
    sources : tuple of Path
        The files that were read.
    protected : tuple of Path
        Further files that hold measurements, which nothing may overwrite.
    """

    samples: tuple[Exposures, ...]
    axis: Axis
    sample_axis: Axis | None = None
    samples_last: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()
    protected: tuple[Path, ...] = ()

    def protecting(self, *others: Any) -> Measurement:
        """Protect the files of other measurements too."""
        files = [path for other in others for path in (*other.sources, *other.protected)]
        return replace(self, protected=(*self.protected, *files))

    n_dims: ClassVar[int] = 1

    @property
    def n_samples(self) -> int:
        """Number of samples, S."""
        return len(self.samples)

    @property
    def n_channels(self) -> int:
        """Number of channels of a spectrum, E."""
        return self.samples[0].shape[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the estimate that the user gets: (E,), (S, E) or (E, S)."""
        if self.sample_axis is None:
            return (self.n_channels,)
        both = (self.n_samples, self.n_channels)
        return both[::-1] if self.samples_last else both

    def shaped(self, estimates: Sequence[ArrayLike] | Floats) -> Floats:
        """Bring estimates, one per sample, into the shape that the user gets.

        Parameters
        ----------
        estimates : array_like, shape (S, E)
            One spectrum per sample.

        Returns
        -------
        ndarray of float64
            Of `shape`.
        """
        array: Floats = np.array(estimates, dtype=np.float64)
        if array.shape != (self.n_samples, self.n_channels):
            raise InputError(
                f"the estimates have shape {array.shape}: give one of {self.n_channels} channels "
                f"for each of the {self.n_samples} sample(s)."
            )
        return np.ascontiguousarray(array.T if self.samples_last else array).reshape(self.shape)

    def by_sample(self, estimate: ArrayLike) -> Floats:
        """Undo `shaped`: bring an array of the user's shape to (S, E).

        Parameters
        ----------
        estimate : array_like
            Of `shape`.
        """
        array: Floats = np.array(estimate, dtype=np.float64)
        if array.shape != self.shape:
            raise InputError(
                f"the estimate has shape {array.shape}, but the measurement needs {self.shape}."
            )
        both = np.ascontiguousarray(array.T if self.samples_last else array)
        return both.reshape(self.n_samples, self.n_channels)

    def signal_of(self, estimate: ArrayLike, metadata: Mapping[str, Any] | None = None) -> Signal:
        """Give an array of the user's shape its axes.

        Parameters
        ----------
        estimate : array_like
            Of `shape`.
        metadata : mapping or None
            Added to that of the measurement.
        """
        array = np.asarray(estimate)
        self.by_sample(array)  # checks the shape
        axes = [self.axis] if self.sample_axis is None else [self.sample_axis, self.axis]
        axes = axes[::-1] if self.samples_last else axes
        return Signal(array, tuple(axes), {**self.metadata, **(metadata or {})})

    @property
    def setup(self) -> Setup:
        """What other measurements have to have in common with this one."""
        return Setup(1, self.n_channels, self.axis)


def read_measurement(
    data: Any,
    *,
    axes: str | None = None,
    n_dims: int | None = None,
    exposure: Any = None,
    agree: Callable[[Exposures], bool] = repeats_agree,
) -> Measurement | ImageMeasurement:
    """Read spectra or images, and say what was assumed about them.

    Parameters
    ----------
    data : array_like, path, Signal, or list of them
        A 1D array is a spectrum. An array of more axes needs `axes` or `n_dims`; files and Signals
        are read by the names of their axes. The elements of a list are samples of one set-up, with
        one axis for one exposure, with two for repeats, as many as each has. NaN in images says
        that nothing was measured there. Never written to.
    axes : str or None
        One letter per axis: R (repeats), S (samples), E (energy, or whatever runs along a
        spectrum), such as "RE"; or Z, Y, X (space) and C (colours or other channels), such as
        "RYX". For a list, the axes of its elements; or those of the list as a whole if there is
        one letter more: "RE" makes repeats of a list of spectra.
    n_dims : {1, 2, 3} or None
        How many of the last axes are one spectrum, image or volume; one more in front counts
        repeats.
    exposure : array_like, sequence of array_like, or None
        Live time or dose of each repeat, in any unit; see `live_times`.
    agree : callable
        Asked, with the exposures of a sample, whether rows that nothing names can be repeats.

    Returns
    -------
    Measurement or ImageMeasurement
        Values in float64 and in the user's units.

    Raises
    ------
    InputError
        Data that are no real finite numbers, of a size beyond 1e30 or below 1e-30, the same in all
        channels (such as zero throughout), shorter than 8 channels, or that can be read in several
        ways; samples on different axes.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(9.0, (4, 100))
    >>> measurement = read_measurement(counts, axes="RE")
    >>> measurement.samples[0].n_repeats, measurement.shape
    (4, (100,))
    >>> measurement.notes
    ('data was read as 4 repeats of a spectrum of 100 channels.',)
    >>> read_measurement(list(counts)).shape
    (4, 100)
    >>> read_measurement(counts)
    Traceback (most recent call last):
    autoden.errors.InputError: data has shape (4, 100), which can be read in several ways: give
    axes='RE' for 4 repeats of a spectrum of 100 channels, or axes='SE' for 4 samples of ...
    """
    letters = None if axes is None else parse_axes(axes)
    if n_dims is not None:
        choice("n_dims", n_dims, (1, 2, 3))
    given, is_list = gather(data)
    sources = tuple(each.path for each in given if each.path is not None)
    if is_list and letters is not None:
        whole = joined(given, letters)
        given, is_list = ([whole], False) if whole is not None else (given, True)
    kinds = [
        letters_of(each.signal, each.name, axes=letters, n_dims=n_dims,
                   unnamed_pair="RE" if is_list else None)
        for each in given
    ]  # fmt: skip
    if not any("E" in kind for kind in kinds):
        is_said = letters is not None
        return read_images(given, kinds, is_list=is_list, is_said=is_said, exposure=exposure)
    parts = [arrange(*pair, is_element=is_list) for pair in zip(given, kinds, strict=True)]
    axis = common_axis([(part.axis, part.values.shape[-1], part.name) for part in parts])
    _check_structure(parts)
    check_size([part.values for part in parts], parts[0].name)
    sample_axis = apart(Axis("sample"), axis) if is_list else parts[0].sample_axis
    return Measurement(
        _samples(parts, exposure, agree, is_list),
        axis,
        sample_axis,
        parts[0].samples_last,
        parts[0].metadata,
        notes_on(parts, is_list=is_list, is_said=letters is not None),
        sources,
    )


def _check_structure(parts: Sequence[Arranged]) -> None:
    """Refuse spectra that are all the same in every channel: there is neither signal nor noise."""
    if any(np.ptp(part.values, axis=-1).any() for part in parts):
        return
    low = min(part.values.min() for part in parts)
    high = max(part.values.max() for part in parts)
    level = "constant in each spectrum" if low < high else f"{low:.6g} throughout"
    level = "zero throughout" if low == high == 0 else level
    raise InputError(
        f"{parts[0].name} is {level}: there is nothing to denoise, check where it comes from."
    )


def _samples(
    parts: Sequence[Arranged],
    exposure: Any,
    agree: Callable[[Exposures], bool],
    is_list: bool,
) -> tuple[Exposures, ...]:
    """Give every sample its live times, and ask whether repeats that nothing names are some."""
    owners = [(part, values) for part in parts for values in part.values]
    times = live_times(exposure, [len(values) for _, values in owners])
    samples = []
    for (part, values), durations in zip(owners, times, strict=True):
        sample = Exposures(values, durations)
        if part.is_open and not agree(sample):
            raise InputError(say_disagreement(part, is_list=is_list))
        samples.append(sample)
    return tuple(samples)
