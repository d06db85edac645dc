"""What a mixture chooses from: estimates that are what they say, in units that are."""

from dataclasses import replace

import numpy as np
import pytest

from autoden.auto.learning.splits import Splits
from autoden.auto.learning.units import CountUnits, LevelUnits
from autoden.auto.spectra.members import SpectrumMembers, find_members
from autoden.baselines import families, tune
from autoden.baselines.whittaker import Whittaker
from autoden.models.kernel_banks import MAX_WIDTH, MAX_WINDOW
from autoden.noise import Combined, Exposures, Gaussian, Poisson, Split, Unknown

N = 400
TRUTH = 2 + 40 * np.exp(-0.5 * ((np.arange(N)[:, None] - [90, 200, 310]) / 4) ** 2).sum(axis=1)
NOISES = [Poisson(), Poisson(2.5), Unknown(0.01, 1.0), Gaussian(3.0)]


def found(noise):
    rng = np.random.default_rng(0)
    source = Poisson() if isinstance(noise, Unknown) else noise  # of values never below 0
    repeats = [source.simulate(TRUTH, 1.0, rng) for _ in range(4)]
    splits = Splits.draw([Exposures(repeats)], noise, 4, rng)
    tuned = tuned_on(splits)
    return find_members(splits, tuned), splits, tuned


def tuned_on(splits):
    """Tune all families without the held-out channels."""
    names = [name for name in families(1) if name != "mean"]
    return {name: tune(name, splits.pairs, splits.noise, splits.trains()) for name in names}


@pytest.fixture(scope="module", params=NOISES, ids=str)
def case(request):
    return found(request.param)


def test_inputs_are_the_counts_then_the_sources_then_the_filters(case):
    members, splits, _ = case
    units, noise = members.units, splits.noise
    parts = [splits.wholes[0], splits.pairs[0].input, splits.pairs[1].target]  # three doses
    inputs = members.inputs(parts)
    assert inputs.shape == (3, 1 + members.n_estimates, N)
    for part, channels in zip(parts, inputs, strict=True):
        values = units.of(part)
        expected = [values]
        for source in members.sources:
            expected += list(source.estimates(values[None])[0])
        for filter_ in members.filters:
            rate = filter_.apply(part, noise)
            expected.append(units.of(Combined(rate, part.dose)))
        np.testing.assert_allclose(channels, expected, rtol=1e-4, atol=1e-3)


def test_sources_are_sought_where_the_noise_is_that_of_counts(case):
    members, splits, _ = case
    is_counts = not isinstance(splits.noise, Gaussian)
    assert isinstance(members.units, CountUnits) == is_counts
    assert bool(members.sources) == is_counts
    if is_counts:
        assert all(2.5 < width < 6 for width in members.widths)  # the lines have 4
        assert members.sources[0].widths == pytest.approx(members.widths)


def test_filters_are_those_that_did_best_on_held_out_parts(case):
    members, _, tuned = case
    assert tuned["wavelets"].baseline in members.filters
    whittakers = [each for each in members.filters if isinstance(each, Whittaker)]
    scores = tuned["whittaker"].scores.mean(axis=1)
    for i in np.argsort(scores):
        best = tuned["whittaker"].candidates[i]
        if best.order == 3:  # which leaves lines their shape
            break
    assert best in whittakers


def test_held_out_channels_do_not_choose(case):
    """They are to judge what was chosen without them."""
    members, splits, _ = case
    (hidden,) = splits.held_out
    pairs = [
        Split(pair.input, Combined(np.where(hidden, 500.0, pair.target.values), pair.target.dose))
        for pair in splits.pairs
    ]
    changed = replace(splits, pairs=tuple(pairs))
    assert find_members(changed, tuned_on(changed)) == members


def test_network_starts_from_estimates_and_its_filters_suit_the_lines(case):
    members, _, _ = case
    params = members.network(8)
    width = np.sqrt(np.prod(members.widths))
    assert min(params.gaussians) < width < max(params.gaussians) < 20 * width
    n_filters = len(params.gaussians) + len(params.savgol)
    assert params.n_channels_estimates == members.n_estimates
    assert n_filters <= params.reference < n_filters + members.n_estimates
    counts = isinstance(members.units, CountUnits)
    assert params.stabilise == ("anscombe" if counts else None)


def test_reference_is_good_by_itself(case):
    """What the network sees the other members against is nearer to the truth than the counts."""
    members, splits, _ = case
    (whole,) = splits.wholes
    estimates = members.inputs([whole])[0, 1:]
    truth = members.units.of(Combined(TRUTH, whole.dose))
    reference, noisy = estimates[members.reference], members.units.of(whole)
    variance = splits.noise.variance(TRUTH)
    off = [np.mean((rate - truth) ** 2 / variance) for rate in (reference, noisy)]
    assert off[0] < 0.7 * off[1]


def test_members_suit_the_widest_and_the_narrowest_lines(case):
    members, _, _ = case
    for widths in ((300.0, 900.0), (0.01, 0.01)):
        params = replace(members, widths=widths).network(8)
        assert max(params.gaussians) <= MAX_WIDTH
        for window, order in params.savgol:
            assert order < window <= MAX_WINDOW
            assert window % 2 == 1


def test_noise_of_one_level_has_no_response():
    members, _, tuned = found(Gaussian(3.0))
    assert isinstance(members, SpectrumMembers)
    assert isinstance(members.units, LevelUnits)
    assert members.widths == (tuned["gaussian"].baseline.sigma,) * 2
