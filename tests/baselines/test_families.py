"""What every family of filters must do, by the registry; and how it chooses its member."""

from itertools import pairwise

import numpy as np
import pytest

from autoden.baselines import BASELINES, families, tune
from autoden.datasets import xrf_spectra
from autoden.errors import InputError
from autoden.noise import Combined, Exposures, Gaussian, Poisson, Unknown

POISSON = Poisson()
OF_SPECTRA = families(1, named=True)
SMOOTHERS = [name for name in OF_SPECTRA if name != "mean"]
BY_WIDTH = ["gaussian", "savitzky-golay", "whittaker", "wavelets"]


def splits_of(exposures, noise=POISSON, n=4, fraction=0.25, seed=0):
    rng = np.random.default_rng(seed)
    return [noise.split(exposures, fraction, rng) for _ in range(n)]


def gaussian_lines(width, n_channels=1500, seed=0):
    """Give a truth of five lines of one width on a background, and four exposures of it."""
    channels = np.arange(n_channels)
    truth = np.full(n_channels, 0.1)
    for centre, height in zip((200, 520, 700, 1000, 1300), (80, 3, 20, 10, 40), strict=True):
        truth += height * np.exp(-(((channels - centre) / width) ** 2) / 2)
    return truth, Exposures(np.random.default_rng(seed).poisson(truth, (4, n_channels)))


def excess(estimate, truth):
    return POISSON.deviance(estimate, truth).mean()


@pytest.mark.parametrize("name", SMOOTHERS)
def test_every_family_beats_the_mean_of_simulated_spectra(name):
    for seed in range(3 if name in families(1) else 1):
        spectra = xrf_spectra(4, n_channels=2500, seed=seed)
        exposures = Exposures(spectra.counts)
        tuned = tune(name, splits_of(exposures, seed=seed), POISSON)
        mean = POISSON.combine(exposures)
        estimate = tuned.baseline.apply(mean, POISSON)
        assert excess(estimate, spectra.truth) < 0.15 * excess(mean.values, spectra.truth)
        squared = [np.mean((e - spectra.truth) ** 2) for e in (estimate, mean.values)]
        assert squared[0] < 0.6 * squared[1]


@pytest.mark.parametrize("name", [name for name in SMOOTHERS if name != "nl-ridge"])
def test_the_tuned_member_is_nearly_as_good_as_the_best_of_its_family(name):
    tuned_scores, all_scores = [], []
    for seed in range(8):
        truth, exposures = gaussian_lines(8, seed=seed)
        tuned = tune(name, splits_of(exposures, fraction=0.2, seed=seed), POISSON)
        values = POISSON.combine(exposures).values[None]
        sweep = type(tuned.baseline).sweep(tuned.candidates, values, 4.0, POISSON)
        all_scores.append([excess(estimate[0], truth) for estimate in sweep])
        tuned_scores.append(all_scores[-1][tuned.candidates.index(tuned.baseline)])
    assert sum(tuned_scores) < 1.1 * np.sum(all_scores, axis=0).min()


@pytest.mark.parametrize(
    ("name", "width"),
    [("gaussian", lambda b: b.sigma), ("savitzky-golay", lambda b: b.window / (b.order + 1)),
     ("whittaker", lambda b: b.smoothness ** (0.5 / b.order))],
)  # fmt: skip
def test_narrow_lines_choose_narrow_filters_and_wide_lines_wide_ones(name, width):
    chosen = [
        width(tune(name, splits_of(gaussian_lines(w)[1]), POISSON).baseline) for w in (2, 8, 32)
    ]
    assert chosen[1] > 1.8 * chosen[0]
    assert chosen[2] > 1.8 * chosen[1]


@pytest.mark.parametrize("name", OF_SPECTRA)
def test_the_table_holds_every_candidate_on_every_split(name):
    splits = splits_of(gaussian_lines(5)[1], n=3)
    tuned = tune(name, splits, POISSON)
    assert tuned.scores.shape == (len(tuned.candidates), 3)
    assert tuned.score == tuned.scores.mean(axis=1).min() == tuned.split_scores.mean()
    for split, score in zip(splits, tuned.split_scores, strict=True):
        rate = np.maximum(tuned.baseline.apply(split.input, POISSON), 1e-3)
        seen, dose = split.target.values, split.target.dose
        logs = np.log(rate / np.maximum(seen, 1e-3))
        by_hand = dose * np.mean(rate - np.maximum(seen, 1e-3) - seen * logs)
        assert score == pytest.approx(by_hand, rel=1e-3)


@pytest.mark.parametrize("name", OF_SPECTRA)
def test_tuning_repeats_and_leaves_the_data_alone(name):
    splits = splits_of(gaussian_lines(5)[1])
    before = [part.values.copy() for s in splits for part in (s.input, s.target)]
    first, second = tune(name, splits, POISSON), tune(name, splits, POISSON)
    assert first.baseline == second.baseline
    assert np.array_equal(first.scores, second.scores)
    after = [part.values for s in splits for part in (s.input, s.target)]
    assert all(map(np.array_equal, before, after))


