"""Laws that hold for every network of the registry, whatever its options."""

import inspect
from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from autoden.errors import InputError
from autoden.models.param_checks import PAD_MODES
from autoden.models.params import (
    NETWORKS,
    NetworkParams,
    NetworkParamsDnCNN,
    NetworkParamsKernelMixture,
    NetworkParamsMSD,
    NetworkParamsResnet,
    NetworkParamsUNet,
)
from autoden.models.unet import UNet

# Few and narrow layers, for the networks whose defaults are slow to test; others use defaults.
SMALL = {
    "dncnn": {"n_layers": 3, "n_features": 4},
    "unet": {"n_levels": 2, "n_features": 4},
    "msd": {"n_layers": 4},
    "resnet": {"n_layers": 2, "n_features": 4},
    "kernel_mixture": {"dilations": (1, 3), "n_features": 4},
}
OPTIONS = {
    "unet": [
        {"bilinear": False},
        {"n_channels_skip": 0},
        {"n_channels_skip": 3},
        {"n_levels": 1},
        {"n_levels": 4, "bilinear": False, "n_channels_skip": 1},
        {"blur_pool": True, "top_skip": False},
        {"blur_pool": True, "bilinear": False, "n_channels_skip": 3, "n_levels": 1},
        {"align_corners": True},
    ],
    "msd": [{"use_dilations": False}, {"dilations": (1, 5, 9)}, {"n_features": 3}],
    "dncnn": [{"kernel_size": 1}, {"kernel_size": 5}, {"n_layers": 1}],
    "resnet": [{"kernel_size": 5}, {"n_layers": 1}],
    "kernel_mixture": [
        {"kernel_size": 5, "dilations": (2,)},
        {"stabilise": "anscombe"},
        {"gaussians": (0.5, 2.0), "savgol": ()},
        {"gaussians": (), "savgol": ((5, 2), (7, 4))},
    ],
}


def every_variant() -> list[NetworkParams]:
    """Return a small network of each kind, and it with each option and padding mode."""
    variants = []
    for name, kind in NETWORKS.items():
        small = SMALL.get(name, {})
        options = [{}, *OPTIONS.get(name, [])]
        if "pad_mode" in {field.name for field in fields(kind)}:
            options += [{"pad_mode": mode} for mode in PAD_MODES if mode != "replicate"]
        variants += [kind(**{**small, **option}) for option in options]
    return variants


def label(params: NetworkParams | int) -> str:
    """Name a case by its kind and by what differs from the defaults."""
    if not isinstance(params, NetworkParams):
        return str(params)
    given = {f.name: getattr(params, f.name) for f in fields(params)}
    changed = [f"{f.name}={given[f.name]}" for f in fields(params) if given[f.name] != f.default]
    return f"{type(params).__name__[13:]}-{'-'.join(changed)}"


