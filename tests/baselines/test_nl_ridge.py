"""NL-Ridge: its laws, a direct computation in numpy, and real images."""

from pathlib import Path

import numpy as np
import pytest
from skimage.io import imread

from autoden.baselines import NLRidge, NonLocalMeans, Step, TotalVariation
from autoden.errors import InputError
from autoden.noise import Gaussian

SMALL = NLRidge((Step(3, 5, 9, 2), Step(4, 12, 9, 2)))
IMAGES = Path(__file__).parents[3] / "shared" / "data" / "images"


def noisy_image(*shape, sigma=5.0, seed=0):
    axes = np.meshgrid(*(np.arange(size) for size in shape), indexing="ij")
    truth = 40.0 * (sum(axes) // 4 % 2) + 100
    return truth, truth + np.random.default_rng(seed).normal(0, sigma, shape)


def directly(noisy, pilot, sigma, step, *, is_first):
    """Do one step patch by patch in double precision, each system solved by itself."""
    patch, reach = step.patch, step.window // 2
    rows, columns = (size - patch for size in noisy.shape)

    def places(last):
        return sorted({*range(0, last + 1, step.stride), last})

    def at(image, corner):
        return image[corner[0] : corner[0] + patch, corner[1] : corner[1] + patch].ravel()

    total, weights = np.zeros_like(noisy), np.zeros_like(noisy)
    for corner in ((y, x) for y in places(rows) for x in places(columns)):
        near = [
            (y, x)
            for y in range(max(0, corner[0] - reach), min(rows, corner[0] + reach) + 1)
            for x in range(max(0, corner[1] - reach), min(columns, corner[1] + reach) + 1)
        ]
        near.sort(key=lambda c: np.sum((at(pilot, c) - at(pilot, corner)) ** 2))
        group = near[: step.similar]
        truth = np.array([at(pilot, c) for c in group])
        n_similar, n_elements = truth.shape
        removed = sigma**2 * n_elements
        products = truth @ truth.T - (removed if is_first else 0) * np.eye(n_similar)
        ridge = (1.05 if is_first else 1.0) * removed * np.eye(n_similar)
        # the least |T X - X|^2 + tr(T ridge T'), rows of sum 1: a system with multipliers
        system = np.block([[products + ridge, np.ones((n_similar, 1))], [np.ones(n_similar), 0]])
        theta = np.linalg.solve(system, np.vstack([products, np.ones(n_similar)]))[:n_similar].T
        estimates = theta @ np.array([at(noisy, c) for c in group])
        gains = 1 / np.clip(np.sum(theta**2, axis=1), 1 / n_similar, 1)
        for (y, x), estimate, gain in zip(group, estimates, gains, strict=True):
            where = np.s_[y : y + patch, x : x + patch]
            total[where] += gain * estimate.reshape(patch, patch)
            weights[where] += gain
    return total / weights


def test_two_steps_are_those_of_a_direct_computation():
    _, noisy = noisy_image(21, 18)
    pilot = noisy
    for number, step in enumerate(SMALL.steps):
        pilot = directly(noisy, pilot, 5.0, step, is_first=number == 0)
    estimate = SMALL.smooth(noisy[None], 1.0, Gaussian(5.0))[0]
    assert estimate == pytest.approx(pilot, abs=0.02)


@pytest.mark.parametrize("shape", [(60,), (21, 18), (9, 8, 10)])
def test_level_and_unit_of_the_values_do_not_matter(shape):
    _, noisy = noisy_image(*shape)
    estimate = SMALL.smooth(noisy[None], 1.0, Gaussian(5.0))
    shifted = SMALL.smooth(noisy[None] + 1e5, 1.0, Gaussian(5.0)) - 1e5
    scaled = SMALL.smooth(noisy[None] * 1e-9, 1.0, Gaussian(5e-9)) * 1e9
    assert shifted == pytest.approx(estimate, abs=0.05)
    assert scaled == pytest.approx(estimate, abs=0.05)


@pytest.mark.parametrize("shape", [(1,), (5,), (1, 1), (3, 2), (1, 30), (10, 11), (2, 3, 4)])
def test_constants_stay_and_images_may_be_smaller_than_a_patch(shape):
    constant = np.full((2, *shape), 7.25)
    assert NLRidge().smooth(constant, 1.0, Gaussian(1.0)) == pytest.approx(constant)
    assert np.isfinite(NLRidge().smooth(noisy_image(*shape)[1][None], 1.0, Gaussian(5.0))).all()


def test_equal_channels_are_cleaned_like_one_with_less_noise():
    """The stacked patches of three equal channels hold what one channel of a third the variance."""
    _, noisy = noisy_image(20, 24)
    alone = SMALL.smooth(noisy[None], 1.0, Gaussian(5.0))[0]
    three = SMALL.smooth_channels(np.stack([noisy] * 3)[None], 1.0, Gaussian(5.0))[0]
    assert three == pytest.approx(np.stack([alone] * 3), abs=0.02)


def test_a_real_image_is_cleaned_better_than_by_the_two_steps_published():
    file = IMAGES / "01.png"
    if not file.is_file():
        pytest.skip(f"{file} is not there")
    truth = imread(file)[64:192, 64:192].astype(float)
    noisy = truth + np.random.default_rng(1).normal(0, 25, truth.shape)

    def psnr(member):
        error = np.mean((member.smooth(noisy[None], 1.0, Gaussian(25))[0] - truth) ** 2)
        return 10 * np.log10(255**2 / error)

    published = psnr(NLRidge((Step(9, 18, 37, 4), Step(9, 90, 37, 4))))
    assert psnr(NLRidge()) > published + 0.08
    for others in (TotalVariation, NonLocalMeans):
        assert max(map(psnr, others.grid(truth.shape))) < published - 0.3


def test_steps_that_leave_gaps_are_refused():
    with pytest.raises(InputError, match="`stride` is 5"):
        Step(patch=4, similar=10, window=9, stride=5)
