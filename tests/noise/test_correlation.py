"""Correlated noise is found along the right axes and over the right distances."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import uniform_filter, uniform_filter1d

from autoden.errors import InputError
from autoden.noise import (
    Exposures,
    apparent_level,
    correlation_of_image,
    correlation_of_repeats,
    correlation_of_residuals,
    gaussian_level,
)

SHAPE = (96, 100)
PHOTOGRAPHS = Path(__file__).parents[3] / "shared/data/images"
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


KINDS = {
    "white": (0, 0),
    "rows": (0, 1),
    "along X": (0, 1),
    "along Y": (1, 0),
    "along both": (1, 1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_noise_of_one_denoised_image(kind):
    from skimage.restoration import denoise_wavelet

    noisy = scene() + noise_of(kind)
    sigma = apparent_level([Exposures(noisy[None])]).value
    found = correlation_of_residuals(noisy, denoise_wavelet(noisy, sigma))
    assert tuple(int(reach > 0) for reach in found.reach) == KINDS[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_gaps", [False, True])
def test_noise_of_one_image(kind, with_gaps):
    noisy = scene() + noise_of(kind)
    valid = np.ones(noisy.shape, dtype=bool)
    if with_gaps:
        noisy[40:60, 30:90], noisy[100, 100], valid[150:160] = np.nan, 1e4, False
    found = correlation_of_image(noisy, valid)
    assert tuple(int(reach > 0) for reach in found.reach) == KINDS[kind]


@pytest.mark.parametrize("name", ["04", "09"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.skipif(not PHOTOGRAPHS.exists(), reason="no photographs")
def test_noise_of_photographs(name, kind):
    from skimage.io import imread

    image = imread(PHOTOGRAPHS / f"{name}.png")[:192, :200].astype(float)
    found = correlation_of_image(image + noise_of(kind, sigma=20.0))
    assert tuple(int(reach > 0) for reach in found.reach) == KINDS[kind]


def test_noise_of_a_volume():
    z, y, x = np.indices((32, 33, 34))
    ball = 100.0 * ((x - 16) ** 2 + (y - 16) ** 2 + (z - 16) ** 2 < 100)
    noise = white(0, 32, 33, 34)
    assert correlation_of_image(ball + noise).is_white
    assert correlation_of_image(ball + uniform_filter1d(noise, 2, axis=1)).reach == (0, 1, 0)


def test_images_without_noise_are_white():
    y, x = np.mgrid[:96, :100]
    for image in (np.full(SHAPE, np.nan), np.ones(SHAPE), 100.0 * (x > y), 7.0 * ((x + y) % 2)):
        assert correlation_of_image(image).is_white


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
    with pytest.raises(InputError, match="two axes"):
        correlation_of_image(np.zeros(9))
