"""Chains computed by kernels are those of torch: values, gradients, running statistics."""

import copy
import logging
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numba
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.utils.flop_counter import FlopCounterMode

from autoden.models import params
from autoden.models.narrow import chain as chain_module
from autoden.models.narrow import function
from autoden.models.narrow.chain import Chain, recipe_of
from autoden.models.narrow.kernels import tasks
from autoden.models.padding import Pad
from autoden.native import availability

MODES = ["replicate", "reflect", "circular", "zeros"]


CONVS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def layer(
    n_in: int,
    n_out: int,
    kernel: int = 3,
    dilation: int = 1,
    mode: str = "replicate",
    bias: bool = False,
    norm: bool = True,
    slope: float | None = 0.2,
    n_dims: int = 1,
) -> list[nn.Module]:
    """Return the modules of one layer of a chain."""
    width = (kernel - 1) * dilation // 2
    padding = width if mode == "zeros" else 0
    options = {"dilation": dilation, "bias": bias, "padding": padding}
    conv = CONVS[n_dims - 1](n_in, n_out, kernel, **options)
    pad = [] if mode == "zeros" or not width else [Pad(width, mode)]
    norms = [NORMS[n_dims - 1](n_out)] if norm else []
    return [*pad, conv, *norms, *([] if slope is None else [nn.LeakyReLU(slope, inplace=True)])]


def small(dtype: torch.dtype = torch.float64, **options) -> Chain:
    """Return a chain of three layers, whose normalisations were trained a little."""
    torch.manual_seed(3)
    last = {**options, "norm": False, "slope": None}
    made = Chain(Chain(*layer(1, 4, **options)), *layer(4, 3, **options), *layer(3, 2, **last))
    for module in made.modules():
        if isinstance(module, NORMS) and module.affine:
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
    return made.to(dtype)


def by_torch(made: Chain) -> nn.Sequential:
    """Return a copy that torch alone computes."""
    plain = copy.deepcopy(made)
    modules = [by_torch(m) if isinstance(m, Chain) else m for m in plain]
    return nn.Sequential(*modules).train(made.training)


