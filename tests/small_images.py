"""Small images and networks for the tests of the public names, which ask for shapes and words."""

import numpy as np
import torch

import autoden as ad

KEYS = {"loss_trn", "loss_trn_data", "loss_tst", "loss_tst_sbi"}
EVERY_DENOISER = [ad.N2N, ad.N2V, ad.DIP, ad.Supervised]
Y, X = np.mgrid[:20, :24]
CLEAN = 10.0 * ((X - 12) ** 2 + (Y - 10) ** 2 < 40) + 3.0


def measure(*leading, seed=0):
    """Draw repeated counts of an image of 20 x 24 pixels."""
    return np.random.default_rng(seed).poisson(CLEAN, (*leading, *CLEAN.shape)).astype(float)


def small(n_dims=2, n_channels=1, n_channels_out=None):
    return ad.NetworkParamsDnCNN(
        n_dims=n_dims, n_layers=3, n_features=4,
        n_channels_in=n_channels, n_channels_out=n_channels_out or n_channels,
    )  # fmt: skip


def make(denoiser, model=None, **options):
    options = {"verbose": False, "seed": 0} | options
    return denoiser(model or small(), **options)


def prepare(denoiser, noisy=None):
    noisy = measure(4) if noisy is None else noisy
    return denoiser.prepare_data(noisy, *[CLEAN] * isinstance(denoiser, ad.Supervised))


def trained(denoiser, model=None, *, epochs=2, options=None, **training):
    """Prepare data, train, and return the denoiser, its data and its losses."""
    denoiser = make(denoiser, model, **(options or {}))
    data = prepare(denoiser)
    return denoiser, data, denoiser.train(*data, epochs=epochs, **training)


def weights_of(network):
    return torch.cat([p.detach().flatten().cpu() for p in network.parameters()])
