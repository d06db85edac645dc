"""Images and volumes through `denoise`: better than before, never harmed, and honest about it."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d
from skimage.io import imread

import autoden as ad
from autoden.errors import InputError
from autoden.noise import Gaussian, Poisson

PHOTOGRAPHS = Path(__file__).parents[3] / "shared/data/images"
Y, X = np.mgrid[:48, :48]
SCENE = 100.0 + 60 * np.sin(Y / 7) * np.cos(X / 9) + 40 * (np.hypot(Y - 20, X - 28) < 11)
"""Smooth parts and an edge, from 0 to 200."""


def noisy(sigma=8.0, n=None, truth=SCENE, seed=0):
    shape = truth.shape if n is None else (n, *truth.shape)
    return truth + np.random.default_rng(seed).normal(0, sigma, shape)


def rms(estimate, truth=SCENE):
    return float(np.sqrt(np.nanmean((estimate - truth) ** 2)))


@pytest.fixture(scope="module")
def single():
    """One noisy image, of which nothing is said."""
    image = noisy()
    image.setflags(write=False)
    return ad.denoise(image, n_dims=2, budget="fast")


def test_one_image_is_denoised(single):
    assert single.estimate.shape == SCENE.shape
    assert rms(single.estimate) < 0.45 * 8
    assert single.quality["dose_gain"] > 3
    assert not single.warnings


def test_the_noise_is_found_and_said(single):
    noise = single.trained.noise
    assert isinstance(noise, Gaussian)
    assert abs(noise.sigma - 8) < 0.5
    assert "±" in single.notes[1]


def test_the_stated_error_holds_the_true_one(single):
    low, high = single.quality["mse_interval"]
    assert low < rms(single.estimate) ** 2 < high
    pulls = (single.estimate - SCENE) / single.uncertainty
    assert 0.6 < float(np.sqrt(np.mean(pulls**2))) < 1.6


def test_the_verdict_says_what_was_kept(single):
    said = " ".join(single.verdict)
    assert "mean level" in said
    assert "details are told from noise" in said
    assert 2 <= single.quality["resolution"] < 20
    assert abs(single.quality["total_z"]) < 2


def test_repeats_give_more_than_one(single):
    several = ad.denoise(noisy(n=4), axes="RYX", budget="fast")
    assert rms(several.estimate) < rms(single.estimate)
    assert rms(several.mean) == pytest.approx(4, rel=0.05)


def test_the_same_seed_gives_the_same(single):
    again = ad.denoise(noisy(), n_dims=2, budget="fast")
    np.testing.assert_array_equal(again.estimate, single.estimate)
    np.testing.assert_array_equal(again.uncertainty, single.uncertainty)


@pytest.mark.slow
def test_offset_and_scale_pass_to_the_estimate(single):
    other = ad.denoise(3 * noisy() - 500, n_dims=2, budget="fast")
    np.testing.assert_allclose((other.estimate + 500) / 3, single.estimate, atol=0.5)


def test_counts_are_taken_for_counts():
    counts = np.random.default_rng(0).poisson(SCENE / 10)
    result = ad.denoise(counts, axes="YX", budget="fast")
    assert result.trained.noise == Poisson()
    assert result.estimate.min() >= 0
    assert rms(result.estimate, SCENE / 10) < 0.5 * rms(counts, SCENE / 10)
    low, high = result.quality["mse_interval"]
    assert low < rms(result.estimate, SCENE / 10) ** 2 < high


@pytest.mark.parametrize("axes", [pytest.param("YXC", marks=pytest.mark.slow), "CYX"])
def test_colours_stay_where_they_are(axes):
    scene = SCENE[:32, :32]
    truth = np.stack([scene, scene[::-1], 200 - scene], axis=axes.index("C"))
    result = ad.denoise(noisy(truth=truth), axes=axes, budget="fast")
    assert result.estimate.shape == truth.shape
    assert rms(result.estimate, truth) < 0.5 * 8


@pytest.mark.slow
def test_odd_sizes_and_samples_of_one_set_up():
    truths = [SCENE[:33, :27], SCENE[7:40, 13:40]]
    result = ad.denoise([noisy(truth=each) for each in truths], n_dims=2, budget="fast")
    assert result.estimate.shape == (2, 33, 27)
    assert len(result.quality["mse"]) == 2
    assert rms(result.estimate, np.stack(truths)) < 0.6 * 8


@pytest.mark.slow
def test_volumes():
    z, y, x = np.mgrid[:16, :16, :17]
    truth = 50.0 + 40 * (np.sqrt((z - 8) ** 2 + (y - 7) ** 2 + (x - 8) ** 2) < 5)
    result = ad.denoise(noisy(truth=truth), n_dims=3, budget="fast")
    assert result.estimate.shape == truth.shape
    assert rms(result.estimate, truth) < 0.6 * 8


# what must not be harmed


def test_a_clean_image_stays_as_it_is():
    clean = np.rint(SCENE).astype(np.uint8)
    result = ad.denoise(clean, n_dims=2, budget="fast")
    assert rms(result.estimate, clean) < 0.5
    assert not result.warnings


@pytest.mark.skipif(not PHOTOGRAPHS.exists(), reason="no photographs")
def test_a_clean_photograph_changes_by_less_than_half_a_step():
    clean = imread(PHOTOGRAPHS / "01.png")[60:124, 60:124]
    assert rms(ad.denoise(clean, n_dims=2, budget="fast").estimate, clean) < 0.5


def test_a_chequerboard_at_the_highest_frequency_stays():
    board = 100.0 * ((Y + X) % 2)
    assert rms(ad.denoise(board, n_dims=2, budget="fast").estimate, board) < 0.5


@pytest.mark.slow
def test_a_noisy_chequerboard_stays():
    board = 100.0 * ((Y + X) % 2)
    result = ad.denoise(noisy(5.0, truth=board), n_dims=2, budget="fast")
    assert rms(result.estimate, board) < 5


def test_text_keeps_its_strokes():
    pixels = np.random.default_rng(3).random((12, 12)) > 0.5
    text = 255.0 * pixels.repeat(4, 0).repeat(4, 1)
    assert rms(ad.denoise(text, n_dims=2, budget="fast").estimate, text) < 0.5
    result = ad.denoise(noisy(10.0, truth=text), n_dims=2, budget="fast")
    assert rms(result.estimate, text) < 10


def test_noise_around_a_constant_becomes_the_constant():
    flat = np.full((48, 48), 50.0)
    assert rms(ad.denoise(noisy(5.0, truth=flat), n_dims=2, budget="fast").estimate, flat) < 0.6


def test_hot_and_dead_pixels_stay_and_their_neighbours_see_nothing(single):
    image = noisy()
    image[10, 10], image[30, 20] = 5000, -900
    result = ad.denoise(image, n_dims=2, budget="fast")
    assert (result.estimate[10, 10], result.estimate[30, 20]) == (5000, -900)
    assert any("2 pixels stand alone" in warning for warning in result.warnings)
    result.estimate[10, 10] = result.estimate[30, 20] = np.nan
    around = (slice(8, 13), slice(8, 13))
    assert rms(result.estimate[around], single.estimate[around]) < 0.25 * 8
    assert rms(result.estimate) < 1.1 * rms(single.estimate) + 0.3


def test_missing_pixels_stay_missing_and_harm_no_others(single):
    image = noisy()
    image[5:15, 20:30] = np.nan
    result = ad.denoise(image, n_dims=2, budget="fast")
    for each in (result.estimate, result.uncertainty, result.mean):
        np.testing.assert_array_equal(np.isnan(each), np.isnan(image))
    near = (slice(2, 18), slice(17, 33))
    assert rms(result.estimate[near], SCENE[near]) < 0.7 * 8
    assert rms(result.estimate[near], single.estimate[near]) < 0.4 * 8
    assert "100 values are missing" in " ".join(result.notes)


@pytest.mark.parametrize("n", [4, 1])
def test_noise_that_neighbours_share_is_told(n):
    rows = uniform_filter1d(np.random.default_rng(0).normal(0, 20, (n, 48, 48)), 3, axis=-1)
    result = ad.denoise(SCENE + rows, axes="RYX", budget="fast")
    assert any("neighbours is correlated along X" in warning for warning in result.warnings)
    assert rms(result.estimate) < rms((SCENE + rows).mean(axis=0))


# the rest of a result


def test_a_result_is_applied_to_another_image(single):
    other = single.apply(noisy(seed=1, truth=SCENE[::-1]), n_dims=2)
    assert other.applied
    assert rms(other.estimate, SCENE[::-1]) < 0.5 * 8
    louder = single.apply(noisy(16.0, seed=1), n_dims=2)
    assert any("times the variance" in warning for warning in louder.warnings)
    with pytest.raises(InputError, match="images, and the new data are spectra"):
        single.apply(noisy()[0])


@pytest.mark.parametrize("name", ["out.tif", "out.npy", "out.npz"])
def test_a_result_is_saved(single, tmp_path, name):
    files = single.save(tmp_path / name)
    np.testing.assert_array_equal(ad.read(files[0]).data, single.estimate)


def test_images_do_not_go_into_tables(single, tmp_path):
    with pytest.raises(InputError, match="no room for images"):
        single.save(tmp_path / "out.csv")


def test_a_reference_scores(single):
    result = ad.denoise(noisy(), n_dims=2, budget="fast", reference=noisy(n=8, seed=5))
    found = result.quality["reference"]
    assert found["mse"] == pytest.approx(rms(result.estimate) ** 2, abs=4 * found["mse_error"])
    assert found["mse"] < found["mean_mse"]


@pytest.mark.parametrize(
    ("data", "settings", "words"),
    [
        (np.ones((9, 9)), {"n_dims": 2}, "1 throughout"),
        (np.full((9, 9), np.nan), {"n_dims": 2}, "nothing but NaN"),
        (np.where(SCENE > 190, np.inf, SCENE), {"n_dims": 2}, "infinite values"),
        (SCENE, {}, "axes='YX' for an image of 48 x 48"),
        (SCENE, {"n_dims": 2, "noise": "unknown"}, "Give two or more"),
        ([SCENE, SCENE[:40]], {"n_dims": 2}, "samples of one set-up have one shape"),
        (SCENE[:5], {"n_dims": 2}, "at least 8"),
    ],
    ids=lambda value: "" if isinstance(value, np.ndarray | dict | list) else value[:12],
)
def test_what_cannot_be_denoised_is_told(data, settings, words):
    with pytest.raises(InputError, match=words):
        ad.denoise(data, budget="fast", **settings)


def test_a_report_is_one_page_or_one_picture(single, tmp_path):
    page = single.report(tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("An image (1 exposure, 48 x 48 pixels) was denoised", "pixel and exposure"):
        assert words in page
    assert "http" not in page.split("</head>")[0].replace("http-equiv", "")
    assert single.report(tmp_path / "report.png").stat().st_size > 10_000
