"""The printed figures of a page show its arrays, in the right units."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.lines import Line2D

from autoden.errors import InputError
from autoden.report import Page, plot_denoised, plot_residuals

N = 2000
X = np.linspace(0.0, 20.0, N)
RATE = 20 + 300 * np.exp(-0.5 * ((X - 8) / 0.3) ** 2)
MEASURED = np.random.default_rng(1).poisson(4 * RATE) / 4
PAGE = Page(
    measured=MEASURED, estimate=RATE, sigma=np.sqrt(RATE) / 10, noise_sigma=np.sqrt(RATE) / 2,
    reference=RATE + 1, positions=X, axis_name="Energy", axis_unit="keV", title="5$ and 6$",
    value_name="Rate (1/s)",
)  # fmt: skip


def test_linear_scale_logarithmic_scale_and_residuals_share_one_axis() -> None:
    figure = plot_denoised(PAGE)
    linear, log, below = figure.axes
    assert [axes.get_yscale() for axes in figure.axes] == ["linear", "log", "linear"]
    assert {axes.get_xlim() for axes in figure.axes} == {(0.0, 20.0)}
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "Energy (keV)"]
    tops = [axes.get_subplotspec().get_position(figure).y1 for axes in figure.axes]
    assert tops == sorted(tops, reverse=True)
    for axes in (linear, log):
        assert axes.get_ylabel() == "Rate (1/s)"
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        np.testing.assert_array_equal(lines["denoised"], RATE)
        np.testing.assert_array_equal(lines["mean of the exposures"], MEASURED)
        np.testing.assert_array_equal(lines["reference"], RATE + 1)
        (band,) = (c for c in axes.collections if c.get_label() == "± 1 sigma")
        corners = band.get_paths()[0].vertices
        at_peak = corners[np.isclose(corners[:, 0], X[800]), 1]
        np.testing.assert_allclose(np.ptp(at_peak), 2 * np.sqrt(RATE[800]) / 10)
    drawn = below.get_lines()[0].get_ydata()
    np.testing.assert_allclose(drawn, (MEASURED - RATE) / (np.sqrt(RATE) / 2))
    assert "Residual" in below.get_ylabel()


def test_letters_are_legible_where_the_picture_is_1000_pixels_wide() -> None:
    figure = plot_denoised(PAGE)
    inches = figure.get_size_inches()[0]
    for axes in figure.axes:
        labels = (axes.xaxis.label, axes.yaxis.label, *axes.get_yticklabels())
        assert all(label.get_fontsize() / 72 / inches * 1000 > 12 for label in labels)


def test_single_counts_among_zeros_are_seen_on_the_logarithmic_scale() -> None:
    counts = np.zeros(100)
    counts[[7, 50]] = 1
    _, log = plot_denoised(Page(measured=counts, estimate=counts / 9, sigma=counts)).axes
    (mean,) = (line for line in log.get_lines() if line.get_label() == "mean of the exposures")
    assert (mean.get_linestyle(), mean.get_marker()) == ("None", ".")
    assert log.get_ylim()[0] < 1 / 9


def test_panels_that_would_be_empty_are_left_out() -> None:
    nothing = Page(measured=-MEASURED, estimate=-RATE, sigma=RATE, noise_sigma=0 * RATE)
    (linear,) = plot_denoised(nothing).axes
    assert linear.get_yscale() == "linear"


def test_the_band_ends_with_the_logarithmic_axis() -> None:
    wide = Page(measured=MEASURED, estimate=RATE, sigma=5 * RATE)
    figure = plot_denoised(wide)
    _, log = figure.axes
    (band,) = log.collections
    assert band.get_paths()[0].vertices[:, 1].min() == pytest.approx(log.get_ylim()[0])
    assert figure._repr_png_()[:4] == b"\x89PNG"  # type: ignore[attr-defined]


def test_residuals_are_in_units_of_the_noise() -> None:
    along, beside = plot_residuals(PAGE).axes
    drawn = along.get_lines()[0].get_ydata()
    np.testing.assert_allclose(drawn, (MEASURED - RATE) / (np.sqrt(RATE) / 2))
    bars = [patch for patch in beside.patches if patch.get_height() < 1]  # not the shaded range
    assert sum(bar.get_width() * bar.get_height() for bar in bars) == pytest.approx(1)
    middle = [bar.get_width() for bar in bars if abs(bar.get_y() + bar.get_height() / 2) < 0.5]
    assert np.mean(middle) == pytest.approx(0.383, abs=0.05)  # a normal's share within half a sigma


def test_one_of_several_samples() -> None:
    both = Page(
        measured=[MEASURED, 2 * MEASURED], estimate=[RATE, 2 * RATE], sigma=[RATE, RATE],
        samples=["left", "right"],
    )  # fmt: skip
    axes = plot_denoised(both, sample=1).axes[0]
    np.testing.assert_array_equal(axes.get_lines()[-1].get_ydata(), 2 * RATE)
    assert axes.get_title(loc="left").endswith("right")
    with pytest.raises(InputError, match="2 samples, 0 to 1"):
        plot_denoised(both, sample=2)


@pytest.mark.parametrize("plot", [plot_denoised, plot_residuals])
def test_names_are_no_formulas_and_long_titles_are_wrapped(plot: Any) -> None:
    figure = plot(PAGE)
    assert figure.axes[0].get_title(loc="left") == r"5\$ and 6\$"
    title = "a_very long $name$ of %a file with ümläuts & <tags>, " * 4
    odd = replace(PAGE, title=title, axis_name="$\\nu_0", axis_unit="cm^{-1} $x$", value_name="$_$")
    figure = plot(odd)
    assert figure._repr_png_()[:4] == b"\x89PNG"  # type: ignore[attr-defined]
    shown = figure.axes[0].get_title(loc="left")
    assert " ".join(shown.replace(r"\$", "$").split()) == title.strip()
    box = figure.axes[0].title.get_window_extent()
    assert max(len(line) for line in shown.splitlines()) <= 110
    assert box.x1 <= figure.bbox.x1


@pytest.mark.parametrize("noise_sigma", [None, np.zeros(3)])
def test_residuals_need_the_noise(noise_sigma: np.ndarray | None) -> None:
    page = Page(measured=[1, 2, 3], estimate=[1, 2, 3], sigma=[1, 1, 1], noise_sigma=noise_sigma)
    with pytest.raises(InputError, match="noise_sigma"):
        plot_residuals(page)


def test_zeros_that_a_logarithmic_scale_leaves_out_are_told() -> None:
    assert "not shown" not in plot_denoised(PAGE).axes[1].get_ylabel()
    counts = np.arange(100.0) % 3
    linear, log = plot_denoised(Page(measured=counts, estimate=counts + 1, sigma=counts)).axes
    assert log.get_ylabel().endswith("(0 and below not shown)")
    assert "not shown" not in linear.get_ylabel()


def test_the_legend_shows_lines_and_dots_of_what_is_drawn_as_both() -> None:
    (legend,) = plot_denoised(PAGE).legends
    markers = [line.get_marker() for line in legend.findobj(Line2D)]
    assert markers == ["None", ".", "None", ".", "None"]  # mean, reference, denoised
