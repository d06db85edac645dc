"""Figures as plotly.js takes them: a spectrum before and after, and the curve of a training.

Colours that must suit light and dark are left to the style sheet.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.app.progress import Curve
from autoden.app.view import View
from autoden.signals import Axis

ORANGE, BAND, GREY, BLUE = "#d55e00", "rgba(213, 94, 0, 0.25)", "#8a8a8a", "#0072b2"
_CLEAR = "rgba(0,0,0,0)"
_CONFIG = {  # no list of lists: plotly.js takes it for another one each time, and draws for ever
    "displaylogo": False,
    "responsive": True,
    "showTips": False,
    "plotlyServerURL": "",
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "png", "scale": 3, "filename": "spectrum"},
}


def spectrum_figure(
    before: View | None,
    after: View | None = None,
    sigma: NDArray[Any] | None = None,
    *,
    item: int = 0,
    logarithmic: bool = False,
    span: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """Draw what was measured, the estimate, and its 1 sigma band.

    Parameters
    ----------
    before, after : View or None
        Spectra; at least one.
    sigma : ndarray, optional
        Uncertainty, shaped like the values of `after`.
    item : int
        Which of several spectra.
    logarithmic : bool
        Scale of the values; those at zero or below are drawn at the lower edge.
    span : tuple of float, optional
        Positions from which to which; all if not given.
    """
    first = before or after
    assert first is not None
    x = positions(first.axes[0], first.values.shape[-1])
    curves = {
        "measured": None if before is None else before.values[item],
        "estimate": None if after is None else after.values[item],
    }
    if after is not None and sigma is not None:
        curves["lower"] = after.values[item] - sigma[item]
        curves["upper"] = after.values[item] + sigma[item]
    known = {name: np.asarray(y, dtype=np.float64) for name, y in curves.items() if y is not None}
    if logarithmic:
        floor = _floor(known)
        known = {name: np.maximum(y, floor) for name, y in known.items()}
    inside = np.ones(len(x), bool) if span is None else (x >= min(span)) & (x <= max(span))
    layout = _layout(axis_label(first.axes[0]), first.quantity)
    layout["yaxis"]["type"] = "log" if logarithmic else "linear"
    layout["yaxis"]["range"] = _range([y[inside] for y in known.values()], logarithmic)
    layout["xaxis"]["range"] = [float(x.min()), float(x.max())] if span is None else list(span)
    traces = [_trace(name, x, known[name]) for name in ("measured", "lower", "upper", "estimate")
              if name in known]  # fmt: skip
    return {"data": traces, "layout": layout, "config": _CONFIG}


def curve_figure(curve: Curve) -> dict[str, Any]:
    """Draw losses by epoch, on a logarithmic scale where they are all positive."""
    layout = _layout("Epoch", f"{curve.kind.capitalize()} loss")
    scores = [score for score in curve.scores if math.isfinite(score)]
    if scores and min(scores) > 0 and max(scores) > 3 * min(scores):
        decades = math.log10(max(scores) / min(scores))
        layout["yaxis"] |= {"type": "log"} | ({"dtick": "D2"} if 1 < decades < 4 else {})
    trace = {
        "type": "scatter", "mode": "lines", "name": f"{curve.kind} loss", "x": curve.epochs,
        "y": curve.scores, "line": {"color": BLUE, "width": 1.6},
        "hovertemplate": "epoch %{x}: %{y:.4g}<extra></extra>",
    }  # fmt: skip
    return {"data": [trace], "layout": layout, "config": {**_CONFIG, "displayModeBar": False}}


def positions(axis: Axis, length: int) -> NDArray[np.float64]:
    """Give the positions along an axis, or numbers from 0."""
    return np.arange(length, dtype=np.float64) if axis.values is None else axis.values


def axis_label(axis: Axis) -> str:
    """Name an axis with its unit.

    Examples
    --------
    >>> axis_label(Axis("energy", "keV")), axis_label(Axis("axis_0"))
    ('Energy (keV)', 'Axis 0')
    """
    name = axis.name.replace("_", " ").capitalize()
    return f"{name} ({axis.unit})" if axis.unit else name


def _trace(name: str, x: NDArray[Any], y: NDArray[Any]) -> dict[str, Any]:
    line: dict[str, Any] = {"width": 0, "color": ORANGE}
    if name == "measured":
        line = {"width": 1, "color": GREY, "shape": "hvh"}
    elif name == "estimate":
        line = {"width": 1.8, "color": ORANGE}
    is_band = name in ("lower", "upper")
    trace: dict[str, Any] = {
        "type": "scatter", "mode": "lines", "x": _plain(x), "y": _plain(y), "line": line,
        "name": {"upper": "± 1 sigma"}.get(name, name), "showlegend": name != "lower",
        "hoverinfo": "skip" if is_band else "x+y",
        "hovertemplate": None if is_band else f"{name} %{{y:.4g}}<extra></extra>",
    }  # fmt: skip
    if name == "upper":
        trace |= {"fill": "tonexty", "fillcolor": BAND}
    return trace


def _plain(values: NDArray[Any]) -> list[float | None]:
    """Give numbers for JSON, to what can be seen; None for what is not finite."""
    return [float(f"{v:.7g}") if math.isfinite(v) else None for v in values.tolist()]


def _floor(curves: Mapping[str, NDArray[Any]]) -> float:
    """Choose where a logarithmic axis ends: below the smallest positive value that was measured.

    It lies below the estimate as far as a factor of 10: an estimate of nearly nothing must not
    squeeze the rest.
    """
    lows = [float(y[y > 0].min()) for y in curves.values() if (y > 0).any()]
    highs = [float(y[y > 0].max()) for y in curves.values() if (y > 0).any()]
    if not lows:
        return 0.1
    measured = curves.get("measured", np.zeros(0))
    least = float(measured[measured > 0].min()) if (measured > 0).any() else min(lows)
    return max(min(lows), least / 10, 1e-6 * max(highs)) / 2


def _range(curves: Sequence[NDArray[Any]], logarithmic: bool) -> list[float]:
    """Give the range of values to draw, with a little room."""
    finite = np.concatenate([y[np.isfinite(y)] for y in curves] or [np.zeros(0)])
    if not finite.size:
        return [0.0, 1.0]
    low, high = float(finite.min()), float(finite.max())
    if logarithmic:
        room = 0.04 * math.log10(high / low) + 0.01 if high > low else 1.0
        return [math.log10(low) - room, math.log10(high) + room]
    low = 0.0 if 0 <= low < 0.6 * high else low
    room = 0.04 * (high - low) or 0.5
    return [low - (room if low else 0.0), high + room]


def _layout(x_label: str, y_label: str) -> dict[str, Any]:
    axis = {"zeroline": False, "showline": True, "ticks": "outside", "ticklen": 4}
    return {
        "font": {"family": "Roboto, system-ui, sans-serif", "size": 13},
        "paper_bgcolor": _CLEAR, "plot_bgcolor": _CLEAR, "autosize": True,
        "margin": {"l": 72, "r": 16, "t": 34, "b": 52},
        "hovermode": "x", "dragmode": "zoom", "uirevision": "kept",
        "modebar": {"bgcolor": _CLEAR},
        "legend": {"orientation": "h", "x": 0, "y": 1.01, "xanchor": "left", "yanchor": "bottom",
                   "bgcolor": _CLEAR},
        "xaxis": {**axis, "title": {"text": x_label, "standoff": 8}, "exponentformat": "none"},
        "yaxis": {**axis, "title": {"text": y_label, "standoff": 8}, "exponentformat": "power"},
    }  # fmt: skip
