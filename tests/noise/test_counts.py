"""Whether values are counts, from the values alone."""

import numpy as np
import pytest

from autoden.noise.counts import examine_counts
from autoden.noise.exposures import Exposures


@pytest.fixture
def counts():
    return np.random.default_rng(0).poisson(np.linspace(0.1, 80, 500), (3, 500)).astype(float)


def test_whole_non_negative_numbers_are_counts(counts):
    found = examine_counts(Exposures(counts))
    assert found.is_whole
    assert found.is_counts
    assert found.step == 1


@pytest.mark.parametrize("gain", [2.5, 4.2e-5, 5.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_common_gain_is_found(counts, gain, dtype):
    found = examine_counts(Exposures((gain * counts).astype(dtype)))
    assert found.is_counts
    assert found.step == pytest.approx(gain, rel=1e-6)


def test_each_repeat_may_have_a_factor_of_its_own(counts):
    factors = np.array([1.021, 1.034, 1.047])
    found = examine_counts(Exposures(factors[:, None] * counts))
    assert not found.is_counts
    assert found.has_factors
    np.testing.assert_allclose(found.repeat_steps, factors, rtol=1e-6)


def test_counts_with_a_correction_that_depends_on_the_rate_are_none(counts):
    found = examine_counts(Exposures(counts * (1 + 1e-3 * counts)))
    assert not found.is_counts
    assert not found.has_factors
    assert abs(found.oddest - round(found.oddest)) > 0.1


def test_rounded_decimals_are_no_counts_although_they_are_multiples(counts):
    corrected = np.round(counts * (1 + 1e-3 * counts) * 1.0371, 2)
    assert not examine_counts(Exposures(corrected)).is_counts


def test_a_negative_value_is_the_witness(counts):
    counts[1, 7] = -3
    found = examine_counts(Exposures(counts))
    assert not found.is_counts
    assert found.oddest == -3
