"""Every penalty in every number of dimensions, against direct formulas and common laws."""

import copy
from itertools import product

import numpy as np
import pytest
import pywt
import torch
from scipy import ndimage
from torch.autograd import gradcheck

import autoden as ad
from autoden import losses
from autoden.errors import InputError
from autoden.losses import LossCCF, LossDWTN, LossRegularizer, LossSWTN, LossTGV, LossTV
from autoden.transforms import ParsevalFilterBankND

SIZES = {1: (13,), 2: (13, 12), 3: (12, 13, 14)}


def ccf(n_dims, **options):
    bank = ParsevalFilterBankND(2, n_dims)
    return LossCCF(0.5, bank.get_kernels(), bank.get_filter_weights(), **options)


# Only what a constant signal leaves at zero.
PENALTIES = {
    "LossTV": lambda n, **options: LossTV(0.5, n_dims=n, **options),
    "LossTGV": lambda n, **options: LossTGV(0.5, n_dims=n, **options),
    "LossDWTN": lambda n, **options: LossDWTN(0.5, "db2", 2, n, min_approx=False, **options),
    "LossSWTN": lambda n, **options: LossSWTN(0.5, "db2", 2, n, min_approx=False, **options),
    "LossCCF": ccf,
}
every_penalty = pytest.mark.parametrize("name", PENALTIES)
in_every_dimension = pytest.mark.parametrize("n_dims", [1, 2, 3])


def signal(n_dims, seed=0):
    return np.random.default_rng(seed).normal(size=(2, 3, *SIZES[n_dims]))


def test_every_public_penalty_is_tested_here():
    public = [getattr(losses, name) for name in dir(losses) if not name.startswith("_")]
    regularizers = [p for p in public if isinstance(p, type) and issubclass(p, LossRegularizer)]
    assert {p.__name__ for p in regularizers} == {"LossRegularizer", *PENALTIES}


@every_penalty
@in_every_dimension
def test_a_flat_signal_costs_nothing_and_has_finite_derivatives(name, n_dims):
    x = torch.full((1, 2, *SIZES[n_dims]), 3.0, requires_grad=True)
    loss = PENALTIES[name](n_dims)(x)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-6)
    assert x.grad.isfinite().all()


@every_penalty
@in_every_dimension
def test_derivatives_are_those_of_the_value(name, n_dims):
    options = {"n_steps": 1000} if name == "LossTGV" else {}
    loss = PENALTIES[name](n_dims, **options).double()
    x = torch.tensor(signal(n_dims)[:1, :2], requires_grad=True)
    x = x[(..., *(slice(0, 4),) * n_dims)].detach().requires_grad_()
    assert gradcheck(loss, x, atol=1e-4, fast_mode=True)


@every_penalty
@in_every_dimension
def test_values_scale_with_the_signal_and_the_weight_and_add_up(name, n_dims):
    x = torch.tensor(signal(n_dims))
    mean, total = (PENALTIES[name](n_dims, reduction=r) for r in ("mean", "sum"))
    value = mean(x)
    torch.testing.assert_close(mean(-7 * x), 7 * value)
    assert mean.lambda_val == 0.5
    mean.lambda_val = 1.0
    torch.testing.assert_close(mean(x), 2 * value)
    torch.testing.assert_close(total(x), sum(total(item[None]) for item in x))
    torch.testing.assert_close(
        copy.deepcopy(mean)(x.float()).double(), mean(x), atol=1e-4, rtol=1e-4
    )


@every_penalty
@in_every_dimension
def test_penalties_move_to_a_device(name, n_dims):
    x = torch.empty(1, 1, *SIZES[n_dims], device="meta")
    assert PENALTIES[name](n_dims).to("meta")(x).device.type == "meta"


@every_penalty
@in_every_dimension
def test_small_outputs_are_penalised_too(name, n_dims):
    x = torch.zeros(1, 1, *(2,) * n_dims)
    x[..., 1] = 1.0
    assert PENALTIES[name](n_dims)(x).isfinite()


@every_penalty
def test_outputs_of_other_dimensions_are_refused(name):
    with pytest.raises(InputError, match=r"n_dims=1|axes"):
        PENALTIES[name](2)(torch.zeros(1, 1, 8))


@every_penalty
def test_denoisers_train_with_every_penalty(name):
    x = np.random.default_rng(0).normal(size=(3, 32)).astype(np.float32)
    model = ad.NetworkParamsDnCNN(n_dims=1, n_features=2, n_layers=2)
    denoiser = ad.N2N(model, reg_val=PENALTIES[name](1), verbose=False, seed=0)
    history = denoiser.train(*denoiser.prepare_data(x), epochs=2)
    assert (history["loss_trn"] > history["loss_trn_data"]).all()


# Wavelets


@in_every_dimension
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("options", list(product([False, True], repeat=3)), ids=str)
def test_decimated_wavelet_penalty_equals_its_definition(n_dims, reduction, options):
    isotropic, min_approx, lvl_scale = options
    x = signal(n_dims)
    found = pywt.wavedecn(x, "db2", "symmetric", 2, axes=tuple(range(-n_dims, 0)))
    values = []
    for level, bands in zip((2, 1), found[1:], strict=True):
        stacked = np.stack(list(bands.values()))
        size = np.sqrt((stacked**2).sum(axis=0)) if isotropic else np.abs(stacked)
        values.append(size.ravel() * (2.0 ** (-n_dims * level) if lvl_scale else 1))
    if min_approx:
        values.append(np.abs(found[0]).ravel() * (2.0 ** (-n_dims * 2) if lvl_scale else 1))
    expected = 0.7 * getattr(np.concatenate(values), reduction)()
    loss = LossDWTN(0.7, "db2", 2, n_dims, isotropic, min_approx, lvl_scale, reduction)
    assert loss(torch.tensor(x)).item() == pytest.approx(expected)


