"""Numbers that stay in their file, for every format that has ``lazy``: the same, but in parts."""

import inspect
import pickle
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autoden.io as aio
from autoden.errors import InputError
from autoden.signals import Axis, Signal

SHAPE = (5, 4, 3, 6)
LAZY = [
    suffix
    for file_format in aio.formats()
    for suffix in file_format.suffixes
    if "lazy" in inspect.signature(file_format.function("read")).parameters and suffix != ".npz"
]
NUMBERS = np.random.default_rng(0).poisson(5, SHAPE).astype(np.uint16)
AXES = [Axis("time", "s", range(5)), "z", "y", Axis("x", "mm", range(6))]


@pytest.fixture(scope="module", params=LAZY)
def path(request, tmp_path_factory):
    target = tmp_path_factory.mktemp("lazy") / f"numbers{request.param}"
    aio.write(target, Signal(NUMBERS, AXES, {"sample": "a"}))
    return target


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_parts_are_those_of_the_whole(path, data):
    index = data.draw(hnp.basic_indices(SHAPE, allow_newaxis=False))
    np.testing.assert_array_equal(aio.read(path, lazy=True).data[index], NUMBERS[index])


def test_a_lazy_signal_is_the_signal(path):
    lazy, whole = aio.read(path, lazy=True), aio.read(path)
    again = pickle.loads(pickle.dumps(lazy))
    assert lazy.is_lazy
    assert again.is_lazy
    assert dict(lazy.metadata) == dict(whole.metadata)
    assert [repr(axis) for axis in lazy.axes] == [repr(axis) for axis in whole.axes]
    for each in (lazy, again, lazy.loaded()):
        assert (each.shape, each.dtype) == (SHAPE, np.uint16)
        np.testing.assert_array_equal(np.asarray(each), NUMBERS)
    assert lazy.loaded().data.flags.writeable


@pytest.mark.parametrize("dtype", ["?", ">f4", "<i8", "c16", "f2"])
@pytest.mark.parametrize("shape", [(), (7,), (3, 1, 2)], ids=str)
@pytest.mark.parametrize("suffix", LAZY)
def test_dtypes_and_shapes(tmp_path, suffix, shape, dtype):
    numbers = np.asarray(np.random.default_rng(0).integers(0, 2, shape)).astype(dtype)
    target = tmp_path / f"a{suffix}"
    aio.write(target, Signal(numbers, [f"a{i}" for i in range(len(shape))]))
    lazy = aio.read(target, lazy=True)
    assert lazy.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(np.asarray(lazy), numbers)
    assert np.asarray(lazy).dtype == lazy.dtype


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"compression": "zlib"},
        {"rowsperstrip": 3, "compression": "zlib"},
        {"imagej": True},
        {"byteorder": ">"},
        {"photometric": "rgb"},
        {"tile": (16, 16)},
    ],
    ids=str,
)
def test_tiffs_of_others(tmp_path, options):
    shape = (3, 2, 20, 30, 3) if "photometric" in options else (3, 2, 20, 30)
    numbers = np.random.default_rng(0).poisson(5, shape).astype(np.uint8)
    target = tmp_path / "a.tif"
    tifffile.imwrite(target, numbers, **{"photometric": "minisblack"} | options)
    lazy, whole = aio.read(target, lazy=True), aio.read(target)
    assert lazy.is_lazy
    for index in (..., (2, slice(None, None, -1), slice(3, 9)), (..., 1), slice(1, 1)):
        np.testing.assert_array_equal(lazy.data[index], whole.data[index])


def test_an_alpha_channel_is_looked_at_at_once(tmp_path):
    numbers = np.full((4, 5, 4), 255, np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="rgb", extrasamples=["unassalpha"])
    signal = aio.read(tmp_path / "a.tif", lazy=True)
    assert (signal.shape, signal.is_lazy) == ((4, 5, 3), False)


def test_a_file_that_changes_is_noticed(path):
    lazy = aio.read(path, lazy=True)
    aio.write(path, Signal(NUMBERS[:2], ["a", "b", "c", "d"]), overwrite=True)
    with pytest.raises(InputError, match="changed since"):
        lazy.data[0]
    aio.write(path, Signal(NUMBERS, AXES, {"sample": "a"}), overwrite=True)


def test_formats_without_it_say_so(tmp_path):
    aio.write(tmp_path / "a.csv", Signal([[1, 2, 3]], ["repeat", "channel"]))
    with pytest.raises(InputError, match="no option 'lazy'"):
        aio.read(tmp_path / "a.csv", lazy=True)
    aio.write(tmp_path / "a.npz", Signal([1, 2, 3], ["channel"]))
    with pytest.raises(InputError, match="inside an archive"):
        aio.read(tmp_path / "a.npz", lazy=True)


def test_axes_are_named_without_reading(path):
    signal = aio.read(path, lazy=True, axes="TZYX")
    assert signal.is_lazy
    assert [axis.name for axis in signal.axes] == ["time", "z", "y", "x"]


IN_LITTLE_MEMORY = """
import resource, sys
from importlib import import_module
import numpy as np
import autoden.io as aio
from autoden.io.registry import format_of
path = sys.argv[1]
import_module(format_of(path).module)
aio.read(sys.argv[2], lazy=True).data[0]  # whatever is imported then
used = int(next(l for l in open("/proc/self/status") if l.startswith("VmData")).split()[1]) * 1024
limit = used + int(sys.argv[3]) * 2**20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
signal = aio.read(path, lazy=True)
total = sum(int(signal.data[i].sum(dtype=np.int64)) for i in range(0, signal.shape[0], 8))
total += int(signal.data[:, 5, 7].sum(dtype=np.int64))
try:
    np.asarray(signal)
except Exception as error:
    print(total, type(error).__name__)
"""


@pytest.mark.parametrize(
    ("suffix", "n_planes", "allowed"),
    [(".npy", 80, 48), (".tif", 80, 48), (".h5", 80, 48), (".zarr", 200, 140)],  # zarr has threads
)
def test_large_files_are_read_in_little_memory(tmp_path, suffix, n_planes, allowed):
    """Parts of 80 MB and more are read in a process that may have little more than it has."""
    if suffix not in LAZY:
        pytest.skip("the extra is not installed")
    plane = np.arange(2**19, dtype=np.uint16).reshape(512, 1024)
    numbers = np.broadcast_to(plane, (n_planes, 512, 1024))
    aio.write(tmp_path / f"large{suffix}", Signal(numbers, ["z", "y", "x"]))
    aio.write(tmp_path / f"small{suffix}", Signal(numbers[:2, :8, :8], ["z", "y", "x"]))
    expected = numbers[::8].sum(dtype=np.int64) + numbers[:, 5, 7].sum(dtype=np.int64)
    files = [str(tmp_path / f"{size}{suffix}") for size in ("large", "small")]
    done = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_MEMORY, *files, str(allowed)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"{expected} InputError\n", "")
