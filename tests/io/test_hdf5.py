"""HDF5 as others write it: NeXus, PyMca and the APS, by default or by path; and as autoden does."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

import autoden.io as aio
from autoden.errors import InputError
from autoden.io.hdf5 import format as hdf5
from autoden.io.registry import format_of
from autoden.signals import Axis, Signal

COUNTS = np.random.default_rng(0).poisson(5, (3, 4, 64))
ENERGY = np.linspace(0.0, 20.0, 64)
CALIBRATION = [-0.02, 0.01, 1e-6]


def names(signal):
    return [axis.name for axis in signal.axes]


@pytest.fixture
def nexus(tmp_path):
    """A file with two NXdata groups, of which the second is the default."""
    path = tmp_path / "scan.nxs"
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        entry = file.create_group("entry")
        entry.attrs.update({"NX_class": "NXentry", "default": "second"})
        entry["title"] = "a leaf"
        entry.create_group("sample").attrs["name"] = "oak"
        other = entry.create_group("first")
        other.attrs.update({"NX_class": "NXdata", "signal": "counts"})
        other["counts"] = np.ones((2, 3))
        plot = entry.create_group("second")
        plot.attrs.update({"NX_class": "NXdata", "signal": "counts"})
        plot.attrs["axes"] = ["sample_y", ".", "energy"]
        plot.attrs["energy_indices"] = 2
        plot["counts"] = COUNTS
        plot["counts"].attrs["units"] = "counts"
        plot["sample_y"] = [0.0, 0.5, 1.0]
        plot["sample_y"].attrs["units"] = "mm"
        plot["energy"] = ENERGY
        plot["energy"].attrs["units"] = b"keV"
        plot["counts_errors"] = np.sqrt(COUNTS)
    return path


def test_nexus_is_read_by_its_defaults(nexus):
    signal = aio.read(nexus)
    np.testing.assert_array_equal(signal.data, COUNTS)
    assert names(signal) == ["sample_y", "axis_1", "energy"]
    assert [axis.unit for axis in signal.axes] == ["mm", "", "keV"]
    np.testing.assert_array_equal(signal.axis("energy").values, ENERGY)
    assert signal.metadata["dataset"] == "/entry/second/counts"
    kept = signal.metadata["hdf5"]
    assert kept["/entry/title"] == "a leaf"
    assert kept["/entry/sample@name"] == "oak"
    assert kept["@units"] == "counts"
    assert signal.metadata["assumed"] == [
        "the axes have no names in the file; they are called axis_1"
    ]


def test_uncertainties_are_named_and_read_by_their_path(nexus):
    path = aio.read(nexus).metadata["uncertainties"]
    assert path == "/entry/second/counts_errors"
    errors = aio.read(f"{nexus}::{path}")
    np.testing.assert_allclose(errors.data, np.sqrt(COUNTS))
    assert names(errors) == ["sample_y", "axis_1", "energy"]


def test_any_dataset_or_group_is_read_by_its_path(nexus):
    assert aio.read(f"{nexus}::/entry/first/counts").shape == (2, 3)
    assert aio.read(f"{nexus}::entry/first").shape == (2, 3)
    assert (
        aio.read(nexus, dataset="/entry/first").metadata["source"].endswith("::/entry/first/counts")
    )
    with pytest.raises(
        InputError, match=r"no '/entry/third'.*/entry/first/counts \(2 x 3 float64\)"
    ):
        aio.read(f"{nexus}::/entry/third")
    with pytest.raises(InputError, match="differ"):
        aio.read(f"{nexus}::/entry/first", dataset="/entry")
    with pytest.raises(InputError, match="give a path"):
        aio.read(nexus, dataset=3)


def test_other_formats_have_no_inside(tmp_path):
    aio.write(tmp_path / "a.npy", Signal([1, 2], ["x"]))
    with pytest.raises(InputError, match=r"no container.*leave out ::/data"):
        aio.read(f"{tmp_path / 'a.npy'}::/data")


def test_several_datasets_without_a_default_are_listed_with_shapes(tmp_path):
    path = tmp_path / "two.h5"
    with h5py.File(path, "w") as file:
        file["a/counts"] = COUNTS
        file["b/image"] = np.zeros((7, 9), np.float32)
        file["b/row"] = np.zeros(3)
    with pytest.raises(InputError) as caught:
        aio.read(path)
    assert "/a/counts (3 x 4 x 64 int64), /b/image (7 x 9 float32): choose one" in str(caught.value)
    assert aio.read(f"{path}::b").shape == (7, 9)  # rows beside images are their positions


def test_the_only_dataset_is_taken(tmp_path):
    path = tmp_path / "one.hdf"
    with h5py.File(path, "w") as file:
        file["scan/detector/values"] = COUNTS[0].astype(">f4")
        file["scan/name"] = "x"
    signal = aio.read(path)
    assert (signal.shape, signal.dtype) == ((4, 64), np.float32)
    assert names(signal) == ["axis_0", "axis_1"]


def pymca(group, *, info=""):
    group["data"] = COUNTS
    group[f"{info}channels"] = np.arange(64)
    group[f"{info}calibration"] = CALIBRATION
    group[f"{info}live_time"] = np.full((3, 4), 0.25)


@pytest.mark.parametrize("info", ["", "info/"])
def test_pymca_layout_gives_energies_and_live_times(tmp_path, info):
    path = tmp_path / "map.h5"
    with h5py.File(path, "w") as file:
        pymca(file.create_group("/entry/instrument/xrf"), info=info)
        file["/entry/motor"] = np.zeros((3, 4))
    signal = aio.read(path)
    assert names(signal) == ["y", "x", "energy"]
    channels = np.arange(64)
    expected = CALIBRATION[0] + CALIBRATION[1] * channels + CALIBRATION[2] * channels**2
    np.testing.assert_allclose(signal.axis("energy").values, expected, rtol=0, atol=1e-12)
    assert signal.axis("energy").unit == "keV"
    assert signal.metadata["live_time"] == [[0.25] * 4] * 3
    assert any("PyMca" in each for each in signal.metadata["assumed"])


def test_pymca_layout_behind_a_plot(tmp_path):
    path = tmp_path / "map.h5"
    with h5py.File(path, "w") as file:
        pymca(file.create_group("/1.1/instrument/mca_0"))
        plot = file.create_group("/1.1/plot")
        plot.attrs.update({"NX_class": "NXdata", "signal": "counts"})
        plot["counts"] = h5py.SoftLink("/1.1/instrument/mca_0/data")
    assert names(aio.read(path)) == ["y", "x", "energy"]


def test_channels_alone_are_an_axis(tmp_path):
    path = tmp_path / "map.h5"
    with h5py.File(path, "w") as file:
        file["xrf/data"] = COUNTS[0, 0]
        file["xrf/channels"] = np.arange(64) + 7
    (axis,) = aio.read(path).axes
    assert (axis.name, axis.unit, axis.values[0]) == ("channel", "", 7)


def test_several_detectors_are_listed(tmp_path):
    path = tmp_path / "map.h5"
    with h5py.File(path, "w") as file:
        for number in range(2):
            pymca(file.create_group(f"mca_{number}"))
    with pytest.raises(InputError, match=r"/mca_0/data \(3 x 4 x 64 int64\), /mca_1/data"):
        aio.read(path)
    assert names(aio.read(f"{path}::/mca_1")) == ["y", "x", "energy"]


@pytest.mark.parametrize("where", ["MAPS/mca_arr", "MAPS/Spectra/mca_arr"])
def test_maps_of_the_aps_have_the_energy_first(tmp_path, where):
    path = tmp_path / "map.h5"
    folder = where.rpartition("/")[0]
    with h5py.File(path, "w") as file:
        file[where] = COUNTS.transpose(2, 0, 1).astype(np.float32)
        file[f"{folder}/energy"] = ENERGY
        file["MAPS/x_axis"] = [1.0, 2.0, 3.0, 4.0]
        file["MAPS/y_axis"] = [1.0, 2.0, 3.0]
        file["MAPS/XRF_roi"] = np.zeros((5, 3, 4))
    signal = aio.read(path)
    assert names(signal) == ["energy", "y", "x"]
    assert signal.shape == (64, 3, 4)
    np.testing.assert_array_equal(signal.axis("energy").values, ENERGY)
    assert signal.axis("energy").unit == "keV"
    assert list(signal.axis("x").values) == [1, 2, 3, 4]


def test_raw_maps_of_the_aps_have_a_dataset_per_element(tmp_path):
    path = tmp_path / "raw.h5"
    with h5py.File(path, "w") as file:
        for element in "abcd":
            file[f"MAPS_RAW/data_{element}"] = COUNTS.transpose(2, 0, 1)
    with pytest.raises(InputError, match=r"data_a \(64 x 3 x 4 int64\), .*data_d"):
        aio.read(path)
    assert names(aio.read(f"{path}::/MAPS_RAW/data_c")) == ["energy", "y", "x"]


def test_old_nexus_and_edges_and_scales(tmp_path):
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("entry/data")
        group.attrs["NX_class"] = np.bytes_("NXdata")
        group["counts"] = COUNTS[0]
        group["counts"].attrs["signal"] = 1
        group["counts"].attrs["axes"] = "row:energy"
        group["energy"] = np.linspace(0, 64, 65)
        scaled = file.create_group("scaled")
        scaled["z"] = np.zeros((2, 3))
        scaled["time"] = [5.0, 6.0]
        scaled["time"].make_scale()
        scaled["z"].dims[0].attach_scale(scaled["time"])
    signal = aio.read(path)
    assert names(signal) == ["row", "energy"]
    np.testing.assert_allclose(signal.axes[1].values, np.arange(64) + 0.5)
    assert any("edges of bins" in each for each in signal.metadata["assumed"])
    scaled = aio.read(f"{path}::/scaled/z")
    assert names(scaled) == ["time", "axis_1"]
    assert list(scaled.axes[0].values) == [5.0, 6.0]


def test_interpretation_names_axes_that_nobody_names(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["frames"] = np.zeros((2, 3, 4))
        file["frames"].attrs["interpretation"] = "image"
    assert names(aio.read(path)) == ["axis_0", "y", "x"]
    assert names(aio.read(path, axes="RYX")) == ["repeat", "y", "x"]
    assert aio.read(path, axes="RYX").metadata["assumed"] == []
    with pytest.raises(InputError, match=r"3 axes, axis_0 \(2\), y \(3\), x \(4\)"):
        aio.read(path, axes="YX")


def test_positions_that_are_none_are_left_out_and_said(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("plot")
        group.attrs.update({"NX_class": "NXdata", "signal": "s", "axes": ["y", "x"]})
        group["s"] = np.zeros((3, 4))
        group["y"] = [0, np.nan, 1]
        group["x"] = np.zeros(9)
    signal = aio.read(path)
    assert names(signal) == ["y", "x"]
    assert all(axis.values is None for axis in signal.axes)
    assert len(signal.metadata["assumed"]) == 2


def test_what_was_never_written_is_said_or_refused(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("part", (4, 8), "i4", chunks=(1, 8))[:2] = 1
        file.create_dataset("none", (4, 8), "i4")
        file.create_dataset("none_of_it", (4, 8), "i4", chunks=(1, 8))
    assert "2 of 4 parts" in aio.read(f"{path}::/part").metadata["assumed"][0]
    for name in ("none", "none_of_it"):
        with pytest.raises(InputError, match="never written"):
            aio.read(f"{path}::/{name}")


@pytest.mark.parametrize("suffix", [".h5", ".hdf5", ".hdf", ".nxs"])
def test_what_is_written_is_nexus(tmp_path, suffix):
    path = tmp_path / f"out{suffix}"
    signal = Signal(
        COUNTS,
        [Axis("y", "mm", [0, 1, 2]), "x", Axis("a b/c", "keV", ENERGY)],
        {"k": [1, {"a": "µ"}]},
    )
    aio.write(path, signal)
    with h5py.File(path) as file:
        plot = file[file.attrs["default"]]
        plot = plot[plot.attrs["default"]]
        assert plot.attrs["NX_class"] == "NXdata"
        np.testing.assert_array_equal(plot[plot.attrs["signal"]], COUNTS)
        assert list(plot.attrs["axes"]) == ["y", ".", "axis_2"]
        assert plot["y"].attrs["units"] == "mm"
        assert plot.attrs["axis_2_indices"] == 2
        np.testing.assert_array_equal(plot["axis_2"], ENERGY)
    back = aio.read(path)
    assert names(back) == ["y", "x", "a b/c"]
    assert back.metadata["k"] == [1, {"a": "µ"}]


def test_metadata_of_other_programs_are_written_back_in_their_places(nexus, tmp_path):
    signal = aio.read(nexus)
    path = tmp_path / "again.h5"
    aio.write(path, signal)
    with h5py.File(path) as file:
        assert file["entry/title"][()] == b"a leaf"
        assert file["entry/sample"].attrs["name"] == "oak"
        assert file["entry/data/data"].attrs["units"] == "counts"
        assert file.attrs["default"] == "entry"
    back = aio.read(path)
    assert back.metadata["hdf5"] == signal.metadata["hdf5"]
    assert "uncertainties" not in back.metadata


def test_hostile_paths_in_metadata_do_no_harm(tmp_path):
    kept = {
        "/entry/data/data": 3, "/entry": 1, "@units": "a", "/entry/data@signal": "none", "@@": 1,
        "../up": 1, "/": 1, "/entry/data/data/below": 1, "/new@x": [1, "a"], "/m": [[1], [2, 3]],
        "/n": {"a": 1}, "@long": "x" * 70_000, "//double//": [1.5],
    }  # fmt: skip
    path = tmp_path / "a.h5"
    signal = Signal([[1, 2]], ["y", "x"], {"hdf5": kept})
    aio.write(path, signal)
    assert aio.read(path).metadata["hdf5"] == kept
    np.testing.assert_array_equal(aio.read(path).data, [[1, 2]])
    aio.write(path, Signal([1], ["x"], {"hdf5": "no mapping"}), overwrite=True)


def test_uncertainties_are_written_beside_the_numbers(tmp_path):
    path = tmp_path / "a.h5"
    energy = Axis("energy", "keV", ENERGY)
    writer = format_of(path).function("write")
    writer(path, Signal(COUNTS, ["y", "x", energy]), sigma=np.sqrt(COUNTS))
    back = aio.read(path)
    assert back.metadata["uncertainties"] == "/entry/data/data_errors"
    errors = aio.read(f"{path}::{back.metadata['uncertainties']}")
    np.testing.assert_array_equal(errors.data, np.sqrt(COUNTS))
    np.testing.assert_array_equal(errors.axis("energy").values, ENERGY)


def test_a_description_of_other_numbers_is_not_believed(tmp_path):
    path = tmp_path / "a.h5"
    aio.write(path, Signal([[1, 2]], ["y", "x"]))
    with h5py.File(path, "a") as file:
        del file["entry/data/data"]
        file["entry/data/data"] = [1, 2, 3]
    assert names(aio.read(path)) == ["axis_0"]


def test_lazily_only_what_is_asked_is_read(tmp_path, monkeypatch):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "data", data=COUNTS, chunks=(1, 2, 32), compression="gzip", shuffle=True
        )
    read = []
    original = hdf5.read_numbers

    def counting(dataset, bounds, name):
        part = original(dataset, bounds, name)
        read.append(part.size)
        return part

    monkeypatch.setattr(hdf5, "read_numbers", counting)
    signal = aio.read(path, lazy=True)
    assert (signal.is_lazy, signal.shape, signal.dtype) == (True, COUNTS.shape, COUNTS.dtype)
    assert read == []
    np.testing.assert_array_equal(signal.data[1, ::2, -3:], COUNTS[1, ::2, -3:])
    assert read == [6]
    np.testing.assert_array_equal(np.asarray(signal), COUNTS)
    with h5py.File(path, "w") as file:
        file["data"] = [1, 2]
    with pytest.raises(InputError, match="changed since"):
        signal.data[0]


def test_numbers_are_copied_from_file_to_file(tmp_path):
    aio.write(tmp_path / "a.h5", Signal(COUNTS, ["y", "x", "energy"], {"k": 1}))
    lazy = aio.read(tmp_path / "a.h5", lazy=True)
    for name in ("b.h5", "b.npz"):
        aio.write(tmp_path / name, lazy)
        back = aio.read(tmp_path / name)
        np.testing.assert_array_equal(back.data, COUNTS)
        assert back.metadata["k"] == 1


FULL_DISK = """
import resource, signal, sys
import numpy as np
import autoden.io as aio
from autoden.errors import InputError
from autoden.signals import Signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = sys.argv[1]
aio.write(path, Signal([1, 2], ["x"]))
resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, 2**16))
for _ in range(2):
    try:
        aio.write(path, Signal(np.ones(2**15), ["x"]), overwrite=True)
    except InputError as error:
        print(error)
assert aio.read(path).shape == (2,)
"""


def test_a_full_disk_is_said_in_one_line_and_changes_nothing(tmp_path):
    path = tmp_path / "a.h5"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.count("\n") == 2
    assert done.stdout.count("could not be written (File too large): free space") == 2
    assert [each.name for each in tmp_path.iterdir()] == ["a.h5"]
