"""Bands hold every element once; intervals cover what they claim, also of few counts."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.special import erf

from autoden.errors import InputError
from autoden.evaluation import intensity_bands, interval_coverage


@pytest.mark.parametrize("by", ["decades", "quantiles"])
@pytest.mark.parametrize("at_least", [1, 50, 400, 10_000])
def test_bands_hold_every_element_once_and_are_large_enough(by, at_least):
    values = 10 ** np.random.default_rng(0).normal(size=(30, 40))
    bands = intensity_bands(values, by=by, at_least=at_least)
    np.testing.assert_array_equal(sum(band.inside.astype(int) for band in bands), 1)
    assert len(bands) <= 4
    assert len(bands) == 1 or min(len(band) for band in bands) >= at_least
    for band in bands:
        inside = values[band.inside]
        assert band.lower <= inside.min() <= inside.max() < band.upper


def test_decades_are_limited_by_powers_of_ten_and_quantiles_hold_equally_many():
    values = np.repeat([0.03, 0.5, 3.0, 50.0, 700.0], 100)
    assert [band.lower for band in intensity_bands(values)] == [-np.inf, 1, 10, 100]
    assert [len(band) for band in intensity_bands(values, n_bands=9)] == [100] * 5
    ramp = intensity_bands(np.arange(1000.0), by="quantiles", n_bands=5)
    assert [len(band) for band in ramp] == [200] * 5


@pytest.mark.parametrize("values", [np.zeros(5), -np.ones(5), [7.0], np.full(300, 10.0)])
def test_values_without_spread_make_one_band(values):
    (band,) = intensity_bands(values)
    assert band.inside.all()


def test_bands_need_finite_values():
    with pytest.raises(InputError, match="finite"):
        intensity_bands([np.nan, 1.0])


@pytest.mark.parametrize("k", [1.0, 1.645, 3.0])
def test_right_sigmas_cover_the_truth_as_often_as_they_claim(k):
    rng = np.random.default_rng(0)
    truth = 10 ** rng.uniform(-1, 2, size=20_000)
    sigma = 0.1 + 0.1 * truth
    bands = intensity_bands(truth)
    for coverage in interval_coverage(rng.normal(truth, sigma), sigma, truth, k=k, bands=bands):
        assert coverage.expected == pytest.approx(erf(k / np.sqrt(2)))
        assert abs(coverage.z) < 3.5


def test_sigmas_too_small_are_shown_band_by_band():
    rng = np.random.default_rng(0)
    truth = np.repeat([2.0, 50.0], 2000)
    sigma = 0.1 * truth
    wrong = np.where(truth > 10, 0.5, 1) * sigma
    bands = intensity_bands(truth)
    weak, strong = interval_coverage(rng.normal(truth, sigma), wrong, truth, bands=bands)
    assert abs(weak.z) < 3
    assert strong.z < -10
    assert strong.observed == pytest.approx(erf(0.5 / np.sqrt(2)), abs=0.05)


def test_errors_that_neighbours_share_widen_the_standard_error():
    rng = np.random.default_rng(0)
    scores, independent = [], []
    for _ in range(200):
        error = gaussian_filter1d(rng.normal(size=4000), 6, mode="wrap")
        error *= np.sqrt(2 * np.sqrt(np.pi) * 6)
        coverage = interval_coverage(error, np.ones(4000), np.zeros(4000))[0]
        scores.append(coverage.z)
        independent.append((coverage.observed - 0.6827) / np.sqrt(0.6827 * 0.3173 / 4000))
    assert np.std(scores) < 1.4
    assert np.std(independent) > 2


@pytest.mark.parametrize("rate", [0.02, 0.3, 3, 50])
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_held_out_counts_are_covered_as_often_as_few_counts_can_be(rate, share):
    rng = np.random.default_rng(0)
    dose, n = 7.0, 20_000
    estimate = np.full(n, float(rate))
    sigma = share * estimate
    truth = np.maximum(rng.normal(estimate, sigma), 0)
    held = rng.poisson(truth * dose) / dose
    coverage = interval_coverage(estimate, sigma, held, reference_dose=dose)[0]
    assert coverage.observed == pytest.approx(coverage.expected, abs=0.015)


def test_the_noise_of_a_reference_widens_the_intervals():
    rng = np.random.default_rng(0)
    truth = np.full(8000, 100.0)
    held, estimate = rng.normal(truth, 5), rng.normal(truth, 2)
    options = {"reference_variance": np.full(8000, 25.0)}
    assert abs(interval_coverage(estimate, np.full(8000, 2.0), held, **options)[0].z) < 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference_variance": np.ones(5), "reference_dose": 2.0}, "not both"),
        ({"reference_variance": -np.ones(5)}, "0 or above"),
        ({"reference_dose": 0}, "reference_dose"),
        ({"sigma": -np.ones(5)}, "`sigma` 0 or above"),
        ({"k": 0}, "`k` is 0"),
    ],
)
def test_intervals_that_cannot_be_are_refused(options, message):
    given = {name: np.ones(5) for name in ("estimate", "sigma", "reference")} | options
    with pytest.raises(InputError, match=message):
        interval_coverage(**given)
