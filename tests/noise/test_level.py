"""Noise levels of single images and volumes, with errors that are true of them."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from autoden.errors import InputError
from autoden.noise import (
    Exposures,
    estimate_gaussian,
    gaussian_level,
    poisson_gain,
    refine_level,
    refine_line,
    variance_line,
)

PHOTOGRAPHS = Path(__file__).parents[3] / "shared/data/images"
SIZE = 192


def one(values):
    return [Exposures(np.asarray(values, dtype=float)[None])]


def scene(name):
    y, x = np.mgrid[:SIZE, :SIZE]
    return {
        "constant": np.full((SIZE, SIZE), 40.0),
        "ramp": 0.7 * x + 0.2 * y,
        "checkerboard": 100.0 * ((x + y) % 2),
        "stripes": 40 * np.sin(0.9 * x),
        "shapes": 100.0 * (np.hypot(x - 80, y - 90) < 50) + 50 * ((x // 48 + y // 60) % 2),
        "text": 200.0 * ((x * 7 + (y // 3) * 5) % 13 < 4) * (y % 24 < 12),
    }[name]


SCENES = ["constant", "ramp", "checkerboard", "stripes", "shapes", "text"]


@pytest.mark.parametrize("name", SCENES)
def test_structure_is_not_taken_for_noise(name):
    assert gaussian_level(one(scene(name))).value < 1e-6 * (1 + scene(name).max())


@pytest.mark.parametrize("name", SCENES)
def test_the_level_and_its_error_hold_under_structure(name):
    apart = []
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(0, 6, (SIZE, SIZE))
        level = gaussian_level(one(scene(name) + noise))
        assert level.value == pytest.approx(6, rel=0.02)
        assert 0.003 < level.standard_error / level.value < 0.02
        apart.append((level.value - 6) / level.standard_error)
    assert np.sqrt(np.mean(np.square(apart))) < 2


@pytest.mark.parametrize("shape", [(64, 64), (24, 24, 24), (3, 80, 80), (40, 41), (2, 2, 32, 32)])
def test_noise_alone_is_measured_nearly_as_well_as_can_be(shape):
    found = [
        gaussian_level(one(np.random.default_rng(seed).normal(100, 7, shape))) for seed in range(12)
    ]
    best = 7 / np.sqrt(2 * np.prod(shape))
    values = np.array([level.value for level in found])
    errors = np.array([level.standard_error for level in found])
    assert np.sqrt(np.mean((values - 7) ** 2)) < 2 * best
    assert np.all((0.9 * best < errors) & (errors < 4 * best))


def test_the_level_of_repeats_and_its_error_are_those_of_a_chi_square():
    rng = np.random.default_rng(0)
    rate = 100 * rng.random((30, 40))
    found = [gaussian_level([Exposures(rate + rng.normal(0, 3, (4, 30, 40)))]) for _ in range(40)]
    expected = 3 / np.sqrt(2 * 3 * 30 * 40)
    assert np.mean([level.standard_error for level in found]) == pytest.approx(expected, rel=0.02)
    assert np.std([level.value for level in found]) == pytest.approx(expected, rel=0.3)


def test_the_level_scales_with_the_values_and_ignores_an_offset():
    noisy = scene("shapes") + np.random.default_rng(0).normal(0, 6, (SIZE, SIZE))
    level, scaled = gaussian_level(one(noisy)), gaussian_level(one(1e6 * (noisy - 50)))
    assert scaled.value == pytest.approx(1e6 * level.value, rel=1e-3)
    assert scaled.standard_error == pytest.approx(1e6 * level.standard_error, rel=0.02)


def test_clipped_elements_do_not_lower_the_level():
    y, x = np.mgrid[:SIZE, :SIZE]
    rate = 128 + 160 * np.sin(x / 30) * np.cos(y / 40)
    noisy = np.clip(rate + np.random.default_rng(0).normal(0, 9, rate.shape), 0, 255)
    assert gaussian_level(one(noisy)).value == pytest.approx(9, rel=0.03)


def test_elements_that_are_not_valid_have_no_part():
    noise = np.random.default_rng(0).normal(0, 6, (SIZE, SIZE))
    noise[:96] *= 5
    valid = np.ones(noise.shape, dtype=bool)
    valid[:96] = False
    assert gaussian_level(one(noise), valid).value == pytest.approx(6, rel=0.03)


def test_the_model_of_one_image_has_the_level():
    noisy = one(scene("shapes") + np.random.default_rng(0).normal(0, 6, (SIZE, SIZE)))
    assert estimate_gaussian(noisy).sigma == gaussian_level(noisy).value


def test_the_same_image_gives_the_same_level_and_is_not_changed():
    noisy = scene("shapes") + np.random.default_rng(0).normal(0, 6, (SIZE, SIZE))
    copy = noisy.copy()
    assert gaussian_level(one(noisy)) == gaussian_level(one(noisy))
    np.testing.assert_array_equal(noisy, copy)


def test_refining_brings_the_level_nearer():
    before, after = [], []
    for seed in range(4):
        noise = np.random.default_rng(seed).normal(0, 6, (SIZE, SIZE))
        sample = Exposures((scene("shapes") + noise)[None])
        level = gaussian_level([sample])
        before.append(level.value - 6)
        after.append(refine_level(level, sample, scene("shapes")).value - 6)
    assert abs(np.mean(after)) < max(abs(np.mean(before)), 0.02)


def test_refining_refuses_another_shape_and_leaves_repeats_alone():
    sample = Exposures(np.random.default_rng(0).normal(size=(2, 64, 64)))
    level = gaussian_level([sample])
    assert refine_level(level, sample, np.zeros((64, 64))) is level
    with pytest.raises(InputError, match="the denoised acquisition itself"):
        refine_level(level, sample, np.zeros((64, 63)))


def rate_of_counts():
    y, x = np.mgrid[:SIZE, :SIZE]
    return 20.0 + 60 * (np.hypot(x - 90, y - 100) < 60) + x / 4 + 5 * np.sin(y / 3)


def test_the_gain_of_counts_is_measured_within_its_error():
    apart = []
    for seed in range(3):
        counts = np.random.default_rng(seed).poisson(rate_of_counts())
        gain = poisson_gain(one(2.5 * counts + 0.0))
        assert gain.value == pytest.approx(2.5, rel=0.03)
        apart.append((gain.value - 2.5) / gain.standard_error)
    assert np.sqrt(np.mean(np.square(apart))) < 2


@pytest.mark.parametrize("n_repeats", [1, 4])
def test_gain_and_read_out_are_measured_within_their_errors(n_repeats):
    rate, shape = rate_of_counts(), (n_repeats, SIZE, SIZE)
    floors, slopes, apart = [], [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        values = 2 * rng.poisson(rate / 2, shape) + rng.normal(0, 5, shape)
        line = variance_line([Exposures(values)])
        floors.append(line.floor.value)
        slopes.append(line.slope.value)
        apart.append((line.noise.variance(50.0) - 125) / line.variance_error(50.0))
        assert line.correlation < 0
    assert np.mean(floors) == pytest.approx(25, abs=6)
    assert np.mean(slopes) == pytest.approx(2, abs=0.12)
    assert np.sqrt(np.mean(np.square(apart))) < 2.5


def test_a_refined_line_stays_near():
    rng = np.random.default_rng(0)
    sample = Exposures(
        (2 * rng.poisson(rate_of_counts() / 2) + rng.normal(0, 5, (SIZE, SIZE)))[None]
    )
    line = refine_line(variance_line([sample]), sample, rate_of_counts())
    assert line.noise.variance(50.0) == pytest.approx(125, rel=0.04)
    with pytest.raises(InputError, match="the denoised acquisition itself"):
        refine_line(line, sample, np.zeros(3))


def test_a_line_needs_repeats_or_an_image():
    with pytest.raises(InputError, match="two repeats or more"):
        variance_line(one(np.arange(100.0)))


@pytest.mark.skipif(not PHOTOGRAPHS.exists(), reason="no photographs")
@pytest.mark.parametrize("sigma", [25, 50])
def test_the_level_of_photographs(sigma):
    from skimage.io import imread

    apart, scores = [], []
    for number in (1, 2, 4, 5):
        image = imread(PHOTOGRAPHS / f"{number:02d}.png").astype(float)
        level = gaussian_level(
            one(image + np.random.default_rng(number).normal(0, sigma, image.shape))
        )
        apart.append(level.value / sigma - 1)
        scores.append((level.value - sigma) / level.standard_error)
    assert np.sqrt(np.mean(np.square(apart))) < 0.01
    assert np.max(np.abs(scores)) < 3


@pytest.mark.slow
@pytest.mark.skipif(not PHOTOGRAPHS.exists(), reason="no photographs")
@pytest.mark.parametrize(
    ("sigma", "bias", "rms"), [(15, 1.3, 1.5), (25, 0.7, 0.85), (50, 0.3, 0.5)]
)
def test_the_level_of_all_photographs(sigma, bias, rms):
    """In per cent; at sigma 15 most of it is the grain that the photographs have themselves."""
    from skimage.io import imread

    apart, within = [], []
    for number in range(1, 13):
        image = imread(PHOTOGRAPHS / f"{number:02d}.png").astype(float)
        for seed in range(2):
            noise = np.random.default_rng(100 * number + seed).normal(0, sigma, image.shape)
            level = gaussian_level(one(image + noise))
            apart.append(100 * (level.value / sigma - 1))
            within.append(abs(level.value - sigma) < 2 * level.standard_error)
    assert abs(np.mean(apart)) < bias
    assert np.sqrt(np.mean(np.square(apart))) < rms
    assert np.mean(within) > (0.5 if sigma == 15 else 0.8)


@pytest.mark.parametrize("sigma", [0.8, 1.0, 2.0, 3.0])
def test_noise_without_a_white_part_has_a_floor_of_hardly_anything(sigma):
    """Smoothed noise has nothing at the highest frequencies, for which a fit must not fail."""
    y, x = np.mgrid[:128, :128]
    scene = 100 + 60 * np.sin(y / 7) * np.cos(x / 9) + 60 * ((x // 31 + y // 23) % 2)
    for seed in range(3):
        noise = gaussian_filter(np.random.default_rng(seed).normal(size=scene.shape), sigma)
        level = gaussian_level([Exposures((scene + 10 * noise / noise.std())[None])])
        assert 0 <= level.value < 7
        assert np.isfinite(level.standard_error)


def test_a_narrow_frame_of_known_elements_tells_the_level():
    valid = np.ones((64, 64), dtype=bool)
    valid[6:58, 6:58] = False
    image = np.where(valid, np.random.default_rng(0).normal(20, 5, valid.shape), 20.0)
    assert gaussian_level(one(image), valid).value == pytest.approx(5, rel=0.2)
    every_other = np.indices(valid.shape)[1] % 2 == 0
    assert gaussian_level(one(image), every_other).value < 5  # nothing lies together: all is taken
