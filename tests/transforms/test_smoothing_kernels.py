"""Fixed smoothing filters against scipy, and what smoothing must keep."""

import numpy as np
import pytest
import torch
from scipy import ndimage, signal

from autoden.errors import InputError
from autoden.transforms import SmoothingBank, gaussian_kernel, savgol_kernel

WIDTHS = (0.3, 0.5, 1.5, 3.0, 25.0)
WINDOWS = ((1, 0), (5, 2), (11, 2), (101, 2), (31, 4), (91, 4), (71, 6), (7, 6))
SIZES = {1: (200,), 2: (40, 70), 3: (11, 9, 66)}


def kernels(longest: int = 500) -> list[np.ndarray]:
    """Return one kernel of each kind and length."""
    every = [*map(gaussian_kernel, WIDTHS), *(savgol_kernel(*pair) for pair in WINDOWS)]
    return [kernel for kernel in every if len(kernel) <= longest]


@pytest.mark.parametrize("width", WIDTHS)
def test_gaussian_is_that_of_scipy(width: float) -> None:
    impulse = np.zeros(301)
    impulse[150] = 1.0
    expected = ndimage.gaussian_filter1d(impulse, width, mode="constant")
    kernel = gaussian_kernel(width)
    reach = len(kernel) // 2
    np.testing.assert_allclose(kernel, expected[150 - reach : 151 + reach], atol=1e-15)
    assert np.count_nonzero(expected) <= len(kernel)
    assert kernel.sum() == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize(("window", "order"), WINDOWS)
def test_savitzky_golay_is_that_of_scipy(window: int, order: int) -> None:
    kernel = savgol_kernel(window, order)
    np.testing.assert_allclose(kernel, signal.savgol_coeffs(window, order), atol=1e-11)
    np.testing.assert_allclose(kernel, kernel[::-1], atol=1e-15)


@pytest.mark.parametrize("order", range(7))
def test_savitzky_golay_keeps_polynomials_away_from_the_edges(order: int) -> None:
    positions = np.linspace(-1, 1, 120)
    polynomial = np.polynomial.Polynomial(np.arange(1.0, order + 2))(positions)
    bank = SmoothingBank([savgol_kernel(31, order)])
    smooth = bank(torch.as_tensor(polynomial)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(smooth[15:-15], polynomial[15:-15], rtol=1e-12)


@pytest.mark.parametrize("n_dims", SIZES)
def test_bank_is_scipys_filter_along_each_axis(n_dims: int) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, *SIZES[n_dims]))
    listed = kernels()
    found = SmoothingBank(listed)(torch.as_tensor(x)).numpy()
    assert found.shape == (2, 3 * len(listed), *SIZES[n_dims])
    for k, kernel in enumerate(listed):
        expected = x
        for axis in range(2, x.ndim):
            expected = ndimage.correlate1d(expected, kernel, axis=axis, mode="reflect")
        np.testing.assert_allclose(found[:, k :: len(listed)], expected, atol=1e-12)


@pytest.mark.parametrize(
    "size", [(1,), (2,), (63,), (64,), (65,), (256,), (511,), (1, 3), (5, 1, 2)]
)
def test_constants_of_any_size_stay_what_they_are(size: tuple[int, ...]) -> None:
    x = torch.full((1, 1, *size), 7.25)
    torch.testing.assert_close(SmoothingBank(kernels())(x), x.expand(1, len(kernels()), *size))


def test_small_values_beside_large_ones_are_exact_to_their_own_size() -> None:
    """As counts beside a strong line, where a Fourier transform in single precision would fail."""
    x = torch.zeros(1, 1, 4096)
    x[..., 1000] = 1e6
    x[..., 3000] = 1e-3
    bank = SmoothingBank([gaussian_kernel(25.0)])
    expected = ndimage.gaussian_filter1d(x[0, 0, 2000:].numpy(), 25.0, mode="reflect")
    np.testing.assert_allclose(bank(x)[0, 0, 2500:], expected[500:], rtol=1e-5)


def test_total_is_kept() -> None:
    """The mirror image beyond the ends gives back what a symmetric kernel carries over them."""
    x = torch.rand(1, 1, 50, 30, dtype=torch.float64)
    smooth = SmoothingBank(kernels(longest=49))(x)
    torch.testing.assert_close(smooth.sum((2, 3))[0], x.sum().expand(smooth.shape[1]))


def test_bank_follows_the_type_of_the_data_and_saves_nothing() -> None:
    bank = SmoothingBank(kernels())
    x = torch.rand(2, 1, 80, dtype=torch.float64)
    assert bank(x).dtype == torch.float64
    assert bank(x.float()).dtype == torch.float32
    assert bank(x.to("meta")).device.type == "meta"
    assert not bank.state_dict()


def test_bank_built_without_memory_still_knows_its_kernels() -> None:
    """As the networks that are built only to see which weights they have."""
    with torch.device("meta"):
        bank = SmoothingBank([gaussian_kernel(1.0)])
    torch.testing.assert_close(bank(torch.ones(1, 1, 9)), torch.ones(1, 1, 9))


def test_gradient_is_the_adjoint() -> None:
    bank = SmoothingBank([gaussian_kernel(2.0), savgol_kernel(9, 2)])
    x = torch.rand(1, 2, 5, 70, dtype=torch.float64, requires_grad=True)
    y = torch.rand(1, 4, 5, 70, dtype=torch.float64)
    (bank(x) * y).sum().backward()
    other = torch.rand_like(x)
    torch.testing.assert_close((other * x.grad).sum(), (bank(other) * y).sum())


@pytest.mark.parametrize("width", [0, -1.0, np.nan, "3", None], ids=str)
def test_odd_widths_are_refused(width: object) -> None:
    with pytest.raises(InputError, match=r"`width` is .*above 0"):
        gaussian_kernel(width)


@pytest.mark.parametrize(
    ("window", "order", "message"),
    [
        (10, 2, r"`window` is 10: give an odd number"),
        (5, 5, r"`order` is 5: give one below the window, which has 5 samples"),
        (5, -1, r"`order` is -1"),
    ],
)
def test_odd_windows_are_refused(window: int, order: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        savgol_kernel(window, order)


def test_kernels_without_a_centre_are_refused() -> None:
    with pytest.raises(InputError, match=r"`length of a kernel` is 4: give an odd number"):
        SmoothingBank([np.ones(4) / 4])


def test_wide_windows_of_high_order_keep_polynomials_to_rounding() -> None:
    positions = np.linspace(-1, 1, 301)
    moments = [savgol_kernel(301, 6) @ positions**k for k in range(7)]
    np.testing.assert_allclose(moments, [1, 0, 0, 0, 0, 0, 0], atol=1e-13)
