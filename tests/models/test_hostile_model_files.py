"""Model files that are damaged, or made to do harm: each is refused with one clear error."""

import io
import json
import os
import pickle
import re
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoden.errors import InputError
from autoden.models import NetworkParamsDnCNN, create_network, create_optimizer
from autoden.models.io import load_model, save_model
from autoden.models.tensor_files import METADATA_KEY, _digest

FIRST = "network.layers.0.1.weight"  # shape (2, 1, 3)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return intact files of both formats, with an optimiser's state."""
    network = NetworkParamsDnCNN(n_layers=2, n_features=2, n_dims=1).get_model("cpu", seed=0)
    optimizer = create_optimizer(network)
    (network(torch.linspace(0, 1, 9).reshape(1, 1, 9)) ** 2).sum().backward()
    optimizer.step()
    files = {}
    for suffix in ("pt", "safetensors"):
        file = tmp_path_factory.mktemp("intact") / f"n.{suffix}"
        save_model(file, network, optimizer.state_dict(), epoch_num=3)
        files[suffix] = file.read_bytes()
    return files


@contextmanager
def little_memory() -> Iterator[None]:
    """Allow a block 256 MB more than there is in use, where the system can."""
    if not sys.platform.startswith("linux"):
        yield
        return
    import resource

    used = re.search(r"VmData:\s+(\d+) kB", Path("/proc/self/status").read_text())
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (int(used[1]) * 1024 + 2**28, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def refused(folder: Path, content: bytes, message: str) -> None:
    file = folder / "hostile.model"
    file.write_bytes(content)
    with little_memory(), pytest.raises(InputError, match=message) as raised:
        load_model(file)
    assert str(file) in str(raised.value)
    assert "allocate" not in str(raised.value)


def same_state(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return set(a) == set(b) and all(same_state(a[key], b[key]) for key in a)
    return a == b


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_is_refused_or_does_not_matter(
    tmp_path: Path, content: dict[str, bytes], suffix: str, data: st.DataObject
) -> None:
    damaged = bytearray(content[suffix])
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(damaged) - 1))
        damaged[position] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(damaged))) :]
    (tmp_path / "intact").write_bytes(content[suffix])
    (tmp_path / "damaged").write_bytes(bytes(damaged))
    expected = load_model(tmp_path / "intact")
    with little_memory():
        try:
            loaded = load_model(tmp_path / "damaged")
        except InputError:
            return
    for key in ("model_class", "init_params", "state_dict"):
        assert same_state(loaded[key], expected[key])


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_every_truncation_is_refused(
    tmp_path: Path, content: dict[str, bytes], suffix: str
) -> None:
    whole = content[suffix]
    for length in [*range(40), *range(40, len(whole), 97), len(whole) - 1]:
        refused(tmp_path, whole[:length], r"no model file|no intact|damaged")


@settings(max_examples=100, deadline=None)
@given(noise=st.binary(max_size=300), start=st.sampled_from([b"", b"PK\x03\x04", b"\x80\x02}"]))
def test_any_other_bytes_are_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, start: bytes
) -> None:
    refused(tmp_path_factory.getbasetemp(), start + noise, r"no model file|no intact|header")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (struct.pack("<Q", 2**63), r"no model file, or the end of it is missing"),
        (struct.pack("<Q", 0), r"no model file"),
        (pickle.dumps({"a": 1}), r"A bare pickle is not read, for it could run code"),
        (b"energy,counts\n1,2\n", r"no model file"),
    ],
)
def test_first_bytes_are_checked_before_anything_is_read(
    tmp_path: Path, head: bytes, message: str
) -> None:
    refused(tmp_path, head + bytes(100), message)


def test_sizes_are_bounded(tmp_path: Path) -> None:
    file = tmp_path / "sparse.model"
    with file.open("wb") as stream:  # a file with a hole: it takes no room on the disk
        stream.write(struct.pack("<Q", 2**25))
        stream.truncate(2**26)
    with little_memory(), pytest.raises(InputError, match=r"header of 33554432 bytes: .*at most"):
        load_model(file)
    for start in (b"", b"PK\x03\x04"):
        with file.open("wb") as stream:
            stream.write(start)
            stream.truncate(2**33)
        with little_memory(), pytest.raises(InputError, match=r"8589934592 bytes: .* at most"):
            load_model(file)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is a folder"):
        load_model(tmp_path)
    with pytest.raises(InputError, match=r"missing.pt does not exist"):
        load_model(tmp_path / "missing.pt")


# ---- safetensors


