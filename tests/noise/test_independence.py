"""Correlation of noise between neighbours and between repeats."""

import numpy as np
import pytest

from autoden.noise.exposures import Exposures
from autoden.noise.independence import correlation_of_neighbours, like_repeats

RATES = 0.3 + 60 * np.exp(-0.5 * ((np.arange(1500.0) - 700) / 90) ** 2)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("gain", [1.0, None])
def test_independent_noise_has_a_standard_normal_z_score(rng, gain):
    scores = [
        correlation_of_neighbours(Exposures(rng.poisson(RATES, (4, 1500))), gain).z_score
        for _ in range(100)
    ]
    assert abs(np.mean(scores)) < 0.4
    assert 0.7 < np.std(scores) < 1.3


def test_shared_charge_is_seen_with_its_size(rng):
    first, second = rng.poisson(200.0, (2, 4, 3001))
    shared = rng.poisson(100.0, (4, 3002))  # each count of it is seen in two neighbours
    values = first + second + shared[:, 1:] + shared[:, :-1]
    found = correlation_of_neighbours(Exposures(values), 1.0)
    # counts seen twice: covariance 100 of a variance of 600; the z-score is that of counts
    assert found.correlation == pytest.approx(100 / 600, abs=0.03)
    assert found.z_score > 6


def test_a_drift_of_wide_lines_is_no_correlation_of_neighbours(rng):
    rates = 40 * RATES * np.array([1.0, 1.0, 1.0, 1.0])[:, None]
    rates[:, 600:800] *= np.array([1.05, 0.95, 1.0, 1.0])[:, None]
    found = correlation_of_neighbours(Exposures(rng.poisson(rates)), 1.0)
    assert abs(found.z_score) < 4


@pytest.mark.parametrize("n_repeats", [2, 3, 6])
def test_independent_repeats_are_not_alike(rng, n_repeats):
    for dose in (0.01, 1.0, 50.0):
        counts = rng.poisson(dose * RATES, (n_repeats, 1500))
        assert like_repeats(Exposures(counts), 1.0) == []
        assert like_repeats(Exposures(rng.normal(RATES, 3.0, (n_repeats, 1500))), None) == []


@pytest.mark.parametrize(("factor", "gain"), [(1.0, 1.0), (1.3, None)])
def test_copies_are_found_also_with_a_factor(rng, factor, gain):
    counts = rng.poisson(RATES, (3, 1500)).astype(float)
    counts[2] = factor * counts[1]
    (found,) = like_repeats(Exposures(counts), gain)
    assert (found.first, found.second, found.is_copy) == (1, 2, True)


def test_a_few_counts_may_be_equal_by_chance(rng):
    counts = np.zeros((2, 50))
    counts[:, [3, 30]] = 1
    assert like_repeats(Exposures(counts), 1.0) == []


@pytest.mark.parametrize("n_repeats", [2, 4])
def test_overlapping_repeats_are_found_with_their_overlap(rng, n_repeats):
    counts = rng.poisson(RATES, (n_repeats, 1500))
    counts[1] = rng.binomial(counts[0], 0.5) + rng.poisson(RATES / 2)
    (found,) = like_repeats(Exposures(counts), 1.0)
    assert (found.first, found.second, found.is_copy) == (0, 1, False)
    assert found.correlation == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("n_repeats", [4, 7])
def test_overlap_is_found_in_values_that_are_no_counts(rng, n_repeats):
    noise = rng.normal(0, 2, (n_repeats, 1500))
    noise[1] = 0.6 * noise[0] + 0.8 * noise[1]
    (found,) = like_repeats(Exposures(RATES + noise), None)
    assert (found.first, found.second, found.is_copy) == (0, 1, False)
    assert found.correlation > 0.25


@pytest.mark.parametrize("n_repeats", [3, 4, 8])
@pytest.mark.parametrize("kind", ["one level", "rates", "rates of counts"])
def test_repeats_of_unequal_noise_are_not_alike(rng, n_repeats, kind):
    for _ in range(5):
        times = np.exp(rng.normal(0, 1.2, n_repeats))[:, None]
        noise = rng.normal(0, 2, (n_repeats, 1500))
        values = {
            "one level": times * RATES + noise,
            "rates": RATES + noise / times,
            "rates of counts": rng.poisson(times * RATES) / times,
        }[kind]
        assert like_repeats(Exposures(values), None) == []


def test_repeats_that_are_all_smoothed_are_not_called_copies(rng):
    counts = rng.poisson(RATES, (4, 1500))
    smoothed = np.rint((counts + np.roll(counts, 1, axis=1)) / 2)
    assert like_repeats(Exposures(smoothed), 1.0) == []
