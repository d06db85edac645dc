"""Noise models: what holds for each of them, by many draws and by sums over exact distributions."""

import numpy as np
import pytest
from scipy import integrate, stats

from autoden.errors import InputError
from autoden.evaluation import excess_poisson_deviance
from autoden.noise import Exposures, Gaussian, Poisson, Unknown
from autoden.noise.anscombe import anscombe, inverse_anscombe

MODELS = [Poisson(), Poisson(2.5), Gaussian(3.0), Unknown(4.0, 1.5), Unknown(0.0, 2.0)]
DURATIONS = np.array([0.5, 0.75, 1.0, 1.75])
N_DRAWS = 20_000


def name_of(model):
    return model.describe()


each_model = pytest.mark.parametrize("noise", MODELS, ids=name_of)


def measure(noise, rate, durations, rng):
    """Draw exposures (R, *S) of a rate (*S) as each model's documentation defines them."""
    if isinstance(noise, Gaussian):  # any duration has the same noise
        drawn = [t * rate + rng.normal(0, noise.sigma, rate.shape) for t in durations]
    else:  # means and variances grow with the duration
        drawn = [t * noise.simulate(rate, t, rng) for t in durations]
    return Exposures(np.stack(drawn), durations)


def mean_within_errors(draws, expected, n_errors=5):
    error = draws.std(axis=-1) / np.sqrt(draws.shape[-1])
    return np.all(np.abs(draws.mean(axis=-1) - expected) <= n_errors * error + 1e-12)


def many_rates():
    """Rates in rows, draws along the last axis: (4, N_DRAWS)."""
    return np.array([0.5, 3.0, 20.0, 400.0])[:, None] * np.ones(N_DRAWS)


@each_model
@pytest.mark.parametrize("dose", [0.3, 1.0, 4.0])
def test_simulated_values_have_the_mean_and_variance_that_the_model_claims(noise, dose):
    rate = many_rates()
    values = noise.simulate(rate, dose, np.random.default_rng(0))
    assert mean_within_errors(values, rate[:, 0])
    claimed = noise.variance(rate[:, 0], dose)
    assert mean_within_errors((values - rate) ** 2, claimed)


@each_model
def test_combined_repeats_are_unbiased_with_the_variance_that_their_dose_claims(noise):
    rate = many_rates()
    combined = noise.combine(measure(noise, rate, DURATIONS, np.random.default_rng(1)))
    assert mean_within_errors(combined.values, rate[:, 0])
    assert mean_within_errors(
        (combined.values - rate) ** 2, noise.variance(rate[:, 0], combined.dose)
    )


@each_model
def test_unequal_durations_are_weighted_better_than_by_a_plain_mean(noise):
    rate = many_rates()
    exposures = measure(noise, rate, np.array([0.1, 0.1, 2.8]), np.random.default_rng(2))
    weighted = noise.combine(exposures).values.var(axis=-1)
    plain = exposures.scaled().mean(axis=0).var(axis=-1)
    assert np.all(weighted < 0.5 * plain)


@each_model
@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_the_parts_of_a_split_are_unbiased_independent_and_as_noisy_as_they_claim(noise, fraction):
    rng = np.random.default_rng(3)
    rate = many_rates()
    split = noise.split(measure(noise, rate, DURATIONS, rng), fraction, rng)
    for part in (split.input, split.target):
        assert mean_within_errors(part.values, rate[:, 0])
        assert mean_within_errors((part.values - rate) ** 2, noise.variance(rate[:, 0], part.dose))
    product = (split.input.values - rate) * (split.target.values - rate)
    assert mean_within_errors(product, 0)
    squares = (split.input.values - rate) ** 2 - noise.variance(rate, split.input.dose)
    assert mean_within_errors(squares * (split.target.values - rate), 0)


@each_model
def test_a_split_loses_nothing_of_the_dose_and_the_mean(noise):
    rng = np.random.default_rng(4)
    exposures = measure(noise, np.full((3, 4, 5), 7.0), DURATIONS, rng)
    whole, split = noise.combine(exposures), noise.split(exposures, 0.3, rng)
    assert split.input.dose + split.target.dose == pytest.approx(whole.dose)
    shares = [(part.dose / whole.dose) * part.values for part in (split.input, split.target)]
    np.testing.assert_allclose(sum(shares), whole.values, atol=1e-12)


@each_model
def test_measurements_are_never_modified_and_the_seed_decides(noise):
    exposures = measure(noise, np.full((6, 7), 5.0), DURATIONS, np.random.default_rng(5))
    before = exposures.repeats.copy()
    first, again = (noise.split(exposures, 0.4, np.random.default_rng(6)) for _ in range(2))
    noise.combine(exposures)
    values = first.target.values.copy()
    for act in (noise.stabilise, noise.unstabilise, noise.variance):
        act(first.target.values, 2.0)
    noise.deviance(first.input.values, first.target.values)
    noise.simulate(np.abs(first.input.values), 1.0, np.random.default_rng(0))
    np.testing.assert_array_equal(exposures.repeats, before)
    np.testing.assert_array_equal(first.target.values, values)
    np.testing.assert_array_equal(first.target.values, again.target.values)
    np.testing.assert_array_equal(first.input.values, again.input.values)