def rewritten(content: bytes, edit: Callable[[dict, dict], object]) -> bytes:
    """Change tensors and record of an intact file, and make its digest fit."""
    tensors = safetensors.torch.load(content)
    length = int.from_bytes(content[:8], "little")
    record = json.loads(json.loads(content[8 : 8 + length])["__metadata__"][METADATA_KEY])
    edit(tensors, record)
    record["sha256"] = _digest(tensors)
    return safetensors.torch.save(tensors, metadata={METADATA_KEY: json.dumps(record)})


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
    tmp_path: Path, content: dict[str, bytes], edit: Callable, message: str
) -> None:
    refused(tmp_path, rewritten(content["safetensors"], edit), message)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"a":' * 50_000, "9" * 10_000], ids=range(7)
)
def test_text_that_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    tensors = {"network.x": torch.zeros(1)}
    hostile = safetensors.torch.save(tensors, metadata={METADATA_KEY: text})
    refused(tmp_path, hostile, r"is not as autoden writes it")


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}], ids=str)
def test_other_safetensors_files_are_told_apart(tmp_path: Path, metadata: dict | None) -> None:
    other = safetensors.torch.save({"a": torch.zeros(1)}, metadata=metadata)
    refused(tmp_path, other, r"is a safetensors file, but does not say how autoden is to use it")


def test_one_changed_weight_is_noticed(tmp_path: Path, content: dict[str, bytes]) -> None:
    damaged = bytearray(content["safetensors"])
    damaged[-1] ^= 1
    refused(tmp_path, bytes(damaged), r"is damaged.*copy it again")


# ---- files of torch.save


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
    tmp_path: Path, content: dict[str, bytes], protocol: int
) -> None:
    harm = pickle.dumps({"state_dict": Harm(tmp_path / "trace")}, protocol)
    hostile = repacked(content["pt"], lambda _: harm)
    refused(
        tmp_path,
        hostile,
        r"names ((posix|nt).mkdir|an object).*could run code: only files of tensors",
    )
    refused(tmp_path, harm + bytes(100), r"no model file|header")
    assert not (tmp_path / "trace").exists()


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_pickles_of_any_bytes_give_a_network_or_one_error(
    tmp_path: Path, content: dict[str, bytes], data: st.DataObject
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
    tmp_path: Path, content: dict[str, bytes], named: str
) -> None:
    module, name = named.split()
    harm = b"\x80\x02" + f"c{module}\n{name}\n".encode() + b"K\x01\x85R."
    message = re.escape(f"names {module}.{name}, which could run code")
    refused(tmp_path, repacked(content["pt"], lambda _: harm), message)


def test_archives_are_no_larger_than_they_are(tmp_path: Path, content: dict[str, bytes]) -> None:
    packed = repacked(content["pt"], bytes, compression=zipfile.ZIP_DEFLATED)
    refused(tmp_path, packed, r"is a zip archive, but not one of torch.save")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/data.pkl", b"N.")
        archive.writestr("b/data.pkl", b"N.")
    refused(tmp_path, buffer.getvalue(), r"has 2 pickles: a model file has one")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("notes.txt", b"hello")
    refused(tmp_path, buffer.getvalue(), r"has 0 pickles: a model file has one")


def test_tensors_are_as_large_as_their_bytes(tmp_path: Path) -> None:
    mapping = saved({"a": torch.arange(7.0)})

    def claim(pickled: bytes) -> bytes:
        assert pickled.count(b"K\x07") == 2
        return pickled.replace(b"K\x07", b"J" + struct.pack("<i", 2**30))

    refused(tmp_path, repacked(mapping, claim), r"no intact file of torch.save")


def test_damage_in_the_bytes_of_a_tensor_is_noticed(
    tmp_path: Path, content: dict[str, bytes]
) -> None:
    weight = load_bytes(tmp_path, content["pt"])["state_dict"]["layers.0.1.weight"]
    damaged = bytearray(content["pt"])
    damaged[content["pt"].index(weight.numpy().tobytes())] ^= 1
    refused(tmp_path, bytes(damaged), r"is damaged in .*data")


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
    tmp_path: Path, content: dict[str, bytes], change: Callable, message: str
) -> None:
    refused(tmp_path, saved(change(load_bytes(tmp_path, content["pt"]))), message)


def test_numbers_of_numpy_are_read_without_numpy(tmp_path: Path, content: dict[str, bytes]) -> None:
    state = load_bytes(tmp_path, content["pt"])
    params = state["init_params"]
    for number in (np.int64, np.int32, np.uint8, np.int16):
        state["init_params"] = {**params, "n_layers": number(params["n_layers"])}
        assert load_bytes(tmp_path, saved(state))["init_params"] == params
    state["epoch"] = np.dtype(">i4").type(5)
    assert load_bytes(tmp_path, saved(state))["epoch"] == 5
    for other in (np.array([1, 2]), np.datetime64("2020-01-01"), np.str_("a" * 100)):
        state["epoch"] = other
        refused(tmp_path, saved(state), r"could run code|no intact|`epoch` is")


def test_legacy_files_of_torch_are_refused(tmp_path: Path, content: dict[str, bytes]) -> None:
    buffer = io.BytesIO()
    state = load_bytes(tmp_path, content["pt"])
    torch.save(state, buffer, _use_new_zipfile_serialization=False)
    refused(tmp_path, buffer.getvalue(), r"no model file.*bare pickle")
