"""What is written reads back equal, and a file that was read is written the same way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autoden.io as aio
from autoden.errors import InputError
from autoden.io.table_layout import interpret
from autoden.io.table_writing import format_table
from autoden.io.tables import parse_table
from autoden.signals import Axis, Signal


def assert_same(one, other):
    assert one.dtype == other.dtype
    np.testing.assert_array_equal(one.data, other.data)
    for axis, other_axis in zip(one.axes, other.axes, strict=True):
        assert (axis.name, axis.unit) == (other_axis.name, other_axis.unit)
        assert (axis.values is None) == (other_axis.values is None)
        if axis.values is not None:
            assert axis.values.tobytes() == other_axis.values.tobytes()


finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.sampled_from("abcµΔ2, ;\"'#-_/\\.()[]"), max_size=8).map(str.strip)
units = st.sampled_from(["", "keV", "eV", "mm", "counts/(s mm)", "µm", "a.u."])


@st.composite
def axes(draw, length, names, rising):
    values = None
    if draw(st.booleans()):
        drawn = draw(st.lists(finite, min_size=length, max_size=length, unique=True))
        values = sorted(drawn) if rising else drawn
    return Axis(draw(names), draw(units), values)


@st.composite
def signals(draw):
    shape = draw(st.tuples(st.integers(1, 5), st.integers(1, 12)))
    elements = draw(st.sampled_from([np.int64, np.float64]))
    data = draw(hnp.arrays(elements, shape, elements=None if elements is np.int64 else finite))
    names = st.sampled_from(["energy", "channel", "wavelength", "q", "2theta", "time (a)"])
    row_names = st.sampled_from(["repeat", "repeat", "y", "sample", "spot, no."])
    rows = Axis("repeat") if draw(st.booleans()) else draw(axes(shape[0], row_names, False))
    return Signal(data, (rows, draw(axes(shape[1], names, True))))


suffixes = st.sampled_from([".csv", ".tsv", ".txt"])


@given(signals(), suffixes)
def test_new_signals_read_back_equal(signal, suffix):
    text = format_table(signal, suffix)
    assert_same(interpret(parse_table(text.encode(), "table")), signal)


@given(texts, texts)
def test_any_name_reads_back_equal_or_is_refused(name, unit):
    if not name:
        return
    signal = Signal([[1, 2], [3, 4]], [Axis("y", unit), Axis(name + "x", unit, [1.5, 2.5])])
    try:
        text = format_table(signal, ".csv")
    except InputError:
        return
    assert_same(interpret(parse_table(text.encode(), "table")), signal)


@pytest.mark.parametrize(
    ("rows", "header", "corner"),
    [
        (Axis("quantity"), Axis("channel"), "quantity \\ channel"),
        (Axis("quantity"), Axis("q", "", [0.5, 1.5]), "quantity \\ q"),
        (Axis("repeat"), Axis("channel", "", [0.5, 1.5]), "channel"),
        (Axis("y", "mm"), Axis("energy"), "y (mm) \\ energy"),
        # brackets, where a unit would be guessed or a name would lose its own
        (Axis("repeat"), Axis("energy", "", [0.5, 1.5]), "energy ()"),
        (Axis("time (a)"), Axis("kev", "", [0.5, 1.5]), "time (a) () \\ kev ()"),
    ],
)
def test_what_has_no_unit_has_no_empty_brackets(rows, header, corner):
    signal = Signal(np.array([[1, 2], [3, 4]]), (rows, header))
    for suffix, delimiter in ((".csv", ","), (".tsv", "\t")):
        text = format_table(signal, suffix)
        assert text.split(delimiter)[0] == corner
        assert_same(interpret(parse_table(text.encode(), "table")), signal)


AS_READ = [
    ",0.5,1.0\n0,3,1\n1,4,2\n",
    "run;0.5;1.0\n1;3;1\n2;4;2\n",
    ",0,1,2\n0,3,1,7\n1,5,5,5\n",
    "Energy [eV],500.0,1000.0\n0,3.5,1.0\n",
    "spot\t0.5\t1.0\nrim\t3\t1\ncore\t4\t2\n",
    "time (s),0.5,1.0\n0.5,3,1\n2.5,4,2\n",
    '"Energy, calibrated (keV)",a\n0.5,3\n1.0,4\n',
    "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8\n1,2,3,4,5,4,3,2\n",
    "Energy (keV),a,b\n0.5,3,4\n1.0,1,2\n",
    "0.5,3\n1.0,1\n1.7,0\n",
    "3,1,4\n1,5,9\n",
    "counts_1,counts_2\n3,4\n5,6\n7,8\n",
    "keV,counts\n0.5,3\n1.0,1\n",
    "3\n1\n4\n",
    "counts\n3\n1\n4\n",
]


@pytest.mark.parametrize("text", AS_READ)
def test_a_file_that_was_read_is_written_the_same_way(text, tmp_path):
    (tmp_path / "in.csv").write_text(text)
    signal = aio.read(tmp_path / "in.csv")
    aio.write(tmp_path / "out.csv", signal)
    assert (tmp_path / "out.csv").read_text() == text
    aio.write(tmp_path / "out.tsv", signal)
    assert_same(aio.read(tmp_path / "out.tsv"), signal)


@pytest.mark.parametrize("text", AS_READ)
def test_results_of_a_file_read_back_equal(text):
    signal = interpret(parse_table(text.encode(), "in.csv"))
    mean = signal.data.mean(axis=0)
    for result in (
        signal.with_data(mean, dropping=signal.axes[0].name),
        signal.with_data(signal.data / 3),
        Signal(np.vstack([signal.data] * 2), [Axis("y"), signal.axes[1]], signal.metadata),
    ):
        back = interpret(parse_table(format_table(result, ".csv").encode(), "out.csv"))
        if result.ndim == 2:
            assert_same(back, result)
        else:
            np.testing.assert_array_equal(back.data, mean[np.newaxis])
            assert back.axes[1].unit == signal.axes[1].unit


def test_the_tutorials_file_comes_back_byte_by_byte(xrf_file, tmp_path):
    signal = aio.read(xrf_file, keep_overflow=True)
    aio.write(tmp_path / "out.csv", signal)
    assert (tmp_path / "out.csv").read_bytes() == xrf_file.read_bytes()


def test_pandas_reads_it_as_the_tutorial_does(tmp_path):
    pandas = pytest.importorskip("pandas")
    energy = np.linspace(-0.02, 1.0, 40)
    data = np.random.default_rng(0).normal(size=(3, 40))
    aio.write(tmp_path / "out.csv", Signal(data, ["repeat", Axis("energy", "keV", energy)]))
    frame = pandas.read_csv(tmp_path / "out.csv")
    np.testing.assert_array_equal(frame.columns[1:].astype(float), energy)
    np.testing.assert_allclose(frame.to_numpy()[:, 1:], data, rtol=1e-14)
    assert frame.columns[0] == "energy (keV)"


FLOATS = [np.float32, np.float16]


@pytest.mark.parametrize("dtype", [*FLOATS, np.uint16, np.int8, bool])
def test_other_numbers_keep_their_value(dtype):
    data = (np.array([[0, 1, 1], [1, 0, 1]]) / (3 if dtype in FLOATS else 1)).astype(dtype)
    signal = Signal(data, ["repeat", "channel"])
    back = interpret(parse_table(format_table(signal, ".csv").encode(), "table"))
    assert back.dtype == (np.float64 if data.dtype.kind == "f" else np.int64)
    np.testing.assert_array_equal(back.data.astype(data.dtype), data)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (Signal(np.zeros((2, 3, 4)), ["y", "x", "energy"]), r"3 \(y, x, energy\)"),
        (Signal(np.array(1.0), []), "1 or 2 axes"),
        (Signal([[1j]], ["y", "x"]), "real numbers"),
        (Signal(np.array([[2**63]], np.uint64), ["y", "x"]), "below 2"),
        (Signal([[np.inf]], ["y", "x"]), "infinite"),
        (Signal([1, 2, 3], [Axis("energy", "keV", [1, 3, 2])]), "strictly rise"),
        (Signal([[1, 2]], ["a \\ b", "x"]), "backslashes"),
        (Signal([[1, 2]], ["y", Axis("a" * 300)]), "shorter"),
    ],
)
def test_what_a_table_cannot_hold(signal, message):
    with pytest.raises(InputError, match=message):
        format_table(signal, ".csv")
