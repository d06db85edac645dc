"""Parameters and gradients as flat arrays."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

from autoden.errors import InputError
from autoden.models.param_utils import (
    fix_invalid_gradient_values,
    get_gradients,
    get_num_parameters,
    get_parameters,
    set_parameters,
)


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(1, 2, 3), nn.Conv1d(2, 1, 1, bias=False))


def test_only_what_is_trained_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    model = network()
    assert get_num_parameters(model) == 2 * 3 + 2 + 2
    model[0].bias.requires_grad_(False)
    with caplog.at_level(logging.INFO):
        assert get_num_parameters(model, verbose=True) == 8
    assert "Sequential" in caplog.text
    assert "8" in caplog.text


def test_parameters_come_in_order_with_name_and_shape() -> None:
    model = network()
    values, info = get_parameters(model)
    assert info == [("0.weight", [2, 1, 3]), ("0.bias", [2]), ("1.weight", [1, 2, 1])]
    expected = np.concatenate([p.detach().numpy().ravel() for p in model.parameters()])
    np.testing.assert_array_equal(values, expected)
    assert values.dtype == np.float32
    values[:] = 0  # a copy
    assert all(p.any() for p in model.parameters())


def test_kinds_of_parameters_are_told_by_their_names() -> None:
    model = network()
    assert get_parameters(model, "bias")[1] == [("0.bias", [2])]
    assert [name for name, _ in get_parameters(model, "weight")[1]] == ["0.weight", "1.weight"]
    assert len(get_parameters(model, "bias", filter_params=False)[1]) == 3
    with pytest.raises(InputError, match=r"`parameter_type` is 'gain'.*'weight', 'bias' or None"):
        get_parameters(model, "gain")


@pytest.mark.parametrize("kind", [None, "weight", "bias"])
def test_setting_undoes_getting(kind: str | None) -> None:
    model, other = network(), network()
    values, info = get_parameters(model, kind)
    set_parameters(other, values.astype(np.float64), info)
    np.testing.assert_array_equal(get_parameters(other, kind)[0], values)
    assert {p.dtype for p in other.parameters()} == {torch.float32}
    assert all(p.requires_grad and p.is_leaf for p in other.parameters())


@pytest.mark.parametrize(
    ("values", "info", "message"),
    [
        (np.zeros(1), [("0.bias", [2])], r"`values` has 1 values: `info` asks for 2"),
        (np.zeros(2), [("bias", [2])], r"'bias' of shape \(2,\), which Sequential has not"),
        (np.zeros(2), [("0.bias", [1, 2])], r"'0.bias' of shape \(1, 2\)"),
    ],
)
def test_parameters_that_do_not_fit_are_explained(values, info, message: str) -> None:
    model = network()
    before = get_parameters(model)[0]
    with pytest.raises(InputError, match=message):
        set_parameters(model, values, info)
    np.testing.assert_array_equal(get_parameters(model)[0], before)


@pytest.mark.parametrize("flatten", [True, False])
def test_gradients_come_in_order(flatten: bool) -> None:
    model = network()
    with pytest.raises(InputError, match=r"No parameter of Sequential has a gradient"):
        get_gradients(model)
    model(torch.randn(1, 1, 9)).sum().backward()
    model[0].bias.grad = None
    values, info = get_gradients(model, flatten)
    assert info == [("0.weight", [2, 1, 3]), ("1.weight", [1, 2, 1])]
    expected = [model[0].weight.grad.numpy().ravel(), model[1].weight.grad.numpy().ravel()]
    np.testing.assert_array_equal(values, np.concatenate(expected))


def test_invalid_gradients_become_zero_and_others_stay() -> None:
    model = network()
    model[0].weight.grad = torch.tensor([1.0, np.nan, np.inf, -np.inf, -2.0, 0.0]).view(2, 1, 3)
    fix_invalid_gradient_values(model)
    assert model[0].weight.grad.flatten().tolist() == [1, 0, 0, 0, -2, 0]
    assert model[0].bias.grad is None
