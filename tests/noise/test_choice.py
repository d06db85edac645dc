"""Which noise model is chosen, and what is said about it."""

import numpy as np
import pytest

from autoden.datasets import xrf_spectra
from autoden.errors import InputError
from autoden.noise.choice import choose_noise
from autoden.noise.exposures import Exposures


@pytest.fixture(scope="module")
def spectra():
    return xrf_spectra(4, seed=3)


@pytest.fixture
def counts(spectra):
    return spectra.counts.astype(float)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def chosen(values, noise="auto"):
    return choose_noise([Exposures(values)], noise)


@pytest.mark.parametrize("dose", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("n_repeats", [1, 4])
def test_counts_are_poisson_and_nothing_is_warned_of(spectra, rng, dose, n_repeats):
    verdict = chosen(rng.poisson(dose * spectra.truth, (n_repeats, 4095)))
    assert verdict.noise.name == "poisson"
    assert verdict.noise.gain == 1
    assert verdict.warnings == ()


def test_counts_times_a_gain_are_poisson_with_a_remark(counts):
    verdict = chosen(2.5 * counts)
    assert verdict.noise.gain == pytest.approx(2.5)
    assert "multiples of 2.5" in verdict.warnings[0]


def test_repeats_that_drift_are_poisson_with_a_warning(spectra, rng):
    rates = 30 * spectra.truth * np.ones((4, 1))
    rates[:, 1500:2100] *= np.array([1.1, 0.9, 1.0, 1.0])[:, None]
    rates /= rates.mean(axis=1, keepdims=True) / rates.mean()
    verdict = chosen(rng.poisson(rates))
    assert verdict.noise.name == "poisson"
    assert "in strong lines: the repeats are not identical" in verdict.sentence
    assert "still Poisson around the mean" in verdict.warnings[0]


@pytest.mark.parametrize("standard", ["nist_2586", "stds_2"])
def test_repeats_of_real_standards_are_said_to_differ(xrf_file, standard):
    files = sorted((xrf_file.parents[1] / "xrf_standards" / standard).glob("*.msa"))
    repeats = [np.loadtxt(file, delimiter=",", comments="#", usecols=1) for file in files]
    verdict = chosen(np.array(repeats))
    assert verdict.noise.name == "poisson"
    assert "the repeats are not identical, though it is" in verdict.sentence
    assert "not identical" in verdict.warnings[0]


def test_counts_that_scatter_more_within_a_repeat_are_not_thinned(spectra, rng):
    shared = rng.poisson(spectra.truth, (4, 4095))
    verdict = chosen(shared + rng.binomial(np.roll(shared, 1, axis=1), 0.6) + 2 * shared)
    assert verdict.noise.name == "unknown"
    assert "within a repeat" in verdict.sentence
    assert "Thinning would not" in verdict.warnings[0]


@pytest.mark.parametrize("dose", [0.02, 0.1, 1.0, 30.0])
@pytest.mark.parametrize("n_repeats", [2, 4])
def test_averages_are_told_as_less_noise_than_counts_and_not_as_other_repeats(
    spectra, rng, dose, n_repeats
):
    averages = np.rint(rng.poisson(5 * dose * spectra.truth, (n_repeats, 4095)) / 5)
    verdict = chosen(averages)
    assert verdict.noise.name == "unknown"
    assert "not identical" not in verdict.sentence
    (warning,) = verdict.warnings
    assert "scatter less than counts do" in warning
    assert "averaged, smoothed or rescaled" in warning
    assert f"Used instead of counts: {verdict.noise.describe()}." in warning


def test_a_smoothed_acquisition_is_told_as_less_noise_than_counts(spectra, rng):
    counts = rng.poisson(10 * spectra.truth)
    smoothed = np.rint((counts[2:] + counts[1:-1] + counts[:-2]) / 3)
    verdict = chosen(smoothed[None])
    assert verdict.noise.name == "gaussian"
    assert "scatter less than counts do: variance/mean among neighbours" in verdict.warnings[0]


def test_counts_of_a_gain_are_still_told_as_other_noise(spectra, rng):
    shared = rng.poisson(spectra.truth, (4, 4095))
    verdict = chosen(shared + rng.binomial(np.roll(shared, 1, axis=1), 0.6) + 2 * shared)
    assert "do not scatter as counts: variance/mean within a repeat" in verdict.warnings[0]


def test_rounding_that_hides_the_noise_is_told_with_a_remedy(spectra, rng):
    values = spectra.truth + rng.normal(0, 2, (1, 4095))
    fine, coarse = (chosen(np.rint(values / step) * step) for step in (0.5, 8.0))
    assert not any("rounded" in warning for warning in fine.warnings)
    assert "rounded to steps of 8" in coarse.warnings[-1]
    assert "before they were rounded, or repeats" in coarse.warnings[-1]
    assert coarse.noise.sigma == pytest.approx(8 / 12**0.5, rel=0.1)


def test_noise_of_one_level_is_gaussian(spectra, rng):
    verdict = chosen(spectra.truth + rng.normal(0, 2, (4, 4095)))
    assert verdict.noise.name == "gaussian"
    assert verdict.noise.sigma == pytest.approx(2, rel=0.03)
    assert "no counts" in verdict.warnings[0]


@pytest.mark.parametrize("correct", [
    lambda counts: counts * (1 + 1e-4 * counts),
    lambda counts: counts * (1 + 1e-6 * counts.sum(axis=1, keepdims=True)),
    lambda counts: counts / counts.sum(axis=1, keepdims=True),
])  # fmt: skip
def test_corrected_counts_are_unknown_with_repeats_and_gaussian_without(counts, correct):
    verdict = chosen(correct(counts))
    assert verdict.noise.name == "unknown"
    assert "no counts" in verdict.warnings[0]
    single = chosen(counts[:1] * (1 + 1e-4 * counts[:1]))
    assert single.noise.name == "gaussian"
    assert "neighbours" in single.warnings[1]


def test_asking_for_poisson_of_other_values_is_an_error_with_remedies(counts):
    with pytest.raises(InputError, match=r"no whole number.*raw counts.*unknown.*gaussian"):
        chosen(counts * (1 + 1e-4 * counts), "poisson")
    with pytest.raises(InputError, match="the data go down to -1"):
        chosen(counts - 1, "poisson")


@pytest.mark.parametrize("name", ["gaussian", "unknown", "poisson"])
def test_what_the_user_knows_is_taken(counts, name):
    assert chosen(counts, name).noise.name == name


def test_a_copied_repeat_and_a_hot_channel_do_not_change_the_choice(counts):
    counts[3] = counts[0]
    counts[1, 1000] += 300
    verdict = chosen(counts)
    assert (verdict.noise.name, verdict.warnings) == ("poisson", ())


def test_the_oddest_of_several_samples_decides(counts):
    samples = [Exposures(counts), Exposures(counts[:1] + 0.25)]
    assert choose_noise(samples).noise.name != "poisson"


def test_unknown_names_and_empty_lists_are_refused(counts):
    with pytest.raises(InputError, match="'auto', 'poisson', 'gaussian', 'unknown'"):
        chosen(counts, "normal")
    with pytest.raises(InputError, match="at least one"):
        choose_noise([])


@pytest.mark.parametrize("n_repeats", [1, 4])
def test_noise_of_one_level_that_was_asked_for_counts_is_used_with_a_warning(
    spectra, rng, n_repeats
):
    verdict = chosen(rng.poisson(spectra.truth, (n_repeats, 4095)), "gaussian")
    assert verdict.noise.name == "gaussian"
    (warning,) = verdict.warnings
    assert "scatter as counts do" in warning
    assert 'noise="poisson"' in warning


def test_noise_of_one_level_that_was_asked_for_noise_that_grows_is_used_with_a_warning(
    spectra, rng
):
    rate = 100 * spectra.truth
    verdict = chosen(rate + rng.normal(size=(4, 4095)) * np.sqrt(1 + 5 * rate), "gaussian")
    assert verdict.noise.name == "gaussian"
    assert 'noise="unknown"' in verdict.warnings[0]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n_repeats", [1, 2, 4])
@pytest.mark.parametrize("n_channels", [200, 4000])
def test_noise_of_one_level_that_was_asked_for_and_is_there_raises_no_alarm(
    seed, n_repeats, n_channels
):
    x = np.linspace(-1, 1, n_channels)
    rng = np.random.default_rng(seed)
    values = 50 * np.exp(-((x / 0.1) ** 2)) + rng.normal(0, 3, (n_repeats, n_channels))
    assert chosen(values, "gaussian").warnings == ()


def test_noise_of_one_level_suits_counts_that_are_alike_everywhere(rng):
    assert chosen(rng.poisson(1000, (4, 2000)), "gaussian").warnings == ()
