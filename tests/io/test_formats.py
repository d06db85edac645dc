"""Laws of every format in the registry: what is written reads back, what is broken is refused."""

import json
import os
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autoden.io as aio
from autoden.errors import InputError
from autoden.io.provenance import provenance, with_provenance
from autoden.io.registry import ANYTHING
from autoden.signals import Signal
from io_signals import OF_KIND, typical


def module_of(file_format):
    return import_module(file_format.module)


def is_folder(suffix):
    return suffix.endswith(".zarr")


FORMAT_OF = {suffix: each for each in aio.formats() for suffix in each.suffixes}
SUFFIXES = list(FORMAT_OF)
FILES = [suffix for suffix in SUFFIXES if not is_folder(suffix)]
WRITABLE = [suffix for suffix, each in FORMAT_OF.items() if hasattr(module_of(each), "write")]
ONE_OF_EACH = [suffix for suffix in WRITABLE if suffix == FORMAT_OF[suffix].suffixes[0]]


def content(path):
    """The bytes of a file, or of all those in a folder."""
    if path.is_dir():
        return {str(each.relative_to(path)): content(each) for each in path.iterdir()}
    return path.read_bytes()


def as_bits(data):
    return np.ascontiguousarray(data.astype(data.dtype.newbyteorder("="))).tobytes()


@pytest.fixture(autouse=True)
def _without_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("formats")


@pytest.mark.parametrize("suffix", ONE_OF_EACH)
def test_what_is_written_reads_back_equal(folder, suffix):
    file_format = FORMAT_OF[suffix]
    path = folder / f"any{suffix}"

    @settings(max_examples=40, deadline=None)
    @given(signal=OF_KIND[file_format.holds])
    def holds(signal):
        aio.write(path, signal, overwrite=True)
        assert_equal(aio.read(path), signal, path, file_format.loses)

    holds()


@pytest.mark.parametrize("suffix", [s for s in ONE_OF_EACH if FORMAT_OF[s].holds != ANYTHING])
@settings(max_examples=40, deadline=None)
@given(signal=OF_KIND[ANYTHING])
def test_what_a_format_does_not_hold_is_refused_or_reads_back_equal(folder, suffix, signal):
    path = folder / f"all{suffix}"
    try:
        aio.write(path, signal, overwrite=True)
    except InputError:
        return
    back = aio.read(path)
    exact = "dtype" not in FORMAT_OF[suffix].loses
    if exact or FORMAT_OF[suffix].extra is None:
        np.testing.assert_array_equal(
            back.data.astype(signal.dtype).reshape(signal.shape), signal.data
        )
    else:  # rounded to 32 bits
        np.testing.assert_allclose(back.data, signal.data, rtol=1e-6, atol=1e-38)
    assert not exact or back.dtype == signal.dtype.newbyteorder("=")


def assert_equal(back, signal, path, loses):
    """Axes and metadata are as they were; numbers to the last bit unless the format says else."""
    assert back.shape == signal.shape
    if "dtype" not in loses:
        assert back.dtype == signal.dtype.newbyteorder("=")
        assert as_bits(back.data) == as_bits(signal.data)
    np.testing.assert_array_equal(np.asarray(back.data, signal.dtype), signal.data)
    for axis, other in zip(back.axes, signal.axes, strict=True):
        assert (axis.name, axis.unit) == (other.name, other.unit)
        assert (axis.values is None) == (other.values is None)
        if axis.values is not None:
            assert axis.values.tobytes() == other.values.tobytes()
    own = {"layout": None, "table": None, "overflow_bin": None} if "dtype" in loses else {}
    found = {key: each for key, each in back.metadata.items() if key not in own}
    expected = {"assumed": found["assumed"], **signal.metadata, "source": str(path)}
    assert "dtype" in loses or expected["assumed"] == signal.metadata.get("assumed", [])
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.parametrize("suffix", WRITABLE)
def test_a_usual_signal_passes_through_every_suffix(tmp_path, suffix):
    signal, path = typical(FORMAT_OF[suffix].holds), tmp_path / f"usual{suffix}"
    aio.write(path, signal)
    back = aio.read(path)
    assert_equal(back, signal, path, FORMAT_OF[suffix].loses)
    assert back.data.flags.writeable  # torch warns of others


