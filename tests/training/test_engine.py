"""Laws of the one training loop."""

import logging
import math

import numpy as np
import pytest
import torch
from torch import nn

from autoden.algorithms.pairs import PairsTask
from autoden.errors import InputError, TrainingError
from autoden.losses import LossTV
from autoden.training import CancelWhen, Losses, StopTraining, TrainingSettings, compare, fit, steps
from autoden.training import task as task_module
from autoden.training.batch import Batch
from autoden.training.steps import Stepper


def make_pairs(inputs, targets, held_out):
    return Batch(inputs, targets, (~held_out).float(), held_out)


def make_task(n=6, length=24, held_out=0.25, batch_size=None, seed=0, noise=0.3):
    """Noisy copies of one line, to be predicted from other noisy copies."""
    g = torch.Generator().manual_seed(seed)
    truth = torch.linspace(-1, 1, length).expand(n, 1, length)
    noisy = [truth + noise * torch.randn(truth.shape, generator=g) for _ in range(2)]
    mask = (torch.rand(1, 1, length, generator=g) < held_out).expand(n, 1, length)
    generator = torch.Generator().manual_seed(seed)
    return PairsTask(make_pairs(*noisy, mask), batch_size, generator=generator)


def make_model(seed=0, norm=True):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        middle = [nn.BatchNorm1d(4)] if norm else []
        return nn.Sequential(
            nn.Conv1d(1, 4, 3, padding=1), *middle, nn.LeakyReLU(), nn.Conv1d(4, 1, 3, padding=1)
        )


def weights(model):
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()])


def inference_score(model, task):
    model.eval()
    with torch.no_grad():
        errors = [(model(b.input) - b.target).square()[b.held_out] for b in task.held_out_batches()]
    return torch.cat(errors).mean().item()


def test_the_loss_falls_and_every_curve_has_one_value_per_epoch():
    history = fit(make_model(), make_task(), TrainingSettings(epochs=60, learning_rate=1e-2))
    assert set(history) == {"loss_trn", "loss_trn_data", "loss_tst", "loss_tst_sbi"}
    assert all(curve.shape == (60,) for curve in history.values())
    assert history["loss_trn"][-1] < 0.5 * history["loss_trn"][0]
    assert np.all(history["loss_tst_sbi"] <= history["loss_tst"] + 1e-6)


@pytest.mark.parametrize("batch_size", [None, 2])
@pytest.mark.parametrize("norm", [True, False])
def test_the_weights_kept_have_the_score_that_is_reported(batch_size, norm):
    model, task = make_model(norm=norm), make_task(batch_size=batch_size)
    history = fit(model, task, TrainingSettings(epochs=40, learning_rate=0.05))
    assert inference_score(model, task) == pytest.approx(history.best_held_out, rel=1e-5)
    assert not model.training


def test_without_normalisation_the_kept_weights_are_those_of_the_lowest_held_out_loss():
    model, task = make_model(norm=False), make_task()
    history = fit(model, task, TrainingSettings(epochs=50, learning_rate=0.1))
    assert history.best_epoch == np.argmin(history["loss_tst"])
    assert history.best_held_out == pytest.approx(history["loss_tst"].min(), rel=1e-5)
    assert 0 < history.best_epoch < 49, "the case should have a best epoch inside the run"


def test_layers_that_do_not_know_their_size_yet_are_refused_with_the_remedy():
    with pytest.raises(InputError, match="call it once on a tensor like the data"):
        fit(nn.Sequential(nn.LazyConv1d(1, 3)), make_task(), TrainingSettings(epochs=1))


def test_the_offered_weights_are_those_before_the_step():
    model = make_model(norm=False)
    before = weights(model)
    fit(model, make_task(), TrainingSettings(epochs=1, learning_rate=100.0))  # a harmful step
    torch.testing.assert_close(weights(model), before, rtol=0, atol=0)


def test_what_the_last_step_made_is_kept_if_it_is_better():
    model = make_model(norm=False)
    task = make_task()
    before = inference_score(model, task)
    for _ in range(20):
        history = fit(model, task, TrainingSettings(epochs=1, learning_rate=0.01))
    assert history.best_epoch == 0
    assert history.best_held_out == pytest.approx(inference_score(model, task), rel=1e-5)
    assert history.best_held_out < 0.8 * before


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "lbfgs"])
@pytest.mark.parametrize("accumulate", [False, True])
def test_batches_that_are_wholly_held_out_move_nothing(optimizer, accumulate):
    if accumulate and optimizer == "lbfgs":
        pytest.skip("cannot be combined")
    pairs = make_task().pairs
    held_out = torch.ones_like(pairs.held_out)
    task = PairsTask(make_pairs(pairs.input, pairs.target, held_out), batch_size=2)
    model = make_model(norm=False)
    before = weights(model)
    settings = TrainingSettings(3, 0.1, optimizer, accum_grads=accumulate)
    fit(model, task, settings, penalties=[LossTV(1.0, n_dims=1)])
    torch.testing.assert_close(weights(model), before, rtol=0, atol=0)


