"""The loop's own AdamW is torch's, without what torch brings in with it."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from autoden.training.flat import FlatParameters
from autoden.training.optimizer import make_optimizer
from autoden.training.settings import TrainingSettings


def test_its_steps_are_those_of_torch_at_changing_rates() -> None:
    torch.manual_seed(0)
    model, x = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), torch.randn(5, 3)
    with FlatParameters(model) as weights:
        ours = make_optimizer(weights, TrainingSettings(epochs=1, learning_rate=0.1))
        copy = nn.Parameter(weights.vector.detach().clone())
        theirs = torch.optim.AdamW([copy], lr=0.1)
        for rate in (0.1, 0.05, 0.2):
            weights.clear()
            model(x).square().mean().backward()
            copy.grad = weights.gradient().clone()
            for optimizer in (ours, theirs):
                optimizer.param_groups[0]["lr"] = rate
                optimizer.step()
        torch.testing.assert_close(weights.vector, copy)


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "lbfgs"])
def test_the_others_are_torch_s_own(name: str) -> None:
    with FlatParameters(nn.Linear(2, 1)) as weights:
        optimizer = make_optimizer(weights, TrainingSettings(epochs=1, optimizer=name))
    assert isinstance(optimizer, torch.optim.Optimizer)


def test_a_training_brings_in_neither_a_compiler_nor_a_statistics_package() -> None:
    code = """
import sys, numpy as np, autoden as ad
n2n = ad.N2N(ad.NetworkParamsDnCNN(n_dims=1, n_features=2, n_layers=3), seed=0)
n2n.train(*n2n.prepare_data(np.random.default_rng(0).random((4, 64))), epochs=2)
print([m for m in ("torch._dynamo", "sympy", "scipy.signal", "scipy.stats") if m in sys.modules])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
