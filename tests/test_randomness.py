"""A seed gives the same draws whatever other threads do."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

import autoden as ad


def weights(seed: int) -> list[float]:
    network = ad.NetworkParamsUNet(n_features=4, n_levels=2).get_model("cpu", seed)
    return torch.cat([p.detach().flatten() for p in network.parameters()]).tolist()


def trained(seed: int) -> np.ndarray:
    noisy = np.random.default_rng(seed).normal(5, 1, (3, 40)).astype(np.float32)
    network = ad.NetworkParamsDnCNN(n_layers=3, n_features=2, n_dims=1)
    n2n = ad.N2N(network, seed=seed, verbose=False, device="cpu")
    n2n.train(*n2n.prepare_data(noisy), epochs=5)
    return n2n.infer(noisy)


def test_networks_built_in_threads_are_those_built_one_after_the_other() -> None:
    seeds = list(range(8)) * 3
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(weights, seeds)) == [weights(seed) for seed in seeds]


def test_denoisers_trained_in_threads_are_those_trained_one_after_the_other() -> None:
    seeds = [0, 1, 2, 0, 1, 2]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(trained, seeds))
    for seed, found in zip(seeds, together, strict=True):
        np.testing.assert_array_equal(found, trained(seed))
