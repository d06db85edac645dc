"""Compiled steps train the very same parameters, and nothing depends on a compiler."""

import logging

import numpy as np
import pytest
import torch

import autoden as ad
from autoden.training import compilation


def noisy() -> np.ndarray:
    truth = 5 + np.sin(np.arange(64) / 5)
    return np.random.default_rng(0).normal(truth, 0.5, (4, 64)).astype(np.float32)


def trained(**options) -> tuple[np.ndarray, dict]:
    network = ad.NetworkParamsDnCNN(n_layers=3, n_features=4, n_dims=1)
    n2n = ad.N2N(network, seed=0, verbose=False, device="cpu", **options)
    inp, tgt, mask = n2n.prepare_data(noisy())
    history = n2n.train(inp, tgt, mask, epochs=8)
    return n2n.infer(inp), history


def test_without_a_compiler_training_is_as_ever_and_one_line_says_so(monkeypatch, caplog):
    def broken(*args, **options):
        raise RuntimeError("no compiler found\nand more")

    compilation._why_not.cache_clear()
    monkeypatch.setattr(torch, "compile", broken)
    try:
        with caplog.at_level(logging.WARNING):
            output, _ = trained(compile=True)
    finally:
        compilation._why_not.cache_clear()
    assert np.array_equal(output, trained()[0])
    (line,) = [record.message for record in caplog.records]
    assert "without `compile`" in line
    assert line.endswith("(no compiler found).")


def test_compile_is_yes_or_no():
    with pytest.raises(ad.errors.InputError, match="`compile` is 'maybe'"):
        ad.N2N(ad.NetworkParamsDnCNN(n_dims=1), compile="maybe")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["replicate", "reflect"])
def test_compiled_networks_of_images_train(mode):
    network = ad.NetworkParamsUNet(n_features=4, n_levels=2, pad_mode=mode)
    noisy = np.random.default_rng(0).normal(5, 0.5, (4, 16, 24)).astype(np.float32)
    histories = []
    for compile_ in (True, False):
        n2n = ad.N2N(network, seed=0, verbose=False, device="cpu", compile=compile_)
        histories.append(n2n.train(*n2n.prepare_data(noisy), epochs=4))
    compiled, plain = histories
    np.testing.assert_allclose(compiled["loss_trn"], plain["loss_trn"], rtol=1e-3)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("shape", [(33,), (24, 25), (8, 9, 9)])
def test_gradients_of_compiled_networks_are_right_whatever_the_size(shape):
    params = ad.NetworkParamsUNet(n_features=4, n_levels=2, n_dims=len(shape))
    network = params.get_model("cpu", 0)
    x = torch.randn(2, 1, *shape, generator=torch.Generator().manual_seed(0))
    found = []
    for compute in (torch.compile(network, dynamic=False), network):
        loss = (compute(x) - x).square().mean()
        found.append(
            torch.cat([g.flatten() for g in torch.autograd.grad(loss, network.parameters())])
        )
    assert float((found[0] - found[1]).norm() / found[1].norm()) < 1e-3


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_compiled_steps_lead_where_plain_ones_lead():
    output, history = trained(compile=True)
    plain, expected = trained()
    np.testing.assert_allclose(history["loss_trn"], expected["loss_trn"], rtol=1e-3)
    np.testing.assert_allclose(output, plain, rtol=1e-2)
