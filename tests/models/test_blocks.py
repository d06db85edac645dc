"""The shared pieces against numpy and against formulas."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from autoden.errors import InputError
from autoden.models.blocks import (
    Pad,
    average_pool,
    blurred_max_pool,
    conv_block,
    pad_axis,
    pool_factors,
    same_conv,
    upsample,
)

NUMPY_MODES = {"replicate": "edge", "reflect": "reflect", "circular": "wrap"}
SCIPY_MODES = {"replicate": "nearest", "reflect": "mirror", "circular": "wrap", "zeros": "constant"}


@pytest.mark.parametrize("mode", NUMPY_MODES)
@pytest.mark.parametrize("shape", [(9,), (5, 6), (4, 5, 7)], ids=str)
@pytest.mark.parametrize("width", [0, 1, 3])
def test_padding_is_that_of_numpy(mode: str, shape: tuple[int, ...], width: int) -> None:
    x = torch.randn(2, 3, *shape)
    expected = np.pad(x.numpy(), [(0, 0)] * 2 + [(width, width)] * len(shape), NUMPY_MODES[mode])
    np.testing.assert_array_equal(Pad(width, mode)(x).numpy(), expected)


@pytest.mark.parametrize("mode", ["zeros", "edge", 1])
def test_other_modes_of_padding_are_refused(mode) -> None:
    with pytest.raises(InputError, match="mode"):
        Pad(1, mode)


@pytest.mark.parametrize(("mode", "too_short"), [("reflect", 3), ("circular", 2)])
def test_axis_too_short_for_its_mode_is_replicated(mode: str, too_short: int) -> None:
    x = torch.randn(1, 1, 8, too_short).numpy()
    padded = Pad(3, mode)(torch.from_numpy(x)).numpy()
    expected = np.pad(x, [(0, 0), (0, 0), (3, 3), (0, 0)], NUMPY_MODES[mode])
    expected = np.pad(expected, [(0, 0), (0, 0), (0, 0), (3, 3)], "edge")
    np.testing.assert_array_equal(padded, expected)


def test_gradient_of_replication_gathers_at_the_edge() -> None:
    x = torch.zeros(1, 1, 5, requires_grad=True)
    pad_axis(x, 2, 2, "replicate").sum().backward()
    assert x.grad.flatten().tolist() == [3, 1, 1, 1, 3]


@pytest.mark.parametrize("mode", SCIPY_MODES)
@pytest.mark.parametrize(("shape", "kernel_size"), [((17,), 5), ((9, 8), 3), ((5, 6, 7), 3)])
def test_convolution_is_the_correlation_of_scipy(
    mode: str, shape: tuple[int, ...], kernel_size: int
) -> None:
    layers = torch.nn.Sequential(
        *same_conv(2, 1, len(shape), kernel_size=kernel_size, pad_mode=mode)
    ).double()
    x = torch.randn(1, 2, *shape, dtype=torch.float64)
    weight, bias = (p.detach().numpy() for p in layers.parameters())
    expected = bias[0] + sum(
        ndimage.correlate(x[0, c].numpy(), weight[0, c], mode=SCIPY_MODES[mode]) for c in range(2)
    )
    np.testing.assert_allclose(layers(x)[0, 0].detach().numpy(), expected, atol=1e-12)


def test_dilated_convolution_is_a_correlation_with_a_spread_kernel() -> None:
    layers = torch.nn.Sequential(*same_conv(1, 1, 1, dilation=3, bias=False)).double()
    x = torch.randn(1, 1, 20, dtype=torch.float64)
    spread = np.zeros(7)
    spread[::3] = next(layers.parameters()).detach().numpy().ravel()
    expected = ndimage.correlate(x.numpy().ravel(), spread, mode="nearest")
    np.testing.assert_allclose(layers(x).detach().numpy().ravel(), expected, atol=1e-12)


def test_block_normalises_and_rectifies() -> None:
    block = conv_block(1, 3, 2).double()
    x = 5 + 7 * torch.randn(4, 1, 16, 16, dtype=torch.float64)
    y = block(x)
    normalised = torch.where(y < 0, y / 0.2, y)
    torch.testing.assert_close(normalised.mean((0, 2, 3)), torch.zeros(3).double())
    torch.testing.assert_close(
        normalised.var((0, 2, 3), correction=0), torch.ones(3).double(), atol=1e-3, rtol=0
    )


def test_pooling_leaves_two_samples_and_never_more_than_asked() -> None:
    sizes = range(1, 40)
    for factor in (1, 2, 4, 8):
        for size, f in zip(sizes, pool_factors(sizes, factor), strict=True):
            assert f <= factor
            assert f == 1 or size // f >= 2
            assert f == factor or size < 4 * f


@pytest.mark.parametrize(("size", "factor"), [(8, 2), (9, 2), (11, 4), (7, 1)])
def test_average_pool_is_the_mean_of_each_cell(size: int, factor: int) -> None:
    x = torch.randn(1, 1, size, 4)
    expected = [x[0, 0, i : i + factor].mean(0).tolist() for i in range(0, size, factor)]
    np.testing.assert_allclose(average_pool(x, (factor, 1))[0, 0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
@pytest.mark.parametrize("factor", [1, 2, 4])
def test_upsampling_undoes_pooling_of_a_straight_line(n_dims: int, factor: int) -> None:
    size = (16,) * n_dims
    x = sum(torch.meshgrid(*[torch.arange(16.0)] * n_dims, indexing="ij"))[None, None]
    y = upsample(average_pool(x, (factor,) * n_dims), (factor,) * n_dims, size)
    inside = (..., *[slice(factor, -factor)] * n_dims)
    torch.testing.assert_close(y[inside], x[inside])


@pytest.mark.parametrize("size", [(2,), (8,), (9,), (6, 5), (4, 7, 6)], ids=str)
def test_blurred_maxima_are_those_of_scipy(size: tuple[int, ...]) -> None:
    x = torch.randn(size, dtype=torch.float64)
    even = np.pad(x.numpy(), [(0, n % 2) for n in size], "edge")
    expected = ndimage.maximum_filter(np.pad(even, 1, "edge"), 2, origin=-1)
    for axis in range(len(size)):
        expected = ndimage.correlate1d(expected, [0.25, 0.5, 0.25], axis)
    expected = expected[(slice(1, -1, 2),) * len(size)]  # the cells begin after the padding
    pooled = blurred_max_pool(x[None, None], range(2, 2 + len(size)))
    np.testing.assert_allclose(pooled[0, 0].numpy(), expected, atol=1e-14)


def test_blurred_maxima_leave_other_axes_alone() -> None:
    x = torch.randn(2, 3, 8, 5)
    both = torch.cat([blurred_max_pool(x[..., i : i + 1], [2]) for i in range(5)], dim=-1)
    torch.testing.assert_close(blurred_max_pool(x, [2]), both)


def test_blurred_maxima_depend_less_on_where_the_cells_begin() -> None:
    x = torch.randn(1, 1, 2000)

    def change(pool) -> float:
        here, moved = pool(x), pool(x.roll(1, -1))
        return float((here - moved).std() / here.std())

    plain = change(lambda x: torch.nn.functional.max_pool1d(x, 2))
    assert change(lambda x: blurred_max_pool(x, [2])) < 0.7 * plain


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_aligned_corners_keep_the_ends_of_a_straight_line(n_dims: int) -> None:
    x = sum(torch.meshgrid(*[torch.arange(4.0)] * n_dims, indexing="ij"))[None, None]
    y = upsample(x, (2,) * n_dims, (8,) * n_dims, align_corners=True)
    expected = sum(torch.meshgrid(*[torch.linspace(0, 3, 8)] * n_dims, indexing="ij"))
    torch.testing.assert_close(y[0, 0], expected)
