import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

import autoden as ad
from autoden.errors import InputError


def make_truths(n=8, length=128):
    rng = np.random.default_rng(0)
    return np.stack([gaussian_filter1d(rng.normal(size=length), 4, mode="wrap") for _ in range(n)])


def make_denoiser(**options):
    channels = {"n_channels_in": 1, "n_channels_out": 1} | options
    model = ad.NetworkParamsDnCNN(n_dims=1, n_features=8, n_layers=4, **channels)
    return ad.Supervised(model, seed=0, verbose=False)


def add_noise(truths, seed=1, sigma=0.2):
    return truths + np.random.default_rng(seed).normal(0, sigma, truths.shape)


@pytest.mark.parametrize("strategy", ["pixel-mask", "self-similar"])
def test_new_measurements_of_the_kind_are_denoised(strategy):
    truths = make_truths()
    supervised = make_denoiser()
    prepared = supervised.prepare_data(add_noise(truths[:6]), truths[:6], strategy=strategy)
    losses = supervised.train(*prepared, epochs=150, learning_rate=1e-2, restarts=1)
    new = add_noise(truths[6:], seed=2)
    error = np.mean((supervised.infer(new) - truths[6:]) ** 2)
    assert error < 0.4 * np.mean((new - truths[6:]) ** 2)
    assert np.isfinite(losses["loss_tst"]).all()


def test_one_clean_target_serves_all():
    truth = make_truths()[0]
    _, tgt, mask = make_denoiser().prepare_data(add_noise(np.stack([truth] * 5)), truth)
    np.testing.assert_allclose(tgt, np.stack([truth] * 5))
    assert mask.shape == (5, 128)
    assert (mask == mask[0]).all()


def test_whole_measurements_are_held_out():
    truths = make_truths()
    _, _, indices = make_denoiser().prepare_data(
        add_noise(truths), truths, num_tst_ratio=0.25, strategy="self-similar"
    )
    assert len(indices) == 2
    assert all(isinstance(index, int) for index in indices)


def test_input_and_target_may_have_other_units_and_channels():
    """Two detectors in, the clean sum in other units out."""
    truths = make_truths()
    noisy = np.stack([add_noise(truths, 1), add_noise(truths, 2)], axis=1)  # (8, 2, 128)
    clean = 1000 + 50 * truths
    supervised = make_denoiser(n_channels_in=2)
    prepared = supervised.prepare_data(noisy, clean, channel_axis=1)
    supervised.train(*prepared, epochs=150, learning_rate=1e-2, restarts=1)
    estimate = supervised.infer(prepared[0])
    assert estimate.shape == clean.shape
    assert np.mean((estimate - clean) ** 2) < 0.4 * np.mean((50 * (noisy[:, 0] - truths)) ** 2)


@pytest.mark.parametrize(
    ("inp", "tgt", "message"),
    [
        (np.zeros((3, 64)), np.zeros((2, 64)), "do not fit"),
        (np.zeros((3, 64)), np.zeros((3, 60)), "size"),
        (np.full((3, 64), np.nan), np.zeros((3, 64)), "input"),
        (np.zeros((3, 64)), np.full((3, 64), np.inf), "target"),
    ],
)
def test_data_that_do_not_fit_are_refused(inp, tgt, message):
    with pytest.raises(InputError, match=message):
        make_denoiser().prepare_data(inp, tgt)


def test_targets_of_some_of_the_leading_axes_are_refused_not_repeated():
    rng = np.random.default_rng(0)
    inp = rng.normal(size=(4, 3, 64))
    for leading in [(3,), (4, 1), (12,), (1, 3)]:
        with pytest.raises(InputError, match="one clean measurement for each noisy one"):
            make_denoiser().prepare_data(inp, rng.normal(size=(*leading, 64)))
    for leading in [(), (1,), (1, 1), (4, 3)]:
        tgt = rng.normal(size=(*leading, 64))
        _, prepared, _ = make_denoiser().prepare_data(inp, tgt)
        np.testing.assert_array_equal(prepared, np.broadcast_to(tgt, inp.shape))


@pytest.mark.parametrize("channel_axis", [99, "a", -1])
def test_a_channel_axis_is_checked_where_there_is_one_channel(channel_axis):
    truths = make_truths()
    with pytest.raises(InputError, match="channel"):
        make_denoiser().prepare_data(add_noise(truths), truths, channel_axis=channel_axis)


def test_a_channel_axis_of_length_1_is_dropped():
    truths = make_truths()[:, None]
    inp, tgt, _ = make_denoiser().prepare_data(add_noise(truths), truths, channel_axis=1)
    assert inp.shape == tgt.shape == (8, 128)


@pytest.mark.parametrize("n_given", [1, 5])
def test_a_held_out_measurement_whose_target_trains_is_warned_of(n_given):
    truth = make_truths()[0]
    tgt = np.stack([truth] * n_given)
    noisy = add_noise(np.stack([truth] * 5))
    with pytest.warns(UserWarning, match="'pixel-mask' is the better choice") as caught:
        _, _, held_out = make_denoiser().prepare_data(noisy, tgt, strategy="self-similar")
    assert len(held_out) == 1
    assert caught[0].filename == __file__


def test_a_single_measurement_cannot_be_held_out_as_a_whole():
    truth = make_truths()[0]
    with pytest.raises(InputError, match="pixel-mask"):
        make_denoiser().prepare_data(add_noise(truth), truth, strategy="self-similar")


@pytest.mark.parametrize("tst_inds", [[9], [-1], [0.5], [[0]], list(range(8))])
def test_wrong_indices_are_refused(tst_inds):
    truths = make_truths()
    with pytest.raises(InputError, match="tst_inds"):
        make_denoiser().train(add_noise(truths), truths, tst_inds, epochs=1)
