"""Penalties on the output of a network: total variation, TGV, wavelets, learnt filters.

A Deep Image Prior (DIP) is fitted to one noisy photograph, alone and with each penalty; their
weights were chosen on another photograph. Look at the sky, where the network alone paints noise,
and at the legs of the tripod, which the penalties wear away. "held out" is the error on pixels that
the fit did not see: it needs no truth, and ranks the penalties nearly as PSNR does. In a single
image this noisy, total variation without a network, tuned on the truth, is better than them all.

    python examples/regularisation.py [--epochs N] [--output DIR]
"""

from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from presentation import Scores, options, print_scores, save_pictures
from skimage.restoration import denoise_tv_chambolle, denoise_wavelet
from skimage.transform import downscale_local_mean

import autoden as ad
from autoden.evaluation import psnr, ssim
from autoden.losses import LossCCF, LossDWTN, LossRegularizer, LossSWTN, LossTGV, LossTV
from autoden.transforms import ParsevalFilterBankND, train_sparsity

EPOCHS, SEED = 800, 0
SIGMA = 20.0  # grey values of 0 to 255

Image = NDArray[np.float64]


def learnt_filters() -> LossCCF:
    """Learn 5 x 5 filters that have little to say of clean pictures."""
    names = ("coins", "moon", "brick", "gravel")
    pictures = [downscale_local_mean(getattr(skimage.data, name)(), (2, 2)) for name in names]
    clean = np.stack([picture[:128, :128] / 255 for picture in pictures])
    bank = ParsevalFilterBankND(5)
    train_sparsity(bank, clean[:3], clean[3:], n_epochs=60, batch_size=1, lr=1e-2, seed=SEED)
    return LossCCF(0.06, bank.get_kernels(), bank.get_filter_weights())


def deep_image_prior(
    noisy: Image, penalty: LossRegularizer | None, epochs: int
) -> tuple[Image, float]:
    """Fit a network to an image; give its output and its error on pixels held out."""
    network = ad.NetworkParamsUNet(n_features=16, n_levels=2, n_channels_in=8)
    dip = ad.DIP(network, reg_val=penalty, seed=SEED)
    noise, tgt, held_out = dip.prepare_data(noisy, num_tst_ratio=0.05)
    history = dip.train(
        noise, tgt, held_out, epochs=epochs, learning_rate=1e-2, restarts=1, input_jitter=0.03
    )
    return dip.infer(noise), history.best_held_out


def main(epochs: int, output: Path) -> Scores:
    truth = downscale_local_mean(skimage.data.camera().astype(float), (4, 4))
    noisy = truth + np.random.default_rng(SEED).normal(0, SIGMA, truth.shape)
    smoothed = (denoise_tv_chambolle(noisy, weight=w) for w in np.geomspace(5, 60, 12))
    images = {
        "noisy": noisy,
        "TV alone (tuned on the truth)": max(
            smoothed, key=lambda image: psnr(image, truth, data_range=255)
        ),
        "wavelets alone (sigma given)": denoise_wavelet(noisy, sigma=SIGMA, rescale_sigma=True),
    }
    penalties = {
        "DIP": None,
        "DIP, TV": LossTV(0.06),
        "DIP, TGV": LossTGV(0.05),
        "DIP, wavelets (decimated)": LossDWTN(0.1, level=3, min_approx=False),
        "DIP, wavelets (stationary)": LossSWTN(0.1, level=3, min_approx=False),
        "DIP, learnt filters": learnt_filters(),
    }
    errors = dict.fromkeys(images, float("nan"))
    for name, penalty in penalties.items():
        images[name], errors[name] = deep_image_prior(noisy, penalty, epochs)
    scores = {
        name: {
            "PSNR (dB)": psnr(image, truth, data_range=255),
            "SSIM": ssim(image, truth, data_range=255),
            "held out": errors[name],
        }
        for name, image in images.items()
    }
    print_scores("Against the truth, and error on held-out pixels", scores)
    save_pictures(
        output / "regularisation.png", {"truth": truth, **images}, value_range=(0, 255), columns=5
    )
    return scores


if __name__ == "__main__":
    main(**options(__doc__, EPOCHS))
