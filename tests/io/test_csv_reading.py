"""Tables of spectra as people write them: layouts, assumptions, the overflow bin, errors."""

import logging
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autoden.io as aio
from autoden.errors import AutodenError, InputError
from autoden.io.overflow import has_overflow_bin
from autoden.io.table_layout import BARE_COLUMN, BARE_COLUMNS, BARE_ROWS, COLUMNS, ROWS, interpret
from autoden.io.tables import parse_table

EVEN = [round(0.1 * i, 1) for i in range(1, 11)]


@pytest.fixture
def read_text(tmp_path):
    def read(text, name="spectra.csv", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return aio.read(path, **options)

    return read


def lines(rows, delimiter=","):
    return "\n".join(delimiter.join(map(str, row)) for row in rows) + "\n"


# text, layout, data, name and unit of the channels' axis, its values
LAYOUTS = {
    "index": (",0.5,1.0\n0,3,1\n1,4,2\n", ROWS, [[3, 1], [4, 2]], "energy keV", [0.5, 1]),
    "one-based": ("run,0.5,1.0\n1,3,1\n2,4,2\n", ROWS, [[3, 1], [4, 2]], "energy keV", [0.5, 1]),
    "labelled": ("Energy [eV],500,1000\n0,3,1\n", ROWS, [[3, 1]], "energy eV", [500, 1000]),
    "names of rows": (",0.5,1.0\na,3,1\nb,4,2\n", ROWS, [[3, 1], [4, 2]], "energy keV", [0.5, 1]),
    "far from keV": (",500.5,1000\n0,3,1\n", ROWS, [[3, 1]], "channel ", [500.5, 1000]),
    "channels": (",0,1,2\n0,3,1,7\n", ROWS, [[3, 1, 7]], "channel ", [0, 1, 2]),
    "falling": (",1.0,0.5\n0,3,1\n", ROWS, [[3, 1]], "energy keV", [1, 0.5]),
    "header alone": (lines([EVEN, range(10)]), ROWS, [list(range(10))], "energy keV", EVEN),
    "columns": ("Energy (keV),a,b\n0.5,3,4\n1.0,1,2\n", COLUMNS, [[3, 1], [4, 2]], "energy keV",
                [0.5, 1]),
    "frame": (",0,1\n0.5,3,4\n1.0,1,2\n1.5,0,0\n", COLUMNS, [[3, 1, 0], [4, 2, 0]], "energy keV",
              [0.5, 1, 1.5]),
    "no unit": ("Energy,a\n500,3\n1000,1\n", COLUMNS, [[3, 1]], "energy ", [500, 1000]),
    "pair": ("0.5,3\n1.0,1\n1.7,0\n", COLUMNS, [[3, 1, 0]], "energy keV", [0.5, 1, 1.7]),
    "wavelength": ("Wavelength (nm),a\n400,3.5\n401,1\n", COLUMNS, [[3.5, 1]], "wavelength nm",
                   [400, 401]),
    "channel, counts": ("0,3\n1,1\n2,0\n", COLUMNS, [[3, 1, 0]], "channel ", [0, 1, 2]),
    "no header": (lines([[e, 3, 4] for e in EVEN]), COLUMNS, [[3] * 10, [4] * 10], "energy keV",
                  EVEN),
    "bare": ("3,1,4\n1,5,9\n", BARE_ROWS, [[3, 1, 4], [1, 5, 9]], "channel ", None),
    "bare index": (lines([[i] + [3, 1] * 5 for i in range(9)]), BARE_ROWS, [[3, 1] * 5] * 9,
                   "channel ", None),
    "one column": ("3\n1\n4\n", BARE_COLUMN, [[3, 1, 4]], "channel ", None),
    "numbered": ("counts_1,counts_2\n3,4\n5,6\n7,8\n", BARE_COLUMNS, [[3, 5, 7], [4, 6, 8]],
                 "channel ", None),
    "short": ("s1,s2\n3,4\n1,6\n3,8\n", BARE_COLUMNS, [[3, 1, 3], [4, 6, 8]], "channel ", None),
    "lettered": ("spectrum a,spectrum b\n3,4\n5,6\n", BARE_COLUMNS, [[3, 5], [4, 6]], "channel ",
                 None),
    "pandas": ("counts,counts.1\n3,4\n5,6\n", BARE_COLUMNS, [[3, 5], [4, 6]], "channel ", None),
    "keV": ("keV,counts\n0.5,4\n1.0,6\n", COLUMNS, [[4, 6]], "energy keV", [0.5, 1]),
    "Raman": ("Raman shift (cm-1),a\n100,4\n102,6\n", COLUMNS, [[4, 6]], "raman shift cm-1",
              [100, 102]),
    "other": ("brass,zircon\n3,4\n5,6\n", COLUMNS, [[4, 6]], "brass ", [3, 5]),
    "shares": ("keV,5%,10%\n0.5,4,1\n1.0,6,2\n", COLUMNS, [[4, 6], [1, 2]], "energy keV", [0.5, 1]),
    "trailing": ("1,2,\n3,4,\n", BARE_ROWS, [[1, 2], [3, 4]], "channel ", None),
    "Excel": ("sep=;\n1;2\n3;4\n", BARE_ROWS, [[1, 2], [3, 4]], "channel ", None),
    "Excel header": ("sep=|\nkeV|a\n1|2\n3|4\n", COLUMNS, [[2, 4]], "energy keV", [1, 3]),
    "Excel gaps": ("sep= \n1 2\n3 4\n", BARE_ROWS, [[1, 2], [3, 4]], "channel ", None),
    "one column, name": ("counts\n3\n1\n4\n", BARE_COLUMN, [[3, 1, 4]], "channel ", None),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts_are_told_apart(case, read_text):
    text, layout, data, axis, values = LAYOUTS[case]
    signal = read_text(text)
    assert signal.metadata["layout"] == layout
    assert signal.data.tolist() == data
    assert signal.dtype == np.asarray(data).dtype
    assert f"{signal.axes[1].name} {signal.axes[1].unit}" == axis
    assert signal.axes[0].name == "repeat"
    assert signal.axes[0].values is None
    if values is None:
        assert signal.axes[1].values is None
    else:
        assert signal.axes[1].values.tolist() == values
    if "(" not in text and "[" not in text:
        assert signal.metadata["assumed"], "nothing is claimed silently"


@pytest.mark.parametrize(
    "text",
    [
        "# made by hand\n\n,0.5,1.0\r\n0,3.5,1\r\n\r\n1,4,2\r\n",
        ";0,5;1,0\n0;3,5;1\n1;4;2\n",
        "\t0.5\t1.0\n0\t3.5\t1\n1\t4\t2",
        '"","0.5","1.0"\n"0","3.5","1"\n"1","4","2"\n',
        ", 0.5, 1.0\n0, 3.5, 1\n1, 4 , 2\n",
        ",0.5,1.0,\n0,3.5,1,\n1,4,2,\n",
        "\ufeff,0.5,1.0\n0,3.5,1\n1,4,2\n",
        ",0.5,1.0\n0,3.5,1\n1,4,2\n".encode("utf-16"),
    ],
)
def test_one_table_written_in_many_ways(text, read_text):
    signal = read_text(text)
    assert signal.data.tolist() == [[3.5, 1], [4, 2]]
    assert signal.dtype == np.float64
    assert signal.axis("energy").values.tolist() == [0.5, 1]
    assert ("commas inside numbers are decimal commas" in signal.metadata["assumed"]) == (
        isinstance(text, str) and ";" in text
    )


def test_gaps_separate_cells_in_txt(read_text):
    signal = read_text("Energy (eV)   Counts\n 500   3\n 505   4\n", "spectra.txt")
    assert signal.data.tolist() == [[3, 4]]
    assert signal.axis("energy").unit == "eV"


def test_rows_may_have_positions_and_names(read_text):
    timed = read_text("time (s),0.5,1.0\n0.0,3,1\n2.5,4,2\n")
    assert timed.axes[0].unit == "s"
    assert timed.axis("time").values.tolist() == [0, 2.5]
    named = read_text("spot,0.5,1.0\nrim,3,1\ncore,4,2\n")
    assert named.metadata["table"]["row_names"] == ["rim", "core"]


def test_assumptions_are_said_and_logged(read_text, caplog):
    with caplog.at_level(logging.INFO, "autoden"):
        signal = read_text(",0.5,1.0\n0,3,1\n1,4,2\n")
    assert signal.metadata["assumed"] == [
        "the rows are repeats of one measurement",
        "the positions, 0.5 to 1, are energies in keV",
    ]
    assert [record.getMessage() for record in caplog.records] == [
        "spectra.csv: one spectrum per row, positions in the header; assumed: "
        "the rows are repeats of one measurement; the positions, 0.5 to 1, are energies in keV"
    ]
    assert signal.metadata["source"].endswith("spectra.csv")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("brass,zircon\n3,4\n5,6\n", ["the first column, 'brass', holds the positions"]),
        (",a\n3,4\n5,6\n", ["the first column, which has no name, holds the positions"]),
        ("s1,s2\n3,4\n5,6\n", ["the columns, named alike from 's1' on, are all spectra; their "
                               "positions are not known",
                               "the columns are repeats of one measurement"]),
        ("Energy (eV),a\n3,4\n5,6\n", []),
    ],
)  # fmt: skip
def test_columns_are_not_silently_taken_for_positions(text, sentences, read_text):
    assumed = read_text(text).metadata["assumed"]
    assert assumed[: len(sentences)] == sentences
    assert bool(assumed) == bool(sentences)