@pytest.fixture
def n_compiled(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count how often kernels were asked for."""
    asked = []

    def has_kernels(dtype: torch.dtype, module: str) -> bool:
        asked.append(dtype)
        return availability.has_kernels(dtype, module)

    monkeypatch.setattr(chain_module, "has_kernels", has_kernels)
    return lambda: len(asked)


def assert_alike(made: Chain, x: Tensor, tolerance: float = 1e-11) -> None:
    """Compare values, all gradients and all running statistics with those of torch."""
    plain = by_torch(made)
    results = []
    for network in (made, plain):
        own = x.clone().requires_grad_()
        y = network(own)
        toward = torch.linspace(-1, 2, y.numel(), dtype=x.dtype).reshape_as(y).sin()
        gradients = torch.autograd.grad(y, [own, *network.parameters()], toward)
        results.append([y, *gradients, *network.buffers()])
    for ours, theirs in zip(*results, strict=True):
        scale = float(theirs.detach().abs().max()) + 1
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"kernel": 1},
        {"kernel": 7, "bias": True},
        {"kernel": 5, "dilation": 3},
        {"norm": False, "bias": True},
        {"slope": None},
        {"slope": None, "norm": False},
        {"slope": 0.0},
        {"kernel": 2, "dilation": 2},
    ],
    ids=str,
)
@pytest.mark.parametrize("training", [True, False])
def test_a_chain_is_that_of_torch(mode, options, training, n_compiled) -> None:
    made = small(mode=mode, **options).train(training)
    for n, length in ((2, 37), (1, 130), (3, 2), (5, 1)):
        x = torch.randn(n, 1, length, dtype=torch.float64) * 3 + 1
        assert_alike(made, x)
    assert n_compiled() == 4


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "options",
    [{}, {"kernel": 1}, {"kernel": 5, "bias": True}, {"dilation": 3}, {"norm": False}],
    ids=str,
)
@pytest.mark.parametrize(
    "sizes", [[(9, 11), (40, 33), (1, 3), (300, 2)], [(4, 5, 6), (20, 9, 11), (2, 1, 1)]], ids=str
)
def test_images_and_volumes_are_those_of_torch(mode, options, sizes, n_compiled) -> None:
    made = small(mode=mode, n_dims=len(sizes[0]), **options)
    for size in sizes:
        assert_alike(made, torch.randn(2, 1, *size, dtype=torch.float64) * 3 + 1)
    assert n_compiled() == len(sizes)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "sizes",
    [
        [(9, 11), (40, 33), (1, 3), (2, 600), (77, 20), (43, 150)],
        [(4, 5, 6), (21, 9, 11), (2, 1, 1)],
    ],
    ids=str,
)
def test_planes_that_go_in_fours_are_those_of_torch(mode, sizes) -> None:
    options = {"mode": mode, "n_dims": len(sizes[0])}
    first, second = layer(3, 41, **options), layer(41, 44, **options, bias=True)
    made = Chain(*first, *second, *layer(44, 40, **options)).double()
    pays = [a * b >= tasks.LEAST_IN_FOURS * (a + b) for a, b in ((3, 41), (41, 44), (44, 40))]
    assert pays == [False, True, True]
    for size in sizes:
        assert_alike(made, torch.randn(2, 3, *size, dtype=torch.float64) * 3 + 1, 1e-10)


@pytest.mark.parametrize("n_dims", [2, 3])
def test_gradients_of_fours_are_those_of_finite_differences(n_dims) -> None:
    made = Chain(*layer(40, 40, mode="reflect", n_dims=n_dims)).double()
    x = torch.randn(1, 40, *(5, 4, 3)[:n_dims], dtype=torch.float64, requires_grad=True)
    assert gradcheck(made, (x,), fast_mode=True)
    assert gradgradcheck(made, (x,), fast_mode=True)


@pytest.mark.parametrize("how", ["joined", "twice", "by a weight"])
def test_what_depends_on_each_other_has_the_gradients_of_torch_also_of_second_order(how) -> None:
    made = Chain(*layer(4, 2, norm=False), *layer(2, 2, norm=False)).double()
    whole = Chain(*layer(2, 2, norm=False, bias=True)).double()

    def compute(made: nn.Module, whole: nn.Module, x: Tensor, by_kernels: bool) -> Tensor:
        if how == "twice":
            return whole(whole(x))
        if how == "by a weight":
            return whole(x * whole[1].weight.sum())
        return made.join(x, x.sin()) if by_kernels else made(torch.cat((x, x.sin()), 1))

    found = []
    for by_kernels in (True, False):
        parts = (made, whole) if by_kernels else (by_torch(made), by_torch(whole))
        x = torch.linspace(-1, 2, 44, dtype=torch.float64).reshape(2, 2, 11).requires_grad_()
        wanted = [x, *(parts[0] if how == "joined" else parts[1]).parameters()]
        loss = compute(*parts, x, by_kernels).square().sum()
        slopes = torch.autograd.grad(loss, wanted, create_graph=True)
        curvature = torch.autograd.grad(sum(s.square().sum() for s in slopes), wanted)
        found.append([*slopes, *curvature])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_tiles_have_every_plane_once_and_the_last_one_is_no_smaller() -> None:
    @numba.njit
    def tiles_of(row, space):
        n = tasks.n_tiles(row, space)
        return [tasks.bounds(tile, row, space) for tile in range(n)], tasks.most_planes(row, space)

    wide, thin = (Chain(*layer(n, n, n_dims=2)).float() for n in (40, 4))
    for made in (wide, thin):
        x = torch.zeros(1, made[1].in_channels, 8, 8)
        row = recipe_of(made, x).plan(np.dtype(np.float32), True).table[0]
        for n_planes, width in product([*range(1, 40), 63, 128, 129, 255], [3, 20, 150, 600]):
            tiles, most = tiles_of(row, (n_planes, 1, width))
            firsts, lasts = zip(*tiles, strict=True)
            assert [0, *lasts] == [*firsts, n_planes]
            sizes = [last - first for first, last in tiles]
            assert min(sizes) > 0
            assert max(sizes) <= most
            assert sizes[-1] >= min(4, n_planes)  # where there are fewer, there is one tile


def test_images_in_single_precision_are_as_near_as_those_of_torch() -> None:
    wide = Chain(*(part for _ in range(4) for part in layer(40, 40, n_dims=2)))
    x = torch.randn(2, 40, 64, 66)
    exact = by_torch(wide).double()(x.double())
    ours, theirs = ((network(x) - exact).abs().mean() for network in (wide, by_torch(wide)))
    assert ours < 3 * theirs


def test_a_graph_that_is_kept_can_be_gone_back_through_twice() -> None:
    made, x = small(n_dims=2), torch.randn(2, 1, 30, 30, dtype=torch.float64)
    weights = list(made.parameters())
    loss = made(x).square().mean()
    first = torch.autograd.grad(loss, weights, retain_graph=True)
    made(x).square().mean().backward()
    for one, other in zip(first, torch.autograd.grad(loss, weights), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_joined_channels_are_those_of_two_tensors(n_dims, n_compiled) -> None:
    made = Chain(*layer(5, 3, n_dims=n_dims), *layer(3, 2, kernel=1, n_dims=n_dims)).double()
    size, found = (40, 7, 5)[:n_dims], []
    one, two = (torch.randn(2, n, *size, dtype=torch.float64) for n in (2, 3))
    for by_kernels in (True, False):
        inputs = [x.clone().requires_grad_() for x in (one, two)]
        y = made.join(*inputs) if by_kernels else by_torch(made)(torch.cat(inputs, 1))
        toward = torch.linspace(-1, 2, y.numel(), dtype=y.dtype).reshape_as(y).sin()
        slopes = torch.autograd.grad(y, inputs, toward)
        found.append([y, *slopes])
    assert n_compiled() == 1
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)
    with torch.no_grad():
        torch.testing.assert_close(made.eval().join(one, two), made(torch.cat((one, two), 1)))


def test_what_cannot_be_joined_is_refused_by_torch() -> None:
    made, x = Chain(*layer(4, 3, n_dims=2)), torch.randn(2, 2, 9, 8)
    for other in (x[:1], x[:, :, :5], x[:, :, :, :5]):
        with pytest.raises(RuntimeError, match="Sizes of tensors must match"):
            made.join(x, other)
    with pytest.raises(RuntimeError, match="channels"):
        made.join(x, torch.cat((x, x), 1))
    assert made.join(x, x.double().float()).shape == (2, 3, 9, 8)


@pytest.mark.parametrize("which", [0, 1])
def test_one_of_two_joined_tensors_may_need_a_gradient(which) -> None:
    made = Chain(*layer(4, 3, n_dims=2)).double().requires_grad_(False)
    inputs = [torch.randn(2, 2, 9, 8, dtype=torch.float64) for _ in range(2)]
    inputs[which].requires_grad_()
    assert gradcheck(made.join, inputs)
    assert gradgradcheck(made.join, inputs)


@pytest.mark.parametrize("channels", [(1, 1), (3, 5), (4, 8), (9, 2), (16, 17)], ids=str)
def test_any_numbers_of_channels_go(channels) -> None:
    n_in, n_out = channels
    made = Chain(*layer(n_in, n_out, kernel=3), *layer(n_out, n_in, kernel=5)).double()
    assert_alike(made, torch.randn(2, n_in, 100, dtype=torch.float64))


@pytest.mark.parametrize("length", [4095, 4097, 9001])
def test_long_signals_are_alike_in_single_precision(length) -> None:
    made = small(torch.float32, mode="circular", kernel=9)
    x, found = torch.randn(20, 1, length), []
    for network in (made, by_torch(made), by_torch(made).double()):
        y = network(x.to(network[2].weight.dtype))
        slopes = torch.autograd.grad(y.pow(3).sum(), list(network.parameters()))
        found.append([y.detach(), *slopes, *network.buffers()])
    for ours, theirs, exact in zip(*found, strict=True):
        scale = float(exact.abs().max()) + 1
        error, allowed = (float((of - exact).abs().max()) / scale for of in (ours, theirs))
        assert error < 2 * allowed + 1e-6


def test_a_response_at_the_end_of_a_chain_is_part_of_it(n_compiled) -> None:
    made = Chain(*layer(2, 3), *layer(3, 2)).double()
    assert_alike(made, torch.randn(18, 2, 50, dtype=torch.float64))
    assert n_compiled() == 1


@pytest.mark.parametrize("length", [500, 300_000])
def test_a_mean_far_from_zero_costs_no_precision(length) -> None:
    made = small(torch.float32)
    x = torch.randn(4, 1, length) + 3000
    exact = by_torch(made).double()(x.double())
    ours, theirs = (
        float((network(x) - exact).detach().abs().max()) for network in (made, by_torch(made))
    )
    assert ours < 2 * theirs


@pytest.mark.parametrize("n_dims", [1, 2, 3])
@pytest.mark.parametrize("training", [True, False])
def test_gradients_are_those_of_finite_differences(training, n_dims) -> None:
    made = Chain(
        *layer(1, 2, mode="reflect", n_dims=n_dims),
        *layer(2, 2, bias=True, n_dims=n_dims),
        *layer(2, 1, norm=False, n_dims=n_dims),
    )
    made = made.double().train(training)
    names = [name for name, _ in made.named_parameters()]
    x = torch.randn(2, 1, *(5, 4, 3)[:n_dims], dtype=torch.float64, requires_grad=True)

    def call(x: Tensor, *parameters: Tensor) -> Tensor:
        named = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(made, named, x)

    assert gradcheck(call, (x, *made.parameters()))
    assert gradgradcheck(call, (x, *made.parameters()), fast_mode=True)


@pytest.mark.parametrize("frozen", ["weight", "bias", "0.0", "4"])
def test_what_is_frozen_gets_no_gradient(frozen) -> None:
    made, x = small(bias=True), torch.randn(2, 1, 30, dtype=torch.float64)
    plain = by_torch(made)
    for network in (made, plain):
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(frozen not in name)
        network(x).square().sum().backward()
    for ours, theirs in zip(made.parameters(), plain.parameters(), strict=True):
        assert (ours.grad is None) == (theirs.grad is None)
        if ours.grad is not None:
            torch.testing.assert_close(ours.grad, theirs.grad)


def test_the_input_alone_may_need_a_gradient() -> None:
    made, x = small().requires_grad_(False), torch.randn(2, 1, 30, dtype=torch.float64)
    both = []
    for network in (made, by_torch(made)):
        own = x.clone().requires_grad_()
        network(own).square().sum().backward()
        both.append(own.grad)
    torch.testing.assert_close(*both)


@pytest.mark.parametrize(
    "options",
    [
        {"momentum": None},
        {"momentum": 0.7, "eps": 0.1},
        {"affine": False},
        {"track_running_stats": False},
    ],
    ids=str,
)
def test_normalisations_keep_their_statistics_as_torch_does(options, n_compiled) -> None:
    made = Chain(Pad(1, "reflect"), nn.Conv1d(1, 3, 3), nn.BatchNorm1d(3, **options)).double()
    plain = by_torch(made)
    for _ in range(3):
        x = torch.randn(4, 1, 25, dtype=torch.float64)
        torch.testing.assert_close(made(x), plain(x))
    with torch.no_grad():
        torch.testing.assert_close(made(x), plain(x))
        torch.testing.assert_close(made.eval()(x), plain.eval()(x))
    for ours, theirs in zip(made.buffers(), plain.buffers(), strict=True):
        torch.testing.assert_close(ours, theirs)
    assert n_compiled() == 5


def test_inference_of_many_signals_is_that_of_each() -> None:
    made = small(torch.float32).eval()
    x = torch.randn(300, 1, 600)
    with torch.inference_mode():
        torch.testing.assert_close(made(x), by_torch(made)(x), rtol=1e-4, atol=1e-5)
        assert torch.equal(made(x)[123:124], made(x[123:124]))


def test_results_repeat_and_do_not_depend_on_the_number_of_threads() -> None:
    made = Chain(*layer(1, 8), *layer(8, 8, kernel=15))
    x = torch.randn(24, 1, 2000)  # enough work to be shared
    n_threads, found = torch.get_num_threads(), []
    try:
        for n in (1, 2, 3, 1):
            torch.set_num_threads(n)
            y = made(x)
            found.append([y, *torch.autograd.grad(y.square().sum(), list(made.parameters()))])
    finally:
        torch.set_num_threads(n_threads)
    for others in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], others, strict=True))


@pytest.mark.parametrize(("n_channels", "size"), [(8, (33, 34)), (8, (5, 4, 3)), (40, (9, 9))])
def test_it_does_not_matter_which_thread_does_what(n_channels, size) -> None:
    made = Chain(*layer(n_channels, n_channels, n_dims=len(size))).double()
    x = torch.randn(1, n_channels, *size, dtype=torch.float64, requires_grad=True)
    y = made(x)
    toward, learnt = torch.randn_like(y), [x, *made.parameters()]
    first = torch.autograd.grad(y, learnt, toward, retain_graph=True)
    for _ in range(50):
        again = torch.autograd.grad(y, learnt, toward, retain_graph=True)
        assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))


def test_two_threads_may_train_at_once() -> None:
    x = torch.randn(6, 1, 2000)

    def train(found: list[Tensor]) -> None:
        made = copy.deepcopy(start)
        for _ in range(20):
            made.zero_grad()
            made(x).square().mean().backward()
            with torch.no_grad():
                for parameter in made.parameters():
                    parameter -= 0.01 * parameter.grad
        found += made.state_dict().values()

    start, alone = small(torch.float32), []
    train(alone)
    together: list[list[Tensor]] = [[], [], []]
    threads = [threading.Thread(target=train, args=(found,)) for found in together]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(all(map(torch.equal, alone, found)) for found in together)


def with_weights_elsewhere(made: Chain) -> None:
    weight = made[2].weight.detach().clone()
    del made[2].weight
    made[2].weight = weight * 1


def with_statistics_elsewhere(made: Chain) -> None:
    mean = made[3].running_mean
    del made[3].running_mean
    made[3].running_mean = mean


def hooked(made: Chain) -> None:
    made[0][1].register_forward_hook(lambda *_: None)


def pre_hooked(made: Chain) -> None:
    made[2].register_forward_pre_hook(lambda *_: None)


def overridden(made: Chain) -> None:
    made[2].forward = lambda x: nn.Conv1d.forward(made[2], x)


def of_another_kind(made: Chain) -> None:
    made[4] = nn.Tanh()


def parametrised(made: Chain) -> None:
    nn.utils.parametrizations.weight_norm(made[2])


def strided(made: Chain) -> None:
    made[0][1].stride = (2,)


@pytest.mark.parametrize(
    "change",
    [
        hooked,
        pre_hooked,
        overridden,
        of_another_kind,
        parametrised,
        strided,
        with_weights_elsewhere,
        with_statistics_elsewhere,
    ],
)
def test_changed_layers_are_left_to_torch(change, n_compiled) -> None:
    made = small()
    x = torch.randn(2, 1, 20, dtype=torch.float64)
    made(x)
    change(made)
    before = n_compiled()
    plain = nn.Sequential(*(nn.Sequential(*m) if isinstance(m, Chain) else m for m in made))
    torch.testing.assert_close(made(x), plain(x))
    # the nested chain may still be computed as a chain, but not the whole
    assert n_compiled() - before <= 1
    assert made(x).shape[1] == 2


def test_a_normalisation_that_is_there_twice_follows_both_batches() -> None:
    norm = nn.BatchNorm1d(2)
    made = Chain(nn.Conv1d(2, 2, 1), norm, nn.Conv1d(2, 2, 1), norm).double()
    assert_alike(made, torch.randn(3, 2, 20, dtype=torch.float64))


def test_numbers_that_are_not_as_they_lie_are_left_to_torch(n_compiled) -> None:
    made, x = small(), torch.randn(2, 1, 20, dtype=torch.float64)
    torch.testing.assert_close(made(torch._neg_view(x)), by_torch(made)(-x))
    assert n_compiled() == 0
    y = made(x)
    found = torch.autograd.grad(y, list(made.parameters()), torch._neg_view(torch.ones_like(y)))
    expected = torch.autograd.grad(-made(x).sum(), list(made.parameters()))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


def test_what_is_kept_for_the_way_back_goes_with_it() -> None:
    y = small()(torch.randn(2, 1, 20, dtype=torch.float64))
    kept = weakref.ref(y.grad_fn.saved_tensors[0])
    y.sum().backward()
    assert y.grad_fn.run.raws.size == 0
    assert kept() is None
    with pytest.raises(RuntimeError, match="already been freed"):
        y.grad_fn.saved_tensors  # noqa: B018


@pytest.mark.parametrize("shape", [(1, 20), (0, 1, 20), (0, 1, 4, 4)], ids=str)
def test_other_shapes_are_left_to_torch(shape, n_compiled) -> None:
    n_dims = max(1, len(shape) - 2)
    made = params.NetworkParamsDnCNN(n_layers=1, n_dims=n_dims).get_model("cpu").layers
    made[0] = nn.Identity()  # which pads in a way that needs a batch
    made(torch.randn(shape))
    assert n_compiled() == 0


@pytest.mark.parametrize("width", [8, 96, 97])
def test_wide_layers_are_left_to_torch(width, n_compiled) -> None:
    Chain(*layer(width, width))(torch.zeros(1, width, 10))
    assert n_compiled() == (width < 97)


def test_errors_are_those_of_torch() -> None:
    with pytest.raises(RuntimeError, match="expected input"):
        small()(torch.zeros(2, 5, 20, dtype=torch.float64))
    with pytest.raises(RuntimeError, match="type"):
        small()(torch.zeros(2, 1, 20))
    with pytest.raises(ValueError, match="more than 1 value"):
        small()(torch.zeros(1, 1, 1, dtype=torch.float64))
    made, x = small(), torch.zeros(2, 1, 20, dtype=torch.float64)
    y = made(x)
    with torch.no_grad():
        made[2].weight += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
def test_transforms_of_functions_see_torch() -> None:
    made = small().eval()
    x = torch.randn(3, 1, 20, dtype=torch.float64)
    torch.testing.assert_close(torch.func.vmap(lambda one: made(one[None])[0])(x), made(x))
    slopes = torch.func.grad(lambda x: made(x).sum())(x)
    own = x.clone().requires_grad_()
    torch.testing.assert_close(slopes, torch.autograd.grad(made(own).sum(), own)[0])
    with forward_ad.dual_level():
        dual = made(forward_ad.make_dual(x, torch.ones_like(x)))
        torch.testing.assert_close(
            forward_ad.unpack_dual(dual).tangent.sum(), slopes.sum(), rtol=1e-6, atol=1e-6
        )
    assert torch.equal(torch.compile(made, backend="eager", fullgraph=True)(x), by_torch(made)(x))
    with FlopCounterMode(display=False) as counter:
        made(x)
    assert counter.get_total_flops() > 0


def test_mixed_precision_leaves_what_kernels_compute_in_single_precision(n_compiled) -> None:
    signals, images = small(torch.float32), Chain(Pad(1, "reflect"), nn.Conv2d(1, 2, 3))
    x = torch.randn(3, 1, 20)
    with torch.autocast("cpu", torch.bfloat16):
        assert signals(x).dtype == torch.float32
        assert n_compiled() == 1
        assert images(x[:, None]).dtype == torch.bfloat16


def test_names_of_weights_are_those_of_a_sequence_and_copies_work() -> None:
    made = small()
    assert made.state_dict().keys() == by_torch(made).state_dict().keys()
    x = torch.randn(2, 1, 20, dtype=torch.float64)
    y = made(x)
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert torch.equal(again(x), y)


def test_an_epoch_of_the_smallest_network_calls_torch_once(n_compiled) -> None:
    network = params.NetworkParamsDnCNN(n_layers=6, n_features=4, n_dims=1).get_model("cpu")
    y = network(torch.randn(4, 1, 100))
    assert n_compiled() == 1
    assert [step[0].name() for step in y.grad_fn.next_functions if step[0]].count(
        "torch::autograd::AccumulateGrad"
    ) == len(list(network.parameters()))


def test_without_a_compiler_torch_computes_and_one_line_says_so(monkeypatch, caplog) -> None:
    availability.has_kernels.cache_clear()
    monkeypatch.setitem(sys.modules, "autoden.models.narrow.function", None)
    made, x = small(), torch.randn(2, 1, 20, dtype=torch.float64)
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert torch.equal(by_torch(made)(x), made(x))
    finally:
        availability.has_kernels.cache_clear()
    assert ["without kernels" in record.message for record in caplog.records] == [True]


def test_where_kernels_cannot_be_compiled_torch_computes(monkeypatch, caplog) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("no code for this machine")

    availability.has_kernels.cache_clear()
    monkeypatch.setattr(function, "prepare", broken)
    made, x = small(), torch.randn(2, 1, 20, dtype=torch.float64)
    try:
        with caplog.at_level(logging.WARNING):
            assert torch.equal(by_torch(made)(x), made(x))
    finally:
        availability.has_kernels.cache_clear()
    assert ["no code for this machine" in record.message for record in caplog.records] == [True]


def test_what_torch_renames_leaves_the_work_to_torch(monkeypatch, n_compiled) -> None:
    monkeypatch.delattr(forward_ad, "_current_level")
    made, x = small(), torch.randn(2, 1, 20, dtype=torch.float64)
    assert torch.equal(by_torch(made)(x), made(x))
    assert n_compiled() == 0


def run_python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_kernels_can_be_switched_off() -> None:
    code = """
import torch
from autoden.native.availability import has_kernels
print(has_kernels(torch.float32, "autoden.models.narrow.function"))"""
    for off in ("0", "false", "OFF"):
        assert run_python(code, AUTODEN_NATIVE=off) == "False"


def digests_of_processes(n: int, folder: Path) -> list[str]:
    """Let processes one after the other compute the same; the first has to compile the kernels."""
    code = """
import hashlib, torch
from autoden.models.params import NetworkParamsDnCNN
network = NetworkParamsDnCNN(n_layers=6, n_features=4, n_dims=1).get_model("cpu", 0)
y = network(torch.randn(4, 1, 4095, generator=torch.Generator().manual_seed(0)))
slopes = torch.autograd.grad(y.square().mean(), list(network.parameters()))
numbers = torch.cat([y.detach().flatten(), *(slope.flatten() for slope in slopes)])
print(hashlib.sha256(numbers.numpy().tobytes()).hexdigest())"""
    return [run_python(code, PYTHONPYCACHEPREFIX=str(folder)) for _ in range(n)]


@pytest.mark.slow
def test_a_process_that_finds_no_kernels_computes_what_later_ones_do(tmp_path) -> None:
    first, second, third = digests_of_processes(3, tmp_path)
    assert first == second == third


def test_what_loads_kernels_is_imported_at_the_first_suitable_batch_and_no_compiler() -> None:
    assert availability.has_kernels(torch.float32, "autoden.models.narrow.function")
    code = """
import sys, torch
from autoden.models.dncnn import DnCNN
network, before = DnCNN(n_layers=2, n_features=2, n_dims=1), "llvmlite" in sys.modules
network(torch.zeros(2, 1, 9)).square().sum().backward()
print(before, "llvmlite" in sys.modules, "numba" in sys.modules)"""
    assert run_python(code) == "False True False"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_computes_on_threads_of_its_own() -> None:
    code = """
import os, torch
from autoden.models.dncnn import DnCNN
network, x = DnCNN(n_layers=3, n_features=16, n_dims=1), torch.randn(16, 1, 4000)
def value():
    torch.set_num_threads(2)
    with torch.no_grad():
        y = network.layers(x)
    torch.set_num_threads(1)  # torch's own threads do not survive a fork
    return y.numpy().tobytes()
before = value()
child = os.fork()
if child == 0:
    os._exit(0 if value() == before else 1)
print(os.waitpid(child, 0)[1])"""
    assert run_python(code) == "0"
