"""Total generalized variation against the exact minimum, found by linear programming."""

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.optimize import linprog

from autoden.losses import LossTGV, LossTV

SIZES = [(12,), (7, 8), (4, 5, 4), (1, 5), (3, 2)]


def slopes(u):
    """Differences between neighbours along each axis: one array per axis."""
    return [np.diff(u, axis=a) for a in range(u.ndim)]


def bends(w):
    """Differences of those: along their own axis, then the mixed ones, which count twice."""
    own = [np.diff(w[a], axis=a) for a in range(len(w))]
    pairs = combinations(range(len(w)), 2)
    return own + [np.diff(w[a], axis=b) + np.diff(w[b], axis=a) for a, b in pairs]


def flat(arrays):
    return np.concatenate([a.ravel() for a in arrays])


def exact(u):
    """Minimise |Du - w| + 2 |Ew| in the sum of absolute entries, w one value per difference."""
    d = slopes(u)
    ends = np.cumsum([a.size for a in d])
    fields = (np.split(unit, ends[:-1]) for unit in np.eye(ends[-1]))
    units = ([w.reshape(a.shape) for w, a in zip(field, d, strict=True)] for field in fields)
    e = np.stack([flat(bends(unit)) for unit in units], axis=1)
    n_e, n_w = e.shape
    # Variables: w, bounds of |Du - w|, bounds of |Ew|
    within = [np.hstack([s * np.eye(n_w), -np.eye(n_w), np.zeros((n_w, n_e))]) for s in (-1, 1)]
    within += [np.hstack([s * e, np.zeros((n_e, n_w)), -np.eye(n_e)]) for s in (-1, 1)]
    limits = np.concatenate([-flat(d), flat(d), np.zeros(2 * n_e)])
    cost = np.concatenate([np.zeros(n_w), np.ones(n_w), np.full(n_e, 2.0)])
    free, positive = [(None, None)] * n_w, [(0, None)] * (n_w + n_e)
    return linprog(cost, sparse.csr_matrix(np.vstack(within)), limits, bounds=free + positive).fun


def random_signals(size):
    rough = np.random.default_rng(0).normal(size=size)
    smooth = rough
    for axis in range(len(size)):
        smooth = smooth.cumsum(axis=axis)
    return rough, smooth


def tensor(u):
    return torch.tensor(u)[None, None]


def variation(n_dims, n_steps, isotropic=False):
    return LossTGV(1.0, "sum", isotropic, n_dims, n_steps)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_value_converges_to_the_exact_minimum(size):
    for u in random_signals(size):
        minimum = exact(u)
        assert variation(len(size), 1000)(tensor(u)).item() == pytest.approx(minimum, rel=1e-3)
        assert variation(len(size), 20)(tensor(u)).item() == pytest.approx(minimum, rel=0.1)


def test_the_default_steps_come_within_one_percent_for_an_image_and_a_spectrum():
    y, x = np.mgrid[:48, :48] / 48
    image = x + 2 * y * (y > 0.5) + (np.hypot(x - 0.5, y - 0.5) < 0.2)
    e = np.arange(300.0)
    peaks = sum(h * np.exp(-(((e - c) / 9) ** 2) / 2) for h, c in [(1000, 80), (50, 200)])
    spectrum = np.random.default_rng(0).poisson(10 + peaks).astype(float)
    for u in (image, spectrum):
        value, converged = (
            LossTGV(1.0, n_dims=u.ndim, **options)(tensor(u)).item()
            for options in ({}, {"n_steps": 1500})
        )
        assert value == pytest.approx(converged, rel=0.01)


@pytest.mark.parametrize("size", [(12,), (7, 8), (4, 5, 4)], ids=str)
def test_derivative_is_a_subgradient_of_the_exact_minimum(size):
    rng = np.random.default_rng(1)
    for u in random_signals(size):
        x = tensor(u).requires_grad_()
        variation(len(size), 1000)(x).backward()
        slope, minimum = x.grad[0, 0].numpy(), exact(u)
        for scale in (0.01, 1, 10):
            v = u + scale * rng.normal(size=size)
            assert exact(v) >= minimum + (slope * (v - u)).sum() - 2e-3 * (minimum + exact(v))


@pytest.mark.parametrize("n_dims", [1, 2, 3])
@pytest.mark.parametrize("isotropic", [True, False])
def test_affine_signals_cost_nothing(n_dims, isotropic):
    axes = torch.meshgrid(*[torch.arange(6.0)] * n_dims, indexing="ij")
    slope = sum((a + 1) * x for a, x in enumerate(axes))[None, None].requires_grad_()
    loss = LossTGV(1.0, isotropic=isotropic, n_dims=n_dims)(slope)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-5)
    torch.testing.assert_close(slope.grad, torch.zeros_like(slope), atol=1e-5, rtol=0)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_a_single_edge_costs_its_total_variation(n_dims):
    edge = torch.zeros(1, 1, *(9,) * n_dims)
    edge[..., 4:] = 2.0
    expected = LossTV(1.0, "sum", n_dims=n_dims)(edge).item()
    assert LossTGV(1.0, "sum", n_dims=n_dims, n_steps=300)(edge).item() == pytest.approx(
        expected, rel=1e-3
    )


@pytest.mark.parametrize("size", [(30,), (10, 11), (6, 5, 7)], ids=str)
def test_a_converged_value_is_at_most_the_total_variation(size):
    for u in random_signals(size):
        total = LossTV(1.0, "sum", n_dims=len(size))(tensor(u)).item()
        assert 0 < variation(len(size), 500, isotropic=True)(tensor(u)).item() <= total * 1.001


def test_the_adjoint_of_the_symmetric_gradient_is_exact():
    for n_dims, isotropic in [(1, True), (2, True), (2, False), (3, True), (3, False)]:
        loss = LossTGV(1.0, isotropic=isotropic, n_dims=n_dims)
        w = torch.randn(n_dims, 1, 2, *(4, 5, 3)[:n_dims], dtype=torch.float64)
        bent = loss._bend(w)
        q = torch.randn_like(bent)
        torch.testing.assert_close((bent * q).sum(), (w * loss._unbend(q)).sum())
