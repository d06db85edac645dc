"""Networks from descriptions."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch

import autoden as ad
from autoden.errors import InputError
from autoden.models.config import (
    NETWORKS,
    NetworkParams,
    NetworkParamsDnCNN,
    SerializableModel,
    create_network,
)


def saved_state(name: str = "dncnn", **changes) -> dict:
    network = NetworkParamsDnCNN(n_layers=2, n_features=3, n_dims=1).get_model("cpu", seed=0)
    state = {
        "model_class": name,
        "init_params": network.init_params,
        "state_dict": network.state_dict(),
        "epoch": 3,
    }
    return {**state, **changes}


@pytest.mark.parametrize("name", NETWORKS)
def test_name_and_record_build_the_same_network(name: str) -> None:
    by_name = create_network(name, {"n_features": 2, "n_dims": 1}, device="cpu", seed=1)
    by_record = create_network(NETWORKS[name](n_features=2, n_dims=1), device="cpu", seed=1)
    by_class_name = create_network(
        type(by_name).__name__, by_name.init_params, device="cpu", seed=1
    )
    for other in (by_record, by_class_name):
        assert type(other) is type(by_name)
        assert other.init_params == by_name.init_params
        assert all(
            torch.equal(a, b) for a, b in zip(by_name.parameters(), other.parameters(), strict=True)
        )
    assert isinstance(by_name, SerializableModel)


def test_network_is_returned_as_it_is() -> None:
    network = torch.nn.Linear(2, 2)
    assert create_network(network) is network
    assert create_network(network, device="meta") is network
    assert network.weight.device.type == "meta"
    assert not isinstance(network, SerializableModel)


@pytest.mark.parametrize("name", ["dncnn", "DnCNN"])
def test_saved_state_is_restored(name: str) -> None:
    state = saved_state(name)
    network = create_network(state, device="cpu")
    assert all(torch.equal(network.state_dict()[k], v) for k, v in state["state_dict"].items())


def test_given_weights_replace_the_saved_ones() -> None:
    zeros = {k: torch.zeros_like(v) for k, v in saved_state()["state_dict"].items()}
    network = create_network(saved_state(), state_dict=zeros, device="cpu")
    assert not any(p.any() for p in network.parameters())


def test_name_takes_weights() -> None:
    state = saved_state()
    network = create_network("dncnn", state["init_params"], state["state_dict"], device="cpu")
    x = torch.randn(2, 1, 20)
    assert torch.equal(network(x), create_network(state, device="cpu")(x))
    assert network.init_params == state["init_params"]


def changed(**weights: object) -> dict:
    """Return a saved state with other weights; None removes one."""
    state = saved_state()
    merged = {**state["state_dict"], **weights}
    return {**state, "state_dict": {k: v for k, v in merged.items() if v is not None}}


LAST = "layers.2.weight"  # shape (1, 3, 3)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"extra": torch.zeros(1)}, r"unknown are 'extra': give"),
        ({LAST: None}, r"missing are 'layers.2.weight': give"),
        ({LAST: torch.zeros(3, 3)}, r"shape \(3, 3\)"),
        ({LAST: torch.zeros(1, 3, 3).double()}, r"torch.float64, but .* torch.float32"),
        ({LAST: torch.full((1, 3, 3), torch.nan)}, r"holds NaN or infinity"),
        ({LAST: torch.full((1, 3, 3), torch.inf)}, r"holds NaN or infinity"),
        ({LAST: torch.zeros(1).expand(1, 3, 3)}, r"without a value of its own"),
        ({LAST: torch.zeros(1, 3, 3, device="meta")}, r"without a value of its own"),
        ({LAST: torch.zeros(1, 3, 3).to_sparse()}, r"without a value of its own"),
        ({LAST: [[[0.0] * 3] * 3]}, r"give a plain tensor"),
        ({LAST: np.zeros((1, 3, 3), np.float32)}, r"give a plain tensor"),
    ],
)
def test_weights_must_be_exactly_those_of_the_network(weights: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_network(changed(**weights), device="cpu")
    network = NetworkParamsDnCNN(n_layers=2, n_features=3, n_dims=1).get_model("cpu")
    with pytest.raises(InputError, match=message):
        create_network(network, state_dict=changed(**weights)["state_dict"])


@pytest.mark.parametrize("params", [{"n_features": 10**9}, {"n_features": 10**40}], ids=str)
def test_absurdly_large_networks_are_refused_before_they_take_memory(params: dict) -> None:
    state = saved_state()
    with pytest.raises(InputError, match=r"saved with|smaller"):
        create_network({**state, "init_params": {**state["init_params"], **params}})


def test_records_and_classes_are_where_users_look() -> None:
    assert ad.models.unet.UNet(1, 1, n_features=4, n_levels=2).init_params["n_levels"] == 2
    assert ad.models.config.NetworkParamsDnCNN is ad.models.NetworkParamsDnCNN
    assert ad.models.msd.MSDnet is ad.models.MSDnet
    assert ad.models.resnet.Resnet is ad.models.Resnet
    assert ad.models.dncnn.DnCNN is ad.models.DnCNN


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("vgg",), r"'vgg': choose one of 'dncnn', 'unet', 'msd', 'resnet'"),
        (("unet", {"n_layers": 3}), r"'n_layers': choose one of .*'n_levels'"),
        (("unet", {"n_levels": 0}), r"`n_levels` is 0"),
        ((saved_state("vgg"),), r"'vgg': choose one of 'dncnn'"),
        ((saved_state(model_class=3),), r"`model_class` is 3: give one of the names 'dncnn'"),
        (({"state_dict": {}},), r"keys \['state_dict'\].*not \['model_class', 'init_params'\]"),
        (
            (saved_state(), {"n_layers": 2}),
            r"`init_params` is {'n_layers': 2}, but `model` is a dict",
        ),
        ((NetworkParamsDnCNN(), {"n_layers": 2}), r"`init_params` is .* NetworkParamsDnCNN"),
        ((torch.nn.Identity(), {"n_dims": 1}), r"`init_params` is .* Identity"),
        ((7,), r"`model` is 7: give .*'dncnn', 'unet', 'msd', 'resnet'"),
        ((saved_state(state_dict={}),), r"missing are 'layers.*and 4 more: give.*saved with"),
        (
            (saved_state(init_params={"n_layers": 2, "n_features": 5, "n_dims": 1}),),
            r"'layers.0.1.weight' has shape \(3, 1, 3\).*but .*\(5, 1, 3\).*saved with",
        ),
    ],
)
def test_bad_descriptions_are_explained(arguments: tuple, message: str) -> None:
    with pytest.raises(InputError, match=f"(?s){message}"):
        create_network(*arguments, device="cpu")


def test_a_registered_network_is_known_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Flat(NetworkParams):
        network: ClassVar[str] = "torch.nn:Linear"
        in_features: int = 2
        out_features: int = 3

    monkeypatch.setitem(NETWORKS, "flat", Flat)
    network = create_network("flat", {"out_features": 5}, device="cpu")
    assert network(torch.zeros(4, 2)).shape == (4, 5)
