"""What every noise model can do: combine, split and simulate measurements, and weigh errors.

One file per model: `poisson`, `gaussian`, `unknown`. Their parameters are estimated in
`estimation`; which of them fits is decided in `choice`.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike

from autoden.noise.exposures import Combined, Exposures, Floats, Split


class NoiseModel(Protocol):
    """How measured values scatter around their expected value, the rate.

    Rates and values are in the user's units of one mean acquisition; a dose is the number of mean
    acquisitions that a value averages. All arrays have any shape and are float64.
    """

    name: ClassVar[str]
    """What users call it: "poisson", "gaussian" or "unknown"."""

    def combine(self, exposures: Exposures) -> Combined:
        """Average all repeats (R, *S), weighted for the least variance."""

    def variance(self, rate: ArrayLike, dose: float = 1.0) -> Floats:
        """Give the variance of a value that averages `dose` acquisitions, in squared units."""

    def split(self, exposures: Exposures, fraction: float, rng: np.random.Generator) -> Split:
        """Divide a measurement into two independent parts, both unbiased estimates of the rate.

        `fraction`, above 0 and below 1, is the share of the dose that goes into the target.
        """

    def deviance(self, rate: ArrayLike, values: ArrayLike) -> Floats:
        """Give the data term per element: half the deviance of values of dose 1, in nats.

        It is 0 where `rate` equals `values`, and its mean over noisy values is least at their
        expected value. Multiply by the dose for values that average more.
        """

    def stabilise(self, values: ArrayLike, dose: float = 1.0) -> Floats:
        """Transform values to unit variance."""

    def unstabilise(self, stabilised: ArrayLike, dose: float = 1.0) -> Floats:
        """Give the rates whose transformed values have this mean: the unbiased inverse."""

    def simulate(self, rate: ArrayLike, dose: float, rng: np.random.Generator) -> Floats:
        """Draw values that average `dose` acquisitions of this rate."""

    def describe(self) -> str:
        """Say the model and its parameters in one phrase."""
