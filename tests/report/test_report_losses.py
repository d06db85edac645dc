"""The figure of the losses: the values given, named in plain words."""

from typing import Any

import numpy as np
import pytest

from autoden.errors import InputError
from autoden.report import loss_figure

FALLING = np.geomspace(10, 0.01, 50)


def labels(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_curves_are_drawn_and_named() -> None:
    figure = loss_figure(
        {"loss_tst_sbi": FALLING, "loss_tst": FALLING + 1, "loss_trn_data": FALLING + 2,
         "loss_trn": FALLING + 3, "mine": FALLING + 4}, best_epoch=49,
    )  # fmt: skip
    assert labels(figure) == [
        "training", "training, data term only", "held out",
        "held out, scale- and bias-invariant", "mine", "best epoch: 49",
    ]  # fmt: skip
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("Epoch", "Loss", "log")
    for line, offset in zip(axes.get_lines()[:5], [3, 2, 1, 0, 4], strict=True):
        np.testing.assert_array_equal(line.get_xdata(), np.arange(50))
        np.testing.assert_array_equal(line.get_ydata(), FALLING + offset)
    marker = axes.get_lines()[-1]
    assert (*marker.get_xdata(), *marker.get_ydata()) == (49, FALLING[49] + 1)  # type: ignore[misc]


def test_equal_training_curves_are_drawn_once() -> None:
    curve = np.where(np.arange(50) == 3, np.nan, FALLING)
    assert labels(loss_figure({"loss_trn": curve, "loss_trn_data": curve.copy()})) == ["training"]


@pytest.mark.parametrize(("factor", "n_drawn"), [(1.009, 2), (1.02, 4)])
def test_curves_that_coincide_are_drawn_once(factor: float, n_drawn: int) -> None:
    lone = np.where(np.arange(50) == 3, factor, 1.0)  # one epoch decides
    curves = {"loss_trn": FALLING, "loss_trn_data": FALLING * lone,
              "loss_tst": FALLING, "loss_tst_sbi": FALLING * lone}  # fmt: skip
    assert len(labels(loss_figure(curves))) == n_drawn


@pytest.mark.parametrize(("n_epochs", "scale"), [(1, "linear"), (100, "linear"), (101, "symlog"),
                                                 (5000, "symlog")])  # fmt: skip
def test_many_epochs_are_on_a_logarithmic_axis(n_epochs: int, scale: str) -> None:
    figure = loss_figure({"loss_trn": np.geomspace(1, 0.1, n_epochs)}, best_epoch=n_epochs - 1)
    figure.canvas.draw()
    (axes,) = figure.axes
    assert axes.get_xscale() == scale
    left, right = axes.get_xlim()
    assert left < 0 <= n_epochs - 1 < right
    shown = [text.get_text() for text in axes.get_xticklabels()]
    assert shown[0] == "0" or scale == "linear"
    assert n_epochs != 5000 or shown == ["0", "1", "10", "100", "1000"]


def test_missing_values_are_skipped() -> None:
    (axes,) = loss_figure({"loss_tst": [np.nan, 2.0, np.nan, 1.0, np.inf]}, best_epoch=0).axes
    np.testing.assert_array_equal(axes.get_lines()[0].get_xdata(), [1, 3])
    np.testing.assert_array_equal(axes.get_lines()[0].get_ydata(), [2, 1])


@pytest.mark.parametrize(
    ("curve", "scale"),
    [([1.0], "log"), ([0.0, 0.0], "linear"), ([1.0, 0.0], "log"), ([1.0, -2.0], "linear"),
     ([1e-9, 1e9], "log"), ([1.0, 1.0001], "log"), ([2.0, np.nan], "log")],
)  # fmt: skip
def test_odd_curves_are_drawn(curve: list[float], scale: str) -> None:
    figure = loss_figure({"loss_trn": curve}, best_epoch=0)
    assert figure.axes[0].get_yscale() == scale
    assert figure._repr_png_()[:4] == b"\x89PNG"  # type: ignore[attr-defined]


def test_a_lone_value_is_seen_as_a_point() -> None:
    (axes,) = loss_figure({"loss_tst": [np.nan, 2.0]}).axes
    assert axes.get_lines()[0].get_marker() == "o"


@pytest.mark.parametrize(
    ("curves", "best", "words"),
    [
        ({}, None, "No loss is finite.*loss_trn"),
        ({"loss_trn": [np.nan]}, None, "No loss is finite"),
        ({"loss_trn": [[1.0]]}, None, r"loss_trn.*\(1, 1\)"),
        ({"loss_trn": [1.0, 2.0]}, 2, "best_epoch.*2.*0 to 1"),
        ({"loss_trn": [1.0, 2.0]}, -1, "best_epoch.*-1"),
    ],
)
def test_bad_input_is_explained(curves: dict[str, Any], best: int | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        loss_figure(curves, best)
