"""The filter that a trained network is compared with, against filters written out by hand."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.signal import savgol_filter
from scipy.special import ive

from autoden.baselines import best_simple_filter
from autoden.errors import InputError


def repeats(shape, n=4, seed=0):
    reach = 4 / len(shape)
    axes = np.meshgrid(*(np.linspace(-reach, reach, size) for size in shape), indexing="ij")
    truth = 50 * np.exp(-sum(axis**2 for axis in axes))
    rng = np.random.default_rng(seed)
    noisy = rng.poisson(truth, (n, *shape)).astype(np.float32)
    others = (noisy.sum(axis=0) - noisy) / (n - 1)
    return noisy, others, np.broadcast_to(rng.random(shape) < 0.2, noisy.shape)


def test_a_spectrum_gets_the_best_of_gaussians_and_polynomials():
    noisy, others, held_out = repeats((600,))
    found = best_simple_filter(noisy, others, held_out, n_dims=1)
    kind, order, window = found.description.split(",")
    order, window = int(order.split()[-1]), int(window.split()[-1])
    assert kind == "Savitzky-Golay"
    errors = {
        w: np.mean((savgol_filter(noisy, w, order) - others)[held_out] ** 2)
        for w in (window - 20, window, window + 20)
    }
    assert min(errors, key=errors.get) == window
    assert found.error == pytest.approx(errors[window], rel=1e-5)
    assert found.unfiltered_error == pytest.approx(np.mean((noisy - others)[held_out] ** 2))
    assert found.error < 0.5 * found.unfiltered_error


@pytest.mark.parametrize("shape", [(40, 50), (12, 14, 16)])
def test_images_and_volumes_get_a_gaussian(shape):
    found = best_simple_filter(*repeats(shape), n_dims=len(shape))
    assert found.description.startswith("Gaussian, sigma ")
    assert found.error < 0.7 * found.unfiltered_error


def test_only_held_out_elements_count():
    noisy, others, held_out = repeats((300,))
    spoilt = np.where(held_out, others, 1e6)
    assert best_simple_filter(noisy, spoilt, held_out, n_dims=1) == best_simple_filter(
        noisy, others, held_out, n_dims=1
    )


def test_shapes_broadcast_and_nothing_is_written_to():
    noisy, others, held_out = repeats((200,))
    kept = noisy.copy()
    one = np.broadcast_to(others[0], noisy.shape)
    assert best_simple_filter(noisy, others[0], held_out[0], n_dims=1) == best_simple_filter(
        noisy, one, held_out, n_dims=1
    )
    assert np.array_equal(noisy, kept)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_tiny_data_are_no_trouble(size):
    found = best_simple_filter(np.ones((2, size)), np.ones((2, size)), np.ones(size), n_dims=1)
    assert found.error == pytest.approx(0)


@pytest.mark.parametrize(
    ("inputs", "targets", "held_out", "words"),
    [
        (np.ones(5), np.ones(5), np.zeros(5), "no True element"),
        (np.ones(5), np.ones(4), np.ones(5), "broadcast"),
        (np.ones(5, complex), np.ones(5), np.ones(5), "real numbers"),
    ],
)
def test_arrays_that_cannot_be_compared_are_refused(inputs, targets, held_out, words):
    with pytest.raises(InputError, match=words):
        best_simple_filter(inputs, targets, held_out, n_dims=1)


# Where some inputs are not known


def blurred(mask, sigma):
    """Average the neighbours in a mask by the discrete Gaussian, as a plain sum."""
    size = len(mask)
    steps = np.arange(-3 * size, 3 * size + 1)
    weights = ive(np.abs(steps), sigma**2)
    mirrored = np.pad(mask, 3 * size, mode="symmetric")
    return np.convolve(mirrored, weights, mode="valid")


def test_unknown_inputs_are_averaged_over_by_normalised_convolution():
    rng = np.random.default_rng(0)
    values = np.sin(np.arange(60) / 9) + rng.normal(0, 0.4, (2, 60))
    known = rng.random(60) < 0.7
    found = best_simple_filter(*values, ~known, n_dims=1, known=known)
    narrowest = blurred(values[0] * known, 0.5) / blurred(known * 1.0, 0.5)
    expected = np.where(known, values[0], narrowest)
    np.testing.assert_allclose(found.unfiltered, expected, atol=1e-4)
    assert found.unfiltered_error == pytest.approx(
        np.mean((expected - values[1])[~known] ** 2), rel=1e-3
    )


@pytest.mark.parametrize("shape", [(300,), (30, 30), (10, 12, 14)])
def test_what_is_not_known_has_no_influence(shape):
    noisy, _, held_out = repeats(shape, n=3)
    spoilt = np.where(held_out, 1e9, noisy)
    found, expected = (
        best_simple_filter(given, noisy, held_out, n_dims=len(shape), known=~held_out)
        for given in (spoilt, noisy)
    )
    assert found == expected
    np.testing.assert_array_equal(found.estimate, expected.estimate)


def test_spectra_with_gaps_get_polynomials_too():
    noisy, _, held_out = repeats((600,), n=20)
    found = best_simple_filter(noisy, noisy, held_out, n_dims=1, known=~held_out)
    assert found.description.startswith("Savitzky-Golay")
    _, order, window = found.description.split(",")
    filled = np.where(held_out, found.unfiltered, noisy)
    near = savgol_filter(filled, int(window.split()[-1]), int(order.split()[-1]))
    assert np.mean((found.estimate - near) ** 2) < 0.1 * np.mean((found.estimate - noisy) ** 2)


def test_far_from_all_that_is_known_its_mean_is_left():
    values = np.where(np.arange(400) < 10, 3.0, 100.0)
    known = np.arange(400) < 10
    found = best_simple_filter(values, values, ~known, n_dims=1, known=known)
    np.testing.assert_allclose(found.unfiltered[~known], 3.0)


# What is large


@pytest.mark.parametrize(("shape", "n_dims"), [((40, 2**15), 1), ((9, 300, 300), 2)])
def test_of_large_data_a_part_chooses_and_the_whole_is_judged(shape, n_dims):
    rng = np.random.default_rng(0)
    noisy, other = gaussian_filter(rng.normal(size=shape), [0, *[9] * n_dims]) * 30 + rng.normal(
        size=(2, *shape)
    )
    held_out = rng.random(shape) < 0.1
    found = best_simple_filter(noisy, other, held_out, n_dims=n_dims)
    small = best_simple_filter(noisy[:3], other[:3], held_out[:3], n_dims=n_dims)
    assert found.error == pytest.approx(np.mean((found.estimate - other)[held_out] ** 2))
    assert found.unfiltered_error == pytest.approx(np.mean((noisy - other)[held_out] ** 2))
    assert found.error == pytest.approx(small.error, rel=0.02)


def test_of_one_large_image_a_window_chooses():
    rng = np.random.default_rng(0)
    noisy, other = (
        rng.normal(size=(2, 800, 900)) + gaussian_filter(rng.normal(size=(800, 900)), 9) * 30
    )
    corner = np.zeros((800, 900), dtype=bool)
    corner[:20, :20] = True  # outside the window: then all are looked at
    for held_out in (rng.random((800, 900)) < 0.1, corner):
        found = best_simple_filter(noisy, other, held_out, n_dims=2)
        assert found.error == pytest.approx(np.mean((found.estimate - other)[held_out] ** 2))
        assert found.error < 0.7 * found.unfiltered_error
