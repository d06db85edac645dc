"""HDF5 files made to do harm: refused before memory is taken or another file is opened."""

import subprocess
import sys
import zlib

import h5py
import numpy as np
import pytest

import autoden.io as aio
from autoden.errors import InputError
from autoden.io import foreign
from autoden.io.hdf5 import tree

BIG = 2**60


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hostile.h5"


def refused(path, said, **options):
    with pytest.raises(InputError, match=said) as caught:
        aio.read(path, **options)
    assert "hostile.h5" in str(caught.value)


def external_link(file):
    file["data"] = h5py.ExternalLink("secret.h5", "/data")


def external_folder(file):
    file["entry"] = h5py.ExternalLink("secret.h5", "/")
    file.attrs["default"] = "entry"


def external_storage(file):
    file.create_dataset("data", (4,), "u1", external=[("secret.h5", 0, 4)])


def virtual(file):
    layout = h5py.VirtualLayout((4,), "i8")
    layout[:] = h5py.VirtualSource("secret.h5", "data", (4,))
    file.create_virtual_dataset("data", layout)


@pytest.mark.parametrize(
    ("build", "inside", "said"),
    [
        (external_link, "::/data", "link to another file, .*give secret.h5::/data itself"),
        (external_folder, "::/entry/data", "link to another file"),
        (external_folder, "", "link to another file"),
        (external_storage, "", "other files, which are never opened"),
        (virtual, "", "other files, which are never opened"),
    ],
)
def test_other_files_are_never_opened(path, build, inside, said):
    with h5py.File(path.with_name("secret.h5"), "w") as file:
        file["data"] = [1, 2, 3, 4]
    with h5py.File(path, "w") as file:
        build(file)
    refused(f"{path}{inside}", said)


def test_links_to_other_files_beside_the_data_are_passed_over(path):
    with h5py.File(path, "w") as file:
        external_link(file)
        file["counts"] = [1, 2, 3]
    assert aio.read(path).shape == (3,)


def test_links_in_circles(path):
    with h5py.File(path, "w") as file:
        file["a"] = h5py.SoftLink("/b")
        file["b"] = h5py.SoftLink("a")
        file["self"] = h5py.SoftLink("/self/self")
        group = file.create_group("group")
        group["group"] = file["/"]
        group["again"] = group
        group["counts"] = [1, 2, 3]
        group.attrs["default"] = "group/group"
    assert aio.read(path).shape == (3,)
    assert aio.read(f"{path}::/group/again/group/group/counts").shape == (3,)
    for name in ("a", "self"):
        refused(f"{path}::/{name}", "circle")
    refused(f"{path}::/group", "circle")


def test_more_objects_than_anybody_looks_through(path, monkeypatch):
    monkeypatch.setattr(tree, "MAX_OBJECTS", 5)
    with h5py.File(path, "w") as file:
        for number in range(9):
            file.create_group(str(number))
    refused(path, "more than 5 groups and datasets")


@pytest.mark.parametrize(
    "options",
    [{}, {"chunks": (1024,)}, {"chunks": (1024,), "maxshape": (None,), "compression": "gzip"}],
    ids=str,
)
@pytest.mark.parametrize("lazy", [False, True])
def test_sizes_that_no_file_can_hold(path, options, lazy):
    with h5py.File(path, "w") as file:
        file.create_dataset("data", (BIG,), "f4", **options)
        if options:
            file["data"][:3] = 1
    refused(path, "announces .* of data in a file of|created but|memory", lazy=lazy)


def test_chunks_that_no_file_can_hold(path):
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", (2**29,), "u1", chunks=(2**29,), compression="gzip")
        data.id.write_direct_chunk((0,), zlib.compress(b"0" * 100))
    refused(path, "announces 536.9 MB of data in a file of")


@pytest.mark.parametrize("lazy", [False, True])
def test_parts_that_expand_without_end(path, lazy):
    bomb = zlib.compress(bytes(2**26), 1)
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", (4, 2**18), "u1", chunks=(1, 2**18), compression="gzip")
        data[0] = 1
        data.id.write_direct_chunk((2, 0), bomb)
    if lazy:
        signal = aio.read(path, lazy=True)
        assert signal.data[0].sum() == 2**18
        with pytest.raises(InputError, match="more than twice"):
            signal.data[2, 5]
    else:
        refused(path, "expands to more than twice")


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (h5py.string_dtype(), ["a", "b"]),
        (np.dtype("S3"), [b"a", b"b"]),
        (h5py.vlen_dtype(np.int32), None),
        (h5py.ref_dtype, None),
        (np.dtype([("a", "f4"), ("b", "i4")]), None),
        (np.dtype("V5"), None),
        (np.dtype(("f4", (3,))), None),
    ],
    ids=str,
)
def test_what_is_no_number(path, dtype, value):
    with h5py.File(path, "w") as file:
        file.create_dataset("data", (2,), dtype)
        if value is not None:
            file["data"][:] = value
    refused(path, "no dataset of numbers")
    refused(f"{path}::/data", "numbers are needed")