def stationary_haar(x, n_dims, spacing):
    """One level: the bands of (N, C, *S), sums and differences with the element further on."""
    bands = {"": x}
    for axis in range(-n_dims, 0):
        widths = [(0, 0)] * x.ndim
        widths[axis] = (0, spacing)
        split = {}
        for key, values in bands.items():
            ahead = np.pad(values, widths, "symmetric")
            ahead = np.take(ahead, np.arange(spacing, ahead.shape[axis]), axis)
            split[key + "a"] = (values + ahead) / np.sqrt(2)
            split[key + "d"] = (values - ahead) / np.sqrt(2)
        bands = split
    return bands.pop("a" * n_dims), np.stack(list(bands.values()))


@in_every_dimension
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("options", list(product([False, True], repeat=3)), ids=str)
def test_stationary_wavelet_penalty_equals_its_definition(n_dims, reduction, options):
    isotropic, min_approx, lvl_scale = options
    x = approximation = signal(n_dims)
    values = 0
    for level in (1, 2):
        approximation, details = stationary_haar(approximation, n_dims, 2 ** (level - 1))
        weight = 2.0 ** (-n_dims * level) if lvl_scale else 1
        size = np.sqrt((details**2).sum(axis=0)) if isotropic else np.abs(details).sum(axis=0)
        values = values + weight * size
    if min_approx:
        values = values + weight * np.abs(approximation)
    expected = 0.7 * getattr(values, reduction)()
    loss = LossSWTN(0.7, "haar", 2, n_dims, isotropic, min_approx, lvl_scale, reduction)
    assert loss(torch.tensor(x)).item() == pytest.approx(expected)


@in_every_dimension
@pytest.mark.parametrize("isotropic", [False, True])
def test_stationary_penalty_is_the_average_of_the_decimated_over_shifts(n_dims, isotropic):
    x = torch.zeros(1, 1, *(32,) * n_dims, dtype=torch.float64)
    inner = (..., *(slice(13, 18),) * n_dims)  # far from the ends, which shifts would tear
    x[inner] = torch.randn_like(x[inner])
    options = {"n_dims": n_dims, "isotropic": isotropic, "min_approx": True, "reduction": "sum"}
    decimated = LossDWTN(1.0, "db2", 2, **options)
    axes = tuple(range(2, 2 + n_dims))
    shifts = list(product(range(4), repeat=n_dims))
    average = sum(decimated(x.roll(shift, axes)) for shift in shifts) / len(shifts)
    torch.testing.assert_close(LossSWTN(1.0, "db2", 2, **options)(x), average)


@pytest.mark.parametrize("penalty", [LossDWTN, LossSWTN])
def test_the_level_is_what_the_output_allows(penalty):
    x = torch.randn(1, 1, 6, 20)
    assert penalty(1.0, level=9)(x) == penalty(1.0, level=2)(x) != penalty(1.0, level=1)(x)
    with pytest.raises(InputError, match="at least 2"):
        penalty(1.0)(torch.zeros(1, 1, 1, 20))


# Custom filters


@in_every_dimension
@pytest.mark.parametrize("min_approx", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_filter_bank_penalty_equals_its_definition(n_dims, min_approx, reduction):
    rng = np.random.default_rng(1)
    filters, weights = rng.normal(size=(4, *(3,) * n_dims)), rng.uniform(size=4)
    x = signal(n_dims)
    used = range(0 if min_approx else 1, 4)
    values = [
        [weights[m] * np.abs(ndimage.correlate(channel, filters[m], mode="reflect")) for m in used]
        for channel in x.reshape(-1, *SIZES[n_dims])
    ]
    expected = 0.7 * getattr(np.sum(values, axis=1), reduction)()
    loss = LossCCF(0.7, torch.tensor(filters), weights, min_approx, reduction)
    assert loss(torch.tensor(x)).item() == pytest.approx(expected)


def test_filters_across_channels_see_them_together():
    filters = torch.randn(3, 2, 3, 3, dtype=torch.float64)
    x = torch.randn(1, 2, 7, 8, dtype=torch.float64)
    one_by_one = [
        sum(
            ndimage.correlate(x[0, c].numpy(), filters[m, c].numpy(), mode="reflect")
            for c in range(2)
        )
        for m in (1, 2)
    ]
    expected = np.abs(one_by_one).sum(axis=0).mean()
    assert LossCCF(1.0, filters, torch.ones(3))(x).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("build", "words"),
    [(lambda: LossCCF(1, torch.ones(2, 3), [1.0]), "2 filters"),
     (lambda: LossCCF(1, torch.ones(2, 3), [1.0, -1.0]), "at least 0"),
     (lambda: LossDWTN(1, "nosuch"), "wavelet"), (lambda: LossSWTN(1, level=0), "level"),
     (lambda: LossDWTN(1, isotropic="yes"), "isotropic"),
     (lambda: LossTGV(1, n_steps=0), "n_steps"), (lambda: LossTGV(-1), "lambda_val")],
)  # fmt: skip
def test_bad_settings_are_refused(build, words):
    with pytest.raises(InputError, match=words):
        build()
