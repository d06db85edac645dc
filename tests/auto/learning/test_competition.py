"""What is trained on everything, and what is told if that fails; who wins: test_selection.py."""

import logging
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
import torch

from autoden.auto.budget import Budget
from autoden.auto.learning import competition
from autoden.auto.learning.competition import choose_method
from autoden.auto.learning.mixture import MixtureTraining
from autoden.auto.learning.selection import chosen_of
from autoden.auto.learning.splits import Splits
from autoden.auto.verdicts.sentences import say_choice
from autoden.baselines import tune
from autoden.noise import Exposures, Poisson

WORK = Budget(8, 2, 1, 3, 2, with_dncnn=False)
N_TRAININGS = 3  # of each network, at most


@pytest.fixture
def mixture_wins(monkeypatch):
    """The mixture is chosen, however short it was trained."""

    def compare(methods, splits, preferred):
        given = known(methods, splits, preferred)
        return [replace(each, chosen=each.name == preferred.name) for each in given]

    known = competition.compare_methods
    monkeypatch.setattr(competition, "compare_methods", compare)


@pytest.fixture
def gaussian_wins(monkeypatch):
    """A Gaussian is chosen on the held-out channels."""

    def compare(methods, splits, preferred):
        given = known(methods, splits, preferred)
        return [replace(each, chosen=each.name == "gaussian") for each in given]

    known = competition.compare_methods
    monkeypatch.setattr(competition, "compare_methods", compare)


def test_a_filter_that_is_worse_than_the_mean_on_everything_is_not_used(gaussian_wins):
    rng = np.random.default_rng(0)
    rough = rng.uniform(5e4, 2e5, 64)  # no channel has to do with the next
    splits = Splits.draw([Exposures(rng.poisson(rough, (4, 64)))], Poisson(), 8, rng)
    chosen = choose_method(splits, WORK, 0)
    assert chosen.method.name == "mean"
    assert [each.name for each in chosen.candidates if each.chosen] == ["mean"]
    for each in chosen.candidates:
        assert (each.behind, each.behind_error) == (each.score, each.standard_error)
    lucky = replace(chosen.candidates[1], score=-1e6)
    (said,) = say_choice([chosen.candidates[0], lucky, *chosen.candidates[2:]])
    assert f"in all channels, though {lucky.parameters} does in some" in said


def test_a_filter_that_is_better_than_the_mean_is_tuned_on_everything(gaussian_wins, splits):
    chosen = choose_method(splits, WORK, 0)
    pairs = splits.first(WORK.n_tuning_splits).pairs
    assert chosen.method.baseline == tune("gaussian", pairs, splits.noise).baseline
    assert chosen_of(chosen.candidates).name == "gaussian"


def failing(monkeypatch, n_trainings):
    """Let so many trainings end at a worse likelihood, which is asked before that of the start."""
    calls = count()

    def loss(self, network):
        number, is_start = divmod(next(calls), 2)
        return float(is_start) if number >= n_trainings else float(not is_start)

    monkeypatch.setattr(MixtureTraining, "loss", loss)


@pytest.mark.parametrize(
    ("n_failures", "n_left", "sentence"),
    [
        (0, 3, None),
        (2, 3, None),  # repeated with another seed
        (7, 2, "1 of 3 networks ended each of 3 trainings at a worse likelihood than at "
         "the start, and is left out of the average."),
        (8, 1, "2 of 3 networks ended each of 3 trainings at a worse likelihood than "
         "at the start, and are left out of the average."),
    ],
)  # fmt: skip
def test_networks_that_fail_are_left_out_and_that_is_told(
    splits, monkeypatch, caplog, mixture_wins, n_failures, n_left, sentence
):
    failing(monkeypatch, n_failures)
    with caplog.at_level(logging.INFO):
        chosen = choose_method(splits, WORK, 0)
    assert len(chosen.method.networks) == n_left
    assert chosen.notes == (() if sentence is None else (sentence,))
    assert chosen.warnings == ()
    assert [record.getMessage() for record in caplog.records] == list(chosen.notes)


def test_if_all_networks_fail_it_is_a_warning(splits, monkeypatch, caplog, mixture_wins):
    failing(monkeypatch, 3 * N_TRAININGS)
    chosen = choose_method(splits, WORK, 0)
    assert len(chosen.method.networks) == 1  # the one that was compared
    (warning,) = chosen.warnings
    assert warning.startswith("All 3 networks ended each of 3 trainings at a worse likelihood")
    assert chosen.notes == ()
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.WARNING, warning)
    assert np.isfinite(chosen.method.rates(splits.wholes)[0]).all()


def test_networks_trained_at_the_same_time_are_those_trained_one_by_one(splits, mixture_wins):
    n_threads, found = torch.get_num_threads(), []
    try:
        for n in (1, 3):
            torch.set_num_threads(n)
            networks = choose_method(splits, WORK, 0).method.networks
            found.append(torch.cat([p.flatten() for each in networks for p in each.parameters()]))
            assert torch.get_num_threads() == n
    finally:
        torch.set_num_threads(n_threads)
    torch.testing.assert_close(*found)
