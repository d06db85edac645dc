"""Estimated parameters of the noise against those that drew it."""

import numpy as np
import pytest

import autoden as ad
from autoden.errors import InputError
from autoden.noise import Exposures, estimate_gaussian, estimate_poisson, estimate_unknown

SHAPES = [(4095,), (64, 64), (16, 16, 16)]
SEEDS = range(6)


def smooth_rate(shape):
    """Slopes, curvature, and a narrow peak along the first axis."""
    axes = np.meshgrid(*(np.linspace(0, 1, n) for n in shape), indexing="ij")
    peak = 200 * np.exp(-(((axes[0] - 0.3) / 0.02) ** 2) / 2)
    return 1 + 50 * sum(axis**2 for axis in axes) + (peak if len(shape) == 1 else 0)


@pytest.mark.parametrize("gain", [1, 2, 2.5, 0.1, 1 / 3, 0.0173, 1e-5, np.pi])
@pytest.mark.parametrize("rate", [0.05, 3.0, 200.0])
def test_the_gain_is_found_through_the_rounding_of_any_type(gain, rate):
    counts = np.random.default_rng(0).poisson(rate, (3, 3000))
    exact = estimate_poisson([Exposures(gain * counts)]).gain
    assert exact == pytest.approx(gain, rel=1e-12)
    single = estimate_poisson([Exposures((gain * counts).astype(np.float32))]).gain
    assert single == pytest.approx(gain, rel=1e-7)
    divided = estimate_poisson([Exposures(counts * (7 * gain) / 7)]).gain
    assert divided == pytest.approx(gain, rel=1e-12)


def test_the_gain_is_found_on_printed_numbers_and_far_from_zero():
    counts = np.random.default_rng(0).poisson(50, (2, 2000))
    printed = [[float(f"{value:.6g}") for value in row] for row in counts / 3]
    assert estimate_poisson([Exposures(printed)]).gain == pytest.approx(1 / 3, rel=1e-6)
    offset = (0.37 * (20_000 + counts)).astype(np.float32)
    assert estimate_poisson([Exposures(offset)]).gain == 0.37


def test_values_that_differ_by_rounding_alone_are_one_value():
    values = np.repeat([0.3, 0.1 + 0.2, 3.0, 4.5, 4.8], 5)
    assert estimate_poisson([Exposures(values[None])]).gain == pytest.approx(0.3, rel=1e-12)


def test_counts_with_the_estimated_gain_can_be_split():
    counts = np.random.default_rng(1).poisson(80, (2, 1000))
    exposures = Exposures((0.0173 * counts).astype(np.float32))
    np.testing.assert_array_equal(estimate_poisson([exposures]).counts(exposures), counts.sum(0))


def test_whole_numbers_have_gain_one_unless_many_share_more():
    assert estimate_poisson([Exposures([[0, 2, 2, 0]])]).gain == 1
    assert estimate_poisson([Exposures([[0, 0, 0]])]).gain == 1
    even = 2 * np.random.default_rng(0).poisson(3, (2, 50))
    assert estimate_poisson([Exposures(even)]).gain == 2
    assert estimate_poisson([Exposures(even), Exposures([[1] * 50])]).gain == 1


@pytest.mark.parametrize(
    "values",
    [np.random.default_rng(0).random((2, 500)),
     np.random.default_rng(0).random((2, 500), dtype=np.float32),
     np.sqrt(np.random.default_rng(0).poisson(100, (2, 500))),
     np.random.default_rng(0).poisson(100, (2, 500)) / np.array([[np.sqrt(0.9)], [1.0]]),
     [[0.0, 2.5, 0.0, 2.5]]],
    ids=["uniform", "float32", "roots", "divided by live times", "too few"],
)  # fmt: skip
def test_values_on_no_lattice_are_no_counts(values):
    with pytest.raises(InputError, match="no whole multiples of one gain"):
        estimate_poisson([Exposures(values)])


def test_negative_values_are_no_counts():
    with pytest.raises(InputError, match=r"hold -3, .*background"):
        estimate_poisson([Exposures([[1.0, -3.0]])])


@pytest.mark.parametrize("shape", SHAPES)
def test_sigma_is_found_in_a_single_acquisition(shape):
    found = []
    for seed in SEEDS:
        noise = np.random.default_rng(seed).normal(0, 3, shape)
        found.append(estimate_gaussian([Exposures((smooth_rate(shape) + noise)[None])]).sigma)
    assert np.mean(found) == pytest.approx(3, rel=0.03)
    assert np.std(found) < 0.05 * 3


@pytest.mark.parametrize("shape", SHAPES)
def test_sigma_is_found_between_repeats_of_any_duration(shape):
    rng = np.random.default_rng(0)
    times = np.array([0.25, 1.0, 1.75])
    rough = rng.uniform(0, 1000, shape)
    repeats = np.stack([t * rough + rng.normal(0, 3, shape) for t in times])
    assert estimate_gaussian([Exposures(repeats, times)]).sigma == pytest.approx(3, rel=0.03)


