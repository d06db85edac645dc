"""What each classical filter keeps and removes, against formulas and scipy."""

import numpy as np
import pytest
import scipy.signal
from scipy.special import ive

from autoden.baselines import GaussianFilter, Mean, SavitzkyGolay, WaveletShrinkage
from autoden.errors import InputError
from autoden.noise import Combined, Gaussian, Poisson

POISSON = Poisson()
NORMAL = Gaussian(sigma=1.0)


def random_counts(*shape, rate=5.0, seed=0):
    return np.random.default_rng(seed).poisson(rate, shape).astype(float)


def test_the_mean_is_the_identity_and_a_copy():
    values = random_counts(9)
    estimate = Mean().apply(Combined(values, 4), POISSON)
    assert np.array_equal(estimate, values)
    assert estimate is not values


@pytest.mark.parametrize("sigma", [0.5, 1.7, 6.0])
def test_gaussian_weights_are_the_discrete_gaussian_of_the_mirrored_signal(sigma):
    values, reach = random_counts(60), 59
    weights = ive(np.abs(np.arange(-reach, reach + 1)), sigma**2)
    expected = np.convolve(np.pad(values, reach, mode="symmetric"), weights, mode="valid")
    assert GaussianFilter(sigma).apply(Combined(values, 1), POISSON) == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(41,), (12, 17), (6, 7, 8)])
@pytest.mark.parametrize("sigma", [0.6, 3.0])
def test_gaussian_keeps_constants_and_total_counts(shape, sigma):
    gaussian = GaussianFilter(sigma)
    constant = np.full(shape, 3.7)
    assert gaussian.apply(Combined(constant, 1), POISSON) == pytest.approx(constant)
    values = random_counts(*shape)
    assert gaussian.apply(Combined(values, 1), POISSON).sum() == pytest.approx(values.sum())


def test_gaussian_keeps_the_type_and_the_axes_in_front():
    values = np.random.default_rng(0).normal(size=(2, 3, 8, 9)).astype(np.float32)
    filtered = GaussianFilter(1.5).filtered(values, n_dims=2)
    alone = GaussianFilter(1.5).filtered(values[1, 2].astype(float), n_dims=2)
    assert filtered.dtype == np.float32
    assert filtered[1, 2] == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize("order", [2, 4, 6])
def test_savitzky_golay_keeps_polynomials_up_to_its_ends(order):
    x = np.linspace(-1, 1, 80)
    polynomial = np.polynomial.Polynomial(np.arange(1, order + 2) * 1.3)(x)
    estimate = SavitzkyGolay(order, 21).apply(Combined(polynomial, 1), NORMAL)
    assert estimate == pytest.approx(polynomial, abs=1e-8)


@pytest.mark.parametrize(
    ("order", "window", "size"), [(0, 1, 5), (2, 3, 3), (2, 9, 9), (4, 41, 500)]
)
def test_savitzky_golay_is_that_of_scipy(order: int, window: int, size: int) -> None:
    values = np.random.default_rng(0).normal(size=(2, size))
    expected = scipy.signal.savgol_filter(values, window, order)
    np.testing.assert_allclose(SavitzkyGolay(order, window).filtered(values), expected, atol=1e-9)


def test_savitzky_golay_is_the_least_squares_fit_in_each_window():
    values, half = random_counts(50), 7
    x = np.arange(-half, half + 1)
    expected = [
        np.polynomial.Polynomial.fit(x, values[i - half : i + half + 1], 4)(0)
        for i in range(half, 50 - half)
    ]
    estimate = SavitzkyGolay(4, 15).apply(Combined(values, 1), NORMAL)
    assert estimate[half:-half] == pytest.approx(np.array(expected))


@pytest.mark.parametrize("gain", [1.0, 0.25])
def test_lobes_below_zero_are_floored_for_counts_and_kept_for_other_noise(gain):
    line = np.zeros(41)
    line[20] = 100.0
    member = SavitzkyGolay(4, 15)
    assert member.apply(Combined(line, 1), NORMAL).min() < -1
    assert member.apply(Combined(line, 1), Poisson(gain)).min() == 1e-3 * gain


@pytest.mark.parametrize("arguments", [(4, 4), (5, 5), (-1, 5)])
def test_savitzky_golay_refuses_what_is_no_filter(arguments):
    with pytest.raises(InputError, match=r"`window` is 4|`order` is"):
        SavitzkyGolay(*arguments)


def test_savitzky_golay_refuses_data_shorter_than_its_window():
    with pytest.raises(InputError, match="7 channels"):
        SavitzkyGolay(2, 9).apply(Combined(np.ones(7), 1), POISSON)


@pytest.mark.parametrize("shape", [(100,), (13, 20), (8, 9, 10), (1, 30)])
def test_wavelets_keep_what_is_above_the_noise(shape):
    """Without a threshold nothing is removed: the transform and its inverse are exact."""
    values = np.random.default_rng(1).normal(size=shape)
    estimate = WaveletShrinkage("sym4", 2, threshold=0).apply(Combined(values, 1), NORMAL)
    assert estimate == pytest.approx(values)


@pytest.mark.parametrize("shape", [(512,), (32, 32), (12, 12, 12)])
def test_wavelets_remove_what_is_only_noise(shape):
    values = np.random.default_rng(2).normal(10, 1, size=shape)
    estimate = WaveletShrinkage("sym4", 2, threshold=1.0).apply(Combined(values, 1), NORMAL)
    n_averaged = 4 ** len(shape)
    assert np.mean((estimate - 10) ** 2) < 2 / n_averaged


def test_wavelets_find_steps_that_the_mean_of_counts_hides():
    truth = np.repeat([5.0, 60.0, 20.0, 5.0], 128)
    errors = []
    for seed in range(5):
        values = np.random.default_rng(seed).poisson(truth).astype(float)
        estimate = WaveletShrinkage("haar", 5, threshold=0.9).apply(Combined(values, 1), POISSON)
        errors.append(np.mean((estimate - truth) ** 2) / np.mean((values - truth) ** 2))
    assert max(errors) < 0.2


@pytest.mark.parametrize("dose", [1, 30])
def test_wavelets_do_not_lose_counts_at_low_rates(dose):
    """The algebraic inverse of the square root would lose a quarter of a count per element."""
    values = np.random.default_rng(3).poisson(2.0 * dose, 4096) / dose
    estimate = WaveletShrinkage("sym8", 6, threshold=1.0).apply(Combined(values, dose), POISSON)
    assert estimate.mean() == pytest.approx(values.mean(), rel=0.02)
