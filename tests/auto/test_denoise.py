"""From measured spectra to a result: how good it is, what it says, and what is refused.

Runs are shared by the tests that ask something of them; those that ask only for words or bounds
train for a moment.
"""

import sys
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest
from scipy.signal import savgol_filter

import autoden as ad
from autoden.auto.budget import Budget
from autoden.auto.learning.method import Filter
from autoden.baselines.mean import Mean
from autoden.errors import InputError

MODULE = sys.modules[ad.denoise.__module__]
SHORT = Budget(8, 4, 8, 1, 6, with_dncnn=False)


@pytest.fixture
def hurried(monkeypatch):
    """Little work, where the quality of the estimate is not asked for."""
    monkeypatch.setattr(MODULE, "BUDGETS", MappingProxyType({"fast": SHORT, "balanced": SHORT}))


@pytest.fixture(scope="session")
def half(simulate):
    """The first half of the channels, with the strongest lines."""
    return simulate(n_channels=512)


@pytest.fixture(scope="module")
def held(simulate):
    return simulate(16, seed=99).counts


@pytest.fixture(scope="module")
def clean(spectra):
    before = spectra.counts.copy()
    result = ad.denoise(spectra.counts, axes="RE", budget="fast")
    assert np.array_equal(spectra.counts, before)
    return result


@pytest.fixture(scope="module")
def gaussian(spectra):
    """Values with noise of one level, and what becomes of them."""
    values = spectra.truth + np.random.default_rng(0).normal(0, 2, (4, 1024))
    return values, ad.denoise(values, axes="RE", budget="fast")


def mse(estimate, truth):
    return np.mean((estimate - truth) ** 2)


def deviance(rate, truth):
    """Of a rate from the truth, per channel, in nats; 0 where they agree."""
    rate, truth = np.maximum(rate, 1e-3), np.maximum(truth, 1e-9)
    return np.mean(rate - truth - truth * np.log(rate / truth))


def best_savgol(mean, truth, error):
    """The least error of all Savitzky-Golay filters, tuned on the truth itself."""
    return min(
        error(savgol_filter(mean, window, order, mode="interp"), truth)
        for order in (2, 4, 6)
        for window in range(order + 3, 61, 2)
    )


# How good it is


def test_error_is_far_below_that_of_the_mean_and_of_the_best_tuned_filter(clean, spectra):
    mean = spectra.counts.mean(axis=0)
    assert mse(clean.estimate, spectra.truth) < mse(mean, spectra.truth) / 3
    assert deviance(clean.estimate, spectra.truth) < deviance(mean, spectra.truth) / 5
    assert mse(clean.estimate, spectra.truth) < best_savgol(mean, spectra.truth, mse)
    assert deviance(clean.estimate, spectra.truth) < best_savgol(mean, spectra.truth, deviance)


def test_result_is_complete_and_consistent(clean, spectra):
    assert clean.estimate.shape == clean.uncertainty.shape == clean.mean.shape == (1024,)
    assert clean.estimate.dtype == clean.uncertainty.dtype == np.float64
    assert clean.estimate.min() >= 0
    assert np.isfinite(clean.uncertainty).all()
    np.testing.assert_allclose(clean.mean, spectra.counts.mean(axis=0))
    np.testing.assert_allclose(clean.noise, np.sqrt(clean.estimate / 4))
    (chosen,) = [candidate for candidate in clean.candidates if candidate.chosen]
    assert clean.method == f"{chosen.name}: {chosen.parameters}"
    assert clean.quality["held_out"] == chosen.score < 0
    assert clean.candidates[0].name == "mean"
    assert clean.settings["seed"] == 0
    assert clean.seconds > 0
    assert clean.estimate.sum() == pytest.approx(clean.mean.sum(), rel=0.01)


def test_stated_error_and_gain_are_near_the_true_ones(clean, spectra):
    truth = spectra.truth
    unit = np.maximum(truth, 0.1 / 4) / 4
    gain = np.mean(truth / 4 / unit) / np.mean((clean.estimate - truth) ** 2 / unit)
    assert clean.quality["dose_gain"] == pytest.approx(gain, rel=0.4)
    low, high = clean.quality["mse_interval"]
    assert low < clean.quality["mse"] < high
    assert mse(clean.estimate, truth) / 2 < clean.quality["mse"] < 2 * mse(clean.estimate, truth)
    bright = truth > 1
    within = np.abs(clean.estimate - truth) < clean.uncertainty
    assert 0.5 < within[bright].mean() < 0.85


