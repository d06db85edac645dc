"""Whatever a user gives is read as the same exposures, or refused with the way out."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import autoden as ad
from autoden.auto.axes import letters_of
from autoden.auto.spectra.measurement import Measurement, read_measurement
from autoden.errors import InputError
from autoden.signals import Axis, Signal

N = 60
ENERGY = Axis("energy", "keV", np.linspace(0.5, 6.4, N))
LINE = 40 * np.exp(-0.5 * ((np.arange(N) - 20) / 4) ** 2) + 2
COUNTS = np.random.default_rng(1).poisson(LINE, (4, N))  # repeats of one sample
OTHER = np.random.default_rng(2).poisson(LINE[::-1], (3, N))  # of another one
ROW = Signal(COUNTS[:1], ["repeat", ENERGY])


def saved(path, data, axes):
    ad.write(path, Signal(data, axes))
    return path


@pytest.fixture
def table(tmp_path):
    """Four repeats in a table, whose rows nothing names."""
    return saved(tmp_path / "counts.csv", COUNTS, ["repeat", ENERGY])


def assert_samples(measurement, *samples):
    assert measurement.n_samples == len(samples)
    for got, wanted in zip(measurement.samples, samples, strict=True):
        np.testing.assert_array_equal(got.repeats, np.atleast_2d(wanted))
        assert got.repeats.dtype == np.float64


ONE_SPECTRUM = {
    "letters": (COUNTS, {"axes": "RE"}),
    "letters in lower case": (COUNTS, {"axes": "re"}),
    "channels first": (COUNTS.T, {"axes": "ER"}),
    "number of dimensions": (COUNTS, {"n_dims": 1}),
    "nested lists": (COUNTS.tolist(), {"axes": "RE"}),
    "small integers": (COUNTS.astype(np.uint8), {"axes": "RE"}),
    "tensor": (torch.as_tensor(COUNTS), {"axes": "RE"}),
    "data frame": (pd.DataFrame(COUNTS), {"axes": "RE"}),
    "list of spectra": (list(COUNTS), {"axes": "RE"}),
    "list of series": ([pd.Series(each) for each in COUNTS], {"axes": "RE"}),
    "named": (Signal(COUNTS, ["repeat", ENERGY]), {}),
    "named in another order": (Signal(COUNTS.T, [ENERGY, "exposures"]), {}),
    "one name": (Signal(COUNTS, ["repeat", "axis_1"]), {}),
    "unknown name, alike": (Signal(COUNTS, ["time", ENERGY]), {}),
    "letters before names": (Signal(COUNTS, ["sample", ENERGY]), {"axes": "RE"}),
}


@pytest.mark.parametrize(("data", "said"), ONE_SPECTRUM.values(), ids=ONE_SPECTRUM)
def test_every_reading_of_repeats_gives_the_same_exposures(data, said):
    measurement = read_measurement(data, **said)
    assert_samples(measurement, COUNTS)
    assert measurement.shape == (N,)
    assert "4 repeats of a spectrum of 60 channels" in measurement.notes[0]
    np.testing.assert_array_equal(measurement.samples[0].durations, np.ones(4))


SAMPLES = {
    "letters": (COUNTS, {"axes": "SE"}),
    "list of spectra": (list(COUNTS), {}),
    "list of lists and arrays": ([list(COUNTS[0]), *COUNTS[1:]], {}),
    "list as a whole": (list(COUNTS), {"axes": "SE"}),
    "list element by element": (list(COUNTS), {"axes": "E"}),
    "tuple of tensors": (tuple(torch.as_tensor(COUNTS)), {}),
    "named": (Signal(COUNTS, ["samples", ENERGY]), {}),
    "with a repeat each": (COUNTS[:, None], {"axes": "SRE"}),
    "list of signals": ([Signal(each, [ENERGY]) for each in COUNTS], {}),
}


@pytest.mark.parametrize(("data", "said"), SAMPLES.values(), ids=SAMPLES)
def test_every_reading_of_samples_gives_the_same_exposures(data, said):
    measurement = read_measurement(data, **said)
    assert_samples(measurement, *COUNTS)
    assert measurement.shape == (4, N)


@pytest.mark.parametrize(
    "data", [[COUNTS, OTHER], [COUNTS.tolist(), OTHER]], ids=["arrays", "mixed"]
)
def test_samples_may_have_different_numbers_of_repeats(data):
    measurement = read_measurement(data)
    assert_samples(measurement, COUNTS, OTHER)
    assert "with 4, 3 repeats" in measurement.notes[0]
    assert any("numpy.concatenate" in note for note in measurement.notes)


def test_a_single_spectrum_is_one_repeat():
    for data in (COUNTS[0], list(COUNTS[0]), Signal(COUNTS[0], ["x"]), ROW):
        measurement = read_measurement(data)
        assert_samples(measurement, COUNTS[:1])
        assert measurement.shape == (N,)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([p for n in (1, 2, 3) for p in permutations("SRE", n) if "E" in p]),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_any_order_of_axes_gives_the_same_exposures_and_is_undone(order, n_samples, n_repeats):
    sizes = {"S": n_samples, "R": n_repeats, "E": 9}
    kept = [letter for letter in "SRE" if letter in order]
    data = np.arange(1.0, 1 + np.prod([sizes[each] for each in kept])).reshape(
        [sizes[each] for each in kept]
    )
    given_array = np.einsum(data, [kept.index(e) for e in kept], [kept.index(e) for e in order])
    before = given_array.copy()
    measurement = read_measurement(given_array, axes="".join(order))
    np.testing.assert_array_equal(given_array, before)
    wanted = data.reshape(*[sizes[each] if each in kept else 1 for each in "SRE"])
    assert_samples(measurement, *wanted)

    estimates = np.random.default_rng(0).random((measurement.n_samples, 9))
    shaped = measurement.shaped(estimates)
    axes_left = [letter for letter in order if letter != "R"]
    assert shaped.shape == measurement.shape == tuple(sizes[each] for each in axes_left)
    np.testing.assert_array_equal(measurement.by_sample(shaped), estimates)
    if len(order) == 3:  # the mean over repeats, in the user's order of axes
        mean = given_array.mean(axis=order.index("R"))
        means = [sample.repeats.mean(axis=0) for sample in measurement.samples]
        np.testing.assert_allclose(measurement.shaped(means), mean, rtol=1e-12)
    assert measurement.signal_of(shaped).shape == shaped.shape


def test_the_exposures_do_not_change_with_the_users_array():
    data = COUNTS.astype(float)
    measurement = read_measurement(data, axes="RE")
    data[:] = -1
    assert_samples(measurement, COUNTS)


def test_axes_and_metadata_come_back_with_the_estimate():
    beamline = Axis("sample", "mm", [1.0, 2.0, 5.0, 6.0])
    measurement = read_measurement(Signal(COUNTS.T, [ENERGY, beamline], {"tube": "Rh"}))
    signal = measurement.signal_of(measurement.shaped(COUNTS), {"method": "mean"})
    assert [axis.name for axis in signal.axes] == ["energy", "sample"]
    assert signal.axis("sample").values is beamline.values
    np.testing.assert_array_equal(signal.axis("energy").values, ENERGY.values)
    assert dict(signal.metadata) == {"tube": "Rh", "method": "mean"}
    with pytest.raises(InputError, match=r"\(60,\).*\(60, 4\)"):
        measurement.signal_of(np.ones(N))


# files


def test_rows_of_a_table_are_repeats_if_they_agree(table):
    measurement = read_measurement(table)
    assert_samples(measurement, COUNTS)
    assert measurement.sources == (table,)
    assert measurement.axis.unit == "keV"
    said = " ".join(measurement.notes)
    assert "counts.csv was read as 4 repeats" in said
    assert "agree within their noise" in said
    assert "axes='SE'" in said


def test_rows_of_a_table_that_differ_are_not_averaged(tmp_path):
    path = saved(tmp_path / "two.csv", np.stack([COUNTS[0], OTHER[0]]), ["repeat", ENERGY])
    with pytest.raises(InputError, match=r"two.csv holds 2 spectra.*axes='SE'.*axes='RE'"):
        read_measurement(path)
    assert read_measurement(path, axes="RE").shape == (N,)
    assert read_measurement(path, n_dims=1).samples[0].n_repeats == 2
    assert read_measurement(path, axes="SE").signal_of(np.ones((2, N))).axes[0].name == "sample"


def test_who_says_whether_rows_agree_can_be_chosen(table):
    with pytest.raises(InputError, match="4 spectra that nothing names"):
        read_measurement(table, agree=lambda exposures: exposures.n_repeats < 4)


def test_rows_that_a_file_names_are_not_asked_for(tmp_path):
    def never(exposures):
        raise AssertionError

    for name, axes in (("a.npz", ["repeat", ENERGY]), ("b.csv", [Axis("repeat", "s"), ENERGY])):
        path = saved(tmp_path / name, np.stack([COUNTS[0], OTHER[0]]), axes)
        assert read_measurement(path, agree=never).samples[0].n_repeats == 2


def test_a_signal_read_before_is_what_the_path_is(table):
    assert_samples(read_measurement(ad.read(table)), COUNTS)


def test_a_list_of_files_holds_samples_unless_said_otherwise(tmp_path):
    rows = [saved(tmp_path / f"{i}.csv", COUNTS[i : i + 1], ["repeat", ENERGY]) for i in range(4)]
    samples = read_measurement(rows)
    assert_samples(samples, *COUNTS)
    assert samples.sources == tuple(rows)
    assert any("axes='RE'" in note and "samples" in note for note in samples.notes)
    repeats = read_measurement([str(path) for path in rows], axes="RE")
    assert_samples(repeats, COUNTS)
    assert repeats.sources == tuple(rows)
    assert repeats.axis.unit == "keV"


def test_files_of_several_repeats_are_samples(tmp_path, table):
    other = saved(tmp_path / "other.csv", OTHER, ["repeat", ENERGY])
    for said in ({}, {"axes": "RE"}):
        assert_samples(read_measurement([table, other], **said), COUNTS, OTHER)


def test_an_overflow_bin_does_not_enter_and_is_told(tmp_path):
    with_bin = np.append(COUNTS, [[9000]] * 4, axis=1)
    positions = np.append(ENERGY.values, 6.5)
    path = saved(tmp_path / "o.csv", with_bin, ["repeat", Axis("energy", "keV", positions)])
    measurement = read_measurement(path)
    assert_samples(measurement, COUNTS)
    assert any("(60)" in note and "9000" in note for note in measurement.notes)
    with_bin[:, -1] = 3  # too few to be noticed, but the same channel of the same set-up
    quiet = saved(tmp_path / "q.csv", with_bin, ["repeat", Axis("energy", "keV", positions)])
    assert_samples(read_measurement([path, quiet]), COUNTS, COUNTS)


def test_what_the_file_left_open_is_told(tmp_path):
    path = tmp_path / "spectrum.csv"
    path.write_text("".join(f"{x:.2f},{y}\n" for x, y in zip(ENERGY.values, LINE, strict=True)))
    measurement = read_measurement(path)
    assert measurement.shape == (N,)
    assert any("energies in keV" in note for note in measurement.notes)


def test_the_tutorial_file_is_read_as_repeats(xrf_file):
    measurement = read_measurement(xrf_file)
    assert measurement.samples[0].n_repeats == 32
    assert measurement.shape == (4095,)


# live times


@pytest.mark.parametrize(
    ("data", "said", "exposure", "wanted"),
    [
        (COUNTS, {"axes": "RE"}, [1, 1, 2, 4], [[0.5, 0.5, 1, 2]]),
        (COUNTS, {"axes": "RE"}, 30.0, [[1, 1, 1, 1]]),
        ([COUNTS, OTHER], {}, [[1, 1, 2, 4], (1, 1, 4)], [[0.5, 0.5, 1, 2], [0.5, 0.5, 2]]),
        (COUNTS[None].repeat(2, 0), {"axes": "SRE"}, [1, 1, 2, 4], [[0.5, 0.5, 1, 2]] * 2),
        (COUNTS[None].repeat(2, 0), {"axes": "SRE"}, np.ones((2, 4)), [[1, 1, 1, 1]] * 2),
        (list(COUNTS), {}, [10, 20, 30, 40], [[1]] * 4),
        (COUNTS, {"axes": "RE"}, torch.tensor([1, 1, 2, 4]), [[0.5, 0.5, 1, 2]]),
    ],
)
def test_live_times_are_relative_to_their_mean(data, said, exposure, wanted):
    measurement = read_measurement(data, exposure=exposure, **said)
    for sample, durations in zip(measurement.samples, wanted, strict=True):
        np.testing.assert_allclose(sample.durations, durations, rtol=1e-15)


@pytest.mark.parametrize(
    ("exposure", "words"),
    [
        ([1, 2], "2 numbers .1, 2. for the 4 repeats"),
        ([1, 2, 0, 1], "0.0 for repeat 3.*above 0"),
        ([1, 2, 3, np.inf], "inf for repeat 4"),
        ([1, -2, 3, 1], "-2.0 for repeat 2"),
        ([[1, 2, 3, 4], [1, 2, 3, 4]], "2 parts for 1 samples"),
        (["a", "b", "c", "d"], "numbers are needed"),
        ([], "empty"),
    ],
)
def test_live_times_that_cannot_be_are_named(exposure, words):
    with pytest.raises(InputError, match=f"`exposure`.*{words}"):
        read_measurement(COUNTS, axes="RE", exposure=exposure)


# refusals


@pytest.mark.parametrize("factor", [1e300, 1e-300, 1e40, 1e-40])
def test_values_of_a_size_that_cannot_be_squared_are_refused_with_the_remedy(factor):
    with pytest.raises(InputError, match=r"rescale to a unit.*1e-30 and 1e\+30"):
        read_measurement(factor * COUNTS, axes="RE")


MAP = np.ones((3, 4, 9))
REFUSED = {
    "two axes": (COUNTS, {}, r"\(4, 60\).*axes='RE' for 4 repeats.*axes='SE' for 4 samples"),
    "nested lists": (COUNTS.tolist(), {}, "axes='RE'"),
    "both long": (np.ones((9, 9)), {}, "'RE'.*'ER' for 9 repeats.*'YX' for an image"),
    "a data frame": (pd.DataFrame(COUNTS), {}, "axes='RE'"),
    "no names": (Signal(COUNTS, ["axis_0", "axis_1"]), {}, "axes='RE'"),
    "three axes": (MAP, {}, "'SRE' for 3 samples, 4 repeats each.*'YXE' for a map of 3 x 4"),
    "three axes, one said": (MAP, {"n_dims": 1}, "axes='SRE'"),
    "four axes": (MAP[None], {}, "axes='SRE' for spectra.*axes='SRYX' for images"),
    "a map": (MAP, {"axes": "YXE"}, r"map of 3 x 4 spectra.*axes='SE'.*N2N"),
    "a named map": (Signal(MAP, ["y", "x", ENERGY.name]), {}, "map of 3 x 4 spectra"),
    "a line": (Signal(COUNTS, [Axis("y", "mm"), ENERGY]), {}, "map of 4 spectra"),
    "an image of one value": (np.ones((9, 9)), {"n_dims": 2}, "1 throughout"),
    "images of few rows": (MAP, {"axes": "RYX"}, "3 repeats of an image of 4 x 9.*at least 8"),
    "colours last": (np.ones((9, 9, 3)), {"n_dims": 2}, "9 repeats of an image of 9 x 3.*'YXC'"),
    "coloured spectra": (MAP, {"axes": "RCE"}, "channels such as colours"),
    "channels": (COUNTS, {"axes": "CE"}, "channels such as colours.*S instead of C"),
    "no spectrum": (COUNTS, {"axes": "RS"}, "no axis of a spectrum or an image"),
    "wrong dimensions": (ROW, {"n_dims": 2}, "`n_dims` is 2.*leave `n_dims` out"),
    "too few axes": (COUNTS[0], {"n_dims": 2}, "`n_dims` is 2.*spectra, which have 1 dimension"),
    "dimensions of 4": (COUNTS, {"n_dims": 4}, "`n_dims` is 4: choose one of 1, 2, 3"),
    "letter": (COUNTS, {"axes": "QE"}, "'QE'.*R .repeats.*axes='RE'"),
    "letter twice": (COUNTS, {"axes": "EE"}, "'EE'.*at most once"),
    "no letters": (COUNTS, {"axes": ("R", "E")}, "'R', 'E'.*one letter per axis"),
    "too many letters": (COUNTS, {"axes": "SRE"}, "'SRE', but data has 2 axes"),
    "samples in a list": ([COUNTS, COUNTS], {"axes": "SE"}, "each element of a list is one sample"),
    "lengths": ([COUNTS[0], OTHER[0, :50]], {}, r"data\[1\] has 50 channels, but data\[0\] has 60"),
    "lengths of a whole": ([COUNTS[0], OTHER[0, :50]], {"axes": "RE"}, r"\(60,\), \(50,\)"),
    "turned": (COUNTS.T, {"axes": "RE"}, "4 channels.*at least 8, or axes='ER'"),
    "short": (np.ones(7), {}, "7 channels.*at least 8"),
    "nan": ([1.0] * 8 + [np.nan], {}, r"data hold 1 value .*\(8,\).*crop"),
    "infinite in a list": ([LINE, LINE * np.inf], {}, r"data\[1\] hold 60 values"),
    "complex": (LINE * 1j, {}, "complex.*real numbers"),
    "masked": (np.ma.masked_less(LINE, 3), {}, "masked"),
    "zero": (np.zeros((2, 9)), {"axes": "RE"}, "zero throughout"),
    "constant": (np.full((2, 9), 7.3), {"axes": "RE"}, "7.3 throughout: there is nothing to"),
    "levels": (np.array([[7.0], [8.0]]) * np.ones(9), {"axes": "RE"}, "constant in each spectrum"),
    "empty": ([], {}, "empty"),
    "a number": (3.0, {}, "3.0: give a spectrum"),
    "nothing": (None, {}, "NoneType.*path of a file"),
    "a mapping": ({"a": LINE}, {}, "dict.*an array"),
    "text in a list": ([LINE, "nowhere.csv"], {}, "nowhere.csv does not exist"),
    "gradient": (torch.ones(9, requires_grad=True), {}, "detach"),
    "unlike names": (Signal(MAP, ["a", "b", ENERGY.name]), {}, "axes='SRE'"),
}


@pytest.mark.parametrize(("data", "said", "words"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_named_with_the_way_out(data, said, words):
    with pytest.raises(InputError, match=words):
        read_measurement(data, **said)


def shifted(by, unit="keV", name="energy"):
    return Signal(COUNTS, ["repeat", Axis(name, unit, ENERGY.values + by)])


def test_samples_have_to_share_their_positions():
    first = Signal(COUNTS, ["repeat", ENERGY])
    for other in (shifted(1e-9), Signal(OTHER, ["repeat", "energy"]), OTHER):
        assert read_measurement([first, other]).axis is ENERGY
        assert read_measurement([OTHER, first]).axis is ENERGY
    with pytest.raises(
        InputError, match=r"channel 0 of data\[1\] is at 0.55, that of data\[0\] at"
    ):
        read_measurement([first, shifted(0.05)])
    with pytest.raises(InputError, match=r"in eV, those of data.0. in keV"):
        read_measurement([first, shifted(0.0, "eV")])
    rows = [each.with_data(each.data[:1]) for each in (first, shifted(0.05))]
    with pytest.raises(InputError, match="channel 0"):
        read_measurement(rows, axes="RE")


def test_a_new_measurement_has_to_be_of_the_same_setup():
    first = read_measurement(Signal(COUNTS, ["repeat", ENERGY]))
    first.setup.check(read_measurement(OTHER, axes="RE").setup)
    with pytest.raises(InputError, match="the new measurement has 30 channels"):
        first.setup.check(read_measurement(OTHER[:, :30], axes="RE").setup)


def test_estimates_of_another_shape_are_refused():
    measurement = read_measurement(list(COUNTS))
    assert isinstance(measurement, Measurement)
    with pytest.raises(InputError, match=r"\(3, 60\).*4 sample"):
        measurement.shaped(np.ones((3, N)))


def test_a_film_is_one_of_images_and_no_map_of_spectra():
    times = Axis("time", "s", np.arange(4) * 0.5)
    film = Signal(np.ones((4, 8, 9)), [times, "y", "x"])
    assert letters_of(film, "film") == "?YX"
    kinetics = Signal(np.ones((4, 9)), ["repeat", Axis("time", "s", np.arange(9.0))])
    assert letters_of(kinetics, "kinetics") == "RE"
