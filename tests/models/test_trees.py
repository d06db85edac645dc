"""Nested state, taken apart and put together again."""

import json
from collections import OrderedDict

import numpy as np
import pytest
import torch

from autoden.errors import InputError
from autoden.models import NetworkParamsDnCNN, create_optimizer
from autoden.models.optimizers import OPTIMIZERS
from autoden.models.trees import join_tensors, split_tensors


def same(a: object, b: object) -> bool:
    """Compare nested state, types included, but for the kind of mapping."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b) and a.dtype == b.dtype
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@pytest.mark.parametrize(
    "tree",
    [
        None,
        3,
        True,
        [],
        (),
        {},
        {"a": [1, 2.5, None, False, "x"], 3: (torch.arange(3), [torch.zeros(())])},
        OrderedDict(tensor=torch.ones(1), map={}, tuple=((),)),
        {"tensor": 0, "map": [], "tuple": {"tensor": torch.ones(2)}},
    ],
    ids=str,
)
def test_joining_undoes_splitting_through_json(tree: object) -> None:
    plain, tensors = split_tensors(tree)
    again = join_tensors(json.loads(json.dumps(plain, allow_nan=False)), tensors)
    assert same(dict(tree) if isinstance(tree, OrderedDict) else tree, again)


@pytest.mark.parametrize("algo", OPTIMIZERS)
def test_state_of_every_optimizer_survives(algo: str) -> None:
    network = NetworkParamsDnCNN(n_layers=2, n_features=2, n_dims=1).get_model("cpu", seed=0)
    optimizer = create_optimizer(network, algo)
    x = torch.randn(4, 1, 16)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (network(x) ** 2).mean()
        loss.backward()
        return loss

    for _ in range(2):
        optimizer.step(closure)
    state = optimizer.state_dict()
    plain, tensors = split_tensors(state)
    assert same(state, join_tensors(json.loads(json.dumps(plain)), tensors))


def test_numbers_of_numpy_and_devices_become_plain() -> None:
    plain, _ = split_tensors([np.int64(3), np.float32(0.5), torch.device("cuda:1")])
    assert plain == [3, 0.5, "cuda:1"]
    assert [type(value) for value in plain] == [int, float, str]


@pytest.mark.parametrize(
    "tree",
    [
        torch.float32,
        torch.FloatStorage,
        object(),
        {1, 2},
        b"x",
        np.zeros(2),
        1j,
        float("nan"),
        {(1, 2): 3},
        {None: 3},
        {True: 3},
    ],
    ids=range(11),
)
def test_anything_else_is_refused_with_its_name(tree: object) -> None:
    with pytest.raises(InputError, match=r"can be kept"):
        split_tensors([tree])


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"a": 1},
        {"tensor": 5},
        {"tensor": -1},
        {"tensor": "0"},
        {"tensor": 0, "more": 1},
        {"tuple": 3},
        {"map": [[1]]},
        {"map": [[[], 1]]},
        {"map": [[None, 1]]},
        {"map": {"a": 1}},
        [{"tensor": 0}, {"tensor": 0}],
        [],
    ],
    ids=str,
)
def test_what_splitting_never_makes_is_refused(plain: object) -> None:
    with pytest.raises(InputError, match=r"It holds|It does not say"):
        join_tensors(plain, [torch.zeros(1)])
