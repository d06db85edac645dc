"""Files of auto-denoise 3.0: the same weights give the same output here.

The files in ``data`` were written by auto-denoise 3.0.0 (torch 2.13), with its ``save_model``
after three steps of training each network below on random numbers; ``expected.npz`` has an input
of each and what ``network.eval()`` made of it there.
"""

from pathlib import Path

import numpy as np
import pytest
import torch

from autoden.errors import InputError
from autoden.models import create_network, create_optimizer
from autoden.models.io import load_model, save_model
from autoden.models.pickled_files import read_pickled

DATA = Path(__file__).parent / "data"
NAMES = ["dncnn", "unet", "unet_learnt", "msd", "resnet"]
PARAMS = {
    "dncnn": {"n_layers": 2, "n_features": 2, "n_dims": 1, "pad_mode": "reflect"},
    "unet": {"n_levels": 1, "n_features": 2, "n_channels_skip": 1, "align_corners": True},
    "unet_learnt": {"n_levels": 2, "n_features": 2, "n_dims": 1, "bilinear": False},
    "msd": {"n_layers": 3, "dilations": (1, 2, 3)},  # numbers of numpy in the file
    "resnet": {"n_layers": 2, "n_features": 2, "n_dims": 3, "kernel_size": 5},
}


def run(network: torch.nn.Module, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the output here and there."""
    with np.load(DATA / "expected.npz") as expected, torch.no_grad():
        output = network.eval()(torch.from_numpy(expected[f"{name}_in"]))
        return output.numpy(), expected[f"{name}_out"]


@pytest.mark.parametrize("name", NAMES)
def test_output_is_that_of_auto_denoise(name: str) -> None:
    state = load_model(DATA / f"{name}.pt")
    assert state["epoch"] == 3
    network = create_network(state, device="cpu")
    assert PARAMS[name].items() <= network.init_params.items()
    here, there = run(network, name)
    np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-5 * np.abs(there).max())


@pytest.mark.parametrize("name", NAMES)
def test_mapping_read_by_torch_itself_is_understood(name: str) -> None:
    state = read_pickled(DATA / f"{name}.pt")
    assert "device" in state["init_params"]
    here, there = run(create_network(state, device="cpu"), name)
    np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-5 * np.abs(there).max())
    cls, params, weights = (state[key] for key in ("model_class", "init_params", "state_dict"))
    by_name = create_network(cls.lower(), params, weights, device="cpu")
    assert np.array_equal(run(by_name, name)[0], here)


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
@pytest.mark.parametrize("name", NAMES)
def test_network_is_ours_once_it_is_saved_again(tmp_path: Path, name: str, suffix: str) -> None:
    network = create_network(load_model(DATA / f"{name}.pt"), device="cpu")
    file = tmp_path / f"again.{suffix}"
    save_model(file, network)
    again = create_network(load_model(file), device="cpu")
    assert again.init_params == network.init_params
    assert np.array_equal(run(again, name)[0], run(network, name)[0])


def test_state_of_the_optimizer_fits_our_network() -> None:
    state = load_model(DATA / "dncnn.pt")
    network = create_network(state, device="cpu")
    optimizer = create_optimizer(network, optim_state=state["optimizer"])
    shapes = [tuple(optimizer.state[p]["exp_avg"].shape) for p in network.parameters()]
    assert shapes == [tuple(p.shape) for p in network.parameters()]
    assert {float(slots["step"]) for slots in optimizer.state.values()} == {3.0}


def changed(name: str = "unet", **changes) -> dict:
    state = read_pickled(DATA / f"{name}.pt")
    weights = {**state["state_dict"], **changes.pop("weights", {})}
    weights = {key: value for key, value in weights.items() if value is not None}
    params = {**state["init_params"], **changes}
    return {**state, "init_params": params, "state_dict": weights}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (changed("msd", use_dilations=False), r"`use_dilations=False`.*train such a network anew"),
        (changed(n_levels=2), r"UNet of auto-denoise 3.0 with these parameters"),
        (changed(bilinear=False), r"UNet of auto-denoise 3.0 with these parameters"),
        (changed(n_channels_skip=2), r"has shape \(1, 2, 1, 1\).*\(2, 2, 1, 1\)"),
        (changed(n_layers=2), r"a parameter of UNet.*'n_layers'"),
        (changed(weights={"out_layer.0.bias": None}), r"'out_layer.0.bias'"),
        (changed(weights={"extra": torch.zeros(1)}), r"'extra'"),
        (changed(weights={"out_layer.0.bias": torch.tensor([torch.nan])}), r"holds NaN"),
        (changed(weights={"out_layer.0.bias": torch.zeros(2)}), r"has shape \(2,\)"),
        (changed(weights={"out_layer.0.bias": torch.zeros(1).double()}), r"torch.float64"),
    ],
)
def test_what_does_not_fit_is_refused(state: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_network(state, device="cpu")
