"""Laws of every registered algorithm, in every dimension, for every kind of data.

Whoever registers an algorithm is tested here; one that needs other data than repeats of a
measurement says in `arguments` what it is given.
"""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

import autoden as ad
from autoden.algorithms import ALGORITHMS

SHAPES = {1: (160,), 2: (28, 32), 3: (10, 12, 14)}
N_CHANNELS = {"one channel": 1, "three channels": 3, "complex": 2}
N_REPEATS = 4
NOISE = 0.8

EVERY_CASE = [
    pytest.param(name, n_dims, kind, id=f"{name}-{n_dims}D-{kind}")
    for name, algorithm in ALGORITHMS.items()
    for n_dims in algorithm.n_dims
    for kind in N_CHANNELS
    if (name, kind) != ("n2i", "complex")  # projections are real
]

THOROUGH = [
    # volumes of several channels: what volumes and several channels are by themselves is tested
    pytest.param(*case.values, id=case.id, marks=pytest.mark.slow)
    if case.values[1] == 3 and case.values[2] != "one channel"
    else case
    for case in EVERY_CASE
]


def make_truth(n_dims, kind, name=None):
    """Draw smooth channels of deviation 1, shape ([C,] *S); complex if asked for."""
    shape = (48, 48) if name == "n2i" else SHAPES[n_dims]
    rng = np.random.default_rng(0)
    channels = [
        gaussian_filter(rng.normal(size=shape), 3.0, mode="wrap") for _ in range(N_CHANNELS[kind])
    ]
    truth = np.stack([channel / channel.std() for channel in channels])
    if kind == "complex":
        return truth[0] + 1j * truth[1]
    return truth if kind == "three channels" else truth[0]


def add_noise(truth):
    rng = np.random.default_rng(1)
    draws = rng.normal(0, NOISE, (2, N_REPEATS, *truth.shape))
    return truth + (draws[0] + 1j * draws[1] if np.iscomplexobj(truth) else draws[0])


def make_denoiser(name, n_dims, kind, seed=0):
    n = N_CHANNELS[kind]
    channels = {"n_dims": n_dims, "n_channels_in": n, "n_channels_out": n}
    if name == "dip":
        model = ad.NetworkParamsUNet(n_levels=2, n_features=8 * n, n_channels_skip=0, **channels)
    elif name == "blindspot":
        model = ad.NetworkParamsBlindSpot(n_layers=2, n_features=6, **channels)
    elif name in ("zsn2n", "nb2nb"):  # of a small volume few cells remain: no normalisation
        model = ad.NetworkParamsPlain(n_layers=3, n_features=8, **channels)
    else:
        model = ad.NetworkParamsDnCNN(n_layers=4, n_features=8, **channels)
    return ALGORITHMS[name].load()(model, device="cpu", seed=seed, verbose=False)


def arguments(name, truth, kind):
    """Give what `prepare_data` takes for an algorithm."""
    noisy = add_noise(truth)
    options = {"channel_axis": 1} if kind == "three channels" else {}
    if name == "supervised":
        if kind == "three channels":  # the same axes for noisy and clean
            return (noisy, truth[np.newaxis]), options
        return (noisy, truth), options
    if name == "n2i":
        angles = np.arange(90) * np.pi / 90
        beam = ad.transforms.parallel_beam.ParallelBeam(angles, truth.shape[-1])
        clean = beam.project(torch_of(truth)).numpy()
        noise = np.random.default_rng(1).normal(0, 10 * NOISE, clean.shape)
        return (clean + noise, angles), {}
    return (noisy,), options


def torch_of(array):
    import torch

    return torch.tensor(array, dtype=torch.float32)


def train(name, n_dims, kind, epochs=80, seed=0):
    truth = make_truth(n_dims, kind, name)
    given, options = arguments(name, truth, kind)
    before = [np.copy(array) for array in given]
    denoiser = make_denoiser(name, n_dims, kind, seed)
    prepared = denoiser.prepare_data(*given, **options)
    own = {"ratio_blind_spot": 0.1} if name == "n2v" else {}
    denoiser.train(*prepared, epochs=epochs, learning_rate=1e-2, restarts=1, **own)
    estimate = denoiser.infer(prepared[0])
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy)  # the input is never touched
    return denoiser, prepared[0], estimate, truth


