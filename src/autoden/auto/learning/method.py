"""What `denoise` chooses among: ways from the mean of some exposures to their rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autoden.baselines.baseline import Baseline
from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel

Floats = NDArray[np.float64]


class Method(Protocol):
    """A method with all its parameters; the same parts give the same rates."""

    @property
    def name(self) -> str:
        """Short name, such as "savitzky-golay"."""

    def describe(self) -> str:
        """Say the parameters in one phrase."""

    def rates(self, parts: Sequence[Combined]) -> list[Floats]:
        """Estimate the rate of each part, in the user's units of one acquisition."""


@dataclass(frozen=True)
class Filter:
    """A classical filter as a method.

    Attributes
    ----------
    baseline : Baseline
        The filter with its parameters.
    noise : NoiseModel
        What the noise of the parts is.
    """

    baseline: Baseline
    noise: NoiseModel

    @property
    def name(self) -> str:
        """Name of the family."""
        return self.baseline.name

    def describe(self) -> str:
        """Say filter and parameters."""
        return self.baseline.describe()

    def rates(self, parts: Sequence[Combined]) -> list[Floats]:
        """Filter each part."""
        if parts and parts[0].values.ndim > 1:  # images: channels first, which some filters join
            return [
                self.baseline.smooth_channels(part.values[np.newaxis], part.dose, self.noise)[0]
                for part in parts
            ]
        return [
            rate
            for dose, values in alike(parts)
            for rate in self.baseline.smooth(values, dose, self.noise)
        ]


def alike(parts: Sequence[Combined]) -> list[tuple[float, Floats]]:
    """Stack neighbouring parts of the same dose: pairs of a dose and values (K, n)."""
    stacks: list[tuple[float, list[Floats]]] = []
    for part in parts:
        if not stacks or stacks[-1][0] != part.dose:
            stacks.append((part.dose, []))
        stacks[-1][1].append(part.values)
    return [(dose, np.stack(values)) for dose, values in stacks]