@each_model
def test_the_deviance_is_zero_at_the_values_and_above_elsewhere(noise):
    values = np.array([-2.0, 0.0, 1e-4, 0.5, 3.0, 1e4])
    np.testing.assert_allclose(noise.deviance(values, values), 0, atol=1e-12)
    seen = values[1:, None]
    away = noise.deviance(seen * np.array([0.5, 0.9, 1.1, 2.0]) + 0.1, seen)
    assert np.all(away > 0)
    assert np.isfinite(noise.deviance(np.zeros(6), values)).all()


@each_model
@pytest.mark.parametrize("dose", [1.0, 4.0])
def test_the_deviance_of_the_truth_is_half_a_nat_per_element_and_dose(noise, dose):
    rate = np.full(N_DRAWS, 900.0)
    values = noise.simulate(rate, dose, np.random.default_rng(7))
    assert dose * noise.deviance(rate, values).mean() == pytest.approx(0.5, rel=0.04)


@each_model
@pytest.mark.parametrize("true_rate", [0.02, 5.0])
def test_the_mean_deviance_is_least_at_the_expected_value(noise, true_rate):
    drawn = noise.simulate(np.full(N_DRAWS, true_rate), 0.5, np.random.default_rng(8))
    expected = drawn.mean()
    rates = expected + np.linspace(-0.5, 0.5, 101) * abs(expected)
    scores = [noise.deviance(np.full(N_DRAWS, rate), drawn).mean() for rate in rates]
    assert abs(rates[np.argmin(scores)] - expected) <= 0.011 * abs(expected)


def test_the_poisson_deviance_is_that_of_the_log_likelihood():
    rate, counts, gain = np.array([0.4, 3.0, 50.0]), np.array([2, 1, 60]), 2.5
    by_scipy = stats.poisson.logpmf(counts, counts) - stats.poisson.logpmf(counts, rate)
    np.testing.assert_allclose(Poisson(gain).deviance(gain * rate, gain * counts), by_scipy)
    as_metric = excess_poisson_deviance(rate, counts[None]) / 1000
    assert Poisson().deviance(rate, counts).mean() == pytest.approx(as_metric)


@pytest.mark.parametrize("noise", [Unknown(4.0, 1.5), Unknown(4.0, 0.0), Unknown(4.0, 1e-9)])
@pytest.mark.parametrize(
    ("rate", "value"), [(5, 2), (2, 5), (3, -4), (-4, 3), (-1, -2), (5, 4.999)]
)
def test_the_deviance_of_unknown_noise_is_the_integral_of_its_score(noise, rate, value):
    def score(u):
        return (u - value) / noise.variance(u)

    integral, _ = integrate.quad(score, value, rate, points=[0], epsabs=1e-13)
    assert noise.deviance(rate, value) == pytest.approx(integral, rel=1e-6)


def test_unknown_noise_without_a_floor_costs_what_counts_cost():
    rate, values = np.array([20.0, 150.0]), np.array([50.0, 100.0])
    np.testing.assert_allclose(
        Unknown(0.0, 2.0).deviance(rate, values), Poisson(2.0).deviance(rate, values), rtol=1e-3
    )


@each_model
@pytest.mark.parametrize("dose", [1.0, 4.0])
def test_stabilised_values_have_unit_variance(noise, dose):
    rate = np.array([[20.0], [100.0], [900.0]]) * np.ones(N_DRAWS)
    values = noise.simulate(rate, dose, np.random.default_rng(9))
    np.testing.assert_allclose(noise.stabilise(values, dose).var(axis=-1), 1, rtol=0.05)


@each_model
def test_the_mean_of_stabilised_values_is_taken_back_to_the_rate(noise):
    rate, dose = many_rates(), 1.5
    stabilised = noise.stabilise(noise.simulate(rate, dose, np.random.default_rng(10)), dose)
    back = noise.unstabilise(stabilised.mean(axis=-1), dose)
    error = np.sqrt(noise.variance(rate[:, 0], dose) / N_DRAWS)
    assert np.all(np.abs(back - rate[:, 0]) < 4 * error + 0.03 * rate[:, 0])


@pytest.mark.parametrize("rate", [0.5, 1.0, 3.0, 10.0, 30.0, 100.0])
def test_the_inverse_of_the_root_is_unbiased_for_counts(rate):
    counts = np.arange(400)
    mean = stats.poisson.pmf(counts, rate) @ anscombe(counts)
    assert inverse_anscombe(mean) == pytest.approx(rate, rel=0.02)


