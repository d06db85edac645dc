"""NumPy's files: any array of numbers comes in, nothing is unpickled, no size is believed."""

import os
import tracemalloc
import warnings
import zipfile
from io import BytesIO

import numpy as np
import pytest

import autoden.io as aio
from autoden.errors import InputError
from autoden.signals import Axis, Signal

DATA = np.arange(24.0).reshape(2, 3, 4)


def read_saved(path, data):
    np.save(path, data)
    return aio.read(path)


def test_axes_without_names_are_called_by_number_and_that_is_said(tmp_path):
    signal = read_saved(tmp_path / "a.npy", DATA)
    assert [axis.name for axis in signal.axes] == ["axis_0", "axis_1", "axis_2"]
    (sentence,) = signal.metadata["assumed"]
    assert "no names in the file" in sentence
    np.testing.assert_array_equal(signal.data, DATA)


@pytest.mark.parametrize(
    "data", [np.asfortranarray(DATA), DATA.astype(">f4"), DATA * 1j, DATA > 3, DATA[0, 0, 0]]
)
def test_layouts_byte_orders_and_kinds_that_numpy_saves(tmp_path, data):
    signal = read_saved(tmp_path / "a.npy", data)
    np.testing.assert_array_equal(signal.data, data)
    assert signal.dtype == data.dtype.newbyteorder("=")
    assert signal.dtype.isnative


def test_truth_values_are_one_bit_whatever_bytes_the_file_has(tmp_path):
    np.save(tmp_path / "a.npy", np.array([False, True, True]))
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content[:-2] + b"\xff\x02")
    assert aio.read(tmp_path / "a.npy").data.sum() == 2


def test_values_that_are_not_finite_are_kept(tmp_path):
    data = np.array([0.0, np.nan, -np.inf])
    np.testing.assert_array_equal(read_saved(tmp_path / "a.npy", data).data, data)


def test_an_npz_of_others_gives_its_array_or_asks_which(tmp_path):
    np.savez_compressed(tmp_path / "one.npz", counts=DATA)
    np.testing.assert_array_equal(aio.read(tmp_path / "one.npz").data, DATA)
    np.savez(tmp_path / "two.npz", counts=DATA, energy=DATA[0])
    with pytest.raises(InputError, match=r"several arrays, counts, energy: choose one with key="):
        aio.read(tmp_path / "two.npz")
    np.testing.assert_array_equal(aio.read(tmp_path / "two.npz", key="energy").data, DATA[0])
    with pytest.raises(InputError, match=r"no array 'flux': choose key=... from counts, energy"):
        aio.read(tmp_path / "two.npz", key="flux")
    np.savez(tmp_path / "none.npz")
    with pytest.raises(InputError, match="holds no array"):
        aio.read(tmp_path / "none.npz")
    np.save(tmp_path / "a.npy", DATA)
    with pytest.raises(InputError, match="leave out key="):
        aio.read(tmp_path / "a.npy", key="counts")


def test_numpy_reads_what_is_written(tmp_path):
    energy = Axis("energy", "keV", [0.5, 1.0, 1.5, 2.0])
    aio.write(tmp_path / "a.npz", Signal(DATA, ["repeat", "y", energy]))
    with np.load(tmp_path / "a.npz") as archive:
        np.testing.assert_array_equal(archive["data"], DATA)
        np.testing.assert_array_equal(archive["axis_2"], energy.values)
    assert [axis.name for axis in aio.read(tmp_path / "a.npz", key="axis_2").axes] == ["axis_0"]
    aio.write(tmp_path / "a.npy", Signal(DATA, ["repeat", "y", energy]))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), DATA)


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("unpickled",)


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    objects = np.array([Harmful()], dtype=object)
    np.save("a.npy", objects, allow_pickle=True)
    np.savez("a.npz", objects, allow_pickle=True)
    for name in ("a.npy", "a.npz"):
        with pytest.raises(InputError, match=r"Python objects, .* does not unpickle"):
            aio.read(name)
    assert not (tmp_path / "unpickled").exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.array(["a", "b"]), "numbers are needed"),
        (np.array(["2024-01-01"], "M8[D]"), "numbers are needed"),
        (np.zeros(3, [("x", "f4"), ("y", "f4")]), "numbers are needed"),
        (np.zeros(3, [("Δ", "f4")]), "holds records"),
        (np.zeros((0, 3)), r"a\.npy: data are empty"),
    ],
)
def test_what_is_no_array_of_numbers(tmp_path, data, message):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # version 3.0 of the format
        np.save(tmp_path / "a.npy", data)
    with pytest.raises(InputError, match=message):
        aio.read(tmp_path / "a.npy")


def header(descr, shape):
    file = BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return file.getvalue()


@pytest.mark.parametrize(
    ("descr", "shape", "message"),
    [
        ("<f8", (2**60,), "announces 9.2e"),
        ("<f8", (2**31, 2**31, 2**31), "announces"),
        ("<f8", (-2, -4), r"shape \(-2, -4\): it is damaged"),
        ("<f8", (3, 4), "announces 96 bytes of numbers"),
        ("<U1000000000", (2,), "not a valid dtype"),
        ("<U100000000", (2,), "numbers are needed"),
        ("|O", (2,), "Python objects"),
        ("<f8", (1,) * 99 + (8,), "maximum supported dimension"),
        ([("x", "<f8", (2**31,))], (2,), "numbers are needed|cannot be read"),
    ],
)
def test_headers_that_lie(tmp_path, descr, shape, message):
    (tmp_path / "a.npy").write_bytes(header(descr, shape) + bytes(64))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a.npy", header(descr, shape) + bytes(64))
    tracemalloc.start()
    for name in ("a.npy", "a.npz"):
        with pytest.raises(InputError, match=message):
            aio.read(tmp_path / name)
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_a_file_of_python_2_is_read_without_a_warning(tmp_path):
    text = header("<f8", (2, 4)).replace(b"(2, 4)", b"(2L,4L)")
    text = text.replace(b"  \n", b"\n")  # two characters more, two spaces less
    length = len(text) - 10
    (tmp_path / "a.npy").write_bytes(
        text[:8] + length.to_bytes(2, "little") + text[10:] + bytes(64)
    )
    assert aio.read(tmp_path / "a.npy").shape == (2, 4)


def test_more_than_the_memory_is_refused_before_it_is_asked_for(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(header("<f8", (2**40,)))
    try:
        os.truncate(path, 2**43 + path.stat().st_size)  # takes no room on the disk
    except OSError:
        pytest.skip("the file system has no files with holes")
    with pytest.raises(InputError, match=r"8\.796 TB of data, but this machine has"):
        aio.read(path)


def test_a_zip_bomb_is_refused(tmp_path):
    n_bytes = 300 * 2**20
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.npy", "w") as file,
    ):
        file.write(header("|u1", (n_bytes,)))
        for _ in range(300):
            file.write(bytes(2**20))
    tracemalloc.start()
    with pytest.raises(InputError, match=r"314\.6 MB of data in a file of 1\.. MB"):
        aio.read(tmp_path / "a.npz")
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()