def test_the_tutorials_file(xrf_file, caplog):
    signal = aio.read(xrf_file)
    assert repr(signal) == "Signal 32 x 4095 (repeat, energy -0.02 to 20.491 keV), int64"
    bin_ = signal.metadata["overflow_bin"]
    assert (bin_["channel"], bin_["position"]) == (4095, 20.496)
    assert bin_["mean_counts"] == pytest.approx(1257, abs=1)
    assert len(str(bin_["mean_counts"])) == len("1257.0")
    assert {record.getMessage().split(":")[0] for record in caplog.records} == {xrf_file.name}
    assert "the last channel (channel 4095, at energy 20.496 keV) was dropped" in caplog.text
    energy, mean = signal.axis("energy").values, np.mean(signal, axis=0)
    for line in (8.05, 8.64):  # K alpha of copper and zinc
        near = np.abs(energy - line) < 0.15
        assert energy[near][np.argmax(mean[near])] == pytest.approx(line, abs=0.03)
        assert mean[near].max() > 20 * np.median(mean)
    whole = aio.read(xrf_file, keep_overflow=True)
    assert whole.shape == (32, 4096)
    assert "overflow_bin" not in whole.metadata


def spectra_with_line(channels_wide, centre, n_channels=200, height=5000, seed=0):
    """Poisson counts of one Gaussian line (FWHM in channels) on a weak background."""
    channels = np.arange(n_channels)
    line = height * np.exp(-4 * np.log(2) * ((channels - centre) / channels_wide) ** 2)
    return np.random.default_rng(seed).poisson(0.1 + line, (8, n_channels))


