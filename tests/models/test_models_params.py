"""The records that describe networks."""

import copy
import pickle
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
import torch

from autoden.errors import InputError
from autoden.models.params import (
    NETWORKS,
    NetworkParamsDnCNN,
    NetworkParamsKernelMixture,
    NetworkParamsMSD,
    NetworkParamsResnet,
    NetworkParamsUNet,
)

each_kind = pytest.mark.parametrize("kind", NETWORKS.values(), ids=NETWORKS)

BAD = {
    "n_channels_in": (0, -1, 1.5, True, "one", None),
    "n_channels_out": (0,),
    "n_features": (0, 2.0),
    "n_dims": (0, 4, 2.0),
    "n_layers": (0, -3, 1001),
    "n_levels": (0, 21),
    "kernel_size": (0, 2, 4, 3.0),
    "pad_mode": ("same", None),
    "n_channels_skip": (-1, 0.5, True),
    "bilinear": ("yes", None),
    "use_dilations": ("no",),
    "blur_pool": ("max", None),
    "top_skip": (2,),
    "align_corners": ("no",),
}


def bad_arguments():
    for name, kind in NETWORKS.items():
        for field in fields(kind):
            for value in BAD.get(field.name, ()):
                yield pytest.param(kind, field.name, value, id=f"{name}-{field.name}={value!r}")


@pytest.mark.parametrize(("kind", "name", "value"), list(bad_arguments()))
def test_bad_argument_is_named_with_its_value(kind, name: str, value: object) -> None:
    with pytest.raises(InputError) as error:
        kind(**{name: value})
    assert f"`{name}` is {value!r}" in str(error.value)


def test_direct_construction_checks_too() -> None:
    from autoden.models import UNet

    with pytest.raises(InputError, match=r"`pad_mode` is 'same': choose one of 'replicate', "):
        UNet(pad_mode="same")


@pytest.mark.parametrize("dilations", [(), (0,), (1, -2), (1.5,), 3, "12", None])
def test_bad_dilations(dilations: object) -> None:
    with pytest.raises(InputError, match="`dilations"):
        NetworkParamsMSD(dilations=dilations)


@pytest.mark.parametrize("dilations", [[1, 4], np.array([1, 4]), range(1, 5, 3)])
def test_dilations_become_a_tuple_of_int(dilations) -> None:
    params = NetworkParamsMSD(dilations=dilations)
    assert params.dilations == (1, 4)
    assert {type(d) for d in params.dilations} == {int}


def test_numpy_numbers_become_ints() -> None:
    params = NetworkParamsUNet(n_levels=np.int64(2), n_channels_skip=np.int32(3))
    assert (type(params.n_levels), type(params.n_channels_skip)) == (int, int)
    assert params == NetworkParamsUNet(n_levels=2, n_channels_skip=3)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (NetworkParamsDnCNN, "n_layers n_features n_dims kernel_size pad_mode"),
        (
            NetworkParamsUNet,
            "n_levels n_features n_channels_skip n_dims bilinear pad_mode "
            "blur_pool top_skip align_corners",
        ),
        (NetworkParamsMSD, "n_layers n_features n_dims dilations use_dilations"),
        (NetworkParamsResnet, "n_layers n_features n_dims kernel_size pad_mode"),
        (
            NetworkParamsKernelMixture,
            "n_features n_dims dilations kernel_size gaussians savgol reference prior stabilise "
            "n_channels_estimates",
        ),
    ],
)
def test_positional_order(kind, names: str) -> None:
    assert [f.name for f in fields(kind)] == ["n_channels_in", "n_channels_out", *names.split()]


@each_kind
def test_records_are_values(kind) -> None:
    params = kind(n_features=6)
    assert pickle.loads(pickle.dumps(params)) == copy.deepcopy(params) == params
    assert params != kind(n_features=7)
    assert hash(params) == hash(kind(n_features=6))
    assert f"{kind.__name__}(n_channels_in=1," in repr(params)
    with pytest.raises(FrozenInstanceError):
        params.n_features = 3


@each_kind
def test_default_device_is_the_gpu_if_there_is_one(kind) -> None:
    network = kind(n_features=2).get_model()
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert {p.device.type for p in network.parameters()} == {expected}


@each_kind
def test_device_is_obeyed(kind) -> None:
    network = kind(n_features=2).get_model(device="meta")
    assert {p.device.type for p in network.parameters()} == {"meta"}
    direct = type(network)(n_features=2, device="meta")
    assert {p.device.type for p in direct.parameters()} == {"meta"}


def test_weights_do_not_depend_on_the_default_device() -> None:
    params = NetworkParamsDnCNN(n_layers=2, n_features=2)
    with torch.device("meta"):
        inside = params.get_model("cpu", seed=np.int64(1))
    outside = params.get_model("cpu", seed=1)
    assert all(
        torch.equal(a, b) for a, b in zip(inside.parameters(), outside.parameters(), strict=True)
    )


@pytest.mark.parametrize(
    "statement",
    [
        "import autoden.models.config",
        "import autoden.models.params",
        "from autoden.models import NetworkParamsUNet as N; N(n_dims=1)",
    ],
)
def test_describing_a_network_does_not_import_torch(statement: str) -> None:
    check = f"{statement}; import sys; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
