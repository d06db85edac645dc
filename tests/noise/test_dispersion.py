"""Variance over mean: its value, its standard error, and what each variant is blind to."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from autoden.errors import InputError
from autoden.noise.dispersion import dispersion_between_repeats, dispersion_within_repeats
from autoden.noise.exposures import Exposures
from autoden.noise.neighbours import dispersion_of_neighbours, least_dispersion

CHANNELS = np.arange(2000.0)
SPECTRUM = 0.5 + sum(
    height * np.exp(-0.5 * ((CHANNELS - centre) / 12) ** 2)
    for centre, height in ((300, 30), (700, 200), (1300, 900), (1700, 80))
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_the_index_is_that_of_fisher_in_each_band(rng):
    counts = rng.poisson(6.0, (5, 400))
    total = counts.sum(axis=0)
    shares = counts.sum(axis=1) / counts.sum()
    expected = shares[:, None] * total
    index = ((counts - expected) ** 2 / expected).sum(axis=0) / 4
    found = dispersion_between_repeats(Exposures(counts))
    inside = (total >= 16) & (total < 64)
    np.testing.assert_allclose(found.ratios[found.n_elements == inside.sum()], index[inside].mean())


@pytest.mark.parametrize("dose", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("n_repeats", [2, 4, 8])
@pytest.mark.parametrize("kind", [dispersion_between_repeats, dispersion_within_repeats])
def test_z_scores_of_counts_are_standard_normal_at_any_rate(rng, dose, n_repeats, kind):
    z_scores = np.concatenate(
        [
            kind(Exposures(rng.poisson(dose * SPECTRUM, (n_repeats, CHANNELS.size)))).z_scores
            for _ in range(40)
        ]
    )
    error = 1 / np.sqrt(len(z_scores))
    assert abs(z_scores.mean()) < 4 * error
    assert abs(z_scores.std() - 1) < 4 * error / np.sqrt(2) + 0.05


def test_a_gain_is_seen_between_and_within_repeats(rng):
    values = Exposures(3 * rng.poisson(SPECTRUM, (4, CHANNELS.size)))
    for kind in (dispersion_between_repeats, dispersion_within_repeats):
        assert kind(values).pooled[0] == pytest.approx(3, abs=0.15)
        assert kind(values, gain=3.0).pooled[0] == pytest.approx(1, abs=0.1)


def test_a_factor_on_a_repeat_does_not_count_and_a_drift_of_lines_counts_between_only(rng):
    rates = SPECTRUM * np.array([1.0, 1.3, 0.8, 1.0])[:, None]
    assert dispersion_between_repeats(Exposures(rng.poisson(rates))).p_value > 1e-3
    rates[:, 1100:1500] *= np.array([1.2, 0.8, 1.0, 1.0])[:, None]
    drifting = Exposures(rng.poisson(rates))
    assert dispersion_between_repeats(drifting).ratios[-1] > 2
    assert dispersion_within_repeats(drifting).p_value > 1e-3


def test_a_single_acquisition_gives_an_upper_bound(rng):
    counts = rng.poisson(SPECTRUM).astype(float)
    ratio, error = dispersion_of_neighbours(counts).pooled
    assert abs(ratio - 1) < 4 * error
    smoothed = gaussian_filter1d(counts, 1.0)
    assert dispersion_of_neighbours(smoothed).pooled[0] < 0.5
    assert 0.5 < least_dispersion(counts) < 1.1
    assert least_dispersion(4 * counts) > 2


def test_narrow_lines_do_not_pass_for_noise(rng):
    teeth = 2 + 400.0 * np.exp(-0.5 * (((CHANNELS + 10) % 40 - 20) / 1.3) ** 2)
    assert least_dispersion(rng.poisson(teeth).astype(float)) < 1.2


def test_one_acquisition_has_no_scatter_between_repeats():
    with pytest.raises(InputError, match="at least two"):
        dispersion_between_repeats(Exposures(np.ones((1, 5))))
