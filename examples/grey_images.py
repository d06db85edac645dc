"""Four ways to denoise a grey image: Noise2Noise, Noise2Void, Deep Image Prior, supervised.

Six noisy copies are denoised and scored against the known truth by PSNR, SSIM and Fourier ring
correlation (FRC). FRC also works without a truth, against copies that no method has seen: compare
the last two columns. Look at the sky, the grass and the legs of the tripod, and at which methods
beat a plain total variation (TV), whose weight was chosen by looking at the truth.

    python examples/grey_images.py [--epochs N] [--output DIR]
"""

from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from presentation import Scores, options, print_scores, save_pictures
from skimage import img_as_float
from skimage.color import rgb2gray
from skimage.restoration import denoise_tv_chambolle
from skimage.transform import downscale_local_mean

import autoden as ad
from autoden.evaluation import (
    RingCorrelation,
    denoised_ring_correlation,
    psnr,
    ring_correlation,
    ssim,
)

EPOCHS, SEED = 400, 0
N_COPIES, SIGMA = 6, 40.0  # grey values of 0 to 255
NETWORK = ad.NetworkParamsUNet(n_features=8)

Image = NDArray[np.float64]


def noise2noise(copies: Image, epochs: int) -> Image:
    """Predict each copy from the mean of the others."""
    n2n = ad.N2N(NETWORK, batch_size=1, augmentation="flip", seed=SEED)
    inp, tgt, held_out = n2n.prepare_data(copies, num_tst_ratio=0.05, strategy="X:1")
    n2n.train(inp, tgt, held_out, epochs=epochs, learning_rate=1e-2, restarts=1)
    return n2n.infer(inp)


def noise2void(copies: Image, epochs: int) -> Image:
    """Predict hidden pixels from their surroundings: no copy is asked for another."""
    n2v = ad.N2V(NETWORK, replacement="median", batch_size=1, seed=SEED)
    inp, held_out = n2v.prepare_data(copies, num_tst_ratio=0)
    n2v.train(inp, held_out, epochs=epochs, ratio_blind_spot=0.15, learning_rate=5e-3, restarts=1)
    return n2v.infer(inp).mean(axis=0)


def deep_image_prior(copies: Image, epochs: int) -> Image:
    """Fit a network, which is shown nothing but random numbers, to the mean of the copies."""
    network = ad.NetworkParamsUNet(n_features=16, n_channels_in=8)
    dip = ad.DIP(network, reg_val=0.03, seed=SEED)
    noise, tgt, held_out = dip.prepare_data(copies, num_tst_ratio=0, average_redundant=True)
    dip.train(
        noise, tgt, held_out, epochs=epochs, learning_rate=1e-2, restarts=1, input_jitter=0.03
    )
    return dip.infer(noise)


def supervised(copies: Image, epochs: int) -> Image:
    """Learn from other pictures, which are clean, made as noisy as the mean of the copies."""
    clean = other_pictures()
    rng = np.random.default_rng(SEED + 1)
    noisy = clean + rng.normal(0, SIGMA / np.sqrt(len(copies)), clean.shape)
    learner = ad.Supervised(NETWORK, augmentation="flip", seed=SEED)
    inp, tgt, held_out = learner.prepare_data(noisy, clean, num_tst_ratio=0.05)
    learner.train(inp, tgt, held_out, epochs=epochs, learning_rate=2e-2, restarts=1)
    return learner.infer(copies.mean(axis=0))


def other_pictures() -> Image:
    """Give six photographs of 128 x 128 pixels, from 0 to 255."""
    sizes = {"astronaut": 4, "chelsea": 2, "coffee": 3, "rocket": 3, "coins": 2, "moon": 4}
    pictures = []
    for name, size in sizes.items():
        photograph = img_as_float(getattr(skimage.data, name)())
        grey = rgb2gray(photograph) if photograph.ndim == 3 else photograph
        pictures.append(downscale_local_mean(grey, (size, size))[:128, :128])
    return 255 * np.stack(pictures)


def total_variation(image: Image, truth: Image) -> Image:
    """Denoise without a network, with the weight that the truth says is best."""
    results = (denoise_tv_chambolle(image, weight=w) for w in np.geomspace(2, 60, 15))
    return max(results, key=lambda result: psnr(result, truth, data_range=255))


def main(epochs: int, output: Path) -> Scores:
    truth = downscale_local_mean(skimage.data.camera().astype(float), (4, 4))
    rng = np.random.default_rng(SEED)
    copies, unseen = truth + rng.normal(0, SIGMA, (2, N_COPIES, *truth.shape))
    mean = copies.mean(axis=0)
    images = {
        "mean of 6": mean,
        "mean of 6, TV (tuned on the truth)": total_variation(mean, truth),
        "Noise2Noise": noise2noise(copies, epochs),
        "Noise2Void": noise2void(copies, epochs),
        "Deep Image Prior": deep_image_prior(copies, 3 * epochs),  # of one step each, not six
        "supervised (other pictures)": supervised(copies, epochs),
    }
    curves = {
        name: denoised_ring_correlation(image, raw_half=mean, raw_other_half=unseen.mean(axis=0))
        for name, image in images.items()
    }
    scores = {
        name: {
            "PSNR (dB)": psnr(image, truth, data_range=255),
            "SSIM": ssim(image, truth, data_range=255),
            "FRC with truth": fine_detail(ring_correlation(image, truth, criterion="truth")),
            "FRC without": fine_detail(curves[name]),
        }
        for name, image in images.items()
    }
    print_scores("Against the truth; FRC is that of details of 2 to 3 pixels", scores)
    save_pictures(
        output / "grey_images.png",
        {"truth": truth, "one copy": copies[0], **images},
        value_range=(0, 255),
    )
    figure = ad.report.ring_correlation_figure(
        {name: curves[name] for name in ("mean of 6", "Noise2Noise", "Noise2Void")},
        title="Judged by six copies that no method has seen",
    )
    ad.report.save_figure(figure, output / "grey_images_frc.png", overwrite=True)
    return scores


def fine_detail(curve: RingCorrelation) -> float:
    """Average the correlation over the rings of periods below 3 pixels."""
    return float(np.nanmean(curve.correlation[curve.frequencies > 1 / 3]))


if __name__ == "__main__":
    main(**options(__doc__, EPOCHS))
