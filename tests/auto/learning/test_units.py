"""In which units noise is the same for all data, shown by simulation."""

import numpy as np
import pytest
import torch

from autoden.auto.learning.units import CountUnits, LevelUnits, units_of
from autoden.noise import Combined, Gaussian, Poisson, Unknown

COUNTING = [Poisson(), Poisson(2.5), Unknown(0.3, 2.0), Unknown(40.0, 0.7)]
LEVEL = [Gaussian(3.0), Unknown(9.0, 0.0), Unknown(4.0, 0.01)]
DOSES = [0.2, 1.0, 7.0]


@pytest.mark.parametrize("noise", COUNTING + LEVEL, ids=str)
@pytest.mark.parametrize("dose", DOSES)
def test_units_are_undone(noise, dose):
    values = np.linspace(-3.0, 50.0, 20)
    units = units_of(noise)
    np.testing.assert_allclose(units.rates(units.of(Combined(values, dose)), dose), values)


@pytest.mark.parametrize("noise", COUNTING, ids=str)
@pytest.mark.parametrize("dose", DOSES)
@pytest.mark.parametrize("rate", [0.5, 20.0])
def test_variance_of_counts_equals_their_mean(noise, dose, rate):
    drawn = noise.simulate(np.full(40_000, rate), dose, np.random.default_rng(0))
    counts = units_of(noise).of(Combined(drawn, dose))
    assert counts.var() == pytest.approx(counts.mean(), rel=0.06)
    variance = noise.variance(rate, dose)  # and exactly, by the model
    expected = units_of(noise).of(Combined(np.array(rate), dose))
    scale = units_of(noise).rates(np.array(1.0), dose) - units_of(noise).rates(np.array(0.0), dose)
    assert variance / scale**2 == pytest.approx(expected)


@pytest.mark.parametrize("noise", LEVEL, ids=str)
@pytest.mark.parametrize("dose", DOSES)
def test_level_noise_has_a_variance_of_one(noise, dose):
    drawn = noise.simulate(np.full(40_000, 5.0), dose, np.random.default_rng(0))
    assert units_of(noise).of(Combined(drawn, dose)).var() == pytest.approx(1, rel=0.03)


def test_noise_that_hardly_grows_counts_as_level():
    assert isinstance(units_of(Unknown(1.0, 0.1)), CountUnits)
    assert isinstance(units_of(Unknown(1.0, 0.001)), LevelUnits)
    assert units_of(Poisson(2.5)) == CountUnits(2.5)
    with pytest.raises(TypeError, match="no units"):
        units_of("loud")


def test_values_far_below_zero_are_no_counts():
    """As where a background was subtracted: their noise is then taken for level."""
    noise, values = Unknown(1.0, 2.0), np.array([-5.0, 0.0, 20.0])
    units = units_of(noise, values)
    assert isinstance(units, LevelUnits)
    assert units.sigma**2 == pytest.approx(noise.variance(values).mean())
    assert units_of(noise, values[1:]) == CountUnits(2.0, 0.5)


@pytest.mark.parametrize("noise", [Poisson(), Gaussian(2.0)], ids=str)
def test_loss_is_least_at_the_expected_value(noise):
    units = units_of(noise)
    drawn = noise.simulate(np.full(500, 6.0), 1.0, np.random.default_rng(1))
    targets = torch.tensor(units.of(Combined(drawn, 1.0)))
    rate = targets.mean().clone().requires_grad_()
    units.data_term(rate.expand_as(targets), targets).mean().backward()
    assert abs(rate.grad.item()) < 1e-10
