"""Parallel-beam projection and filtered back-projection against scikit-image and formulas."""

import numpy as np
import pytest
import torch
from skimage.transform import iradon, radon

from autoden.errors import InputError
from autoden.transforms.parallel_beam import ParallelBeam


def half_turn(n_angles):
    return np.arange(n_angles) * np.pi / n_angles


def normal(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


# Reconstruction


@pytest.mark.parametrize(("size", "n_angles"), [(33, 40), (64, 91), (101, 282)])
def test_reconstruction_equals_that_of_scikit_image(size, n_angles):
    angles = half_turn(n_angles)
    sinogram = normal(n_angles, size).cumsum(1)
    beam = ParallelBeam(angles, size)
    ours = beam.filtered_back_projection(sinogram).numpy()
    theirs = iradon(sinogram.numpy().T, np.rad2deg(angles), circle=True)
    inside = beam.circle.numpy()
    np.testing.assert_allclose(ours[inside], theirs[inside], atol=1e-10 * np.abs(theirs).max())


def test_reconstruction_of_a_disc_has_its_height_and_no_bias():
    distance = np.arange(101) - 50
    chords = 3 * 2 * np.sqrt(np.clip(30.0**2 - distance**2, 0, None))
    beam = ParallelBeam(half_turn(160), 101)
    image = beam.filtered_back_projection(torch.from_numpy(np.tile(chords, (160, 1)))).numpy()
    radius = np.hypot(distance[:, None], distance)
    assert image[radius < 25].mean() == pytest.approx(3, rel=5e-3)
    assert image[(radius > 35) & (radius < 48)].mean() == pytest.approx(0, abs=0.03)


def test_reconstructions_from_every_kth_angle_average_to_the_full_one():
    angles, sinogram = half_turn(60), normal(60, 32)
    full = ParallelBeam(angles, 32).filtered_back_projection(sinogram)
    parts = [
        ParallelBeam(angles[j::4], 32).filtered_back_projection(sinogram[j::4]) for j in range(4)
    ]
    torch.testing.assert_close(torch.stack(parts).mean(0), full)


def test_the_hann_filter_is_the_ramp_on_projections_smoothed_by_1_2_1():
    beam = ParallelBeam(half_turn(20), 40)
    sinogram = torch.nn.functional.pad(normal(20, 30), (5, 5))
    smoothed = (sinogram.roll(1, -1) + 2 * sinogram + sinogram.roll(-1, -1)) / 4
    torch.testing.assert_close(
        beam.filtered_back_projection(sinogram, filter="hann"),
        beam.filtered_back_projection(smoothed),
    )


def test_an_axis_off_centre_is_put_right():
    angles = half_turn(30)
    sinogram = torch.nn.functional.pad(normal(30, 41), (10, 10))
    centred = ParallelBeam(angles, 61, size=41).filtered_back_projection(sinogram)
    moved = ParallelBeam(angles, 61, size=41, axis=34)
    again = moved.filtered_back_projection(sinogram.roll(4, -1))
    inside = moved.circle
    assert inside.sum() > 1000
    torch.testing.assert_close(again[inside], centred[inside])


# Projection


@pytest.mark.parametrize("axis", [None, 27.0, 31.3])
def test_a_blob_is_projected_where_the_formula_says(axis):
    n, width, x0, y0 = 60, 4.0, 6.0, -9.0
    y, x = np.mgrid[:n, :n] - n // 2
    image = np.exp(-((x - x0) ** 2 + (-y - y0) ** 2) / (2 * width**2))
    angles = half_turn(24)
    sinogram = ParallelBeam(angles, n, axis=axis).project(torch.from_numpy(image)).numpy()
    centre = (n // 2 if axis is None else axis) + x0 * np.cos(angles) + y0 * np.sin(angles)
    position = np.arange(n) - centre[:, None]
    exact = width * np.sqrt(2 * np.pi) * np.exp(-(position**2) / (2 * width**2))
    np.testing.assert_allclose(sinogram, exact, atol=0.02 * exact.max())


def test_projection_agrees_with_scikit_image():
    beam = ParallelBeam(half_turn(90), 64)
    image = beam.circle * torch.linspace(0, 1, 64, dtype=torch.float64)
    sinogram = beam.project(image)
    theirs = radon(image.numpy(), np.rad2deg(half_turn(90))).T
    difference = np.sqrt(np.mean((sinogram.numpy() - theirs) ** 2))
    assert difference < 0.015 * np.sqrt(np.mean(theirs**2))


@pytest.mark.parametrize(
    ("n_detectors", "size", "axis"), [(32, None, None), (41, 30, 17.6), (15, 24, 0.0), (1, 3, None)]
)
def test_back_projection_is_the_adjoint_of_projection(n_detectors, size, axis):
    beam = ParallelBeam([0.0, 0.3, np.pi / 4, 2.0, -1.0], n_detectors, size=size, axis=axis)
    image, sinogram = normal(beam.size, beam.size), normal(5, n_detectors, seed=1)
    there = (beam.project(image) * sinogram).sum()
    back = (image * beam.back_project(sinogram)).sum()
    torch.testing.assert_close(there, back, rtol=1e-12, atol=1e-12)


def test_gradients_are_exact():
    beam = ParallelBeam([0.1, 1.2], n_detectors=6, size=5)
    images = normal(2, 5, 5).requires_grad_()
    sinograms = normal(2, 6).requires_grad_()
    for function, at in [
        (beam.project, images),
        (beam.back_project, sinograms),
        (beam.filtered_back_projection, sinograms),
    ]:
        assert torch.autograd.gradcheck(function, at)
        assert torch.autograd.gradgradcheck(lambda t, f=function: f(t).square(), at)


# Tensors and arguments


def test_slices_are_treated_one_by_one_in_their_own_precision():
    beam = ParallelBeam(half_turn(12), n_detectors=20, size=16)
    images, sinograms = normal(2, 3, 16, 16), normal(2, 3, 12, 20)
    before = images.clone(), sinograms.clone()
    for function, data in [
        (beam.project, images),
        (beam.back_project, sinograms),
        (beam.filtered_back_projection, sinograms),
    ]:
        together = function(data)
        torch.testing.assert_close(together[1, 2], function(data[1, 2]))
        single = function(data.float())
        assert single.dtype == torch.float32
        torch.testing.assert_close(single.double(), together, rtol=1e-4, atol=1e-4)
    assert torch.equal(images, before[0])
    assert torch.equal(sinograms, before[1])


@pytest.mark.parametrize("axis", [None, 9.5, 13.0])
def test_what_lies_in_the_circle_is_seen_whole_by_every_projection(axis):
    beam = ParallelBeam(half_turn(50), 20, size=31, axis=axis)
    image = beam.circle.double()
    assert image.sum() > 20
    mass = beam.project(image).sum(-1)
    torch.testing.assert_close(mass, image.sum().expand(50), rtol=2e-3, atol=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.arange(180.0), 20), "numpy.deg2rad"),
        ((np.zeros((3, 2)), 20), "one real number per projection"),
        ((np.array([0, 1j]), 20), "one real number per projection"),
        (([0.0, np.nan], 20), "NaN"),
        (([], 20), "empty"),
        (([0.0], 0), "n_detectors"),
        (([0.0], 20, 0), "size"),
        (([0.0], 20, 20, 20.0), "axis"),
        (([0.0], 20, 20, -1.0), "axis"),
    ],
)
def test_a_geometry_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        ParallelBeam(*arguments)


def test_tensors_that_do_not_fit_are_refused():
    beam = ParallelBeam([0.0, 1.0], n_detectors=20, size=16)
    with pytest.raises(InputError, match=r"\(\.\.\., rows, columns\) = \(\.\.\., 16, 16\)"):
        beam.project(torch.zeros(20, 20))
    for function in (beam.back_project, beam.filtered_back_projection):
        with pytest.raises(InputError, match=r"\(\.\.\., angles, detectors\) = \(\.\.\., 2, 20\)"):
            function(torch.zeros(20, 2))
        with pytest.raises(InputError, match="ndarray"):
            function(np.zeros((2, 20)))
        with pytest.raises(InputError, match=r"int64"):
            function(torch.zeros(2, 20, dtype=torch.int64))
    with pytest.raises(InputError, match="ram-lak"):
        beam.filtered_back_projection(torch.zeros(2, 20), filter="ramp")
