"""Noise as cameras have it: a pedestal under the counts, and ends of the range."""

import numpy as np
import pytest

import autoden as ad
from autoden.auto.images.limits import say_cut_off
from autoden.auto.images.noise import choose_image_noise
from autoden.noise import Gaussian, Poisson
from autoden.noise.exposures import Exposures
from autoden.noise.unknown import Unknown

Y, X = np.mgrid[:192, :192]
SCENE = 10 + 30 * (np.hypot(Y - 90, X - 100) < 60) + 20 * np.sin(X / 15) ** 2
GAIN, PEDESTAL = 3.7, 100.0


def camera(n_repeats: int, seed: int = 0) -> np.ndarray:
    counts = np.random.default_rng(seed).poisson(SCENE, (n_repeats, *SCENE.shape))
    return PEDESTAL + GAIN * counts


@pytest.mark.parametrize("n_repeats", [1, 4])
def test_the_pedestal_of_a_camera_is_found(n_repeats) -> None:
    for seed in range(3):
        given = camera(n_repeats, seed)[:, None]
        noise = choose_image_noise([Exposures(given)]).noise
        found = noise.variance(PEDESTAL + GAIN * SCENE)
        assert np.mean(found) == pytest.approx(np.mean(GAIN**2 * SCENE), rel=0.1)
        assert noise.zero == pytest.approx(PEDESTAL, abs=15)


def test_the_stated_error_is_near_the_true_one_on_a_pedestal() -> None:
    result = ad.denoise(camera(1)[0], n_dims=2, budget="fast", seed=0)
    true = np.mean((result.estimate - PEDESTAL - GAIN * SCENE) ** 2)
    # a thirtieth of the noise is left, whose level is known to 2 %
    assert true / 2 < result.quality["mse"] < 2 * true
    assert true < np.mean(GAIN**2 * SCENE) / 20
    assert any("pedestal" in note for note in result.notes)


def test_a_small_image_whose_noise_may_rise_is_told_so() -> None:
    part = SCENE[60:124, 20:132]
    told = [
        choose_image_noise(
            [Exposures((PEDESTAL + GAIN * np.random.default_rng(seed).poisson(part))[None, None])]
        )
        for seed in range(4)
    ]
    for found in told:
        assert found.noise.name != "gaussian" or "may rise" in found.warnings[0]
        assert found.noise.name != "gaussian" or found.relative_error > 0.1
    level = PEDESTAL + np.random.default_rng(0).normal(0, 10, (1, 1, 112, 112))
    assert not choose_image_noise([Exposures(level)]).warnings


def test_noise_on_a_pedestal_is_that_of_the_counts_moved() -> None:
    plain, moved = Unknown(4.0, 2.0), Unknown(4.0, 2.0, 100.0)
    rates, values = np.linspace(-3, 50, 9), np.linspace(20, 0, 9)
    np.testing.assert_allclose(moved.variance(rates + 100), plain.variance(rates))
    np.testing.assert_allclose(
        moved.deviance(rates + 100, values + 100), plain.deviance(rates, values)
    )
    np.testing.assert_allclose(moved.stabilise(rates + 100), plain.stabilise(rates))
    np.testing.assert_allclose(moved.unstabilise(rates), plain.unstabilise(rates) + 100)
    drawn = [n.simulate(r, 2.0, np.random.default_rng(0)) for n, r in
             ((plain, rates), (moved, rates + 100))]  # fmt: skip
    np.testing.assert_allclose(drawn[1], drawn[0] + 100)


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_one_level_in_a_clipped_image_is_not_that_of_counts(seed) -> None:
    dark_and_bright = np.where(Y < 50, 5, 150.0)
    noisy = dark_and_bright + np.random.default_rng(seed).normal(0, 25, SCENE.shape)
    clipped = np.clip(np.rint(noisy), 0, 255)
    found = choose_image_noise([Exposures(clipped[None, None])])
    assert not isinstance(found.noise, Poisson)
    assert float(np.mean(found.noise.variance(clipped))) == pytest.approx(625, rel=0.15)


def test_values_that_were_cut_off_are_told() -> None:
    noisy = SCENE + np.random.default_rng(0).normal(0, 10, SCENE.shape)
    assert not say_cut_off([Exposures(noisy[None, None])], Gaussian(10.0))
    clipped = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)[:64, :64]
    told = ad.denoise(clipped, n_dims=2, budget="fast", seed=0).warnings
    assert any("the lowest one, 0, as if cut off there" in each for each in told)


def test_counts_end_at_zero_by_themselves() -> None:
    counts = np.random.default_rng(0).poisson(0.3, (1, 1, 64, 64)).astype(float)
    assert say_cut_off([Exposures(counts)], Poisson()) == ()


def test_dark_surroundings_do_not_spoil_the_gain_of_counts() -> None:
    z, y, x = np.mgrid[:16, :16, :16]
    inside = (z - 8) ** 2 + (y - 8) ** 2 + (x - 8) ** 2 < 25
    rate = np.maximum(20 + 60 * inside + 20 * np.sin(x / 3), 0)
    result = ad.denoise(
        np.random.default_rng(2).poisson(rate).astype(float), n_dims=3, budget="fast", seed=0
    )
    true = float(np.mean(rate) / np.mean((result.estimate - rate) ** 2))
    assert true / 2 < result.quality["dose_gain"] < 2 * true