@pytest.mark.parametrize("suffix", WRITABLE)
def test_what_was_done_is_recorded_in_every_format(tmp_path, suffix):
    signal = typical(FORMAT_OF[suffix].holds)
    record = provenance("n2n", [signal], settings={"epochs": 5, "rate": 1e-3}, seed=1)
    aio.write(tmp_path / f"out{suffix}", with_provenance(signal, record))
    back = aio.read(tmp_path / f"out{suffix}")
    assert back.metadata["provenance"] == [record]
    assert back.metadata["sample"] == "µ"


@pytest.mark.parametrize("suffix", WRITABLE)
def test_the_same_signal_gives_the_same_bytes(tmp_path, suffix):
    for name in ("a", "b"):
        aio.write(tmp_path / f"{name}{suffix}", typical(FORMAT_OF[suffix].holds))
    assert content(tmp_path / f"a{suffix}") == content(tmp_path / f"b{suffix}")


@pytest.mark.parametrize("suffix", [s for s in FILES if s == FORMAT_OF[s].suffixes[0]])
@pytest.mark.parametrize(
    "content", [b"", b"\0", b"II*\0", b"\x93NUMPY\1\0", b"PK\3\4", b"\xff" * 99]
)
def test_files_of_another_kind_are_refused_with_their_name(tmp_path, suffix, content):
    path = tmp_path / f"other{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"other{suffix}"):
        aio.read(path)


@pytest.fixture(scope="module", params=[s for s in ONE_OF_EACH if s in FILES and s != ".csv"])
def whole(request, folder):
    """A file, and what it holds."""
    path = folder / f"whole{request.param}"
    signal = typical(FORMAT_OF[request.param].holds)
    aio.write(path, signal, overwrite=True)
    return path, path.read_bytes(), signal.data


def read_or_refuse(path):
    try:
        return aio.read(path)
    except InputError as error:
        if str(path) not in str(error):
            raise AssertionError("the error does not name the file") from error
        return None


@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file_is_refused_or_loses_nothing(whole, share):
    path, content, data = whole
    broken = path.with_stem("truncated")
    broken.write_bytes(content[: int(share * len(content))])
    back = read_or_refuse(broken)
    if back is not None:
        np.testing.assert_array_equal(back.data, data)


@settings(max_examples=60, deadline=None)
@given(
    places=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1)
)
def test_a_damaged_file_raises_nothing_but_input_errors(whole, places):
    path, content, _ = whole
    broken, changed = path.with_stem("damaged"), bytearray(content)
    for share, value in places:
        changed[int(share * len(content))] = value
    broken.write_bytes(changed)
    read_or_refuse(broken)


@pytest.mark.parametrize("suffix", ONE_OF_EACH)
def test_a_trial_says_beforehand_what_a_format_cannot_hold(tmp_path, suffix):
    file_format = FORMAT_OF[suffix]
    aio.check_writable(tmp_path / f"out{suffix}", typical(file_format.holds))
    several = Signal(np.zeros((2, 4, 5, 6), np.float32), ["time", "z", "y", "x"])
    if file_format.holds in (ANYTHING, "real numbers of any shape"):
        aio.check_writable(tmp_path / f"out{suffix}", several)
    else:
        with pytest.raises(InputError, match=r"\(2, 4, 5, 6\)|has 4 \(time"):
            aio.check_writable(tmp_path / f"out{suffix}", several)
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_only_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot write the format JPEG"):
        aio.check_writable(tmp_path / "out.jpg")
    assert list(tmp_path.iterdir()) == []
