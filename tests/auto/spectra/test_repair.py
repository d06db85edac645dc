"""Faults that would spoil an estimate are mended, and whatever is done is said."""

import numpy as np
import pytest

from autoden.auto.spectra.measurement import read_measurement
from autoden.auto.spectra.repair import repair
from autoden.noise import Poisson

HOT = 700


def mended(values, gain=1.0, axes="RE"):
    return repair(read_measurement(values, axes=axes), Poisson(gain))


@pytest.fixture
def counts(spectra):
    return spectra.counts.astype(float)


def test_sound_measurements_stay_as_they_are(counts):
    repaired = mended(counts)
    assert repaired.warnings == ()
    assert np.array_equal(repaired.samples[0].repeats, counts)
    assert np.array_equal(repaired.measured[0].repeats, counts)


def test_copies_of_repeats_are_left_out(counts):
    counts[3] = counts[1]
    repaired = mended(counts)
    (said,) = repaired.warnings
    assert "Repeat 4 is a copy of repeat 2" in said
    assert "left out here" in said
    for samples in (repaired.samples, repaired.measured):
        assert np.array_equal(samples[0].repeats, counts[:3])
        assert np.array_equal(samples[0].durations, np.ones(3))


def test_one_of_many_copies_is_kept(counts):
    copies = np.repeat(counts[:1], 4, axis=0)
    repaired = mended(copies)
    assert np.array_equal(repaired.samples[0].repeats, counts[:1])
    assert len(repaired.warnings) == 3


@pytest.mark.parametrize("gain", [1.0, 2.0, 2.5])
def test_a_hot_channel_is_filled_by_what_is_beside_it(counts, gain):
    values = gain * counts
    values[:, HOT] = 3000 * gain
    before = values.copy()
    repaired = mended(values, gain)
    assert np.array_equal(values, before)  # the user's own array
    said = repaired.warnings[-1]
    assert f"Channel {HOT} is hot" in said
    assert "filled from its neighbours, which is no measurement" in said
    (sample,) = repaired.samples
    beside = (values[:, HOT - 1] + values[:, HOT + 1]) / 2
    assert np.abs(sample.repeats[:, HOT] - beside).max() <= gain / 2
    multiples = sample.repeats / gain
    assert np.array_equal(multiples, np.rint(multiples))  # counts stay counts
    others = np.delete(np.arange(1024), HOT)
    assert np.array_equal(sample.repeats[:, others], values[:, others])
    assert np.array_equal(repaired.measured[0].repeats, values[:, others])


@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_a_spike_is_replaced_in_its_repeat_alone(counts, gain):
    values = gain * counts
    values[1, [HOT, 200]] += 3000 * gain
    repaired = mended(values, gain)
    (said,) = repaired.warnings
    assert "Repeat 2 has spikes in 2 channels" in said
    assert "the other repeats stand in for it" in said
    (sample,) = repaired.samples
    clean = np.delete(np.arange(1024), [HOT, 200])
    assert np.array_equal(sample.repeats[[0, 2, 3]], values[[0, 2, 3]])
    assert np.array_equal(sample.repeats[1, clean], values[1, clean])
    share = counts[:, clean].sum(axis=1) / counts[:, clean].sum()
    for channel in (HOT, 200):
        expected = share[1] * counts[[0, 2, 3], channel].sum() / (1 - share[1])
        assert sample.repeats[1, channel] / gain == pytest.approx(np.rint(expected))
    assert np.array_equal(repaired.measured[0].repeats, values[:, clean])


def test_a_spike_stays_with_its_repeat_where_a_copy_before_it_is_left_out(counts):
    counts[1] = counts[0]
    counts[3, HOT] += 3000
    repaired = mended(counts)
    assert len(repaired.warnings) == 2
    sample = repaired.samples[0].repeats
    assert sample.shape == (3, 1024)
    assert sample[2, HOT] < 30
    assert np.array_equal(sample[:2], counts[[0, 2]])


def test_filled_values_that_are_no_counts_are_interpolated(spectra):
    values = spectra.truth + np.random.default_rng(0).normal(0, 2, (4, 1024))
    values[:, HOT] = 3000
    repaired = repair(read_measurement(values, axes="RE"), None)
    beside = (values[:, HOT - 1] + values[:, HOT + 1]) / 2
    np.testing.assert_allclose(repaired.samples[0].repeats[:, HOT], beside)


def test_every_second_channel_is_filled_and_a_silent_half_is_not(counts):
    comb, half = counts.copy(), counts.copy()
    comb[:, 1::2] = 0
    half[:, 512:] = 0
    repaired = mended(comb)
    assert "Every second one" in repaired.warnings[0]
    (sample,) = repaired.samples
    inside = sample.repeats[:, 1:-1:2] - (comb[:, :-2:2] + comb[:, 2::2]) / 2
    assert np.abs(inside).max() <= 0.5
    assert repaired.measured[0].shape == (512,)
    (said,) = mended(half).warnings
    assert "dead or cut off" in said
    assert "filled" not in said
    assert np.array_equal(mended(half).samples[0].repeats, half)


def test_samples_are_mended_by_themselves_and_named(simulate, counts):
    other = simulate(2, seed=7).counts.astype(float)
    other[1] = other[0]
    repaired = mended([counts, other])
    (said,) = repaired.warnings
    assert said.startswith("Sample 2: Repeat 2 is a copy of repeat 1")
    assert [sample.n_repeats for sample in repaired.samples] == [4, 1]


def test_what_the_choice_of_noise_says_is_not_said_again(counts):
    assert mended(2.5 * counts, 2.5).warnings == ()


def test_durations_of_the_kept_repeats_are_kept(counts, simulate):
    durations = np.array([1.0, 2.0, 1.0, 1.0])
    rates = durations[:, None] * simulate(1).truth
    values = np.random.default_rng(0).poisson(rates).astype(float)
    values[3] = values[0]
    measurement = read_measurement(values, axes="RE", exposure=durations)
    repaired = repair(measurement, Poisson())
    np.testing.assert_allclose(repaired.samples[0].durations, durations[:3] / durations.mean())
