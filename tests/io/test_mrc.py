"""MRC: what mrcfile reads of ours, what it writes, and headers that announce too much."""

import io
import struct

import numpy as np
import pytest

import autoden as ad
from autoden.errors import InputError
from autoden.signals import Axis, Signal

mrcfile = pytest.importorskip("mrcfile")
DATA = np.random.default_rng(0).integers(0, 999, (3, 4, 5)).astype(np.int16)


def lengths(*units):
    return [
        Axis(name, unit, step * np.arange(length))
        for name, unit, step, length in zip("zyx", units, (3.0, 2.0, 1.5), (3, 4, 5), strict=True)
    ]


def test_mrcfile_reads_what_is_written(tmp_path):
    ad.write(tmp_path / "a.mrc", Signal(DATA, lengths("nm", "Å", "Å")))
    said = io.StringIO()
    mrcfile.validate(tmp_path / "a.mrc", print_file=said)
    complaints = said.getvalue().strip().split("\n")[1:]
    assert len(complaints) == 1
    assert "exttyp = 'ADEN'" in complaints[0]  # ours is not among those that it lists
    with mrcfile.open(tmp_path / "a.mrc") as mrc:
        np.testing.assert_array_equal(mrc.data, DATA)
        assert mrc.is_volume()
        assert mrc.voxel_size.tolist() == pytest.approx((1.5, 2.0, 30.0))


def test_what_mrcfile_writes_is_read(tmp_path):
    with mrcfile.new(tmp_path / "a.mrc") as mrc:
        mrc.set_data(DATA)
        mrc.voxel_size = (1.5, 2.0, 3.0)
        mrc.set_volume()
    signal = ad.read(tmp_path / "a.mrc")
    np.testing.assert_array_equal(signal.data, DATA)
    assert [(axis.name, axis.unit) for axis in signal.axes] == [(name, "Å") for name in "zyx"]
    np.testing.assert_allclose(signal.axes[0].values, [0, 3, 6])
    with mrcfile.new(tmp_path / "b.mrc") as mrc:
        mrc.set_data(DATA)
        mrc.set_image_stack()
    signal = ad.read(tmp_path / "b.mrc")
    assert [axis.name for axis in signal.axes] == ["page", "y", "x"]
    assert "repeats or times" in signal.metadata["assumed"][0]


def test_long_floats_are_rounded_to_32_bits_unless_they_are_too_large(tmp_path):
    signal = Signal(np.array([[0.1, 1e30]]), ["y", "x"])
    ad.write(tmp_path / "a.mrc", signal)
    back = ad.read(tmp_path / "a.mrc")
    assert back.dtype == np.float32
    np.testing.assert_allclose(back.data, signal.data, rtol=1e-7)
    with pytest.raises(InputError, match="too large for them"):
        ad.write(tmp_path / "b.mrc", Signal(np.array([[1e300]]), ["y", "x"]))


@pytest.mark.parametrize(
    ("place", "numbers", "said"),
    [
        (0, (2**31 - 1, 2**31 - 1, 2**31 - 1), "announces 2.*TB of data"),
        (0, (-5, 4, 3), "announces -5 x 4 x 3"),
        (12, (3,), "mode 3"),
        (92, (2**30,), "announces 1073742968 bytes"),
        (208, (0,), "MAP"),
    ],
)
def test_headers_that_announce_what_is_not_there_are_refused(tmp_path, place, numbers, said):
    path = tmp_path / "a.mrc"
    with mrcfile.new(path) as mrc:
        mrc.set_data(DATA)
    content = bytearray(path.read_bytes())
    struct.pack_into(f"<{len(numbers)}i", content, place, *numbers)
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        ad.read(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [(np.ones(5), "image or a volume"), (np.ones((2, 3), np.int64), "integers of up to 16 bits")],
    ids=["spectrum", "long integers"],
)
def test_what_it_cannot_hold_is_refused(tmp_path, data, said):
    with pytest.raises(InputError, match=said):
        ad.write(tmp_path / "a.mrc", Signal(data, ["y", "x"][: data.ndim]))