@pytest.mark.parametrize("seed", [1, 2])
def test_data_without_faults_give_no_warning(simulate, seed):
    result = ad.denoise(simulate(seed=seed).counts, axes="RE", budget="fast")
    assert result.warnings == []
    assert any("Poisson counts, gain 1" in note for note in result.notes)
    assert result.verdict


@pytest.mark.parametrize("seed", [10, 26, 162, 197])
def test_short_spectra_without_faults_give_no_warning(seed):
    """In a few channels a filter that hardly smooths may be best, or be chosen by chance."""
    rng = np.random.default_rng(1000 + seed)
    n_channels = {10: 32, 26: 48, 162: 64, 197: 64}[seed]
    shares = np.array([rng.uniform(0.2, 0.45), rng.uniform(0.55, 0.8)])
    widths = rng.uniform(1.5, n_channels / 20 + 1, 2)
    heights = 10 ** rng.uniform(0.7, 2.7, 2)
    background = 10 ** rng.uniform(-0.5, 1)
    steps = (np.arange(n_channels)[:, None] - n_channels * shares) / widths
    truth = background + np.exp(-0.5 * steps**2) @ heights
    result = ad.denoise(rng.poisson(truth, (4, n_channels)), axes="RE", budget="fast", seed=seed)
    assert result.warnings == []
    assert mse(result.estimate, truth) < mse(result.mean, truth)


def test_clean_run_has_no_warning(clean):
    assert clean.warnings == []


def test_one_exposure_is_enough(simulate):
    """It is nearer to the truth than the mean of four times as many."""
    spectra = simulate(5, seed=4)
    result = ad.denoise(spectra.counts[0], budget="fast")
    assert result.warnings == []
    of_four = deviance(spectra.counts[1:].mean(axis=0), spectra.truth)
    assert deviance(result.estimate, spectra.truth) < of_four


def test_samples_of_one_set_up_share_a_method_and_keep_their_own_signal(simulate):
    steel = {"Cr": 2000, "Fe": 9000, "Ni": 1500}
    kinds = [simulate(4), simulate(2, composition=steel, seed=5), simulate(1, seed=6)]
    result = ad.denoise([kinds[0].counts, kinds[1].counts, kinds[2].counts[0]], budget="fast")
    assert result.estimate.shape == result.uncertainty.shape == (3, 1024)
    assert result.warnings == []
    for estimate, mean, sigma, kind in zip(
        result.estimate, result.mean, result.uncertainty, kinds, strict=True
    ):
        np.testing.assert_allclose(mean, kind.counts.mean(axis=0))
        assert mse(estimate, kind.truth) < mse(mean, kind.truth) / 2
        assert np.mean(sigma**2) / 3 < mse(estimate, kind.truth) < 3 * np.mean(sigma**2)
    assert len(result.quality["dose_gain"]) == 3
    assert result.estimate.min() >= 0


def test_nothing_is_lost_where_neighbours_are_not_alike(hurried):
    """Where none has anything to do with the next, the mean is as good as it gets."""
    rng = np.random.default_rng(0)
    truth = rng.uniform(5e4, 2e5, 512)
    counts = rng.poisson(truth, (4, 512))
    result = ad.denoise(counts, axes="RE")
    assert mse(result.estimate, truth) < 1.05 * mse(counts.mean(axis=0), truth)
    assert result.quality["dose_gain"] == pytest.approx(1, rel=0.3)


# The same again


def test_same_seed_gives_the_same_bits_and_a_reference_changes_nothing(clean, spectra, held):
    again = ad.denoise(spectra.counts, axes="RE", budget="fast", reference=held)
    assert np.array_equal(again.estimate, clean.estimate)
    assert np.array_equal(again.uncertainty, clean.uncertainty)
    assert again.candidates == clean.candidates
    own = {name: value for name, value in again.quality.items() if name != "reference"}
    assert own == clean.quality


def test_another_seed_gives_nearly_the_same(half, hurried):
    one, other = (ad.denoise(half.counts, axes="RE", seed=seed) for seed in (1, 2))
    assert not np.array_equal(one.estimate, other.estimate)
    assert mse(one.estimate, other.estimate) < mse(one.estimate, one.mean) / 2


