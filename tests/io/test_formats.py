"""Laws of every format in the registry: what is written reads back, what is broken is refused."""

import json
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autoden.io as aio
from autoden.errors import InputError
from autoden.signals import Axis, Signal

SUFFIXES = [suffix for file_format in aio.formats() for suffix in file_format.suffixes]
WRITABLE = [
    suffix
    for file_format in aio.formats()
    for suffix in file_format.suffixes
    if hasattr(import_module(file_format.module), "write")
]
TABLES = (".csv", ".tsv", ".txt")  # hold numbers without a dtype; for the rest see their own tests
BINARY = [suffix for suffix in WRITABLE if suffix not in (*TABLES, ".tiff")]
IN_FOLDERS = [
    suffix
    for file_format in aio.formats()
    for suffix in file_format.suffixes
    if file_format.folder_with
]
FILES = [suffix for suffix in BINARY if suffix not in IN_FOLDERS]
HOLD_ANYTHING = (".npy", ".npz", ".tif", ".tiff", ".h5", ".zarr")
BARE = (".npy",)  # hold no axes

dtypes = st.sampled_from(
    "bool u1 i1 u2 i2 u4 i4 u8 i8 f2 f4 f8 >f4 >u2 >i8 c8 c16".split()  # noqa: SIM905
).map(np.dtype)
printable = st.characters(exclude_categories=["C", "Z"])
plain = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(),
    lambda item: st.lists(item, max_size=3) | st.dictionaries(st.text(), item, max_size=3),
    max_leaves=6,
)
positions = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def signals(draw):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, max_side=4))
    data = draw(hnp.arrays(draw(dtypes), shape))
    if draw(st.booleans()):
        data = np.array(data, order="F")
    names = st.text(printable, min_size=1, max_size=8).map(str.lower)
    drawn = draw(st.lists(names, min_size=len(shape), max_size=len(shape), unique=True))
    if len(shape) == 3 and draw(st.booleans()):
        drawn[2] = "channel" if "channel" not in drawn[:2] else drawn[2]
    axes = []
    for name, length in zip(drawn, shape, strict=True):
        values = st.lists(positions, min_size=length, max_size=length)
        axes.append(Axis(name, draw(st.text(printable, max_size=4)), draw(st.none() | values)))
    metadata = draw(st.dictionaries(st.text(), plain, max_size=3))
    return Signal(data, tuple(axes), metadata)


def content(path):
    """The bytes of a file, or of all those in a folder."""
    if path.is_dir():
        return {str(each.relative_to(path)): content(each) for each in path.iterdir()}
    return path.read_bytes()


def as_bits(data):
    return np.ascontiguousarray(data.astype(data.dtype.newbyteorder("="))).tobytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("formats")


@pytest.mark.parametrize("suffix", BINARY)
@settings(max_examples=40, deadline=None)
@given(signal=signals())
def test_what_is_written_reads_back_equal_or_is_refused(folder, suffix, signal):
    path = folder / f"any{suffix}"
    try:
        aio.write(path, signal, overwrite=True)
    except InputError:
        assert suffix not in HOLD_ANYTHING
        return
    back = aio.read(path)
    assert (back.shape, back.dtype) == (signal.shape, signal.dtype.newbyteorder("="))
    assert as_bits(back.data) == as_bits(signal.data)
    if suffix in BARE:
        return
    for axis, other in zip(back.axes, signal.axes, strict=True):
        assert (axis.name, axis.unit) == (other.name, other.unit)
        assert (axis.values is None) == (other.values is None)
        if axis.values is not None:
            assert axis.values.tobytes() == other.values.tobytes()
    expected = {"assumed": [], **signal.metadata, "source": str(path)}
    assert json.dumps(dict(back.metadata), sort_keys=True) == json.dumps(expected, sort_keys=True)


@pytest.mark.parametrize("suffix", WRITABLE)
def test_counts_pass_through_every_format(tmp_path, suffix):
    counts = np.random.default_rng(0).poisson(5, (6, 40)).astype(np.uint8)
    energy = Axis("energy", "keV", np.linspace(-0.02, 20.491, 40))
    path = tmp_path / f"counts{suffix}"
    aio.write(path, Signal(counts, ["repeat", energy]))
    back = aio.read(path)
    np.testing.assert_array_equal(back.data, counts)
    assert back.data.flags.writeable  # torch warns of others
    if suffix not in BARE:
        assert [axis.name for axis in back.axes] == ["repeat", "energy"]
        assert back.axes[1].unit == "keV"
        np.testing.assert_array_equal(back.axes[1].values, energy.values)


@pytest.mark.parametrize("suffix", WRITABLE)
def test_the_same_signal_gives_the_same_bytes(tmp_path, suffix):
    signal = Signal(np.arange(12, dtype=np.uint8).reshape(3, 4), ["y", "x"], {"sample": "µ"})
    for name in ("a", "b"):
        aio.write(tmp_path / f"{name}{suffix}", signal)
    assert content(tmp_path / f"a{suffix}") == content(tmp_path / f"b{suffix}")


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "content", [b"", b"\0", b"II*\0", b"\x93NUMPY\1\0", b"PK\3\4", b"\xff" * 99]
)
def test_files_of_another_kind_are_refused_with_their_name(tmp_path, suffix, content):
    path = tmp_path / f"other{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"other{suffix}"):
        aio.read(path)


@pytest.fixture(scope="module", params=FILES)
def whole(request, folder):
    """A file, and what it holds."""
    path = folder / f"whole{request.param}"
    data = np.random.default_rng(0).integers(0, 255, (7, 9), dtype=np.uint8)
    aio.write(path, Signal(data, ["y", Axis("x", "mm", np.linspace(0, 1, 9))]), overwrite=True)
    return path, path.read_bytes(), data


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


def test_a_trial_says_beforehand_what_a_format_cannot_hold(tmp_path):
    result = Signal(np.zeros((4, 5), np.float32), ["y", "x"])
    for suffix in WRITABLE:
        if suffix == ".png":
            with pytest.raises(InputError, match="8 or 16 bits"):
                aio.check_writable(tmp_path / "out.png", result)
        else:
            aio.check_writable(tmp_path / f"out{suffix}", result)
    with pytest.raises(InputError, match="cannot write the format JPEG"):
        aio.check_writable(tmp_path / "out.jpg")
    assert list(tmp_path.iterdir()) == []
