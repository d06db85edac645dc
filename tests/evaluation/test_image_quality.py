"""PSNR and SSIM agree with scikit-image, with the formula, and with numbers printed elsewhere."""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.transform import downscale_local_mean

from autoden.errors import InputError
from autoden.evaluation import psnr, ssim

RNG = np.random.default_rng(0)
TRUTH = RNG.uniform(0, 255, size=(20, 24, 3))
NOISY = TRUTH + RNG.normal(0, 30, size=TRUTH.shape)


@pytest.mark.parametrize("data_range", [1.0, 255])
def test_psnr_is_that_of_scikit_image(data_range):
    expected = peak_signal_noise_ratio(TRUTH, NOISY, data_range=data_range)
    assert psnr(NOISY, TRUTH, data_range=data_range) == pytest.approx(expected)


def test_psnr_of_white_noise_is_its_level():
    noise = np.random.default_rng(0).normal(0, 20, size=(300, 300))
    assert psnr(noise, np.zeros((300, 300)), data_range=255) == pytest.approx(22.11, abs=0.05)


def test_equal_arrays_are_infinitely_good():
    assert psnr(TRUTH, TRUTH, data_range=255) == math.inf
    assert ssim(TRUTH, TRUTH, data_range=255, channel_axis=-1) == pytest.approx(1)


@pytest.mark.parametrize("channel_axis", [0, -1])
def test_ssim_of_colours_is_the_mean_over_them(channel_axis):
    each = [structural_similarity(TRUTH[..., c], NOISY[..., c], data_range=255) for c in range(3)]
    images = [np.moveaxis(image, -1, channel_axis) for image in (NOISY, TRUTH)]
    score = ssim(*images, data_range=255, channel_axis=channel_axis)
    assert score == pytest.approx(np.mean(each))


def test_gaussian_window_is_that_of_the_paper():
    x, y = NOISY[..., 0], TRUTH[..., 0]

    def mean(image):
        return gaussian_filter(image, 1.5, truncate=3.5)[5:-5, 5:-5]

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    index = (2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    assert ssim(x, y, data_range=255, window="gaussian") == pytest.approx(index.mean())


def test_recorded_numbers_of_the_camera_image_are_reproduced():
    truth = downscale_local_mean(data.camera().astype(float), (4, 4))
    copies = truth + np.random.default_rng(0).normal(0, 20, size=(6, 128, 128))
    scores = [
        (psnr(image, truth, data_range=255), ssim(image, truth, data_range=255))
        for image in (copies[0], copies.mean(axis=0))
    ]
    np.testing.assert_allclose(scores, [(22.14, 0.424), (29.97, 0.723)], rtol=0, atol=0.005)


@pytest.mark.parametrize("score", [psnr, ssim])
@pytest.mark.parametrize(
    ("estimate", "data_range", "words"),
    [
        (TRUTH[1:], 255, r"differ in shape: `estimate` \(19, 24, 3\), `truth` \(20, 24, 3\)"),
        (TRUTH, 0, "`data_range` is 0"),
        (TRUTH, None, "`data_range` is None"),
        (TRUTH * 1j, 255, "`estimate` has dtype complex128"),
    ],
)
def test_bad_input_is_explained(score, estimate, data_range, words):
    with pytest.raises(InputError, match=words):
        score(estimate, TRUTH, data_range=data_range)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, r"\(20, 24, 3\).*at least 7.*RGB images need `channel_axis`"),
        ({"channel_axis": 3}, "`channel_axis` is 3.*3 axes"),
        ({"channel_axis": -1, "window": "hann"}, "'uniform', 'gaussian'"),
    ],
)
def test_images_that_fit_no_window_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        ssim(NOISY, TRUTH, data_range=255, **options)


def test_missing_values_are_named():
    holed = np.where(NOISY > 250, np.nan, NOISY)
    with pytest.raises(InputError, match="`estimate` holds NaN"):
        ssim(holed, TRUTH, data_range=255, channel_axis=-1)
