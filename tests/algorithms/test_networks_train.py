"""Every registered network trains under the engine, in 1D, 2D and 3D: laws from the registry."""

import numpy as np
import pytest
import torch

import autoden as ad
from autoden.algorithms import ALGORITHMS
from autoden.models.params import NETWORKS

SHAPES = {1: (3, 33), 2: (3, 9, 11), 3: (3, 5, 6, 7)}
EVERY_CASE = [(name, n_dims) for name in NETWORKS for n_dims in SHAPES]


def trained(name, n_dims, epochs=12, **options):
    data = np.random.default_rng(0).poisson(9.0, SHAPES[n_dims]).astype(float)
    before = data.copy()
    n2n = ad.N2N(NETWORKS[name](n_dims=n_dims), device="cpu", seed=0, verbose=False, **options)
    inp, tgt, held_out = n2n.prepare_data(data, num_tst_ratio=0.3)
    losses = n2n.train(inp, tgt, held_out, epochs=epochs, learning_rate=3e-3)
    np.testing.assert_array_equal(data, before)
    return n2n, (inp, tgt, held_out), losses


@pytest.mark.parametrize(("name", "n_dims"), EVERY_CASE)
def test_the_best_weights_are_the_ones_left_in_the_network(name, n_dims):
    n2n, (inp, tgt, held_out), losses = trained(name, n_dims)
    scale = n2n.data_scale_bias.scale_tgt
    errors = (n2n.infer(inp, average_splits=False) - tgt)[held_out] * scale
    assert np.mean(errors**2) == pytest.approx(losses.best_held_out, rel=1e-4)
    assert losses["loss_trn"][-1] < losses["loss_trn"][0]


@pytest.mark.parametrize(("name", "n_dims"), EVERY_CASE)
def test_the_same_seed_gives_the_same_network(name, n_dims):
    first, second = (trained(name, n_dims, epochs=3, batch_size=2)[0] for _ in range(2))
    for key, value in first.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[key]), key


@pytest.mark.parametrize(("name", "n_dims"), EVERY_CASE)
def test_the_result_has_the_shape_of_one_measurement(name, n_dims):
    n2n, (inp, _, _), _ = trained(name, n_dims, epochs=1)
    assert n2n.infer(inp).shape == SHAPES[n_dims][1:]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_trains_every_network_and_its_file_gives_the_same(
    algorithm, name, tmp_path
):
    if algorithm == "blindspot" and name != "blind_spot":
        pytest.skip("no other network is blind")
    rng = np.random.default_rng(0)
    given = {
        "supervised": (rng.normal(size=(3, 12, 14)), rng.normal(size=(12, 14))),
        "n2i": (rng.normal(size=(24, 16)), np.arange(24) * np.pi / 24),
    }.get(algorithm, (rng.normal(size=(3, 12, 14)),))
    denoiser = ALGORITHMS[algorithm].load()(NETWORKS[name](), device="cpu", seed=0, verbose=False)
    prepared = denoiser.prepare_data(*given)
    denoiser.train(*prepared, epochs=2)
    estimate = denoiser.infer(prepared[0])
    denoiser.save(tmp_path / "trained.safetensors")
    loaded = ad.load(tmp_path / "trained.safetensors", device="cpu", verbose=False)
    assert np.isfinite(estimate).all()
    np.testing.assert_array_equal(loaded.infer(prepared[0]), estimate)
