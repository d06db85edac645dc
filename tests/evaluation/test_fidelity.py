"""Scores without truth agree, on average, with scores against the truth."""

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