def test_heaps_of_texts_that_lead_nowhere(path):
    """The library would read an empty object for ever."""
    with h5py.File(path, "w") as file:
        file["counts"] = [1, 2, 3]
        file["counts"].attrs["units"] = "counts per second"
    content = bytearray(path.read_bytes())
    assert aio.read(path).metadata["hdf5"]["@units"] == "counts per second"
    first = content.index(b"GCOL") + 16
    free = first + 16 + 24  # after the one text, which takes three times 8 bytes
    for size in (24, 2**63, 2**64 - 16):
        content[free + 8 : free + 16] = size.to_bytes(8, "little")
        path.write_bytes(content)
        refused(path, "texts at byte")
        content[first - 9] ^= 0x55  # a byte that the library does not look at
    content[first - 8 : first] = (2**34).to_bytes(8, "little")
    path.write_bytes(content)
    refused(path, "cannot be read as an HDF5 file")


def test_values_of_odd_types_are_passed_over(path):
    """A damaged type of texts is one of rows of bytes, in which the library may crash."""
    rows = h5py.vlen_dtype(np.uint8)
    with h5py.File(path, "w") as file:
        file["entry/counts"] = [1, 2, 3]
        for number, dtype in enumerate((rows, h5py.ref_dtype, np.dtype("V4"), np.dtype("f4,i4"))):
            file.create_dataset(f"entry/odd{number}", (), dtype)
        file["entry/title"] = "a title"
    assert aio.read(path).metadata["hdf5"] == {"/entry/title": "a title"}


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("units", ["counts", ["counts", "keV"]], ids=str)
def test_texts_longer_than_the_file(path, libver, units):
    """The library would take that much memory first."""
    with h5py.File(path, "w", libver=libver) as file:
        file["counts"] = [1, 2, 3]
        file["counts"].attrs["units"] = units
        file["title"] = "a title"
    content = path.read_bytes()
    assert aio.read(path).metadata["hdf5"] == {"@units": units, "/title": "a title"}
    heap = content.index(b"GCOL").to_bytes(8, "little")
    for text in ("a title", "counts"):
        place = content.index(len(text).to_bytes(4, "little") + heap)
        path.write_bytes(content[:place] + b"\xff\xff\xff\x7f" + content[place + 4 :])
        if text == "counts":
            refused(path, "longer than the file")
        else:
            assert aio.read(path).metadata["hdf5"] == {"@units": units}


def test_nothing_and_no_file(path):
    with h5py.File(path, "w") as file:
        file["empty"] = h5py.Empty("f4")
        file["none"] = np.zeros((0, 3))
        file["text"] = "a"
    refused(path, "no dataset of numbers")
    refused(f"{path}::/empty", "nothing")
    refused(f"{path}::/none", "empty")
    refused(f"{path}::/empty/below", "no '/empty/below'")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scaleoffset": 3}, "scale-offset: write it again with gzip"),
        ({"compression": 32767, "allow_unknown_filter": True}, "plug-in 32767.*hdf5plugin"),
    ],
    ids=["scale-offset", "plug-in"],
)
def test_compressions_that_are_not_known(path, options, said):
    with h5py.File(path, "w") as file:
        file.create_dataset("data", (64,), "i4", chunks=(64,), **options)
        file["data"].id.write_direct_chunk((0,), bytes(64))
    refused(path, said)


@pytest.mark.parametrize("compression", ["gzip", "lzf", None])
def test_usual_compressions(path, compression):
    numbers = np.random.default_rng(0).poisson(3, (5, 70_000))
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "data", data=numbers, chunks=(2, 50_000), compression=compression, shuffle=True,
            fletcher32=True,
        )  # fmt: skip
    np.testing.assert_array_equal(aio.read(path).data, numbers)


def test_what_does_not_fit_into_the_memory_can_be_read_in_parts(path, monkeypatch):
    numbers = np.arange(4000.0).reshape(40, 100)
    with h5py.File(path, "w") as file:
        file["data"] = numbers
    monkeypatch.setattr(foreign, "_physical_memory", lambda: 20_000)
    refused(path, "32.0 kB of data, but this machine has 20.0 kB of memory.*lazy=True")
    signal = aio.read(path, lazy=True)
    np.testing.assert_array_equal(signal.data[3:5], numbers[3:5])
    with pytest.raises(InputError, match="lazy=True and take a part"):
        signal.loaded()


def test_large_files_are_read_in_little_memory(path):
    """256 MB of which parts are read, in a process that may have less than that for data."""
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", (64, 2**20), "f4", chunks=(1, 2**20))
        data.id.write_direct_chunk((7, 0), np.full(2**20, 3, "f4").tobytes())
        data.id.write_direct_chunk((63, 0), np.full(2**20, 4, "f4").tobytes())
    code = f"""
import resource
import autoden as ad
ad.read
import autoden.io.hdf5.format
import numpy as np
from autoden.errors import InputError
used = int([l for l in open('/proc/self/status') if l.startswith('VmData')][0].split()[1]) * 1024
limit = used + 2**27
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
signal = ad.read({str(path)!r}, lazy=True)
assert signal.shape == (64, 2**20)
assert sum(float(signal.data[i, ::1024].sum()) for i in range(64)) == 7 * 1024
try:
    np.empty(2**28, np.uint8)
except MemoryError:
    print("limited")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr) == ("limited\n", "")
