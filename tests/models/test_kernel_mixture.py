"""What a mixture of fixed filters is bound to, and that it learns which filter suits."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import ndimage, signal
from torch import Tensor

import autoden as ad
from autoden.errors import InputError
from autoden.models import KernelMixture
from autoden.models.io import load_model, save_model

BANK = {"gaussians": (0.5, 2.0, 5.0), "savgol": ((9, 2), (15, 4))}
SIZES = {1: (90,), 2: (31, 40), 3: (9, 16, 11)}
each_dimension = pytest.mark.parametrize("n_dims", SIZES)
each_view = pytest.mark.parametrize("stabilise", [None, "anscombe"])


def mixture(n_dims: int = 1, seed: int = 0, spread: float = 3.0, **params: object) -> KernelMixture:
    """Return a network whose weights differ from place to place, as after a training."""
    kind = ad.NetworkParamsKernelMixture(n_dims=n_dims, **{**BANK, **params})
    network = kind.get_model("cpu", seed=seed)
    last = network.layers[-1]
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        last.weight.copy_(spread * torch.randn(last.weight.shape, generator=generator))
    return network


def counts(*shape: int, seed: int = 0) -> Tensor:
    drawn = np.random.default_rng(seed).poisson(6.0, shape)
    return torch.as_tensor(drawn, dtype=torch.float32)


def filtered(x: np.ndarray, gaussians: tuple = (), savgol: tuple = ()) -> list[np.ndarray]:
    """Filter an array (*S) by scipy."""
    kernels = [signal.savgol_coeffs(window, order) for window, order in savgol]
    found = [ndimage.gaussian_filter(x, width) for width in gaussians]
    for kernel in kernels:
        smooth = x
        for axis in range(x.ndim):
            smooth = ndimage.correlate1d(smooth, kernel, axis, mode="reflect")
        found.append(smooth)
    return found


@each_dimension
def test_members_are_the_filtered_channels_and_the_estimates(n_dims: int) -> None:
    x = counts(2, 3, *SIZES[n_dims]).double()
    network = mixture(n_dims, n_channels_in=2, n_channels_out=2, n_channels_estimates=1).double()
    members = network.members(x).numpy()
    assert members.shape[1] == network.n_members == 2 * 5 + 1
    for n in range(2):
        expected = [m for c in range(2) for m in filtered(x[n, c].numpy(), **BANK)]
        np.testing.assert_allclose(members[n], [*expected, x[n, 2].numpy()], atol=1e-10)


@each_dimension
@each_view
def test_output_is_between_the_members(n_dims: int, stabilise: str | None) -> None:
    network = mixture(n_dims, stabilise=stabilise)
    x = counts(3, 1, *SIZES[n_dims])
    members, y = network.members(x), network(x)
    least, largest = members.amin(1, keepdim=True), members.amax(1, keepdim=True)
    assert ((y >= least - 1e-5) & (y <= largest + 1e-5)).all()
    weights = network.weights(members)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(2), torch.ones_like(y))
    assert weights.std(dim=-1).mean() > 1e-3  # the weights do differ from place to place
    torch.testing.assert_close(network.mix(members), y)


@each_view
def test_estimate_may_be_the_reference(stabilise: str | None) -> None:
    """Then the others are compared to it, and training starts from it."""
    network = mixture(n_channels_estimates=2, reference=6, stabilise=stabilise, prior=3.0)
    torch.nn.init.zeros_(network.layers[-1].weight)
    x = counts(1, 3, 80)
    members = network.members(x)
    weights = network.weights(members)[0, 0]
    torch.testing.assert_close(weights[6], torch.full((80,), np.e**3 / (np.e**3 + 6)))
    moved = members.clone()
    moved[:, 6] += 1.0
    assert not torch.allclose(network.features(moved), network.features(members), atol=1e-3)
    same = members[:, 6:].expand_as(members)
    assert network.features(same)[:, :6].abs().max() == 0  # nothing differs from the reference


@each_view
def test_outputs_of_channels_mix_their_own_members_and_all_estimates(stabilise: str | None) -> None:
    network = mixture(
        n_channels_in=2, n_channels_out=2, n_channels_estimates=1, stabilise=stabilise
    )
    x = counts(1, 3, 80)
    members = network.members(x)
    weights = network.weights(members)
    own = torch.stack((members[:, [0, 1, 2, 3, 4, 10]], members[:, 5:]), dim=1)
    torch.testing.assert_close(network(x), (weights * own).sum(2))


def test_other_numbers_of_outputs_mix_all_members() -> None:
    for n_out in (1, 3):
        network = mixture(n_channels_in=2, n_channels_out=n_out)
        members = network.members(counts(2, 2, 50))
        weights = network.weights(members)
        assert weights.shape == (2, n_out, 10, 50)
        expected = torch.einsum("nogx,ngx->nox", weights, members)
        torch.testing.assert_close(network.mix(members), expected)


@each_dimension
@each_view
@pytest.mark.parametrize("value", [0.0, 3.0, 1e5])
def test_constants_are_kept(n_dims: int, stabilise: str | None, value: float) -> None:
    x = torch.full((1, 1, *SIZES[n_dims]), value)
    torch.testing.assert_close(mixture(n_dims, stabilise=stabilise)(x), x)


@each_dimension
def test_offset_and_scale_pass_through(n_dims: int) -> None:
    network = mixture(n_dims).double()
    x = counts(2, 1, *SIZES[n_dims]).double()
    torch.testing.assert_close(network(0.01 * x - 3.0), 0.01 * network(x) - 3.0)


@pytest.mark.parametrize("size", [(1,), (2,), (40,), (511,), (1, 7)])
def test_noiseless_zeros_and_steps_are_finite_and_learn(size: tuple[int, ...]) -> None:
    """Where nothing differs there is no noise to divide by."""
    x = torch.zeros(1, 1, *size)
    x[..., size[-1] // 2 :] = 1e4
    for stabilise in (None, "anscombe"):
        network = mixture(len(size), stabilise=stabilise)
        y = network(x)
        y.square().mean().backward()
        assert torch.isfinite(y).all()
        assert all(torch.isfinite(p.grad).all() for p in network.parameters())


def test_training_starts_from_the_reference() -> None:
    """With the others equally likely; other filters, dimensions and numbers of channels alike."""
    for params in ({}, {"n_dims": 3}, {"gaussians": ()}, {"n_channels_in": 2, "n_channels_out": 2}):
        kind = ad.NetworkParamsKernelMixture(**{"n_dims": 1, **params}, prior=2.0)
        network = kind.get_model("cpu", seed=0)
        torch.nn.init.zeros_(network.layers[-1].weight)
        x = counts(1, kind.n_channels_in, *SIZES[kind.n_dims])
        n_filters = len(kind.gaussians) + len(kind.savgol)
        weights = network.weights(network.members(x))
        favoured = weights[:, :, kind.reference]
        expected = np.exp(2.0) / (np.exp(2.0) + n_filters - 1)
        torch.testing.assert_close(favoured, torch.full_like(favoured, expected))


@each_view
def test_output_shifts_with_the_input(stabilise: str | None) -> None:
    network = mixture(stabilise=stabilise, kernel_size=3).double()
    x = counts(1, 1, 300).double()
    inside = slice(80, 200)
    moved = network(x[..., 7:])[..., : -7 or None]
    torch.testing.assert_close(network(x)[..., 7:-7][..., inside], moved[..., inside])


def test_reach_is_what_the_description_says() -> None:
    network = mixture(stabilise="anscombe", dilations=(1, 2), kernel_size=5).double()
    x = counts(1, 1, 121).double().requires_grad_()
    network(x)[0, 0, 60].backward()
    seen = np.flatnonzero(x.grad)
    reach = 4 * 5 + (1 + 2) * 2  # the Gaussian of width 5, then two convolutions of 5
    assert (seen.min(), seen.max()) == (60 - reach, 60 + reach)


def test_members_of_fixed_inputs_are_computed_once_for_the_same_gradients() -> None:
    network, x = mixture(), counts(2, 1, 90)
    members = network.members(x)
    assert not members.requires_grad  # there is nothing to train before the mixture
    gradients = []
    for y in (network(x), network.mix(members)):
        network.zero_grad()
        y.square().mean().backward()
        gradients.append([p.grad.clone() for p in network.parameters()])
    for first, second in zip(*gradients, strict=True):
        torch.testing.assert_close(first, second)


# Parameters


def test_defaults_follow_the_dimensions_and_are_written_down() -> None:
    by_dimension = {n_dims: ad.NetworkParamsKernelMixture(n_dims=n_dims) for n_dims in SIZES}
    assert len({params.gaussians for params in by_dimension.values()}) == 3
    for params in by_dimension.values():
        assert params == ad.NetworkParamsKernelMixture(**vars(params))
        assert None not in (params.dilations, params.gaussians, params.savgol, params.reference)
        assert params.get_model("cpu").init_params == vars(params)


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_own_filters_survive_a_file_which_holds_none(tmp_path: Path, suffix: str) -> None:
    network = mixture(2, stabilise="anscombe", n_channels_estimates=1, reference=3, prior=1.5)
    file = tmp_path / f"mixture.{suffix}"
    save_model(file, network)
    copy = ad.models.create_network(load_model(file), device="cpu")
    assert copy.init_params == network.init_params
    assert copy.init_params["savgol"] == BANK["savgol"]
    assert set(network.state_dict()) == {name for name, _ in network.named_parameters()}
    x = counts(1, 2, 20, 21)
    assert torch.equal(copy(x), network(x))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"gaussians": (1.0, 0.0)}, r"`gaussians\[1\]` is 0.0: give a finite number above 0"),
        ({"gaussians": (1e9,)}, r"`gaussians\[0\]` is 1000000000.0: give a width of at most 500"),
        ({"gaussians": 3.0}, r"`gaussians` is 3.0: give widths such as"),
        ({"savgol": ((10, 2),)}, r"`window of savgol\[0\]` is 10: give an odd number"),
        ({"savgol": ((5, 5),)}, r"`savgol\[0\]` is \(5, 5\): give .*an order below it"),
        ({"savgol": ((10**6 + 1, 2),)}, r"`savgol\[0\]` is .*at most 4001"),
        ({"savgol": ((4001, 200),)}, r"`savgol\[0\]` is .*at most 20"),
        ({"savgol": (11, 2)}, r"`savgol\[0\]` is 11: give a window and an order"),
        ({"savgol": ((11, 2, 1),)}, r"`savgol\[0\]` is \(11, 2, 1\): give a window and an order"),
        ({"gaussians": (), "savgol": ()}, r"have 0 filters together: give from 2 to 100"),
        ({"gaussians": (1.0,) * 101}, r"filters together: give from 2 to 100"),
        ({"reference": 11}, r"`reference` is 11: choose one of 0, 1"),
        ({"reference": -1}, r"`reference` is -1"),
        ({"dilations": (1, 0)}, r"`dilations\[1\]` is 0"),
        ({"dilations": (1,) * 101}, r"`dilations` has 101 layers: give at most 100"),
        ({"prior": np.inf}, r"`prior` is inf: give a finite number"),
        ({"stabilise": "log"}, r"`stabilise` is 'log': choose one of None, 'anscombe'"),
        ({"n_channels_estimates": -1}, r"`n_channels_estimates` is -1"),
    ],
    ids=str,
)
def test_odd_parameters_are_named(params: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ad.NetworkParamsKernelMixture(**params)


def test_wrong_tensors_are_explained() -> None:
    network = mixture(n_channels_estimates=1)
    with pytest.raises(InputError, match=r"takes \(N, 2, X\)"):
        network(torch.zeros(1, 1, 20))
    with pytest.raises(InputError, match=r"takes \(N, 6, X\)"):
        network.mix(torch.zeros(1, 5, 20))


# Science


def errors_after_noise2noise(data: np.ndarray, truth: np.ndarray, epochs: int, seed: int):
    """Train on repeats; return the error of the estimate, and of each filter on their mean."""
    kind = ad.NetworkParamsKernelMixture(n_dims=truth.ndim, n_features=12)
    n2n = ad.N2N(kind, device="cpu", seed=seed, verbose=False)
    inp, tgt, held_out = n2n.prepare_data(data)
    n2n.train(inp, tgt, held_out, epochs=epochs, learning_rate=5e-3)
    simple = filtered(data.mean(0), kind.gaussians, kind.savgol)
    error = float(np.mean((n2n.infer(inp) - truth) ** 2))
    return error, [float(np.mean((member - truth) ** 2)) for member in simple]


@pytest.mark.parametrize("seed", range(3))
def test_mixture_beats_every_filter_where_none_suits_everywhere(seed: int) -> None:
    """Half of the signal changes every few samples, half of it is smooth."""
    position = np.arange(2048.0)
    fine = np.sign(np.sin(2 * np.pi * position / 8 + 0.1))
    truth = np.where(position < 1024, fine, np.sin(position / 80))
    data = truth + np.random.default_rng(seed).normal(0, 0.5, (4, 2048))
    error, of_filters = errors_after_noise2noise(data, truth, 100, seed)
    assert error < 0.85 * min(of_filters)


@pytest.mark.parametrize("seed", range(3))
def test_mixture_of_spectra_is_far_better_than_their_mean(seed: int) -> None:
    """Compared by squares, which a few strong lines decide: no more is sure in a short run."""
    spectra = ad.datasets.xrf_spectra(n_exposures=4, n_channels=2048, seed=seed)
    error, _ = errors_after_noise2noise(spectra.counts, spectra.truth, 60, seed)
    of_mean = np.mean((spectra.counts.mean(0) - spectra.truth) ** 2)
    assert error < 0.6 * of_mean


def test_mixture_of_images_beats_every_filter() -> None:
    """A pattern of stripes on one side, flat areas with an edge on the other."""
    y, x = np.mgrid[:64, :64]
    truth = np.where(x < 32, np.sign(np.sin(2 * np.pi * y / 8 + 0.1)), (y > 32) + 0.0)
    data = truth + np.random.default_rng(0).normal(0, 0.5, (4, 64, 64))
    error, of_filters = errors_after_noise2noise(data, truth, 80, 0)
    assert error < 0.85 * min(of_filters)
