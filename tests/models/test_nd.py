"""The table of layers."""

import pytest
import torch

from autoden.errors import InputError
from autoden.models.nd import lay_out, nd_layers


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_layers_work_in_their_dimensions(n_dims: int) -> None:
    row = nd_layers(n_dims)
    x = torch.randn(2, 3, *[8] * n_dims)
    assert row.conv(3, 5, 1)(x).shape == (2, 5, *[8] * n_dims)
    assert row.conv_transpose(3, 5, 2, stride=2)(x).shape == (2, 5, *[16] * n_dims)
    assert row.batch_norm(3)(x).shape == x.shape
    assert row.avg_pool(x, 2).shape == (2, 3, *[4] * n_dims)
    grown = torch.nn.functional.interpolate(x, scale_factor=2, mode=row.interpolation)
    assert grown.shape == (2, 3, *[16] * n_dims)


@pytest.mark.parametrize("n_dims", [0, 4, "2"])
def test_other_dimensions_are_an_error_with_the_choices(n_dims: object) -> None:
    with pytest.raises(InputError, match=rf"`n_dims` is {n_dims!r}: choose one of 1, 2, 3"):
        nd_layers(n_dims)


@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize(("n_dims", "layout"), [(2, "channels_last"), (3, "channels_last_3d")])
def test_layers_keep_the_layout_of_what_they_are_given(
    n_channels: int, n_dims: int, layout: str
) -> None:
    # A single channel lies both ways: its strides must nevertheless say which one is meant.
    x = torch.randn(2, n_channels, *[6] * n_dims)
    laid_out = lay_out(x)
    y = nd_layers(n_dims).conv(n_channels, 4, 3)(laid_out)
    assert torch.equal(laid_out, x)
    assert y.is_contiguous(memory_format=getattr(torch, layout))
    assert not y.is_contiguous()