def test_kinds_of_numbers_are_no_matter(half, hurried):
    counts = half.counts
    given = counts, counts.astype(np.uint16), counts.astype(np.float32)
    estimates = [ad.denoise(values, axes="RE").estimate for values in given]
    for estimate in estimates[1:]:
        assert np.array_equal(estimate, estimates[0])


# A reference


def test_reference_scores_estimate_and_mean_without_its_own_noise(spectra, held, hurried):
    result = ad.denoise(spectra.counts, axes="RE", reference=held)
    score, truth = result.quality["reference"], spectra.truth
    mean, noise = held.mean(axis=0), held.var(axis=0, ddof=1).mean() / 16
    assert score["mse"] == pytest.approx(mse(result.estimate, mean) - noise)
    assert score["mean_mse"] == pytest.approx(mse(result.mean, mean) - noise)
    assert score["mean_mse"] == pytest.approx(mse(result.mean, truth), rel=0.2)
    assert score["mse"] < score["mean_mse"]
    assert score["mdev"] < score["mean_mdev"]
    removed = 1000 * (deviance(result.mean, truth) - deviance(result.estimate, truth))
    assert score["mean_mdev"] - score["mdev"] == pytest.approx(removed, rel=0.2)
    np.testing.assert_allclose(result.reference, mean)


@pytest.mark.parametrize("axes", [None, "RE"])
def test_references_of_several_samples_may_differ_in_their_repeats(simulate, axes, hurried):
    data = [simulate(3, n_channels=512, seed=seed).counts for seed in (1, 2)]
    reference = [simulate(n, n_channels=512, seed=10 + n).counts for n in (5, 2)]
    result = ad.denoise(data, axes=axes, reference=reference)
    assert result.reference.shape == (2, 512)
    np.testing.assert_allclose(result.reference[1], reference[1].mean(axis=0))
    assert result.quality["reference"]["mse"] < result.quality["reference"]["mean_mse"]


# Other noise


def test_noise_of_one_level_is_found_and_removed(gaussian, spectra):
    values, result = gaussian
    assert any("Gaussian noise, sigma 2" in note or "sigma 1.9" in note for note in result.notes)
    assert mse(result.estimate, spectra.truth) < mse(values.mean(axis=0), spectra.truth) / 3
    assert result.quality["mse"] == pytest.approx(mse(result.estimate, spectra.truth), rel=0.5)
    assert "no counts" in result.warnings[0]


def test_noise_that_the_user_calls_gaussian_is_taken_for_it(half):
    values = 100 + half.truth + np.random.default_rng(0).normal(0, 2, (4, 512))
    result = ad.denoise(values, axes="RE", noise="gaussian", budget="fast")
    assert result.warnings == []
    assert mse(result.estimate - 100, half.truth) < mse(result.mean - 100, half.truth)
    shifted = ad.denoise(values - 100, axes="RE", noise="gaussian", budget="fast")
    np.testing.assert_allclose(shifted.estimate, result.estimate - 100, atol=0.2)


def test_noise_of_unknown_kind_is_told_from_the_signal_by_repeats(spectra):
    result = ad.denoise(1.7 * spectra.counts, axes="RE", noise="unknown", budget="fast")
    truth = 1.7 * spectra.truth
    assert mse(result.estimate, truth) < mse(result.mean, truth) / 3
    assert mse(result.estimate, truth) / 2 < result.quality["mse"] < 2 * mse(result.estimate, truth)
    assert any("noise of unknown kind" in note for note in result.notes)


def test_scaled_counts_are_denoised_as_counts(half, hurried):
    plain = ad.denoise(half.counts, axes="RE")
    scaled = ad.denoise(2.5 * half.counts, axes="RE")
    np.testing.assert_allclose(scaled.estimate, 2.5 * plain.estimate, rtol=1e-3, atol=1e-3)
    assert scaled.warnings[1:] == plain.warnings
    said = scaled.warnings[0]
    assert "whole multiples of 2.5" in said


# Exposure times


def test_exposure_times_say_what_repeats_of_different_totals_are(half, hurried):
    times = np.array([1.0, 2.0, 3.0, 6.0])
    counts = np.random.default_rng(0).poisson(times[:, None] / 3 * half.truth)
    told = ad.denoise(counts, axes="RE", exposure=times)
    assert not any("totals" in warning for warning in told.warnings)
    np.testing.assert_allclose(told.mean, counts.sum(axis=0) / 4)  # of a mean acquisition
    assert told.estimate.sum() == pytest.approx(half.truth.sum(), rel=0.02)
    said = ad.denoise(counts, axes="RE").warnings[0]
    assert "differ in their totals" in said
    assert "give them as `exposure`" in said


