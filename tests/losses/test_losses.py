"""Data terms and penalties against direct formulas."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from autoden.errors import InputError
from autoden.losses import LossTV, LowerLimit, squared_error


def total_variation(x, n_dims, isotropic):
    """Straight from the definition, with numpy."""
    gradients = []
    for axis in range(-n_dims, 0):
        g = np.zeros_like(x)
        g[(..., slice(0, -1)) + (slice(None),) * (-axis - 1)] = np.diff(x, axis=axis)
        gradients.append(g)
    if isotropic:
        return np.sqrt(sum(g**2 for g in gradients))
    return sum(np.abs(g) for g in gradients)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
@pytest.mark.parametrize("isotropic", [True, False])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_total_variation_equals_its_definition(n_dims, isotropic, reduction):
    x = np.random.default_rng(0).normal(size=(2, 3, *(4, 5, 6)[:n_dims]))
    expected = 0.7 * getattr(np, reduction)(total_variation(x, n_dims, isotropic))
    loss = LossTV(0.7, reduction, isotropic, n_dims)
    assert loss(torch.tensor(x)).item() == pytest.approx(expected)
    assert gradcheck(loss, torch.tensor(x, requires_grad=True))


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_total_variation_of_a_constant_is_zero_with_a_finite_gradient(n_dims):
    x = torch.ones(1, 1, *(5,) * n_dims, requires_grad=True)
    loss = LossTV(1.0, n_dims=n_dims)(x)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(x.grad, torch.zeros_like(x))


def test_lower_limit_penalises_only_what_lies_below():
    limit = torch.tensor([[0.0, 1.0, 2.0]])
    penalty = LowerLimit(limit)
    assert penalty(torch.tensor([[[0.5, 1.0, 3.0]]])).item() == 0
    assert penalty(torch.tensor([[[-1.0, 1.0, 0.0]]])).item() == pytest.approx((1 + 4) / 3)


def test_squared_error_is_element_wise():
    a, b = torch.randn(2, 3, 4)
    assert torch.equal(squared_error(a, b), (a - b) ** 2)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"lambda_val": -1.0}, "lambda_val"), ({"lambda_val": 1, "n_dims": 4}, "n_dims"),
     ({"lambda_val": 1, "reduction": "max"}, "'mean', 'sum'")],
)  # fmt: skip
def test_bad_penalties_are_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        LossTV(**arguments)
