"""The families for images: what they keep, several channels, counts, and a known image."""

import numpy as np
import pytest
from skimage.data import camera
from skimage.transform import downscale_local_mean

from autoden.baselines import (
    BASELINES,
    GaussianFilter,
    NLRidge,
    NonLocalMeans,
    Step,
    TotalVariation,
    families,
    tune,
)
from autoden.noise import Exposures, Gaussian, Poisson

SMOOTHERS = [TotalVariation(0.5), NonLocalMeans(0.7), NLRidge((Step(3, 8, 9, 2),) * 2)]
NAMES = ["total-variation", "non-local-means", "nl-ridge"]
by_name = pytest.mark.parametrize("member", SMOOTHERS, ids=NAMES)


def noisy_image(*shape, sigma=5.0, seed=0):
    axes = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij")
    truth = 40.0 * (sum(axes) // 5 % 2) + 100
    return truth, truth + np.random.default_rng(seed).normal(0, sigma, shape)


@by_name
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (3, 2), (10, 11), (2, 3, 4)])
def test_constants_stay_and_sizes_may_be_smaller_than_a_patch(member, shape):
    for noise, shift in ((Gaussian(1.0), 0.02), (Poisson(), 0.3)):  # the exact inverse adds 1/4
        constant = np.full((2, *shape), 40.0)
        assert member.smooth(constant, 1.0, noise) == pytest.approx(constant, abs=shift)
        assert np.isfinite(member.smooth(noisy_image(*shape)[1][None], 1.0, noise)).all()


@by_name
def test_level_and_unit_do_not_matter_and_inputs_stay(member):
    _, noisy = noisy_image(16, 18)
    before = noisy.copy()
    estimate = member.smooth(noisy[None], 1.0, Gaussian(5.0))
    shifted = member.smooth(noisy[None] + 1e4, 1.0, Gaussian(5.0)) - 1e4
    scaled = member.smooth(noisy[None] * 1e6, 1.0, Gaussian(5e6)) * 1e-6
    assert shifted == pytest.approx(estimate, abs=0.05)
    assert scaled == pytest.approx(estimate, abs=0.05)
    assert np.array_equal(noisy, before)


@by_name
@pytest.mark.parametrize("shape", [(40, 36), (14, 15, 16)])
def test_noise_falls_in_images_and_volumes(member, shape):
    truth, noisy = noisy_image(*shape)
    estimate = member.smooth(noisy[None], 1.0, Gaussian(5.0))[0]
    assert np.mean((estimate - truth) ** 2) < 0.5 * np.mean((noisy - truth) ** 2)


def test_channels_are_filtered_each_by_itself_unless_a_filter_knows_better():
    truth, _ = noisy_image(24, 26)
    scene = np.stack([truth, 60 - truth, 0.5 * truth])
    noisy = scene + np.random.default_rng(1).normal(0, 12, scene.shape)
    gaussian = GaussianFilter(1.0)
    together = gaussian.smooth_channels(noisy[None], 1.0, Gaussian(12.0))[0]
    assert np.array_equal(together, gaussian.smooth(noisy, 1.0, Gaussian(12.0)))
    ridge = SMOOTHERS[-1]
    joint = ridge.smooth_channels(noisy[None], 1.0, Gaussian(12.0))[0]
    alone = ridge.smooth(noisy, 1.0, Gaussian(12.0))
    assert np.mean((joint - scene) ** 2) < 0.8 * np.mean((alone - scene) ** 2)


@pytest.mark.parametrize("rate", [0.3, 3.0])
def test_nl_ridge_keeps_the_mean_of_few_counts(rate):
    """Square roots of few counts are far from normal, so that counts are combined there."""
    truth = rate * (1 + 0.5 * np.sin(np.arange(40) / 5)) * np.ones((40, 1))
    counts = np.random.default_rng(0).poisson(truth).astype(float)
    estimate = NLRidge().smooth(counts[None], 1.0, Poisson())[0]
    assert estimate.mean() == pytest.approx(counts.mean(), rel=0.03)
    assert np.mean((estimate - truth) ** 2) < 0.1 * np.mean((counts - truth) ** 2)


def test_the_reference_tutorial_is_beaten_by_each_family_at_its_tuned_member():
    """Mean of six copies, 30.0 dB: research gives total variation 34.1, BM3D 35.2 dB."""
    truth = downscale_local_mean(camera().astype(float), (4, 4))
    noise, rng = Gaussian(20.0), np.random.default_rng(0)
    exposures = Exposures(truth + rng.normal(0, 20, (6, *truth.shape)))
    splits = [noise.split(exposures, 1 / 6, rng) for _ in range(3)]
    least = {"total-variation": 34.0, "non-local-means": 34.2, "nl-ridge": 35.1}
    for name, level in least.items():
        member = tune(name, splits, noise).baseline if name != "nl-ridge" else NLRidge()
        error = np.mean((member.apply(noise.combine(exposures), noise) - truth) ** 2)
        assert 10 * np.log10(255**2 / error) > level


def test_families_that_seldom_pay_for_spectra_are_tried_only_by_name():
    assert families(1) == ("mean", "gaussian", "savitzky-golay", "whittaker", "wavelets")
    assert {"total-variation", "nl-ridge"} <= set(families(1, named=True))
    assert set(NAMES) <= set(families(2)) & set(families(3))
    assert "non-local-means" not in families(1, named=True)
    assert all(1 <= len(BASELINES[name].candidates((64, 64))) <= 12 for name in NAMES)
