"""Set12: the twelve grey images on which denoisers are compared, and the noise that all share.

The images lie in ``../shared/data/images`` beside the checkout, or in the folder that the variable
``AUTODEN_SET12`` names: 01 to 07 of 256 x 256 pixels, 08 to 12 of 512 x 512. Noise is drawn for all
of them in order from one generator, so that any subset sees the same noise; nothing is clipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

Image = NDArray[np.float64]
NAMES = tuple(f"{number:02d}" for number in range(1, 13))
RANGE = 255.0


def folder() -> Path:
    """Give the folder of the images."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "images"
    return Path(os.environ.get("AUTODEN_SET12", beside))


def load(name: str) -> Image:
    """Give the image called "01" to "12", grey levels from 0 to 255."""
    with Picture.open(folder() / f"{name}.png") as picture:
        return np.asarray(picture.convert("L"), dtype=np.float64)


def noisy_images(
    sigma: float, names: Sequence[str] = NAMES, seed: int = 1
) -> Iterator[tuple[str, Image, Image]]:
    """Give name, truth and noisy image of each name: Gaussian noise, unclipped."""
    rng = np.random.default_rng(seed)
    for name in NAMES:
        truth = load(name)
        noise = rng.normal(size=truth.shape) * sigma
        if name in names:
            yield name, truth, truth + noise


def psnr(estimate: Image, truth: Image) -> float:
    """Give the peak signal-to-noise ratio in dB for a data range of 255."""
    return float(10 * np.log10(RANGE**2 / np.mean((estimate - truth) ** 2)))
