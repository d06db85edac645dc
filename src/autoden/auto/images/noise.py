"""What the noise of images is: asked of each channel by itself, since they differ in content."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoden.noise.choice import NoiseName, NoiseVerdict, choose_noise
from autoden.noise.exposures import Exposures
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson

RELATIVE_ERROR = 0.02
"""Of the variance of the noise of a single image, where nothing better is known."""


def choose_image_noise(samples: Sequence[Exposures], noise: NoiseName) -> NoiseVerdict:
    """Choose the noise model of images, (R, C, *S), as `choose_noise` does of spectra."""
    return choose_noise(planes(samples), noise)


def planes(samples: Sequence[Exposures]) -> list[Exposures]:
    """Give every channel as exposures of its own, (R, *S)."""
    return [
        Exposures(sample.repeats[:, channel], sample.durations)
        for sample in samples
        for channel in range(sample.shape[0])
    ]


def relative_error(samples: Sequence[Exposures], noise: NoiseModel) -> float:
    """Say how well the variance of the noise is known, as a share of it."""
    if isinstance(noise, Poisson):
        return 0.0
    freedom = sum((sample.n_repeats - 1) * sample.repeats[0].size for sample in samples)
    chance = float(np.sqrt(2 / freedom)) if freedom else 0.0
    return chance if freedom else RELATIVE_ERROR
