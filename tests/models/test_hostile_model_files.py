"""Model files that are damaged or are none: each is refused with one clear error."""

import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoden.errors import InputError
from autoden.models.io import load_model


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
    little_memory: Callable,
    tmp_path: Path,
    content: dict[str, bytes],
    suffix: str,
    data: st.DataObject,
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
    refused: Callable, content: dict[str, bytes], suffix: str
) -> None:
    whole = content[suffix]
    for length in [*range(40), *range(40, len(whole), 97), len(whole) - 1]:
        refused(whole[:length], r"no model file|no intact|damaged")


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(noise=st.binary(max_size=300), start=st.sampled_from([b"", b"PK\x03\x04", b"\x80\x02}"]))
def test_any_other_bytes_are_refused(refused: Callable, noise: bytes, start: bytes) -> None:
    refused(start + noise, r"no model file|no intact|header")


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
    refused: Callable, head: bytes, message: str
) -> None:
    refused(head + bytes(100), message)


def test_sizes_are_bounded(little_memory: Callable, tmp_path: Path) -> None:
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