@pytest.mark.parametrize("channels_wide", [2, 3, 10, 30])
@pytest.mark.parametrize("beyond", [-3, -1, 0, 1, 3])
@pytest.mark.parametrize("height", [200, 5000, 1e6])
def test_a_line_at_the_end_is_no_overflow(channels_wide, beyond, height):
    data = spectra_with_line(channels_wide, 199 + beyond, height=height)
    assert not has_overflow_bin(data)
    assert not has_overflow_bin(data[:1])
    assert not has_overflow_bin(data / 7.0)


@pytest.mark.parametrize("scale", [1, 0.37])
def test_an_overflow_bin_is_found(scale):
    data = spectra_with_line(10, 100)
    assert not has_overflow_bin(data)
    data[:, -1] = np.random.default_rng(1).poisson(1250, 8)
    assert has_overflow_bin(data * scale)
    assert not has_overflow_bin(data[:, -20:] * scale), "too short to judge"
    data[3, -1] = 0
    assert not has_overflow_bin(data * scale), "an overflow bin is in every spectrum"


ERRORS = {
    b"": "is empty",
    b" \n\n": "is empty",
    b"# only\n# comments\n": "nothing but blank lines and comments",
    b",0.5,1.0\n": "has a header but no numbers below it",
    b",0.5,1.0\n0,3,oops\n": r"spectra.csv, line 2, column 3: 'oops' is not a finite number",
    b"# c\n,0.5,1.0\n\n0,3,4\n1,x,4\n": "line 5, column 2: 'x'",
    b",0.5,1.0\n0,3\n": "the header has 3 cells, but the lines below it have 2",
    b",0.5,1.0\n0,3,4\n1,3\n": "line 3 has 2 cells, but line 2 has 3",
    b",0.5,1.0\n0,3,\n1,,2\n": "line 2, column 3: the cell is blank",
    b"1,\n,\n2,\n": "line 2, column 1: the cell is blank",
    b",0.5,1.0\n0,3,nan\n": "line 2, column 3: 'nan' is not a finite",
    b",0.5,1.0\n0,3,-inf\n": "line 2, column 3: '-inf' is not a finite",
    b",0.5,1.0\n0,3,1e999\n": "'1e999' is too large",
    b",0.5,1.0\n0,1_000,2\n": "'1_000' is not a finite",
    b",0.5,1.0,0.8\n0,1,1,1\n": r"header, column 4: .*0.8.* follows .*1.0",
    b",0.5,1.0,1.0\n0,1,1,1\n": "header, column 4: .* more digits if two are equal",
    b",0.5,1.0,1.0.1\n0,1,1,1\n": "header, column 4: '1.0.1' is not a number, but most",
    b"energy,a\n1.0,5\n1.0,5\n": "line 3, column 1: 1.0 follows 1.0",
    b"energy,a\nlow,5\n1.0,5\n": "line 2, column 1: 'low'",
    b",0.5,1.0\n0,1,1\nb,1,1\n": "line 3, column 1: 'b'",
    b",0.5,1.0\n,1,1\n,1,1\n": "line 2, column 1: the cell is blank",
    b"\x89PNG\r\n\x1a\n\x00": "not text in UTF-8: byte 0 is 0x89",
    b"PK\x03\x04\x00\x00": "binary data",
    b",0.5,1.0\n0,1," + b"x" * 10**6: r"line 2, column 3: 'x{40}\.\.\.' is not",
    b"x" * 10**6 + b",0.5\n0,1\n": "a cell of 1000000 characters",
    b'"' + b"x" * 10**6 + b'",0.5\n0,1\n': "cannot be cut into cells|1000000 characters",
    b",0.5,1.0\n0,1," + b"9" * 10**4: "too large",
    b"1,inf\n2,3\n": "line 1, column 2: 'inf' is not a finite number: write it like",
    b"nan,3,1,4\n2,3,1,4\n": "line 1, column 1: 'nan' is not",
    b"1,2,\n3,4,5\n": "line 1, column 3: the cell is blank",
    b"1,,2\n3,4,5\n": "line 1, column 2: the cell is blank",
    b"True,False\n1,2\n": "line 1, column 1: 'True' is not",
    b"0x1,2\n3,4\n": "line 1, column 1: '0x1' is not",
    b"1D3,2\n3,4\n": "line 1, column 1: '1D3' is not",
    b"1.000,5;2\n3;4\n": "line 1, column 1: '1.000,5' is not",
    b"energy,0.5,nan\n0,1,2\n": "header, column 3: 'nan' is not a number, but most",
    b"9,4,nan" + b",1" * 20 + b"\n" + b"1," * 22 + b"1\n": "line 1, column 3: 'nan' is not",
    b"a,9,4,5,6\n1,1,1,1,1\n": "header, column 3: 4 follows 9, .* add a header of energies",
    b",1,1e999,3\n1,1,1,1\n": "header, column 3: 1e999 is too large",
    b"brass,zircon\n3,4\n5,6\n4,8\n": "line 4, column 1: 4 follows 5, .*add a column of energies",
    b"sep=,\n": "nothing but the separator",
    b"sep=x\n1x2\n": "line 1: cells separated by 'x' cannot be read: use a comma",
    b'"1,5","2,5"\n"3,5","4,5"\n': "inside quotes",
}


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors_name_file_place_and_remedy(number, read_text):
    content, message = list(ERRORS.items())[number]
    with pytest.raises(InputError, match=message) as caught:
        read_text(content)
    assert "spectra.csv" in str(caught.value)
    assert len(str(caught.value)) < 500


def read_bytes(content):
    signal = interpret(parse_table(content, "fuzz"))
    assert signal.ndim == 2
    assert np.isfinite(signal.data).all()


@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(content):
    with suppress(AutodenError):
        read_bytes(content)


numbers = ["0", "1", "2", "-3.5", "1,5", "1e400", "nan", "inf", "1D3", "sep=;\n"]
labels = ["Energy (keV)", "()", "a\\b", " \\ ", "repeat", "channel 0", "é", ")"]
pieces = st.sampled_from(
    [",", ";", "\t", " ", "\n", "\r\n", '"', "#", "\0", "\u2028", *numbers, *labels]
)


@given(st.lists(pieces, max_size=60).map("".join))
def test_random_tables_raise_nothing_else(text):
    with suppress(AutodenError):
        read_bytes(text.encode())
