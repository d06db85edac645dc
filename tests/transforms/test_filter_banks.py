"""Banks of filters: definition, adjoint, tight frames, and learning them."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from scipy.stats import spearmanr
from torch.autograd import gradcheck

from autoden.errors import InputError
from autoden.transforms import CustomFilterDecomposition, ParsevalFilterBankND, train_sparsity

IMAGES = np.ones((2, 8, 8))
SIZES = {1: (11,), 2: (9, 10), 3: (6, 5, 7)}


def bank_with_random_filters(k, n_dims, in_ch=1, m=None):
    bank = ParsevalFilterBankND(k, n_dims, in_ch, m)
    torch.nn.init.normal_(bank.generators)
    return bank


def summed_spectra(kernels, size=32):
    """Power spectra on a fine grid of frequencies, summed over the filters (M, *K)."""
    n_dims = kernels.ndim - 1
    spectra = np.fft.fftn(kernels, [size] * n_dims, axes=range(1, n_dims + 1))
    return (np.abs(spectra) ** 2).sum(axis=0)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize(("mode", "scipy_mode"), [("periodic", "wrap"), ("symmetric", "reflect")])
def test_analysis_is_the_correlation_with_each_filter(n_dims, k, mode, scipy_mode):
    rng = np.random.default_rng(0)
    kernels = rng.normal(size=(3, *(k,) * n_dims))
    x = rng.normal(size=(2, 2, *SIZES[n_dims]))
    found = CustomFilterDecomposition(kernels).analyze(torch.tensor(x), mode)
    assert found.shape == (2, 6, *SIZES[n_dims])
    # scipy centres an even kernel one element later
    origin = -1 if k % 2 == 0 else 0
    expected = [
        [ndimage.correlate(channel, h, mode=scipy_mode, origin=origin) for h in kernels]
        for channel in x.reshape(4, *SIZES[n_dims])
    ]
    np.testing.assert_allclose(found.reshape(4, 3, *SIZES[n_dims]), expected, atol=1e-12)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
@pytest.mark.parametrize("shape", [(5, 2), (5, 3), (5, 4)], ids=str)
@pytest.mark.parametrize("in_ch", [None, 1, 2])
@pytest.mark.parametrize("size", [None, 3])
def test_synthesis_is_the_adjoint_of_the_analysis(n_dims, shape, in_ch, size):
    m, k = shape
    channels = () if in_ch is None else (in_ch,)
    bank = CustomFilterDecomposition(torch.randn(m, *channels, *(k,) * n_dims, dtype=torch.float64))
    x = torch.randn(2, 2, *((size,) * n_dims if size else SIZES[n_dims]), dtype=torch.float64)
    coefficients = bank.analyze(x)
    y = torch.randn_like(coefficients)
    torch.testing.assert_close((coefficients * y).sum(), (x * bank.synthesize(y)).sum())


@pytest.mark.parametrize("size", [2, 3, 10])
def test_kernels_may_be_larger_than_a_periodic_signal(size):
    kernels = np.random.default_rng(0).normal(size=(1, 5))
    x = np.random.default_rng(1).normal(size=size)
    wide = np.pad(x, 10, "wrap")
    expected = [sum(kernels[0, j] * wide[10 + i + j - 2] for j in range(5)) for i in range(size)]
    found = CustomFilterDecomposition(kernels).analyze(torch.tensor(x)[None, None])
    np.testing.assert_allclose(found[0, 0], expected)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
@pytest.mark.parametrize("k", [2, 3, 4])
def test_a_learnable_bank_is_a_parseval_frame(n_dims, k):
    bank = bank_with_random_filters(k, n_dims)
    kernels = bank.get_kernels().detach().numpy()[:, 0]
    assert kernels.shape == (k**n_dims, *(k,) * n_dims)
    np.testing.assert_allclose(kernels[0], k**-n_dims, rtol=1e-5)
    np.testing.assert_allclose(kernels[1:].reshape(k**n_dims - 1, -1).sum(axis=1), 0, atol=1e-6)
    rows = kernels.reshape(len(kernels), -1)
    np.testing.assert_allclose(rows @ rows.T, np.eye(len(rows)) * k**-n_dims, atol=1e-6)
    np.testing.assert_allclose(summed_spectra(kernels), 1, atol=1e-5)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
@pytest.mark.parametrize("in_ch", [1, 2])
def test_a_complete_bank_reconstructs_and_keeps_the_energy(n_dims, in_ch):
    bank = bank_with_random_filters(3, n_dims, in_ch)
    x = torch.randn(2, in_ch, *SIZES[n_dims])
    coefficients = bank.analyze(x)
    assert coefficients.shape == (2, in_ch * 3**n_dims, *SIZES[n_dims])
    energy = coefficients.square().sum()
    torch.testing.assert_close(energy, x.square().sum(), rtol=1e-5, atol=0)
    torch.testing.assert_close(bank.synthesize(coefficients), x, atol=1e-5, rtol=1e-5)
    frozen = bank.get_custom_decomposition()
    torch.testing.assert_close(frozen.analyze(x), coefficients.detach())
    torch.testing.assert_close(frozen.synthesize(coefficients), x, atol=1e-5, rtol=1e-5)
    assert not frozen.get_kernels().requires_grad


def test_a_smaller_bank_projects_what_it_sees():
    bank = bank_with_random_filters(3, 2, m=4)
    assert bank.get_kernels().shape == (4, 1, 3, 3)
    assert summed_spectra(bank.get_kernels().detach().numpy()[:, 0]).max() <= 1 + 1e-5


def test_kernels_are_differentiable_in_the_parameters():
    bank = ParsevalFilterBankND(2, 2).double()
    x = torch.randn(1, 1, 4, 5, dtype=torch.float64)

    def coefficients(generators):
        return torch.func.functional_call(bank, {"generators": generators}, args=(), kwargs={})

    bank.forward = lambda: bank.analyze(x)
    start = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(coefficients, start)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_weights_of_cosines_are_their_frequencies(n_dims):
    k = 4
    bank = ParsevalFilterBankND(k, n_dims)  # as made, its filters are the cosines
    kernels = bank.get_kernels().detach().numpy()[:, 0]
    # A cosine of frequency p changes its sign p times along its axis.
    axes = range(1, n_dims + 1)
    changes = [
        (np.diff(np.sign(kernels), axis=a) != 0).sum(axis=a).max(axis=tuple(range(1, n_dims)))
        for a in axes
    ]
    frequencies = np.sqrt(sum((c / (k - 1)) ** 2 for c in changes) / n_dims)
    np.testing.assert_allclose(bank.get_filter_weights(1), frequencies, atol=1e-6)
    np.testing.assert_allclose(bank.get_filter_weights(), frequencies**2, atol=1e-6)


def test_weights_follow_the_spectral_centroid():
    bank = bank_with_random_filters(4, 2)
    weights = bank.get_filter_weights()
    assert weights[0] == 0
    assert ((weights[1:] > 0) & (weights <= 1)[1:]).all()
    spectra = np.abs(np.fft.fftn(bank.get_kernels().detach().numpy()[:, 0], (32, 32), axes=(1, 2)))
    f = np.abs(np.fft.fftfreq(32))
    radius = np.hypot(f[:, None], f)
    centroids = (spectra**2 * radius).sum(axis=(1, 2)) / (spectra**2).sum(axis=(1, 2))
    assert spearmanr(weights[1:], centroids[1:]).statistic > 0.9


def oblique_stripes(n, seed):
    """Images of sharp stripes along one diagonal, to which separable cosines do not fit."""
    rng = np.random.default_rng(seed)
    i, j = np.indices((20, 20))
    return np.stack([np.repeat(rng.normal(size=14), 3)[:40][i + j] for _ in range(n)])


def test_training_makes_data_sparser_than_cosines_do():
    train, val = oblique_stripes(24, 0), oblique_stripes(12, 1)

    def sparsity(bank):
        windows = np.lib.stride_tricks.sliding_window_view(val, (3, 3), axis=(1, 2))
        kernels = bank.get_kernels().detach().numpy()[1:, 0]
        return np.abs(np.einsum("nijkl,mkl->nijm", windows, kernels)).mean()

    before = sparsity(ParsevalFilterBankND(3))
    bank, losses = train_sparsity(ParsevalFilterBankND(3), train, val, 30, 8, 1e-2, seed=0)
    assert sparsity(bank) == pytest.approx(losses["sparsity_val"].min(), rel=1e-5)
    assert sparsity(bank) < 0.9 * before
    assert losses["sparsity_trn"].shape == losses["sparsity_val"].shape == (30,)
    np.testing.assert_allclose(
        summed_spectra(bank.get_kernels().detach().numpy()[:, 0]), 1, atol=1e-5
    )


def test_training_repeats_with_its_seed_and_leaves_the_global_state():
    data = oblique_stripes(6, 0)
    state = torch.get_rng_state()
    first, second, other = (
        train_sparsity(ParsevalFilterBankND(2), data, data, 3, 2, 1e-2, seed=s) for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first.losses["sparsity_val"], second.losses["sparsity_val"])
    assert (first.losses["sparsity_val"] != other.losses["sparsity_val"]).any()
    assert torch.equal(torch.get_rng_state(), state)


def test_training_that_does_not_help_the_validation_changes_nothing():
    level_stripes = np.random.default_rng(0).normal(size=(4, 7)).repeat(3, axis=1)
    val = np.tile(level_stripes[:, :20, None], (1, 1, 20))  # sparse for the cosines of the start
    bank = ParsevalFilterBankND(3)
    trained, losses = train_sparsity(bank, oblique_stripes(8, 0), val, 3, lr=0.1, seed=0)
    assert trained is bank
    assert losses["sparsity_trn"][-1] < losses["sparsity_trn"][0]
    torch.testing.assert_close(bank.get_kernels(), ParsevalFilterBankND(3).get_kernels())


@pytest.mark.parametrize(
    ("build", "words"),
    [(lambda: ParsevalFilterBankND(3, 2, m=10), "at most 9"),
     (lambda: ParsevalFilterBankND(1), "`k`"),
     (lambda: ParsevalFilterBankND(3, 4), "n_dims"),
     (lambda: ParsevalFilterBankND(2).get_filter_weights(-1), "exponent"),
     (lambda: CustomFilterDecomposition(torch.ones(3)), "(M, \\*K)"),
     (lambda: CustomFilterDecomposition(torch.tensor([[torch.nan]])), "finite"),
     (lambda: CustomFilterDecomposition(torch.ones(2, 3)).analyze(torch.ones(1, 1, 4, 4)), "axes"),
     (lambda: ParsevalFilterBankND(2, in_ch=2).analyze(torch.ones(1, 3, 4, 4)), "3 channels"),
     (lambda: train_sparsity(ParsevalFilterBankND(3), np.ones((2, 2, 2)), np.ones((2, 8, 8))),
      "data_trn"),
     (lambda: train_sparsity(ParsevalFilterBankND(3), IMAGES, IMAGES * np.nan),
      "data_val")],
)  # fmt: skip
def test_bad_banks_and_data_are_refused(build, words):
    with pytest.raises(InputError, match=words):
        build()
