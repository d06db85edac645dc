"""How much of a scene passes for white noise: the level of single images, beside what was added.

    python benchmarks/scene_grain.py

Noise of three levels is added to the pictures that scikit-image brings along, but for the camera,
which is in Set12, and measured from the single noisy image. What is found beyond what was added is
the scene's own grain, as a share of the variance of the picture. `autoden.auto.images.errors` takes
the median of the first column off, where the added noise hides least.
"""

from __future__ import annotations

import argparse

import numpy as np
from skimage import data
from skimage.color import rgb2gray

from autoden.noise import Exposures
from autoden.noise.level import gaussian_level

PICTURES = (
    "astronaut", "brick", "cell", "chelsea", "clock", "coffee", "coins", "grass",
    "gravel", "hubble_deep_field", "immunohistochemistry", "microaneurysms", "moon", "page",
    "retina", "rocket", "text",
)  # fmt: skip
SIGMAS, N_DRAWS, MOST = (15.0, 25.0, 50.0), 4, 512


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0]).parse_args()
    shares = []
    for name in PICTURES:
        picture = np.asarray(getattr(data, name)())
        grey = 255 * rgb2gray(picture) if picture.ndim == 3 else picture.astype(float)
        grey = grey[:MOST, :MOST]
        shares.append([_excess(grey, sigma) / grey.var() for sigma in SIGMAS])
        print(f"{name:22}", *(f"{100 * share:7.2f} %" for share in shares[-1]), flush=True)
    print(f"{'median':22}", *(f"{100 * share:7.2f} %" for share in np.median(shares, axis=0)))


def _excess(grey: np.ndarray, sigma: float) -> float:
    """Give the variance that is found beyond that of the added noise."""
    found = []
    for seed in range(N_DRAWS):
        noisy = grey + np.random.default_rng(seed).normal(0, sigma, grey.shape)
        found.append(gaussian_level([Exposures(noisy[np.newaxis])]).value ** 2 - sigma**2)
    return float(np.mean(found))


if __name__ == "__main__":
    main()
