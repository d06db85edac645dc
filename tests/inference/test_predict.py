"""Predicting batch by batch is predicting at once, on every device."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from autoden.inference import predict

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


class AddsInPlace(nn.Module):
    """Changes what it is given, as users' networks may."""

    def forward(self, x: Tensor) -> Tensor:
        """Add one."""
        return x.add_(1.0)


def inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(7, 2, 9, 8)).astype(np.float32)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("batch_size", [1, 3, 7, 100, None])
def test_batches_together_are_the_whole(batch_size: int | None, device: str) -> None:
    torch.manual_seed(0)
    network = nn.Conv2d(2, 3, 3, padding=1)
    with torch.no_grad():
        expected = network(torch.from_numpy(inputs())).numpy()
    found = predict(network.to(device), inputs(), batch_size=batch_size)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_what_a_network_does_in_place_does_not_reach_the_data() -> None:
    data = inputs()
    np.testing.assert_array_equal(predict(AddsInPlace(), data, batch_size=2), inputs() + 1)
    np.testing.assert_array_equal(data, inputs())


@pytest.mark.parametrize("training", [True, False])
def test_it_infers_and_leaves_the_network_in_the_mode_in_which_it_was(training: bool) -> None:
    network = nn.Dropout().train(training)
    np.testing.assert_array_equal(predict(network, inputs()), inputs())
    assert network.training == training
