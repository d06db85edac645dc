"""Noise2Noise on colour images: the network sees red, green and blue together.

Four noisy copies of a photograph are denoised twice: with a network that sees all three colours,
and with one that sees each colour by itself. What the colours share, edges above all, is there
three times, with noise of its own. Look at the face and the rocket, and at the price: faint
colours, such as those of the wall and of the badge, fade where all three are denoised together.

    python examples/rgb_images.py [--epochs N] [--output DIR]
"""

from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from presentation import Scores, options, print_scores, save_pictures
from skimage.restoration import denoise_tv_chambolle
from skimage.transform import downscale_local_mean

import autoden as ad
from autoden.evaluation import psnr, ssim

EPOCHS, SEED = 450, 0
N_COPIES, SIGMA = 4, 40.0  # grey values of 0 to 255 in each colour

Image = NDArray[np.float64]


def together(copies: Image, epochs: int) -> Image:
    """Denoise copies (4, Y, X, 3) with a network of three channels."""
    network = ad.NetworkParamsUNet(n_features=8, n_channels_in=3, n_channels_out=3)
    n2n = ad.N2N(network, batch_size=1, augmentation="flip", seed=SEED)
    inp, tgt, held_out = n2n.prepare_data(copies, 0.05, strategy="X:1", channel_axis=-1)
    n2n.train(inp, tgt, held_out, epochs=epochs, learning_rate=1e-2, restarts=1)
    return n2n.infer(inp, channel_axis_dst=-1)


def one_by_one(copies: Image, epochs: int) -> Image:
    """Denoise copies (4, Y, X, 3) with a network of one channel, to which colours are images."""
    network = ad.NetworkParamsUNet(n_features=8)
    n2n = ad.N2N(network, batch_size=3, augmentation="flip", seed=SEED)
    colours = np.moveaxis(copies, -1, 1)  # (4, 3, Y, X)
    inp, tgt, held_out = n2n.prepare_data(colours, 0.05, strategy="X:1")
    n2n.train(inp, tgt, held_out, epochs=epochs, learning_rate=1e-2, restarts=1)
    return np.moveaxis(n2n.infer(inp), 0, -1)


def main(epochs: int, output: Path) -> Scores:
    truth = downscale_local_mean(skimage.data.astronaut().astype(float), (4, 4, 1))
    copies = truth + np.random.default_rng(SEED).normal(0, SIGMA, (N_COPIES, *truth.shape))
    mean = copies.mean(axis=0)

    def decibels(image: Image) -> float:
        return psnr(image, truth, data_range=255)

    weights = np.geomspace(5, 100, 15)
    smoothed = (denoise_tv_chambolle(mean, weight=w, channel_axis=-1) for w in weights)
    images = {
        "one copy": copies[0],
        "mean of 4": mean,
        "mean of 4, TV (tuned on the truth)": max(smoothed, key=decibels),
        "Noise2Noise, each colour alone": one_by_one(copies, epochs),
        "Noise2Noise, colours together": together(copies, epochs),
    }
    scores = {
        name: {
            "PSNR (dB)": decibels(image),
            "SSIM": ssim(image, truth, data_range=255, channel_axis=-1),
        }
        for name, image in images.items()
    }
    print_scores("Against the truth", scores)
    save_pictures(
        output / "rgb_images.png", {"truth": truth, **images}, value_range=(0, 255), columns=3
    )
    return scores


if __name__ == "__main__":
    main(**options(__doc__, EPOCHS))
