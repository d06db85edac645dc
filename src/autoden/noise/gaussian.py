"""Gaussian noise of one known level, the same for every element."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from autoden.checks import number
from autoden.noise.exposures import Combined, Exposures, Floats, Split, as_floats, per_repeat


@dataclass(frozen=True)
class Gaussian:
    """Additive noise of one level in every element and acquisition.

    An acquisition of duration t has the mean ``t * rate`` and the noise of any other, so that it
    counts as t squared mean acquisitions: doses are sums of squared durations here.

    Parameters
    ----------
    sigma : float
        Standard deviation of the noise of one acquisition, above 0, in the user's units.

    Raises
    ------
    InputError
        If sigma is not above 0.

    Examples
    --------
    >>> noise = Gaussian(sigma=2.0)
    >>> combined = noise.combine(Exposures([[1.0, 2.0], [3.0, 2.0]]))
    >>> combined.values, combined.dose
    (array([2., 2.]), 2.0)
    >>> noise.variance(combined.values, combined.dose)
    array([2., 2.])
    """

    sigma: float
    name: ClassVar[str] = "gaussian"

    def __post_init__(self) -> None:
        number("sigma", self.sigma, above=0)

    def combine(self, exposures: Exposures) -> Combined:
        """Fit the rate by least squares: ``sum(t y) / sum(t^2)`` with durations t."""
        dose = float(np.sum(exposures.durations**2))
        weights = per_repeat(exposures.durations / dose, exposures.repeats)
        return Combined(np.sum(weights * exposures.repeats, axis=0), dose)

    def variance(self, rate: ArrayLike, dose: float = 1.0) -> Floats:
        """Give ``sigma^2 / dose`` in the shape of the rate."""
        return np.full(np.shape(rate), self.sigma**2 / dose)

    def split(self, exposures: Exposures, fraction: float, rng: np.random.Generator) -> Split:
        r"""Recorrupt the mean y: :math:`y + \sqrt{a/(1-a)}\,w` and :math:`y - \sqrt{(1-a)/a}\,w`.

        With w drawn like the noise of y, and a the fraction, the noises of the two parts are
        uncorrelated and thus, being Gaussian, independent (Pang et al., CVPR 2021; Monroy et al.,
        CVPR 2025). One acquisition is enough.

        Parameters
        ----------
        exposures : Exposures
            One repeat or more.
        fraction : float
            Share of the dose in the target, above 0 and below 1.
        rng : numpy.random.Generator
            Source of the draws.
        """
        number("fraction", fraction, above=0, below=1)
        whole = self.combine(exposures)
        noise = rng.normal(0, self.sigma / math.sqrt(whole.dose), whole.values.shape)
        odds = math.sqrt(fraction / (1 - fraction))
        return Split(
            Combined(whole.values + odds * noise, whole.dose * (1 - fraction)),
            Combined(whole.values - noise / odds, whole.dose * fraction),
        )

    def deviance(self, rate: ArrayLike, values: ArrayLike) -> Floats:
        """Give ``(rate - values)^2 / (2 sigma^2)`` for values of dose 1."""
        return np.asarray(((as_floats(rate) - as_floats(values)) / self.sigma) ** 2 / 2)

    def stabilise(self, values: ArrayLike, dose: float = 1.0) -> Floats:
        """Divide by the standard deviation."""
        return np.asarray(as_floats(values) * (math.sqrt(dose) / self.sigma))

    def unstabilise(self, stabilised: ArrayLike, dose: float = 1.0) -> Floats:
        """Multiply by the standard deviation."""
        return np.asarray(as_floats(stabilised) * (self.sigma / math.sqrt(dose)))

    def simulate(self, rate: ArrayLike, dose: float, rng: np.random.Generator) -> Floats:
        """Add normal noise of variance ``sigma^2 / dose``."""
        return np.asarray(rng.normal(as_floats(rate), self.sigma / math.sqrt(dose)))

    def describe(self) -> str:
        """Say the model and its sigma."""
        return f"Gaussian noise, sigma {self.sigma:.4g}"
