"""Axes named by letters or numbers; what does not fit is refused with a list of readings."""

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.signals import Axis, Signal
from autoden.signals.letters import LETTERS, NAMES, with_named_axes


def bare(*shape):
    names = [f"axis_{index}" for index in range(len(shape))]
    return Signal(np.zeros(shape), names, {"assumed": [f"they are called {names}", "in keV"]})


@pytest.mark.parametrize(
    ("letters", "names"),
    [
        ("RE", ["repeat", "energy"]),
        ("yxe", ["y", "x", "energy"]),
        ("ZYX", ["z", "y", "x"]),
        ("CYX", ["channel", "y", "x"]),
        ("TYX", ["time", "y", "x"]),
        ("SRE", ["sample", "repeat", "energy"]),
        ("RTCZYXE", ["repeat", "time", "channel", "z", "y", "x", "energy"]),
    ],
)
def test_letters_name_axes(letters, names):
    named = with_named_axes(bare(*range(2, 2 + len(letters))), "a.npy", axes=letters)
    assert [axis.name for axis in named.axes] == names
    assert named.metadata["assumed"] == ["in keV"]


def test_every_letter_has_a_meaning_and_a_name():
    assert set(LETTERS) == set(NAMES)
    assert len(set(NAMES.values())) == len(NAMES)


def test_units_and_positions_stay():
    signal = Signal(np.zeros((2, 3)), ["a", Axis("channel", "keV", [1, 2, 3])])
    row, spectrum = with_named_axes(signal, "a.csv", axes="RE").axes
    assert (row.name, spectrum.name, spectrum.unit) == ("repeat", "channel", "keV")
    assert list(spectrum.values) == [1, 2, 3]
    both = Signal(np.zeros((2, 3, 3)), ["a", "channel", "wavelength"])
    names = [axis.name for axis in with_named_axes(both, "a", axes="RCE").axes]
    assert names == ["repeat", "channel", "wavelength"]
    names = [axis.name for axis in with_named_axes(both, "a", axes="CEX").axes]
    assert names == ["channel", "energy", "x"]


def test_a_table_of_one_row_is_one_spectrum():
    table = Signal(np.zeros((1, 9)), ["repeat", "channel"])
    assert [a.name for a in with_named_axes(table, "a.csv", axes="E").axes] == ["repeat", "channel"]
    with pytest.raises(InputError, match=r"2 axes, axis_0 \(1\), axis_1 \(9\)"):
        with_named_axes(bare(1, 9), "a.npy", axes="E")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"channel_axis": 2}, ["axis_0", "axis_1", "channel"]),
        ({"channel_axis": -1, "repeats_axis": 0}, ["repeat", "axis_1", "channel"]),
        ({"repeats_axis": 1}, ["axis_0", "repeat", "axis_2"]),
        ({}, ["axis_0", "axis_1", "axis_2"]),
    ],
)
def test_numbers_name_one_axis_and_leave_the_others(options, names):
    named = with_named_axes(bare(2, 3, 4), "a.npy", **options)
    assert [axis.name for axis in named.axes] == names


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"axes": "YX"},
            r"3 axes, axis_0 \(2\).*axes='YXE' \(a map of spectra\).*'TYX' \(times of",
        ),
        ({"axes": "RQE"}, r"one letter per axis.*R \(repeats\).*Z, Y, X \(space\)"),
        ({"axes": "YYX"}, "at most once"),
        ({"axes": 3}, "one letter per axis"),
        ({"axes": "YXE", "channel_axis": 0}, "two ways"),
        ({"channel_axis": 3}, r"0 to 2: axis_0 \(2\)"),
        ({"channel_axis": 1, "repeats_axis": -2}, "both axis 1"),
        ({"repeats_axis": 1.0}, "number of an axis"),
        ({"repeats_axis": True}, "number of an axis"),
    ],
)
def test_what_does_not_fit_is_refused(options, said):
    with pytest.raises(InputError, match=said):
        with_named_axes(bare(2, 3, 4), "a.npy", **options)


def test_a_name_that_is_taken_asks_for_letters():
    table = Signal(np.zeros((4, 9)), ["repeat", "channel"])
    with pytest.raises(InputError, match=r"called 'channel' already.*axes='RE'"):
        with_named_axes(table, "a.csv", channel_axis=0)
    swapped = with_named_axes(table, "a.csv", channel_axis=0, repeats_axis=1)
    assert [axis.name for axis in swapped.axes] == ["channel", "repeat"]
