"""A snapshot tells whatever makes a difference to a pass through a network."""

import copy

import pytest
import torch
from torch import nn

from autoden.models.snapshot import Snapshot


def make_network():
    return nn.Sequential(nn.Conv1d(1, 3, 3), nn.BatchNorm1d(3), nn.LeakyReLU(0.2))


def hook(*_):
    pass


class Absolute(nn.LeakyReLU):
    """A rectifier of another kind."""


def replace_contents(module):
    module.__dict__ = {**module.__dict__, "negative_slope": 0.9}


def turn(weight):
    weight.data = weight.data.transpose(0, 2)


CHANGES = {
    "mode": lambda n: n[1].eval(),
    "setting": lambda n: setattr(n[1], "momentum", 0.5),
    "slope": lambda n: setattr(n[2], "negative_slope", 0.3),
    "forward hook": lambda n: n[0].register_forward_hook(hook),
    "pre-hook": lambda n: n[0].register_forward_pre_hook(hook),
    "backward hook": lambda n: n.register_full_backward_hook(hook),
    "own forward": lambda n: setattr(n[2], "forward", lambda x: x),
    "layer": lambda n: n.__setitem__(2, nn.LeakyReLU(0.2)),
    "more layers": lambda n: n.append(nn.ReLU()),
    "freezing": lambda n: n[0].weight.requires_grad_(False),
    "gradient hook": lambda n: n[0].weight.register_hook(hook),
    "hook after the gradient": lambda n: n[0].bias.register_post_accumulate_grad_hook(hook),
    "parameter": lambda n: setattr(n[0], "weight", nn.Parameter(n[0].weight.detach().clone())),
    "memory": lambda n: setattr(n[0].weight, "data", n[0].weight.data.clone()),
    "type": lambda n: n.double(),
    "shape": lambda n: setattr(n[0].weight, "data", n[0].weight.data.view(3, 3, 1)),
    "order": lambda n: turn(n[0].weight),
    "sign": lambda n: setattr(n[0].weight, "data", torch._neg_view(n[0].weight.data)),
    "class": lambda n: setattr(n[2], "__class__", Absolute),
    "contents": lambda n: replace_contents(n[2]),
    "buffer": lambda n: setattr(n[1], "running_mean", torch.zeros(3)),
    "buffer of one number": lambda n: setattr(n[1], "num_batches_tracked", torch.tensor(0)),
    "attribute": lambda n: setattr(n, "epoch", 3),
    "no buffer": lambda n: setattr(n[1], "running_mean", None),
    "parametrization": lambda n: nn.utils.parametrizations.weight_norm(n[0]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_show(change):
    network = make_network()
    snapshot = Snapshot(network)
    assert snapshot.holds()
    CHANGES[change](network)
    assert not snapshot.holds()


def test_training_does_not_show():
    network = make_network()
    snapshot = Snapshot(network)
    optimizer = torch.optim.Adam(network.parameters())
    for _ in range(3):
        network(torch.rand(2, 1, 9)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        copy.deepcopy(network).eval()
    assert snapshot.holds()


def test_what_was_put_back_is_as_it_was():
    network = make_network()
    snapshot = Snapshot(network)
    handle = network[0].register_forward_hook(hook)
    network.eval()
    assert not snapshot.holds()
    handle.remove()
    network.train()
    assert snapshot.holds()
