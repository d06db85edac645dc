"""Images and volumes as `denoise` sees them, and the way back into the user's axes.

Inside, every acquisition has the axes (C, *S): channels first, one if the user has none, then Z, Y
and X. What runs along which axis, ``axes.py`` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.auto.setup import Setup
from autoden.errors import InputError
from autoden.noise.exposures import Exposures
from autoden.signals import Axis, Signal

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

ORDER = "SCZYX"
"""The axes of estimates, in their inner order."""

_SAME_SPACING = 1e-3


@dataclass(frozen=True, eq=False)
class ImageMeasurement:
    """Images or volumes as they were measured: exposures of one or several samples of one set-up.

    Attributes
    ----------
    samples : tuple of Exposures
        One per sample, each of shape (R, C, *S) with an R of its own, in the user's units; where
        nothing was measured, what its surroundings suggest.
    missing : tuple of ndarray of bool
        Of each sample, shape (C, *S): where nothing was measured, which stays NaN.
    letters : str
        What runs along the axes of the estimate, in the user's order, such as "YX" or "SYXC".
    axes : tuple of Axis
        One per letter.
    metadata : mapping
        Of the file or Signal; of the first one of a list.
    notes : tuple of str
        What was read and what was assumed, in sentences.
    sources, protected : tuple of Path
        The files that were read, and others that hold measurements: nothing may overwrite them.
    """

    samples: tuple[Exposures, ...]
    missing: tuple[Mask, ...]
    letters: str
    axes: tuple[Axis, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()
    protected: tuple[Path, ...] = ()

    def protecting(self, *others: Any) -> ImageMeasurement:
        """Protect the files of other measurements too."""
        files = [path for other in others for path in (*other.sources, *other.protected)]
        return replace(self, protected=(*self.protected, *files))

    @property
    def n_samples(self) -> int:
        """Number of samples, S."""
        return len(self.samples)

    @property
    def n_channels(self) -> int:
        """Number of channels, C."""
        return self.samples[0].shape[0]

    @property
    def size(self) -> tuple[int, ...]:
        """Shape of one image or volume without its channels, in the order Z, Y, X."""
        return self.samples[0].shape[1:]

    @property
    def n_dims(self) -> int:
        """2 for images, 3 for volumes."""
        return len(self.size)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the estimate that the user gets: that of one acquisition, and the samples."""
        inner = self._inner()
        return tuple(inner[letter] for letter in self.letters)

    @property
    def spacing(self) -> tuple[tuple[float, ...], str]:
        """Distance of neighbouring elements along Z, Y, X, and its unit; 1 pixel if unknown."""
        axes = [self.axes[self.letters.index(x)] for x in ORDER[2:] if x in self.letters]
        steps, units = [], {axis.unit for axis in axes}
        for axis in axes:
            values = axis.values
            if values is None or len(values) < 2 or len(units) > 1:
                return (1.0,) * len(axes), "pixels"
            step = np.diff(values)
            mean = float(abs(step.mean()))
            if mean == 0 or np.abs(np.abs(step) - mean).max() > _SAME_SPACING * mean:
                return (1.0,) * len(axes), "pixels"
            steps.append(mean)
        return tuple(steps), units.pop() or "units"

    def shaped(self, estimates: Sequence[ArrayLike] | Floats) -> Floats:
        """Bring estimates, one per sample, into the shape that the user gets.

        Parameters
        ----------
        estimates : array_like, shape (S, C, *S)
            One image per sample.

        Returns
        -------
        ndarray of float64
            Of `shape`; NaN where nothing was measured.
        """
        array: Floats = np.array(estimates, dtype=np.float64)
        wanted = (self.n_samples, *self.samples[0].shape)
        if array.shape != wanted:
            raise InputError(f"the estimates have shape {array.shape}: give one of {wanted}.")
        for image, missing in zip(array, self.missing, strict=True):
            image[missing] = np.nan
        inner = [letter for letter in ORDER if letter in self.letters]
        kept = array.reshape([self._inner()[letter] for letter in inner])
        return np.ascontiguousarray(kept.transpose([inner.index(x) for x in self.letters]))

    def by_sample(self, estimate: ArrayLike) -> Floats:
        """Undo `shaped`: bring an array of the user's shape to (S, C, *S).

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
        inner = [letter for letter in ORDER if letter in self.letters]
        moved = array.transpose([self.letters.index(letter) for letter in inner])
        return np.ascontiguousarray(moved).reshape(self.n_samples, *self.samples[0].shape)

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
        return Signal(array, self.axes, {**self.metadata, **(metadata or {})})

    @property
    def setup(self) -> Setup:
        """What other measurements have to have in common with this one."""
        return Setup(self.n_dims, self.n_channels)

    def _inner(self) -> dict[str, int]:
        """Give the length along each letter."""
        space = dict(zip([x for x in ORDER[2:] if x in self.letters], self.size, strict=True))
        return {"S": self.n_samples, "C": self.n_channels, **space}
