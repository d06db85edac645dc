"""Scores without truth agree, on average, with scores against the truth."""

from itertools import permutations

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.evaluation import (
    equivalent_exposures,
    excess_poisson_deviance,
    mean_squared_error,
    unbiased_mse,
)


def test_unbiased_mse_estimates_the_error_against_the_truth():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.5, 30, size=300)
    estimate = truth + rng.normal(0, 0.8, size=300)
    scores = [unbiased_mse(estimate, rng.poisson(truth, (6, 300))) for _ in range(300)]
    standard_error = np.std(scores) / np.sqrt(len(scores))
    assert abs(np.mean(scores) - mean_squared_error(estimate, truth)) < 4 * standard_error


@pytest.mark.parametrize("n_repeats", [1, 3])
@pytest.mark.parametrize("noise", ["poisson", "scaled counts", "gaussian"])
def test_a_known_variance_makes_one_repeat_enough(noise, n_repeats):
    rng = np.random.default_rng(1)
    truth = rng.uniform(0.5, 30, size=300)
    estimate = truth + rng.normal(0, 0.8, size=300)
    scores = []
    for _ in range(400):
        if noise == "gaussian":
            held = truth + rng.normal(0, 2, (n_repeats, 300))
            variance = 2.0**2
        else:
            gain = {"poisson": 1.0, "scaled counts": 2.5}[noise]
            held = gain * rng.poisson(truth / gain, (n_repeats, 300))
            variance = gain * held.mean(axis=0)
        scores.append(unbiased_mse(estimate, held, variance=variance))
    standard_error = np.std(scores) / np.sqrt(len(scores))
    assert abs(np.mean(scores) - mean_squared_error(estimate, truth)) < 4 * standard_error


def test_two_references_may_differ_in_their_noise():
    rng = np.random.default_rng(2)
    truth = rng.uniform(0.5, 30, size=300)
    estimate = truth + rng.normal(0, 0.8, size=300)
    scores = []
    for _ in range(400):
        a, b = truth + rng.normal(0, 1, 300), truth + rng.normal(0, 4, 300)
        scores.append(unbiased_mse(estimate, [a, b]))
        assert scores[-1] == pytest.approx(np.mean((estimate - a) * (estimate - b)))
    standard_error = np.std(scores) / np.sqrt(len(scores))
    assert abs(np.mean(scores) - mean_squared_error(estimate, truth)) < 4 * standard_error


def test_three_references_give_the_umse_of_all_their_orders():
    rng = np.random.default_rng(3)
    f, held = rng.normal(size=50), rng.normal(size=(3, 50))
    umse = [np.mean((f - a) ** 2 - (b - c) ** 2 / 2) for a, b, c in permutations(held)]
    assert unbiased_mse(f, held) == pytest.approx(np.mean(umse))


def test_deviance_is_zero_at_the_truth_and_grows_with_distance():
    truth = np.random.default_rng(0).uniform(0.0, 30, size=(1, 300))
    values = [excess_poisson_deviance(truth[0] * factor, truth) for factor in (1, 1.1, 1.5)]
    assert values[0] == pytest.approx(0, abs=1e-12)
    assert values[0] < values[1] < values[2]


def test_equivalent_exposures_of_a_mean_are_its_exposures():
    rng = np.random.default_rng(0)
    truth = np.full(20_000, 5.0)
    counts = rng.poisson(truth, (8, truth.size))
    one = np.mean([mean_squared_error(c, truth) for c in counts])
    eight = mean_squared_error(counts.mean(axis=0), truth)
    assert equivalent_exposures(eight, one) == pytest.approx(8, rel=0.05)


@pytest.mark.parametrize("held", [[1.0, 2.0], [[1.0, 2.0]]])
def test_too_few_repeats_are_refused(held):
    with pytest.raises(InputError, match="at least 2 repeat"):
        unbiased_mse([1.0, 2.0], held)


def test_shapes_that_differ_are_refused():
    with pytest.raises(InputError, match="differ in shape"):
        mean_squared_error([1.0], [1.0, 2.0])


def test_a_variance_of_another_shape_is_refused():
    with pytest.raises(InputError, match=r"`variance` has shape \(3,\)"):
        unbiased_mse([1.0, 2.0], [[1.0, 2.0]], variance=np.ones(3))


def test_complex_values_are_refused_rather_than_cut():
    with pytest.raises(InputError, match="`estimate` has dtype complex128"):
        mean_squared_error([1j], [1.0])
