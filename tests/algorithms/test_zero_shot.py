"""The methods of single images: the laws that each rests on, what each can do, what it refuses."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

import autoden as ad
from autoden.algorithms.blind_spot_posterior import NoiseVariance, Posterior
from autoden.algorithms.cells import draw_neighbours, halves, pick, to_cells
from autoden.algorithms.denoiser import DataScaleBias
from autoden.algorithms.recorrupted import Recorruption
from autoden.errors import InputError
from autoden.training.batch import Batch

SHAPES = {1: (3000,), 2: (40, 44), 3: (20, 22, 24)}
EVERY_METHOD = [ad.ZSN2N, ad.Nb2Nb, ad.BlindSpot, ad.R2R]


def smooth(shape, seed=0):
    truth = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 3.0, mode="wrap")
    return truth / truth.std()


def network_for(method, n_dims, n_channels=1):
    channels = {"n_dims": n_dims, "n_channels_in": n_channels, "n_channels_out": n_channels}
    if method is ad.BlindSpot:
        return ad.NetworkParamsBlindSpot(n_layers=2, n_features=6, **channels)
    return ad.NetworkParamsPlain(n_layers=3, n_features=8, **channels)


def denoise(method, noisy, *, epochs=80, n_dims=None, **options):
    network = network_for(method, noisy.ndim if n_dims is None else n_dims)
    denoiser = method(network, seed=0, verbose=False, device="cpu", **options)
    data = denoiser.prepare_data(noisy)
    denoiser.train(*data, epochs=epochs, learning_rate=1e-2, restarts=1)
    return denoiser.infer(data[0])


def mse(estimate, truth):
    return float(np.mean((estimate - truth) ** 2))


# --- the laws


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_halves_average_to_the_mean_of_each_cell(n_dims):
    x = torch.randn(2, 3, *SHAPES[n_dims])
    first, second = halves(x)
    size = 4 if n_dims == 1 else 2
    torch.testing.assert_close((first + second) / 2, to_cells(x, size).mean(-1))


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_halves_of_slopes_are_equal_and_their_noise_is_independent(n_dims):
    slope = sum(np.mgrid[tuple(slice(n) for n in SHAPES[n_dims])])
    first, second = halves(torch.tensor(slope, dtype=torch.float64)[None, None])
    torch.testing.assert_close(first, second)  # the same centre of mass
    first, second = halves(
        torch.randn(40, 1, *SHAPES[n_dims], generator=torch.Generator().manual_seed(0))
    )
    correlation = torch.corrcoef(torch.stack((first.flatten(), second.flatten())))[0, 1]
    assert abs(correlation) < 4 / first.numel() ** 0.5
    n_averaged = {1: 2, 2: 2, 3: 4}[n_dims]
    assert first.var().item() == pytest.approx(1 / n_averaged, rel=0.02)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_neighbours_touch_and_every_pair_is_drawn(n_dims):
    shape = SHAPES[n_dims]
    places = np.moveaxis(np.mgrid[tuple(slice(n) for n in shape)], 0, 0)
    x = torch.tensor(places, dtype=torch.float64)[None]  # the channels are the positions
    first, second = draw_neighbours(x, torch.Generator().manual_seed(0))
    distances = (pick(x, first) - pick(x, second)).abs().sum(1)
    assert (distances == 1).all()
    pairs = set(zip(first.flatten().tolist(), second.flatten().tolist(), strict=True))
    assert len(pairs) == 2**n_dims * n_dims


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_a_blind_spot_network_is_blind_to_the_spot_and_to_nothing_near(n_dims):
    shape = {1: (40,), 2: (13, 14), 3: (9, 10, 9)}[n_dims]
    network = ad.NetworkParamsBlindSpot(n_dims=n_dims, n_features=6).get_model("cpu", seed=1)
    network.double()
    for spot in (tuple(n // 2 for n in shape), (0,) * n_dims, tuple(n - 1 for n in shape)):
        x = torch.randn(1, 1, *shape, dtype=torch.float64, requires_grad=True)
        mean, log_variance = network(x, return_variance=True)
        (mean + log_variance)[(0, 0, *spot)].backward()
        gradient = x.grad[0, 0].numpy()
        assert gradient[spot] == 0
        near = np.ones(shape, dtype=bool)
        near[spot] = False
        distance = np.abs(np.mgrid[tuple(slice(n) for n in shape)].T - np.array(spot)).T.max(0)
        assert (gradient[near & (distance <= 2)] != 0).all()


def test_a_view_draws_anew_from_the_same_measurement():
    scaling = DataScaleBias(*(0.1,) * 3, *(0.5,) * 3)
    measured = torch.randn(2, 1, 200)
    start = torch.randn(measured.shape)
    batch = Batch(start, (measured - 0.75 * start) / 0.25, torch.ones(2, 1, 200), start > 9)
    view = Recorruption("gaussian", 3.0, 0.25, scaling, np.random.default_rng(0))
    drawn = view(batch)
    both = (0.75 * drawn.input + 0.25 * drawn.target).chunk(2)
    for each in both:
        torch.testing.assert_close(each, measured, atol=1e-4, rtol=0)
    deviation = (drawn.input[:2] - measured).std().item()
    assert deviation == pytest.approx(0.3 * math.sqrt(1 / 3), rel=0.1)
    torch.testing.assert_close(drawn.input.chunk(2)[0] + drawn.input.chunk(2)[1], 2 * measured)


def test_the_variance_of_counts_follows_the_mean_in_the_range_of_the_network():
    scaling = DataScaleBias(*(0.01,) * 3, *(0.4,) * 3)
    variance = NoiseVariance.of("poisson", 2.0, scaling)
    counts = np.array([0.0, 50.0, 300.0])
    found = variance(torch.tensor(scaling.scale_input(counts))).numpy()
    np.testing.assert_allclose(found[1:], 2.0 * counts[1:] * 0.01**2)
    assert found[0] > 0  # never certain that nothing can be there
    assert NoiseVariance.of("gaussian", 5.0, scaling)(torch.zeros(1)) == pytest.approx(0.05**2)


# --- what they can do


@pytest.mark.parametrize("method", EVERY_METHOD)
@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_noise_falls_in_a_single_measurement(method, n_dims):
    truth = smooth(SHAPES[n_dims])
    noisy = truth + np.random.default_rng(1).normal(0, 0.7, truth.shape)
    # volumes take this one more steps than a quick test has
    margin = 0.9 if (method, n_dims) == (ad.ZSN2N, 3) else 0.75
    assert mse(denoise(method, noisy), truth) < margin * mse(noisy, truth)


@pytest.mark.parametrize("objective", ["recorrupted", "sure"])
@pytest.mark.parametrize("noise", ["gaussian", "poisson", "gamma"])
def test_noise_of_every_kind_falls(noise, objective):
    rate = 10 + 4 * np.clip(smooth((48, 48)), -2, 2)
    rng = np.random.default_rng(1)
    noisy = {
        "gaussian": lambda: rng.normal(rate, 4.0),
        "poisson": lambda: 2.0 * rng.poisson(rate / 2.0),
        "gamma": lambda: rng.gamma(5.0, rate / 5.0),
    }[noise]()
    if (noise, objective) == ("gamma", "sure"):
        with pytest.raises(InputError, match="added"):
            ad.R2R(noise=noise, objective=objective)
        return
    estimate = denoise(ad.R2R, noisy, noise=noise, objective=objective)
    assert mse(estimate, rate) < 0.4 * mse(noisy, rate)


def test_the_posterior_uses_the_pixel_where_surroundings_say_little():
    """Isolated pixels: the surroundings cannot know them, the measured value does."""
    truth = np.where(np.random.default_rng(0).random((64, 64)) < 0.1, 8.0, 0.0)
    noisy = truth + np.random.default_rng(1).normal(0, 0.5, truth.shape)
    network = network_for(ad.BlindSpot, 2)
    denoiser = ad.BlindSpot(network, level=0.5, seed=0, verbose=False, device="cpu")
    data = denoiser.prepare_data(noisy)
    denoiser.train(*data, epochs=100, learning_rate=1e-2, restarts=1)
    scaled = torch.tensor(denoiser.data_scale_bias.scale_input(data[0]), dtype=torch.float32)
    with torch.no_grad():
        blind = denoiser.model(scaled[None, None])[0, 0].numpy()
    assert mse(denoiser.data_scale_bias.restore_output(blind), truth) > 5 * mse(noisy, truth)
    assert mse(denoiser.infer(data[0]), truth) < 1.02 * mse(noisy, truth)


def test_inference_is_the_formula_of_the_posterior():
    noisy = np.random.default_rng(0).poisson(20.0, (24, 26)).astype(float)
    denoiser = ad.BlindSpot(network_for(ad.BlindSpot, 2), noise="poisson", seed=0, verbose=False)
    data = denoiser.prepare_data(noisy)
    denoiser.train(*data, epochs=3)
    scaling = denoiser.data_scale_bias
    variance = NoiseVariance.of("poisson", 1.0, scaling)
    y = torch.tensor(scaling.scale_input(noisy), dtype=torch.float32)[None, None]
    with torch.no_grad():
        mean, log_variance = denoiser.model.cpu()(y, return_variance=True)
        s, n = log_variance.exp(), variance(mean)
        expected = (y * s + mean * n) / (s + n)
        torch.testing.assert_close(Posterior(denoiser.model, variance)(y), expected)
    restored = scaling.restore_output(expected[0, 0].double().numpy())
    np.testing.assert_allclose(denoiser.infer(noisy), restored, rtol=1e-5)


def test_an_estimated_level_is_saved_with_the_network(tmp_path):
    noisy = smooth((40, 40)) + np.random.default_rng(1).normal(0, 0.7, (40, 40))
    for method in (ad.R2R, ad.BlindSpot):
        denoiser = method(network_for(method, 2), seed=0, verbose=False, device="cpu")
        data = denoiser.prepare_data(noisy)
        denoiser.train(*data, epochs=2)
        assert denoiser.settings["level"] == pytest.approx(0.7, rel=0.1)
        denoiser.save(tmp_path / "denoiser.safetensors", overwrite=True)
        loaded = ad.load(tmp_path / "denoiser.safetensors", device="cpu", verbose=False)
        assert loaded.level == denoiser.settings["level"]
        np.testing.assert_array_equal(loaded.infer(data[0]), denoiser.infer(data[0]))


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_whole_cells_are_held_out_and_scored(method):
    denoiser = method(network_for(method, 2), seed=0, verbose=False, device="cpu")
    inp, held_out = denoiser.prepare_data(smooth((41, 40)), num_tst_ratio=0.1)
    assert inp.shape == held_out.shape == (41, 40)
    assert held_out.mean() == pytest.approx(0.1, abs=0.02)
    size = denoiser.cell_size
    cells = to_cells(torch.tensor(held_out)[None, None], size).float().mean(-1)
    assert set(cells.unique().tolist()) == {0.0, 1.0}
    losses = denoiser.train(inp, held_out, epochs=2)
    assert np.isfinite(losses["loss_tst"]).all()
    losses = denoiser.train(inp, np.zeros_like(held_out), epochs=2)
    assert np.isnan(losses["loss_tst"]).all()


@pytest.mark.parametrize("method", EVERY_METHOD)
def test_windows_and_a_lower_limit_are_taken(method):
    truth = smooth((64, 64)) + 3
    noisy = truth + np.random.default_rng(1).normal(0, 0.7, truth.shape)
    options = {"patch_size": 33, "augmentation": ["flip", "rot90"]}
    denoiser = method(network_for(method, 2), seed=0, verbose=False, device="cpu", **options)
    data = denoiser.prepare_data(np.stack((noisy, noisy)))
    denoiser.train(*data, epochs=60, learning_rate=1e-2, restarts=1, lower_limit=1.0, average=0.5)
    estimate = denoiser.infer(data[0])
    assert estimate.min() >= 1.0
    assert mse(estimate, truth) < 0.7 * mse(noisy, truth)


def test_no_network_needs_to_be_named():
    for method in EVERY_METHOD:
        denoiser = method(verbose=False)
        assert (denoiser.n_dims, denoiser.n_channels_in) == (2, 1)
    assert sum(p.numel() for p in ad.ZSN2N(verbose=False).model.parameters()) == 21313


# --- what they refuse


@pytest.mark.parametrize(
    ("method", "options", "words"),
    [
        (ad.Nb2Nb, {"gamma": -1}, "gamma"),
        (ad.R2R, {"noise": "rician"}, "'gaussian', 'poisson', 'gamma'"),
        (ad.R2R, {"level": 0}, "level"),
        (ad.R2R, {"fraction": 1}, "fraction"),
        (ad.R2R, {"objective": "mse"}, "objective"),
        (ad.R2R, {"n_draws": -1}, "n_draws"),
        (ad.BlindSpot, {"noise": "gamma"}, "'gaussian', 'poisson'"),
        (ad.BlindSpot, {"model": "dncnn"}, "N2V"),
        (ad.ZSN2N, {"patch_size": 0}, "patch_size"),
    ],
)
def test_options_out_of_range_are_refused(method, options, words):
    with pytest.raises(InputError, match=words):
        method(**options, verbose=False)


@pytest.mark.parametrize("method", EVERY_METHOD)
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros((2, 16)), "have 2 x 16"),
        (np.full((16, 16), np.nan), "NaN"),
        (np.ones((16, 16)), "constant"),
        (np.random.default_rng(0).normal(size=(16, 16)) * 1j, "Complex"),
    ],
)
def test_data_that_cannot_be_used_are_refused(method, data, words):
    denoiser = method(network_for(method, 2), verbose=False)
    with pytest.raises(InputError, match=words):
        denoiser.train(*denoiser.prepare_data(data), epochs=1)


@pytest.mark.parametrize("method", [ad.R2R, ad.BlindSpot])
def test_data_that_are_no_counts_are_refused(method):
    denoiser = method(network_for(method, 2), noise="poisson", verbose=False)
    data = denoiser.prepare_data(np.random.default_rng(0).normal(size=(16, 16)))
    with pytest.raises(InputError, match="negative"):
        denoiser.train(*data, epochs=1)


def test_a_scaling_that_differs_between_input_and_target_is_refused():
    denoiser = ad.ZSN2N(data_scale_bias=DataScaleBias(1.0, 1.0, 2.0), verbose=False)
    data = denoiser.prepare_data(np.random.default_rng(0).normal(size=(16, 16)))
    with pytest.raises(InputError, match="one scale"):
        denoiser.train(*data, epochs=1)


def test_networks_of_other_channels_out_than_in_are_refused():
    network = ad.NetworkParamsPlain(n_channels_in=2)
    with pytest.raises(InputError, match="n_channels_out"):
        ad.ZSN2N(network, verbose=False).prepare_data(np.zeros((2, 16, 16)), channel_axis=0)


def test_a_mask_that_does_not_fit_is_refused():
    denoiser = ad.ZSN2N(verbose=False)
    inp, _ = denoiser.prepare_data(np.random.default_rng(0).normal(size=(16, 16)))
    with pytest.raises(InputError, match="mask_trn"):
        denoiser.train(inp, np.zeros((4, 4), dtype=bool), epochs=1)
