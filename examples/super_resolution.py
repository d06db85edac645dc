"""Deep Image Prior with a down-sampling between estimate and data: super-resolution.

Each pixel of the data is the mean of four, with noise. The network paints a picture of twice as
many rows and columns, the operator averages its pixels as the detector did, and only that is
compared with the data. Look at the edges of the coat and at the legs of the tripod: they are
smooth and plausible, and fit the data; that does not make them measured.

    python examples/super_resolution.py [--epochs N] [--output DIR]
"""

from pathlib import Path

import numpy as np
import skimage.data
import torch
from numpy.typing import NDArray
from presentation import Scores, options, print_scores, save_pictures
from skimage.restoration import denoise_tv_chambolle
from skimage.transform import downscale_local_mean, resize
from torch.nn import functional

import autoden as ad
from autoden.evaluation import psnr, ssim

EPOCHS, SEED = 2000, 0
SIGMA = 5.0  # grey values of 0 to 255

Image = NDArray[np.float64]


def halve(images: torch.Tensor) -> torch.Tensor:
    """Average images (N, 1, Y, X) over squares of four pixels."""
    return functional.avg_pool2d(images, 2)


def deep_image_prior(data: Image, shape: tuple[int, ...], epochs: int) -> Image:
    network = ad.NetworkParamsUNet(n_features=16, n_levels=2, n_channels_in=8)
    dip = ad.DIP(network, reg_val=0.03, operator=halve, seed=SEED)
    noise, tgt, held_out = dip.prepare_data(data, num_tst_ratio=0, shape=shape)
    dip.train(
        noise, tgt, held_out, epochs=epochs, learning_rate=1e-2, restarts=1, input_jitter=0.03
    )
    return dip.infer(noise)


def main(epochs: int, output: Path) -> Scores:
    truth = downscale_local_mean(skimage.data.camera().astype(float), (4, 4))
    coarse = downscale_local_mean(truth, (2, 2))
    data = coarse + np.random.default_rng(SEED).normal(0, SIGMA, coarse.shape)

    def decibels(image: Image) -> float:
        return psnr(image, truth, data_range=255)

    smoothed = [denoise_tv_chambolle(data, weight=w) for w in np.geomspace(0.5, 20, 15)]
    images = {
        "pixels doubled": np.kron(data, np.ones((2, 2))),
        "cubic interpolation": resize(data, truth.shape, order=3),
        "TV (tuned on the truth), cubic": max(
            (resize(image, truth.shape, order=3) for image in smoothed), key=decibels
        ),
        "Deep Image Prior": deep_image_prior(data, truth.shape, epochs),
    }
    scores = {
        name: {"PSNR (dB)": decibels(image), "SSIM": ssim(image, truth, data_range=255)}
        for name, image in images.items()
    }
    print_scores("Against the truth", scores)
    save_pictures(
        output / "super_resolution.png",
        {"truth": truth, **images},
        value_range=(0, 255),
        columns=5,
    )
    return scores


if __name__ == "__main__":
    main(**options(__doc__, EPOCHS))