def test_long_exposures_weigh_more_where_noise_does_not_grow(half):
    times = np.array([1.0, 1.0, 4.0, 10.0])
    durations = times / times.mean()
    rng = np.random.default_rng(0)
    values = durations[:, None] * half.truth + rng.normal(0, 2, (4, 512))
    result = ad.denoise(values, axes="RE", exposure=times, noise="gaussian", budget="fast")
    weighted = durations @ values / (durations @ durations)
    np.testing.assert_allclose(result.mean, weighted)
    assert mse(weighted, half.truth) == pytest.approx(4 / (durations @ durations), rel=0.2)
    assert mse(result.estimate, half.truth) < mse(weighted, half.truth)


# Faults


def _scaled(counts, truth, rng):
    counts[1] = rng.poisson(1.3 * truth)


def _shifted(counts, truth, rng):
    counts[2] = np.roll(counts[2], 3)


def _copied(counts, truth, rng):
    counts[3] = counts[1]


def _level_noise(counts, truth, rng):
    counts[:] = truth + rng.normal(0, 2, counts.shape)


def _dead_time(counts, truth, rng):
    counts *= 1 + 1e-6 * counts.sum(axis=1, keepdims=True)


def _half_dead(counts, truth, rng):
    counts[:, 512:] = 0


def _comb(counts, truth, rng):
    counts[:, 1::2] = 0


def _hot(counts, truth, rng):
    counts[:, 700] = 3000


FAULTS = {
    _scaled: "Repeat 2 has 1.",
    _shifted: "Repeat 3 is shifted to higher channels",
    _copied: "Repeat 4 is a copy of repeat 2",
    _level_noise: "no counts: the data go down to",
    _dead_time: "no counts: each repeat is whole numbers times a factor of its own",
    _half_dead: "Channels 511 to 1023 are zero in every repeat",
    _comb: "Every second one of channels 1 to 1023 is zero",
    _hot: "Channel 700 is hot",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__[1:])
def test_a_planted_fault_is_told_and_the_result_stays_sensible(spectra, fault, hurried):
    truth = spectra.truth
    values = spectra.counts.astype(float)
    fault(values, truth, np.random.default_rng(0))
    before = values.copy()
    result = ad.denoise(values, axes="RE")
    assert np.array_equal(values, before)
    assert any(FAULTS[fault] in warning for warning in result.warnings), result.warnings
    assert np.isfinite(result.estimate).all()
    assert np.isfinite(result.uncertainty).all()
    assert (result.uncertainty >= 0).all()
    # Faults of the mean stay, noise does not: the estimate is that of what was there.
    there = np.array([truth] * 4)
    if fault in (_scaled, _shifted, _dead_time, _half_dead):
        fault(there, truth, _Sure())
    there = there.mean(axis=0)
    measured = values if fault is not _copied else values[:3]
    sound = np.arange(1024) % 2 == 0 if fault is _comb else np.arange(1024) != 700
    assert mse(result.estimate[sound], there[sound]) < mse(measured.mean(0)[sound], there[sound])
    assert np.abs(result.estimate - there).max() < 0.2 * truth.max()
    if fault not in (_level_noise, _dead_time):
        assert result.estimate.min() >= 0


class _Sure:
    """A source of numbers that are exactly what is expected."""

    def poisson(self, rate):
        return rate


# The trained method, again


def test_another_acquisition_is_denoised_by_the_same_method(clean, simulate):
    other = simulate(seed=8)
    result = clean.apply(other.counts, axes="RE")
    assert result.method == clean.method
    assert result.candidates == clean.candidates
    assert result.trained is clean.trained
    assert result.applied
    assert not clean.applied
    choice, measured = result.verdict[:2]
    assert choice.startswith(f"The method, {clean.method.split(':')[0]}")
    assert "by parts of the first data that it had not seen" in choice
    assert measured.startswith("All that follows was measured on these data")
    assert not any("first data" in said or "these data" in said for said in clean.verdict)
    assert mse(result.estimate, other.truth) < mse(result.mean, other.truth) / 3
    assert result.quality["mse"] == pytest.approx(mse(result.estimate, other.truth), rel=1)
    assert result.warnings == []