def count(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


each_kind = pytest.mark.parametrize("name", NETWORKS)
each_variant = pytest.mark.parametrize("params", every_variant(), ids=label)


def small(name: str, **changes) -> NetworkParams:
    return NETWORKS[name](**{**SMALL.get(name, {}), **changes})


@each_variant
@pytest.mark.parametrize(
    "size",
    [
        (1,),
        (2,),
        (3,),
        (7,),
        (64,),
        (1, 1),
        (1, 9),
        (5, 2),
        (13, 16),
        (1, 8, 8),
        (3, 5, 9),
        (2, 1, 1),
    ],
    ids=str,
)
def test_any_size_comes_out_as_it_went_in(params: NetworkParams, size: tuple[int, ...]) -> None:
    network = replace(params, n_dims=len(size)).get_model("cpu", seed=0)
    x = torch.randn(2, 1, *size)
    before = x.clone()
    for training in (True, False):
        y = network.train(training)(x)
        assert y.shape == x.shape
        assert y.dtype == x.dtype
        assert torch.isfinite(y).all()
    assert torch.equal(x, before)


@each_variant
def test_channels_in_and_out_are_independent(params: NetworkParams) -> None:
    network = replace(params, n_channels_in=3, n_channels_out=2).get_model("cpu")
    assert network(torch.randn(2, 3, 7, 10)).shape == (2, 2, 7, 10)


@each_variant
def test_every_parameter_learns(params: NetworkParams) -> None:
    network = params.get_model("cpu", seed=1)
    (network(torch.randn(2, 1, 12, 11)) ** 2).mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
    # the bias of a convolution in front of a normalisation moves nothing; every kernel does
    assert all(p.grad.abs().max() > 0 for p in network.parameters() if p.ndim > 1)


@each_variant
def test_weights_and_init_params_rebuild_the_network(params: NetworkParams) -> None:
    network = params.get_model("cpu", seed=2)
    x = torch.randn(2, 1, 9, 10)
    network(x)  # moves the running statistics, which are part of the state
    copy = type(network)(**network.init_params)
    copy.load_state_dict(network.state_dict())
    assert torch.equal(copy.eval()(x), network.eval()(x))
    assert type(params)(**network.init_params) == params


@each_kind
def test_signature_of_the_network_is_its_record(name: str) -> None:
    kind = NETWORKS[name]
    network = type(small(name).get_model("cpu"))
    signature = inspect.signature(network).parameters
    asked = {k: p.default for k, p in signature.items() if p.kind is not p.KEYWORD_ONLY}
    assert asked == {f.name: f.default for f in fields(kind)}


def test_the_u_net_takes_features_before_levels_by_position() -> None:
    """The class has another order than its record, as users of auto-denoise know both."""
    params = UNet(1, 2, 8, 1, 3).init_params
    assert (params["n_features"], params["n_levels"], params["n_dims"]) == (8, 1, 3)


@each_kind
def test_seed_repeats_the_weights_and_leaves_the_global_state(name: str) -> None:
    params = small(name)
    state = torch.get_rng_state()
    weights = [params.get_model("cpu", seed=seed).state_dict() for seed in (5, 5, 6)]
    assert torch.equal(torch.get_rng_state(), state)
    key = next(iter(weights[0]))
    assert all(torch.equal(weights[0][k], weights[1][k]) for k in weights[0])
    assert not torch.equal(weights[0][key], weights[2][key])


@each_kind
def test_without_seed_the_weights_follow_the_global_state(name: str) -> None:
    params = small(name)
    drawn = []
    with torch.random.fork_rng(devices=[]):
        for _ in range(2):
            torch.manual_seed(11)
            networks = [params.get_model("cpu") for _ in range(2)]
            drawn.append([p for network in networks for p in network.parameters()])
    n = len(drawn[0]) // 2
    assert all(torch.equal(a, b) for a, b in zip(*drawn, strict=True))
    assert not torch.equal(drawn[0][0], drawn[0][n])  # the second network continues the sequence


@each_kind
@pytest.mark.parametrize("shape", [(4, 1, 9), (1, 9, 9), (4, 2, 9, 9)])
def test_wrong_tensor_is_explained(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"shape \(.*n_dims=2.*n_channels_in=1.*\(N, 1, Y, X\)"):
        small(name).get_model("cpu")(torch.zeros(shape))


@each_kind
def test_batches_are_independent_in_inference(name: str) -> None:
    network = small(name).get_model("cpu", seed=0).eval()
    x = torch.randn(3, 1, 10, 13)
    one_by_one = torch.cat([network(x[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(network(x), one_by_one)


@pytest.mark.parametrize("mode", [False, True])
@pytest.mark.parametrize("name", ["unet", "msd"])
def test_latent_comes_with_the_same_output(name: str, mode: bool) -> None:
    network = small(name).get_model("cpu", seed=0).train(mode)
    x = torch.randn(2, 1, 16, 12)
    y, latent = network(x, return_latent=True)
    assert torch.equal(y, network(x))
    assert latent.shape == {"unet": (2, 8, 4, 3), "msd": (2, 5, 16, 12)}[name]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        (NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6), 256),
        (NetworkParamsUNet(n_features=8, n_levels=3), 31201),
        (NetworkParamsUNet(n_features=8, n_levels=1), 2145),
        (NetworkParamsUNet(n_features=8, n_levels=2, n_channels_skip=4), 7365),
        (NetworkParamsUNet(n_features=8, n_levels=3, bilinear=False), 42177),
        (NetworkParamsUNet(n_features=8, n_levels=3, n_channels_skip=0), 24865),
        (NetworkParamsUNet(n_features=8, n_levels=3, blur_pool=True), 31201),
        # without the features skipped at full size: 8 * 8 kernels of 3 x 3 fewer
        (NetworkParamsUNet(n_features=8, n_levels=3, top_skip=False), 31201 - 8 * 8 * 9),
        (NetworkParamsMSD(n_layers=4, n_features=1), 108),
        (NetworkParamsMSD(n_layers=4, n_features=1, use_dilations=False), 108),
        (NetworkParamsResnet(n_layers=3, n_features=8), 2008),
        # from 14 differences to 8 features, three times to 8 again, by kernels of 3; to 15 weights
        (NetworkParamsKernelMixture(n_dims=1), (14 + 3 * 8) * 8 * 3 + 4 * 8 + (8 + 1) * 15),
    ],
    ids=label,
)
def test_number_of_parameters(params: NetworkParams, expected: int) -> None:
    assert count(params.get_model("cpu")) == expected


# How far one output sample sees on each side, in samples.
REACH = [
    (NetworkParamsDnCNN(n_layers=5, n_features=4, n_dims=1), 5),
    (NetworkParamsDnCNN(n_layers=3, n_features=4, n_dims=1, kernel_size=5), 6),
    (NetworkParamsMSD(n_layers=5, n_dims=1), 1 + 2 + 3 + 1 + 2),
    (NetworkParamsResnet(n_layers=3, n_features=4, n_dims=1), 6),
]


@pytest.mark.parametrize(("params", "reach"), REACH, ids=label)
def test_receptive_field(params: NetworkParams, reach: int) -> None:
    network = params.get_model("cpu", seed=3).double().eval()
    x = torch.randn(1, 1, 61, dtype=torch.float64, requires_grad=True)
    network(x)[0, 0, 30].backward()
    seen = np.flatnonzero(x.grad.numpy())
    assert seen.min() == 30 - reach
    assert seen.max() == 30 + reach


@pytest.mark.parametrize(("params", "reach"), REACH, ids=label)
def test_shifting_the_signal_shifts_the_output(params: NetworkParams, reach: int) -> None:
    network = params.get_model("cpu", seed=4).double().eval()
    x = torch.randn(1, 1, 80, dtype=torch.float64)
    whole, shifted = network(x[..., :70]), network(x[..., 7:77])
    inside = slice(reach, 63 - reach)  # away from the ends of both
    torch.testing.assert_close(whole[..., 7:][..., inside], shifted[..., inside])


@pytest.mark.parametrize("options", [{}, {"blur_pool": True, "top_skip": False}], ids=str)
def test_unet_shifts_with_its_coarsest_cell(options: dict) -> None:
    network = NetworkParamsUNet(n_levels=2, n_features=4, n_dims=1, pad_mode="circular", **options)
    network = network.get_model("cpu", seed=5).double().eval()
    x = torch.randn(1, 1, 128, dtype=torch.float64)
    middle = slice(40, 88)  # interpolation does not wrap around: stay away from the ends
    torch.testing.assert_close(
        network(x.roll(4, -1))[..., middle], network(x).roll(4, -1)[..., middle]
    )


@pytest.mark.parametrize("options", [{}, {"blur_pool": True}, {"bilinear": False}], ids=str)
def test_gradients_of_a_u_net_are_the_same_where_they_can_be_differentiated_again(options) -> None:
    network = UNet(n_features=4, n_levels=2, **options).double().eval()
    x = torch.linspace(-1, 2, 2 * 9 * 14, dtype=torch.float64).sin().reshape(2, 1, 9, 14)
    weights = [*network.parameters()]
    once, again = (
        torch.autograd.grad(network(x).square().sum(), weights, create_graph=create_graph)
        for create_graph in (False, True)
    )
    for one, other in zip(once, again, strict=True):
        torch.testing.assert_close(one, other)
