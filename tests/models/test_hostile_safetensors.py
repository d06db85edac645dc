"""Safetensors files made to do harm: each is refused with one clear error."""

from collections.abc import Callable

import pytest
import safetensors.torch
import torch

from autoden.models.tensor_files import METADATA_KEY
from rewriting import rewritten

FIRST = "network.layers.0.1.weight"  # shape (2, 1, 3)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t, r: t.update({FIRST: torch.zeros(2, 1, 5)}), r"shape \(2, 1, 5\)"),
        (lambda t, r: t.update({FIRST: torch.zeros(2, 1, 3).half()}), r"torch.float16, but"),
        (lambda t, r: t.update({FIRST: torch.full((2, 1, 3), torch.nan)}), r"holds NaN"),
        (lambda t, r: t.pop(FIRST), r"missing are 'layers.0.1.weight'"),
        (lambda t, r: t.update({"network.more": torch.zeros(1)}), r"unknown are 'more'"),
        (lambda t, r: t.update({"code.more": torch.zeros(1)}), r"'code.more', which belongs to"),
        (lambda t, r: t.update({"more": torch.zeros(1)}), r"'more', which belongs to"),
        (lambda t, r: t.update({"denoiser.x": torch.zeros(1)}), r"does not have the numbers"),
        (lambda t, r: t.update({"optimizer.99": torch.zeros(1)}), r"does not have the numbers"),
        (lambda t, r: t.pop("optimizer.0"), r"does not have the numbers"),
        (lambda t, r: t.update({"optimizer.1": torch.tensor(torch.inf)}), r"optimizer.1.*NaN or"),
        (lambda t, r: r.update(optimizer=None), r"does not say where \d+ of its \d+ tensors"),
        (lambda t, r: r.update(optimizer=[{"tensor": 0}] * 2), r"stands for nothing known"),
        (lambda t, r: r.update(format="other"), r"format: Input should be 'autoden-model'"),
        (lambda t, r: r.update(format_version=2), r"format_version: .* as new as the one that"),
        (lambda t, r: r.update(more=1), r"more: Extra inputs are not permitted"),
        (lambda t, r: r.pop("network"), r"network: Field required"),
        (lambda t, r: r.update(epoch=-1), r"epoch: Input should be greater"),
        (lambda t, r: r.update(epoch="1"), r"epoch: Input should be a valid integer"),
        (lambda t, r: r.update(epoch=True), r"epoch: Input should be a valid integer"),
        (lambda t, r: r.update(denoiser={"algorithm": "n2n"}), r"denoiser.n_dims: Field required"),
        (lambda t, r: r["network"].update(name="vgg"), r"no network called 'vgg'"),
        (lambda t, r: r["network"].update(name="os.system"), r"no network called 'os.system'"),
        (lambda t, r: r["network"].update(name=["dncnn"]), r"network.name: Input should be"),
        (lambda t, r: r["network"]["params"].update(n_layers=10**9), r"`n_layers` is 1000000000"),
        (lambda t, r: r["network"]["params"].update(n_layers=1000), r"missing are"),
        (lambda t, r: r["network"]["params"].update(n_features=10**9), r"shape|smaller"),
        (lambda t, r: r["network"]["params"].update(n_features=10**300), r"shape|smaller"),
        (lambda t, r: r["network"]["params"].update(kernel_size=10**9 + 1), r"shape|smaller"),
        (lambda t, r: r["network"]["params"].update(n_dims=7), r"`n_dims` is 7"),
        (lambda t, r: r["network"]["params"].update(n_dims=float("nan")), r"is not finite"),
        (lambda t, r: r["network"]["params"].update(pad_mode="x"), r"`pad_mode` is 'x'"),
        (lambda t, r: r["network"]["params"].update(code=1), r"a parameter of .*'code'"),
        (lambda t, r: r["network"]["params"].update(n_layers={"tensor": 0}), r"nothing known"),
        (lambda t, r: r.update(versions={"x": "y" * 2**21}), r"says more .* than the 1048576"),
    ],
)
def test_records_and_tensors_are_checked_against_each_other(
    refused: Callable, content: dict[str, bytes], edit: Callable, message: str
) -> None:
    refused(rewritten(content["safetensors"], edit), message)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"a":' * 50_000, "9" * 10_000], ids=range(7)
)
def test_text_that_is_no_record_is_refused(refused: Callable, text: str) -> None:
    tensors = {"network.x": torch.zeros(1)}
    hostile = safetensors.torch.save(tensors, metadata={METADATA_KEY: text})
    refused(hostile, r"is not as autoden writes it")


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}], ids=str)
def test_other_safetensors_files_are_told_apart(refused: Callable, metadata: dict | None) -> None:
    other = safetensors.torch.save({"a": torch.zeros(1)}, metadata=metadata)
    refused(other, r"is a safetensors file, but does not say how autoden is to use it")


def test_one_changed_weight_is_noticed(refused: Callable, content: dict[str, bytes]) -> None:
    damaged = bytearray(content["safetensors"])
    damaged[-1] ^= 1
    refused(bytes(damaged), r"is damaged.*copy it again")
