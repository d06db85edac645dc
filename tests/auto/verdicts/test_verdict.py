"""The verdict raises no alarm for a faithful estimate, and names what is wrong with another."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from autoden.auto.learning.method import Filter
from autoden.auto.learning.selection import Candidate
from autoden.auto.spectra.measurement import read_measurement
from autoden.auto.verdicts.findings import limit
from autoden.auto.verdicts.sentences import say_choice
from autoden.auto.verdicts.uncertainty import measure_errors
from autoden.auto.verdicts.verdict import judge
from autoden.baselines.gaussian import GaussianFilter
from autoden.baselines.mean import Mean
from autoden.baselines.whittaker import Whittaker
from autoden.datasets import xrf_spectra
from autoden.noise.gaussian import Gaussian
from autoden.noise.poisson import Poisson
from autoden.noise.unknown import Unknown
from autoden.signals import Axis, Signal

COUNTS = Poisson()
SMOOTHNESS = {0.1: (2, 1e4), 1.0: (3, 1e6), 10.0: (3, 1e6), 100.0: (3, 1e6)}
"""What held-out counts choose at each dose."""
CANDIDATES = (
    Candidate("mean", "the mean", 0.0, 0.0, behind=431.0, behind_error=26.0),
    Candidate("gaussian", "Gaussian, sigma 4", -420.0, 26.0, behind=11.0, behind_error=0.9),
    Candidate("whittaker", "Whittaker, order 3", -431.0, 26.0, chosen=True),
)
MEAN_CHOSEN = (
    replace(CANDIDATES[0], chosen=True),
    replace(CANDIDATES[2], score=4.0, chosen=False),
)


def prepared(measurement, noise, method, n_replicas=8, seed=0):
    """What `judge` needs for an estimate by one method."""
    wholes = [noise.combine(sample) for sample in measurement.samples]
    estimates = method.rates(wholes)
    errors = [
        measure_errors(
            method, estimate, whole.dose, noise, n_replicas, np.random.default_rng([seed, i])
        )
        for i, (estimate, whole) in enumerate(zip(estimates, wholes, strict=True))
    ]
    return measurement, wholes, noise, estimates, errors


@cache
def denoised(dose=1.0, seed=0):
    spectra = xrf_spectra(4, exposure=dose, seed=seed)
    energy = Axis("energy", "keV", spectra.energies_keV)
    order, smoothness = SMOOTHNESS[dose]
    method = Filter(Whittaker(order, smoothness), COUNTS)
    return prepared(
        read_measurement(Signal(spectra.counts, ["repeat", energy])), COUNTS, method, seed=seed
    )


def verdict_on(estimate, dose=1.0):
    """Judge another estimate of the same measurement."""
    measurement, wholes, noise, _, errors = denoised(dose)
    return judge(measurement, wholes, noise, [estimate], errors, CANDIDATES)


@pytest.mark.parametrize("dose", SMOOTHNESS)
def test_a_tuned_filter_raises_no_alarm(dose):
    for seed in range(3):
        verdict = judge(*denoised(dose, seed), CANDIDATES)
        assert verdict.warnings == []
        assert abs(verdict.quality["total_z"]) < 1
        assert verdict.quality["n_lines"] >= 5
        assert verdict.quality["smallest_rate"] > 0


def test_the_numbers_are_those_of_the_definitions():
    measurement, _, _, (estimate,), (errors,) = denoised()
    estimate = 1.004 * estimate
    quality = verdict_on(estimate).quality
    mean = measurement.samples[0].repeats.mean(axis=0)
    error = np.sqrt(estimate.sum() / 4)
    assert quality["total_z"] == pytest.approx((estimate.sum() - mean.sum()) / error)
    assert quality["smallest_rate"] == estimate.min()
    assert (quality["dose_gain"], quality["dose_gain_interval"]) == (
        errors.gain,
        errors.gain_interval,
    )
    assert (quality["held_out"], quality["held_out_error"]) == (-431.0, 26.0)
    counts = 4 * estimate  # each residual weighs by what its counts can tell
    weights = counts / (1 + counts)
    left = (errors.replicas - errors.replies - (errors.replicas - errors.replies).mean(axis=0)) ** 2
    expected = (weights * left.sum(axis=0) / (len(left) - 1) / (estimate / 4)).sum()
    observed = (weights * (mean - estimate) ** 2 / (estimate / 4)).sum()
    ratios = quality["dispersion"]
    assert min(ratios) < observed / expected < max(ratios)


def test_an_estimate_too_smooth_is_told_by_widths_and_by_what_was_taken_away():
    wide = gaussian_filter1d(denoised()[1][0].values, 12.0)
    verdict = verdict_on(wide)
    said = " ".join(verdict.warnings)
    assert "strong lines have another width than measured" in said
    assert "too smooth" in said
    assert "has structure, which noise has not" in said
    assert "the estimate misses signal" in said
    assert "sum over all channels" not in said
    assert verdict.quality["largest_width_z"] > 10
    assert verdict.quality["structure_p"] < 1e-10
    assert verdict.quality["dispersion"][-1] > 2  # in the lines


def test_lost_counts_are_told():
    lossy = 0.98 * denoised()[3][0]
    warnings = verdict_on(lossy).warnings
    assert warnings[0].startswith("The sum over all channels is -2 % off the measured one (-6.")


def test_a_biased_background_is_told():
    estimate = denoised()[3][0]
    raised = np.where(estimate < 0.3, estimate + 0.03, estimate)
    said = " ".join(verdict_on(raised).warnings)
    assert "The background is +" in said
    assert "sum over all channels" not in said  # a few counts in all, drowned by the lines
    assert "net area" not in said


def test_moved_lines_and_other_areas_are_told():
    estimate = denoised()[3][0]
    said = " ".join(verdict_on(np.roll(estimate, 2)).warnings)
    assert "strong lines have moved" in said
    assert "+0.01 keV" in said  # two channels of 5 eV
    strongest = int(estimate.argmax())
    weaker = estimate.copy()
    weaker[strongest - 60 : strongest + 60] *= 0.93
    said = " ".join(verdict_on(weaker).warnings)
    assert "The strong line in channel 1" in said
    assert "keV) has another net area than measured: -" in said


def test_one_line_and_differences_of_nothing_are_said_as_such():
    channels = np.arange(300.0)
    counts = 5 + 400 * np.exp(-0.5 * ((channels - 150) / 4) ** 2)
    measurement = read_measurement(np.random.default_rng(0).poisson(counts, (4, 300)), axes="RE")
    found = prepared(measurement, COUNTS, Filter(Whittaker(3, 1e3), COUNTS))
    (said,) = (s for s in judge(*found, CANDIDATES).sentences if "strong line" in s)
    assert said.startswith("1 strong line: its centre differs from the measured one by ")
    same = judge(*found[:3], [found[1][0].values], found[4], CANDIDATES).sentences
    (said,) = (s for s in same if "strong line" in s)
    assert said == (
        "1 strong line: its centre differs from the measured one by less than 0.1 standard errors, "
        "its net area by less than 0.1, its width by less than 0.1."
    )
    assert not any(" 0.0 standard errors" in sentence for sentence in same)


def test_an_estimate_that_follows_the_noise_is_told():
    close = gaussian_filter1d(denoised()[1][0].values, 0.6)
    said = " ".join(verdict_on(close).warnings)
    assert "the estimate follows the noise" in said


def test_signal_that_smoothing_misses_within_the_stated_error_is_no_alarm():
    """A filter that hardly smooths leaves hardly any noise, beside which any bias is large."""
    estimate = gaussian_filter1d(denoised()[1][0].values, 0.5)
    measurement, wholes, noise, _, (errors,) = denoised()
    method = Filter(GaussianFilter(0.5), noise)
    (rough,) = prepared(measurement, noise, method)[4]
    missed = np.where(np.arange(estimate.size) % 2, 0.3, -0.3) * np.sqrt(estimate / 4)
    biased = np.maximum(estimate + missed, 0.01)
    found = measurement, wholes, noise, [biased]
    leaves = judge(*found, [rough], CANDIDATES).quality["dispersion"]
    assert max(leaves) > 1.5
    assert not any("taken away" in said for said in judge(*found, [rough], CANDIDATES).warnings)
    sure = replace(rough, sigma=errors.sigma)  # a smaller error was stated
    assert any("taken away" in said for said in judge(*found, [sure], CANDIDATES).warnings)


def test_negative_rates_are_told_for_counts():
    estimate = denoised()[3][0].copy()
    estimate[7] = -0.001
    verdict = verdict_on(estimate)
    assert any("negative in 1 channel, down to -0.001" in said for said in verdict.warnings)
    assert verdict.sentences[-1] == "The smallest rate is negative, -0.001."


def test_an_estimate_worse_than_the_mean_is_told():
    measurement, wholes, noise, estimates, (errors,) = denoised()
    worse = replace(errors, gain=0.5, gain_interval=(0.4, 0.6))
    verdict = judge(measurement, wholes, noise, estimates, [worse], CANDIDATES)
    assert any("farther from the truth than the mean" in said for said in verdict.warnings)


def test_the_sentences_say_choice_gain_and_fidelity():
    sentences = judge(*denoised(), CANDIDATES).sentences
    assert sentences[0] == (
        "The method, Whittaker, order 3, was chosen among 3 by parts of the data that it had not "
        "seen: its deviance from them is 431 ± 26 mdev (thousandths of a nat per channel and "
        "exposure) below that of the mean of the exposures; that of the next best classical "
        "filter, Gaussian, sigma 4, is 11.00 ± 0.90 mdev higher."
    )
    gain = judge(*denoised(), CANDIDATES).quality["dose_gain"]
    assert f"as the mean of {gain:.0f} times as many exposures would be (90 %" in sentences[1]
    said = " ".join(sentences)
    parts = [
        "Total counts differ from the measured ones by less than 0.1 standard errors",
        "strong lines: centres",
        "level between the lines",
        "times the variance that noise alone would leave",
        "No rate is negative",
    ]
    for part in parts:
        assert part in said


def test_if_nothing_beats_the_mean_that_is_all_there_is_to_say():
    measurement = denoised()[0]
    verdict = judge(*prepared(measurement, COUNTS, Filter(Mean(), COUNTS)), MEAN_CHOSEN)
    assert verdict.warnings == []
    assert verdict.tables == ()
    assert (
        "better than the mean of the exposures: the estimate is that mean" in verdict.sentences[0]
    )
    assert len(verdict.sentences) == 2  # and the size of its error
    assert verdict.quality["total_z"] == 0


def test_samples_are_judged_one_by_one():
    parts = [denoised(seed=seed) for seed in (0, 1, 2)]
    measurement = read_measurement([part[0].samples[0].repeats for part in parts])
    wholes, estimates, errors = ([part[i][0] for part in parts] for i in (1, 3, 4))
    faithful = judge(measurement, wholes, COUNTS, estimates, errors, CANDIDATES)
    assert faithful.warnings == []
    of_samples = {name: value for name, value in faithful.quality.items() if name != "held_out"}
    assert of_samples.pop("held_out_error") == 26.0
    assert {len(value) for value in of_samples.values()} == {3}
    assert "(sample " in faithful.sentences[1]
    assert [table.title for table in faithful.tables[:4]] == [
        "Sample 1: Strong peaks before and after",
        "Sample 1: Net counts by region",
        "Sample 1: Background between the lines",
        "Sample 1: Residuals by intensity",
    ]
    estimates[1] = 0.97 * estimates[1]
    warnings = judge(measurement, wholes, COUNTS, estimates, errors, CANDIDATES).warnings
    assert warnings[0].startswith("Sample 2: The sum over all channels is -3 % off")
    assert all(warning.startswith("Sample 2: ") for warning in warnings)


@pytest.mark.parametrize(
    ("noise", "smoothness"), [(Gaussian(2.0), 30.0), (Unknown(floor=1.0, slope=2.0), 1e3)]
)
def test_other_noise_raises_no_alarm_either(noise, smoothness):
    channels = np.arange(1500)
    truth = 4 + sum(90 * np.exp(-0.5 * ((channels - at) / 9) ** 2) for at in (300, 700, 1100))
    for seed in range(3):
        rng = np.random.default_rng(seed)
        repeats = np.stack([noise.simulate(truth, 1.0, rng) for _ in range(6)])
        method = Filter(Whittaker(3, smoothness), noise)
        verdict = judge(
            *prepared(read_measurement(repeats, axes="RE"), noise, method, seed=seed), CANDIDATES
        )
        assert verdict.warnings == []
        assert verdict.quality["n_lines"] == 3
        assert "No rate is negative" not in " ".join(verdict.sentences)


def test_a_short_spectrum_without_lines_is_judged():
    repeats = np.random.default_rng(0).poisson(5.0, (3, 8))
    method = Filter(Whittaker(2, 1e3), COUNTS)
    verdict = judge(*prepared(read_measurement(repeats, axes="RE"), COUNTS, method), CANDIDATES)
    assert verdict.warnings == []
    assert "No line is strong enough" in " ".join(verdict.sentences)
    assert all(np.isfinite(verdict.quality["dispersion"]))


def test_channels_without_counts_are_judged():
    repeats = np.zeros((2, 200))
    repeats[:, 100] = 1
    method = Filter(Whittaker(2, 1e3), COUNTS)
    verdict = judge(*prepared(read_measurement(repeats, axes="RE"), COUNTS, method), CANDIDATES)
    assert np.isfinite(verdict.quality["total_z"])


def test_limits_are_those_of_the_largest_of_many_normal_numbers():
    rng = np.random.default_rng(0)
    largest = np.abs(rng.normal(size=(20_000, 30))).max(axis=1)
    assert np.mean(largest > limit(0.05, 30)) == pytest.approx(0.05, abs=0.006)
    assert limit(0.05, 0) == limit(0.05, 1)


def test_what_was_trained_again_is_told_apart_from_what_was_compared():
    compared = Candidate("kernel mixture", "22 filters, mixed by 1 network", -9.0, 0.5, True)
    tried = [Candidate("mean", "", 0.0, 0.0), compared]
    said = say_choice(tried, refitted="22 filters, mixed by 3 networks")
    assert said[1].endswith("trained again on all of them: 22 filters, mixed by 3 networks.")
    assert say_choice(tried, refitted=compared.parameters) == say_choice(tried) == said[:1]
