"""Rings are found where they are, and nowhere else."""

import warnings

import numpy as np
import pytest
from skimage.data import shepp_logan_phantom
from skimage.transform import radon, resize

from autoden.algorithms.ring_artefacts import ring_score, warn_of_rings


def says_rings(sinogram):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_rings(sinogram, stacklevel=2)
    return bool(caught)


@pytest.fixture(scope="module")
def shepp_logan():
    """A clean sinogram (A, D) of range 1."""
    image = resize(shepp_logan_phantom(), (64, 64), anti_aliasing=True)
    sinogram = radon(image, np.arange(90) * 2.0).T
    return sinogram / sinogram.max()


@pytest.mark.parametrize(("n_angles", "n_detectors"), [(20, 24), (60, 48), (282, 100)])
def test_independent_noise_raises_no_false_alarm_in_100_draws(n_angles, n_detectors):
    rng = np.random.default_rng(0)
    draws = [rng.normal(size=(n_angles, n_detectors)) for _ in range(100)]
    assert not any(map(says_rings, draws))


@pytest.mark.parametrize("noise", [0.0, 1e-4, 1e-3, 1e-2, 0.1, 1.0])
def test_an_object_raises_no_false_alarm_at_any_noise(shepp_logan, noise):
    rng = np.random.default_rng(0)
    for _ in range(10):
        assert not says_rings(shepp_logan + rng.normal(0, noise, shepp_logan.shape))


def test_poisson_counts_raise_no_false_alarm(shepp_logan):
    rng = np.random.default_rng(0)
    for dose in (30, 1000):
        transmission = rng.poisson(dose * np.exp(-shepp_logan))
        assert not says_rings(-np.log(np.maximum(transmission, 1) / dose))


@pytest.mark.parametrize("noise", [0.01, 0.1])
def test_offsets_of_the_detector_pixels_as_large_as_the_noise_are_found(shepp_logan, noise):
    rng = np.random.default_rng(0)
    for _ in range(50):
        offsets = rng.normal(0, noise, shepp_logan.shape[-1])
        assert says_rings(shepp_logan + rng.normal(0, noise, shepp_logan.shape) + offsets)


def test_the_score_does_not_depend_on_unit_or_offset_and_is_the_median_of_slices():
    rng = np.random.default_rng(0)
    slices = rng.normal(size=(3, 40, 50)) + rng.normal(size=(3, 1, 50))
    scores = [ring_score(single) for single in slices]
    assert ring_score(slices) == pytest.approx(np.median(scores))
    assert ring_score(100 + 1e-3 * slices) == pytest.approx(np.median(scores))


def test_too_few_detector_pixels_and_no_noise_at_all_give_no_verdict():
    assert np.isnan(ring_score(np.random.default_rng(0).normal(size=(50, 23))))
    assert np.isnan(ring_score(np.ones((50, 60))))
    assert not says_rings(np.ones((50, 60)))


def test_the_warning_says_what_to_do():
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="correct the flat field or remove the rings first"):
        warn_of_rings(rng.normal(size=(50, 60)) + rng.normal(size=60), stacklevel=2)
