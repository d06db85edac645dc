"""The mean of the exposures itself: what every filter is measured against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from autoden.baselines.baseline import Baseline, Floats
from autoden.noise.model import NoiseModel


@dataclass(frozen=True)
class Mean(Baseline):
    """Leave the combined value of the exposures as it is, in any number of dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> from autoden.noise import Combined, Poisson
    >>> Mean().apply(Combined(np.array([0.5, 2.0]), dose=4), Poisson())
    array([0.5, 2. ])
    """

    name: ClassVar[str] = "mean"

    def smooth(self, values: Floats, dose: float, noise: NoiseModel) -> Floats:
        """Return a copy of the values."""
        return values.copy()

    def describe(self) -> str:
        """Say what it is."""
        return "mean of the exposures"

    @classmethod
    def grid(cls, shape: Sequence[int]) -> tuple[Self, ...]:
        """There is one mean."""
        return (cls(),)
