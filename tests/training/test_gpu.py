"""A GPU trains what a CPU trains."""

import numpy as np
import pytest

import autoden as ad

pytestmark = pytest.mark.gpu
SIGMA = 0.5


def denoised(device: str, **options: object) -> np.ndarray:
    truth = 5 + np.sin(np.arange(256) / 5)
    noisy = np.random.default_rng(0).normal(truth, SIGMA, (4, 256)).astype(np.float32)
    network = ad.NetworkParamsDnCNN(n_layers=4, n_features=4, n_dims=1)
    n2n = ad.N2N(network, seed=0, verbose=False, device=device, **options)
    n2n.train(*n2n.prepare_data(noisy), epochs=200, learning_rate=1e-2)
    return n2n.infer(noisy)


@pytest.mark.parametrize("options", [{}, {"compile": True}, {"batch_size": 2}], ids=str)
def test_the_result_is_that_of_a_cpu_within_the_noise(options: dict[str, object]) -> None:
    change = denoised("cuda", **options) - denoised("cpu")
    assert np.sqrt(np.mean(change**2)) < SIGMA / 5


def test_the_same_seed_gives_the_same_result() -> None:
    assert np.array_equal(denoised("cuda"), denoised("cuda"))
