"""The figure of a spectrum shows the data it was given, and where."""

from typing import Any

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.report import spectrum_figure

N = 400
ENERGIES = np.linspace(0.0, 20.0, N)
TRUTH = 0.2 + 100 * np.exp(-0.5 * ((ENERGIES - 8) / 0.2) ** 2)
NOISY = np.random.default_rng(0).poisson(TRUTH)


def lines(axes: Any) -> dict[str, Any]:
    return {line.get_label(): line for line in axes.get_lines()}


def test_lines_hold_the_data() -> None:
    figure = spectrum_figure(
        energies=ENERGIES, noisy=NOISY, mean=TRUTH + 1, denoised=TRUTH + 2, truth=TRUTH,
        zooms=[(7, 9), (10, 12)],
    )  # fmt: skip
    assert len(figure.axes) == 3
    for axes in figure.axes:
        drawn = lines(axes)
        for label, y in [
            ("one exposure", NOISY), ("mean of the exposures", TRUTH + 1),
            ("denoised", TRUTH + 2), ("truth", TRUTH),
        ]:  # fmt: skip
            np.testing.assert_array_equal(drawn[label].get_xdata(), ENERGIES)
            np.testing.assert_array_equal(drawn[label].get_ydata(), y)
    assert lines(figure.axes[0])["one exposure"].get_linestyle() == "None"
    assert len({line.get_color() for line in figure.axes[0].get_lines()}) == 4


def test_labels_with_units_and_one_legend() -> None:
    figure = spectrum_figure(
        energies=ENERGIES, denoised=TRUTH, unit="eV", title="Brass", zooms=[(1, 2)] * 4
    )
    assert {axes.get_xlabel() for axes in figure.axes} == {"Energy (eV)"}
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "Counts per channel", "Counts per channel", "", "", "Counts per channel",
    ]  # fmt: skip
    assert figure.axes[0].get_title(loc="left") == "Brass"
    assert len(figure.legends) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["denoised"]
    assert all(axes.get_legend() is None for axes in figure.axes)


def test_zooms_are_scaled_to_what_they_show() -> None:
    figure = spectrum_figure(energies=ENERGIES, truth=TRUTH, zooms=[(7, 9), (12, 15)])
    overview, line, background = figure.axes
    assert overview.get_xlim() == (0, 20)
    assert line.get_xlim() == (7, 9)
    assert background.get_xlim() == (12, 15)
    assert 100 < line.get_ylim()[1] < 120
    low, high = background.get_ylim()
    assert low < 0.2 < high < 1


def test_log_scale_of_the_overview_only() -> None:
    figure = spectrum_figure(energies=ENERGIES, noisy=NOISY, log=True, zooms=[(7, 9)])
    assert [axes.get_yscale() for axes in figure.axes] == ["log", "linear"]
    low, high = figure.axes[0].get_ylim()
    assert 0.2 < low < 1
    assert high > NOISY.max()


def test_channel_numbers_without_energies() -> None:
    figure = spectrum_figure(noisy=NOISY, zooms=[(100, 200)])
    assert {axes.get_xlabel() for axes in figure.axes} == {"Channel"}
    np.testing.assert_array_equal(figure.axes[0].get_lines()[0].get_xdata(), np.arange(N))


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "y", [np.zeros(5), np.full(5, np.nan), np.array([1.0]), -np.ones(5), np.array([np.nan, 1, 2])]
)
def test_odd_data_are_drawn(y: Any, log: bool) -> None:
    figure = spectrum_figure(denoised=y, log=log, zooms=[(-1, 1)])
    figure.canvas.draw_idle()
    assert figure._repr_png_()[:4] == b"\x89PNG"  # type: ignore[attr-defined]


def test_input_is_untouched() -> None:
    before = NOISY.copy()
    spectrum_figure(noisy=NOISY, log=True)
    np.testing.assert_array_equal(NOISY, before)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "nothing to draw.*noisy.*denoised"),
        ({"noisy": np.ones((2, 3))}, r"noisy.*\(2, 3\)"),
        ({"noisy": np.ones(3), "truth": np.ones(4)}, "`noisy` 3.*`truth` 4"),
        ({"noisy": np.ones(3), "energies": np.ones(4)}, r"energies.*\(4,\)"),
        ({"noisy": np.ones(3), "energies": [1, 3, 2]}, "neither increases nor decreases"),
        ({"noisy": np.ones(3), "energies": [1, 2, np.nan]}, "neither increases nor decreases"),
        ({"noisy": NOISY, "energies": ENERGIES, "zooms": [(3, 3)]}, r"\(3, 3\).*low < high"),
        ({"noisy": NOISY, "energies": ENERGIES, "zooms": [(5, 3)]}, r"\(5, 3\).*low < high"),
        ({"noisy": NOISY, "energies": ENERGIES, "zooms": [(21, 30)]}, "from 0 to 20"),
        ({"noisy": NOISY, "energies": ENERGIES, "zooms": [(1, 2, 3)]}, "pair"),
    ],
)
def test_bad_input_is_explained(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        spectrum_figure(**arguments)
