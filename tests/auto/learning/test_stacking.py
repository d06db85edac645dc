"""The stack is the best convex mixture, found also by an independent solver."""

import numpy as np
import pytest
import torch
from scipy.optimize import nnls

from autoden.auto.learning.stacking import stack
from autoden.losses.data import poisson_deviance, squared_error

N = 400


@pytest.fixture
def rates():
    x = np.linspace(0, 6, N)
    truth = 20 + 10 * np.sin(x)
    rng = np.random.default_rng(3)
    off = rng.normal(size=(2, 3, N)) * np.array([1.0, 2.0, 6.0])[:, None]
    return torch.tensor(truth + off, dtype=torch.float32), truth, rng


def test_stack_is_the_least_squares_mixture_on_the_simplex(rates):
    estimates, truth, rng = rates
    target = torch.tensor(truth + rng.normal(size=(2, N)), dtype=torch.float32)[:, None]
    found = stack(estimates, target, torch.ones_like(target), squared_error)
    columns = np.moveaxis(estimates.numpy().astype(float), 1, 2).reshape(-1, 3)
    heavy = 1e5  # a row that makes the sum 1
    a = np.vstack((columns, np.full((1, 3), heavy)))
    expected, _ = nnls(a, np.append(target.numpy().ravel(), heavy))
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_stack_of_independent_estimates_weighs_by_their_inverse_variance(rates):
    estimates, truth, rng = rates
    counts = torch.tensor(rng.poisson(truth, (2, N)), dtype=torch.float32)[:, None]
    many = estimates.repeat_interleave(20, dim=2)
    targets = torch.tensor(rng.poisson(np.repeat(truth, 20), (2, 20 * N)), dtype=torch.float32)
    found = stack(many, targets[:, None], torch.ones(2, 1, 20 * N), poisson_deviance)
    inverse = 1 / np.array([1.0, 4.0, 36.0])
    np.testing.assert_allclose(found, inverse / inverse.sum(), atol=0.1)
    few = stack(estimates, counts, torch.ones_like(counts), poisson_deviance)
    assert few.sum() == pytest.approx(1, abs=1e-3)
    assert few[2] < few[0]


def test_channels_of_no_weight_do_not_count(rates):
    estimates, truth, _ = rates
    target = torch.tensor(truth, dtype=torch.float32).expand(2, 1, N).clone()
    weight = torch.ones_like(target)
    weight[..., ::3] = 0
    spoilt = torch.where(weight > 0, target, 1e4)
    assert torch.equal(
        stack(estimates, target, weight, squared_error),
        stack(estimates, spoilt, weight, squared_error),
    )
