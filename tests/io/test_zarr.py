"""zarr stores as others write them (OME, xarray), as autoden does, and made to do harm."""

import json
import os
import shutil
import signal as signals
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

import autoden.io as aio
from autoden.errors import InputError
from autoden.io.zarr import format as zarr_format
from autoden.signals import Axis, Signal

zarr = pytest.importorskip("zarr")

NUMBERS = np.random.default_rng(0).poisson(5, (2, 3, 20, 30)).astype(np.uint16)


def names(signal):
    return [axis.name for axis in signal.axes]


def ome(scales, axes, levels=("0",), start=None):
    steps = [{"type": "scale", "scale": scales}]
    steps += [{"type": "translation", "translation": start}] if start else []
    datasets = [{"path": path, "coordinateTransformations": steps} for path in levels]
    return [{"version": "0.4", "axes": axes, "datasets": datasets}]


AXES = [
    {"name": "c", "type": "channel"},
    {"name": "z", "type": "space", "unit": "micrometer"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space"},
]


@pytest.mark.parametrize("version", [2, 3])
def test_ome_gives_the_finest_level_with_its_axes(tmp_path, version):
    path = tmp_path / "image.ome.zarr"
    group = zarr.create_group(path, zarr_format=version)
    group.create_array("full", data=NUMBERS, chunks=(1, 1, 8, 8))
    group.create_array("half", data=NUMBERS[..., ::2, ::2])
    described = ome([1.0, 2.0, 0.5, 1.0], AXES, ("full", "half"), [0.0, 0.0, 10.0, 0.0])
    group.attrs["note"] = {"by": "somebody", "nothing": None}
    if version == 2:
        group.attrs["multiscales"] = described
    else:
        group.attrs["ome"] = {"version": "0.5", "multiscales": described}
    read = aio.read(path)
    np.testing.assert_array_equal(read.data, NUMBERS)
    assert names(read) == ["channel", "z", "y", "x"]
    assert [axis.unit for axis in read.axes] == ["", "µm", "µm", ""]
    np.testing.assert_allclose(read.axis("z").values, [0, 2, 4])
    np.testing.assert_allclose(read.axis("y").values, 10 + 0.5 * np.arange(20))
    assert read.axis("channel").values is None
    assert read.metadata["zarr"]["group"]["note"] == {"by": "somebody"}
    assert aio.read(f"{path}::half").shape == (2, 3, 10, 15)
    with pytest.raises(InputError, match="image"):
        aio.read(f"{path}::quarter")


def test_old_ome_without_axes_is_assumed(tmp_path):
    group = zarr.create_group(tmp_path / "a.zarr", zarr_format=2)
    group.create_array("0", data=NUMBERS)
    group.attrs["multiscales"] = [{"datasets": [{"path": "0"}]}]
    read = aio.read(tmp_path / "a.zarr")
    assert names(read) == ["channel", "z", "y", "x"]
    assert "called channel, z, y, x" in read.metadata["assumed"][0]


def test_names_and_coordinates_of_xarray(tmp_path):
    group = zarr.create_group(tmp_path / "a.zarr")
    group.create_array("counts", data=NUMBERS[0, 0], dimension_names=["time", "Energy"])
    group["counts"].attrs["units"] = "counts"
    group.create_array("Energy", data=np.linspace(0, 20, 30), dimension_names=["Energy"])
    group["Energy"].attrs["units"] = "keV"
    read = aio.read(tmp_path / "a.zarr")
    assert names(read) == ["time", "energy"]
    assert read.axes[1].unit == "keV"
    np.testing.assert_allclose(read.axes[1].values, np.linspace(0, 20, 30))
    assert read.metadata["zarr"]["array"] == {"units": "counts"}


def test_a_bare_array_and_several(tmp_path):
    path = tmp_path / "bare.zarr"
    zarr.create_array(path, data=NUMBERS)
    assert names(aio.read(path)) == ["axis_0", "axis_1", "axis_2", "axis_3"]
    assert names(aio.read(path, axes="TCYX")) == ["time", "channel", "y", "x"]
    path = tmp_path / "several.zarr"
    group = zarr.create_group(path)
    group.create_array("a/b", data=NUMBERS)
    group.create_array("c", data=NUMBERS[0])
    group.create_array("row", data=np.arange(3))
    with pytest.raises(InputError, match=r"a/b \(2 x 3 x 20 x 30 uint16\), c \(3 x .*zarr::"):
        aio.read(path)
    assert aio.read(f"{path}::a").shape == NUMBERS.shape
    assert aio.read(path, dataset="c").metadata["dataset"] == "c"


@pytest.mark.parametrize(
    "options",
    [
        {"compressors": "auto"},
        {"compressors": None},
        {"compressors": [zarr.codecs.BloscCodec()]},
        {"compressors": [zarr.codecs.GzipCodec()]},
        {"compressors": [zarr.codecs.ZstdCodec(), zarr.codecs.Crc32cCodec()]},
        {"shards": (2, 3, 16, 16)},
        {"shards": (2, 3, 16, 16), "compressors": [zarr.codecs.BloscCodec()]},
        {"zarr_format": 2},
        {"zarr_format": 2, "order": "F"},
    ],
    ids=range(9),
)
def test_codecs_and_shards(tmp_path, options):
    zarr.create_array(tmp_path / "a.zarr", data=NUMBERS, chunks=(1, 3, 8, 8), **options)
    np.testing.assert_array_equal(aio.read(tmp_path / "a.zarr").data, NUMBERS)
    lazy = aio.read(tmp_path / "a.zarr", lazy=True)
    np.testing.assert_array_equal(lazy.data[1, :, 3:9, ::-7], NUMBERS[1, :, 3:9, ::-7])


def test_what_is_written_is_ome(tmp_path):
    path = tmp_path / "out.ome.zarr"
    axes = [
        "channel",
        "z",
        Axis("y", "µm", 1 + np.arange(20) / 4),
        Axis("x", "mm", np.arange(30.0)),
    ]
    aio.write(path, Signal(NUMBERS, axes, {"sample": float("nan")}))
    group = zarr.open_group(path, mode="r")
    image = group.attrs["ome"]["multiscales"][0]
    assert [axis["name"] for axis in image["axes"]] == ["c", "z", "y", "x"]
    assert [axis.get("unit") for axis in image["axes"]] == [None, None, "micrometer", "millimeter"]
    scale, start = image["datasets"][0]["coordinateTransformations"]
    assert (scale["scale"], start["translation"]) == ([1, 1, 0.25, 1], [0, 0, 1, 0])
    np.testing.assert_array_equal(group["0"][...], NUMBERS)
    assert group["0"].metadata.dimension_names == ("channel", "z", "y", "x")
    back = aio.read(path)
    assert np.isnan(back.metadata["sample"])
    aio.write(tmp_path / "spectra.zarr", Signal([[1, 2]], ["repeat", "energy"]))
    assert "ome" not in zarr.open_group(tmp_path / "spectra.zarr", mode="r").attrs


def test_attributes_of_other_programs_are_written_back(tmp_path):
    group = zarr.create_group(tmp_path / "a.zarr", attributes={"by": "somebody", "autoden": 3})
    group.create_array("counts", data=NUMBERS, attributes={"units": "counts"})
    aio.write(tmp_path / "b.zarr", aio.read(tmp_path / "a.zarr"))
    written = zarr.open_group(tmp_path / "b.zarr", mode="r")
    assert written.attrs["by"] == "somebody"
    assert written["0"].attrs["units"] == "counts"


def test_uncertainties_are_written_beside_the_numbers(tmp_path):
    with_sigma = tmp_path / "a.zarr"
    with_sigma.mkdir()
    zarr_format.write(with_sigma, Signal(NUMBERS, list("tzyx")), sigma=np.sqrt(NUMBERS))
    np.testing.assert_array_equal(aio.read(f"{with_sigma}::sigma").data, np.sqrt(NUMBERS))
    np.testing.assert_array_equal(aio.read(with_sigma).data, NUMBERS)


def test_large_data_are_cut_into_chunks_and_copied_part_by_part(tmp_path, monkeypatch):
    monkeypatch.setattr(zarr_format, "_CHUNK", 1000)
    aio.write(tmp_path / "a.h5", Signal(NUMBERS, ["time", "z", "y", "x"]))
    aio.write(tmp_path / "a.zarr", aio.read(tmp_path / "a.h5", lazy=True))
    array = zarr.open_array(tmp_path / "a.zarr" / "0", mode="r")
    assert array.chunks == (1, 1, 16, 30)
    np.testing.assert_array_equal(aio.read(tmp_path / "a.zarr").data, NUMBERS)


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.zarr"
    aio.write(path, Signal(NUMBERS, ["t", "z", "y", Axis("x", "mm", range(30))]))
    return path


def test_only_stores_are_replaced(tmp_path, own):
    small = Signal([1], ["x"])
    with pytest.raises(InputError, match="exists already"):
        aio.write(own, small)
    aio.write(own, small, overwrite=True)
    assert aio.read(own).shape == (1,)
    photos = tmp_path / "photos.zarr"
    photos.mkdir()
    (photos / "dear.jpg").write_bytes(b"1")
    for write in (aio.write, aio.check_writable):
        with pytest.raises(InputError, match="never replaced"):
            write(photos, small, overwrite=True)
    assert (photos / "dear.jpg").exists()
    (tmp_path / "file.zarr").write_bytes(b"1")
    with pytest.raises(InputError, match="never replaced"):
        aio.write(tmp_path / "file.zarr", small, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "file.zarr",
        "own.zarr",
        "photos.zarr",
    ]


def test_what_fails_leaves_what_was_there(tmp_path, own, monkeypatch):
    def failing(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zarr_format, "_write_array", failing)
    with pytest.raises(InputError, match="No space left"):
        aio.write(own, Signal([1], ["x"]), overwrite=True)
    np.testing.assert_array_equal(aio.read(own).data, NUMBERS)
    assert [path.name for path in tmp_path.iterdir()] == ["own.zarr"]


def test_lost_chunks_and_unfinished_stores_are_noticed(own):
    chunk = next(path for path in (own / "0" / "c").rglob("*") if path.is_file())
    chunk.unlink()
    with pytest.raises(InputError, match="1 files are missing"):
        aio.read(own)
    zarr.open_group(own, mode="a").attrs["autoden"] = {"complete": False}
    with pytest.raises(InputError, match="writing was interrupted"):
        aio.read(own)


def test_chunks_that_others_left_out_are_said(tmp_path):
    array = zarr.create_array(
        tmp_path / "a.zarr", shape=(4, 8), chunks=(1, 8), dtype="i4", fill_value=7
    )
    array[:2] = 1
    read = aio.read(tmp_path / "a.zarr")
    assert list(read.data[:, 0]) == [1, 1, 7, 7]
    assert read.metadata["assumed"][0] == "2 chunks were never written; they read as 7"


def refused(path, said, **options):
    with pytest.raises(InputError, match=said) as caught:
        aio.read(path, **options)
    assert str(path).partition("::")[0] in str(caught.value)


def test_paths_stay_inside(tmp_path, own):
    shutil.copytree(own / "0", tmp_path / "secret")
    for inside in ("../secret", "0/../../secret", "..", "a\\b"):
        refused(f"{own}::{inside}", "no path inside a store")
    group = zarr.create_group(tmp_path / "ome.zarr")
    group.create_array("0", data=NUMBERS)
    group.attrs["ome"] = {"multiscales": ome([1, 1, 1, 1], AXES, ("../secret",))}
    refused(tmp_path / "ome.zarr", "no path inside a store")
    linked = tmp_path / "linked.zarr"
    linked.symlink_to(own)  # the store itself may be anywhere
    assert aio.read(linked).shape == NUMBERS.shape
    chunk = next(path for path in (own / "0" / "c").rglob("*") if path.is_file())
    outside = tmp_path / "outside"
    shutil.copy(chunk, outside)
    chunk.unlink()
    chunk.symlink_to(outside)
    refused(own, "no file of the store")
    chunk.unlink()
    os.mkfifo(chunk)
    refused(own, "no file of the store")


@pytest.mark.parametrize("lazy", [False, True])
def test_sizes_that_no_files_can_hold(own, lazy):
    described = json.loads((own / "0" / "zarr.json").read_text())
    for shape, chunks in (([2**60], [2**20]), ([16], [2**60]), ([2**20] * 3, [1, 1, 2**20])):
        described["shape"] = shape
        described["chunk_grid"]["configuration"]["chunk_shape"] = chunks
        described["dimension_names"] = None
        (own / "0" / "zarr.json").write_text(json.dumps(described))
        refused(own, "announces", lazy=lazy)


def test_what_does_not_fit_into_the_memory_can_be_read_in_parts(own, monkeypatch):
    monkeypatch.setattr("autoden.io.foreign._physical_memory", lambda: 7200 - 1)
    monkeypatch.setattr(zarr_format, "_CHUNK", 1000)
    aio.write(own, Signal(NUMBERS, list("tzyx")), overwrite=True)
    refused(own, "7.2 kB of data, but this machine has 7.2 kB of memory.*lazy=True")
    np.testing.assert_array_equal(aio.read(own, lazy=True).data[1], NUMBERS[1])


def bombs():
    import numcodecs

    zeros = bytes(2**26)
    return {
        "zstd": numcodecs.Zstd().encode(zeros),
        "gzip": zlib.compress(zeros, 1, wbits=31) * 2,
        "blosc": numcodecs.Blosc().encode(zeros),
    }


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize("codec", ["zstd", "gzip", "blosc"])
def test_chunks_that_expand_without_end(tmp_path, codec, sharded):
    path, shape = tmp_path / "a.zarr", (2**20,)
    made = {
        "zstd": zarr.codecs.ZstdCodec,
        "gzip": zarr.codecs.GzipCodec,
        "blosc": zarr.codecs.BloscCodec,
    }
    array = zarr.create_array(
        path, data=np.ones(shape, np.uint8), chunks=shape, compressors=[made[codec]()],
        shards=shape if sharded else None,
    )  # fmt: skip
    bomb = bombs()[codec]
    if sharded:
        index = np.array([0, len(bomb)], "<u8").tobytes()
        import google_crc32c

        bomb += index + google_crc32c.value(index).to_bytes(4, "little")
    (chunk,) = (each for each in (path / "c").rglob("*") if each.is_file())
    chunk.write_bytes(bomb)
    assert array.shape == shape
    refused(path, "expands to more than twice")


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"compressor": {"id": "bz2"}}, "goes through bz2"),
        ({"compressor": {"id": "pickle"}}, "pickle"),
        ({"filters": [{"id": "pickle"}]}, "pickle"),
        ({"filters": [{"id": "delta", "dtype": "<u2"}]}, "goes through delta"),
        ({"dtype": "|O", "filters": [{"id": "pickle"}], "fill_value": None}, "pickle|dtype"),
    ],
    ids=str,
)
def test_codecs_that_are_not_known(tmp_path, described, said):
    path = tmp_path / "a.zarr"
    zarr.create_array(path, data=NUMBERS, zarr_format=2, compressors=None)
    whole = json.loads((path / ".zarray").read_text()) | described
    (path / ".zarray").write_text(json.dumps(whole))
    refused(path, said)


