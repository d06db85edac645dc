"""Residuals of the truth pass at any count rate; those of a wrong estimate do not."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import savgol_filter
from scipy.stats import chi2, kstest

from autoden.datasets import xrf_spectra
from autoden.errors import InputError
from autoden.evaluation import (
    Band,
    ExpectedResiduals,
    residual_tests,
    standardised_residuals,
)

RATES = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 100]


def p_values(tested):
    white = tested.whiteness
    return tested.dispersion.p_value, white.p_value, white.structure_p_value


def check_no_false_alarms(values):
    """Low p-values are no more common than they should be, but for chance."""
    values = np.asarray(values)
    assert np.mean(values < 0.05, axis=0).max() <= 0.11
    assert np.mean(values < 0.005, axis=0).max() <= 0.03


def check_uniform(values):
    for column in np.transpose(values):
        assert kstest(column, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("rate", RATES)
def test_p_values_of_pure_counts_are_uniform_at_any_rate(rate):
    rng = np.random.default_rng(0)
    truth = np.full(4000, float(rate))
    tests = [
        residual_tests(truth, rng.poisson(truth), truth, counts=truth, bands=()).overall
        for _ in range(200)
    ]
    values = [p_values(tested) for tested in tests]
    check_no_false_alarms(values)
    check_uniform(values)


def test_counts_of_mixed_rates_raise_no_alarm_in_any_band():
    rng = np.random.default_rng(0)
    truth = 10 ** (2 * np.sin(np.arange(4000) / 60))
    values = []
    for _ in range(100):
        tests = residual_tests(truth / 3, rng.poisson(truth) / 3, truth / 9, counts=truth)
        values.append(np.concatenate([p_values(part) for part in (tests.overall, *tests.bands)]))
    assert [band.band.lower for band in tests.bands] == [-np.inf, 0.1, 1, 10]
    check_no_false_alarms(values)
    check_uniform(np.array(values)[:, :3])  # overall; 35 counts in a band are coarser


def test_normal_noise_needs_no_counts():
    rng = np.random.default_rng(0)
    truth, sigma = np.linspace(-5, 5, 2000), np.linspace(1, 3, 2000)
    tests = [residual_tests(truth, rng.normal(truth, sigma), sigma**2) for _ in range(200)]
    assert [len(part.band) for part in tests[0].bands] == [500] * 4
    values = [p_values(test.overall) for test in tests]
    check_no_false_alarms(values)
    check_uniform(values)


def test_without_counts_the_numbers_are_those_of_chi_squared_and_the_correlogram():
    rng = np.random.default_rng(0)
    residuals = rng.normal(size=500)
    overall = residual_tests(np.zeros(500), residuals, np.ones(500), lags=3, bands=()).overall
    squares = np.sum(residuals**2)
    assert overall.dispersion.observed == pytest.approx(squares / 500)
    tail = min(chi2.cdf(squares, 500), chi2.sf(squares, 500))
    assert overall.dispersion.p_value == pytest.approx(2 * tail)
    for lag in (1, 2, 3):
        product = np.mean(residuals[lag:] * residuals[:-lag]) / np.mean(residuals**2)
        assert overall.whiteness.correlations[lag - 1] == pytest.approx(product)
        assert overall.whiteness.standard_errors[lag - 1] == pytest.approx((500 - lag) ** -0.5)
    box = np.sum((overall.whiteness.correlations / overall.whiteness.standard_errors) ** 2)
    assert overall.whiteness.p_value == pytest.approx(chi2.sf(box, 3), abs=0.02)


def test_an_estimate_too_smooth_shows_where_the_lines_are():
    spectra = xrf_spectra(4)
    counts = spectra.counts.mean(axis=0)
    wide = np.maximum(gaussian_filter1d(counts, 12), 1e-3)
    tests = residual_tests(wide, counts, wide / 4, counts=4 * wide)
    assert tests.overall.whiteness.structure_p_value < 1e-20
    strongest = tests.bands[-1]
    assert strongest.whiteness.structure_p_value < 1e-10
    assert strongest.dispersion.z > 20


def test_more_noise_than_said_shows_in_the_dispersion_only():
    rng = np.random.default_rng(0)
    truth = np.full(4000, 20.0)
    values = truth + rng.normal(0, np.sqrt(1.3 * truth))
    overall = residual_tests(truth, values, truth, counts=truth, bands=()).overall
    assert overall.dispersion.observed == pytest.approx(1.3, abs=0.1)
    assert overall.dispersion.p_value < 1e-9
    assert overall.whiteness.p_value > 0.001


def test_the_measurement_itself_leaves_nothing_which_the_dispersion_says():
    counts = np.random.default_rng(0).poisson(3.0, 1000).astype(float)
    overall = residual_tests(counts, counts, np.full(1000, 3.0), bands=()).overall
    assert overall.dispersion.observed == 0
    assert overall.dispersion.p_value < 1e-9
    assert (overall.whiteness.p_value, overall.whiteness.structure_p_value) == (1, 1)


def savitzky_golay(counts):
    return np.maximum(savgol_filter(counts, 61, 4), 1e-3)


def test_what_a_filter_follows_of_the_noise_is_expected_by_simulation_or_leverage():
    spectra = xrf_spectra(4, n_channels=4000)
    truth = gaussian_filter1d(spectra.truth, 20) + 0.1  # no bias of the filter at this dose
    leverage = np.full(4000, savgol_filter((np.arange(61) == 30).astype(float), 61, 4)[30])
    blind, simulated, by_leverage = [], [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        counts = rng.poisson(4 * truth, size=4000) / 4
        estimate = savitzky_golay(counts)
        variance = estimate / 4
        replicas = rng.poisson(4 * estimate, size=(6, 4000)) / 4
        replies = np.array([savitzky_golay(replica) for replica in replicas])
        options = [
            None,
            ExpectedResiduals.from_replicas(replicas, replies, variance),
            ExpectedResiduals.from_leverage(leverage),
        ]
        for results, expected in zip((blind, simulated, by_leverage), options, strict=True):
            results.append(
                residual_tests(
                    estimate, counts, variance, counts=4 * estimate, expected=expected
                ).overall
            )
    assert np.mean([test.whiteness.p_value < 0.001 for test in blind]) > 0.5
    assert np.mean([test.whiteness.structure_p_value < 0.05 for test in blind]) == 0
    assert np.mean([test.whiteness.p_value < 0.05 for test in simulated]) <= 0.15
    assert np.mean([test.whiteness.structure_p_value < 0.05 for test in simulated]) <= 0.15
    for results in (simulated, by_leverage):
        assert np.mean([test.dispersion.p_value < 0.05 for test in results]) <= 0.15
        assert abs(np.mean([test.dispersion.z for test in results])) < 0.5


def test_a_method_that_smooths_too_much_does_not_excuse_itself():
    spectra = xrf_spectra(4)
    counts = spectra.counts.mean(axis=0)

    def wide(values):
        return np.maximum(gaussian_filter1d(values, 12, axis=-1), 1e-3)

    estimate = wide(counts)
    replicas = np.random.default_rng(0).poisson(4 * estimate, size=(6, counts.size)) / 4
    expected = ExpectedResiduals.from_replicas(replicas, wide(replicas), estimate / 4)
    tests = residual_tests(estimate, counts, estimate / 4, counts=4 * estimate, expected=expected)
    assert tests.overall.whiteness.structure_p_value < 1e-20


@pytest.mark.parametrize("axis", [0, 1, -2])
def test_images_are_tested_along_the_axis_told(axis):
    rng = np.random.default_rng(0)
    noise = uniform_filter1d(rng.normal(size=(80, 90)), 3, axis=axis) * np.sqrt(3)
    zeros, ones = np.zeros((80, 90)), np.ones((80, 90))
    along = residual_tests(zeros, noise, ones, lags=4, axis=axis, bands=()).overall.whiteness
    across = residual_tests(zeros, noise, ones, lags=4, axis=1 - axis % 2, bands=()).overall
    np.testing.assert_allclose(along.correlations, [2 / 3, 1 / 3, 0, 0], atol=0.06)
    assert np.abs(across.whiteness.correlations).max() < 0.06


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_expected_residuals_of_images_lie_along_the_axis_told(axis):
    rng = np.random.default_rng(0)
    replicas = rng.normal(size=(20, 30, 40))
    replies = uniform_filter1d(replicas, 5, axis=axis if axis < 0 else axis + 1)
    expected = ExpectedResiduals.from_replicas(
        replicas, replies, np.ones((30, 40)), lags=2, axis=axis
    )
    moved = np.moveaxis(expected.products, axis if axis < 0 else axis + 1, -1)[..., 3:-5]
    # (1 - u) * (1 - u) of a box u of 5: 1 - 2/5 + 1/5, -2/5 + 4/25, -2/5 + 3/25
    np.testing.assert_allclose(moved.mean(axis=(1, 2)), [0.8, -0.24, -0.28], atol=0.03)
    tests = residual_tests(
        replies[0], replicas[0], np.ones((30, 40)), lags=2, axis=axis, expected=expected, bands=()
    )
    np.testing.assert_allclose(tests.overall.whiteness.expected, [-0.3, -0.35], atol=0.06)


def test_elements_without_noise_count_for_nothing():
    variance = np.ones(300)
    variance[::2] = 0
    values = np.random.default_rng(0).normal(size=300)
    values[::2] = 1e9
    assert standardised_residuals(np.zeros(300), values, variance)[::2].max() == 0
    overall = residual_tests(np.zeros(300), values, variance, bands=()).overall
    assert overall.dispersion.observed == pytest.approx(np.mean(values[1::2] ** 2))
    assert np.isinf(overall.whiteness.standard_errors[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": 100}, "fewer lags"),
        ({"axis": 1}, "`axis` is 1"),
        ({"counts": np.ones(99)}, "`counts` has shape"),
        ({"counts": -np.ones(100)}, "not negative"),
        ({"bands": [Band(0, 1, np.ones(5, dtype=bool))]}, "a band has shape"),
        ({"expected": ExpectedResiduals(np.ones((1, 99)))}, "`expected` is for shape"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        residual_tests(np.ones(100), np.ones(100), np.ones(100), **options)


def test_replicas_and_leverages_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="at least 2 replicas"):
        ExpectedResiduals.from_replicas(np.ones((1, 5)), np.ones((1, 5)), np.ones(5))
    with pytest.raises(InputError, match="between 0 and 1"):
        ExpectedResiduals.from_leverage([0.5, 1.5])
