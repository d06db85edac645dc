"""Optimisers by name."""

import pytest
import torch

from autoden.errors import InputError
from autoden.models.optimizers import OPTIMIZERS, create_optimizer


def line(seed: int = 0) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.Linear(3, 1)


def step(network: torch.nn.Module, optimizer: torch.optim.Optimizer) -> float:
    x = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])
    y = torch.tensor([[1.0], [2], [3], [6]])

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = ((network(x) - y) ** 2).mean()
        loss.backward()
        return loss

    return float(optimizer.step(closure).detach())


@pytest.mark.parametrize("algo", OPTIMIZERS)
def test_every_optimizer_descends(algo: str) -> None:
    network = line()
    optimizer = create_optimizer(network, algo, learning_rate=0.03)
    losses = [step(network, optimizer) for _ in range(30)]
    assert losses[-1] < 0.5 * losses[0]


@pytest.mark.parametrize("algo", OPTIMIZERS)
def test_restored_state_goes_on_as_before(algo: str) -> None:
    network = line()
    optimizer = create_optimizer(network, algo, learning_rate=0.02)
    for _ in range(3):
        step(network, optimizer)
    copy = line(seed=1)
    copy.load_state_dict(network.state_dict())
    restored = create_optimizer(copy, algo, optim_state=optimizer.state_dict())
    assert [step(copy, restored) for _ in range(3)] == [step(network, optimizer) for _ in range(3)]


def test_the_given_state_is_not_written_to() -> None:
    network = line()
    adam = create_optimizer(network, "adam")
    step(network, adam)
    state = adam.state_dict()
    before = state["state"][0]["exp_avg"].clone()
    step(network, create_optimizer(network, "adam", optim_state=state))
    assert torch.equal(state["state"][0]["exp_avg"], before)


def test_adam_is_adamw_with_decoupled_decay() -> None:
    network = line()
    before = network.weight.detach().clone()
    optimizer = create_optimizer(network, learning_rate=0.1, weight_decay=0.5)
    network.weight.grad = torch.zeros_like(network.weight)
    optimizer.step()
    torch.testing.assert_close(network.weight.detach(), before * (1 - 0.1 * 0.5))
    assert isinstance(optimizer, torch.optim.AdamW)
    assert optimizer.param_groups[0]["fused"]


def test_state_of_an_unfused_optimizer_is_taken() -> None:
    network = line()
    plain = torch.optim.AdamW(network.parameters(), lr=0.02, fused=False, foreach=True)
    step(network, plain)
    restored = create_optimizer(network, "adam", optim_state=plain.state_dict())
    assert restored.param_groups[0]["lr"] == 0.02
    step(network, restored)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"algo": "newton"},
            r"`algo` is 'newton': choose one of 'adam', 'sgd', 'rmsprop'",
        ),
        ({"optim_state": {}}, "has the keys"),
        ({"optim_state": {"state": {}, "param_groups": []}}, "not that of this network"),
    ],
)
def test_bad_arguments_are_explained(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_optimizer(line(), **arguments)