def test_held_out_targets_never_train():
    task = make_task()
    pairs = task.pairs
    spoilt = torch.where(pairs.held_out, 1e3, pairs.target)
    other = PairsTask(Batch(pairs.input, spoilt, pairs.weight, pairs.held_out))
    settings = TrainingSettings(epochs=1, learning_rate=0.1)
    train_losses = [fit(make_model(), t, settings)["loss_trn"][0] for t in (task, other)]
    assert train_losses[0] == train_losses[1]


def test_same_seed_same_result_and_global_state_untouched():
    state = torch.random.get_rng_state()
    runs = []
    for _ in range(2):
        model = make_model()
        history = fit(model, make_task(batch_size=2), TrainingSettings(epochs=8))
        runs.append((weights(model), history["loss_trn"]))
    assert torch.equal(runs[0][0], runs[1][0])
    np.testing.assert_array_equal(runs[0][1], runs[1][1])
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("batch_size", [1, 2, 4, 5])
def test_accumulated_gradients_equal_those_of_the_whole_batch(batch_size):
    """Also where the batches have unequal sizes and unequal numbers of elements that train."""
    settings = {"epochs": 2, "learning_rate": 0.05, "optimizer": "sgd"}
    whole, parts = make_model(norm=False), make_model(norm=False)
    # nothing is scored: the last weights are kept, so that the steps show
    pairs = make_task(held_out=0).pairs
    weight = torch.linspace(0, 2, pairs.weight.numel()).reshape(pairs.weight.shape)
    pairs = Batch(pairs.input, pairs.target, weight, pairs.held_out)
    one = fit(whole, PairsTask(pairs), TrainingSettings(**settings))
    task = PairsTask(pairs, batch_size, generator=torch.Generator().manual_seed(0))
    two = fit(parts, task, TrainingSettings(**settings, accum_grads=True))
    torch.testing.assert_close(weights(parts), weights(whole))
    np.testing.assert_allclose(one["loss_trn"], two["loss_trn"], rtol=1e-5)


@pytest.mark.parametrize("accumulate", [False, True])
def test_a_batch_that_is_wholly_held_out_trains_nothing_and_spoils_nothing(accumulate):
    pairs = make_task(held_out=0.3).pairs
    held_out = pairs.held_out.clone()
    held_out[2] = True
    task = PairsTask(make_pairs(pairs.input, pairs.target, held_out), batch_size=1)
    settings = TrainingSettings(epochs=20, learning_rate=1e-2, accum_grads=accumulate)
    history = fit(make_model(norm=False), task, settings)
    assert history.skipped_steps == 0
    assert np.isfinite(history["loss_trn"]).all()
    assert history["loss_trn"][-1] < history["loss_trn"][0]


def test_without_held_out_elements_the_last_weights_are_kept():
    model = make_model()
    before = weights(model)
    history = fit(model, make_task(held_out=0), TrainingSettings(epochs=4, learning_rate=0.05))
    assert math.isnan(history.best_held_out)
    assert history.best_epoch == 3
    assert not torch.equal(weights(model), before)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "lbfgs"])
def test_every_optimizer_lowers_the_loss(optimizer):
    rate = {"lbfgs": 0.5, "sgd": 0.2}.get(optimizer, 1e-2)
    settings = TrainingSettings(epochs=25, learning_rate=rate, optimizer=optimizer)
    history = fit(make_model(norm=False), make_task(), settings)
    assert history["loss_trn"][-1] < 0.8 * history["loss_trn"][0]


class SometimesInvalid:
    """A task whose loss is NaN in chosen epochs."""

    def __init__(self, task, invalid):
        self.task, self.invalid, self.epoch = task, set(invalid), -1

    def train_batches(self, epoch):
        self.epoch = epoch
        return self.task.train_batches(epoch)

    def held_out_batches(self):
        self.epoch = -1
        return self.task.held_out_batches()

    def loss(self, model, batch):
        losses = self.task.loss(model, batch)
        factor = float("nan") if self.epoch in self.invalid else 1.0
        return Losses(losses.train * factor, losses.weight, losses.held_out, losses.output)


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "lbfgs"])
def test_a_step_with_invalid_gradients_is_left_out_counted_and_told(optimizer, caplog):
    settings = TrainingSettings(epochs=3, learning_rate=0.05, optimizer=optimizer)
    skipping, plain = make_model(norm=False), make_model(norm=False)
    history = fit(skipping, SometimesInvalid(make_task(held_out=0), {1}), settings)
    fit(plain, make_task(held_out=0), TrainingSettings(2, 0.05, optimizer))
    assert history.skipped_steps == 1
    assert "1 of 3 steps were left out" in caplog.text
    torch.testing.assert_close(weights(skipping), weights(plain), rtol=0, atol=0)


