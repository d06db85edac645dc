"""Parameters side by side in memory are the same parameters."""

import copy

import pytest
import torch
from torch import nn

from autoden.errors import InputError
from autoden.models.params import NetworkParamsDnCNN
from autoden.training.flat import FlatParameters


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def test_one_step_on_the_vector_is_a_step_on_each_parameter(model) -> None:
    other, x = copy.deepcopy(model), torch.randn(5, 3)
    own = torch.optim.AdamW(other.parameters(), lr=0.1)
    with FlatParameters(model) as flat:
        optimizer = torch.optim.AdamW(flat.parameters(), lr=0.1)
        for _ in range(3):
            for network, steps in ((model, optimizer), (other, own)):
                network(x).square().mean().backward()
                steps.step()
            flat.clear()
            own.zero_grad()
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_afterwards_every_parameter_has_memory_of_its_own_and_is_the_same_object(model) -> None:
    before = list(model.parameters())
    with FlatParameters(model):
        storages = {p.untyped_storage().data_ptr() for p in model.parameters()}
        assert len(storages) == 1
    assert all(a is b for a, b in zip(before, model.parameters(), strict=True))
    assert len({p.untyped_storage().data_ptr() for p in model.parameters()}) == len(before)
    assert all(p.grad is None for p in before)


def test_a_network_that_clears_its_own_gradients_loses_none_that_come_after(model) -> None:
    x = torch.randn(5, 3)
    with FlatParameters(model) as flat:
        model.zero_grad(set_to_none=True)
        model(x).sum().backward()
        found = flat.gradient().clone()
        expected = torch.cat([p.grad.reshape(-1) for p in model.parameters()])
        assert torch.equal(found, expected)
        assert found.abs().sum() > 0


def test_frozen_parameters_stay_where_they_are(model) -> None:
    model[0].requires_grad_(False)
    address = model[0].weight.data_ptr()
    with FlatParameters(model) as flat:
        assert flat.vector.numel() == 5
        assert model[0].weight.data_ptr() == address


def test_parameters_of_several_types_or_none_are_refused(model) -> None:
    model[0].double()
    with pytest.raises(InputError, match=r"float32 on cpu, torch.float64 on cpu"):
        FlatParameters(model)
    with pytest.raises(InputError, match="are none"):
        FlatParameters(nn.Tanh())


def leaves_of(y) -> list[torch.Tensor]:
    """Return what gets gradients when one goes back from a tensor."""
    found, seen = [y.grad_fn], []
    for node in found:
        found += [next_ for next_, _ in node.next_functions if next_ is not None]
        seen += [node.variable] if hasattr(node, "variable") else []
    return seen


@pytest.fixture
def network() -> nn.Module:
    return NetworkParamsDnCNN(n_layers=3, n_features=4, n_dims=1).get_model("cpu", 0)


def gradients_of(network, x) -> list[torch.Tensor]:
    network(x).square().mean().backward()
    return [p.grad.clone() for p in network.parameters()]


def test_a_chain_learns_as_one_vector_and_gets_the_same_gradients(network) -> None:
    other, x = copy.deepcopy(network), torch.randn(4, 1, 50)
    with FlatParameters(network) as flat:
        for _ in range(2):
            assert [leaf.numel() for leaf in leaves_of(network(x))] == [flat.vector.numel()]
            network.load_state_dict(other.state_dict())
            for ours, theirs in zip(gradients_of(network, x), gradients_of(other, x), strict=True):
                assert torch.equal(ours, theirs)
            assert torch.equal(
                flat.gradient(), torch.cat([p.grad.flatten() for p in other.parameters()])
            )
            flat.clear()
            other.zero_grad()
    for ours, theirs in zip(network.buffers(), other.buffers(), strict=True):
        assert torch.equal(ours, theirs)
    assert len(leaves_of(network(x))) == len(list(network.parameters()))


@pytest.mark.parametrize("change", ["frozen", "hook", "hook of a layer", "eval", "momentum"])
def test_a_chain_that_is_changed_computes_as_it_is_then(network, change) -> None:
    x, seen = torch.randn(4, 1, 50), []
    conv, norm = network.layers[1][1], network.layers[1][2]
    assert isinstance(norm, nn.BatchNorm1d)
    if change == "frozen":
        conv.weight.requires_grad_(False)
    if change == "momentum":
        norm.momentum = None
    with FlatParameters(network):
        if change == "hook":
            conv.weight.register_hook(seen.append)
        network(x)
        if change == "hook of a layer":
            conv.register_forward_hook(lambda *_: seen.append(1))
        if change == "eval":
            norm.eval()
        other = copy.deepcopy(network)
        plain = nn.Sequential(*other.layers)
        ours, theirs = network.layers(x), plain(x)
        torch.testing.assert_close(ours, theirs)
        ours.square().mean().backward()
    assert bool(seen) == change.startswith("hook")
