"""What the axes of files are taken for, and the way back to them."""

import logging

import numpy as np
import pytest

from autoden.cli.estimates import Estimate
from autoden.cli.readings import ReadingRepeats, arrange
from autoden.errors import InputError
from autoden.signals import Axis, Signal

SIZES = {
    "repeat": 4, "page": 5, "time": 6, "z": 7, "y": 8, "x": 9, "channel": 3, "energy": 10,
    "axis_0": 4, "axis_1": 8, "axis_2": 9, "angle": 6,
}  # fmt: skip


def signal_of(axes):
    names = axes.split()
    shape = [SIZES[name] for name in names]
    return Signal(np.arange(np.prod(shape)).reshape(shape), names)


def read(axes, repeats="none", **told):
    return arrange(signal_of(axes), "in.tif", ReadingRepeats(**told), repeats=repeats)


@pytest.mark.parametrize(
    ("axes", "repeats", "told", "expected", "n_dims"),
    [
        ("energy", "none", {}, "energy", 1),
        ("axis_0", "none", {}, "axis_0", 1),
        ("repeat energy", "none", {}, "repeat energy", 1),
        ("repeat channel", "needed", {}, "repeat channel", 1),  # a table: no colours
        ("y energy", "needed", {}, "y energy", 1),
        ("y x", "none", {}, "y x", 2),
        ("y x channel", "none", {}, "channel y x", 2),
        ("channel y x", "none", {}, "channel y x", 2),
        ("page y x", "needed", {}, "page y x", 2),
        ("z channel y x", "none", {}, "z channel y x", 2),
        ("time repeat y x channel", "needed", {}, "time repeat channel y x", 2),
        ("repeat time y x", "needed", {}, "time repeat y x", 2),
        ("time z y x", "needed", {"repeats_axis": "time"}, "z time y x", 2),
        ("time z y x", "needed", {"repeats_axis": 0, "n_dims": 3}, "time z y x", 3),
        ("z y x", "none", {"n_dims": 3}, "z y x", 3),
        ("repeat energy", "none", {"n_dims": 2}, "repeat energy", 2),
        ("axis_0 axis_1", "none", {"n_dims": 1}, "axis_0 axis_1", 1),
        ("axis_0 axis_1 axis_2", "needed", {"n_dims": 2}, "axis_0 axis_1 axis_2", 2),
        (
            "axis_0 axis_1 axis_2",
            "needed",
            {"n_dims": 1, "repeats_axis": -1, "channel_axis": 0},
            "axis_2 axis_0 axis_1",
            1,
        ),
        ("axis_1 axis_0", "needed", {"repeats_axis": 1}, "axis_0 axis_1", 1),
        ("y x", "possible", {}, "y x", 2),
    ],
)
def test_axes_come_into_the_order_of_the_algorithms(axes, repeats, told, expected, n_dims):
    measurement = read(axes, repeats, **told)
    assert [axis.name for axis in measurement.signal.axes] == expected.split()
    assert measurement.n_dims == n_dims
    given = signal_of(axes)
    moved = np.moveaxis(
        given.data, [axes.split().index(name) for name in expected.split()], range(given.ndim)
    )
    np.testing.assert_array_equal(measurement.data, moved)


@pytest.mark.parametrize(
    ("axes", "repeats", "told", "messages"),
    [
        ("axis_0 axis_1", "none", {}, ["--n-dims 1 for 4 spectra", "--n-dims 2 for one image"]),
        ("axis_0 axis_1 axis_2", "needed", {}, ["32 spectra", "4 images", "one volume"]),
        ("y x energy", "none", {}, ["72 spectra of 10", "--n-dims 2"]),
        ("time z y x", "needed", {}, ["--repeats-axis time"]),
        ("y x", "needed", {}, ["single measurement", "n2v"]),
        ("y x", "none", {"n_dims": 3}, ["too few axes for volumes"]),
        ("z y x", "none", {"n_dims": 3, "channel_axis": "z"}, ["too few axes for volumes"]),
        ("y x", "none", {"channel_axis": "colour"}, ["--channel-axis is colour", "0 (y), 1 (x)"]),
        ("z y x", "needed", {"repeats_axis": 3}, ["--repeats-axis is 3", "2 (x)"]),
        ("z y x", "needed", {"repeats_axis": 0, "channel_axis": "z"}, ["must differ"]),
    ],
)
def test_axes_that_could_be_several_things_are_refused_with_what_to_say(
    axes, repeats, told, messages
):
    with pytest.raises(InputError) as error:
        read(axes, repeats, **told)
    for message in messages:
        assert message in str(error.value)