def test_gradients_that_stay_invalid_end_the_training_with_a_remedy():
    task = SometimesInvalid(make_task(), range(5, 100))
    with pytest.raises(TrainingError, match="smaller learning rate"):
        fit(make_model(), task, TrainingSettings(epochs=100))


def test_a_training_without_one_valid_step_is_an_error():
    with pytest.raises(TrainingError, match="all 3 steps"):
        fit(make_model(), SometimesInvalid(make_task(), range(3)), TrainingSettings(epochs=3))


def test_cancelling_keeps_the_best_so_far(caplog):
    asked = iter([False] * 9 + [True])
    model, task = make_model(norm=False), make_task()
    with caplog.at_level(logging.WARNING):
        history = fit(
            model, task, TrainingSettings(epochs=50, learning_rate=0.05),
            observers=[CancelWhen(lambda: next(asked))],
        )  # fmt: skip
    assert len(history.records) == 10
    assert history.stopped == "cancelled"
    assert "10 of 50 epochs" in caplog.text
    assert inference_score(model, task) == pytest.approx(history["loss_tst"].min(), rel=1e-5)


def test_interrupting_before_the_first_epoch_ends_is_passed_on():
    class Interrupts(PairsTask):
        def loss(self, model, batch):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(make_model(), Interrupts(make_task().pairs), TrainingSettings(3))


@pytest.mark.parametrize("error", [KeyboardInterrupt, StopTraining])
def test_interrupting_keeps_the_best_so_far(error, caplog):
    class Interrupts:
        def on_epoch(self, record):
            if record.epoch == 4:
                raise error

    history = fit(make_model(), make_task(), TrainingSettings(30), observers=[Interrupts()])
    assert len(history.records) == 5
    assert history.stopped
    assert "best weights so far" in caplog.text


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_an_interrupt_within_a_step_leaves_records_and_best_epoch_in_agreement(
    optimizer, monkeypatch
):
    step, calls = Stepper.step, iter(range(100))

    def interrupted(self, *args, **options):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return step(self, *args, **options)

    monkeypatch.setattr(Stepper, "step", interrupted)
    history = fit(make_model(), make_task(), TrainingSettings(30, 1e-2, optimizer))
    assert len(history.records) == 4
    assert 0 <= history.best_epoch < 4
    assert history.plot().axes


def test_nan_on_the_way_of_a_line_search_undoes_the_step():
    class InvalidLater(SometimesInvalid):
        """The first evaluation of a step is fine, the following ones of one epoch are not."""

        def loss(self, model, batch):
            losses = super().loss(model, batch)
            self.n_calls = getattr(self, "n_calls", 0) + 1
            if self.n_calls < 3 or self.epoch != 0:
                return losses
            return Losses(losses.train * torch.nan, losses.weight, losses.held_out, losses.output)

    model = make_model(norm=False)
    history = fit(
        model, InvalidLater(make_task(held_out=0), set()), TrainingSettings(6, 0.5, "lbfgs")
    )
    assert torch.isfinite(weights(model)).all()
    assert history["loss_trn"][-1] < history["loss_trn"][0]


def test_lbfgs_takes_batches_that_are_wholly_held_out():
    pairs = make_task(held_out=0.3).pairs
    held_out = pairs.held_out.clone()
    held_out[2] = True
    task = PairsTask(make_pairs(pairs.input, pairs.target, held_out), batch_size=1)
    settings = TrainingSettings(epochs=5, learning_rate=0.05, optimizer="lbfgs")
    history = fit(make_model(norm=False), task, settings, penalties=[LossTV(0.01, n_dims=1)])
    assert history["loss_trn"][-1] < history["loss_trn"][0]


def test_what_is_no_observer_is_refused_before_training():
    with pytest.raises(InputError, match="on_epoch"):
        fit(make_model(), make_task(), TrainingSettings(3), observers=[3])


def test_penalties_are_part_of_the_training_loss_only():
    class Constant(nn.Module):
        def forward(self, output):
            return 0 * output.sum() + 2.0

    history = fit(make_model(), make_task(), TrainingSettings(3), penalties=[Constant()])
    np.testing.assert_allclose(history["loss_trn"], history["loss_trn_data"] + 2.0, rtol=1e-6)


