"""Files of instruments: what RosettaSciIO writes is read; readers that never end are ended."""

import numpy as np
import pytest

import autoden as ad
from autoden.errors import InputError
from autoden.io.vendor import format as vendor
from autoden.signals import Signal
from valid_files import instrument_file

pytest.importorskip("rsciio")


def test_data_axes_and_metadata_are_read(tmp_path):
    path = tmp_path / "a.emd"
    path.write_bytes(instrument_file("emd", ".emd", (2, 6, 7)))
    signal = ad.read(path)
    expected = np.random.default_rng(0).random((2, 6, 7)).astype(np.float32)
    np.testing.assert_array_equal(signal.data, expected)
    assert [(axis.name, axis.unit) for axis in signal.axes] == [(name, "nm") for name in "zyx"]
    np.testing.assert_array_equal(signal.axes[2].values, 2.0 * np.arange(7))
    assert signal.metadata["source"] == str(path)
    assert "General" in signal.metadata["vendor"]
    with pytest.raises(InputError, match="has no data set 3: choose series"):
        ad.read(path, series=3)


def test_a_reader_that_does_not_end_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(vendor, "_SECONDS", 4.0)
    path = tmp_path / "a.wdf"  # RosettaSciIO looks for blocks for ever
    path.write_bytes(bytes(500))
    with pytest.raises(InputError, match=r"a.wdf could not be read in 4 s"):
        ad.read(path)


def test_it_is_read_only(tmp_path):
    with pytest.raises(InputError, match="cannot write the format file of an instrument"):
        ad.write(tmp_path / "a.bcf", Signal(np.ones(3), ["x"]))
