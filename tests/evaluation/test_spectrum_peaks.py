"""Lines are found where they are and nowhere else; what a method does to them shows."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import argrelmax, savgol_filter

from autoden.datasets import xrf_spectra
from autoden.errors import InputError
from autoden.evaluation import Peak, find_peaks, peak_shifts

CHANNELS = np.arange(600)
SIGMA_PER_FWHM = 1 / np.sqrt(8 * np.log(2))


def line(centre, fwhm, height, background=5.0):
    return background + height * np.exp(-0.5 * ((CHANNELS - centre) / (fwhm * SIGMA_PER_FWHM)) ** 2)


@pytest.mark.parametrize("background", [0.05, 5, 200])
@pytest.mark.parametrize("fwhm", [3, 5, 10, 20, 40, 60])
def test_a_line_of_any_width_is_found_once_with_its_place_and_width(fwhm, background):
    truth = line(300.4, fwhm, 900, background)
    (shift,) = peak_shifts(truth, truth, truth)
    assert shift.peak.index == 300
    assert shift.centroid.estimate == pytest.approx(300.4, abs=0.1)
    assert shift.width.estimate == pytest.approx(fwhm, rel=0.08)
    assert shift.area.estimate == pytest.approx(900 * fwhm * SIGMA_PER_FWHM * 2.5066, rel=0.06)


@pytest.mark.parametrize("smoothing", [0, 3, 10])
@pytest.mark.parametrize("rate", [0.01, 0.3, 30])
def test_noise_alone_has_no_lines(rate, smoothing):
    rng = np.random.default_rng(0)
    for truth in (np.full(4000, rate), rate * np.exp(-np.arange(4000) / 800)):
        for _ in range(10):
            counts = rng.poisson(truth).astype(float)
            estimate = gaussian_filter1d(counts, smoothing) if smoothing else counts
            assert find_peaks(estimate, np.maximum(estimate, 1e-9), significance=6) == ()


@pytest.mark.parametrize("exposure", [0.1, 1, 10])
@pytest.mark.parametrize("method", ["mean", "savitzky-golay", "gaussian"])
def test_lines_found_in_simulated_spectra_are_true_and_the_strong_ones_are_all_found(
    exposure, method
):
    methods = {
        "mean": lambda counts: counts,
        "savitzky-golay": lambda counts: np.maximum(savgol_filter(counts, 61, 4), 1e-3),
        "gaussian": lambda counts: np.maximum(gaussian_filter1d(counts, 2.5), 1e-3),
    }
    n_found = n_false = 0
    for seed in range(6):
        spectra = xrf_spectra(4, exposure=exposure, seed=seed)
        (tops,) = argrelmax(spectra.truth)
        estimate = methods[method](spectra.counts.mean(axis=0))
        found = find_peaks(estimate, estimate / 4)
        n_found += len(found)
        n_false += sum(abs(tops - peak.index).min() > peak.half_width / 4 for peak in found)
        for strong in (1609, 1727, 1914, 3147):  # K lines of Cu, Zn, Zr
            assert any(abs(peak.index - strong) <= peak.half_width / 2 for peak in found)
    assert n_false <= 0.05 * n_found


def test_a_step_and_a_hot_channel_are_no_lines():
    step = np.where(CHANNELS > 300, 50.0, 0.1)
    hot = np.full(600, 5.0)
    hot[200] = 5000
    assert find_peaks(step, step) == find_peaks(hot, hot) == ()


def test_neighbours_are_told_apart():
    doublet = line(280, 20, 500) + line(325, 20, 200)
    assert [peak.index for peak in find_peaks(doublet, doublet)] == [280, 325]


def test_shifts_of_the_truth_are_standard_normal():
    rng = np.random.default_rng(0)
    truth = line(150, 12, 80) + line(420, 30, 40)
    peaks = find_peaks(truth, truth)
    scores = [
        [shift.area.z, shift.height.z, shift.centroid.z, shift.width.z]
        for _ in range(300)
        for shift in peak_shifts(truth, rng.poisson(truth), truth, peaks=peaks)
    ]
    assert len(scores) == 600
    np.testing.assert_allclose(np.mean(scores, axis=0), 0, atol=0.2)
    np.testing.assert_allclose(np.std(scores, axis=0), 1, atol=0.12)


def test_shifts_of_a_faithful_filter_are_no_larger_than_the_noise():
    scores = []
    for seed in range(6):
        spectra = xrf_spectra(4, seed=seed)
        counts = spectra.counts.mean(axis=0)
        estimate = np.maximum(savgol_filter(counts, 41, 4), 1e-3)
        for shift in peak_shifts(estimate, counts, estimate / 4):
            numbers = (shift.area, shift.height, shift.centroid, shift.width)
            scores += [number.z for number in numbers if number is not None]
    assert np.abs(scores).max() < 3


def test_a_filter_too_wide_shows_in_width_and_height_and_a_shift_in_the_centroid():
    spectra = xrf_spectra(4)
    counts = spectra.counts.mean(axis=0)
    wide = np.maximum(gaussian_filter1d(counts, 12), 1e-3)
    shifts = peak_shifts(wide, counts, wide / 4, positions=spectra.energies_keV)
    assert max(shift.width.z for shift in shifts if shift.width) > 10
    assert min(shift.height.z for shift in shifts) < -10
    moved = np.roll(np.maximum(savgol_filter(counts, 41, 4), 1e-3), 2)
    shifts = peak_shifts(moved, counts, moved / 4, positions=spectra.energies_keV)
    strongest = max(shifts, key=lambda shift: shift.peak.significance)
    assert strongest.centroid.difference == pytest.approx(2 * 0.00501, rel=0.3)
    assert strongest.centroid.z > 5


@pytest.mark.parametrize("direction", [1, -1])
def test_uneven_positions_give_centre_and_width_in_their_unit(direction):
    truth = line(300, 20, 900)
    positions = direction * (CHANNELS + 2e-4 * CHANNELS**2)
    (shift,) = peak_shifts(truth, truth, truth, positions=positions)
    assert shift.centroid.estimate == pytest.approx(direction * (300 + 2e-4 * 300**2), abs=0.1)
    assert shift.width.estimate == pytest.approx(20 * (1 + 4e-4 * 300), rel=0.08)


def test_a_straight_background_does_not_matter():
    truth, slope = line(300, 20, 900), 3 + 0.5 * CHANNELS
    peak = Peak(300, 24, 50.0)
    (plain,) = peak_shifts(truth, truth, truth, peaks=[peak])
    (tilted,) = peak_shifts(truth + slope, truth, truth, peaks=[peak])
    for name in ("area", "height", "centroid", "width"):
        assert getattr(tilted, name).estimate == pytest.approx(getattr(plain, name).estimate)


def test_a_negative_moment_has_no_width():
    truth = line(300, 20, 900)
    hollow = truth.copy()
    hollow[[278, 322]] -= 3000
    (shift,) = peak_shifts(truth, hollow, truth, peaks=[Peak(300, 24, 50.0)])
    assert shift.width is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"estimate": np.ones((2, 600))}, "differ in shape"),
        ({"variance": np.full(600, -1.0)}, "`variance` holds -1"),
        ({"measured": np.full(600, np.nan)}, "`measured` holds NaN"),
        ({"positions": np.zeros(600)}, "always rising or always falling"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, message):
    given = dict.fromkeys(("estimate", "measured", "variance"), np.ones(600)) | arguments
    with pytest.raises(InputError, match=message):
        peak_shifts(**given)


def test_an_image_has_no_lines():
    with pytest.raises(InputError, match=r"shape \(5, 5\): lines are looked for in one spectrum"):
        find_peaks(np.ones((5, 5)), np.ones((5, 5)))


@pytest.mark.parametrize("widths", [3, (1, 60), (20, 10)])
def test_widths_that_cannot_be_are_refused(widths):
    with pytest.raises(InputError, match="widths"):
        find_peaks(np.ones(100), np.ones(100), widths=widths)


def test_a_short_spectrum_has_no_lines():
    assert find_peaks([1.0, 5.0, 1.0], [1.0, 5.0, 1.0]) == ()
