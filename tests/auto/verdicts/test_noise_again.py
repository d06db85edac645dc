"""A trained method is told when the noise of new data is not what it was trained for."""

import numpy as np
import pytest

from autoden.auto.learning.method import Filter
from autoden.auto.trained import Trained
from autoden.auto.verdicts.noise_again import check_noise
from autoden.baselines.whittaker import Whittaker
from autoden.errors import InputError
from autoden.noise import Exposures, Gaussian, Poisson, Unknown

N = 1000
TRUTH = 5 + 60 * np.exp(-0.5 * ((np.arange(N)[:, None] - [300, 700]) / 8) ** 2).sum(axis=1)
GAUSSIAN, UNKNOWN = Gaussian(2.0), Unknown(1.0, 0.5)
ALL = [Poisson(), Poisson(2.5), GAUSSIAN, UNKNOWN]


def drawn(noise, n_repeats=4, seed=0, durations=None):
    """Acquisitions, of durations as each model has them."""
    rng = np.random.default_rng(seed)
    times = np.ones(n_repeats) if durations is None else np.asarray(durations, dtype=float)
    if isinstance(noise, Gaussian):
        repeats = times[:, None] * TRUTH + rng.normal(0, noise.sigma, (len(times), N))
    else:
        repeats = [time * noise.simulate(TRUTH, time, rng) for time in times]
    return Exposures(repeats, times)


def trained(noise, n_repeats=4, seed=100):
    method = Filter(Whittaker(2, 100.0), noise)
    return Trained(method, noise, (), 2, 0, {}, (drawn(noise, n_repeats, seed),))


@pytest.mark.parametrize("n_repeats", [1, 2, 4])
@pytest.mark.parametrize("noise", ALL, ids=str)
def test_noise_that_is_the_same_gives_no_warning(noise, n_repeats):
    before = trained(noise)
    for seed in range(10):
        found = check_noise([drawn(noise, n_repeats, seed)], before)
        expected = ["whole multiples of 2.5"] if noise == Poisson(2.5) else []  # as at first
        assert len(found.warnings) == len(expected), found.warnings
        assert all(part in said for part, said in zip(expected, found.warnings, strict=True))
        assert "as before" in found.sentence


@pytest.mark.parametrize("noise", [GAUSSIAN, UNKNOWN], ids=str)
def test_long_and_short_repeats_are_judged_by_their_durations(noise):
    before = trained(noise)
    for seed in range(5):
        sample = drawn(noise, seed=seed, durations=[0.25, 0.5, 1.25, 2.0])
        assert check_noise([sample], before).warnings == ()
        assert check_noise([Exposures(sample.repeats)], before).warnings  # if they are not known


@pytest.mark.parametrize("n_repeats", [1, 4])
@pytest.mark.parametrize("factor", [0.7, 1.4])
def test_another_sigma_is_told(n_repeats, factor):
    found = check_noise([drawn(Gaussian(2.0 * factor), n_repeats)], trained(GAUSSIAN))
    (warning,) = found.warnings
    stated = "small" if factor > 1 else "large"
    ratio = float(warning.split("has ")[1].split(" ±")[0])
    assert ratio == pytest.approx(factor**2, rel=0.2)
    assert f"so that the uncertainty is stated too {stated}" in warning
    assert "Gaussian noise, sigma 2" in warning


@pytest.mark.parametrize("slope", [0.25, 1.0])
def test_another_slope_is_told_by_repeats(slope):
    (warning,) = check_noise([drawn(Unknown(1.0, slope))], trained(UNKNOWN)).warnings
    ratio = float(warning.split("has ")[1].split(" ±")[0])
    weights = 1 / (2 / 3 + UNKNOWN.slope**3 * TRUTH / UNKNOWN.variance(TRUTH) ** 2 / 4)
    expected = np.average((1 + slope * TRUTH) / UNKNOWN.variance(TRUTH), weights=weights)
    assert ratio == pytest.approx(expected, rel=0.1)
    said = check_noise([drawn(Unknown(1.0, slope), 1)], trained(UNKNOWN)).sentence
    assert "repeats, which would tell it, are missing" in said


@pytest.mark.parametrize(("before", "now"), [(1.0, 2.5), (2.5, 1.0), (1.0, 3.0)])
@pytest.mark.parametrize("n_repeats", [1, 4])
def test_another_gain_is_told(before, now, n_repeats):
    found = check_noise([drawn(Poisson(now), n_repeats)], trained(Poisson(before)))
    assert (
        f"counts times {now:g}, and the method was trained on counts times {before:g}"
        in (found.warnings[0])
    )


@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_a_few_counts_do_not_show_their_gain_and_are_taken_as_they_are(gain):
    few = np.zeros((1, N))
    few[0, 300:310] = gain * np.random.default_rng(0).poisson(2, 10)
    warnings = check_noise([Exposures(few)], trained(Poisson(gain))).warnings
    assert not any("trained on" in warning for warning in warnings)
    empty = Exposures(np.zeros((2, N)))
    check_noise([empty, drawn(Poisson(gain))], trained(Poisson(gain)))


@pytest.mark.parametrize(("offset", "words"), [(-20.0, "down to -"), (0.123, "no whole number")])
def test_values_that_are_no_counts_are_refused_where_counts_trained(offset, words):
    values = Exposures(drawn(Poisson()).repeats + offset)
    with pytest.raises(InputError, match=rf"new data are none: .*{words}.*by themselves"):
        check_noise([values], trained(Poisson()))


def test_counts_that_scatter_otherwise_are_told():
    rng = np.random.default_rng(0)
    clumped = rng.poisson(rng.gamma(20, TRUTH / 20, (4, N)))
    assert check_noise([Exposures(clumped)], trained(Poisson())).warnings
