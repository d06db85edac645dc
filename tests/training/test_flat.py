"""Parameters side by side in memory are the same parameters."""

import copy

import pytest
import torch
from torch import nn

from autoden.errors import InputError
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
