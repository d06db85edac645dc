"""Normalisation and rectifier as one step, and images laid out with the channels last."""

import copy

import pytest
import torch
from torch import nn

from autoden.models.narrow import rectified_norm
from autoden.models.narrow.chain import Chain
from autoden.models.nd import lay_out
from autoden.models.padding import Pad, pad_axis
from autoden.models.unet import UNet


def pair(n_channels: int) -> Chain:
    layers = Chain(nn.BatchNorm2d(n_channels), nn.LeakyReLU(0.2, inplace=True)).double()
    with torch.no_grad():
        layers[0].weight.copy_(torch.linspace(-1, 2, n_channels))
        layers[0].bias.copy_(torch.linspace(0.3, -0.2, n_channels))
    return layers


@pytest.mark.parametrize("n_channels", [1, 5, 16, 17, 80])
def test_one_step_gives_what_two_layers_give_and_moves_the_same_statistics(n_channels) -> None:
    ours = pair(n_channels)
    theirs = nn.Sequential(*copy.deepcopy(list(ours)))
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, n_channels, 27, 61, dtype=torch.float64, generator=generator) + 2
    found = []
    for layers in (ours, theirs):
        own = x.clone().requires_grad_()
        y = layers(own * 1.0)
        gradients = torch.autograd.grad((y**3).sum(), [own, *layers.parameters()])
        found.append([y, *gradients, *layers.buffers()])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b)


def test_a_mean_far_from_zero_costs_no_precision() -> None:
    ours, generator = pair(3).float(), torch.Generator().manual_seed(0)
    x = torch.randn(4, 3, 100, 90, generator=generator) + 3000
    exact = nn.Sequential(*copy.deepcopy(list(ours))).double()(x.double())
    plain = nn.Sequential(*copy.deepcopy(list(ours)))(x)
    errors = [float((y - exact).detach().abs().max()) for y in (ours(x), plain)]
    assert errors[0] < 2 * errors[1]


@pytest.mark.parametrize("n_channels", [2, 16])
def test_its_gradients_are_those_of_finite_differences_to_second_order(n_channels) -> None:
    layers = pair(n_channels)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, n_channels, 3, 1, dtype=torch.float64, generator=generator)
    assert torch.autograd.gradcheck(layers, x.requires_grad_())
    assert torch.autograd.gradgradcheck(layers, x.requires_grad_())


@pytest.mark.parametrize("frozen", ["0.weight", "0.bias", "0", "input"])
def test_gradients_of_gradients_need_only_what_trains(frozen) -> None:
    ours = pair(3)
    theirs = nn.Sequential(*copy.deepcopy(list(ours)))
    generator = torch.Generator().manual_seed(0)
    values, found = torch.randn(2, 3, 4, 5, dtype=torch.float64, generator=generator), []
    for layers in (ours, theirs):
        x = values.clone().requires_grad_(frozen != "input")
        for name, parameter in layers.named_parameters():
            parameter.requires_grad_(not name.startswith(frozen))
        trained = [tensor for tensor in (x, *layers.parameters()) if tensor.requires_grad]
        first = torch.autograd.grad(layers(x * 1.0).pow(2).sum(), trained, create_graph=True)
        squares = sum(gradient.pow(2).sum() for gradient in first)
        found.append([*first, *torch.autograd.grad(squares, trained)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


def test_it_keeps_one_tensor_for_the_way_back_where_torch_keeps_two() -> None:
    def kept(layers: nn.Module) -> int:
        addresses = {}

        def pack(tensor: torch.Tensor) -> torch.Tensor:
            addresses[tensor.data_ptr()] = tensor.numel()
            return tensor

        x = torch.ones(2, 8, 32, 32, dtype=torch.float64, requires_grad=True)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            layers(x * 1.0)
        return sum(addresses.values()) // x.numel()

    ours = pair(8)
    assert (kept(ours), kept(nn.Sequential(*ours))) == (1, 2)


@pytest.mark.parametrize(
    ("n_channels", "n_threads", "expected"), [(8, 1, 1), (16, 1, 0), (8, 9, 0)]
)
def test_kernels_compute_where_torch_is_slow(monkeypatch, n_channels, n_threads, expected) -> None:
    asked = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: n_threads)
    monkeypatch.setattr(rectified_norm, "has_kernels", lambda *of: asked.append(of) or True)
    pair(n_channels)(torch.randn(2, n_channels, 4, 4, dtype=torch.float64))
    assert len(asked) == expected


def test_a_unet_lays_out_volumes_all_the_way(monkeypatch) -> None:
    laid_out = []
    forward = nn.Conv3d.forward

    def watch(conv: nn.Conv3d, x: torch.Tensor) -> torch.Tensor:
        laid_out.append(x.movedim(1, -1).is_contiguous())
        return forward(conv, x)

    monkeypatch.setattr(nn.Conv3d, "forward", watch)
    UNet(1, 1, n_features=4, n_levels=2, n_dims=3)(torch.randn(1, 1, 9, 12, 8)).sum().backward()
    assert len(laid_out) > 5
    assert all(laid_out)


def test_hooks_of_either_layer_are_called() -> None:
    layers, called = pair(3), []
    for layer in layers:
        layer.register_forward_hook(lambda *_: called.append(1))
    layers(torch.randn(2, 3, 4, 4, dtype=torch.float64))
    assert len(called) == 2


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("mode", ["replicate", "reflect", "circular"])
def test_padding_at_once_is_padding_axis_by_axis(mode: str, n_dims: int) -> None:
    x = torch.randn(2, 3, *(5, 4, 6)[:n_dims])
    expected = x
    for axis in range(2, x.ndim):
        expected = pad_axis(expected, axis, 2, mode)
    assert torch.equal(Pad(2, mode)(lay_out(x)), expected)


@pytest.mark.parametrize("shape", [(2, 1, 4, 5), (2, 3, 4, 5), (2, 2, 3, 4, 5)])
def test_laying_out_moves_the_channels_last_and_no_value(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    y = lay_out(x)
    assert torch.equal(x, y)
    assert y.movedim(1, -1).is_contiguous()


def test_a_network_computes_the_same_whichever_layout_it_is_given() -> None:
    torch.manual_seed(0)
    network = UNet(2, 1, n_features=4, n_levels=2).eval()
    x = torch.randn(2, 2, 13, 18)
    torch.testing.assert_close(network(x), network(x.contiguous(memory_format=torch.channels_last)))