@pytest.mark.parametrize(
    ("axes", "repeats", "said"),
    [
        ("repeat energy", "needed", "4 repeats of one spectrum of 10 (energy), int64"),
        ("repeat energy", "none", "4 spectra of 10 (energy), int64"),
        ("page y x channel", "needed",
         "5 repeats along 'page' of one image of 8 x 9 (y, x) with 3 channels, int64"),
        ("time repeat y x", "needed", "4 repeats of 6 images of 8 x 9 (y, x), int64"),
        ("y x", "none", "one image of 8 x 9 (y, x), int64"),
    ],
)  # fmt: skip
def test_what_was_measured_is_said(axes, repeats, said):
    assert str(read(axes, repeats)) == f"in.tif: {said}"


@pytest.mark.parametrize(
    ("axes", "warns"),
    [("page y x", False), ("repeat y x", False), ("time y x", True), ("y energy", True)],
)
def test_axes_that_mean_something_else_are_told_when_taken_for_repeats(caplog, axes, warns):
    with caplog.at_level(logging.WARNING):
        read(axes, "needed")
    assert ("are taken for repeats" in caplog.text) == warns


def test_a_range_of_measurements_keeps_their_positions():
    axes = (Axis("time", "s", [0.0, 2.0, 5.0, 9.0]), "y", "x")
    stack = Signal(np.arange(4 * 6).reshape(4, 2, 3), axes)
    chosen = arrange(stack, "in.tif", ReadingRepeats()).select("1:3")
    np.testing.assert_array_equal(chosen.data, stack.data[1:3])
    np.testing.assert_array_equal(chosen.signal.axis("time").values, [2.0, 5.0])


@pytest.mark.parametrize("text", ["", "2", "2:1", "0:5", "a:b", "1:2:3", "-1:2", ":"])
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="FIRST:END within the 4"):
        read("repeat energy").select(text)


def test_of_a_single_measurement_no_range_can_be_taken():
    with pytest.raises(InputError, match="single measurement"):
        read("y x").select("0:1")


@pytest.mark.parametrize(
    ("axes", "repeats", "remain"),
    [
        ("repeat energy", "needed", "energy"),
        ("y x channel", "none", "y x channel"),
        ("channel page y x", "none", "channel page y x"),
        ("time repeat y x channel", "needed", "time y x channel"),
        ("repeat time y x", "needed", "time y x"),
    ],
)
def test_results_go_back_to_the_axes_that_remain_in_the_order_of_the_file(axes, repeats, remain):
    measurement = read(axes, repeats)
    data = measurement.data.astype(float)
    averages = repeats == "needed"
    estimate = Estimate(measurement, measurement.n_channels, averages=averages)
    if averages:  # as `infer` does
        data = data.mean(axis=measurement.repeats_position)
    result = estimate.signal(data)
    assert [axis.name for axis in result.axes] == remain.split()
    given = signal_of(axes).data.astype(float)
    expected = given.mean(axis=axes.split().index("repeat")) if averages else given
    np.testing.assert_allclose(result.data, expected)
    zeros = estimate.zeros(measurement.data.shape, measurement.n_channels)
    assert zeros.shape == result.shape
    assert zeros.dtype == result.dtype


@pytest.mark.parametrize("axes", ["page y x", "page y x channel"])
def test_complex_results_have_no_channels_of_their_own(axes):
    given = signal_of(axes)
    stack = Signal((given.data * (1 + 2j)).astype(np.complex64), given.axes)
    measurement = arrange(stack, "in.npy", ReadingRepeats())
    estimate = Estimate(measurement, measurement.n_channels, is_complex=True)
    join = np.concatenate if "channel" in axes else np.stack
    parts = join([measurement.data.real, measurement.data.imag], axis=-3)
    result = estimate.signal(parts)
    np.testing.assert_array_equal(result.data, stack.data)
    assert result.dtype == np.complex64
    assert estimate.zeros(parts.shape, measurement.n_channels).shape == stack.shape


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("uint8", "float32"), ("uint16", "float32"), ("float32", "float32"), ("float64", "float64")],
)
def test_images_are_written_in_the_precision_of_the_data(dtype, expected):
    images = Signal(np.ones((2, 3), dtype), ["y", "x"])
    estimate = Estimate(arrange(images, "in.tif", ReadingRepeats()), 1)
    assert estimate.signal(np.ones((2, 3))).dtype == expected


def test_another_space_has_axes_of_its_own():
    measurement = read("y angle x", n_dims=2)
    assert [a.name for a in measurement.signal.axes] == ["y", "angle", "x"]
    result = Estimate(measurement, 1, new_space=True).signal(np.zeros((8, 5, 5)))
    assert [axis.name for axis in result.axes] == ["y", "row", "column"]
