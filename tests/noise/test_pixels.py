"""Hot pixels are found among structure, gaps are filled and put back."""

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.noise import fill_gaps, hot_pixels

Y, X = np.mgrid[:64, :64]


def noisy(image, sigma=2.0, seed=0):
    return image + np.random.default_rng(seed).normal(0, sigma, image.shape)


SCENES = {
    "constant": np.full((64, 64), 50.0),
    "checkerboard": 100.0 * ((X + Y) % 2),
    "edge": 100.0 * (X > 31),
    "lines": 100.0 * (X % 8 == 0),
    "star": 500 * np.exp(-((X - 30) ** 2 + (Y - 20.3) ** 2) / (2 * 0.85**2)),
}


@pytest.mark.parametrize("name", sorted(SCENES))
@pytest.mark.parametrize("seed", range(4))
def test_structure_is_not_hot(name, seed):
    assert not hot_pixels(noisy(SCENES[name], seed=seed), 4.0).any()


@pytest.mark.parametrize("name", ["constant", "edge", "star"])
@pytest.mark.parametrize("height", [400.0, -400.0])
def test_single_elements_are_found(name, height):
    image = noisy(SCENES[name])
    places = [(5, 7), (0, 0), (63, 40), (50, 12)]
    for place in places:
        image[place] += height
    assert {tuple(place) for place in np.argwhere(hot_pixels(image, 4.0))} == set(places)


def test_volumes_and_varying_noise():
    counts = np.random.default_rng(0).poisson(4.0, (16, 16, 16)) + 0.0
    assert not hot_pixels(counts, np.full(counts.shape, 4.0)).any()
    counts[3, 4, 5] = 200
    assert np.argwhere(hot_pixels(counts, 4.0)).tolist() == [[3, 4, 5]]


def test_where_many_are_hot_none_is():
    image = noisy(SCENES["constant"])
    image[::4, ::4] += 400
    assert not hot_pixels(image, 4.0).any()


def test_missing_elements_are_neither_hot_nor_neighbours():
    image = noisy(SCENES["constant"])
    image[10:13, 10:13], image[11, 13] = np.nan, 500
    assert np.argwhere(hot_pixels(image, 4.0)).tolist() == [[11, 13]]


def test_gaps_are_filled_smoothly_and_what_is_known_is_kept():
    ramp = X + 2.0 * Y
    gapped = ramp.copy()
    gapped[20:30, 25:35], gapped[50, 50], gapped[0, 0] = np.nan, np.inf, np.nan
    filled = fill_gaps(gapped)
    np.testing.assert_allclose(filled.values[1:, 1:], ramp[1:, 1:], atol=1.0)
    known = np.isfinite(gapped)
    np.testing.assert_array_equal(filled.values[known], ramp[known])
    np.testing.assert_array_equal(filled.gaps, ~known)
    assert np.isnan(gapped[25, 30])  # the input is not modified


def test_gaps_are_put_back():
    image = noisy(SCENES["constant"])
    image[3, 3], image[9, 9] = np.nan, 400
    hot = hot_pixels(image, 4.0)
    filled = fill_gaps(image, hot)
    assert abs(filled.values[9, 9] - 50) < 6
    restored = filled.restore(np.full(image.shape, 50.0))
    assert np.isnan(restored[3, 3])
    assert restored[9, 9] == 400
    missing = filled.restore(np.full(image.shape, 50.0), missing_only=True)
    assert np.isnan(missing[3, 3])
    assert missing[9, 9] == 50


def test_what_cannot_be_done_is_said():
    with pytest.raises(InputError, match="two axes"):
        hot_pixels(np.zeros(5), 1.0)
    with pytest.raises(InputError, match="no element"):
        fill_gaps(np.full((3, 3), np.nan))
    with pytest.raises(InputError, match="truth"):
        fill_gaps(np.zeros((3, 3)), np.zeros(3))
    with pytest.raises(InputError, match="filled image"):
        fill_gaps(np.zeros((3, 3))).restore(np.zeros(3))


@pytest.mark.parametrize("width", [0.85, 1.0, 1.5, 2.5])
def test_spots_that_are_sampled_well_are_not_hot(width):
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:96, :96]
    image = np.full((96, 96), 10.0)
    for row, column in rng.uniform(8, 88, (25, 2)):
        image += 200 * np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * width**2))
    assert not any(hot_pixels(image + rng.normal(0, 5, image.shape), 25.0).any() for _ in range(5))


def test_a_pixel_far_above_the_noise_is_hot_in_flat_surroundings():
    rng = np.random.default_rng(5)
    for _ in range(10):
        image = rng.normal(10, 5, (32, 32))
        image[10, 12] += 100
        assert np.argwhere(hot_pixels(image, 25.0)).tolist() == [[10, 12]]
