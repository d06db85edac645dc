"""Convolutions of few channels computed by kernels are those of torch."""

import copy
import logging
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck

from autoden.models.msd import MSDnet
from autoden.models.narrow import availability, direct, direct_pass
from autoden.models.narrow.chain import Chain
from autoden.models.narrow.direct import direct_convolution
from autoden.models.nd import lay_out

CONVS = {2: nn.Conv2d, 3: nn.Conv3d}


def conv(n_dims: int, n_in: int, n_out: int, **options: object) -> nn.Module:
    torch.manual_seed(0)
    return CONVS[n_dims](n_in, n_out, 3, **options)


def image(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=dtype)


def results(compute, layer: nn.Module, x: Tensor) -> list[Tensor]:
    """Return values and all gradients."""
    own = x.clone().requires_grad_()
    y = compute(own)
    toward = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).reshape(y.shape).sin()
    return [y, *torch.autograd.grad(y, [own, *layer.parameters()], toward)]


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize(("n_in", "n_out"), [(1, 1), (3, 1), (16, 1)])
@pytest.mark.parametrize("options", [{}, {"dilation": 2}, {"bias": False}, {"padding": 1}], ids=str)
def test_values_and_gradients_are_those_of_torch(n_dims, n_in, n_out, options) -> None:
    layer = conv(n_dims, n_in, n_out, **options).double()
    x = image(3, n_in, *(7, 6, 9)[:n_dims])
    ours = results(lambda own: direct_convolution(layer, own), layer, x)
    for one, other in zip(ours, results(layer, layer, x), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-11)


def test_images_whose_channels_lie_last_are_left_to_torch_which_is_quicker_there() -> None:
    layer, x = conv(2, 3, 1), image(2, 3, 8, 9, dtype=torch.float32)
    assert direct_convolution(layer, x) is not None
    assert direct_convolution(layer, lay_out(x)) is None


def test_images_beyond_what_is_computed_at_once_are_no_different(monkeypatch) -> None:
    layer, x = conv(2, 2, 1), image(2, 2, 40, 50, dtype=torch.float32)
    whole = results(lambda own: direct_convolution(layer, own), layer, x)
    monkeypatch.setattr(direct_pass, "AT_ONCE", 100)
    divided = results(lambda own: direct_convolution(layer, own), layer, x)
    for one, other in zip(whole, divided, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_the_number_of_threads_changes_nothing(monkeypatch) -> None:
    monkeypatch.setattr(direct_pass, "AT_ONCE", 100)
    layer, x = conv(2, 2, 1), image(2, 2, 40, 50, dtype=torch.float32)
    before, found = torch.get_num_threads(), []
    try:
        for n_threads in (1, 3):
            torch.set_num_threads(n_threads)
            found.append(results(lambda own: direct_convolution(layer, own), layer, x))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize("n_dims", [2, 3])
def test_gradients_are_those_of_finite_differences_to_second_order(n_dims) -> None:
    layer = conv(n_dims, 2, 1).double()
    x = image(2, 2, *(4, 3, 4)[:n_dims]).requires_grad_()
    weights = [x, *layer.parameters()]

    def compute(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        return direct_pass.convolve(x, weight, bias, 1)

    assert gradcheck(compute, weights)
    assert gradgradcheck(compute, weights)


def test_only_gradients_that_are_wanted_are_computed(monkeypatch) -> None:
    layer, x = conv(2, 1, 1), image(1, 1, 8, 8, dtype=torch.float32)
    y = direct_convolution(layer, x)
    monkeypatch.setattr(direct_pass, "_by_input", None)  # would be called in vain
    y.sum().backward()
    assert layer.weight.grad is not None
    layer.requires_grad_(False)
    assert not direct_convolution(layer, x).requires_grad


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.Conv2d(1, 2, 3), (1, 1, 9, 9)),
        (nn.Conv2d(17, 1, 3), (1, 17, 9, 9)),
        (nn.Conv2d(1, 1, 5), (1, 1, 9, 9)),
        (nn.Conv2d(1, 1, 3, stride=2), (1, 1, 9, 9)),
        (nn.Conv2d(2, 2, 3, groups=2), (1, 2, 9, 9)),
        (nn.Conv2d(1, 1, 3, dilation=(1, 2)), (1, 1, 9, 9)),
        (nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), (1, 1, 9, 9)),
        (nn.Conv2d(1, 1, 3, padding="same"), (1, 1, 9, 9)),
        (nn.Conv1d(1, 1, 3), (1, 1, 9)),
        (nn.Conv2d(1, 1, 3), (1, 2, 9, 9)),
        (nn.Conv2d(1, 1, 3), (1, 9, 9)),
        (nn.Conv2d(1, 1, 3), (1, 1, 9, 2)),
        (nn.Conv2d(1, 1, 3), (0, 1, 9, 9)),
        (nn.ReLU(), (1, 1, 9, 9)),
    ],
    ids=str,
)
def test_what_the_kernels_do_not_know_is_left_to_torch(layer, shape) -> None:
    assert direct_convolution(layer, torch.ones(shape)) is None


def test_hooks_and_other_numbers_are_left_to_torch() -> None:
    layer, x = conv(2, 1, 1), image(1, 1, 8, 8, dtype=torch.float32)
    assert direct_convolution(layer, x) is not None
    assert direct_convolution(layer, x.to(torch.bfloat16)) is None
    assert direct_convolution(layer, x.double()) is None  # torch refuses them
    layer.register_forward_hook(lambda *given: None)
    assert direct_convolution(layer, x) is None


def test_without_a_compiler_torch_computes_and_one_line_says_so(monkeypatch, caplog) -> None:
    availability.has_kernels.cache_clear()
    monkeypatch.setitem(sys.modules, "autoden.models.narrow.direct_pass", None)
    layer, x = conv(2, 1, 1), image(1, 1, 8, 8, dtype=torch.float32)
    try:
        with caplog.at_level(logging.WARNING):
            assert all(direct_convolution(layer, x) is None for _ in range(3))
    finally:
        availability.has_kernels.cache_clear()
    assert ["torch alone" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize("n_dims", [2, 3])
def test_a_network_of_one_feature_is_that_of_torch(n_dims, monkeypatch) -> None:
    torch.manual_seed(0)
    network = MSDnet(1, 1, n_layers=4, n_features=1, n_dims=n_dims).double()
    plain = copy.deepcopy(network)
    x = image(2, 1, *(9, 8, 10)[:n_dims])
    ours = results(network, network, x)
    used = []
    monkeypatch.setattr(direct, "has_kernels", lambda *given: used.append(given))
    for one, other in zip(ours, results(plain, plain, x), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
    assert len(used) == 4  # every layer but the last, of kernel 1
    assert isinstance(network.layers[0], Chain)
