"""What code written for auto-denoise 3.0 expects of penalties, transforms and augmentations."""

import numpy as np
import pytest
import torch
from torch import nn

import autoden as ad
from autoden.training import Batch

datasets = ad.algorithms.datasets
SIZES = {1: (17,), 2: (12, 15), 3: (8, 9, 7)}


# Penalties

KERNELS = torch.tensor([[[1.0, 1], [1, 1]], [[1, -1], [1, -1]], [[1, 1], [-1, -1]]]) / 4
PENALTIES = {
    "LossTV": ad.losses.LossTV,
    "LossTGV": ad.losses.LossTGV,
    "LossDWTN": ad.losses.LossDWTN,
    "LossSWTN": ad.losses.LossSWTN,
    "LossCCF": lambda weight, **options: ad.losses.LossCCF(weight, KERNELS, [1.0] * 3, **options),
}


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_is_higher_for_a_rough_output_and_proportional_to_its_weight(name, reduction):
    penalty = PENALTIES[name](1.0, reduction=reduction)
    assert isinstance(penalty, ad.losses.LossRegularizer)
    smooth = torch.linspace(-1, 1, 32).expand(2, 1, 32, 32)
    rough = smooth + 0.3 * torch.randn(2, 1, 32, 32)
    assert penalty(rough) > 1.1 * penalty(smooth) > 0
    assert penalty(rough).shape == ()
    heavier = PENALTIES[name](2.5, reduction=reduction)
    torch.testing.assert_close(heavier(rough), 2.5 * penalty(rough))


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_is_the_mean_or_the_sum_over_the_output(name):
    one = torch.randn(1, 1, 16, 16)
    two = torch.cat([one, one])
    mean, total = (PENALTIES[name](1.0, reduction=reduction) for reduction in ("mean", "sum"))
    torch.testing.assert_close(mean(two), mean(one))
    torch.testing.assert_close(total(two), 2 * total(one))
    torch.testing.assert_close(total(one), one.numel() * mean(one))


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_serves_as_reg_val(name):
    n2n = ad.N2N(
        ad.NetworkParamsDnCNN(n_layers=2, n_features=2), reg_val=PENALTIES[name](0.1), verbose=False
    )
    data = n2n.prepare_data(np.random.default_rng(0).normal(size=(3, 16, 16)))
    losses = n2n.train(*data, epochs=2)
    assert (losses["loss_trn"] > losses["loss_trn_data"]).all()


# Transforms


@pytest.mark.parametrize("n_dims", SIZES)
@pytest.mark.parametrize("wavelet", ["haar", "db2"])
def test_wavelets_of_several_levels_in_n_dimensions(wavelet, n_dims):
    x = torch.randn(2, 2, *SIZES[n_dims])
    decimated = ad.transforms.dwtn(x, wavelet, level=2)
    torch.testing.assert_close(ad.transforms.idwtn(decimated, wavelet), x, atol=1e-5, rtol=1e-5)
    stationary = ad.transforms.swtn(x, wavelet, level=2)
    for details in stationary.details:
        assert details.shape[-n_dims:] == x.shape[2:]


def test_custom_filters_analyze_and_synthesize():
    """Haar filters, halved, with their diagonal: a Parseval frame, so nothing is lost."""
    kernels = torch.cat([KERNELS, torch.tensor([[[1.0, -1], [-1, 1]]]) / 4])
    bank = ad.transforms.CustomFilterDecomposition(kernels)
    x = torch.randn(2, 1, 9, 10)
    coefficients = bank.analyze(x)
    assert coefficients.shape == (2, 4, 9, 10)
    torch.testing.assert_close(bank.synthesize(coefficients), x)


@pytest.mark.parametrize(("k", "n_dims", "in_ch"), [(3, 1, 1), (3, 2, 1), (2, 2, 2), (2, 3, 1)])
def test_the_learnable_bank_is_a_parseval_frame_with_one_constant_filter(k, n_dims, in_ch):
    bank = ad.transforms.ParsevalFilterBankND(k, n_dims, in_ch)
    nn.init.normal_(next(bank.parameters()))
    kernels = bank.get_kernels().detach()
    n_filters = in_ch * k**n_dims
    assert kernels.shape == (n_filters, in_ch, *(k,) * n_dims)
    first, *others = kernels.flatten(1)
    torch.testing.assert_close(first, first[0].expand_as(first))
    torch.testing.assert_close(torch.stack(others).sum(dim=1), torch.zeros(n_filters - 1),
                               atol=1e-5, rtol=0)  # fmt: skip
    gram = kernels.flatten(1) @ kernels.flatten(1).T * k**n_dims
    torch.testing.assert_close(gram, torch.eye(n_filters), atol=1e-5, rtol=0)
    x = torch.randn(2, in_ch, *SIZES[n_dims])
    torch.testing.assert_close(bank.synthesize(bank.analyze(x)), x, atol=1e-5, rtol=1e-5)
    frozen = bank.get_custom_decomposition()
    torch.testing.assert_close(frozen.analyze(x), bank.analyze(x))


