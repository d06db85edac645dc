"""Batches compared in one go give what torch gives."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from autoden.losses.data import squared_error
from autoden.native.openmp import threads_for
from autoden.training import squares, task
from autoden.training.batch import Batch
from autoden.training.squares import add_violation, differentiate_rows
from autoden.training.task import compare, weigh


def make_batch(shape=(3, 2, 500), held_out=0.3, weight=1.0):
    generator = torch.Generator().manual_seed(0)
    output, target, draws = torch.randn(3, *shape, generator=generator)
    held = draws < held_out
    weights = weight * draws.abs() * ~held
    return output.requires_grad_(), Batch(target, target, weights, held)


def by_torch(output, batch):
    return weigh(squared_error(output, batch.target), output, batch)


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (3, 2, 500), (2, 1, 90, 91), (2, 1, 300, 301)], ids=str
)
@pytest.mark.parametrize("options", [{}, {"held_out": 9.0}, {"held_out": -9.0}, {"weight": 0.0}])
def test_a_batch_is_compared_as_torch_does(shape, options):
    output, batch = make_batch(shape, **options)
    ours, theirs = compare(output, batch, squared_error), by_torch(output, batch)
    for one, other in zip(ours.__dict__.values(), theirs.__dict__.values(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    slopes = [torch.autograd.grad(2 * losses.train, output)[0] for losses in (ours, theirs)]
    torch.testing.assert_close(*slopes, rtol=1e-6, atol=1e-9)


def test_gradients_of_gradients_are_those_of_torch():
    output, batch = make_batch()
    found = []
    for losses in (compare(output, batch, squared_error), by_torch(output, batch)):
        (slope,) = torch.autograd.grad(losses.train, output, create_graph=True)
        found.append(torch.autograd.grad(slope.square().sum(), output)[0])
    torch.testing.assert_close(*found)


def test_what_is_not_finite_shows():
    output, batch = make_batch()
    with torch.no_grad():
        output[0, 0, 0] = np.nan
    losses = compare(output, batch, squared_error)
    assert torch.isnan(losses.train)
    assert torch.isnan(losses.held_out[3:]).all()


def test_the_tiniest_weights_are_weighed_as_by_torch():
    output, batch = make_batch(weight=1e-42)
    slopes = [
        torch.autograd.grad(losses.train, output)[0]
        for losses in (compare(output, batch, squared_error), by_torch(output, batch))
    ]
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize(
    "change",
    ["other_error", "strided", "double", "broadcast", "target learns", "weight learns", "no bool"],
)
def test_all_else_is_left_to_torch(change, monkeypatch):
    output, batch = make_batch((2, 3, 20))
    error = (lambda o, t: (o - t).square()) if change == "other_error" else squared_error
    if change == "strided":
        output = output.transpose(0, 1).contiguous().transpose(0, 1)
    elif change == "double":
        output = output.double()
    elif change == "broadcast":
        batch = replace(batch, weight=batch.weight[:, :1, :1])
    elif change == "target learns":
        batch = replace(batch, target=batch.target.clone().requires_grad_())
    elif change == "weight learns":
        batch = replace(batch, weight=batch.weight.clone().requires_grad_())
    elif change == "no bool":
        batch = replace(batch, held_out=batch.held_out.float())
    monkeypatch.setattr(task, "compare_rows", None)
    torch.testing.assert_close(compare(output, batch, error).train, by_torch(output, batch).train)


@pytest.mark.parametrize(
    "limit",
    [0.1, float("-inf"), float("nan"), torch.linspace(-1, 1, 500), torch.tensor([[0.3], [-0.2]])],
    ids=["number", "none", "nan", "of each place", "of each channel"],
)
def test_violations_of_a_limit_are_those_of_torch(limit):
    output, _ = make_batch()
    limit = torch.as_tensor(limit)
    expected = (limit - output).relu().square().mean()
    (slope,) = torch.autograd.grad(expected, output)
    gradient = torch.full_like(output, 0.5).detach()
    found = add_violation(output.detach(), limit, gradient)
    torch.testing.assert_close(found, expected.detach(), equal_nan=True)
    torch.testing.assert_close(gradient, 0.5 + slope, equal_nan=True)


def test_results_do_not_depend_on_the_number_of_threads():
    output, batch = make_batch((2, 1, 300, 301))
    before, found = torch.get_num_threads(), []
    try:
        for n in (1, 2, 3):
            torch.set_num_threads(n)
            assert threads_for(output.numel(), squares.OF_A_THREAD) == n
            gradient = torch.zeros_like(output)
            mean = add_violation(output.detach(), torch.tensor(0.1), gradient)
            found.append([*differentiate_rows(output, batch), mean, gradient.detach()])
    finally:
        torch.set_num_threads(before)
    for others in found[1:]:
        assert all(map(torch.equal, found[0], others))
