"""The figure of ring correlations shows the curves, their thresholds and where they cross."""

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.evaluation import RingCorrelation
from autoden.report import ring_correlation_figure

FREQUENCIES = np.linspace(0.05, 0.5, 10)


def curve(correlation, criterion="half-bit", elements=400.0, scale=1.0):
    values = np.broadcast_to(correlation, 10).astype(float)
    return RingCorrelation(
        FREQUENCIES * scale, values, np.full(10, elements), 0.5 * scale, criterion
    )


def labels(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def lines(figure):
    return {line.get_label(): line for line in figure.axes[0].get_lines()}


def test_curves_and_thresholds_are_drawn_and_named():
    falling = curve(np.linspace(1, 0, 10))
    against_truth = curve(np.linspace(1, 0.1, 10), "truth")
    figure = ring_correlation_figure({"halves": falling, "denoised": against_truth}, title="Boat")
    assert labels(figure) == [
        f"halves: {falling.resolution():.3g} px", f"denoised: {against_truth.resolution():.3g} px",
        "half-bit threshold", "half-bit threshold, against a truth",
    ]  # fmt: skip
    halves = lines(figure)[labels(figure)[0]]
    np.testing.assert_array_equal(halves.get_xdata(), FREQUENCIES)
    np.testing.assert_array_equal(halves.get_ydata(), falling.correlation)
    for name, drawn in (("half-bit threshold", falling), ("half-bit threshold, ", against_truth)):
        found = [x for x in figure.axes[0].get_lines() if str(x.get_label()).startswith(name)]
        np.testing.assert_array_equal(
            found[-1 if "," in name else 0].get_ydata(), drawn.threshold()
        )
    assert figure.axes[0].get_title(loc="left") == "Boat"
    assert figure._repr_png_()[:4] == b"\x89PNG"


def test_each_threshold_is_drawn_and_named_once():
    falling = np.linspace(1, 0, 10)
    figure = ring_correlation_figure(
        {"a": curve(falling), "b": curve(falling), "c": curve(falling, elements=50.0)}
    )
    assert labels(figure)[3:] == ["half-bit threshold"]
    dashed = [x for x in figure.axes[0].get_lines() if x.is_dashed()]
    assert len(dashed) == 2


def test_the_crossing_is_marked_on_the_threshold():
    falling = curve(np.linspace(1, 0, 10))
    figure = ring_correlation_figure({"halves": falling})
    drawn = figure.axes[0].get_lines()
    drop, dot = [x for x in drawn if falling.cutoff() in np.atleast_1d(x.get_xdata())]
    (height,) = dot.get_ydata()
    assert height == pytest.approx(np.interp(falling.cutoff(), FREQUENCIES, falling.correlation))
    assert list(drop.get_ydata()) == [0, height]


@pytest.mark.parametrize(
    ("correlation", "label"),
    [
        (0.9, "x: below 2 px"),
        (0.0, "x: nothing resolved"),
        (np.nan, "x: nothing resolved"),
        ([1, 1, 1, 1, *[np.nan] * 6], "x: below 5 px"),
    ],
)
def test_curves_that_do_not_cross_have_no_mark(correlation, label):
    figure = ring_correlation_figure({"x": curve(correlation)})
    assert labels(figure)[0] == label
    assert len(figure.axes[0].get_lines()) == 3  # zero, the curve, the threshold
    figure._repr_png_()


@pytest.mark.parametrize(
    ("scale", "unit", "periods"),
    [(1.0, "px", ["2", "3", "4", "5", "7", "10", "15", "30"]), (100.0, "um", None),
     (1 / 0.35, "nm", ["0.7", "1", "1.5", "2", "3", "5"])],
)  # fmt: skip
def test_periods_are_written_in_round_numbers(scale, unit, periods):
    figure = ring_correlation_figure({"x": curve(0.9, scale=scale)}, unit=unit)
    figure.canvas.draw()
    axes = figure.axes[0]
    (above,) = axes.child_axes
    shown = [text.get_text() for text in above.get_xticklabels()]
    assert periods is None or shown == periods
    np.testing.assert_allclose(above.get_xticks(), [1 / float(text) for text in shown])
    assert above.get_xlabel() == f"Period ({unit})"
    assert axes.get_xlabel() == f"Spatial frequency (cycles per {unit})"
    assert axes.get_xlim() == pytest.approx((0, 0.5 * scale))


@pytest.mark.parametrize("value", [-1.0, 0.5, 3.0])
def test_the_axis_shows_zero_one_and_a_little_beyond(value):
    low, high = ring_correlation_figure({"x": curve(value)}).axes[0].get_ylim()
    assert low <= min(value, 0)
    assert 1 < high <= 1.1


def test_no_curve_is_explained():
    with pytest.raises(InputError, match="`curves` is empty"):
        ring_correlation_figure({})