def test_a_bank_may_have_fewer_filters():
    bank = ad.transforms.learnable_filters.ParsevalFilterBankND(3, n_dims=2, in_ch=1, m=5)
    assert bank.get_kernels().shape == (5, 1, 3, 3)


def test_a_bank_learns_sparsity_and_weighs_a_penalty():
    walks = np.random.default_rng(0).normal(size=(12, 16, 16)).cumsum(axis=1).cumsum(axis=2)
    bank = ad.transforms.ParsevalFilterBankND(3)
    before = bank.analyze(torch.tensor(walks[8:, None], dtype=torch.float32))[:, 1:].abs().mean()
    trained, losses = ad.transforms.train_sparsity(
        bank, data_trn=walks[:8], data_val=walks[8:], n_epochs=4, batch_size=4, lr=1e-2
    )
    assert {len(values) for values in losses.values()} == {4}
    after = trained.analyze(torch.tensor(walks[8:, None], dtype=torch.float32))[:, 1:].abs().mean()
    assert after < before
    weights = trained.get_filter_weights(exponent=2)
    assert weights[0] == 0
    assert (weights[1:] > 0).all()
    penalty = ad.losses.LossCCF(1.0, trained.get_kernels().detach(), weights)
    noise = torch.randn(1, 1, 16, 16)
    assert penalty(noise) > penalty(torch.ones(1, 1, 16, 16)) >= 0


# Augmentations


def make_batch(n=2):
    """A batch whose target is the input and whose mask says where it is positive."""
    x = torch.randn(n, 1, 12, 12)
    return Batch(x, x.clone(), (x <= 0).float(), x > 0)


@pytest.mark.parametrize(
    "kind",
    [
        lambda rng: datasets.AugmentationFlip(rng=rng),
        lambda rng: datasets.AugmentationRotation90(rng=rng),
        lambda rng: datasets.AugmentationRotationAny(rng=rng),
        lambda rng: datasets.AugmentationRotationAny(step=45, rng=rng),
    ],
    ids=["flip", "rotation by 90", "any rotation", "steps of 45"],
)
def test_geometric_augmentations_move_input_target_and_mask_together(kind):
    batch = make_batch()
    views = [kind(np.random.default_rng(seed))(batch) for seed in range(8)]
    assert any(not torch.equal(view.input, batch.input) for view in views)
    for view in views:
        assert torch.equal(view.input, view.target)
        inside = (view.weight > 0) | view.held_out  # what turns in from outside does not count
        assert torch.equal(view.held_out[inside], view.input[inside] > 0)
    again = kind(np.random.default_rng(3))(batch)
    assert torch.equal(again.input, views[3].input)


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize(
    ("kind", "variance"),
    [
        (lambda n, rng: datasets.AugmentationGaussianNoise(0.2, n=n, rng=rng), 0.04),
        (lambda n, rng: datasets.AugmentationPoissonNoise(2, n=n, rng=rng), 0.5 / 100),
    ],
    ids=["Gaussian", "Poisson"],
)
def test_noise_is_added_to_the_input_or_to_input_and_target(kind, variance, n):
    flat = torch.full((1, 1, 100, 100), 0.5)
    batch = Batch(flat, flat, torch.ones_like(flat), flat < 0)
    view = kind(n, np.random.default_rng(0))(batch)
    assert (view.input - flat).var().item() == pytest.approx(variance, rel=0.1)
    expected = variance if n == 2 else 0
    assert (view.target - flat).var().item() == pytest.approx(expected, rel=0.1)
    assert torch.equal(view.held_out, batch.held_out)
    assert torch.equal(kind(n, np.random.default_rng(0))(batch).input, view.input)