def test_an_algorithm_may_override_the_loss():
    class TwoCalls:
        """Several model calls per batch, and an operator between output and data."""

        def __init__(self, task):
            self.train_batches, self.held_out_batches = task.train_batches, task.held_out_batches

        def loss(self, model, batch):
            output = 0.5 * (model(batch.input) + model(-batch.input).neg())
            losses = compare(output.cumsum(-1) / 10, batch, lambda o, t: (o - t).abs())
            return Losses(losses.train, losses.weight, losses.held_out, output)

    history = fit(make_model(norm=False), TwoCalls(make_task()), TrainingSettings(30, 1e-2))
    assert history["loss_trn"][-1] < 0.9 * history["loss_trn"][0]


class Returns(nn.Module):
    """A network of a user's own that returns something odd."""

    def __init__(self, change):
        super().__init__()
        self.factor, self.change = nn.Parameter(torch.ones(())), change

    def forward(self, x):
        return self.change(self.factor * x)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y: None, "NoneType"),
        (lambda y: (y, y), "tuple"),
        (lambda y: y.detach().numpy(), "ndarray"),
        (lambda y: y.long(), "int64"),
        (lambda y: y + 0j, "complex64"),
        (lambda y: y.detach(), "does not depend"),
    ],
)
def test_odd_outputs_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        fit(Returns(change), make_task(), TrainingSettings(epochs=1))


def test_a_network_of_another_precision_is_refused():
    with pytest.raises(InputError, match=r"model\.float"):
        fit(make_model().double(), make_task(), TrainingSettings(epochs=1))


@pytest.mark.parametrize(
    ("model", "words"),
    [(nn.Identity(), "no parameters"), (nn.Conv1d(1, 2, 3, padding=1), r"\(6, 2, 24\)"),
     (nn.Conv1d(1, 1, 3), r"\(6, 1, 22\)")],
)  # fmt: skip
def test_networks_that_do_not_fit_are_refused(model, words):
    with pytest.raises(InputError, match=words):
        fit(model, make_task(), TrainingSettings(epochs=1))


def test_an_algorithm_may_predict_several_outputs():
    """Mean and logarithm of the variance, learnt together by their likelihood."""

    class MeanAndVariance:
        def __init__(self, task):
            self.train_batches, self.held_out_batches = task.train_batches, task.held_out_batches

        def loss(self, model, batch):
            mean, log_variance = model(batch.input).chunk(2, dim=1)
            return compare(
                mean, batch, lambda o, t: (o - t) ** 2 / log_variance.exp() + log_variance
            )

    model = nn.Conv1d(1, 2, 5, padding=2)
    history = fit(model, MeanAndVariance(make_task(noise=0.3)), TrainingSettings(300, 2e-2))
    assert history["loss_trn"][-1] < history["loss_trn"][0]
    with torch.no_grad():
        deviation = (model(make_task().pairs.input)[:, 1].mean() / 2).exp().item()
    assert 0.25 < deviation < 0.5, "the noise of the targets is 0.3, the model adds some"


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_loop_waits_for_the_device_once_per_epoch(optimizer, monkeypatch):
    """Every way in which a number could come to the host is counted, the CPU taken for another."""
    monkeypatch.setattr(steps, "AT_HAND", ())
    monkeypatch.setattr(task_module, "are_rows", lambda output, batch: False)  # on a CPU alone
    waits = []
    for name in ("item", "tolist", "__bool__", "__float__", "__int__", "numpy", "cpu"):
        method = getattr(torch.Tensor, name)

        def counted(self, *args, method=method, **options):
            waits.append(method.__name__)
            return method(self, *args, **options)

        monkeypatch.setattr(torch.Tensor, name, counted)

    class CountsEpochs:
        at_epoch = ()

        def on_epoch(self, record):
            self.at_epoch = (*self.at_epoch, len(waits))

    observer = CountsEpochs()
    settings = TrainingSettings(epochs=5, optimizer=optimizer)
    fit(make_model(), make_task(n=8, batch_size=1), settings, observers=[observer])
    assert np.all(np.diff(observer.at_epoch) <= 1)


def test_the_batches_are_reshuffled_each_epoch_and_cover_everything():
    task = make_task(n=8, batch_size=3)
    orders = [torch.cat([b.input[:, 0, 0] for b in task.train_batches(e)]) for e in range(2)]
    assert not torch.equal(*orders)
    for order in orders:
        assert torch.equal(order.sort().values, task.pairs.input[:, 0, 0].sort().values)