def mse(estimate, truth):
    if np.iscomplexobj(truth):  # prepared complex data are two channels
        n_dims = truth.ndim
        real, imaginary = np.split(estimate, 2, axis=-n_dims - 1)
        estimate = (real + 1j * imaginary).squeeze(-n_dims - 1)
    return float(np.mean(np.abs(estimate - truth) ** 2))


@pytest.mark.parametrize(("name", "n_dims", "kind"), THOROUGH)
def test_the_error_falls_well_below_that_of_what_is_given(name, n_dims, kind):
    _, _, estimate, truth = train(name, n_dims, kind, epochs=200 if name == "dip" else 100)
    of_one = NOISE**2 * (2 if kind == "complex" else 1)
    if name == "n2i":
        given, _ = arguments(name, truth, kind)
        beam = ad.transforms.parallel_beam.ParallelBeam(given[1], truth.shape[-1])
        plain = beam.filtered_back_projection(torch_of(given[0])).numpy()
        inside = beam.circle.numpy()
        assert mse(estimate * inside, truth * inside) < 0.5 * mse(plain * inside, truth * inside)
    else:
        margin = {"n2n": 0.4, "dip": 0.25, "supervised": 0.4}.get(name, 0.6)
        if name in ("zsn2n", "nb2nb") and n_dims != 2:
            pytest.skip("few cells in so little data: test_zero_shot has more")
        assert mse(estimate, truth) < margin * of_one


@pytest.mark.parametrize(("name", "n_dims", "kind"), EVERY_CASE)
def test_a_seed_repeats_and_a_saved_denoiser_infers_the_same(name, n_dims, kind, tmp_path):
    first, inp, estimate, _ = train(name, n_dims, kind, epochs=3)
    _, _, again, _ = train(name, n_dims, kind, epochs=3)
    _, _, other, _ = train(name, n_dims, kind, epochs=3, seed=1)
    np.testing.assert_array_equal(estimate, again)
    assert not np.array_equal(estimate, other)
    first.save(tmp_path / "denoiser.safetensors")
    loaded = ad.load(tmp_path / "denoiser.safetensors", device="cpu", verbose=False)
    assert type(loaded) is type(first)
    np.testing.assert_array_equal(loaded.infer(inp), estimate)


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "lbfgs"])
def test_every_optimizer_lowers_the_loss(name, optimizer):
    truth = make_truth(2, "one channel", name)
    given, options = arguments(name, truth, "one channel")
    denoiser = make_denoiser(name, 2, "one channel")
    prepared = denoiser.prepare_data(*given, **options)
    rate = {"adam": 1e-2, "sgd": 1e-1, "rmsprop": 1e-3, "lbfgs": 1e-1}[optimizer]
    if (name, optimizer) == ("blindspot", "sgd"):  # its loss is in nats: large gradients
        rate = 1e-3
    own = {"ratio_blind_spot": 0.1} if name == "n2v" else {}
    epochs = 5 if optimizer == "lbfgs" else 15  # of which each step is many
    losses = denoiser.train(
        *prepared, epochs=epochs, learning_rate=rate, optimizer=optimizer, **own
    )
    assert np.mean(losses["loss_trn"][-3:]) < losses["loss_trn"][0]


@pytest.mark.parametrize("name", [n for n, a in ALGORITHMS.items() if 2 in a.n_dims and n != "n2i"])
def test_networks_of_images_take_stacks_of_them(name):
    """2D models on 3D data: leading axes count measurements (or, for DIP, repeats)."""
    stack = np.random.default_rng(0).normal(size=(4, 5, 16, 18))
    denoiser = make_denoiser(name, 2, "one channel")
    given = (stack, stack + 1) if name == "supervised" else (stack,)
    prepared = denoiser.prepare_data(*given)
    denoiser.train(*prepared, epochs=2)
    shape = {"n2n": (5, 16, 18), "dip": (16, 18)}.get(name, (4, 5, 16, 18))
    assert denoiser.infer(prepared[0]).shape == shape


@pytest.mark.parametrize("name", ALGORITHMS)
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_the_channel_axis_goes_where_it_is_asked_for(name, axis):
    denoiser, inp, estimate, _ = train(name, 2, "three channels", epochs=1)
    moved = denoiser.infer(inp, channel_axis_dst=axis)
    np.testing.assert_array_equal(moved, np.moveaxis(estimate, -3, axis))
