"""Deep Image Prior with a blur between estimate and data: deconvolution.

The data are a photograph out of focus, and noisy. The network paints a sharp picture, the operator
blurs it as the lens did, and only that is compared with the data. Look at the ripples that Wiener
and Richardson-Lucy leave, whose settings were tuned on the truth, and at the legs of the tripod:
the network scores best, and yet paints grass over them.

    python examples/deconvolution.py [--epochs N] [--output DIR]
"""

from pathlib import Path

import numpy as np
import skimage.data
import torch
from numpy.typing import NDArray
from presentation import Scores, options, print_scores, save_pictures
from scipy.ndimage import gaussian_filter
from skimage.restoration import richardson_lucy, wiener
from skimage.transform import downscale_local_mean
from torch.nn import functional

import autoden as ad
from autoden.evaluation import psnr, ssim

EPOCHS, SEED = 2500, 0
BLUR, SIGMA = 1.5, 10.0  # standard deviations: of the blur, in pixels, and of the noise
REACH = 6  # of the blur, in pixels

Image = NDArray[np.float64]

PROFILE = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / BLUR) ** 2)
PROFILE /= PROFILE.sum()


def blur(images: torch.Tensor) -> torch.Tensor:
    """Blur images (N, 1, Y, X) along both axes, mirrored at their edges."""
    profile = torch.tensor(PROFILE).to(images)
    padded = functional.pad(images, (REACH,) * 4, mode="reflect")
    rows = functional.conv2d(padded, profile.reshape(1, 1, 1, -1))
    return functional.conv2d(rows, profile.reshape(1, 1, -1, 1))


def deep_image_prior(data: Image, epochs: int) -> Image:
    network = ad.NetworkParamsUNet(n_features=16, n_levels=2, n_channels_in=8)
    dip = ad.DIP(network, reg_val=0.015, operator=blur, seed=SEED)
    noise, tgt, held_out = dip.prepare_data(data, num_tst_ratio=0)
    dip.train(
        noise, tgt, held_out, epochs=epochs, learning_rate=1e-2, restarts=1, input_jitter=0.03
    )
    return dip.infer(noise)


def classical(data: Image) -> dict[str, list[Image]]:
    """Deconvolve by Fourier filter and by iteration, with a row of settings each."""
    wide = np.pad(data, 4 * REACH, mode="symmetric") / 255
    inside = (slice(4 * REACH, -4 * REACH),) * 2
    spread = np.outer(PROFILE, PROFILE)
    filtered = [wiener(wide, spread, b, clip=False) for b in np.geomspace(1e-3, 1, 13)]
    positive = wide.clip(1e-3, 1)
    iterated = [richardson_lucy(positive, spread, num_iter=n) for n in (3, 5, 7, 10, 15, 20, 30)]
    return {
        "Wiener (tuned on the truth)": [255 * image[inside] for image in filtered],
        "Richardson-Lucy (tuned on the truth)": [255 * image[inside] for image in iterated],
    }


def main(epochs: int, output: Path) -> Scores:
    truth = downscale_local_mean(skimage.data.camera().astype(float), (4, 4))
    sharp_no_more = gaussian_filter(truth, BLUR, mode="mirror", radius=REACH)
    data = sharp_no_more + np.random.default_rng(SEED).normal(0, SIGMA, truth.shape)

    def decibels(image: Image) -> float:
        return psnr(image, truth, data_range=255)

    images = {"data": data}
    images |= {name: max(results, key=decibels) for name, results in classical(data).items()}
    images["Deep Image Prior"] = deep_image_prior(data, epochs)
    scores = {
        name: {"PSNR (dB)": decibels(image), "SSIM": ssim(image, truth, data_range=255)}
        for name, image in images.items()
    }
    print_scores("Against the truth", scores)
    save_pictures(
        output / "deconvolution.png", {"truth": truth, **images}, value_range=(0, 255), columns=5
    )
    return scores


if __name__ == "__main__":
    main(**options(__doc__, EPOCHS))