def test_the_same_acquisition_gives_the_same_estimate(clean, spectra):
    assert np.array_equal(clean.apply(spectra.counts, axes="RE").estimate, clean.estimate)


def test_a_shorter_acquisition_is_denoised_too(clean, simulate):
    other = simulate(1, seed=8, exposure=0.5)
    result = clean.apply(other.counts[0])
    assert mse(result.estimate, other.truth) < mse(result.mean, other.truth) / 3
    assert result.estimate.sum() == pytest.approx(other.counts.sum(), rel=0.05)


def test_one_acquisition_is_enough_where_repeats_had_to_train(gaussian, spectra, hurried):
    unknown = ad.denoise(1.7 * spectra.counts, axes="RE", noise="unknown")
    single = 1.7 * spectra.counts[0]
    assert mse(unknown.apply(single).estimate, 1.7 * spectra.truth) < mse(
        single, 1.7 * spectra.truth
    )
    values, result = gaussian
    again = result.apply(values[0])
    assert any("as before" in note for note in again.notes)


def test_noise_of_another_level_is_told_when_a_method_is_applied(gaussian, spectra):
    _, result = gaussian
    rng = np.random.default_rng(5)
    for sigma, n_warnings in ((2, 0), (3, 1)):
        values = spectra.truth + rng.normal(0, sigma, (4, 1024))
        again = result.apply(values, axes="RE")
        told = [said for said in again.warnings if "which the method was trained for" in said]
        assert len(told) == n_warnings


def test_a_result_shows_itself_in_a_line(clean, simulate, hurried):
    gain = f"{clean.quality['dose_gain']:.2g}"
    assert repr(clean) == (f"<Result: {clean.method}; shape (1024,), dose gain {gain}, 0 warnings>")
    both = ad.denoise([simulate(seed=seed).counts for seed in (1, 2)])
    gains = sorted(both.quality["dose_gain"])
    assert f"dose gain {gains[0]:.2g} to {gains[1]:.2g}, " in repr(both)
    assert repr(clean.apply(simulate(1).counts[0])).endswith("warnings, applied>")


def test_faults_of_another_acquisition_are_told(clean, simulate):
    counts = simulate(seed=8).counts
    counts[3] = counts[0]
    (said,) = clean.apply(counts, axes="RE").warnings
    assert "Repeat 4 is a copy of repeat 1" in said


def test_another_set_up_is_refused(clean, simulate):
    with pytest.raises(InputError, match="1024"):
        clean.apply(simulate(n_channels=1000).counts, axes="RE")


# More work, and little to work on


@pytest.mark.parametrize("budget", ["balanced", "best"])
def test_larger_budgets_compare_a_network_and_average_several(monkeypatch, simulate, budget):
    known = MODULE.BUDGETS[budget]
    assert known.with_dncnn
    assert known.n_networks > 1
    few = Budget(8, 4, 8, known.n_networks, 4, with_dncnn=True)
    monkeypatch.setattr(MODULE, "BUDGETS", {budget: few})
    spectra = simulate(n_channels=512)
    result = ad.denoise(spectra.counts, axes="RE", budget=budget)
    names = {candidate.name for candidate in result.candidates}
    assert names == {*ad.baselines.families(1), "kernel mixture", "dncnn"}
    assert mse(result.estimate, spectra.truth) < mse(result.mean, spectra.truth)
    if result.method.startswith("kernel mixture"):
        assert f"mixed by {known.n_networks} networks" in result.method


@pytest.mark.parametrize("n_channels", [8, 9, 17, 40])
@pytest.mark.parametrize("n_repeats", [1, 3])
def test_short_spectra_are_denoised_too(n_channels, n_repeats, hurried):
    rates = 20 + 10 * np.sin(np.arange(n_channels) / n_channels * 6)
    counts = np.random.default_rng(0).poisson(rates, (n_repeats, n_channels))
    result = ad.denoise(counts, axes="RE")
    assert np.isfinite(result.estimate).all()
    assert result.estimate.sum() == pytest.approx(counts.sum() / n_repeats, rel=0.2)


def test_a_level_of_few_counts_is_smoothed_all_over(hurried):
    counts = np.random.default_rng(0).poisson(0.1, (4, 512))
    result = ad.denoise(counts, axes="RE")
    assert mse(result.estimate, 0.1) < mse(counts.mean(axis=0), 0.1) / 20