def test_texts_are_no_numbers(tmp_path):
    array = np.array(["a", "b"], dtype="U3")
    zarr.create_array(tmp_path / "a.zarr", data=array, zarr_format=2)
    refused(tmp_path / "a.zarr", "numbers are needed|no array of numbers")


def test_what_is_no_store(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    refused(tmp_path / "a.zarr", "a.zarr")
    (tmp_path / "a.zarr" / "zarr.json").write_text("{")
    refused(tmp_path / "a.zarr", "a.zarr")
    (tmp_path / "a.zarr" / "zarr.json").write_text("[" * 100_000)
    refused(tmp_path / "a.zarr", "a.zarr")
    (tmp_path / "b.zarr").write_bytes(b"")
    with pytest.raises(InputError, match="not a folder"):
        aio.read(tmp_path / "b.zarr")
    with pytest.raises(InputError, match="does not exist"):
        aio.read(tmp_path / "none.zarr")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        aio.read(tmp_path / "folder")


WRITE_FOR_EVER = """
import sys
import numpy as np
import autoden.io as aio
from autoden.signals import Signal
path, number = sys.argv[1], 0
while True:
    number += 1
    data = np.full((64, 64, 64), number, np.int32)
    aio.write(path, Signal(data, ["z", "y", "x"]), overwrite=True)
    print(number, flush=True)
"""


def test_a_kill_leaves_a_whole_store_or_none(tmp_path):
    path = tmp_path / "out.zarr"
    for wait in (0.0, 0.01, 0.03):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        with process.stdout:
            process.stdout.readline()
            time.sleep(wait)
            process.send_signal(signals.SIGKILL)
        process.wait()
        if path.exists():
            data = aio.read(path).data
            assert (data == data.flat[0]).all()
            shutil.rmtree(path)
