"""An ordinary network learns rates from one part of the counts and the other."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from autoden.auto.learning.rate_network import train_rate_network
from autoden.auto.learning.splits import Splits
from autoden.noise import Combined, Exposures, Gaussian, Poisson, Split

N = 512
TRUTH = 5 + 40 * np.exp(-0.5 * ((np.arange(N)[:, None] - [100, 230, 400]) / 8) ** 2).sum(axis=1)


def drawn(noise, n_splits=8, seed=0):
    rng = np.random.default_rng(seed)
    repeats = [noise.simulate(TRUTH, 1.0, rng) for _ in range(4)]
    return Splits.draw([Exposures(repeats)], noise, n_splits, rng)


@pytest.mark.parametrize("noise", [Poisson(), Poisson(2.5), Gaussian(4.0)], ids=str)
def test_network_is_nearer_to_the_truth_than_the_mean(noise):
    splits = drawn(noise)
    network = train_rate_network(splits, epochs=40, seed=0)
    (rate,) = network.rates(splits.wholes)
    assert np.mean((rate - TRUTH) ** 2) < 0.7 * np.mean((splits.wholes[0].values - TRUTH) ** 2)
    assert "DnCNN" in network.describe()


def test_counts_have_no_negative_rates_even_where_there_are_none():
    network = train_rate_network(drawn(Poisson()), epochs=2, seed=0)
    parts = [Combined(np.zeros(N), 4.0), Combined(TRUTH, 0.5), Combined(100 * TRUTH, 4.0)]
    for rate in network.rates(parts):
        assert np.isfinite(rate).all()
        assert (rate >= 0).all()


def test_values_below_zero_are_read_and_given_where_the_noise_is_level():
    noise = Gaussian(4.0)
    network = train_rate_network(drawn(noise), epochs=40, seed=0)
    below = Combined(noise.simulate(TRUTH - 20, 4.0, np.random.default_rng(0)), 4.0)
    assert network.rates([below])[0].min() < -5


def test_same_seed_gives_the_same_network_and_leaves_the_global_state_alone():
    splits = drawn(Poisson())
    before = torch.get_rng_state()
    rates = [train_rate_network(splits, 3, seed).rates(splits.wholes)[0] for seed in (1, 1, 2)]
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(rates[0], rates[1])
    assert not np.array_equal(rates[0], rates[2])


def test_targets_in_held_out_channels_train_only_if_they_are_told_to():
    splits = drawn(Poisson())
    (hidden,) = splits.held_out
    pairs = tuple(
        Split(pair.input, Combined(np.where(hidden, 999.0, pair.target.values), pair.target.dose))
        for pair in splits.pairs
    )
    for with_held_out in (False, True):
        rates = [
            train_rate_network(each, 3, 0, with_held_out=with_held_out).rates(splits.wholes)[0]
            for each in (splits, replace(splits, pairs=pairs))
        ]
        assert np.array_equal(*rates) == (not with_held_out)
