import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, gaussian_filter1d
from torch.nn import functional

import autoden as ad
from autoden.algorithms.output_variance import OutputVariance
from autoden.errors import InputError
from autoden.training.held_out import ERROR


def smooth_truth(shape, seed=0):
    truth = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 3.0, mode="wrap")
    return truth / truth.std()


def make_denoiser(n_dims=2, **options):
    model = options.pop("model", ad.NetworkParamsUNet(n_dims=n_dims, n_features=4, n_levels=3))
    return ad.DIP(model, seed=0, verbose=False, **options)


def mse(estimate, truth):
    return float(np.mean((estimate - truth) ** 2))


@pytest.fixture
def noisy_image():
    truth = smooth_truth((32, 36))
    return truth, truth + np.random.default_rng(1).normal(0, 0.7, size=(4, *truth.shape))


@pytest.mark.parametrize("hold_out", ["pixels", "repeats"])
@pytest.mark.parametrize("average_redundant", [False, True])
def test_what_is_held_out_stops_the_fit_in_time(noisy_image, hold_out, average_redundant):
    if average_redundant and hold_out == "repeats":
        pytest.skip("an average has no repeats to hold out")
    truth, repeats = noisy_image
    dip = make_denoiser()
    noise, tgt, mask = dip.prepare_data(
        repeats, hold_out=hold_out, average_redundant=average_redundant
    )
    losses = dip.train(noise, tgt, mask, epochs=150, learning_rate=1e-2)
    assert mse(dip.infer(noise), truth) < 0.6 * mse(repeats.mean(axis=0), truth)
    assert losses["loss_tst"][losses.best_epoch] <= losses["loss_tst"][-1]


def test_the_variance_of_the_outputs_stops_the_fit_in_time(noisy_image):
    truth, repeats = noisy_image
    dip = make_denoiser()
    noise, tgt, mask = dip.prepare_data(repeats[0], num_tst_ratio=0)
    losses = dip.train(noise, tgt, mask, epochs=250, learning_rate=1e-2, stopping="variance")
    assert 99 <= losses.best_epoch < 250
    assert losses["loss_tst"][losses.best_epoch] == np.nanmin(losses["loss_tst"])
    assert mse(dip.infer(noise), truth) < 0.6 * mse(repeats[0], truth)


def test_jitter_and_averaging_help_a_fit_that_ends_late(noisy_image):
    truth, repeats = noisy_image
    errors = []
    for options in ({}, {"input_jitter": 0.1, "average": 0.98}):
        dip, of_draws = make_denoiser(), []
        for noisy in repeats[:3]:
            noise, tgt, mask = dip.prepare_data(noisy, num_tst_ratio=0)
            dip.train(noise, tgt, mask, epochs=300, learning_rate=1e-2, **options)
            of_draws.append(mse(dip.infer(noise), truth))
        errors.append(np.mean(of_draws))
    assert errors[1] < 0.9 * errors[0]


def test_the_mask_is_true_where_pixels_are_held_out(noisy_image):
    _, repeats = noisy_image
    noise, tgt, mask = make_denoiser().prepare_data(repeats, num_tst_ratio=0.1)
    assert noise.shape == (32, 36)
    assert tgt.shape == mask.shape == repeats.shape
    assert mask.mean() == pytest.approx(0.1, abs=0.001)
    assert (mask == mask[0]).all()  # the same in every repeat: no value hides in another


def test_whole_repeats_are_held_out(noisy_image):
    _, repeats = noisy_image
    _, _, mask = make_denoiser().prepare_data(repeats, hold_out="repeats", num_tst_ratio=0.5)
    assert sorted(mask.reshape(4, -1).mean(axis=1).tolist()) == [0, 0, 1, 1]


def test_one_input_serves_all_repeats_as_their_average_would(noisy_image):
    _, repeats = noisy_image
    results = []
    for average in (False, True):
        dip = make_denoiser()
        noise, tgt, mask = dip.prepare_data(repeats, average_redundant=average)
        scaling = ad.algorithms.denoiser.DataScaleBias(1, 0.3, 0.3)
        dip = make_denoiser(data_scale_bias=scaling)
        dip.train(noise, tgt, mask, epochs=20)
        results.append(dip.infer(noise))
    np.testing.assert_allclose(results[0], results[1], atol=1e-3)