def test_splits_of_different_doses_are_compared_alike():
    noise = Unknown(floor=0.5, slope=1.0)
    exposures = Exposures(gaussian_lines(5)[1].repeats, durations=[0.5, 1.5, 0.7, 1.3])
    splits = splits_of(exposures, noise)
    assert len({split.input.dose for split in splits}) > 1
    together = tune("gaussian", splits, noise).scores
    alone = np.hstack([tune("gaussian", [split], noise).scores for split in splits])
    assert together == pytest.approx(alone)


@pytest.mark.parametrize("name", OF_SPECTRA)
@pytest.mark.parametrize("size", [*range(1, 9), 40])
@pytest.mark.parametrize("rate", [0, 0.2, 30])
def test_tiny_constant_and_empty_spectra_are_no_trouble(name, size, rate):
    counts = np.full((2, size), float(round(rate)))
    counts[0, 0] += rate == 0.2
    for noise in (POISSON, Gaussian(1.0), Unknown(0.0, 1.0)):
        tuned = tune(name, splits_of(Exposures(counts), noise, n=2, fraction=0.5), noise)
        estimate = tuned.baseline.apply(noise.combine(Exposures(counts)), noise)
        assert estimate.shape == (size,)
        assert np.isfinite(estimate).all()
        assert np.isfinite(tuned.scores).all()
        if rate in (0, 30) and noise is POISSON:
            assert estimate == pytest.approx(np.full(size, rate), abs=0.6)
            assert estimate.min() >= 0


@pytest.mark.parametrize("name", SMOOTHERS)
def test_the_whole_grid_survives_extremes(name):
    spike, few, step = np.zeros((3, 700))
    spike[3], few[[50, 400]], step[300:] = 1e6, 1.0, 1e4
    for values in (spike, few, step):
        for noise in (POISSON, Gaussian(1.0), Unknown(0.1, 1.0)):
            for member in BASELINES[name].candidates((700,))[::4]:
                estimate = member.apply(Combined(values, 2.0), noise)
                assert np.isfinite(estimate).all()
                assert noise is not POISSON or estimate.min() >= 0


@pytest.mark.parametrize("shape", [(48, 40), (16, 18, 20)])
def test_images_and_volumes_are_filtered_by_the_families_that_fit(shape):
    axes = np.meshgrid(*(np.linspace(-2, 2, size) for size in shape), indexing="ij")
    truth = 1 + 20 * np.exp(-sum(axis**2 for axis in axes))
    exposures = Exposures(np.random.default_rng(0).poisson(truth, (4, *shape)))
    for name in families(len(shape)):
        if name == "mean":
            continue
        tuned = tune(name, splits_of(exposures, n=2), POISSON)
        mean = POISSON.combine(exposures)
        estimate = tuned.baseline.apply(mean, POISSON)
        assert excess(estimate, truth) < 0.3 * excess(mean.values, truth)


@pytest.mark.parametrize(
    ("gain", "name"), [(2.5, name) for name in OF_SPECTRA] + [(0.01, name) for name in OF_SPECTRA]
)
def test_the_unit_of_the_values_does_not_matter(gain, name):
    _, exposures = gaussian_lines(8)
    tuned = tune(name, splits_of(exposures), POISSON)
    scaled = tune(
        name, splits_of(Exposures(exposures.repeats * gain), Poisson(gain)), Poisson(gain)
    )
    assert scaled.baseline.describe() == tuned.baseline.describe()
    assert scaled.scores == pytest.approx(tuned.scores, rel=1e-3)


def test_grids_span_narrow_and_wide_filters_and_grow_with_the_data():
    for name in BY_WIDTH:
        short, long = (BASELINES[name].candidates((size,)) for size in (64, 16384))
        assert len(short) < len(long) < 100
        assert len(set(long)) == len(long)
    windows = {(b.order, b.window) for b in BASELINES["savitzky-golay"].candidates((4095,))}
    for order in (2, 4, 6):
        own = sorted(window for o, window in windows if o == order)
        assert own[0] == order + 3
        assert 250 < own[-1] <= 301
        assert max(b / a for a, b in pairwise(own) if a > 20) < 1.25


def test_unknown_families_and_wrong_dimensions_are_refused():
    splits = splits_of(gaussian_lines(5)[1], n=1)
    with pytest.raises(InputError, match="'mean', 'gaussian', 'savitzky-golay'"):
        tune("median", splits, POISSON)
    with pytest.raises(InputError, match="choose one of 'mean', 'gaussian', 'wavelets', 'total-"):
        BASELINES["whittaker"].candidates((8, 8))
    with pytest.raises(InputError, match="no splits"):
        tune("mean", [], POISSON)
