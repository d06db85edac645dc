"""EDF: what fabio reads of ours, what it writes, and files that are not what they say."""

import numpy as np
import pytest

import autoden as ad
from autoden.errors import InputError
from autoden.signals import Axis, Signal
from valid_files import edf_files

DATA = np.random.default_rng(0).integers(0, 999, (2, 3, 4))
ONE, _ = edf_files()


def test_fabio_reads_what_is_written(tmp_path):
    edfimage = pytest.importorskip("fabio.edfimage")
    x = Axis("x", "µm", 0.5 * np.arange(4))
    y = Axis("y", "mm", 2.0 * np.arange(3))
    for dtype in ("u1", "i2", "u4", "i8", "f4", "f8"):
        signal = Signal(DATA.astype(dtype), ["repeat", y, x], {"edf": {"title": "steel"}})
        path = tmp_path / f"{dtype}.edf"
        ad.write(path, signal)
        image = edfimage.EdfImage().read(str(path))
        assert image.nframes == 2
        for number, frame in enumerate(image.frames()):
            assert frame.data.dtype == np.dtype(dtype)
            np.testing.assert_array_equal(frame.data, DATA[number].astype(dtype))
        assert image.header["title"] == "steel"
        assert float(image.header["PSize_1"]) == pytest.approx(0.5e-6)
        assert float(image.header["PSize_2"]) == pytest.approx(2e-3)


def test_what_fabio_writes_is_read(tmp_path):
    edfimage = pytest.importorskip("fabio.edfimage")
    image = edfimage.EdfImage(
        data=DATA[0].astype(np.uint16), header={"PSize_1": "1e-6", "exposure": 2}
    )
    image.append_frame(data=DATA[1].astype(np.uint16), header={})
    image.write(str(tmp_path / "a.edf"))
    signal = ad.read(tmp_path / "a.edf")
    np.testing.assert_array_equal(signal.data, DATA)
    assert [axis.name for axis in signal.axes] == ["page", "y", "x"]
    np.testing.assert_allclose(signal.axes[2].values, 1e-6 * np.arange(4))
    assert signal.metadata["edf"]["exposure"] == "2"
    assert "repeats, depths" in signal.metadata["assumed"][0]


def test_the_order_of_bytes_is_that_of_the_file(tmp_path):
    (tmp_path / "a.edf").write_bytes(ONE)
    signal = ad.read(tmp_path / "a.edf")
    pairs = np.arange(24).reshape(12, 2)
    np.testing.assert_array_equal(signal.data.ravel(), 256 * pairs[:, 0] + pairs[:, 1])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"Dim_1 = 4", b"Dim_1 = 1152921504606846976", "needs 6917529027641081856 bytes"),
        (b"Dim_1 = 4", b"Dim_1 = -4", "key dim_1 is '-4'"),
        (b"Dim_1 = 4", b"Dim_1 = 5", "needs 30 bytes, but there are 24"),
        (b"Size = 24", b"Size = -24", "key size is '-24'"),
        (b"UnsignedShort", b"Complex", "type 'complex'"),
        (b"Image = 1", b"Compression = GZIP", "compressed"),
        (b"Image = 1", b"EDF_BinaryFileName = ../../etc/passwd", "in another file"),
        (b"}\n", b")\n", "a header has no end"),
        (b"{", b"[", "no header in braces"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, old, new, said):
    (tmp_path / "a.edf").write_bytes(ONE.replace(old, new, 1))
    with pytest.raises(InputError, match=said):
        ad.read(tmp_path / "a.edf")


def test_frames_that_differ_are_refused(tmp_path):
    (tmp_path / "a.edf").write_bytes(ONE + ONE.replace(b"Dim_1 = 4", b"Dim_1 = 3"))
    with pytest.raises(InputError, match=r"frame 2 has the shape \(3, 3\), the first one \(3, 4\)"):
        ad.read(tmp_path / "a.edf")


def test_a_general_block_gives_what_frames_do_not_say(tmp_path):
    general = b"{\nEDF_DataFormatVersion = 2.40 ;\nEDF_BinarySize = 0 ;\n"
    general += b"ByteOrder = HighByteFirst ;\n}\n"
    (tmp_path / "a.edf").write_bytes(general + ONE.replace(b"ByteOrder = HighByteFirst ;\n", b""))
    (tmp_path / "b.edf").write_bytes(ONE)
    data = [ad.read(tmp_path / name).data for name in ("a.edf", "b.edf")]
    np.testing.assert_array_equal(*data)


def test_complex_numbers_are_refused(tmp_path):
    with pytest.raises(InputError, match="real numbers of up to 64 bits"):
        ad.write(tmp_path / "a.edf", Signal(np.ones((2, 2), complex), ["y", "x"]))