def test_several_samples_sharpen_sigma_and_repeats_are_preferred():
    rng = np.random.default_rng(0)
    singles = [Exposures(10 * s + rng.normal(0, 2, (1, 200))) for s in range(30)]
    assert estimate_gaussian(singles).sigma == pytest.approx(2, rel=0.04)
    rough = Exposures(rng.uniform(0, 100, (1, 400)))
    twice = Exposures(rng.normal(0, 2, (2, 2000)))
    assert estimate_gaussian([rough, twice]).sigma == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("polynomial", [[5.0], [5.0, 2.0], [5.0, 2.0, 0.3]])
def test_slopes_and_curvature_are_no_noise(polynomial):
    line = np.polynomial.Polynomial(polynomial)(np.arange(100.0))
    assert estimate_gaussian([Exposures(line[None])]).sigma < 1e-5 * line.max()


def test_sharp_features_are_not_taken_for_noise():
    rng = np.random.default_rng(0)
    signal = np.zeros(4000)
    signal[::200] = 1000
    noisy = signal + rng.normal(0, 1, 4000)
    assert estimate_gaussian([Exposures(noisy[None])]).sigma == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("step", [0.1, 1.0, 1 / 255])
@pytest.mark.parametrize("ratio", [0.02, 0.1, 0.2, 0.3, 0.5, 1.0, 4.0])
@pytest.mark.parametrize("kind", ["slope", "wide lines", "narrow lines"])
def test_rounded_values_have_the_noise_and_the_rounding(step, ratio, kind):
    channels, rng = np.arange(4000.0), np.random.default_rng(0)
    width, height = {"slope": (1e3, 0), "wide lines": (80, 100), "narrow lines": (1.3, 255)}[kind]
    line = np.exp(-0.5 * (((channels - 17.3) % 400 - 200) / width) ** 2)
    signal = step * (7 + channels / 400 + height * line)
    rounded = step * np.rint((signal + rng.normal(0, ratio * step, 4000)) / step)
    expected = step * np.hypot(ratio, 12**-0.5)
    sigma = estimate_gaussian([Exposures(rounded[None])]).sigma
    assert 0.75 * expected < sigma < 1.15 * expected


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("gain", "sigma"), [(2.0, 3.0), (0.5, 0.0), (0.0, 2.0)])
def test_floor_and_slope_of_the_variance_are_found(shape, gain, sigma):
    rate, fits = smooth_rate(shape), []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        drawn = gain * rng.poisson(rate / gain, (4, *shape)) if gain else rate
        fit = estimate_unknown([Exposures(drawn + rng.normal(0, sigma, (4, *shape)))])
        fits.append(fit.variance(rate))
    true = sigma**2 + gain * rate
    np.testing.assert_allclose(np.mean(fits, axis=0), true, rtol=0.05, atol=0.02 * true.mean())


@pytest.mark.parametrize("exposure", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("n_repeats", [2, 4])
def test_the_variance_of_counted_spectra_is_found_at_any_dose(exposure, n_repeats):
    found = [
        estimate_unknown(
            [Exposures(ad.datasets.xrf_spectra(n_repeats, exposure=exposure, seed=seed).counts)]
        )
        for seed in SEEDS
    ]
    assert np.mean([fit.slope for fit in found]) == pytest.approx(1, rel=0.05)
    assert max(fit.floor for fit in found) < 0.005
    assert min(fit.floor for fit in found) > 0


def test_the_variance_is_that_of_the_mean_acquisition_whatever_the_durations():
    rng, rate = np.random.default_rng(0), np.linspace(5, 50, 5000)
    times = np.array([0.25, 0.75, 2.0])
    repeats = np.stack([3 * rng.poisson(t * rate / 3) for t in times])
    fit = estimate_unknown([Exposures(repeats, times)])
    np.testing.assert_allclose(fit.variance(rate), 3 * rate, rtol=0.1)


@pytest.mark.parametrize("level", [0.0, 7.0])
def test_data_without_noise_still_get_a_variance_above_zero(level):
    same = Exposures(np.full((3, 50), level))
    unknown, gaussian = estimate_unknown([same]), estimate_gaussian([same])
    assert 0 < unknown.variance(level) < 1e-9
    assert 0 < gaussian.sigma < 1e-4


def test_what_cannot_be_estimated_is_said():
    with pytest.raises(InputError, match="no sample has repeats"):
        estimate_unknown([Exposures(np.ones((1, 50)))])
    with pytest.raises(InputError, match=r"shape \(3, 2\) cannot be told"):
        estimate_gaussian([Exposures(np.ones((1, 3, 2)))])
    for estimate in (estimate_poisson, estimate_gaussian, estimate_unknown):
        with pytest.raises(InputError, match="at least one sample"):
            estimate([])


def test_estimates_leave_the_measurements_as_they_are():
    counts = np.random.default_rng(0).poisson(5.0, (3, 300)).astype(np.float64)
    before = counts.copy()
    for estimate in (estimate_poisson, estimate_gaussian, estimate_unknown):
        estimate([Exposures(counts)])
    np.testing.assert_array_equal(counts, before)
