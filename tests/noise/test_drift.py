"""Scale, position and shape of repeats against the others."""

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.noise.drift import drift_of_repeats, line_width
from autoden.noise.exposures import Exposures
from autoden.noise.odd_repeats import find_odd_repeats

CHANNELS = np.arange(800.0)


def spectrum(shift=0.0, sigma=8.0):
    lines = ((200, 60), (420, 200), (600, 30))
    return 0.4 + sum(
        height * np.exp(-0.5 * ((CHANNELS - centre - shift) / sigma) ** 2)
        for centre, height in lines
    )


@pytest.fixture
def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("dose", [0.05, 1.0, 50.0])
@pytest.mark.parametrize("n_repeats", [2, 4])
def test_z_scores_of_identical_repeats_are_standard_normal(rng, dose, n_repeats):
    drifts = [
        drift_of_repeats(Exposures(rng.poisson(dose * spectrum(), (n_repeats, 800))), 1.0)
        for _ in range(60)
    ]
    for name in ("scale_z", "shift_z", "shape_z"):
        scores = np.array([getattr(drift, name)[0] for drift in drifts])
        assert abs(scores.mean()) < 0.6, name
        assert 0.7 < scores.std() < 1.35, name


@pytest.mark.parametrize("durations", [[0.1, 1.9], [0.1, 0.5, 1.0, 2.4], [0.3, 0.3, 0.3, 3.1]])
def test_z_scores_of_one_level_of_noise_are_standard_normal_at_any_duration(rng, durations):
    times = np.array(durations)
    rates = times[:, None] * spectrum()
    drifts = [drift_of_repeats(Exposures(rng.normal(rates, 3.0), times), None) for _ in range(100)]
    for name in ("scale_z", "shift_z"):
        scores = np.array([getattr(drift, name) for drift in drifts])
        assert np.abs(scores.mean(axis=0)).max() < 0.5, name
        assert (np.abs(scores.std(axis=0) - 1) < 0.3).all(), name


def test_scale_is_the_ratio_of_the_totals_per_duration(rng):
    durations = np.array([0.5, 1.0, 1.5])
    counts = rng.poisson(durations[:, None] * spectrum())
    drift = drift_of_repeats(Exposures(counts, durations), 1.0)
    totals = counts.sum(axis=1)
    expected = totals / durations / ((totals.sum() - totals) / (3 - durations))
    np.testing.assert_allclose(drift.scales, expected, rtol=1e-3)
    assert np.abs(drift.scale_z).max() < 4


@pytest.mark.parametrize("gain", [1.0, None])
@pytest.mark.parametrize("shift", [-10.0, -2.0, 3.5, 10.0])
def test_the_shift_of_a_repeat_is_found_with_its_size(rng, shift, gain):
    rates = np.array([spectrum(), spectrum(), 1.3 * spectrum(shift), spectrum()])
    values = rng.poisson(rates) if gain else rng.normal(rates, 2.0)
    drift = drift_of_repeats(Exposures(values), gain)
    assert drift.shifts[2] == pytest.approx(shift, abs=0.6)
    assert drift.scales[2] == pytest.approx(1.3, abs=0.05)
    assert np.sign(drift.shift_z[2]) == np.sign(shift)
    assert np.abs(drift.shift_z).argmax() == 2


def test_a_shift_beyond_the_width_of_the_lines_is_found(rng):
    rates = np.array([spectrum(sigma=1.3)] * 3 + [spectrum(11, sigma=1.3)])
    (odd,) = find_odd_repeats(Exposures(rng.poisson(rates)), 1.0)
    assert (odd.kind, odd.repeats) == ("shifted", (3,))
    assert odd.amount == pytest.approx(11, abs=0.3)


def test_odd_repeats_are_set_aside_one_by_one(rng):
    scales = np.array([1.0, 1.0, 1.5, 1.0, 0.7, 1.0])
    found = find_odd_repeats(Exposures(rng.poisson(scales[:, None] * spectrum())), 1.0)
    assert {odd.repeats[0]: round(odd.amount, 1) for odd in found} == {2: 1.5, 4: 0.7}


def test_of_two_repeats_neither_is_called_the_odd_one(rng):
    (odd,) = find_odd_repeats(Exposures(rng.poisson([spectrum(), 1.3 * spectrum()])), 1.0)
    assert odd.repeats == (0, 1)
    assert odd.amount == pytest.approx(1.3, abs=0.05)


def test_small_drifts_that_only_many_counts_show_are_left(rng):
    rates = 1e4 * np.array([spectrum(), spectrum(), 1.01 * spectrum(0.1)])
    exposures = Exposures(rng.poisson(rates))
    assert drift_of_repeats(exposures, 1.0).scale_z[2] > 6
    assert find_odd_repeats(exposures, 1.0) == []


def test_the_width_of_a_line_without_background_is_its_standard_deviation():
    line = 1e6 * np.exp(-0.5 * ((CHANNELS - 400) / 20) ** 2)
    assert line_width(Exposures([line, line]), 1.0) == pytest.approx(20, rel=0.05)


def test_images_are_judged_too(rng):
    rates = np.broadcast_to(spectrum()[:400].reshape(20, 20), (3, 20, 20)).copy()
    rates[1] *= 1.2
    drift = drift_of_repeats(Exposures(rng.poisson(rates)), 1.0)
    assert drift.scales[1] == pytest.approx(1.2, abs=0.1)


def test_a_single_acquisition_is_refused():
    with pytest.raises(InputError, match="at least two"):
        drift_of_repeats(Exposures(np.ones((1, 9))), 1.0)
