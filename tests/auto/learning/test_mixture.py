"""The network method: bound to its members, blind to what is held out, the same for a seed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from autoden.auto.learning.mixture import Mixture, MixtureTraining
from autoden.auto.learning.splits import Splits
from autoden.auto.spectra.members import find_members
from autoden.baselines import families, tune
from autoden.noise import Combined, Exposures, Gaussian, Poisson, Split

N = 300
TRUTH = 1 + 60 * np.exp(-0.5 * ((np.arange(N)[:, None] - [80, 200]) / 3) ** 2).sum(axis=1)


def pool(noise, n_splits=6):
    rng = np.random.default_rng(0)
    repeats = [noise.simulate(TRUTH, 1.0, rng) for _ in range(4)]
    splits = Splits.draw([Exposures(repeats)], noise, n_splits, rng)
    tuned = {name: tune(name, splits.pairs[:2], noise) for name in families(1) if name != "mean"}
    return splits, find_members(splits, tuned)


@pytest.fixture(scope="module")
def counts():
    return pool(Poisson())


@pytest.fixture(scope="module")
def training(counts):
    return MixtureTraining(*counts)


@pytest.fixture(scope="module")
def trained(training):
    return training.train(training.start(0), 8, 0)


def weights_of(network):
    return torch.cat([weight.detach().ravel() for weight in network.parameters()])


def with_targets(splits, change):
    pairs = [
        Split(pair.input, Combined(change(pair.target.values), pair.target.dose))
        for pair in splits.pairs
    ]
    return replace(splits, pairs=tuple(pairs))


@pytest.mark.parametrize("noise", [Poisson(), Poisson(2.5), Gaussian(3.0)], ids=str)
def test_rates_lie_between_the_members(noise):
    splits, members = pool(noise, 4)
    training = MixtureTraining(splits, members)
    network = training.train(training.start(0), 3, 0)
    parts = [splits.wholes[0], splits.pairs[0].input]
    for part, rate in zip(parts, Mixture(members, (network,)).rates(parts), strict=True):
        with torch.inference_mode():
            mixed = network.members(torch.from_numpy(members.inputs([part])))[0].numpy()
        rates = members.units.rates(mixed.astype(float), part.dose)
        slack = 1e-4 * np.abs(rates).max()
        least = rates.min(axis=0) if isinstance(noise, Gaussian) else np.maximum(rates.min(0), 0)
        assert (rate >= least - slack).all()
        assert (rate <= rates.max(axis=0) + slack).all()


def test_training_starts_from_the_estimates_that_predict_best_together(training):
    network = training.start(0)
    n = training.members.n_estimates
    with torch.inference_mode():
        shares = network.weights(training._input)[:, 0].mean(dim=(0, 2))
    assert shares[-n:].sum() > 0.8
    one_by_one = training._data_term(training._input[:, -n:], training._target)
    best = (one_by_one * training._weight).mean(dim=(0, 2)).min() / training._weight.mean()
    everything = shares[-n:] / shares[-n:].sum()
    mixed = torch.einsum("m,kmn->kn", everything, training._input[:, -n:])[:, None]
    together = training._data_term(mixed, training._target) * training._weight
    assert together.sum() / training._weight.sum() < best + 1e-3


def test_training_lowers_the_loss_and_leaves_its_start_alone(training, trained):
    start = training.start(0)
    before = weights_of(start).clone()
    again = training.train(start, 8, 0)
    assert torch.equal(weights_of(start), before)
    assert not again.training
    assert training.loss(again) < training.loss(start)
    assert training.loss(again) == training.loss(trained)


def test_loss_is_the_weighted_mean_over_splits_and_channels(counts, training, trained):
    splits, members = counts
    total = weight = 0.0
    for (inputs, target), share in zip(
        zip(*splits.sides(), strict=True), splits.shares(), strict=True
    ):
        (rate,) = Mixture(members, (trained,)).rates([inputs])
        rate = np.maximum(members.units.of(Combined(rate, inputs.dose)), 1e-3)
        values = members.units.of(target)
        total += share * np.sum(rate - values * np.log(rate))
        weight += share * N
    assert training.loss(trained) == pytest.approx(total / weight, rel=1e-4)


def test_same_seed_gives_the_same_network_and_leaves_the_global_state_alone(training, trained):
    before = torch.get_rng_state()
    same = training.train(training.start(0), 8, 0)
    other_start = training.train(training.start(1), 8, 0)
    other_order = training.train(training.start(0), 8, 1)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(weights_of(same), weights_of(trained))
    assert not torch.equal(weights_of(other_start), weights_of(trained))
    assert not torch.equal(weights_of(other_order), weights_of(trained))


def test_held_out_channels_train_only_if_they_are_told_to(counts, training):
    splits, members = counts
    (hidden,) = splits.held_out
    changed = MixtureTraining(
        with_targets(splits, lambda values: np.where(hidden, 7 * values + 50, values)), members
    )
    for with_held_out in (False, True):
        both = [
            weights_of(each.train(training.start(0), 3, 0, with_held_out=with_held_out))
            for each in (training, changed)
        ]
        assert torch.equal(*both) == (not with_held_out)


def test_channels_that_are_not_held_out_train(counts, training):
    splits, members = counts
    (hidden,) = splits.held_out
    changed = MixtureTraining(
        with_targets(splits, lambda values: np.where(hidden, values, 2 * values)), members
    )
    both = [
        weights_of(each.train(training.start(0), 3, 0, with_held_out=False))
        for each in (training, changed)
    ]
    assert not torch.equal(*both)


def test_rates_are_the_mean_over_the_networks(counts, training, trained):
    splits, members = counts
    other = training.train(training.start(1), 3, 1)
    both = Mixture(members, (trained, other))
    (each,) = both.each(splits.wholes)
    for network, rate in zip((trained, other), each, strict=True):
        np.testing.assert_allclose(Mixture(members, (network,)).rates(splits.wholes)[0], rate)
    np.testing.assert_allclose(both.rates(splits.wholes)[0], each.mean(axis=0))
    assert "2 networks" in both.describe()
    assert "1 network" in Mixture(members, (trained,)).describe()


def test_counts_have_no_negative_rates_beside_strong_lines(counts, training):
    """A Savitzky-Golay filter alone would go below zero there."""
    _, members = counts
    network = training.start(0)
    logits = torch.zeros(network.n_members)
    logits[len(network.params.gaussians)] = 50.0
    network.favour(logits)
    line = np.zeros(N)
    line[140:145] = 400
    part = Combined(line, 4.0)
    with torch.inference_mode():
        mixed = network(torch.from_numpy(members.inputs([part])))
    assert mixed.min() < -1
    (rate,) = Mixture(members, (network,)).rates([part])
    assert rate.min() == 0


def test_parts_are_treated_one_by_one(counts, trained):
    splits, members = counts
    method = Mixture(members, (trained,))
    parts = [splits.pairs[0].input, splits.wholes[0], splits.pairs[1].input]
    for part, rate in zip(parts, method.rates(parts), strict=True):
        np.testing.assert_allclose(method.rates([part])[0], rate, rtol=1e-3, atol=1e-3)
