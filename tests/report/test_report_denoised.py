"""The printed figures of a page show its arrays, in the right units."""

import numpy as np
import pytest

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


def test_the_band_is_one_sigma_wide() -> None:
    figure = plot_denoised(PAGE, zooms=[(7, 9)])
    for axes in figure.axes:
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        np.testing.assert_array_equal(lines["denoised"], RATE)
        np.testing.assert_array_equal(lines["mean of the exposures"], MEASURED)
        np.testing.assert_array_equal(lines["reference"], RATE + 1)
        (band,) = (c for c in axes.collections if c.get_label() == "± 1 sigma")
        corners = band.get_paths()[0].vertices
        at_peak = corners[np.isclose(corners[:, 0], X[800]), 1]
        np.testing.assert_allclose(np.ptp(at_peak), 2 * np.sqrt(RATE[800]) / 10)
    assert figure.axes[0].get_ylabel() == "Rate (1/s)"
    assert figure.axes[0].get_xlabel() == "Energy (keV)"


def test_the_band_ends_with_the_logarithmic_axis() -> None:
    wide = Page(measured=MEASURED, estimate=RATE, sigma=5 * RATE)
    figure = plot_denoised(wide, log=True)
    (axes,) = figure.axes
    (band,) = axes.collections
    assert band.get_paths()[0].vertices[:, 1].min() == pytest.approx(axes.get_ylim()[0])
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


def test_dollar_signs_in_a_title_are_no_formula() -> None:
    figure = plot_residuals(PAGE)
    assert figure.axes[0].get_title(loc="left") == r"5\$ and 6\$"
    assert figure._repr_png_()[:4] == b"\x89PNG"  # type: ignore[attr-defined]


@pytest.mark.parametrize("noise_sigma", [None, np.zeros(3)])
def test_residuals_need_the_noise(noise_sigma: np.ndarray | None) -> None:
    page = Page(measured=[1, 2, 3], estimate=[1, 2, 3], sigma=[1, 1, 1], noise_sigma=noise_sigma)
    with pytest.raises(InputError, match="noise_sigma"):
        plot_residuals(page)
