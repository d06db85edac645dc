"""Networks that are one chain, without torch's graph: the numbers of torch."""

import copy

import pytest
import torch
from torch import nn

from autoden.models.blocks import conv_block
from autoden.models.direct import direct_network
from autoden.models.dncnn import DnCNN
from autoden.models.narrow.chain import Chain
from autoden.native import availability


def network_of(n_dims=1, **options):
    return DnCNN(n_layers=3, n_features=4, n_dims=n_dims, **options)


def made(network, x):
    return direct_network(network, list(network.parameters()), x)


def shaped(n, n_channels=1, n_dims=1):
    return torch.randn(n, n_channels, *(17, 9, 5)[:n_dims])


@pytest.mark.parametrize(
    "options",
    [
        {"n_dims": 1},
        {"n_dims": 2, "n_channels_in": 2, "pad_mode": "reflect"},
        {"n_dims": 3, "n_channels_out": 3, "kernel_size": 5},
    ],
    ids=str,
)
def test_output_statistics_and_gradients_are_those_of_the_graph(options):
    network = network_of(**options)
    x = shaped(3, options.get("n_channels_in", 1), options["n_dims"])
    same = copy.deepcopy(network)
    direct = made(network, x)
    for size in (3, 2):  # another number of samples, too
        (output, gradient_of), expected = direct.forward(x[:size]), same(x[:size])
        by_output = torch.randn_like(output)
        same.zero_grad()
        expected.backward(by_output)
        gradient = torch.cat([p.grad.reshape(-1) for p in same.parameters()])
        assert output.shape == direct.shape_of(x[:size])
        assert torch.equal(output, expected)
        assert torch.equal(gradient_of(by_output), gradient)
    for ours, theirs in zip(network.buffers(), same.buffers(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_chain_is_a_network():
    chain, x = Chain(*conv_block(1, 3, 1, kernel_size=3)), shaped(2)
    assert torch.equal(made(chain, x).forward(x)[0], chain(x))


def test_gradients_can_be_asked_for_again_and_of_earlier_outputs():
    x = shaped(2)
    direct = made(network_of(), x)
    output, gradient_of = direct.forward(x)
    by_output = torch.randn_like(output)
    first = gradient_of(by_output)
    direct.forward(2 * x)
    assert torch.equal(gradient_of(by_output), first)


class Derived(DnCNN):
    """May compute something else."""


def watched(what):
    network = network_of()
    if what == "network":
        network.register_forward_hook(lambda *_: None)
    else:
        next(network.parameters()).register_hook(lambda g: g)
    return network


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.Sequential(network_of()),
        lambda: Derived(n_layers=3, n_features=4, n_dims=1),
        lambda: watched("network"),
        lambda: watched("parameter"),
        lambda: Chain(nn.Conv1d(1, 2, 3, padding=1), nn.BatchNorm1d(2, momentum=None)),
        lambda: Chain(nn.Conv1d(1, 2, 3, padding=1), nn.Softplus()),
        lambda: network_of().double(),
    ],
    ids=["within another", "derived", "hook", "hook of a parameter", "momentum", "other", "double"],
)
def test_all_else_is_left_to_torch(make):
    assert made(make(), shaped(2)) is None


def test_what_is_partly_frozen_is_left_to_torch():
    network = network_of()
    network.layers[0][1].weight.requires_grad_(False)
    learning = [p for p in network.parameters() if p.requires_grad]
    assert direct_network(network, learning, shaped(2)) is None


def test_without_kernels_all_is_left_to_torch(monkeypatch):
    monkeypatch.setenv("AUTODEN_NATIVE", "0")
    availability.has_kernels.cache_clear()
    try:
        assert made(network_of(), shaped(2)) is None
    finally:
        availability.has_kernels.cache_clear()


@pytest.mark.parametrize(
    "x",
    [
        shaped(2).double(),
        shaped(2).requires_grad_(),
        shaped(2, n_channels=2),
        shaped(2, n_dims=2),
        torch.randn(0, 1, 17),
    ],
    ids=["double", "learns", "channels", "axes", "none"],
)
def test_what_is_unlike_the_example_cannot_pass(x):
    direct = made(network_of(), shaped(2))
    assert direct.can_pass(torch.randn(5, 1, 11))
    assert not direct.can_pass(x)


def test_nothing_passes_where_torch_computes_otherwise():
    x = shaped(2)
    network = network_of()
    direct = made(network, x)
    for mode in (torch.autocast("cpu"), torch.no_grad(), torch.inference_mode()):
        with mode:
            assert not direct.can_pass(x)
    with pytest.warns(UserWarning, match="Anomaly"), torch.autograd.detect_anomaly():
        assert not direct.can_pass(x)
    network.eval()
    assert not direct.can_pass(x)
    network.train()
    assert direct.can_pass(x)
