"""Noise of a single image whose variance rises with the signal, as that of counts and read-out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from autoden.checks import number
from autoden.noise.exposures import Combined, Exposures, Split
from autoden.noise.unknown import Unknown

AROUND = 1.5
"""Pixels (sigma) over which the image is averaged, to know the variance in each."""


@dataclass(frozen=True)
class SingleUnknown(Unknown):
    """A variance of floor + slope * rate, known well enough to split a single image."""

    def split(self, exposures: Exposures, fraction: float, rng: np.random.Generator) -> Split:
        r"""Recorrupt the mean, with noise of the variance that its surroundings have.

        As for Gaussian noise, :math:`y + \sqrt{a/(1-a)}\,w` and :math:`y - \sqrt{(1-a)/a}\,w`: the
        noises of the two parts are uncorrelated if w has the variance of the noise of y.

        Parameters
        ----------
        exposures : Exposures
            One repeat or more, (R, C, *S) or (R, *S).
        fraction : float
            Share of the dose in the target, above 0 and below 1.
        rng : numpy.random.Generator
            Source of the draws.
        """
        number("fraction", fraction, above=0, below=1)
        whole = self.combine(exposures)
        values = whole.values
        widths = [0.0 if size < 8 else AROUND for size in values.shape]
        sigma = np.sqrt(self.variance(gaussian_filter(values, widths), whole.dose))
        noise = rng.normal(0, sigma)
        odds = math.sqrt(fraction / (1 - fraction))
        return Split(
            Combined(values + odds * noise, whole.dose * (1 - fraction)),
            Combined(values - noise / odds, whole.dose * fraction),
        )