def test_a_sample_without_counts_beside_another_is_zero_throughout(half, hurried):
    result = ad.denoise([half.counts, 0 * half.counts])
    assert np.abs(result.estimate[1]).max() < 0.01
    assert not any(warning.startswith("Sample 2") for warning in result.warnings)
    assert np.isfinite(result.uncertainty).all()


# What is refused, before any training


NEGATIVE = np.full((3, 64), -1.0)
COUNTS = np.random.default_rng(0).poisson(9.0, (3, 64))


@pytest.mark.parametrize(
    ("data", "settings", "words"),
    [
        (COUNTS[0], {"noise": "unknown"}, "give two or more"),
        (COUNTS, {"axes": "RE", "noise": "loud"}, "`noise` is 'loud'.*'auto', 'poisson'"),
        (COUNTS, {"axes": "RE", "budget": "slow"}, "`budget` is 'slow'.*'fast', 'balanced'"),
        (COUNTS, {"axes": "RE", "seed": -1}, "`seed` is -1"),
        (COUNTS, {"axes": "RE", "seed": 1.5}, "`seed` is 1.5"),
        (COUNTS, {"axes": "YX"}, "image of 3 x 64.*at least 8"),
        (COUNTS, {}, "several ways.*axes='RE'"),
        (COUNTS, {"axes": "RES"}, "one letter for each"),
        (COUNTS, {"axes": "RE", "n_dims": 2}, "`n_dims` is 2"),
        (np.ones((4, 5, 64)), {"axes": "YXE"}, "map of 4 x 5 spectra.*reshape"),
        (COUNTS - 20, {"axes": "RE", "noise": "poisson"}, '"poisson", but the data go down to -'),
        (COUNTS + 0.25, {"axes": "RE", "noise": "poisson"}, "is no whole number.*raw counts"),
        (COUNTS, {"axes": "RE", "reference": COUNTS[:, :50]}, "50 channels, .* 64"),
        (COUNTS, {"axes": "RE", "exposure": [1.0, 2.0]}, "exposure"),
        (COUNTS, {"axes": "RE", "exposure": [1.0, 2.0, 0.0]}, "exposure"),
        (np.where(COUNTS > 15, np.nan, COUNTS), {"axes": "RE"}, "NaN|nan|finite"),
        (0 * COUNTS, {"axes": "RE"}, "zero throughout"),
        (COUNTS[:, :7], {"axes": "RE"}, "7|8"),
        (COUNTS + 1j, {"axes": "RE"}, "complex"),
    ],
)
def test_bad_input_is_refused_by_name_and_with_a_remedy(data, settings, words, monkeypatch):
    monkeypatch.setattr(MODULE, "choose_method", _no_training)
    with pytest.raises(InputError, match=words):
        ad.denoise(data, **settings)


def _no_training(*args):
    raise AssertionError("something was trained before the input was checked")


@pytest.mark.parametrize("reference", [COUNTS, [COUNTS[0]]])
def test_references_of_other_samples_are_refused(reference):
    with pytest.raises(InputError, match=r"`reference` holds 1 sample.* the data 3"):
        ad.denoise(list(COUNTS), reference=reference)


def test_mean_as_a_result_says_so_and_is_exact(monkeypatch, half, hurried):
    def nothing_helps(splits, *given):
        return replace(choose(splits, *given), method=Filter(Mean(), splits.noise))

    choose = MODULE.choose_method
    monkeypatch.setattr(MODULE, "choose_method", nothing_helps)
    result = ad.denoise(half.counts, axes="RE")
    assert result.method == "mean: mean of the exposures"
    assert np.array_equal(result.estimate, half.counts.mean(axis=0))
    assert result.quality["dose_gain"] == pytest.approx(1, rel=0.3)


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".npy", ".msa"])
def test_what_is_saved_says_what_was_done_to_what(clean, spectra, tmp_path, suffix):
    clean.save(tmp_path / f"out{suffix}")
    (step,) = ad.read(tmp_path / f"out{suffix}").metadata["provenance"]
    assert (step["method"], step["seed"]) == (f"denoise: {clean.method}", 0)
    assert step["settings"]["budget"] == "fast"
    assert step["version"] == ad.__version__
    (measured,) = step["inputs"]
    assert measured["shape"] == list(spectra.counts.shape)
    assert len(measured["sha256"]) == 64
