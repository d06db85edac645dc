"""What one repeat alone has in a channel or two, and no other event."""

import numpy as np
import pytest
from scipy import stats

from autoden.datasets import xrf_spectra
from autoden.noise.exposures import Exposures
from autoden.noise.spikes import _scores_of_counts, find_spikes, without_spikes

TRUTH = xrf_spectra(1, seed=2).truth
DURATIONS = np.array([0.1, 0.5, 1.0, 2.4])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def lines(height, fwhm=2.5, n_channels=1000):
    channels = np.arange(n_channels)
    centres = np.linspace(20.3, n_channels - 20.6, 18)[:, None]
    return 0.3 + height * np.exp(-0.5 * ((channels - centres) / fwhm * 2.3548) ** 2).sum(axis=0)


KINDS = {
    "counts": (lambda rates, rng: rng.poisson(rates).astype(float), 1.0),
    "gains": (lambda rates, rng: 2.5 * rng.poisson(rates), 2.5),
    "one level": (lambda rates, rng: rng.normal(rates, 2.0), None),
    "dead time": (lambda rates, rng: (lambda n: n * (1 + 1e-4 * n))(rng.poisson(rates)), None),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@pytest.mark.parametrize("durations", [np.ones(2), np.ones(4), DURATIONS])
@pytest.mark.parametrize("n_channels", [64, 4095])
def test_a_spike_is_found_and_nothing_else(rng, kind, durations, n_channels):
    draw, gain = KINDS[kind]
    rates = durations[:, None] * TRUTH[1500 : 1500 + n_channels if n_channels < 4095 else None]
    for _ in range(5):
        values = draw(rates, rng)
        assert not find_spikes(Exposures(values, durations), gain).any()
        repeat, channel = rng.integers(len(durations)), rng.integers(10, rates.shape[1] - 10)
        values[repeat, channel] += 1500
        found = np.argwhere(find_spikes(Exposures(values, durations), gain))
        assert found.tolist() == [[repeat, channel]]


@each_kind
@pytest.mark.parametrize("profile", [[400, 900], [900] * 3, [400, 900, 900, 400], [900] * 5])
def test_up_to_five_channels_side_by_side_are_a_spike(rng, kind, profile):
    draw, gain = KINDS[kind]
    hit = 3000 + np.arange(len(profile))
    for n_repeats in (2, 4):
        values = draw(np.ones((n_repeats, 1)) * TRUTH, rng)
        values[1, hit] += profile
        found = np.argwhere(find_spikes(Exposures(values), gain))
        assert found.tolist() == [[1, channel] for channel in hit]


@each_kind
def test_each_of_two_repeats_can_have_a_spike(rng, kind):
    draw, gain = KINDS[kind]
    values = draw(np.ones((2, 1)) * TRUTH, rng)
    values[[0, 1], [3000, 3500]] += 900
    found = np.argwhere(find_spikes(Exposures(values), gain))
    assert found.tolist() == [[0, 3000], [1, 3500]]


@each_kind
def test_six_channels_are_a_line_that_one_repeat_has(rng, kind):
    draw, gain = KINDS[kind]
    values = draw(np.ones((4, 1)) * TRUTH, rng)
    values[1, 3000:3006] += 900
    assert not find_spikes(Exposures(values), gain).any()


@pytest.mark.parametrize("fwhm", [2.0, 3.0, 5.0, 10.0])
@pytest.mark.parametrize("shift", [0.3, 3, 8, 40])
@pytest.mark.parametrize("n_repeats", [2, 4])
def test_lines_that_move_from_repeat_to_repeat_are_no_spikes(rng, fwhm, shift, n_repeats):
    channels = np.arange(1000)
    for height in (1e3, 1e5):
        line = height * np.exp(-0.5 * ((channels - 400.4) / fwhm * 2.3548) ** 2)
        shifts = shift * np.arange(n_repeats)
        rates = np.stack([np.interp(channels - each, channels, line) + 50 for each in shifts])
        assert not find_spikes(Exposures(rng.poisson(rates)), 1.0).any()
        values = rng.normal(rates, height / 100)
        assert not find_spikes(Exposures(values), None).any()


REDUCED = {
    "an offset": lambda counts, rng: counts - 5.0,
    "a dark measurement": lambda counts, rng: counts - rng.poisson(0.2, counts.shape),
    "readout noise": lambda counts, rng: counts + rng.normal(0, 0.3, counts.shape),
}


@pytest.mark.parametrize("reduced", REDUCED)
@pytest.mark.parametrize("dose", [0.02, 1.0, 20.0])
def test_counts_from_which_something_was_subtracted_have_no_false_spikes(rng, reduced, dose):
    for _ in range(5):
        counts = rng.poisson(dose * TRUTH, (4, TRUTH.size))
        values = REDUCED[reduced](counts, rng)
        assert not find_spikes(Exposures(values), None).any()
        values[2, 3000] += 900
        assert np.argwhere(find_spikes(Exposures(values), None)).tolist() == [[2, 3000]]


@pytest.mark.parametrize("fwhm", [2.0, 2.5, 5.0])
@pytest.mark.parametrize("gain", [1.0, None])
def test_lines_that_are_higher_in_one_repeat_are_no_spikes(rng, fwhm, gain):
    for height in (50, 5e3, 5e5):
        rates = lines(height, fwhm) * np.array([[1.0], [1.3], [1.0]])
        rates[1, :500] /= 1.3
        values = Exposures(rng.poisson(rates))
        assert not find_spikes(values, gain).any()


def test_a_score_is_as_improbable_as_it_says_at_any_count_and_share():
    """The exact binomial tail is below exp(-z^2 / 2), and not far below."""
    for share in (0.02, 0.25, 0.5):
        for total in (1, 3, 40, 5000):
            counts = np.arange(int(total * share) + 1, total + 1)
            shares = np.array([share, 1 - share])
            repeats = np.column_stack([[counts, total - counts], 1e12 * shares])  # fixes the shares
            scores = _scores_of_counts(Exposures(repeats, shares), 1.0)[0, :-1]
            with np.errstate(divide="ignore"):
                tail = stats.binom.logsf(counts - 1, total, share)
            assert (tail <= -0.5 * scores**2 + 1e-9).all()
            seen = tail > -600  # where the tail is still a number
            assert (tail[seen] >= -0.5 * scores[seen] ** 2 - 6).all()


def test_repeats_with_many_spikes_differ_as_a_whole(rng):
    counts = rng.poisson(3.0, (3, 1000)).astype(float)
    counts[0, 10:1000:90] += 300  # 11
    assert find_spikes(Exposures(counts[:, :990]), 1.0).sum() == 0
    assert find_spikes(Exposures(counts[:, :900]), 1.0).sum() == 0
    assert find_spikes(Exposures(counts[:, :250]), 1.0).sum() == 3


def test_a_single_acquisition_has_none(rng):
    counts = rng.poisson(3.0, (1, 100))
    counts[0, 50] = 1000
    assert not find_spikes(Exposures(counts), 1.0).any()


@pytest.mark.parametrize("step", [None, 1.0, 2.5])
def test_spikes_are_replaced_by_the_share_that_the_others_let_expect(rng, step):
    rates = DURATIONS[:, None] * 40 * np.ones(300)
    values = (step or 1) * rng.poisson(rates).astype(float)
    spikes = np.zeros(values.shape, dtype=bool)
    spikes[3, 70] = spikes[[0, 1], [80, 80]] = True
    hit = np.where(spikes, 1e5, values)
    mended = without_spikes(Exposures(hit, DURATIONS), spikes, step).repeats
    clean = ~spikes.any(axis=0)
    share = values[:, clean].sum(axis=1) / values[:, clean].sum()
    expected = {
        (3, 70): share[3] * values[:3, 70].sum() / share[:3].sum(),
        (0, 80): share[0] * values[2:, 80].sum() / share[2:].sum(),
        (1, 80): share[1] * values[2:, 80].sum() / share[2:].sum(),
    }
    for where, value in expected.items():
        whole = value if step is None else step * np.rint(value / step)
        assert mended[where] == pytest.approx(whole)
    assert np.array_equal(mended[~spikes], values[~spikes])
