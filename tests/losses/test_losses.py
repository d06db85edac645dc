"""Data terms and penalties against direct formulas."""

import numpy as np
import pytest
import torch
from scipy import stats
from torch.autograd import gradcheck

from autoden.errors import InputError
from autoden.losses import LossTV, LowerLimit, poisson_deviance, squared_error


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


@pytest.mark.parametrize("shape", [(), (2, 5), (1, 1), (2, 1)], ids=str)
def test_gradients_of_a_lower_limit_are_those_of_finite_differences(shape):
    generator = torch.Generator().manual_seed(0)
    limit = torch.rand(shape, generator=generator, dtype=torch.float64)
    output = torch.randn(3, 2, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(LowerLimit(limit), output)
    assert torch.autograd.gradgradcheck(LowerLimit(limit), output)


def test_squared_error_is_element_wise():
    a, b = torch.randn(2, 3, 4)
    assert torch.equal(squared_error(a, b), (a - b) ** 2)


def test_poisson_deviance_is_the_negative_log_likelihood_but_for_what_the_counts_decide():
    rates, counts = torch.tensor([0.5, 2.0, 30.0]).double(), torch.arange(12.0).double()[:, None]
    found = poisson_deviance(rates, counts).numpy()
    expected = -stats.poisson.logpmf(counts.numpy(), rates.numpy())
    constant = expected - found
    np.testing.assert_allclose(constant, np.broadcast_to(constant[:, :1], constant.shape))
    own = poisson_deviance(counts[1:], counts[1:])  # half the deviance: what exceeds the least
    half = counts[1:] * torch.log(counts[1:] / rates) - (counts[1:] - rates)
    torch.testing.assert_close(poisson_deviance(rates, counts[1:]) - own, half)


@pytest.mark.parametrize("mean", [0.05, 1.0, 40.0])
def test_poisson_deviance_is_least_at_the_mean_of_the_counts(mean):
    counts = torch.tensor(np.random.default_rng(0).poisson(mean, 5000)).double()
    rate = counts.mean().clone().requires_grad_()
    poisson_deviance(rate, counts).mean().backward()
    assert rate.grad.abs() < 1e-12
    least = poisson_deviance(rate, counts).mean()
    for factor in (0.9, 1.1):
        assert poisson_deviance(factor * rate, counts).mean() > least
    assert gradcheck(poisson_deviance, (rate.detach().requires_grad_(), counts[:50]))


def test_poisson_deviance_of_rates_below_zero_is_that_of_a_thousandth():
    output = torch.tensor([-5.0, 0.0, 1e-3], requires_grad=True)
    deviance = poisson_deviance(output, torch.tensor([2.0, 2.0, 2.0]))
    assert torch.equal(deviance, deviance[2].expand(3))
    assert deviance[0].item() == pytest.approx(1e-3 - 2 * np.log(1e-3))
    deviance.sum().backward()
    assert torch.isfinite(output.grad).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"lambda_val": -1.0}, "lambda_val"), ({"lambda_val": 1, "n_dims": 4}, "n_dims"),
     ({"lambda_val": 1, "reduction": "max"}, "'mean', 'sum'")],
)  # fmt: skip
def test_bad_penalties_are_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        LossTV(**arguments)
