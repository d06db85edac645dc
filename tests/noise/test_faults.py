"""Planted faults are found and named; data without faults are left in peace."""

import numpy as np
import pytest

from autoden.datasets import xrf_spectra
from autoden.errors import InputError
from autoden.noise.choice import choose_noise
from autoden.noise.exposures import Exposures
from autoden.noise.faults import find_faults
from autoden.noise.poisson import Poisson

SPECTRA = xrf_spectra(4, seed=5)
N = SPECTRA.truth.size


@pytest.fixture
def counts():
    return SPECTRA.counts.astype(float)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def faults_of(values, **where):
    exposures = Exposures(values)
    return find_faults(exposures, choose_noise([exposures]).noise, **where)


def the_fault(values, **where):
    (fault,) = faults_of(values, **where)
    return fault


def lines(rng, fwhm, background=0.3, n_channels=2000, n_lines=12):
    channels = np.arange(n_channels, dtype=float)
    centres = rng.uniform(0.03 * n_channels, 0.97 * n_channels, n_lines)
    heights = rng.uniform(1, 200, n_lines)
    shapes = np.exp(-0.5 * ((channels - centres[:, None]) / fwhm * 2.3548) ** 2)
    return background + heights @ shapes


@pytest.mark.parametrize("dose", [0.1, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("n_repeats", [1, 2, 4, 8])
def test_exposures_without_faults_have_none(rng, dose, n_repeats):
    for _ in range(3):
        assert faults_of(rng.poisson(dose * SPECTRA.truth, (n_repeats, N))) == []


@pytest.mark.parametrize("fwhm", [3, 10, 60])
@pytest.mark.parametrize("background", [0.0, 0.01, 2.0])
def test_narrow_and_sparse_spectra_have_no_faults(rng, fwhm, background):
    for n_repeats in (1, 3):
        truth = lines(rng, fwhm, background)
        truth[:150] = 0  # a threshold
        truth[-200:] = 0  # an empty end
        assert faults_of(rng.poisson(truth, (n_repeats, 2000))) == []


def test_real_exposures_have_no_faults(xrf_file):
    table = np.loadtxt(xrf_file, delimiter=",", skiprows=1)[:, 1:-1]
    for group in range(8):
        assert faults_of(table[4 * group : 4 * group + 4]) == []
    assert faults_of(table[:1]) == []
    assert faults_of(table) == []


def test_a_scaled_repeat_is_named(counts, rng):
    counts[1] = rng.poisson(1.3 * SPECTRA.truth)
    fault = the_fault(counts)
    assert fault.kind == "scaled"
    assert fault.elements.tolist() == [1]
    assert fault.sentence.startswith("Repeat 2 has 1.")


def test_stated_exposures_that_the_data_contradict_are_told_so(counts):
    stated = Exposures.timed(counts, [1, 2, 0.5, 1])
    told = [fault.sentence for fault in find_faults(stated, Poisson()) if fault.kind == "scaled"]
    assert told
    for said in told:
        assert "stated exposures contradict the data" in said
        assert "give them" not in said
    one = Exposures.timed(counts, [1, 1, 2, 1])
    (fault,) = find_faults(one, Poisson())
    assert (
        "Repeat 3 has 0.50 times the total that its stated exposure lets expect" in fault.sentence
    )


@pytest.mark.parametrize("shift", [-10, 2, 5])
def test_a_shifted_repeat_is_named(counts, shift):
    counts[2] = np.roll(counts[2], shift)
    fault = the_fault(counts, positions=SPECTRA.energies_keV, unit="keV")
    assert fault.kind == "shifted"
    assert fault.elements.tolist() == [2]
    side = "higher" if shift > 0 else "lower"
    assert f"Repeat 3 is shifted to {side} channels" in fault.sentence
    assert "keV" in fault.sentence


def test_a_duplicated_repeat_is_named(counts):
    counts[3] = counts[1]
    fault = the_fault(counts)
    assert (fault.kind, fault.elements.tolist()) == ("duplicate", [3])
    assert "Repeat 4 is a copy of repeat 2" in fault.sentence


def test_a_repeat_that_overlaps_another_is_named(counts, rng):
    counts[2] = rng.binomial(SPECTRA.counts[0], 0.5) + rng.poisson(SPECTRA.truth / 2)
    fault = the_fault(counts)
    assert (fault.kind, fault.elements.tolist()) == ("duplicate", [2])


@pytest.mark.parametrize("change", [
    lambda counts, rng: SPECTRA.truth + rng.normal(0, 2, counts.shape),
    lambda counts, rng: counts * (1 + 1e-4 * counts),
    lambda counts, rng: counts * (1 + 1e-6 * counts.sum(axis=1, keepdims=True)),
    lambda counts, rng: counts / counts.sum(axis=1, keepdims=True),
])  # fmt: skip
@pytest.mark.parametrize("n_repeats", [1, 4])
def test_values_that_are_no_counts_are_told(counts, rng, change, n_repeats):
    faults = find_faults(Exposures(change(counts, rng)[:n_repeats]), None)
    assert [fault.kind for fault in faults] == ["not counts"]


@pytest.mark.parametrize("half", [slice(N // 2, None), slice(0, N // 2), slice(1, None, 2)])
def test_a_silent_half_is_told_with_its_channels(counts, half):
    counts[:, half] = 0
    fault = the_fault(counts, positions=SPECTRA.energies_keV, unit="keV")
    assert fault.kind == "dead channels"
    silent = np.arange(N)[half]
    assert np.isin(silent, fault.elements).all()
    assert len(fault.elements) < len(silent) + 30
    assert "keV" in fault.sentence


def test_a_few_dead_channels_in_a_bright_region_are_told(counts):
    peak = int(SPECTRA.truth.argmax())
    counts[:, [peak - 6, peak, peak + 1]] = 0
    assert the_fault(counts).elements.tolist() == [peak - 6, peak, peak + 1]


@pytest.mark.parametrize("n_repeats", [1, 4])
@pytest.mark.parametrize("channel", [700, 1950, 3000])
def test_a_hot_channel_is_told(counts, channel, n_repeats):
    counts[:, channel] += 800
    fault = the_fault(counts[:n_repeats])
    assert (fault.kind, fault.elements.tolist()) == ("hot channel", [channel])
    assert fault.sentence.startswith(f"Channel {channel} is hot")


@pytest.mark.parametrize("n_repeats", [2, 4])
@pytest.mark.parametrize("channel", [700, int(SPECTRA.truth.argmax())])
def test_a_spike_is_told_with_its_repeat_also_on_a_strong_line(counts, channel, n_repeats):
    counts[1, channel] += 500
    fault = the_fault(counts[:n_repeats], positions=SPECTRA.energies_keV, unit="keV")
    assert (fault.kind, fault.repeat, fault.elements.tolist()) == ("spike", 1, [channel])
    assert fault.sentence.startswith(f"Repeat 2 has a spike in channel {channel} (at ")
    assert "in this repeat alone" in fault.sentence


def test_several_spikes_are_told_by_repeat(counts):
    counts[[0, 0, 3], [300, 2500, 700]] += 600, 900, 200
    faults = faults_of(counts)
    told = [(fault.kind, fault.repeat, fault.elements.tolist()) for fault in faults]
    assert told == [("spike", 0, [300, 2500]), ("spike", 3, [700])]
    assert "spikes in 2 channels, most in channel 2500" in faults[0].sentence


def test_a_channel_that_is_high_in_several_repeats_is_hot_and_no_spike(counts):
    counts[:2, 700] += 800
    assert (the_fault(counts).kind, the_fault(counts).elements.tolist()) == ("hot channel", [700])


def test_a_spike_is_found_after_its_copy_and_before_likeness(counts, rng):
    counts[0, 700] += 800
    counts[3] = counts[0]
    told = [(fault.kind, fault.repeat, fault.elements.tolist()) for fault in faults_of(counts)]
    assert told == [("duplicate", None, [3]), ("spike", 0, [700])]
    values = SPECTRA.truth + rng.normal(0, 2, counts.shape)
    values[2, 700] += 1e5
    assert (the_fault(values).kind, the_fault(values).repeat) == ("spike", 2)


@pytest.mark.parametrize("durations", [[0.05, 1.0, 1.0], [0.1, 0.5, 1.0, 2.4], [5.0, 1, 1, 1, 1]])
@pytest.mark.parametrize("kind", ["counts", "one level", "rates", "noisy rates"])
def test_repeats_of_very_unequal_durations_have_no_faults(rng, durations, kind):
    times = np.array(durations) / np.mean(durations)
    rates, level = times[:, None] * SPECTRA.truth, rng.normal(0, 2, (len(times), N))
    values, given = {
        "counts": (rng.poisson(rates), times),
        "one level": (rates + level, times),
        "rates": (rng.poisson(rates) / times[:, None], None),  # divided by the live times before
        "noisy rates": (SPECTRA.truth + level / times[:, None], None),
    }[kind]
    exposures = Exposures(values, given)
    noise = choose_noise([exposures]).noise
    assert find_faults(exposures, noise) == []


def test_values_that_were_rounded_to_zero_are_not_dead(rng):
    coarse = 30 * np.rint((SPECTRA.truth + rng.normal(0, 2, N)) / 30)
    assert faults_of(coarse[None]) == []


def test_many_lines_of_one_channel_are_coarse_and_not_hot(rng):
    truth = np.full(2000, 1.0)
    truth[rng.choice(2000, 40, replace=False)] = 500
    kinds = [fault.kind for fault in find_faults(Exposures(rng.poisson(truth, (3, 2000))), None)]
    assert "hot channel" not in kinds


def test_repeats_of_different_grains_are_told_as_not_identical(rng):
    rates = 30 * SPECTRA.truth * np.ones((4, 1))
    rates[:, 1500:2100] *= np.array([1.1, 0.9, 1.0, 1.0])[:, None]
    rates /= rates.mean(axis=1, keepdims=True) / rates.mean()
    faults = faults_of(rng.poisson(rates))
    assert "dispersion" in {fault.kind for fault in faults}


def test_smoothed_noise_is_told_as_correlated(rng):
    noise = rng.normal(0, 2, (4, N + 2))
    values = SPECTRA.truth + (noise[:, 2:] + noise[:, 1:-1] + noise[:, :-2]) / 3
    assert the_fault(values).kind == "correlated"


def test_positions_are_checked(counts):
    with pytest.raises(InputError, match="4095 channels"):
        find_faults(Exposures(counts), None, positions=[1.0, 2.0])
