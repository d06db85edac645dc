"""Terms of the zero-shot methods, against formulas and against the error that they estimate."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from scipy.stats import norm

from autoden.losses import posterior_mean, surroundings_likelihood, unbiased_risk


def smooth(shape, seed=0):
    return gaussian_filter(np.random.default_rng(seed).normal(size=shape), 3.0, mode="wrap") * 8


def estimate_risk(filtered, measured, variance, step=0.01, seed=1):
    probe = torch.tensor(np.random.default_rng(seed).normal(size=measured.shape))
    y = torch.tensor(measured)
    return unbiased_risk(filtered(y), y, variance, filtered(y + step * probe), probe, step).numpy()


def blur(y):
    return torch.tensor(gaussian_filter(y.numpy(), 1.0, mode="wrap"))


def bend(y):
    return torch.tanh(blur(y)) + 0.3 * y


@pytest.mark.parametrize("filtered", [blur, bend], ids=["linear", "not linear"])
def test_the_unbiased_risk_of_gaussian_noise_is_the_error(filtered):
    truth, sigma = smooth((256, 256)), 0.7
    measured = truth + np.random.default_rng(2).normal(0, sigma, truth.shape)
    errors = (filtered(torch.tensor(measured)).numpy() - truth) ** 2
    risks = estimate_risk(filtered, measured, sigma**2)
    # neighbours share noise through the filter: blocks of pixels are independent
    blocks = (risks - errors).reshape(16, 16, 16, 16).mean(axis=(1, 3))
    standard_error = blocks.std(ddof=1) / blocks.size**0.5
    assert abs(blocks.mean()) < 3 * standard_error
    assert standard_error < 0.1 * errors.mean()


def test_the_unbiased_risk_of_counts_is_the_error():
    truth = 20 + 6 * smooth((256, 256))
    gain = 0.5
    measured = gain * np.random.default_rng(2).poisson(np.maximum(truth, 0) / gain)
    errors = (blur(torch.tensor(measured)).numpy() - np.maximum(truth, 0)) ** 2
    risks = estimate_risk(blur, measured, torch.tensor(gain * measured))
    blocks = (risks - errors).reshape(16, 16, 16, 16).mean(axis=(1, 3))
    assert abs(blocks.mean()) < 3 * blocks.std(ddof=1) / blocks.size**0.5
    assert abs(blocks.mean()) < 0.15 * errors.mean()


def test_a_filter_that_keeps_all_has_the_risk_of_the_noise():
    measured = np.random.default_rng(0).normal(size=(400, 400))
    assert estimate_risk(lambda y: y, measured, 2.0).mean() == pytest.approx(2.0, rel=0.02)


def test_the_likelihood_is_that_of_a_normal_distribution():
    rng = np.random.default_rng(0)
    mean, log_variance, measured = rng.normal(size=(3, 50))
    noise = rng.uniform(0.1, 2.0, 50)
    found = surroundings_likelihood(*map(torch.tensor, (mean, log_variance, measured, noise)))
    deviation = np.sqrt(np.exp(log_variance) + noise)
    expected = -norm.logpdf(measured, mean, deviation) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(found.numpy(), expected)


def test_the_posterior_mean_is_that_of_bayes():
    """Prior times likelihood, integrated numerically."""
    x = np.linspace(-30, 30, 60_001)
    for mean, variance, noise, measured in [(1.0, 4.0, 0.5, 3.0), (-2.0, 0.2, 2.0, 1.0)]:
        weight = norm.pdf(x, mean, variance**0.5) * norm.pdf(measured, x, noise**0.5)
        expected = (x * weight).sum() / weight.sum()
        given = (torch.tensor(v, dtype=torch.float64) for v in (mean, np.log(variance), measured))
        assert posterior_mean(*given, noise).item() == pytest.approx(expected, abs=1e-6)


def test_variances_out_of_range_stay_finite():
    extreme = torch.tensor([-1e4, 1e4], requires_grad=True)
    zero = torch.zeros(2)
    likelihood = surroundings_likelihood(zero, extreme, torch.ones(2), 0.01)
    likelihood.sum().backward()
    assert torch.isfinite(likelihood).all()
    assert torch.isfinite(extreme.grad).all()
    assert torch.isfinite(posterior_mean(zero, extreme, torch.ones(2), 0.01)).all()
