"""Training without torch's graph is the same training."""

import numpy as np
import pytest
import torch
from torch import nn

from autoden.algorithms.pairs import PairsTask
from autoden.losses.bounds import LowerLimit
from autoden.models.dncnn import DnCNN
from autoden.training import TrainingSettings, compare, direct, engine, fit
from autoden.training.batch import Batch
from autoden.training.squares import MOST


def make_task(n=6, shape=(40,), n_channels=1, task=PairsTask, **options):
    truth = torch.linspace(-1, 1, shape[-1]).expand(n, n_channels, *shape)
    inputs, targets = truth + 0.3 * torch.randn(2, *truth.shape)
    mask = (torch.rand(1, 1, *shape) < 0.2).expand(truth.shape)
    return task(Batch(inputs, targets, (~mask).float(), mask), **options)


def make_model(n_dims=1, n_channels=1):
    torch.manual_seed(1)
    return DnCNN(n_channels, n_channels, n_layers=3, n_features=4, n_dims=n_dims)


def train(task, *, limit=None, n_dims=1, n_channels=1, observers=(), penalties=(), **settings):
    model = make_model(n_dims, n_channels)
    limits = [] if limit is None else [LowerLimit(torch.as_tensor(limit))]
    history = fit(
        model,
        task,
        TrainingSettings(**{"epochs": 6, "learning_rate": 1e-2, **settings}),
        penalties=[*limits, *penalties],
        observers=observers,
    )
    return history, torch.cat([t.detach().reshape(-1) for t in model.state_dict().values()])


@pytest.fixture
def steps(monkeypatch):
    """Count the steps that are taken directly."""
    taken = []
    backward = direct.DirectObjective.backward

    def counting(self, batch, **options):
        taken.append(batch)
        return backward(self, batch, **options)

    monkeypatch.setattr(direct.DirectObjective, "backward", counting)
    return taken


@pytest.mark.parametrize(
    ("batch_size", "options"),
    [
        (None, {}),
        (None, {"limit": -0.2}),
        (None, {"limit": np.linspace(-1.0, 0.5, 40, dtype=np.float32)}),
        (None, {"optimizer": "lbfgs", "learning_rate": 0.1, "epochs": 2}),
        (None, {"average": 0.9}),
        (4, {"limit": -0.2}),
        (4, {"limit": -0.2, "accum_grads": True}),
    ],
    ids=["plain", "limit", "limits", "lbfgs", "average", "batches", "accumulated"],
)
def test_it_is_the_same_training(batch_size, options, steps, monkeypatch):
    found = []
    for is_direct in (True, False):
        if not is_direct:
            monkeypatch.setattr(engine, "direct_objective", lambda *_: None)
        torch.manual_seed(0)
        task = make_task(batch_size=batch_size, generator=torch.Generator().manual_seed(0))
        found.append(train(task, **options))
        if is_direct:
            assert steps
            steps.clear()
    assert not steps
    (ours, weights), (theirs, expected) = found
    assert ours.best_epoch == theirs.best_epoch
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, err_msg=name)
    torch.testing.assert_close(weights, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(("n_dims", "n_channels"), [(2, 1), (3, 2)])
def test_images_and_volumes_of_channels_train_directly(n_dims, n_channels, steps):
    task = make_task(shape=(6, 7, 8)[:n_dims], n_channels=n_channels)
    history, _ = train(task, n_dims=n_dims, n_channels=n_channels)
    assert len(steps) == 6
    assert history["loss_trn"][-1] < history["loss_trn"][0]


class OwnLoss(PairsTask):
    """Looks at more than one output."""

    def loss(self, model, batch):
        model(batch.input)
        return compare(model(batch.input), batch, self.data_term)


class Roughness(nn.Module):
    """A penalty of a user's own."""

    def forward(self, output):
        return output.diff(dim=-1).square().mean()


class OwnLimit(LowerLimit):
    """Derived from the limit."""


@pytest.mark.parametrize(
    "options",
    [
        {"task": OwnLoss},
        {"data_term": lambda output, target: (output - target).abs()},
        {"shape": (MOST // 6 + 1,)},
        {"penalties": [Roughness()]},
        {"penalties": [OwnLimit(torch.tensor(0.0))]},
        {"penalties": [LowerLimit(torch.tensor(0.0, dtype=torch.float64))]},
    ],
    ids=["loss", "error", "large", "penalty", "derived limit", "double limit"],
)
def test_all_else_is_left_to_torch(options, steps):
    penalties = options.pop("penalties", ())
    train(make_task(**options), penalties=penalties, epochs=2)
    assert not steps


class Meddler:
    """An observer that changes the network after some epochs."""

    def __init__(self, model_of, change):
        self.model_of, self.change = model_of, change

    def on_epoch(self, record):
        if record.epoch == 2:
            self.change(self.model_of())


def meddle(change, steps):
    """Train with a change after three epochs; give the network and the number of direct steps."""
    torch.manual_seed(0)
    model, task = make_model(), make_task()
    fit(
        model,
        task,
        TrainingSettings(epochs=8, learning_rate=1e-2),
        observers=[Meddler(lambda: model, change)],
    )
    return model, len(steps)


def test_what_is_frozen_meanwhile_stays(steps, monkeypatch):
    kept = {}

    def freeze(model):
        weight = model.layers[-1].weight
        weight.requires_grad_(False)
        kept["before"] = weight.detach().clone()

    for is_direct in (True, False):
        if not is_direct:
            monkeypatch.setattr(engine, "direct_objective", lambda *_: None)
        model, n_direct = meddle(freeze, steps)
        kept[is_direct] = model.layers[0][1].weight.detach().clone()
    assert n_direct == 3  # of the first training; torch's graph took over
    torch.testing.assert_close(kept[True], kept[False], rtol=1e-3, atol=1e-5)


def test_hooks_that_come_meanwhile_are_called(steps):
    seen = []
    _, n_direct = meddle(
        lambda model: model.layers[-1].weight.register_hook(lambda g: seen.append(g)), steps
    )
    assert (n_direct, len(seen)) == (3, 5)


def test_gradients_cleared_meanwhile_are_made_anew(steps):
    def clear(model):
        model.zero_grad(set_to_none=True)

    model, n_direct = meddle(clear, steps)
    assert n_direct == 8
    undisturbed, _ = meddle(lambda model: None, steps)
    for ours, theirs in zip(model.parameters(), undisturbed.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_gradients_that_are_not_finite_leave_out_the_step(steps):
    task = make_task()
    task.pairs.input[0, 0, 0] = float("inf")
    with pytest.raises(engine.TrainingError, match="NaN or infinite"):
        train(task, epochs=12)
    assert steps