def test_the_inverse_of_the_root_is_unbiased_for_counts_with_added_noise():
    counts, sigma, rate = np.arange(80), 2.0, 10.0
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    noisy = anscombe(counts[:, None] + sigma * nodes, sigma**2) @ (weights / weights.sum())
    back = inverse_anscombe(stats.poisson.pmf(counts, rate) @ noisy, sigma**2)
    assert back == pytest.approx(rate, rel=0.02)


def test_simulated_unknown_noise_may_lie_around_rates_below_zero():
    rate = np.full((1, N_DRAWS), -3.0)
    values = Unknown(4.0, 1.5).simulate(rate, 2.0, np.random.default_rng(0))
    assert mean_within_errors(values, -3.0)
    assert mean_within_errors((values - rate) ** 2, 2.0)


def test_counts_split_into_counts_also_where_they_are_large():
    total = np.array([[0, 1, 10, 10**9, 10**15]])
    split = Poisson(0.5).split(Exposures(0.5 * total), 0.25, np.random.default_rng(0))
    taken = split.target.values * split.target.dose / 0.5
    np.testing.assert_allclose(taken, np.rint(taken), atol=1e-6, rtol=1e-12)
    assert np.all((taken >= 0) & (taken <= total[0]))
    spread = (taken - 0.25 * total[0])[3:] / np.sqrt(0.25 * 0.75 * total[0][3:])
    assert np.all((np.abs(spread) < 5) & (spread != 0))


def test_poisson_draws_and_rates_are_never_negative():
    rate = np.array([-1.0, 0.0, 1e-9, 2.0])
    for noise in (Poisson(2.0), Unknown(0.0, 2.0)):
        assert noise.simulate(np.maximum(rate, 0), 1.0, np.random.default_rng(0)).min() >= 0
        assert noise.unstabilise(np.linspace(-2, 3, 50)).min() >= 0
    np.testing.assert_array_equal(Poisson(2.0).variance(rate, 4.0), [0, 0, 5e-10, 1.0])


@pytest.mark.parametrize(
    ("values", "words"),
    [([2.5, -5.0], "hold -5 at index .0, 1., which is negative"),
     ([2.5, 4.0], "hold 4 at index .0, 1., which is no multiple of the gain 2.5.*unknown"),
     ([2.5, 2.5e20], "too large to be exact")],
)  # fmt: skip
def test_what_cannot_be_counts_is_refused(values, words):
    with pytest.raises(InputError, match=words):
        Poisson(2.5).split(Exposures([values]), 0.5, np.random.default_rng(0))


def test_counts_are_recognised_through_rounding():
    counts = np.arange(5000)
    exposures = Exposures((counts * 0.3).astype(np.float32)[None])
    np.testing.assert_array_equal(Poisson(0.3).counts(exposures), counts)


def test_unknown_noise_splits_repeats_and_refuses_a_single_one():
    noise, repeats = Unknown(1.0, 0.0), np.arange(1, 6.0)[:, None]
    drawn = [noise.split(Exposures(repeats), 0.25, np.random.default_rng(s)) for s in range(60)]
    assert {part.target.dose for part in drawn} == {1.0}
    assert {float(part.target.values[0]) for part in drawn} == set(repeats.ravel())
    assert noise.split(Exposures(repeats), 0.99, np.random.default_rng(0)).input.dose == 1
    with pytest.raises(InputError, match=r"1 repeat.*noise="):
        noise.split(Exposures(repeats[:1]), 0.25, np.random.default_rng(0))


def test_unknown_noise_chooses_the_number_of_repeats_by_their_durations():
    noise, lengths = Unknown(1.0, 0.0), [3.0, 0.25, 0.25, 0.25, 0.25]
    drawn = [
        noise.split(Exposures(np.ones((5, 2)), lengths), 0.25, np.random.default_rng(s))
        for s in range(40)
    ]
    assert {part.target.dose for part in drawn} <= {3.0, 0.25, 0.5, 0.75, 1.0}
    assert {part.input.dose for part in drawn} >= {1.0, 3.0}


@each_model
@pytest.mark.parametrize("fraction", [0, 1, -0.1, "half"])
def test_a_fraction_outside_zero_to_one_is_refused(noise, fraction):
    with pytest.raises(InputError, match="fraction"):
        noise.split(Exposures(np.ones((2, 3))), fraction, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("make", "words"),
    [(lambda: Poisson(0.0), "gain"), (lambda: Gaussian(-1.0), "sigma"),
     (lambda: Unknown(-1.0, 1.0), "floor"), (lambda: Unknown(1.0, -1.0), "slope"),
     (lambda: Unknown(0.0, 0.0), "are 0")],
)  # fmt: skip
def test_parameters_that_make_no_noise_are_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()
