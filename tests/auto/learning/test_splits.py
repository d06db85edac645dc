"""Parts of a measurement are independent, add up to it, and hide what they should."""

import numpy as np
import pytest

from autoden.auto.learning.splits import HELD_OUT_SHARE, SHARES, Splits
from autoden.noise import Exposures, Gaussian, Poisson, Unknown

N = 400
NOISES = [Poisson(), Gaussian(2.0), Unknown(1.0, 0.5)]


def samples(n_samples=1, n_repeats=4, n=N, seed=0):
    rng = np.random.default_rng(seed)
    durations = np.linspace(0.5, 1.5, n_repeats) if n_repeats > 1 else np.ones(1)
    rates = durations[:, None] * np.linspace(1, 30, n)
    return [Exposures(rng.poisson(rates), durations) for _ in range(n_samples)]


def draw(noise=NOISES[0], n_splits=8, seed=0, **kinds):
    return Splits.draw(samples(**kinds), noise, n_splits, np.random.default_rng(seed))


@pytest.mark.parametrize("noise", NOISES[:2], ids=str)
def test_parts_add_up_to_the_whole(noise):
    splits = draw(noise, n_samples=2)
    for pair, owner in zip(splits.pairs, splits.owners, strict=True):
        whole = splits.wholes[owner]
        assert pair.input.dose + pair.target.dose == pytest.approx(whole.dose)
        total = pair.input.values * pair.input.dose + pair.target.values * pair.target.dose
        np.testing.assert_allclose(total, whole.values * whole.dose)


@pytest.mark.parametrize(
    ("n_samples", "n", "n_held_out"), [(1, 400, 80), (1, 100, 40), (1, 32, 16), (3, 60, 40)]
)
def test_enough_channels_of_short_spectra_are_held_out(n_samples, n, n_held_out):
    """Six of 32 would often miss all the lines."""
    assert draw(n_samples=n_samples, n=n).held_out.sum() == n_held_out


@pytest.mark.parametrize("noise", NOISES[:2], ids=str)
def test_shares_of_the_targets_span_their_range(noise):
    splits = draw(noise, n_splits=9)
    np.testing.assert_allclose(sorted(splits.shares()), np.linspace(*SHARES, 9))
    (whole,) = splits.wholes
    doses = [pair.target.dose for pair in splits.pairs]
    np.testing.assert_allclose(splits.shares(), np.array(doses) / whole.dose)
    assert splits.shares() != sorted(splits.shares())  # not in the order in which they are drawn


def test_whole_repeats_are_targets_where_nothing_else_is_independent():
    splits = draw(NOISES[2], n_splits=12)
    (sample,) = splits.samples
    for pair in splits.pairs:
        wheres = [np.array_equal(pair.target.values, scaled) for scaled in sample.scaled()]
        assert sum(wheres) == 1
        assert pair.target.dose == sample.durations[wheres.index(True)]


@pytest.mark.parametrize("noise", NOISES[:2], ids=str)
def test_noise_of_input_and_target_is_independent(noise):
    rate = np.full(30_000, 4.0)
    rng = np.random.default_rng(0)
    sample = Exposures(noise.simulate(rate, 1.0, rng)[None])
    for pair in Splits.draw([sample], noise, 4, rng).pairs:
        for part in (pair.input, pair.target):
            assert part.values.mean() == pytest.approx(4.0, abs=0.1)
            expected = noise.variance(4.0, part.dose)
            assert part.values.var() == pytest.approx(expected, rel=0.05)
        correlation = np.corrcoef(pair.input.values, pair.target.values)[0, 1]
        assert abs(correlation) < 4 / np.sqrt(rate.size)


def test_a_fifth_of_the_channels_of_each_sample_is_held_out():
    splits = draw(n_samples=3, n=1000)
    assert splits.held_out.shape == (3, 1000)
    assert splits.held_out.mean() == pytest.approx(HELD_OUT_SHARE, abs=1e-3)
    both = splits.held_out[0] & splits.held_out[1]
    assert both.mean() == pytest.approx(HELD_OUT_SHARE**2, abs=0.02)  # others in every sample


@pytest.mark.parametrize("n_samples", [1, 2, 3])
def test_every_sample_has_as_many_splits_and_stays_among_the_first(n_samples):
    splits = draw(n_samples=n_samples, n_splits=8)
    assert len(splits.pairs) >= 8
    assert len(set(np.bincount(splits.owners))) == 1
    for n in (1, 4, 100):
        few = splits.first(n)
        assert set(few.owners) == set(range(n_samples))
        assert len(few.pairs) == min(max(n, n_samples), len(splits.pairs))
        assert all(a is b for a, b in zip(few.pairs, splits.pairs, strict=False))


def test_sides_stand_for_the_whole():
    splits = draw(n_samples=2, n_splits=6)
    for side, name in zip(splits.sides(), ("input", "target"), strict=True):
        for part, pair, owner in zip(side, splits.pairs, splits.owners, strict=True):
            assert part.dose == splits.wholes[owner].dose
            assert part.values is getattr(pair, name).values


def test_deviances_are_means_over_the_splits_of_a_sample():
    splits = draw(n_samples=2, n_splits=6)
    rng = np.random.default_rng(3)
    rates = [rng.uniform(1, 30, N) for _ in splits.pairs]
    found = splits.deviances(rates)
    for sample in (0, 1):
        each = [
            splits.noise.deviance(rate, pair.target.values)
            for rate, pair, owner in zip(rates, splits.pairs, splits.owners, strict=True)
            if owner == sample
        ]
        np.testing.assert_allclose(found[sample], np.mean(each, axis=0))


def test_same_seed_draws_the_same_and_another_does_not():
    first, again, other = (draw(seed=seed) for seed in (5, 5, 6))
    assert np.array_equal(first.held_out, again.held_out)
    assert first.shares() == again.shares()
    for a, b, c in zip(first.pairs, again.pairs, other.pairs, strict=True):
        assert np.array_equal(a.target.values, b.target.values)
        assert not np.array_equal(a.target.values, c.target.values)
