"""EMSA: what the standard says, what instruments write, and what another program reads of ours."""

import numpy as np
import pytest

import autoden as ad
from autoden.errors import InputError
from autoden.io import spectrum_text
from autoden.signals import Axis, Signal

HEADER = "#FORMAT      : EMSA/MAS Spectral Data File\n#VERSION     : 1.0\n"
Y = (
    HEADER + "#TITLE       : a sample\n#NPOINTS     : 4.\n#NCOLUMNS    : 2.\n#XUNITS      : eV\n"
    "#DATATYPE    : Y\n#XPERCHAN    : 10.\n#OFFSET      : -20.\n#SIGNALTYPE  : EDS\n"
    "#LIVETIME    : 3.5\n#COMMENT     : one\n#COMMENT     : two\n##OWNWORD    : kept\n"
    "#SPECTRUM    : here\n1., 2.,\n3., 4.\n#ENDOFDATA   :\n"
)


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "a.msa"
    path.write_bytes(text.encode(encoding))
    return ad.read(path)


def test_counts_in_columns_with_offset_and_step(tmp_path):
    signal = read(tmp_path, Y)
    assert signal.dtype == np.int64
    np.testing.assert_array_equal(signal.data, [1, 2, 3, 4])
    assert (signal.axes[0].name, signal.axes[0].unit) == ("energy", "eV")
    np.testing.assert_array_equal(signal.axes[0].values, [-20, -10, 0, 10])
    assert signal.metadata["live_time"] == 3.5
    kept = signal.metadata["emsa"]
    assert (kept["TITLE"], kept["COMMENT"], kept["#OWNWORD"]) == ("a sample", "one\ntwo", "kept")


def test_pairs_and_lines_of_another_system_and_latin_letters(tmp_path):
    text = HEADER + "#XUNITS : keV\n#XLABEL : Loss\n#TITLE : 5 µm\n#DATATYPE : XY\n#SPECTRUM :\n"
    text += "0.1 5.5\n0.25 6\n0.3 7\n#ENDOFDATA :\n"
    signal = read(tmp_path, text.replace("\n", "\r\n"), "latin-1")
    assert (signal.axes[0].name, signal.dtype) == ("loss", np.float64)
    np.testing.assert_array_equal(signal.axes[0].values, [0.1, 0.25, 0.3])
    assert signal.metadata["emsa"]["TITLE"] == "5 µm"
    assert "not announced" in signal.metadata["assumed"][0]


def test_positions_rounded_until_they_repeat_are_those_of_offset_and_step(tmp_path):
    text = HEADER + "#XUNITS : keV\n#XPERCHAN : 0.004\n#OFFSET : 0\n#DATATYPE : XY\n#SPECTRUM :\n"
    signal = read(tmp_path, text + "0.00 1\n0.00 2\n0.01 3\n#ENDOFDATA :\n")
    np.testing.assert_allclose(signal.axes[0].values, [0, 0.004, 0.008])
    assert "OFFSET and XPERCHAN" in signal.metadata["assumed"][-1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("#FORMAT", "#FORM", "no EMSA file"),
        ("#ENDOFDATA", "", "ENDOFDATA"),
        ("NPOINTS     : 4", "NPOINTS     : 5", "announces 5 points, but holds 4"),
        ("3., 4.", "3., x", "line 17: 'x' is not a finite number"),
        ("3., 4.", "3., nan", "'nan' is not a finite number"),
        ("3., 4.", "3., 1e999", "is not a finite number"),
        ("#SPECTRUM    : here\n", "", "no line #SPECTRUM"),
        ("XPERCHAN    : 10.", "XPERCHAN    : ten", "#XPERCHAN: 'ten'"),
        ("DATATYPE    : Y", "DATATYPE    : XY", "announces 4 points, but holds 2"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, old, new, said):
    assert old in Y
    with pytest.raises(InputError, match=said) as caught:
        read(tmp_path, Y.replace(old, new))
    assert "a.msa" in str(caught.value)


def test_keywords_are_written_back_and_times_are_those_of_the_metadata(tmp_path):
    signal = read(tmp_path, Y)
    changed = signal.with_data(signal.data * 0.5, metadata={"live_time": 7.0})
    ad.write(tmp_path / "b.msa", changed)
    text = (tmp_path / "b.msa").read_text()
    for line in ("#TITLE       : a sample", "#LIVETIME    : 7.0", "#SIGNALTYPE  : EDS",
                 "##OWNWORD    : kept", "#COMMENT     : two", "#DATATYPE    : Y"):  # fmt: skip
        assert line in text.split("\n")
    assert max(map(len, text.split("\n"))) <= 80
    back = ad.read(tmp_path / "b.msa")
    np.testing.assert_array_equal(back.data, [0.5, 1, 1.5, 2])
    assert back.metadata["emsa"] == signal.metadata["emsa"]


@pytest.mark.parametrize("bent", [False, True])
def test_another_program_reads_what_is_written(tmp_path, bent):
    msa = pytest.importorskip("rsciio.msa")
    values = 0.01 * np.arange(50) - 0.4 + (1e-3 * np.arange(50) ** 2 if bent else 0)
    counts = np.random.default_rng(0).poisson(9, 50)
    metadata = {"live_time": 30.0, "emsa": {"TITLE": "steel", "SIGNALTYPE": "EDS"}}
    ad.write(tmp_path / "a.msa", Signal(counts, [Axis("energy", "keV", values)], metadata))
    (found,) = msa.file_reader(str(tmp_path / "a.msa"))
    np.testing.assert_array_equal(found["data"], counts)
    assert found["axes"][0]["units"] == "keV"
    assert found["metadata"]["General"]["title"] == "steel"
    if not bent:
        assert found["axes"][0]["offset"] == pytest.approx(-0.4)
        assert found["axes"][0]["scale"] == pytest.approx(0.01)


def test_several_spectra_are_refused(tmp_path):
    with pytest.raises(InputError, match="holds one spectrum"):
        ad.write(tmp_path / "a.msa", Signal(np.ones((2, 5)), ["repeat", "energy"]))


def test_text_larger_than_any_spectrum_is_neither_written_nor_read(tmp_path, monkeypatch):
    monkeypatch.setattr(spectrum_text, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match="more than the format is made for"):
        ad.write(tmp_path / "a.msa", Signal(np.ones(500), ["channel"]))
    with pytest.raises(InputError, match="more than the text of one spectrum takes"):
        read(tmp_path, Y + "\n" * 1000)
