"""The Whittaker smoother against dense linear algebra and the conditions of its optimum."""

import numpy as np
import pytest

from autoden.baselines import Whittaker
from autoden.errors import InputError
from autoden.noise import Combined, Gaussian, Poisson, Unknown


def differences(order, size):
    return np.diff(np.eye(size), order, axis=0)


def line_and_noise(seed=0, size=90):
    x = np.arange(size)
    truth = 2 + 60 * np.exp(-(((x - 40) / 6) ** 2))
    return truth, np.random.default_rng(seed).poisson(truth).astype(float)


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("smoothness", [1.0, 1e4])
def test_with_gaussian_noise_it_is_one_linear_solve(order, smoothness):
    _, values = line_and_noise()
    penalty = differences(order, len(values))
    expected = np.linalg.solve(np.eye(len(values)) + smoothness * penalty.T @ penalty, values)
    estimate = Whittaker(order, smoothness).apply(Combined(values, 3), Gaussian(2.0))
    assert estimate == pytest.approx(expected, rel=1e-6)


def test_with_noise_that_grows_the_weights_are_its_inverse_variances():
    values = line_and_noise()[1] - 5.0  # negative values: the rates themselves are smoothed
    noise = Unknown(floor=4.0, slope=1.0)
    estimate = Whittaker(2, 10.0).apply(Combined(values, 2), noise)
    weights = 1 / noise.variance(estimate, 2)
    penalty = differences(2, len(values))
    system = np.diag(weights / weights.mean()) + 10.0 * penalty.T @ penalty
    expected = np.linalg.solve(system, weights / weights.mean() * values)
    assert estimate == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("smoothness", [3.0, 1e5])
@pytest.mark.parametrize(("gain", "dose"), [(1.0, 1.0), (0.5, 4.0)])
def test_with_counts_it_is_the_optimum_of_the_penalised_likelihood(order, smoothness, gain, dose):
    """Newton's method with dense matrices, many steps, from the exact counts of the mean."""
    counts = line_and_noise()[1]
    penalty = smoothness * differences(order, len(counts)).T @ differences(order, len(counts))
    middle = np.log(counts.mean() * gain / dose)  # the pull is towards the mean rate, in user units
    pull = 1e-4 * np.eye(len(counts))
    log_rate = np.full(len(counts), middle)
    for _ in range(200):
        expected = np.exp(log_rate) * dose / gain
        score = counts - expected - penalty @ log_rate - pull @ (log_rate - middle)
        step = np.linalg.solve(np.diag(expected) + penalty + pull, score)
        log_rate += step / max(1, np.abs(step).max())
    measured = Combined(counts * gain / dose, dose)
    estimate = Whittaker(order, smoothness).apply(measured, Poisson(gain))
    assert estimate == pytest.approx(np.exp(log_rate), rel=1e-3)


@pytest.mark.parametrize("smoothness", [10.0, 1e6])
def test_counts_and_centroid_of_the_spectrum_are_kept(smoothness):
    _, values = line_and_noise(size=400)
    estimate = Whittaker(3, smoothness).apply(Combined(values, 1), Poisson())
    channels = np.arange(len(values))
    assert estimate.sum() == pytest.approx(values.sum(), rel=1e-3)
    assert channels @ estimate == pytest.approx(channels @ values, rel=1e-3)


def test_lines_of_gaussian_shape_are_kept_however_strong():
    """The logarithm of a Gaussian is a parabola, of which the third differences are zero."""
    channels = np.arange(60)
    line = 1e4 * np.exp(-(((channels - 30) / 12) ** 2) / 2)
    estimate = Whittaker(3, 1e8).apply(Combined(line, 1), Poisson())
    assert estimate == pytest.approx(line, rel=1e-3)


def test_stretches_without_counts_stay_finite_and_do_not_reach_into_others():
    values = np.zeros(3000)
    values[1000:1100] = 20.0
    estimate = Whittaker(2, 1e3).apply(Combined(values, 1), Poisson())
    assert np.isfinite(estimate).all()
    assert estimate[:900].max() < 1e-2
    assert estimate[1030:1070] == pytest.approx(np.full(40, 20.0), rel=0.05)


def test_what_was_smoothed_before_does_not_matter():
    values = line_and_noise(size=500)[1][None]
    members = Whittaker.grid((500,))
    for member, swept in zip(
        members, Whittaker.sweep(members, values, 1.0, Poisson()), strict=True
    ):
        alone = member.smooth(values, 1.0, Poisson())
        assert swept == pytest.approx(alone, rel=0.02, abs=1e-3)


@pytest.mark.parametrize("noise", [Unknown(4.0, 1.0), Gaussian(2.0)])
def test_a_spectrum_is_smoothed_alike_whatever_is_smoothed_beside_it(noise):
    """Rates of one may be negative; those of the other may not."""
    above, below = line_and_noise(0)[1], line_and_noise(1)[1] - 5.0
    filters = [Whittaker(order, smoothness) for order in (2, 3) for smoothness in (10.0, 1e4)]
    together = list(Whittaker.sweep(filters, np.stack([above, below, above]), 2.0, noise))
    for whittaker, estimates in zip(filters, together, strict=True):
        for values, estimate in zip((above, below, above), estimates, strict=True):
            alone = whittaker.apply(Combined(values, 2.0), noise)
            assert estimate == pytest.approx(alone, rel=1e-3, abs=5e-3)
    swept = Whittaker(2, 10.0).apply(Combined(above, 2.0), Unknown(4.0, 1.0))
    assert swept.min() > 0


@pytest.mark.parametrize(("order", "smoothness"), [(4, 1.0), (2, 0.0), (2, float("inf"))])
def test_settings_out_of_range_are_refused(order, smoothness):
    with pytest.raises(InputError, match=r"order|smoothness"):
        Whittaker(order, smoothness)
