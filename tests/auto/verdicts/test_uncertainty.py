"""Stated errors against true ones, on simulated spectra whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from autoden.auto.learning.method import Filter
from autoden.auto.learning.splits import Splits
from autoden.auto.verdicts.uncertainty import check_errors, measure_errors, noise_unit
from autoden.baselines.mean import Mean
from autoden.baselines.savitzky_golay import SavitzkyGolay
from autoden.baselines.whittaker import Whittaker
from autoden.noise import Combined, Exposures, Gaussian, Poisson, Unknown

NOISE = Poisson()
SMOOTH = Filter(Whittaker(3, 100.0), NOISE)


def stated(method, whole, noise=NOISE, n=16, seed=0, **more):
    (estimate,) = method.rates([whole])
    rng = np.random.default_rng(seed)
    return estimate, measure_errors(method, estimate, whole.dose, noise, n, rng, **more)


def true_gain(estimate, truth, dose, noise=NOISE):
    unit = noise_unit(truth, dose, noise)
    return np.mean(noise.variance(truth, dose) / unit) / np.mean((estimate - truth) ** 2 / unit)


@pytest.mark.parametrize("exposure", [0.2, 5.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_stated_gain_and_error_are_near_the_true_ones(simulate, exposure, seed):
    spectra = simulate(exposure=exposure, seed=seed)
    whole = NOISE.combine(Exposures(spectra.counts))
    estimate, errors = stated(SMOOTH, whole)
    gain = true_gain(estimate, spectra.truth, whole.dose)
    assert errors.gain == pytest.approx(gain, rel=0.4)
    mse = np.mean((estimate - spectra.truth) ** 2)
    assert mse / 3 < errors.mse < 3 * mse  # which a few channels in strong lines decide
    assert errors.gain_interval[0] < errors.gain < errors.gain_interval[1]
    assert errors.mse_interval[0] < errors.mse < errors.mse_interval[1]


def test_sigma_covers_the_true_error_two_times_in_three(simulate):
    within, bright = [], []
    for seed in range(4):
        spectra = simulate(seed=seed)
        whole = NOISE.combine(Exposures(spectra.counts))
        estimate, errors = stated(SMOOTH, whole)
        within.append(np.abs(estimate - spectra.truth) < errors.sigma)
        bright.append(spectra.truth > 1)
    assert 0.6 < np.mean(within, where=bright) < 0.76


@pytest.mark.parametrize("noise", [Poisson(), Poisson(2.5), Gaussian(3.0)], ids=str)
def test_mean_has_the_error_of_its_noise_and_gains_nothing(noise):
    rng = np.random.default_rng(0)
    truth = np.linspace(5, 50, 2000)
    whole = Combined(noise.simulate(truth, 4.0, rng), 4.0)
    _, errors = stated(Filter(Mean(), noise), whole, noise, n=40)
    assert errors.gain == pytest.approx(1, rel=0.03)
    assert errors.mse == pytest.approx(np.mean(noise.variance(truth, 4.0)), rel=0.05)
    squared = np.mean(errors.sigma**2)  # and the error of the mean shift, 1/40
    assert squared == pytest.approx(np.mean(noise.variance(truth, 4.0)) * (1 + 1 / 40), rel=0.05)


def test_what_smoothing_takes_from_a_line_is_in_its_sigma():
    """The estimate of a too wide window loses height, and its replicas lose it again."""
    channels = np.arange(400)
    truth = 2 + 1000 * np.exp(-0.5 * ((channels - 200) / 3) ** 2)
    whole = Combined(NOISE.simulate(truth, 4.0, np.random.default_rng(0)), 4.0)
    estimate, errors = stated(Filter(SavitzkyGolay(2, 17), NOISE), whole)
    assert truth[200] - estimate[200] > 10 * np.sqrt(truth[200] / 4)
    assert errors.sigma[200] > 3 * np.sqrt(truth[200] / 4)
    narrow = stated(Filter(SavitzkyGolay(2, 5), NOISE), whole)[1]
    assert narrow.sigma[200] < 2 * np.sqrt(truth[200] / 4)


def test_spread_of_networks_is_added(simulate):
    whole = NOISE.combine(Exposures(simulate().counts))
    _, without = stated(SMOOTH, whole)
    spread = np.linspace(0, 3, 1024)
    _, with_spread = stated(SMOOTH, whole, spread=spread)
    np.testing.assert_allclose(with_spread.sigma**2, without.sigma**2 + spread)
    assert with_spread.mse == pytest.approx(without.mse + spread.mean())
    assert with_spread.gain < without.gain


def test_empty_channels_have_a_finite_unit_and_gain():
    truth = np.where(np.arange(200) < 100, 0.0, 30.0)
    assert (noise_unit(truth, 4.0, NOISE) > 0).all()
    _, errors = stated(SMOOTH, Combined(truth, 4.0))
    assert np.isfinite([errors.gain, errors.mse, *errors.gain_interval]).all()
    nothing = stated(Filter(Mean(), NOISE), Combined(0 * truth, 4.0))[1]
    assert 0 < nothing.sigma.max() <= 1e-3  # not certain, but told from nothing by no count
    assert (nothing.gain, nothing.mse) == (1, 0)


def test_replicas_of_values_that_are_never_negative_are_not_either():
    noise = Unknown(0.5, 1.0)
    estimate = np.full(300, 0.2)
    method = Filter(Whittaker(3, 100.0), noise)
    drawn = [
        measure_errors(
            method, estimate, 4.0, noise, 8, np.random.default_rng(0), is_positive=is_positive
        ).replicas.min()
        for is_positive in (False, True)
    ]
    assert drawn[0] < 0 == drawn[1]


# Held-out parts


ROUGH = Filter(Whittaker(3, 10.0), NOISE)


@pytest.fixture(scope="module")
def checked(splits):
    return stated(ROUGH, splits.wholes[0])[1]


@pytest.mark.parametrize("method", [ROUGH, SMOOTH], ids=Filter.describe)
def test_held_out_parts_do_not_contradict_true_errors(simulate, method):
    """Not more than by chance, and to either side."""
    scores = []
    for seed in range(6):
        sample = Exposures(simulate(seed=seed).counts)
        splits = Splits.draw([sample], NOISE, 4, np.random.default_rng(seed))
        _, errors = stated(method, splits.wholes[0])
        after = check_errors(errors, 0, method, splits)
        assert np.array_equal(after.sigma, errors.sigma)
        assert (after.gain, after.mse) == (errors.gain, errors.mse)
        scores.append(after.held_out_z)
    assert np.max(np.abs(scores)) < 3
    assert abs(np.mean(scores)) < 1


def test_held_out_parts_raise_errors_that_are_stated_too_small(checked, splits):
    cut = checked.inflated(0.0, 1 / 9)
    np.testing.assert_allclose(cut.sigma, checked.sigma / 3)
    after = check_errors(cut, 0, ROUGH, splits)
    assert after.held_out_z > 3
    factor = after.mse / cut.mse
    assert factor == pytest.approx(9, rel=0.4)
    np.testing.assert_allclose(after.sigma, cut.sigma * np.sqrt(factor))
    assert after.gain * after.mse == pytest.approx(checked.gain * checked.mse)
    np.testing.assert_allclose(after.mse_interval, np.array(cut.mse_interval) * factor)
    np.testing.assert_allclose(after.gain_interval, np.array(cut.gain_interval) / factor)


def test_errors_that_are_stated_too_large_are_left(checked, splits):
    """They may be the bias, of which held-out parts of the same counts do not know all."""
    large = replace(checked, sigma=10 * checked.sigma)
    after = check_errors(large, 0, ROUGH, splits)
    assert after.held_out_z < 0
    assert np.array_equal(after.sigma, large.sigma)


def test_every_sample_is_checked_by_its_own_parts(simulate, splits):
    """What is wrong with the second sample is no matter to the first."""
    other = Exposures(simulate(2, seed=3).counts)
    rng = np.random.default_rng(0)
    both = Splits.draw([*splits.samples, other], NOISE, 16, rng)
    errors = stated(ROUGH, both.wholes[1])[1]
    assert abs(check_errors(errors, 1, ROUGH, both).held_out_z) < 3
    cut = errors.inflated(0.0, 1 / 9)
    assert check_errors(cut, 1, ROUGH, both).held_out_z > 3
