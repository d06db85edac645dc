"""Training without torch's graph is the same training."""

import numpy as np
import pytest
import torch
from torch import nn

import autoden as ad
from autoden.algorithms.pairs import PairsTask
from autoden.losses.bounds import LowerLimit
from autoden.models.dncnn import DnCNN
from autoden.training import TrainingSettings, compare, direct, engine, fit
from autoden.training.batch import Batch


def make_task(n=6, shape=(40,), n_channels=1, held_out=0.2, task=PairsTask, **options):
    truth = torch.linspace(-1, 1, shape[-1]).expand(n, n_channels, *shape)
    inputs, targets = truth + 0.3 * torch.randn(2, *truth.shape)
    mask = (torch.rand(1, 1, *shape) < held_out).expand(truth.shape)
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
        found = backward(self, batch, **options)
        if found is not None:
            taken.append(batch)
        return found

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
        (None, {"optimizer": "sgd", "n_channels": 2, "limit": np.float32([[-0.2], [0.1]])}),
        (None, {"optimizer": "rmsprop", "held_out": 0.0}),
        (4, {"limit": -0.2}),
        (4, {"limit": -0.2, "accum_grads": True}),
    ],
    ids=[
        "plain",
        "limit",
        "limits",
        "lbfgs",
        "average",
        "channels",
        "none held out",
        "batches",
        "accumulated",
    ],
)
def test_it_is_the_same_training(batch_size, options, steps, monkeypatch):
    found = []
    for is_direct in (True, False):
        if not is_direct:
            monkeypatch.setattr(engine, "DirectObjective", lambda *_: None)
        torch.manual_seed(0)
        task = make_task(
            n_channels=options.get("n_channels", 1),
            held_out=options.get("held_out", 0.2),
            batch_size=batch_size,
            generator=torch.Generator().manual_seed(0),
        )
        found.append(train(task, **{k: v for k, v in options.items() if k != "held_out"}))
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
def test_images_and_volumes_train_as_with_the_graph(n_dims, n_channels, steps, monkeypatch):
    found = []
    for _ in range(2):
        torch.manual_seed(0)
        task = make_task(shape=(6, 7, 8)[:n_dims], n_channels=n_channels)
        found.append(train(task, n_dims=n_dims, n_channels=n_channels))
        monkeypatch.setattr(engine, "DirectObjective", lambda *_: None)
    assert len(steps) == 6
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-3, atol=1e-5)


def test_the_tutorial_trains_directly(steps):
    counts = ad.datasets.xrf_spectra(n_exposures=4, seed=0).counts
    model = ad.NetworkParamsDnCNN(n_dims=1, n_features=4, n_layers=6)
    n2n = ad.N2N(model, seed=0, verbose=False)
    prepared = n2n.prepare_data(counts)
    n2n.train(*prepared, epochs=5, lower_limit=0.0, learning_rate=1e-2, restarts=1)
    assert len(steps) == 5


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
        {"penalties": [Roughness()]},
        {"penalties": [OwnLimit(torch.tensor(0.0))]},
        {"penalties": [LowerLimit(torch.tensor(0.0, dtype=torch.float64))]},
        {"penalties": [LowerLimit(torch.tensor(0.0, requires_grad=True))]},
        {"penalties": [LowerLimit(torch.zeros(2, 1))]},
    ],
    ids=[
        "loss",
        "error",
        "penalty",
        "derived limit",
        "double limit",
        "limit that learns",
        "limit of other channels",
    ],
)
def test_all_else_is_left_to_torch(options, steps):
    penalties = options.pop("penalties", ())
    train(make_task(**options), penalties=penalties, epochs=2)
    assert not steps


def test_a_loss_of_the_task_itself_is_left_to_torch(steps):
    task = make_task()
    other = lambda model, batch: compare(3 * model(batch.input), batch, task.data_term)  # noqa: E731
    object.__setattr__(task, "loss", other)
    train(task, epochs=2)
    assert not steps


def test_the_default_device_does_not_matter(steps):
    task, model, limit = make_task(), make_model(), torch.tensor(0.0)
    with torch.device("meta"):
        fit(model, task, TrainingSettings(epochs=2), penalties=[LowerLimit(limit)])
    assert len(steps) == 2


@pytest.mark.parametrize("is_direct", [True, False])
def test_without_gradients_there_is_no_training(is_direct, monkeypatch):
    if not is_direct:
        monkeypatch.setattr(engine, "DirectObjective", lambda *_: None)
    with torch.no_grad(), pytest.raises(RuntimeError, match="does not require grad"):
        train(make_task())


class Meddler:
    """An observer that changes something after some epochs."""

    def __init__(self, change):
        self.change = change

    def on_epoch(self, record):
        if record.epoch == 2:
            self.change()


def meddle(change, steps):
    """Train with a change after three epochs; give the network and the number of direct steps."""
    torch.manual_seed(0)
    model, task, penalties = make_model(), make_task(), [LowerLimit(torch.tensor(-0.2))]
    before = len(steps)
    fit(
        model,
        task,
        TrainingSettings(epochs=8, learning_rate=1e-2),
        penalties=penalties,
        observers=[Meddler(lambda: change(model, task, penalties))],
    )
    return model, len(steps) - before


class Absolute(nn.LeakyReLU):
    """A rectifier that computes something else."""

    def forward(self, x):
        return x.abs()


def freeze(model, *_):
    model.layers[-1].weight.requires_grad_(False)


def replace_one_number(model, *_):
    norm = model.layers[0][2]
    norm.num_batches_tracked = norm.num_batches_tracked.clone()


def turn(model, *_):
    weight = model.layers[1][1].weight
    weight.data = weight.data.transpose(0, 1)


def reclass(model, *_):
    model.layers[0][3].__class__ = Absolute


def penalise(model, task, penalties):
    penalties.append(Roughness())


def measure_otherwise(model, task, penalties):
    object.__setattr__(task, "data_term", lambda output, target: (output - target).abs())


def limit_in_double_precision(model, task, penalties):
    penalties[0].double()


@pytest.mark.parametrize(
    ("change", "n_expected"),
    [
        (freeze, 3),
        (replace_one_number, 8),
        (turn, 3),
        (reclass, 3),
        (penalise, 3),
        (measure_otherwise, 3),
        (limit_in_double_precision, 3),
        (lambda model, task, penalties: penalties.clear(), 8),
        (lambda model, *_: model.zero_grad(set_to_none=True), 8),
        (lambda model, *_: setattr(model, "epoch", 2), 8),
        (lambda model, *_: nn.init.ones_(model.layers[0][1].weight), 8),
    ],
)
@pytest.mark.filterwarnings("ignore:grad and param do not obey")
def test_what_changes_meanwhile_counts(change, n_expected, steps, monkeypatch):
    model, n_direct = meddle(change, steps)
    assert n_direct == n_expected
    monkeypatch.setattr(engine, "DirectObjective", lambda *_: None)
    expected, _ = meddle(change, steps)
    for ours, theirs in zip(
        model.state_dict().values(), expected.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def test_hooks_that_come_meanwhile_are_called(steps):
    seen = []
    _, n_direct = meddle(
        lambda model, *_: model.layers[-1].weight.register_hook(seen.append), steps
    )
    assert (n_direct, len(seen)) == (3, 5)


def test_gradients_that_are_not_finite_leave_out_the_step(steps):
    task = make_task()
    task.pairs.input[0, 0, 0] = float("inf")
    with pytest.raises(engine.TrainingError, match="NaN or infinite"):
        train(task, epochs=12)
    assert steps
