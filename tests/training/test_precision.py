"""Training in bfloat16 leads where training in float32 leads, on every device."""

import logging

import numpy as np
import pytest
import torch

import autoden as ad
from autoden.training import precision

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
SIGMA = 0.5


def truth() -> np.ndarray:
    y, x = np.mgrid[:32, :32]
    return 5 + np.sin(y / 5) * np.cos(x / 7)


def trained(seed: int, device: str, **options: object) -> tuple[np.ndarray, ad.N2N]:
    noisy = np.random.default_rng(seed).normal(truth(), SIGMA, (4, 32, 32)).astype(np.float32)
    network = ad.NetworkParamsUNet(n_features=4, n_levels=2)
    n2n = ad.N2N(network, seed=seed, verbose=False, device=device, **options)
    n2n.train(*n2n.prepare_data(noisy), epochs=60, learning_rate=1e-2)
    return n2n.infer(noisy), n2n


@pytest.mark.parametrize("device", DEVICES)
def test_the_result_stays_within_the_noise(device: str) -> None:
    def distance(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.sqrt(np.mean((one - other) ** 2)))

    errors, others, changes = [], [], []
    for seed in range(3):
        plain, mixed = trained(seed, device)[0], trained(seed, device, mixed_precision=True)[0]
        errors.append(distance(mixed, truth()))
        others.append(distance(plain, truth()))
        changes.append(distance(plain, mixed))
    assert np.mean(errors) < 1.1 * np.mean(others) < SIGMA / 2
    assert max(changes) < SIGMA / 5


def test_weights_stay_in_float32_and_inference_computes_in_it() -> None:
    denoised, n2n = trained(0, "cpu", mixed_precision=True)
    assert {t.dtype for t in n2n.model.parameters()} == {torch.float32}
    rounded = torch.from_numpy(denoised).bfloat16().float().numpy()
    assert not np.allclose(denoised, rounded, rtol=1e-5)


def test_without_bfloat16_training_is_as_ever_and_one_line_says_so(monkeypatch, caplog) -> None:
    plain = trained(0, "cpu")[0]
    monkeypatch.setattr(precision, "_has_bfloat16", lambda device: False)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(trained(0, "cpu", mixed_precision=True)[0], plain)
    assert ["no bfloat16 on cpu" in record.message for record in caplog.records] == [True]


def test_mixed_precision_is_yes_or_no() -> None:
    with pytest.raises(ad.errors.InputError, match="`mixed_precision` is 'half'"):
        ad.N2N(ad.NetworkParamsDnCNN(n_dims=1), mixed_precision="half")
