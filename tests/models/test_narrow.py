"""The quick narrow convolution is torch's convolution."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch.autograd import gradcheck

from autoden.models.narrow import Conv1d


@pytest.mark.parametrize("channels", [(1, 4), (4, 4), (4, 1), (8, 8), (1, 1)])
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"dilation": 3}, {"padding": 2}])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_it_equals_the_library_convolution(channels, options, kernel_size):
    conv = Conv1d(*channels, kernel_size, **options).double()
    x = torch.randn(3, channels[0], 40, dtype=torch.float64)
    keywords = {k: v for k, v in options.items() if k != "bias"}
    expected = F.conv1d(x, conv.weight, conv.bias, **keywords)
    torch.testing.assert_close(conv(x), expected)


@pytest.mark.parametrize("options", [{}, {"dilation": 2, "bias": False}])
def test_its_gradients_are_right(options):
    conv = Conv1d(2, 3, 3, **options).double()
    x = torch.randn(2, 2, 9, dtype=torch.float64, requires_grad=True)

    def call(x, *parameters):
        names = [name for name, _ in conv.named_parameters()]
        return torch.func.functional_call(conv, dict(zip(names, parameters, strict=True)), x)

    assert gradcheck(call, (x, *conv.parameters()))


def test_it_takes_a_length_of_one():
    assert Conv1d(1, 4, 1)(torch.ones(2, 1, 1)).shape == (2, 4, 1)