def test_the_user_gives_the_input(noisy_image):
    _, repeats = noisy_image
    dip = make_denoiser(model=ad.NetworkParamsUNet(n_channels_in=3, n_features=4))
    given = np.random.default_rng(5).normal(size=(3, 32, 36))
    noise, tgt, mask = dip.prepare_data(repeats[0], given)
    np.testing.assert_allclose(noise, given, rtol=1e-6)
    dip.train(noise, tgt, mask, epochs=2)
    assert dip.infer(noise).shape == (32, 36)


def test_a_blur_is_undone():
    positions = np.arange(128)
    truth = sum(np.exp(-0.5 * ((positions - at) / 2.0) ** 2) for at in (30, 40, 80, 88))
    kernel = torch.exp(-0.5 * (torch.arange(-9.0, 10.0) / 3.0) ** 2)
    kernel = (kernel / kernel.sum()).reshape(1, 1, -1)

    def blur(image):
        return functional.conv1d(image, kernel, padding=9)

    rng = np.random.default_rng(0)
    blurred = gaussian_filter1d(truth, 3.0, mode="constant") + rng.normal(0, 0.01, 128)
    dip = make_denoiser(n_dims=1, operator=blur)
    noise, tgt, mask = dip.prepare_data(10 + 100 * blurred, num_tst_ratio=0)
    # the offset of 10 is not blurred away inside, only at the edges
    dip.train(noise, tgt, mask, epochs=400, learning_rate=1e-2, restarts=1, lower_limit=0)
    estimate = (dip.infer(noise)[10:-10] - 10) / 100
    assert mse(estimate, truth[10:-10]) < 0.4 * mse(blurred[10:-10], truth[10:-10])


def test_down_sampling_gives_super_resolution():
    truth = smooth_truth((48, 48))
    coarse = truth.reshape(24, 2, 24, 2).mean(axis=(1, 3))
    noisy = coarse + np.random.default_rng(0).normal(0, 0.2, coarse.shape)
    dip = make_denoiser(
        model=ad.NetworkParamsUNet(n_features=8, n_levels=2, n_channels_skip=0),
        reg_val=0.01,
        operator=lambda image: functional.avg_pool2d(image, 2),
    )
    noise, tgt, mask = dip.prepare_data(noisy, shape=(48, 48))
    dip.train(noise, tgt, mask, epochs=250, learning_rate=1e-2, restarts=1)
    estimate = dip.infer(noise)
    assert estimate.shape == (48, 48)
    nearest = np.kron(noisy, np.ones((2, 2)))
    assert mse(estimate, truth) < 0.75 * mse(nearest, truth)


@pytest.mark.parametrize(
    ("operator", "message"),
    [
        (3, "operator"),
        (lambda image: image[..., ::2], "shape"),
        (lambda image: "no tensor", "operator"),
        (lambda image: image.detach(), "operator"),
    ],
)
def test_operators_that_cannot_be_used_are_refused(noisy_image, operator, message):
    _, repeats = noisy_image

    def use_it():
        dip = make_denoiser(operator=operator)
        dip.train(*dip.prepare_data(repeats[0]), epochs=1)

    with pytest.raises(InputError, match=message):
        use_it()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stopping": "soon"}, "stopping"),
        ({"input_jitter": -1}, "input_jitter"),
        ({"average": 1.0}, "average"),
        ({"average": 0.9, "stopping": "variance"}, "average"),
    ],
)
def test_settings_out_of_range_are_refused(noisy_image, options, message):
    dip = make_denoiser()
    with pytest.raises(InputError, match=message):
        dip.train(*dip.prepare_data(noisy_image[1]), epochs=1, **options)


def test_a_single_measurement_has_no_repeat_to_hold_out(noisy_image):
    with pytest.raises(InputError, match="pixels"):
        make_denoiser().prepare_data(noisy_image[1][0], hold_out="repeats")


def test_inputs_of_another_size_are_refused(noisy_image):
    dip = make_denoiser()
    noise, tgt, mask = dip.prepare_data(noisy_image[1])
    with pytest.raises(InputError, match="shape"):
        dip.train(noise[:16], tgt, mask, epochs=1)
    with pytest.raises(InputError, match="one for each"):
        dip.train(np.stack([noise, noise]), tgt, mask, epochs=1)


def test_the_variance_is_that_of_the_window():
    outputs = np.random.default_rng(0).normal(size=(7, 1, 1, 30)).astype(np.float32)
    variance = OutputVariance(window=4)
    scores = [variance(torch.tensor(output))[[0, ERROR]].tolist() for output in outputs]
    assert [count for count, _ in scores] == [0, 0, 0, 1, 1, 1, 1]
    assert scores[-1][1] == pytest.approx(outputs[3:].var(axis=0).mean(), rel=1e-5)
