import numpy as np
import pytest
import torch
from scipy.ndimage import convolve1d, gaussian_filter

import autoden as ad
from autoden.errors import InputError

SHAPES = {2: (40, 48), 3: (16, 20, 24)}


def smooth_truth(shape, seed=0):
    truth = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 4.0, mode="wrap")
    return truth / truth.std()


def make_denoiser(n_dims=2, **options):
    network = options.pop("model", ad.NetworkParamsDnCNN(n_dims=n_dims, n_features=8, n_layers=5))
    return ad.N2V(network, seed=0, verbose=False, **options)


def denoise(noisy, mask_shape=1, epochs=150, ratio_blind_spot=0.05, **options):
    n2v = make_denoiser(**options)
    inp, test_indices = n2v.prepare_data(noisy, num_tst_ratio=0)  # few: all of them train
    n2v.train(
        inp, test_indices,
        epochs=epochs, mask_shape=mask_shape, ratio_blind_spot=ratio_blind_spot,
        learning_rate=1e-2, restarts=1,
    )  # fmt: skip
    return n2v.infer(inp)


def mse(estimate, truth):
    return float(np.mean((estimate - truth) ** 2))


def correlated_noise(shape, axis, rng):
    """Draw noise that five neighbours along one axis share."""
    white = rng.normal(size=shape)
    return convolve1d(white, np.ones(3) / np.sqrt(3), axis=axis, mode="wrap")


@pytest.mark.parametrize(
    ("n_dims", "axis"),
    [
        (2, -1),
        (2, -2),
        (3, -3),
        pytest.param(3, -1, marks=pytest.mark.slow),
        pytest.param(3, -2, marks=pytest.mark.slow),
    ],
)
def test_the_right_mask_removes_noise_that_plain_blind_spots_keep(n_dims, axis):
    truth = smooth_truth(SHAPES[n_dims])
    noisy = truth + correlated_noise((2, *truth.shape), axis, np.random.default_rng(1))
    right, wrong = [1] * n_dims, [1] * n_dims
    right[axis] = 5
    wrong[axis - 1 if axis > -n_dims else -1] = 5
    model = ad.NetworkParamsDnCNN(n_dims=n_dims, n_features=8, n_layers=3)
    plain, along, across = (
        mse(denoise(noisy, mask, epochs=100, ratio_blind_spot=0.1, model=model), truth)
        / mse(noisy, truth)
        for mask in (1, right, wrong)
    )
    assert along < 0.25
    assert plain > 2 * along
    assert across > 2 * along


@pytest.mark.parametrize("replacement", ["neighbour", "median", "noise"])
def test_a_single_image_is_denoised_by_held_out_pixels(replacement):
    truth = smooth_truth((64, 64))
    noisy = truth + np.random.default_rng(1).normal(size=truth.shape)
    n2v = make_denoiser(replacement=replacement)
    inp, test_indices = n2v.prepare_data(noisy)
    losses = n2v.train(
        inp, test_indices, epochs=150, ratio_blind_spot=0.05, learning_rate=1e-2, restarts=1
    )
    assert test_indices == []
    assert np.isfinite(losses["loss_tst"]).all()
    assert mse(n2v.infer(inp), truth) < 0.3 * mse(noisy, truth)


def test_a_short_signal_is_denoised():
    truth = np.sin(np.linspace(0, 6, 40))
    noisy = truth + np.random.default_rng(0).normal(0, 0.3, (5, 40))
    denoised = denoise(noisy, n_dims=1, epochs=200, ratio_blind_spot=0.15)
    assert mse(denoised, truth) < 0.5 * mse(noisy, truth)


def test_what_is_scored_is_drawn_once():
    noisy = np.random.default_rng(0).normal(size=(4, 32, 32))
    n2v = make_denoiser(model=torch.nn.Conv2d(1, 1, 5, padding=2))
    inp, test_indices = n2v.prepare_data(noisy)
    still = n2v.train(inp, test_indices, epochs=4, learning_rate=1e-12)
    assert np.ptp(still["loss_tst"]) < 1e-6  # nothing is learnt: the same score every time
    assert np.ptp(still["loss_trn"]) > 1e-4  # other pixels every time


def test_whole_measurements_are_held_out_where_there_are_several():
    n2v = make_denoiser()
    inp, test_indices = n2v.prepare_data(np.random.default_rng(0).normal(size=(10, 8, 8)))
    assert len(test_indices) == 2
    assert inp.shape == (10, 8, 8)


def test_batches_patches_and_augmentations_are_taken():
    truth = smooth_truth((48, 48))
    noisy = truth + np.random.default_rng(1).normal(size=(4, 48, 48))
    denoised = denoise(noisy, batch_size=2, patch_size=24, augmentation=["flip", "rot90"])
    assert mse(denoised, truth) < 0.3 * mse(noisy, truth)


def test_n2v2_changes_the_network_and_what_hides():
    n2v = make_denoiser(model=ad.NetworkParamsUNet(n_features=4), variant="n2v2")
    assert n2v.replacement == "median"
    assert n2v.model.init_params["blur_pool"]
    assert not n2v.model.init_params["top_skip"]
    truth = smooth_truth((48, 48))
    noisy = truth + np.random.default_rng(1).normal(size=(3, 48, 48))
    model = ad.NetworkParamsUNet(n_features=4)
    assert mse(denoise(noisy, model=model, variant="n2v2"), truth) < 0.3 * mse(noisy, truth)


@pytest.mark.parametrize("model", ["dncnn", ad.NetworkParamsResnet(), {"not": "a network"}])
def test_n2v2_refuses_what_is_no_u_net(model):
    with pytest.raises(InputError, match="n2v2"):
        make_denoiser(model=model, variant="n2v2")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ratio_blind_spot": 0}, "ratio_blind_spot"),
        ({"ratio_blind_spot": 1.5}, "ratio_blind_spot"),
        ({"mask_shape": 4}, "mask_shape"),
        ({"mask_shape": (1, 1, 1)}, "mask_shape"),
        ({"mask_shape": 31}, "too short"),
        ({"tst_inds": [7]}, "tst_inds"),
        ({"tst_inds": [0, 1, 2]}, "every measurement"),
        ({"tst_inds": [0.5]}, "tst_inds"),
        ({"epochs": 0}, "epochs"),
    ],
)
def test_settings_out_of_range_are_refused_before_training(options, message):
    n2v = make_denoiser()
    inp, _ = n2v.prepare_data(np.random.default_rng(0).normal(size=(3, 16, 16)))
    arguments = {"tst_inds": [0], "epochs": 1, **options}
    with pytest.raises(InputError, match=message):
        n2v.train(inp, **arguments)


def test_constant_data_are_refused():
    n2v = make_denoiser()
    inp, test_indices = n2v.prepare_data(np.ones((3, 16, 16)))
    with pytest.raises(InputError, match="constant"):
        n2v.train(inp, test_indices, epochs=1)


def test_two_elements_are_too_short():
    n2v = make_denoiser(n_dims=1)
    inp, test_indices = n2v.prepare_data([1.0, 2.0])
    with pytest.raises(InputError, match="too short"):
        n2v.train(inp, test_indices, epochs=1)
