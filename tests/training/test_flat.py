"""Parameters side by side in memory are the same parameters."""

import copy
import pickle

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


@pytest.fixture
def network() -> nn.Module:
    return NetworkParamsDnCNN(n_layers=3, n_features=4, n_dims=1).get_model("cpu", 0)


def test_the_kernels_add_gradients_to_the_vector(network) -> None:
    other, x = copy.deepcopy(network), torch.randn(4, 1, 50)
    with FlatParameters(network) as flat:
        for _ in range(2):
            for model in (network, other):
                model(x).square().mean().backward()
            own = torch.cat([p.grad.flatten() for p in other.parameters()])
            assert torch.equal(flat.gradient(), own)
            asked = list(network.parameters())
            assert len(torch.autograd.grad(network(x).square().mean(), asked)) == len(asked)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))])
def test_a_copy_made_meanwhile_learns_by_itself(network, copied) -> None:
    x = torch.randn(4, 1, 50)
    with FlatParameters(network) as flat:
        network(x)
        other = copied(network)
        before = [tensor.clone() for tensor in (*network.parameters(), *network.buffers())]
        other(x).square().mean().backward()
        assert all(p.grad.any() for p in other.parameters())
        after = [*network.parameters(), *network.buffers()]
        assert all(torch.equal(*pair) for pair in zip(before, after, strict=True))
        assert not flat.gradient().any()
    counts = [int(b) for name, b in other.named_buffers() if name.endswith("tracked")]
    assert counts == [2, 2]


@pytest.mark.parametrize("change", ["frozen", "hook", "slope", "eval", "cleared"])
def test_what_is_changed_in_a_training_holds_from_then_on(network, change) -> None:
    x, seen = torch.randn(4, 1, 50), []
    _, conv, norm, response = network.layers[1]
    with FlatParameters(network) as flat:
        network(x).square().mean().backward()
        flat.clear()
        if change == "hook":
            conv.weight.register_hook(seen.append)
        elif change == "frozen":
            conv.weight.requires_grad_(False)
        elif change == "slope":
            response.negative_slope = 0.7
        elif change == "eval":
            norm.eval()
        else:
            network.zero_grad()
        torch.testing.assert_close(network(x), nn.Sequential(*copy.deepcopy(network).layers)(x))
        network(x).square().mean().backward()
        learnt = flat.gradient()
        assert learnt.any()
        assert bool(conv.weight.grad.any()) == (change != "frozen")
    assert bool(seen) == (change == "hook")
