"""Which weights a training leaves, and keeps on disk: averages, statistics, epochs."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

import autoden as ad
from autoden.algorithms.pairs import PairsTask
from autoden.errors import InputError
from autoden.training import TrainingSettings, fit
from autoden.training.batch import Batch
from autoden.training.best import BestWeights
from autoden.training.checkpoints import SavedEpochs
from autoden.training.normalisation import NormalisationMeter
from autoden.training.observers import EpochRecord


def make_task(seed=0, n=200):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(4, 1, n, generator=generator)
    targets = 2 * inputs + torch.randn(4, 1, n, generator=generator)
    held_out = torch.rand(4, 1, n, generator=generator) < 0.2
    return PairsTask(Batch(inputs, targets, (~held_out).float(), held_out))


def test_averaged_weights_are_those_of_the_formula():
    """Replay: w <- d w + (1 - d) x after each epoch, from the first weights on."""
    task, decay = make_task(), 0.9
    seen = []

    class Watch:
        def __init__(self, model):
            self.model = model

        def on_epoch(self, record):
            seen.append(self.model.weight.detach().clone())

    torch.manual_seed(0)
    model = nn.Conv1d(1, 1, 1, bias=False)
    settings = TrainingSettings(epochs=30, learning_rate=0.05, average=decay)
    history = fit(model, task, settings, observers=[Watch(model)])
    average = seen[0]
    averages = [average]
    for weight in seen[1:]:
        average = decay * average + (1 - decay) * weight
        averages.append(average)
    assert torch.allclose(model.weight, averages[history.best_epoch], atol=1e-6)


def test_an_average_is_steadier_than_the_weights():
    """With a rate far too high the weights jump about; their average does not."""
    errors = []
    for average in (0.0, 0.95):
        torch.manual_seed(0)
        model = nn.Conv1d(1, 1, 1, bias=False)
        batch = make_task(n=8).pairs
        everything_trains = Batch(
            batch.input, batch.target, torch.ones_like(batch.weight), batch.held_out & False
        )
        task = PairsTask(everything_trains, batch_size=1, generator=torch.Generator())
        fit(model, task, TrainingSettings(200, 0.3, "sgd", average=average))
        x, y = everything_trains.input, everything_trains.target
        errors.append(abs(model.weight.item() - ((x * y).sum() / (x * x).sum()).item()))
    assert errors[1] < 0.5 * errors[0]


@pytest.mark.parametrize("value", [-0.1, 1.0, "0.9", True])
def test_an_average_outside_its_range_is_refused(value):
    with pytest.raises(InputError, match="average"):
        TrainingSettings(epochs=1, average=value)


def test_a_network_infers_exactly_what_it_gave_in_training():
    """The last level of this U-Net has four elements: biased and unbiased variance differ."""
    model = ad.NetworkParamsUNet(n_features=4).get_model("cpu", seed=0)
    inputs = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    model.train()
    with torch.no_grad():
        trained = model(inputs)
        meter = NormalisationMeter(model)
        for _ in range(2):  # the second time without counting again
            meter.measure([inputs])
            assert not model.training
            torch.testing.assert_close(model(inputs), trained, rtol=1e-4, atol=1e-5)


def test_statistics_over_several_batches_are_their_mean():
    layer = nn.BatchNorm1d(1)
    batches = [torch.tensor([[[0.0, 2.0]]]), torch.tensor([[[10.0, 14.0]]])]
    NormalisationMeter(layer).measure(batches)
    assert layer.running_mean.item() == pytest.approx(6.5)
    assert layer.running_var.item() == pytest.approx((1.0 + 4.0) / 2)


def record(epoch):
    return EpochRecord(epoch, 1.0, 1.0, 1.0, 1.0)


def test_every_so_manieth_epoch_is_kept(tmp_path):
    model = ad.NetworkParamsDnCNN(n_dims=1, n_layers=2).get_model("cpu", seed=0)
    epochs = SavedEpochs(model, tmp_path, every=3)
    for epoch in range(7):
        epochs.on_epoch(record(epoch))
    epochs.save_best(4)
    names = sorted(path.name for path in (tmp_path / "weights").iterdir())
    assert names == ["weights.pt", "weights_epoch_2.pt", "weights_epoch_5.pt"]
    assert ad.models.io.load_model_state(tmp_path)["epoch"] == 4


def test_a_training_goes_on_from_the_epoch_that_was_kept(tmp_path):
    data = np.random.default_rng(0).normal(size=(3, 64))
    params = ad.NetworkParamsDnCNN(n_dims=1, n_layers=3, n_features=4)
    n2n = ad.N2N(params, seed=0, verbose=False, save_epochs_dir=tmp_path)
    prepared = n2n.prepare_data(data)
    losses = n2n.train(*prepared, epochs=4)
    best = ad.models.io.load_model_state(tmp_path)
    assert best["epoch"] == losses.best_epoch
    for name, weight in n2n.model.state_dict().items():
        assert torch.equal(weight.cpu(), best["state_dict"][name])
    again = ad.N2N(2, save_epochs_dir=tmp_path, verbose=False)
    kept = ad.models.io.load_model_state(tmp_path, 2)["state_dict"]
    assert all(torch.equal(kept[name], w.cpu()) for name, w in again.model.state_dict().items())


def test_a_disk_that_fills_up_ends_the_keeping_not_the_training(tmp_path, monkeypatch, caplog):
    model = ad.NetworkParamsDnCNN(n_dims=1, n_layers=2).get_model("cpu", seed=0)
    epochs = SavedEpochs(model, tmp_path)
    epochs.on_epoch(record(0))

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("autoden.training.checkpoints.save_model_state", full)
    with caplog.at_level(logging.WARNING):
        epochs.on_epoch(record(1))
        epochs.on_epoch(record(2))
        epochs.save_best(0)
    assert len(caplog.records) == 2
    assert "No space left" in caplog.text


def test_a_folder_that_cannot_be_written_is_told_at_once(tmp_path):
    (tmp_path / "weights").write_text("a file, no folder")
    n2n = ad.N2N(ad.NetworkParamsDnCNN(n_dims=1), verbose=False, save_epochs_dir=tmp_path)
    prepared = n2n.prepare_data(np.random.default_rng(0).normal(size=(3, 64)))
    with pytest.raises(InputError, match="weights"):
        n2n.train(*prepared, epochs=5)


def test_no_candidate_is_scored_twice_as_it_will_be_used() -> None:
    model = nn.Sequential(nn.Conv1d(1, 1, 3, padding=1), nn.BatchNorm1d(1))
    best = BestWeights(model, epochs=8)
    best.offer(0, 1.0)
    best.offer(7, 2.0, as_used=True)
    best.add(7, 3.0)
    assert [candidate.as_used for candidate in best.candidates] == [False, True, True]
    model[1].running_mean.fill_(5.0)
    best.confirm(best.candidates[0], 4.0)
    model[1].running_mean.zero_()
    best.restore(best.candidates[0])
    assert model[1].running_mean.item() == 5.0
    assert best.candidates[0].score == 4.0
