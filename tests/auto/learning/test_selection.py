"""Which of several methods is taken: by what it predicts of counts that it has not seen."""

from dataclasses import dataclass

import numpy as np
import pytest

from autoden.auto.learning.method import Filter
from autoden.auto.learning.selection import N_JUDGING_SPLITS, compare_methods
from autoden.auto.learning.splits import Splits
from autoden.baselines.mean import Mean
from autoden.noise import Exposures, Gaussian, Poisson

TRUTH = np.linspace(2.0, 40.0, 2000)


@dataclass(frozen=True, eq=False)
class Known:
    """A method that gives the same rates whatever it is shown."""

    rate: np.ndarray
    name: str = "known"

    def describe(self):
        return f"{self.name} rates"

    def rates(self, parts):
        return [self.rate] * len(parts)


@dataclass(frozen=True, eq=False)
class Blurred:
    """The truth, and a share of what is shown."""

    share: float
    name: str = "blurred"

    def describe(self):
        return f"{self.share:g} of the noise"

    def rates(self, parts):
        return [(1 - self.share) * TRUTH + self.share * part.values for part in parts]


def drawn(noise=None, n_repeats=4, n_splits=16, seed=0):
    noise, rng = noise or Poisson(), np.random.default_rng(seed)
    repeats = [noise.simulate(TRUTH, 1.0, rng) for _ in range(n_repeats)]
    return Splits.draw([Exposures(repeats)], noise, n_splits, rng)


def compare(methods, splits, preferred):
    return compare_methods([Filter(Mean(), splits.noise), *methods], splits, preferred)


def chosen_of(candidates):
    (number,) = (i for i, candidate in enumerate(candidates) if candidate.chosen)
    return number


def test_a_clearly_better_rival_wins():
    preferred = Known(1.1 * TRUTH)
    candidates = compare([preferred, Known(TRUTH)], drawn(), preferred)
    assert chosen_of(candidates) == 2
    assert candidates[1].behind > 2 * candidates[1].behind_error > 0
    assert candidates[2].behind == candidates[2].behind_error == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_rival_that_is_as_good_does_not_win(seed):
    wiggles = 0.01 * TRUTH * np.random.default_rng(100 + seed).normal(size=TRUTH.size)
    preferred = Known(TRUTH + wiggles)
    candidates = compare([Known(TRUTH - wiggles), preferred], drawn(seed=seed), preferred)
    assert chosen_of(candidates) == 2


@pytest.mark.parametrize("order", [1, -1])
def test_order_of_the_methods_is_no_matter(order):
    preferred = Known(1.1 * TRUTH)
    methods = [preferred, Known(TRUTH, "best"), Blurred(0.5)][::order]
    candidates = compare(methods, drawn(), preferred)
    assert candidates[chosen_of(candidates)].name == "best"
    assert [candidate.name for candidate in candidates] == ["mean", *(m.name for m in methods)]


def test_of_several_clearly_better_rivals_the_last_that_will_do_is_chosen():
    """The best of two that are about as good would be chosen by chance."""
    preferred = Known(1.1 * TRUTH, "preferred")
    wiggles = 0.01 * TRUTH * np.random.default_rng(101).normal(size=TRUTH.size)
    alike = [Known(TRUTH + wiggles, "one"), Known(TRUTH - wiggles, "other")]
    bests = set()
    for seed in range(4):
        splits = drawn(seed=seed)
        for rivals in (alike, alike[::-1]):
            candidates = compare([*rivals, preferred], splits, preferred)
            assert chosen_of(candidates) == 2
            assert candidates[3].behind > 3 * candidates[3].behind_error
            bests.add(min(candidates, key=lambda each: each.score).name)
        better = Known(TRUTH, "clearly better than the last"), Known(1.07 * TRUTH, "last")
        candidates = compare([*better, preferred], splits, preferred)
        assert chosen_of(candidates) == 1
    assert bests == {"one", "other"}  # chance


def test_mean_is_returned_where_nothing_beats_it():
    preferred = Known(1.5 * TRUTH)
    candidates = compare([preferred, Known(0.5 * TRUTH)], drawn(), preferred)
    assert chosen_of(candidates) == 0
    assert candidates[0].name == "mean"
    assert candidates[0].score == candidates[0].standard_error == 0


def test_a_preferred_method_that_is_hardly_worse_than_the_mean_is_not_returned():
    """It would claim to have improved what it has not."""
    preferred = Blurred(1.02)
    candidates = compare([preferred], drawn(), preferred)
    assert candidates[1].score > 0
    assert chosen_of(candidates) == 0
    rival = Blurred(0.97)  # not clearly better, but better than the mean
    candidates = compare([preferred, rival], drawn(), preferred)
    assert chosen_of(candidates) == 2


@pytest.mark.parametrize("noise", [Poisson(), Gaussian(3.0)], ids=str)
def test_score_is_the_error_of_the_mean_that_is_removed(noise):
    """Half a nat per channel and dose, in thousandths: for counts and for any other noise."""
    splits = drawn(noise, seed=1)
    doses = [pair.input.dose for pair in splits.first(N_JUDGING_SPLITS).pairs]
    method = Known(TRUTH)
    candidates = compare([method], splits, method)
    expected = -1000 * np.mean([0.5 / dose for dose in doses])
    assert candidates[1].score == pytest.approx(expected, abs=4 * candidates[1].standard_error)
    assert candidates[1].standard_error < 0.2 * abs(expected)


def test_errors_are_those_of_paired_differences():
    """Two methods that err alike differ by much less than each by itself does from the mean."""
    splits = drawn()
    rival, preferred = Known(1.001 * TRUTH, "rival"), Known(TRUTH)
    _, first, second = compare([rival, preferred], splits, preferred)
    judging = splits.first(N_JUDGING_SPLITS)
    held_out = splits.held_out
    difference = 1000 * (
        judging.deviances([rival.rate] * len(judging.pairs))[held_out]
        - judging.deviances([preferred.rate] * len(judging.pairs))[held_out]
    )
    assert first.behind == pytest.approx(difference.mean())
    assert first.behind_error == pytest.approx(difference.std() / np.sqrt(held_out.sum()))
    assert first.behind_error < 0.05 * first.standard_error
    assert second.behind == 0


def test_only_held_out_channels_judge():
    splits = drawn()
    preferred = Known(TRUTH)
    wrong_elsewhere = Known(np.where(splits.held_out[0], TRUTH, 5 * TRUTH))
    _, one, other = compare([preferred, wrong_elsewhere], splits, preferred)
    assert one.score == other.score
