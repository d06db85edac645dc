"""Lost counts and a lifted background show; what is faithful raises no alarm."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from autoden.datasets import xrf_spectra
from autoden.errors import InputError
from autoden.evaluation import Comparison, background_bias, find_peaks, total_counts


def smoothed(seed, **options):
    """Give a faithful estimate, the measured mean, its variance and counts, and the truth."""
    spectra = xrf_spectra(4, seed=seed, **options)
    measured = spectra.counts.mean(axis=0)
    estimate = np.maximum(gaussian_filter1d(measured, 2.5), 1e-3)
    return estimate, measured, estimate / 4, 4 * estimate, spectra.truth


def test_totals_of_a_region_are_sums_with_the_error_of_counts():
    estimate, measured, variance, *_ = smoothed(0)
    totals = total_counts(estimate, measured, variance, regions={"low": (100, 199)})
    whole, low = (total.counts for total in totals)
    assert whole.measured == pytest.approx(measured.sum())
    assert whole.standard_error == pytest.approx(np.sqrt(estimate.sum() / 4))
    assert low.estimate == pytest.approx(estimate[100:200].sum())
    assert low.difference == pytest.approx((estimate - measured)[100:200].sum())


def test_z_of_the_truth_is_standard_normal_in_every_region():
    scores = []
    for seed in range(60):
        _, measured, _, _, truth = smoothed(seed)
        variance, counts = truth / 4, 4 * truth
        peaks = find_peaks(truth, variance)
        totals = total_counts(truth, measured, variance, peaks=peaks, counts=counts)
        scores.append([total.counts.z for total in totals])
    labels = [total.region.label for total in totals]
    assert labels[0] == "whole"
    assert sum(label.startswith("peak at") for label in labels) == len(peaks)
    assert sum(label.startswith("quiet") for label in labels) >= 5
    assert np.std(scores) == pytest.approx(1, abs=0.1)
    assert abs(np.mean(scores)) < 0.15


def test_two_percent_of_lost_counts_show_and_a_faithful_estimate_raises_no_alarm():
    for seed in range(6):
        estimate, measured, variance, counts, _ = smoothed(seed)
        totals = total_counts(estimate, measured, variance, counts=counts)
        assert max(abs(total.counts.z) for total in totals) < 3
        lossy = total_counts(0.98 * estimate, measured, 0.98 * variance)
        assert lossy[0].counts.z < -5


def test_a_lifted_background_shows_and_a_faithful_one_does_not():
    for seed in range(6):
        estimate, measured, variance, counts, _ = smoothed(seed)
        fair = background_bias(estimate, measured, variance, counts=counts)
        assert max(abs(level.level.z) for level in (fair.overall, *fair.windows)) < 3
        lifted = background_bias(estimate + 0.05, measured, variance + 0.05 / 4, counts=counts)
        assert lifted.overall.level.z > 5
        assert lifted.overall.level.difference == pytest.approx(0.05, abs=0.02)
        assert max(window.level.z for window in lifted.windows) > 3


def test_quiet_windows_share_the_quiet_channels_out_and_expect_enough_counts():
    estimate, measured, variance, counts, _ = smoothed(0, exposure=0.03)
    background = background_bias(estimate, measured, variance, counts=counts)
    together = sum(window.region.inside.astype(int) for window in background.windows)
    np.testing.assert_array_equal(together, background.overall.region.inside)
    assert all(counts[window.region.inside].sum() >= 20 for window in background.windows)
    for peak in find_peaks(estimate, variance):
        assert not background.overall.region.inside[peak.start : peak.stop].any()


def test_images_have_totals_and_a_background_where_told():
    rng = np.random.default_rng(0)
    truth = np.full((40, 50), 0.5)
    truth[10:20] = 30
    counts = rng.poisson(truth)
    totals = total_counts(truth, counts, truth, regions={"bright": truth > 1})
    assert [total.region.label for total in totals] == ["whole", "bright"]
    assert all(abs(total.counts.z) < 3 for total in totals)
    lifted = background_bias(truth + 0.1, counts, truth, quiet=truth < 1)
    assert lifted.overall.level.z > 4
    assert len(lifted.windows) == 8
    assert lifted.windows[0].region.inside.shape == (40, 50)
    with pytest.raises(InputError, match="give `quiet`"):
        background_bias(truth, counts, truth)


def test_no_quiet_channel_gives_no_background():
    ones = np.ones(50)
    background = background_bias(ones, ones, ones, quiet=np.zeros(50, dtype=bool))
    assert (background.overall, background.windows) == (None, ())


def test_positions_bound_and_label_the_regions():
    rng = np.random.default_rng(0)
    energies = 10 - 0.01 * np.arange(500)
    truth = 1 + 400 * np.exp(-0.5 * ((energies - 7) / 0.1) ** 2)
    totals = total_counts(truth, rng.poisson(truth), truth, positions=energies)
    assert "peak at 7" in [total.region.label for total in totals]
    given = total_counts(truth, truth, truth, positions=energies, regions={"Fe": (6.5, 7.5)})
    assert given[1].region.inside.sum() == 101


def test_a_comparison_without_noise_is_certain():
    assert Comparison(1.0, 1.0, 0.0).z == 0
    assert Comparison(1.0, 2.0, 0.0).z == -np.inf


@pytest.mark.parametrize("region", [(200, 300), (1, 2, 3), "low", np.zeros(100, dtype=bool)])
def test_a_region_that_is_none_is_refused(region):
    ones = np.ones(100)
    with pytest.raises(InputError, match="region 'low'"):
        total_counts(ones, ones, ones, regions={"low": region})


def test_a_mask_of_another_shape_is_refused():
    ones = np.ones(100)
    with pytest.raises(InputError, match="`quiet` has shape"):
        background_bias(ones, ones, ones, quiet=np.ones(99, dtype=bool))
