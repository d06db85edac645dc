"""Wavelet transforms against PyWavelets, and the laws of their inverses."""

import warnings
from itertools import product

import numpy as np
import pytest
import pywt
import torch
from torch.autograd import gradcheck

from autoden.errors import InputError
from autoden.transforms.wavelets import dwtn, idwtn, iswtn, max_level, swtn

SIZES = [(16,), (17,), (16, 24), (13, 18), (8, 16, 8), (9, 8, 11)]
WAVELETS = ["haar", "db2", "sym4", "bior2.2"]
LEVELS = [1, 2, 3]


def signal(size, seed=0):
    return np.random.default_rng(seed).normal(size=(2, 3, *size))


def keys(n_dims):
    """PyWavelets' names of the detail bands, in the documented order."""
    return ["".join(key) for key in product("ad", repeat=n_dims)][1:]


def assert_equal(coefficients, expected, n_dims):
    """Compare with PyWavelets' list of the approximation and one mapping per level."""
    np.testing.assert_allclose(coefficients.approximation, expected[0], atol=1e-12)
    assert len(coefficients.details) == len(expected) - 1
    for bands, mapping in zip(coefficients.details, expected[1:], strict=True):
        for i, key in enumerate(keys(n_dims)):
            np.testing.assert_allclose(bands[:, :, i], mapping[key], atol=1e-12)


@pytest.mark.parametrize("size", [*SIZES, (4,), (5, 4)])
@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("mode", ["symmetric", "periodic"])
def test_decimated_coefficients_are_those_of_pywavelets(size, wavelet, mode):
    x = signal(size)
    axes = tuple(range(-len(size), 0))
    for level in range(1, min(3, max_level(size)) + 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyWavelets warns of filters longer than the signal
            expected = pywt.wavedecn(x, wavelet, mode, level, axes)
        assert_equal(dwtn(torch.tensor(x), wavelet, level, mode), expected, len(size))


@pytest.mark.parametrize("size", [(16,), (16, 24), (8, 16, 8)])
@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("level", LEVELS)
def test_stationary_coefficients_are_those_of_pywavelets(size, wavelet, level):
    x = signal(size)
    expected = pywt.swtn(x, wavelet, level, axes=tuple(range(-len(size), 0)), trim_approx=True)
    assert_equal(swtn(torch.tensor(x), wavelet, level), expected, len(size))


@pytest.mark.parametrize("wavelet", ["haar", "sym4"])
@pytest.mark.parametrize("mode", ["symmetric", "periodic"])
def test_stationary_coefficients_of_odd_sizes_follow_the_definition(wavelet, mode):
    size, level = (11, 7), 2  # sizes that PyWavelets refuses
    bank = pywt.Wavelet(wavelet)
    approximation = signal(size)
    for spacing in (1, 2):
        bands = {"": approximation}
        for axis in (-2, -1):
            margin = bank.dec_len * spacing
            widths = [(0, 0)] * 4
            widths[axis] = (margin, margin)
            split = {}
            for key, values in bands.items():
                wide = np.pad(values, widths, "wrap" if mode == "periodic" else "symmetric")
                for letter, taps in (("a", bank.dec_lo), ("d", bank.dec_hi)):
                    split[key + letter] = sum(
                        tap * np.take(wide, np.arange(size[axis]) + margin + shift, axis)
                        for k, tap in enumerate(taps)
                        for shift in [spacing * (bank.dec_len // 2 - k)]
                    )
            bands = split
        approximation = bands.pop("aa")
    found = swtn(torch.tensor(signal(size)), wavelet, level, mode)
    np.testing.assert_allclose(found.approximation, approximation, atol=1e-12)
    np.testing.assert_allclose(found.details[0], np.stack(list(bands.values()), 2), atol=1e-12)


@pytest.mark.parametrize("size", [*SIZES, (3,), (2, 3), (2, 5, 3)])
@pytest.mark.parametrize("wavelet", WAVELETS)
def test_the_inverses_return_the_signal(size, wavelet):
    x = torch.tensor(signal(size))
    for level in range(1, max_level(size) + 1):
        for mode in ("symmetric", "periodic"):
            torch.testing.assert_close(idwtn(dwtn(x, wavelet, level, mode), wavelet), x)
        torch.testing.assert_close(iswtn(swtn(x, wavelet, level), wavelet), x)


def test_changed_stationary_coefficients_are_inverted_as_by_pywavelets():
    x = signal((16, 8))
    coefficients = swtn(torch.tensor(x), "db2", 2)
    for bands in coefficients.details:
        bands[bands.abs() < 0.5] = 0
    as_lists = [coefficients.approximation.numpy()] + [
        {key: bands[:, :, i].numpy() for i, key in enumerate(keys(2))}
        for bands in coefficients.details
    ]
    expected = pywt.iswtn(as_lists, "db2", axes=(-2, -1))
    np.testing.assert_allclose(iswtn(coefficients, "db2"), expected, atol=1e-12)


@pytest.mark.parametrize("transform", [dwtn, swtn])
def test_transforms_are_differentiable_and_keep_the_type(transform):
    def flat(x):
        found = transform(x, "db2", 2)
        return torch.cat([found.approximation.flatten(), *(d.flatten() for d in found.details)])

    assert gradcheck(flat, torch.tensor(signal((5, 4))[:1, :1], requires_grad=True))
    x = torch.randn(1, 1, 32)
    assert transform(x, "sym4", 2).approximation.dtype == torch.float32
    single, double = (transform(x.to(t), "sym4", 2) for t in (torch.float32, torch.float64))
    torch.testing.assert_close(
        single.approximation.double(), double.approximation, rtol=0, atol=1e-5
    )


@pytest.mark.parametrize(
    ("size", "arguments", "words"),
    [((8,), {"level": 4}, "at most 3"), ((1, 8), {}, "at most 0"), ((8,), {"level": 0}, "level"),
     ((8,), {"wavelet": "morl"}, "discrete"), ((8,), {"wavelet": "nosuch"}, "haar"),
     ((8,), {"mode": "zero"}, "symmetric"), ((2, 2, 2, 2), {}, "spatial axes")],
)  # fmt: skip
@pytest.mark.parametrize("transform", [dwtn, swtn])
def test_what_cannot_be_transformed_is_refused(transform, size, arguments, words):
    with pytest.raises(InputError, match=words):
        transform(torch.zeros(1, 1, *size), **arguments)
