"""Scales changed by compiled kernels are those of torch: values, gradients, threads."""

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from autoden.models import blocks
from autoden.models.blocks import average_pool, keep_and_average, pool_factors, upsample

SIZES = [(9,), (8,), (2,), (7, 10), (8, 9), (5, 2), (3, 64), (5, 6, 7), (4, 3, 2), (1, 1, 9)]


def image(size: tuple[int, ...], dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(2, 3, *size, dtype=dtype, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def by_torch(monkeypatch: pytest.MonkeyPatch):
    """Compute by torch alone."""

    def compute(function, *arguments):
        with monkeypatch.context() as patch:
            patch.setattr(blocks, "has_kernels", lambda dtype, module: False)
            return function(*arguments)

    return compute


def changes(size: tuple[int, ...]):
    """Give both changes of scale, and something of the size that each of them takes."""
    factors = pool_factors(size, 2)
    coarse = tuple(-(-n // factor) for n, factor in zip(size, factors, strict=True))
    return [
        (lambda x: average_pool(x, factors), image(size)),
        (lambda x: upsample(x, factors, size), image(coarse)),
    ]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_values_and_gradients_are_those_of_torch(size, by_torch) -> None:
    for change, x in changes(size):
        found = []
        for compute in (lambda f, y: f(y), by_torch):
            own = x.clone().requires_grad_()
            y = compute(change, own)
            toward = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).reshape_as(y).sin()
            found.append((y, torch.autograd.grad(y, own, toward)[0]))
        for ours, theirs in zip(*found, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [(5,), (4, 5), (3, 4, 5)], ids=str)
def test_gradients_are_those_of_finite_differences_to_second_order(size) -> None:
    for change, x in changes(size):
        own = x[:1, :1].clone().requires_grad_()
        assert gradcheck(change, own)
        assert gradgradcheck(change, own)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("used", ["both", "average", "kept"])
def test_what_is_averaged_and_kept_has_the_gradients_of_two_uses(size, used) -> None:
    factors, found = pool_factors(size, 2), []
    for fork in (keep_and_average, lambda x, factors: (x, average_pool(x, factors))):
        x = image(size).requires_grad_()
        kept, average = fork(x, factors)
        parts = {"average": [average], "kept": [kept], "both": [average, kept]}[used]
        loss = sum(part.sin().square().sum() for part in parts)
        (slope,) = torch.autograd.grad(loss, x)
        found.append((average, kept, slope))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [(5,), (4, 5), (3, 4, 5)], ids=str)
def test_what_is_averaged_and_kept_can_be_differentiated_twice(size) -> None:
    def both(x: Tensor) -> tuple[Tensor, Tensor]:
        kept, average = keep_and_average(x, pool_factors(size, 2))
        return average.square(), kept.square()

    x = image(size)[:1, :1].requires_grad_()
    assert gradcheck(both, x)
    assert gradgradcheck(both, x)


def test_single_precision_stays_and_any_layout_goes() -> None:
    x = image((30, 41), torch.float32)
    turned = x.movedim(1, -1).contiguous().movedim(-1, 1)
    for change, _ in changes((30, 41))[:1]:
        assert change(x).dtype == torch.float32
        assert torch.equal(change(x), change(turned))


def test_the_number_of_threads_changes_nothing() -> None:
    n_threads, found = torch.get_num_threads(), []
    x = image((100, 130), torch.float32)
    try:
        for n in (1, 2, 3):
            torch.set_num_threads(n)
            found.append(upsample(average_pool(x, (2, 2)), (2, 2), (100, 130)))
    finally:
        torch.set_num_threads(n_threads)
    assert all(torch.equal(found[0], other) for other in found[1:])


def test_other_factors_corners_and_numbers_are_left_to_torch(monkeypatch) -> None:
    def never(*given: object) -> None:
        raise AssertionError(given)

    monkeypatch.setattr("autoden.models.narrow.scales._rescaled", never)
    x = image((8, 8))
    assert average_pool(x, (4, 2)).shape[2:] == (2, 4)
    assert upsample(x, (2, 2), (16, 16), align_corners=True).shape[2:] == (16, 16)
    assert average_pool(x.to(torch.bfloat16), (2, 2)).dtype == torch.bfloat16
    assert average_pool(x[:0], (2, 2)).shape == (0, 3, 4, 4)
    assert torch.func.vmap(lambda y: average_pool(y, (2, 2)))(x[None]).shape == (1, 2, 3, 4, 4)
