"""Noise2Inverse: denoise a tomographic slice with nothing but its own noisy projections.

The projections go, by turns, into four sets. Each set gives a reconstruction of its own, and a
network learns to predict each from the mean of the others, as they share the slice but no noise.
Look at the noise in the flat parts, and at the three small ellipses near the bottom: what drowns
in the noise of all projections no method brings back. Total variation has its weight tuned on the
truth, and suits phantoms, which are flat between their edges.

    python examples/noise2inverse.py [--epochs N] [--output DIR]
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from presentation import Scores, options, print_scores, save_pictures
from skimage.data import shepp_logan_phantom
from skimage.restoration import denoise_tv_chambolle
from skimage.transform import radon, resize

import autoden as ad
from autoden.evaluation import psnr
from autoden.transforms import ParallelBeam

EPOCHS, SEED = 200, 0
SIZE, N_ANGLES, SIGMA = 100, 282, 2.0  # the noise is that of a line integral, in pixels

Image = NDArray[np.float64]


def main(epochs: int, output: Path) -> Scores:
    truth = resize(shepp_logan_phantom(), (SIZE, SIZE), anti_aliasing=True)
    angles = np.arange(N_ANGLES) * np.pi / N_ANGLES
    clean = radon(truth, np.rad2deg(angles)).T  # (angles, detectors)
    sinogram = clean + np.random.default_rng(SEED).normal(0, SIGMA, clean.shape)

    network = ad.NetworkParamsDnCNN(n_layers=8, n_features=24)
    n2i = ad.N2I(network, batch_size=1, augmentation="flip", seed=SEED)
    inp, tgt, held_out = n2i.prepare_data(sinogram, angles, n_splits=4, strategy="X:1")
    n2i.train(inp, tgt, held_out, epochs=epochs, learning_rate=3e-3, restarts=1)

    beam = ParallelBeam(angles, SIZE)
    inside = beam.circle.numpy()

    def decibels(image: Image) -> float:
        return psnr(image[inside], truth[inside], data_range=1)

    def reconstruct(window: str) -> Image:
        projections = torch.from_numpy(sinogram)
        return np.where(inside, beam.filtered_back_projection(projections, window), 0)

    plain = reconstruct("ram-lak")
    weights = np.geomspace(0.02, 0.2, 15)
    smoothed = (denoise_tv_chambolle(plain, w, eps=1e-5, max_num_iter=500) for w in weights)
    images = {
        "filtered back-projection": plain,
        "the same, Hann window": reconstruct("hann"),
        "the same, TV (tuned on the truth)": max(smoothed, key=decibels),
        "Noise2Inverse": n2i.infer(inp),
    }
    scores = {name: {"PSNR (dB)": decibels(image)} for name, image in images.items()}
    print_scores("Inside the circle that all projections see", scores)
    save_pictures(
        output / "noise2inverse.png",
        {"truth": truth, **images},
        value_range=(-0.1, 0.6),
        columns=5,
    )
    return scores


if __name__ == "__main__":
    main(**options(__doc__, EPOCHS))
