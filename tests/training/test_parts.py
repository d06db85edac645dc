"""Settings, schedule, held-out scores, history: the parts around the loop."""

import io
import time

import numpy as np
import pytest
import torch
from torch import nn

from autoden.errors import InputError
from autoden.training import History, ProgressBar, TrainingSettings, cosine_restarts
from autoden.training.batch import Batch
from autoden.training.best import BestWeights
from autoden.training.held_out import held_out_scores, held_out_sums
from autoden.training.observers import EpochRecord


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"epochs": 0}, "`epochs` is 0"),
        ({"epochs": -3}, "`epochs` is -3"),
        ({"epochs": 2.5}, "`epochs` is 2.5"),
        ({"epochs": 5, "learning_rate": 0.0}, "`learning_rate` is 0.0"),
        ({"epochs": 5, "learning_rate": float("nan")}, "`learning_rate` is nan"),
        ({"epochs": 5, "optimizer": "adamant"}, "'adam', 'sgd', 'rmsprop', 'lbfgs'"),
        ({"epochs": 5, "accum_grads": "no"}, "`accum_grads` is 'no'"),
        ({"epochs": 5, "learning_rate": 10**400}, "`learning_rate` is 1000"),
        ({"epochs": 5, "restarts": 0}, "`restarts` is 0"),
        ({"epochs": 3.0}, "`epochs` is 3.0"),
        ({"epochs": "3"}, "`epochs` is '3'"),
        ({"epochs": None}, "`epochs` is None"),
        ({"epochs": True}, "`epochs` is True"),
        ({"epochs": 5, "learning_rate": "x"}, "`learning_rate` is 'x'"),
        ({"epochs": 5, "restarts": 1.5}, "`restarts` is 1.5"),
        ({"epochs": 5, "restarts": 6}, "`epochs` (=5)"),
        ({"epochs": 5, "optimizer": "lbfgs", "accum_grads": True}, "accum_grads"),
    ],
)
def test_settings_name_the_value_that_is_wrong(values, words):
    with pytest.raises(InputError) as error:
        TrainingSettings(**values)
    assert words in str(error.value)


@pytest.mark.parametrize(("epochs", "restarts"), [(10, 1), (12, 3), (10, 3), (100, 4)])
def test_cosine_cycles_start_at_one_and_the_last_ends_near_zero(epochs, restarts):
    factors = np.array([cosine_restarts(epochs, restarts)(e) for e in range(epochs)])
    assert factors[0] == 1.0
    assert np.all((factors > 0) & (factors <= 1))
    assert np.sum(np.diff(factors) > 0) == restarts - 1
    assert np.sum(factors == 1.0) == restarts
    if epochs >= 5 * restarts:
        assert factors[-1] < 0.25


def scores(errors, output, target, held_out):
    batch = Batch(output, target, (~held_out).to(output.dtype), held_out)
    return held_out_scores(held_out_sums(errors, output, batch).tolist())


def test_held_out_scores_agree_with_numpy():
    rng = np.random.default_rng(0)
    output, target = rng.normal(size=(2, 3, 2, 40)).astype(np.float32)
    target += 2 * output
    held_out = rng.random((3, 2, 40)) < 0.3
    o, t = output[held_out].astype(float), target[held_out].astype(float)
    slope, offset = np.polyfit(o, t, 1)
    tensors = [torch.tensor(a) for a in ((output - target) ** 2, output, target, held_out)]
    error, invariant = scores(*tensors)
    assert error == pytest.approx(np.mean((o - t) ** 2), rel=1e-5)
    assert invariant == pytest.approx(np.mean((slope * o + offset - t) ** 2), rel=1e-4)


def test_held_out_scores_do_not_change_with_scale_and_bias():
    rng = np.random.default_rng(1)
    output, target = torch.tensor(rng.normal(size=(2, 1, 1, 50)))
    mask = torch.ones_like(output, dtype=torch.bool)
    found = [scores((o - target) ** 2, o, target, mask)[1] for o in (output, 3 * output - 7)]
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_nothing_held_out_gives_nan():
    zero = torch.zeros(1, 1, 4)
    assert all(np.isnan(scores(zero, zero, zero, zero > 0)))


def test_best_weights_restore_what_was_offered_also_buffers():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    best = BestWeights(model, epochs=10, n_stretches=2)
    expected = {}
    for epoch, score in enumerate([3.0, 1.0, 2.0, float("nan"), 5.0, 9.0, 8.0, 7.5, 7.9, 9.0]):
        with torch.no_grad():
            for tensor in model.state_dict().values():
                tensor.fill_(epoch)
        best.offer(epoch, score)
        expected[epoch] = {k: v.clone() for k, v in model.state_dict().items()}
    assert [candidate.epoch for candidate in best.candidates] == [1, 7]  # the best of each half
    for candidate in best.candidates:
        best.restore(candidate)
        assert all(
            torch.equal(v, expected[candidate.epoch][k]) for k, v in model.state_dict().items()
        )


@pytest.mark.parametrize(("watched", "enabled"), [(True, True), (True, False), (False, True)])
def test_progress_is_drawn_where_somebody_sees_it(watched, enabled, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return watched

    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    with ProgressBar(3, enabled=enabled) as bar:
        for epoch in range(3):
            time.sleep(0.25)  # longer than the time between two drawings
            bar.on_epoch(EpochRecord(epoch, 1.0, 1.0, 0.125, 0.1))
    drawn = terminal.getvalue()
    assert ("Training" in drawn and "held-out loss 0.125" in drawn) == (watched and enabled)


def test_history_is_a_mapping_that_draws_itself():
    records = tuple(EpochRecord(e, 1.0 / (e + 1), 0.9 / (e + 1), 2.0, 1.0) for e in range(5))
    history = History(records, best_epoch=3, best_held_out=2.0)
    assert dict(history).keys() == {"loss_trn", "loss_trn_data", "loss_tst", "loss_tst_sbi"}
    np.testing.assert_allclose(history["loss_trn"], 1 / np.arange(1, 6))
    assert "best_epoch=3" in repr(history)
    assert history == history
    assert len({history}) == 1
    assert len(history.plot().axes) == 1
    assert history._repr_png_().startswith(b"\x89PNG")
