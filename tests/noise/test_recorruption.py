"""Two measurements from one: independent, unbiased, and of the noise that they should have."""

import numpy as np
import pytest
from scipy.special import polygamma

from autoden.errors import InputError
from autoden.noise.recorruption import KINDS, level_of, recorrupt, variance_of

TRUTH = np.repeat([3.0, 20.0, 90.0], 100_000)
LEVELS = {"gaussian": 4.0, "poisson": 0.5, "gamma": 6.0}


def measure(noise, truth=TRUTH, seed=0):
    rng, level = np.random.default_rng(seed), LEVELS[noise]
    if noise == "gaussian":
        return rng.normal(truth, level)
    return (
        level * rng.poisson(truth / level)
        if noise == "poisson"
        else rng.gamma(level, truth / level)
    )


@pytest.mark.parametrize("noise", KINDS)
@pytest.mark.parametrize("fraction", [0.2, 0.5])
def test_both_are_unbiased_and_their_noise_is_independent(noise, fraction):
    measured, level = measure(noise), LEVELS[noise]
    first, second = recorrupt(measured, noise, level, fraction, np.random.default_rng(1))
    np.testing.assert_allclose((1 - fraction) * first + fraction * second, measured, atol=1e-9)
    for truth in np.unique(TRUTH):
        here = truth == TRUTH
        u, v = first[here] - truth, second[here] - truth
        n = here.sum()
        for part, share in ((u, 1 - fraction), (v, fraction)):
            assert abs(part.mean()) < 4 * part.std() / n**0.5
            variance = {"gaussian": level**2, "poisson": level * truth, "gamma": truth**2 / level}
            expected = variance[noise] / share
            assert part.var() == pytest.approx(expected, rel=0.05)
        for a, b in ((u, v), (u**2, v), (u, v**2), (u**2, v**2)):  # not only uncorrelated
            assert abs(np.corrcoef(a, b)[0, 1]) < 4 / n**0.5


@pytest.mark.parametrize("noise", KINDS)
def test_the_variance_is_unbiased(noise):
    measured = measure(noise)
    found = variance_of(measured, noise, LEVELS[noise])
    for truth in np.unique(TRUTH):
        here = truth == TRUTH
        excess = 1 + 1 / LEVELS[noise] if noise == "gamma" else 1  # of the mean square
        assert found[here].mean() == pytest.approx(measured[here].var() * excess, rel=0.05)


@pytest.mark.parametrize("noise", KINDS)
def test_the_level_is_estimated_from_one_measurement(noise):
    ramp = np.linspace(20, 60, 200)[:, None] + np.linspace(0, 30, 150)
    found = level_of([measure(noise, ramp), measure(noise, ramp, seed=1)], noise, None)
    assert found == pytest.approx(LEVELS[noise], rel=0.05)
    assert level_of([measure(noise, ramp)], noise, LEVELS[noise]) == LEVELS[noise]


def test_the_level_of_speckle_solves_the_trigamma_function():
    logarithms = np.random.default_rng(0).normal(0, polygamma(1, 3.0) ** 0.5, 100_000)
    assert level_of([np.exp(logarithms)], "gamma", None) == pytest.approx(3.0, rel=0.02)


@pytest.mark.parametrize(
    ("noise", "level", "values", "words"),
    [
        ("poisson", None, [-1.0, 2.0, 3.0, 1.0], "negative"),
        ("poisson", 2.0, [1.0, 2.0, 3.0, 1.0], "multiple of the gain 2"),
        ("poisson", None, [0.123, 2.2, 3.7, 1.9], "multiples"),
        ("gamma", None, [0.0, 1.0, 2.0, 3.0], "above 0"),
        ("gaussian", 0.0, [0.0, 1.0, 2.0, 3.0], "level"),
        ("gaussian", None, [1.0, 2.0], "cannot be told"),
        ("binomial", None, [1.0, 2.0], "'gaussian', 'poisson', 'gamma'"),
    ],
)
def test_what_cannot_be_such_noise_is_refused(noise, level, values, words):
    with pytest.raises(InputError, match=words):
        level_of([np.array(values)], noise, level)
