"""Correlated noise is found along the right axes and over the right distances."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter, uniform_filter1d

from autoden.errors import InputError
from autoden.noise import (
    Exposures,
    apparent_level,
    correlation_of_repeats,
    correlation_of_residuals,
    gaussian_level,
)

SHAPE = (96, 100)
SEEDS = range(5)


def white(seed, *shape):
    return np.random.default_rng(seed).normal(0, 3, shape)


@pytest.mark.parametrize("seed", SEEDS)
def test_white_noise_is_white(seed):
    found = correlation_of_repeats(Exposures(50 + white(seed, 3, *SHAPE)))
    assert found.is_white
    assert found.mask_shape == (1, 1)
    assert "independent" in found.sentence()
    assert correlation_of_residuals(white(seed, *SHAPE), np.zeros(SHAPE)).is_white


@pytest.mark.parametrize("seed", SEEDS)
def test_standard_errors_are_those_of_white_noise(seed):
    found = correlation_of_residuals(white(seed, *SHAPE), np.zeros(SHAPE))
    scores = found.correlations / found.standard_errors
    assert np.sqrt(np.mean(scores**2)) == pytest.approx(1, abs=0.45)


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize("axis", [0, 1])
def test_smoothing_along_an_axis_reaches_as_far_as_it_smooths(width, axis):
    noise = uniform_filter1d(white(0, 4, *SHAPE), width, axis=axis + 1)
    found = correlation_of_repeats(Exposures(noise))
    reach = [0, 0]
    reach[axis] = width - 1
    assert found.reach == tuple(reach)
    assert found.mask_shape == tuple(2 * r + 1 for r in reach)
    expected = 1 - np.arange(1, width) / width
    np.testing.assert_allclose(found.correlations[axis, : width - 1], expected, atol=0.04)


def test_stripes_reach_over_all_distances():
    noise = white(0, *SHAPE) + white(1, SHAPE[0], 1)
    found = correlation_of_residuals(noise, np.zeros(SHAPE))
    assert found.reach == (0, 8)
    assert "along X over 8 or more" in found.sentence(("Y", "X"))
    np.testing.assert_allclose(found.correlations[1], 0.5, atol=0.15)


def test_what_is_alike_in_all_directions_is_told_plainly():
    noise = uniform_filter(white(0, 3, *SHAPE), (0, 9, 9))
    found = correlation_of_repeats(Exposures(noise))
    assert found.mask_shape is None
    assert "no mask" in found.sentence()


def test_volumes_have_three_axes():
    noise = uniform_filter1d(white(0, 3, 24, 25, 26), 2, axis=2)
    found = correlation_of_repeats(Exposures(noise))
    assert found.reach == (0, 1, 0)
    assert found.mask_shape == (1, 3, 1)


def test_counts_of_a_structured_image_are_white():
    y, x = np.mgrid[:96, :100]
    rate = 5.0 + 100 * (np.hypot(x - 50, y - 40) < 20)
    counts = np.random.default_rng(0).poisson(rate, (3, *rate.shape))
    assert correlation_of_repeats(Exposures(counts), 1.0).is_white
    assert correlation_of_repeats(Exposures(2.0 * counts), None).is_white


def test_a_filter_that_keeps_some_noise_does_not_make_it_correlated():
    noisy = white(0, *SHAPE)
    assert correlation_of_residuals(noisy, uniform_filter(noisy, 5)).is_white


def scene():
    y, x = np.mgrid[:192, :200]
    shapes = 100.0 * (np.hypot(x - 80, y - 90) < 50) + 60 * ((x // 50 + y // 60) % 2)
    return shapes + 10 * np.sin(x / 3) * np.sin(y / 4)


def noise_of(kind, seed=0, sigma=10.0):
    noise = white(seed, 200, 208)
    if kind == "rows":
        noise = noise + 0.8 * noise[:, :1]
    widths = {"along X": (1, 3), "along Y": (2, 1), "along both": (3, 3)}.get(kind, (1, 1))
    noise = uniform_filter(noise, widths)[4:-4, 4:-4]
    return noise * sigma / noise.std()


@pytest.mark.parametrize("kind", ["white", "rows", "along X", "along Y", "along both"])
def test_the_apparent_level_counts_what_neighbours_share(kind):
    sample = [Exposures((scene() + noise_of(kind))[None])]
    assert apparent_level(sample).value == pytest.approx(10, rel=0.2)
    if kind == "white":
        assert gaussian_level(sample).value == pytest.approx(10, rel=0.04)
    else:
        assert gaussian_level(sample).value < 0.85 * apparent_level(sample).value


@pytest.mark.parametrize(
    ("kind", "is_along"),
    [("white", (0, 0)), ("rows", (0, 1)), ("along X", (0, 1)), ("along Y", (1, 0)),
     ("along both", (1, 1))],
)  # fmt: skip
def test_noise_of_one_denoised_image(kind, is_along):
    from skimage.restoration import denoise_wavelet

    noisy = scene() + noise_of(kind)
    sigma = apparent_level([Exposures(noisy[None])]).value
    found = correlation_of_residuals(noisy, denoise_wavelet(noisy, sigma))
    assert tuple(int(reach > 0) for reach in found.reach) == is_along


def test_hot_pixels_and_gaps_do_not_matter():
    noisy = uniform_filter1d(white(0, *SHAPE), 2, axis=1)
    noisy[10, 10], noisy[50, 60:70] = 1e4, np.nan
    assert correlation_of_residuals(noisy, np.zeros(SHAPE)).reach == (0, 1)


def test_nothing_left_is_white():
    assert correlation_of_residuals(np.ones(SHAPE), np.ones(SHAPE)).is_white


def test_one_repeat_and_other_shapes_are_refused():
    with pytest.raises(InputError, match="two or more"):
        correlation_of_repeats(Exposures(white(0, 1, *SHAPE)))
    with pytest.raises(InputError, match="what was made of it"):
        correlation_of_residuals(np.zeros((3, 4)), np.zeros((4, 3)))
