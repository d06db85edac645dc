"""Runs that say how far they are, and that end early when they are asked to."""

import sys
import types

import numpy as np
import pytest

import autoden as ad
from autoden.auto.progress import ENDED_EARLY, EndedEarlyError, Progress
from autoden.errors import InputError
from autoden.training import StopTraining

SPECTRA = ad.datasets.xrf_spectra(4, n_channels=256, seed=0)


def denoise(progress=None, budget="fast"):
    return ad.denoise(SPECTRA.counts, axes="RE", budget=budget, progress=progress)


class Told:
    """Keeps what it is told, and asks for the end at a stage."""

    def __init__(self, until=None):
        self.stages, self.fractions, self.details, self.until = [], [], [], until

    def __call__(self, stage, fraction, detail):
        self.stages.append(stage)
        self.fractions.append(fraction)
        self.details.append(dict(detail))
        if stage == self.until:
            raise StopTraining("enough")


def test_stages_follow_one_another_and_all_the_work_is_told():
    told = Told()
    looked_on, alone = denoise(told), denoise()
    assert list(dict.fromkeys(told.stages)) == [
        "reading", "noise", "filters", "mixture", "comparison", "training", "uncertainty", "done",
    ]  # fmt: skip
    assert told.fractions == sorted(told.fractions)
    assert (told.fractions[0], told.fractions[-1]) == (0.0, 1.0)
    epochs = [detail["epoch"] for s, detail in zip(told.stages, told.details, strict=True)
              if s == "mixture"]  # fmt: skip
    assert epochs == list(range(1, len(epochs) + 1))
    assert len(epochs) == told.details[told.stages.index("mixture")]["epochs"]
    np.testing.assert_array_equal(looked_on.estimate, alone.estimate)
    assert ENDED_EARLY not in looked_on.notes


@pytest.mark.parametrize(
    ("until", "compared"),
    [
        ("noise", {"mean"}),
        ("filters", {"mean"}),
        ("mixture", {"mean", "gaussian"}),
        ("comparison", {"mean", "gaussian", "kernel mixture"}),
        ("training", {"mean", "gaussian", "kernel mixture"}),
    ],
)
def test_a_run_that_ends_early_uses_what_was_compared(until, compared):
    told = Told(until)
    result = denoise(told)
    assert compared <= {candidate.name for candidate in result.candidates}
    if until in ("noise", "filters", "mixture"):
        assert "kernel mixture" not in {candidate.name for candidate in result.candidates}
    assert sum(candidate.chosen for candidate in result.candidates) == 1
    assert result.notes[-1] == ENDED_EARLY
    assert np.isfinite(result.estimate).all()
    assert (result.uncertainty > 0).all()
    assert told.stages[-1] == "done"


def test_several_networks_have_one_observer_and_none_trains_on():
    told = Told()
    progress = Progress(told)
    watch = progress.watch("training", 0.5, 0.9, epochs=2, n_networks=2)
    for _ in range(4):
        watch.on_epoch(None)
    assert told.fractions == pytest.approx([0.6, 0.7, 0.8, 0.9])
    assert [detail["epoch"] for detail in told.details] == [0, 1, 1, 2]
    progress.stopped = True
    with pytest.raises(EndedEarlyError):
        watch.on_epoch(None)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(InputError, match="`progress` is 3: give True for"):
        denoise(3)


@pytest.mark.parametrize("is_notebook", [True, False])
def test_a_bar_is_drawn_where_somebody_looks(monkeypatch, capsys, is_notebook):
    if is_notebook:
        monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    progress = Progress(True)
    for fraction in (0.0, 0.5, 1.0):
        progress.say("training", fraction)
    drawn = capsys.readouterr().err
    assert ("Training: 100%" in drawn) == is_notebook
    assert bool(drawn) == is_notebook
