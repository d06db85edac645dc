"""Files of torch.save made to do harm: each is refused with one clear error, and nothing runs."""

import io
import os
import pickle
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoden.errors import InputError
from autoden.models import create_network
from autoden.models.io import load_model


def saved(mapping: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(mapping, buffer)
    return buffer.getvalue()


def repacked(content: bytes, edit: Callable[[bytes], bytes], **options: Any) -> bytes:
    """Pack an archive anew, with its pickle changed."""
    buffer = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(content))
    with zipfile.ZipFile(buffer, "w", **options) as target:
        for name in source.namelist():
            old = source.read(name)
            target.writestr(name, edit(old) if name.endswith("data.pkl") else old)
    return buffer.getvalue()


class Harm:
    """Leaves a trace where it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_pickled_code_is_named_and_not_run(
    refused: Callable, tmp_path: Path, content: dict[str, bytes], protocol: int
) -> None:
    harm = pickle.dumps({"state_dict": Harm(tmp_path / "trace")}, protocol)
    hostile = repacked(content["pt"], lambda _: harm)
    refused(
        hostile,
        r"names ((posix|nt).mkdir|an object).*could run code: only files of tensors",
    )
    refused(harm + bytes(100), r"no model file|header")
    assert not (tmp_path / "trace").exists()


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_pickles_of_any_bytes_give_a_network_or_one_error(
    little_memory: Callable, tmp_path: Path, content: dict[str, bytes], data: st.DataObject
) -> None:
    def edit(pickled: bytes) -> bytes:
        changed = bytearray(pickled)
        for _ in range(data.draw(st.integers(1, 4))):
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        return bytes(changed)

    (tmp_path / "n.pt").write_bytes(repacked(content["pt"], edit))  # its checksums fit
    with little_memory():
        try:
            create_network(load_model(tmp_path / "n.pt"), device="cpu")
        except InputError:
            return


@pytest.mark.parametrize("named", ["builtins eval", "torch load", "torch.storage UntypedStorage"])
def test_pickles_name_nothing_but_tensors(
    refused: Callable, content: dict[str, bytes], named: str
) -> None:
    module, name = named.split()
    harm = b"\x80\x02" + f"c{module}\n{name}\n".encode() + b"K\x01\x85R."
    message = re.escape(f"names {module}.{name}, which could run code")
    refused(repacked(content["pt"], lambda _: harm), message)


def test_archives_are_no_larger_than_they_are(refused: Callable, content: dict[str, bytes]) -> None:
    packed = repacked(content["pt"], bytes, compression=zipfile.ZIP_DEFLATED)
    refused(packed, r"is a zip archive, but not one of torch.save")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/data.pkl", b"N.")
        archive.writestr("b/data.pkl", b"N.")
    refused(buffer.getvalue(), r"has 2 pickles: a model file has one")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("notes.txt", b"hello")
    refused(buffer.getvalue(), r"has 0 pickles: a model file has one")


def test_tensors_are_as_large_as_their_bytes(refused: Callable) -> None:
    mapping = saved({"a": torch.arange(7.0)})

    def claim(pickled: bytes) -> bytes:
        assert pickled.count(b"K\x07") == 2
        return pickled.replace(b"K\x07", b"J" + struct.pack("<i", 2**30))

    refused(repacked(mapping, claim), r"no intact file of torch.save")


def test_damage_in_the_bytes_of_a_tensor_is_noticed(
    refused: Callable, tmp_path: Path, content: dict[str, bytes]
) -> None:
    weight = load_bytes(tmp_path, content["pt"])["state_dict"]["layers.0.1.weight"]
    damaged = bytearray(content["pt"])
    damaged[content["pt"].index(weight.numpy().tobytes())] ^= 1
    refused(bytes(damaged), r"is damaged in .*data")


def load_bytes(folder: Path, content: bytes) -> dict[str, Any]:
    (folder / "n.pt").write_bytes(content)
    return load_model(folder / "n.pt")


def broken(**changes: object) -> Callable[[dict], dict]:
    return lambda state: {k: v for k, v in {**state, **changes}.items() if v is not ...}


def weight(value: torch.Tensor) -> Callable[[dict], dict]:
    return lambda state: {
        **state,
        "state_dict": {**state["state_dict"], "layers.0.1.weight": value},
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: [state], r"holds a list: choose a model file"),
        (broken(model_class=...), r"not \['model_class'\]"),
        (broken(state_dict=...), r"not \['state_dict'\]"),
        (broken(model_class=3), r"`model_class` is 3"),
        (broken(model_class="vgg"), r"no network called 'vgg'"),
        (broken(model_class="x" * 10**6), r"no network called 'xxx[x]{190,200}"),
        (broken(init_params=[1]), r"`init_params` is a list"),
        (broken(init_params={"n_layers": 10**9}), r"`n_layers` is 1000000000"),
        (broken(init_params={"n_features": 10**9}), r"missing are|smaller"),
        (broken(state_dict=[torch.zeros(1)]), r"`state_dict` is a list"),
        (broken(state_dict={}), r"missing are"),
        (broken(state_dict={3: torch.zeros(1)}), r"missing are .* unknown are 3"),
        (broken(epoch=-1), r"`epoch` is -1"),
        (broken(epoch="x"), r"`epoch` is 'x'"),
        (broken(optimizer=[1]), r"its optimiser is a list"),
        (broken(optimizer={"x": float("nan")}), r"It holds nan"),
        (broken(optimizer={"x": torch.tensor(torch.nan)}), r"optimizer.0.*NaN"),
        (broken(optimizer={"x": torch.zeros(1).expand(2**40)}), r"optimizer.0.*value of its own"),
        (weight(torch.zeros(2, 1, 4)), r"shape \(2, 1, 4\)"),
        (weight(torch.zeros(2, 1, 3).double()), r"torch.float64, but"),
        (weight(torch.full((2, 1, 3), torch.nan)), r"holds NaN"),
        (weight(torch.zeros(1).expand(2, 1, 3)), r"without a value of its own"),
        (weight(torch.zeros(1).expand(2**20, 2**20)), r"without a value of its own"),
        (weight("text"), r"is a str: give a plain tensor"),
    ],
)
def test_mappings_are_checked_as_strictly(
    refused: Callable, tmp_path: Path, content: dict[str, bytes], change: Callable, message: str
) -> None:
    refused(saved(change(load_bytes(tmp_path, content["pt"]))), message)


def test_numbers_of_numpy_are_read_without_numpy(
    refused: Callable, tmp_path: Path, content: dict[str, bytes]
) -> None:
    state = load_bytes(tmp_path, content["pt"])
    params = state["init_params"]
    for number in (np.int64, np.int32, np.uint8, np.int16):
        state["init_params"] = {**params, "n_layers": number(params["n_layers"])}
        assert load_bytes(tmp_path, saved(state))["init_params"] == params
    state["epoch"] = np.dtype(">i4").type(5)
    assert load_bytes(tmp_path, saved(state))["epoch"] == 5
    for other in (np.array([1, 2]), np.datetime64("2020-01-01"), np.str_("a" * 100)):
        state["epoch"] = other
        refused(saved(state), r"could run code|no intact|`epoch` is")


def test_legacy_files_of_torch_are_refused(
    refused: Callable, tmp_path: Path, content: dict[str, bytes]
) -> None:
    buffer = io.BytesIO()
    state = load_bytes(tmp_path, content["pt"])
    torch.save(state, buffer, _use_new_zipfile_serialization=False)
    refused(buffer.getvalue(), r"no model file.*bare pickle")
