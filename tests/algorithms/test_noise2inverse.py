"""Noise2Inverse: how the projections are split, and that the noise of tomograms falls."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import loadmat
from scipy.ndimage import gaussian_filter

import autoden as ad
from autoden.algorithms.noise2inverse import _warn_of_missing_angles
from autoden.errors import InputError
from autoden.transforms.parallel_beam import ParallelBeam

TOMOGRAPHY = Path(__file__).parents[3] / "shared" / "data" / "tomography"
SIZE = 36
ANGLES = np.arange(80) * np.pi / 80
BEAM = ParallelBeam(ANGLES, SIZE)
INSIDE = BEAM.circle.numpy()


def phantom():
    """A bright disc with a dark hole and a bar, as smooth as the detector can see."""
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE // 2
    image = (np.hypot(x, y) < 13) * 1.0
    image[np.hypot(x - 4, y + 3) < 4] = 0.2
    image[(abs(x + 5) < 3) & (abs(y - 4) < 5)] = 1.6
    return gaussian_filter(image, 0.8)


def sinogram_of(image, noise=1.0, seed=0):
    clean = BEAM.project(torch.from_numpy(image)).numpy()
    return clean + np.random.default_rng(seed).normal(0, noise, clean.shape)


def reconstruct(sinogram, angles=ANGLES):
    beam = ParallelBeam(angles, sinogram.shape[-1])
    return beam.filtered_back_projection(torch.from_numpy(sinogram)).numpy()


def denoiser(seed=0, channels=1, **options):
    model = ad.NetworkParamsDnCNN(
        n_layers=4, n_features=12, n_channels_in=channels, n_channels_out=channels
    )
    return ad.N2I(model, device="cpu", seed=seed, verbose=False, **options)


# What is shown and asked


@pytest.mark.parametrize("n_splits", [2, 4, 5])
def test_the_splits_are_reconstructions_of_every_kth_angle_and_average_to_the_full_one(n_splits):
    sinogram = sinogram_of(phantom())
    inp, tgt, held_out = denoiser().prepare_data(sinogram, ANGLES, n_splits)
    assert inp.shape == tgt.shape == held_out.shape == (n_splits, SIZE, SIZE)
    for j in range(n_splits):
        part = reconstruct(sinogram[j::n_splits], ANGLES[j::n_splits])
        np.testing.assert_allclose(tgt[j][INSIDE], part[INSIDE])
        others = np.delete(tgt, j, axis=0).mean(axis=0)
        np.testing.assert_allclose(inp[j], others, atol=1e-12)
    full = reconstruct(sinogram)[INSIDE]
    np.testing.assert_allclose(tgt.mean(axis=0)[INSIDE], full, atol=1e-12)


def test_the_reverse_strategy_shows_one_and_asks_for_the_others():
    sinogram = sinogram_of(phantom())
    inp, tgt, _ = denoiser().prepare_data(sinogram, ANGLES)
    reverse = denoiser().prepare_data(sinogram, ANGLES, strategy="1:X")
    np.testing.assert_array_equal(reverse[0], tgt)
    np.testing.assert_array_equal(reverse[1], inp)


def test_projections_are_taken_in_order_of_angle():
    sinogram = sinogram_of(phantom())
    shuffled = np.random.default_rng(0).permutation(len(ANGLES))
    for one, same in zip(
        denoiser().prepare_data(sinogram, ANGLES),
        denoiser().prepare_data(sinogram[shuffled], ANGLES[shuffled]),
        strict=True,
    ):
        np.testing.assert_allclose(one, same, atol=1e-12)


def test_nothing_is_asked_outside_the_circle():
    sinogram = sinogram_of(phantom())
    inp, tgt, held_out = denoiser().prepare_data(sinogram, ANGLES, num_tst_ratio=0.3)
    for array in (inp, tgt, held_out):
        assert not array[:, ~INSIDE].any()
    assert held_out[0][INSIDE].mean() == pytest.approx(0.3, abs=0.05)
    assert np.array_equal(held_out, np.broadcast_to(held_out[0], held_out.shape))
    _, whole, held_out = denoiser().prepare_data(sinogram, ANGLES, circle=False)
    assert whole[:, ~INSIDE].any()
    assert held_out[0].mean() == pytest.approx(0.2, abs=0.01)


def test_leading_axes_are_further_slices():
    stack = np.stack([[sinogram_of(phantom(), seed=seed) for seed in range(2)]])
    n2i = denoiser()
    inp, tgt, held_out = n2i.prepare_data(stack, ANGLES)
    assert inp.shape == (1, 2, 4, SIZE, SIZE)
    _, alone, _ = n2i.prepare_data(stack[0, 1], ANGLES)
    np.testing.assert_allclose(tgt[0, 1], alone)
    n2i.train(inp, tgt, held_out, epochs=1)
    assert n2i.infer(inp).shape == (1, 2, SIZE, SIZE)


def test_channels_stand_before_angles_and_detectors():
    sinograms = np.stack([sinogram_of(phantom(), seed=seed) for seed in range(6)])
    n2i = denoiser(channels=3)
    data = n2i.prepare_data(sinograms.reshape(2, 3, len(ANGLES), SIZE), ANGLES)
    assert data[0].shape == (2, 4, 3, SIZE, SIZE)
    n2i.train(*data, epochs=1)
    assert n2i.infer(data[0]).shape == (2, 3, SIZE, SIZE)


def test_reconstructions_made_elsewhere_are_as_good():
    sinogram = sinogram_of(phantom())
    parts = np.stack([reconstruct(sinogram[j::4], ANGLES[j::4]) for j in range(4)])
    before = parts.copy()
    ours = denoiser().prepare_data(sinogram, ANGLES, circle=False)
    theirs = denoiser().prepare_reconstructions(parts, circle=False)
    for one, same in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, same, atol=1e-12)
    inp, _, held_out = denoiser().prepare_reconstructions(parts)
    corners = np.hypot(*(np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2)) > SIZE / 2
    assert not inp[:, corners].any()
    assert not held_out[:, corners].any()
    assert inp[:, ~corners].all()
    np.testing.assert_array_equal(parts, before)
    stack = np.moveaxis(np.stack([parts] * 3), 1, 0)  # (4, 3, Y, X)
    assert denoiser().prepare_reconstructions(stack)[0].shape == (3, 4, SIZE, SIZE)


@pytest.mark.parametrize(
    ("dtype", "prepared"), [("f4", "f4"), (">f4", "f4"), ("f8", "f8"), ("u2", "f4"), ("i8", "f8")]
)
def test_whole_numbers_and_other_byte_orders_are_read_and_left_as_they_are(dtype, prepared):
    sinogram = (20 * sinogram_of(phantom()) + 200).astype(dtype)
    before = sinogram.copy()
    inp, _, _ = denoiser().prepare_data(sinogram, ANGLES)
    assert inp.dtype == np.dtype(prepared)
    np.testing.assert_array_equal(sinogram, before)
    reference, _, _ = denoiser().prepare_data(sinogram.astype("f8"), ANGLES)
    np.testing.assert_allclose(inp, reference, atol=2e-4 * np.abs(reference).max())


# That it works


def test_the_error_falls_far_below_that_of_the_back_projection():
    truth, sinogram = phantom(), sinogram_of(phantom(), noise=2.0)
    n2i = denoiser(batch_size=1, augmentation="flip")
    data = n2i.prepare_data(sinogram, ANGLES)
    n2i.train(*data, epochs=60, learning_rate=3e-3, restarts=1)
    error, error_fbp = (
        np.mean((image - truth)[INSIDE] ** 2)
        for image in (n2i.infer(data[0]), reconstruct(sinogram))
    )
    assert error < 0.35 * error_fbp


def test_the_same_seed_gives_the_same_result_bit_for_bit():
    results = []
    for seed in (0, 0, 1):
        n2i = denoiser(seed, batch_size=2, augmentation="flip")
        data = n2i.prepare_data(sinogram_of(phantom()), ANGLES)
        n2i.train(*data, epochs=3)
        results.append((n2i.infer(data[0]), data[2]))
    for first, second, other in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)
        assert not np.array_equal(first, other)


def test_the_result_is_the_average_over_what_was_shown():
    n2i = denoiser()
    data = n2i.prepare_data(sinogram_of(phantom()), ANGLES)
    n2i.train(*data, epochs=2)
    each = np.stack([n2i.infer(shown) for shown in data[0]])
    np.testing.assert_allclose(n2i.infer(data[0]), each.mean(axis=0), atol=1e-6)


# What is refused, and what is warned of


@pytest.mark.parametrize(
    ("angles", "options", "message"),
    [
        (np.rad2deg(ANGLES), {}, "numpy.deg2rad"),
        (ANGLES[:-1], {}, r"79 angles, but .* 80 projections: .*\(\.\.\., angles, detectors\)"),
        (ANGLES, {"n_splits": 1}, "`n_splits` is 1: give at least 2 and at most .* 80"),
        (ANGLES, {"n_splits": 81}, "`n_splits` is 81: give at least 2 and at most .* 80"),
        (ANGLES, {"n_splits": 2.5}, "whole number"),
        (ANGLES, {"strategy": "1:1"}, "'1:X', 'X:1'"),
        (ANGLES, {"num_tst_ratio": 1.0}, "num_tst_ratio"),
        (ANGLES, {"axis": SIZE}, "axis"),
        (ANGLES, {"circle": "yes"}, "circle"),
    ],
)
def test_settings_that_cannot_be_are_refused(angles, options, message):
    with pytest.raises(InputError, match=message):
        denoiser().prepare_data(sinogram_of(phantom()), angles, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: np.where(s == s.max(), np.nan, s), "sinogram hold 1 value that is NaN"),
        (lambda s: s + 1j, "give real numbers"),
        (lambda s: s[0], r"\(\.\.\., angles, detectors\)"),
        (lambda s: s.T, "36 projections"),
    ],
)
def test_sinograms_that_cannot_be_used_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        denoiser().prepare_data(change(sinogram_of(phantom())), ANGLES)


def test_reconstructions_that_cannot_be_used_are_refused():
    for shape, message in (((SIZE, SIZE), "give real numbers"), ((1, 9, 9), "at least 2")):
        with pytest.raises(InputError, match=message):
            denoiser().prepare_reconstructions(np.random.default_rng(0).normal(size=shape))


@pytest.mark.parametrize("n_dims", [1, 3])
def test_a_network_of_other_than_two_dimensions_is_refused(n_dims):
    n2i = ad.N2I(ad.NetworkParamsDnCNN(n_dims=n_dims, n_layers=3), device="cpu", verbose=False)
    with pytest.raises(InputError, match="n_dims=2"):
        n2i.prepare_data(sinogram_of(phantom()), ANGLES)
    with pytest.raises(InputError, match="n_dims=2"):
        n2i.prepare_reconstructions(np.zeros((4, 9, 9, 9)))


def test_rings_are_warned_of():
    rings = np.random.default_rng(1).normal(size=SIZE)
    with pytest.warns(UserWarning, match="Detector pixels are off in all projections") as caught:
        denoiser().prepare_data(sinogram_of(phantom()) + rings, ANGLES)
    assert caught[0].filename == __file__


NONE_MISSING = {
    "half a turn": np.arange(30) * np.pi / 30,
    "both ends": np.linspace(-np.pi / 2, np.pi / 2, 31),
    "a turn": np.arange(45) * 2 * np.pi / 45,
    "ten times": np.tile(np.arange(7) * np.pi / 7, 10),
    "golden": np.arange(34) * np.pi * (np.sqrt(5) - 1) / 2,
    "random": np.random.default_rng(0).uniform(0, np.pi, (200, 100)),
}
SOME_MISSING = {
    "a quarter turn": np.arange(80) * np.pi / 160,
    "a few of a quarter turn": np.arange(8) * np.pi / 16,
    "a quarter and its opposite": np.add.outer([0, np.pi], np.arange(40) * np.pi / 80),
    "a missing wedge": np.deg2rad(np.arange(-70, 71)),
    "all the same": np.zeros(80),
}


@pytest.mark.parametrize("angles", NONE_MISSING.values(), ids=NONE_MISSING)
def test_angles_that_cover_half_turns_are_not_warned_of(angles):
    for scan in np.atleast_2d(angles):
        _warn_of_missing_angles(scan, stacklevel=2)


@pytest.mark.parametrize("angles", SOME_MISSING.values(), ids=SOME_MISSING)
def test_missing_angles_are_warned_of(angles):
    angles = np.ravel(angles)
    sinogram = np.random.default_rng(0).normal(size=(len(angles), SIZE))
    with pytest.warns(UserWarning, match="`angles` leave out those from") as caught:
        denoiser().prepare_data(sinogram, angles)
    assert caught[0].filename == __file__


def test_the_warning_says_which_angles_are_missing():
    with pytest.warns(UserWarning, match=r"from 1\.22 to 1\.92 radians"):
        _warn_of_missing_angles(np.deg2rad(np.arange(-70, 71)), stacklevel=2)


# A real scan


@pytest.fixture
def dendrites():
    """The dendritic sample: sinogram (360, 157), eight detector pixels binned, and its angles."""
    path = TOMOGRAPHY / "dendritic_sinogram.mat"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    content = loadmat(path)
    binned = content["sinoRD"].T[:, : 157 * 8].reshape(360, 157, 8).mean(-1)
    return binned, content["anglesRad"].ravel()


def test_a_real_sample_is_denoised_and_its_rings_are_seen(dendrites):
    sinogram, angles = dendrites
    n2i = denoiser(batch_size=1)
    with pytest.warns(UserWarning, match="Detector pixels are off"):
        inp, tgt, held_out = n2i.prepare_data(sinogram, angles, axis=77.9)
    radius = np.hypot(*(np.mgrid[:157, :157] - 78))
    sample, air = radius < 40, (radius > 65) & (radius < 75)
    image = tgt.mean(axis=0)
    assert image[sample].mean() > 2 * image[air].mean() > 0
    first, second = (gaussian_filter(tgt[j::2].mean(axis=0), 2) for j in range(2))
    assert np.corrcoef(first[sample], second[sample])[0, 1] > 0.8
    n2i.train(inp, tgt, held_out, epochs=2, learning_rate=3e-3)
    assert np.corrcoef(n2i.infer(inp)[sample], image[sample])[0, 1] > 0.7
