"""The interactive figure of a page, as the plotting library (plotly.js) takes it.

Two panels share one axis: the spectrum, and below it the residuals in units of the noise. What is
drawn and how is said here; `assets/page.js` puts in the numbers of the sample and the scale that
the reader chose, which keeps every number in the file once.
"""

from __future__ import annotations

import math
from html import escape
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from autoden.report.numerals import GAP, show
from autoden.report.page import Page, Spectrum

Floats = NDArray[np.float64]

# Okabe and Ito (2008), as in `canvas`, which is not imported here because it imports matplotlib.
ORANGE: Final = "#d55e00"
BAND: Final = "rgba(213, 94, 0, 0.25)"
GREY: Final = "#808080"
GREEN: Final = "#009e73"
_GRID: Final = "#e6e6e6"
_DIGITS: Final = 6
_DIGITS_X: Final = 9


def chart(page: Page) -> dict[str, Any]:
    """Describe the figure of a page.

    Parameters
    ----------
    page : Page
        The page.

    Returns
    -------
    dict
        Ready for JSON: ``traces`` and ``layout`` of plotly.js, each trace with the name of its
        numbers in ``meta``; ``x``; and ``spectra``, the numbers of each sample, None where there
        is no finite number. All text is escaped for plotly.js, which reads some HTML.
    """
    spectra = page.spectra()
    has_residuals = page.noise_sigma is not None
    return {
        "traces": _traces(page),
        "layout": _layout(page, has_residuals),
        "x": _rounded(page.x, _DIGITS_X),
        "spectra": [_numbers(spectrum, page) for spectrum in spectra],
    }


def describe(spectrum: Spectrum, page: Page) -> str:
    """Say in words what the figure of a sample shows, for those who do not see it."""
    x, name = page.x, f" of {spectrum.name}" if spectrum.name else ""
    unit = "" if page.positions is None else f" {page.axis_unit}".rstrip()
    ends = f"{show(x.min())} to {show(x.max())}{unit}"
    text = f"Spectrum{name} with {len(x)} channels from {ends}."
    if not np.isfinite(spectrum.estimate).any():
        return text
    top = int(np.nanargmax(spectrum.estimate))
    value = f"{show(spectrum.estimate[top])} {page.value_unit}".rstrip()
    return f"{text} The estimate is highest at {show(x[top])}{unit}, with {value}."


def log_floor(spectrum: Spectrum) -> float:
    """Choose the value at which a logarithmic axis ends: zeros and below are drawn there.

    It lies below the smallest positive measured value, and below the estimate as far as a factor
    of 10: an estimate of nearly nothing must not squeeze the rest. Where noise leads below 0, how
    near to it a positive value happens to be says nothing: a tenth of the noise is low enough.
    """
    measured = spectrum.measured[spectrum.measured > 0]
    estimate = spectrum.estimate[spectrum.estimate > 0]
    if not measured.size:
        return float(estimate.min()) / 2 if estimate.size else 0.1
    low = max(float(measured.min()), 1e-6 * float(measured.max()))
    if spectrum.noise_sigma is not None and (spectrum.measured < 0).any():
        return max(low / 2, float(np.median(spectrum.noise_sigma)) / 10)
    if estimate.size:
        low = min(low, max(float(estimate.min()), low / 10))
    return low / 2


def _numbers(spectrum: Spectrum, page: Page) -> dict[str, Any]:
    """Give the numbers of one sample, rounded to what can be seen."""
    numbers: dict[str, Any] = {
        "name": spectrum.name,
        "description": describe(spectrum, page),
        "floor": log_floor(spectrum),
    }
    for name in ("measured", "estimate", "sigma", "reference", "residuals"):
        values = getattr(spectrum, name)
        if values is not None:
            numbers[name] = _rounded(values, _DIGITS)
    numbers.setdefault("sigma", [None] * len(page.x))  # the script asks for it
    return numbers


def _rounded(values: Floats, digits: int) -> list[float | None]:
    return [float(f"{v:.{digits}g}") if np.isfinite(v) else None for v in values.tolist()]


def _traces(page: Page) -> list[dict[str, Any]]:
    """Describe the lines, from the back to the front."""
    quiet = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    no_line = {"width": 0, "color": ORANGE}
    traces: list[dict[str, Any]] = [
        {
            **quiet, "name": "measured mean", "meta": "measured",
            "line": {"color": GREY, "width": 1, "shape": "hvh"},
        },
    ]  # fmt: skip
    if page.sigma is not None:
        traces += [
            {**quiet, "meta": "lower", "line": no_line, "showlegend": False},
            {
                **quiet, "name": "± 1 sigma", "meta": "upper", "line": no_line,
                "fill": "tonexty", "fillcolor": BAND,
            },
        ]  # fmt: skip
    if page.reference is not None:
        line = {"color": GREEN, "width": 1}
        traces.append({**quiet, "name": "reference", "meta": "reference", "line": line})
    traces.append(
        {
            "type": "scatter", "mode": "lines", "name": "estimate", "meta": "estimate",
            "line": {"color": ORANGE, "width": 1.6}, "hovertemplate": _hover(page),
        }
    )  # fmt: skip
    if page.noise_sigma is not None:
        traces.append(
            {
                "type": "scatter", "mode": "lines", "name": "residual", "meta": "residuals",
                "yaxis": "y2", "showlegend": False,
                "line": {"color": GREY, "width": 1, "shape": "hvh"},
                "hovertemplate": f"{_hover_position(page)}<br>%{{y:+.2f}} sigma<extra></extra>",
            }
        )  # fmt: skip
    return traces


def _hover(page: Page) -> str:
    """Write what is said about a channel; the page puts in estimate, measured, reference."""
    unit = f" {_text(page.value_unit)}" if page.value_unit else ""
    lines = [
        f"<b>{_hover_position(page)}</b>",
        f"estimate %{{customdata[0]}}{unit}",
        f"measured %{{customdata[1]}}{unit}",
    ]
    if page.reference is not None:
        lines.append(f"reference %{{customdata[2]}}{unit}")
    return "<br>".join(lines) + "<extra></extra>"


def _hover_position(page: Page) -> str:
    if page.positions is None:
        return "channel %{x:d}"
    unit = f" {_text(page.axis_unit)}" if page.axis_unit else ""
    return f"%{{x:{_position_format(page)}}}{unit}"


def _position_format(page: Page) -> str:
    """Choose as many decimals as tell neighbouring channels apart."""
    if len(page.x) < 2:
        return ".6~r"
    decimals = 1 - math.floor(math.log10(float(np.abs(np.diff(page.x)).min())))
    return f".{min(max(decimals, 0), 9)}f"


def _layout(page: Page, has_residuals: bool) -> dict[str, Any]:
    """Describe the panels; their ranges are chosen where they are drawn."""
    axis = {
        "gridcolor": _GRID, "zeroline": False, "showline": True, "linecolor": "#444",
        "ticks": "outside", "ticklen": 4, "tickcolor": "#444", "automargin": True,
    }  # fmt: skip
    layout: dict[str, Any] = {
        "font": {"family": "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
                 "size": 13, "color": "#222"},
        "paper_bgcolor": "#fff", "plot_bgcolor": "#fff",
        "margin": {"l": 10, "r": 12, "t": 8, "b": 8},
        "separators": f".{GAP}", "hovermode": "x", "hoverdistance": 50, "dragmode": "zoom",
        "hoverlabel": {"bgcolor": "#fff", "bordercolor": "#888", "align": "left",
                       "font": {"color": "#222"}},
        "legend": {"orientation": "h", "x": 0, "y": 1.01, "xanchor": "left", "yanchor": "bottom",
                   "traceorder": "normal"},
        "xaxis": {**axis, "title": {"text": _text(page.axis_label), "standoff": 6},
                  "anchor": "y2" if has_residuals else "y", "exponentformat": "none",
                  "hoverformat": "d" if page.positions is None else _position_format(page),
                  "showspikes": True, "spikemode": "across", "spikethickness": 1,
                  "spikecolor": "#aaa", "spikedash": "solid", "spikesnap": "hovered data"},
        "yaxis": {**axis, "title": {"text": _text(page.value_name), "standoff": 6},
                  "domain": [0.34, 1] if has_residuals else [0, 1], "exponentformat": "power"},
    }  # fmt: skip
    if has_residuals:
        layout["yaxis2"] = {
            **axis, "title": {"text": "Residual / sigma", "standoff": 6},
            "domain": [0, 0.28], "fixedrange": True,
        }  # fmt: skip
        across = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "layer": "below"}
        layout["shapes"] = [
            {**across, "type": "rect", "y0": -2, "y1": 2, "fillcolor": "#e3edf5",
             "line": {"width": 0}},
            {**across, "type": "line", "y0": 0, "y1": 0, "line": {"color": "#444", "width": 1}},
        ]  # fmt: skip
    return layout


def _text(given: str) -> str:
    """Escape text for plotly.js, which reads some tags, and %{...} in what it says on hovering."""
    return escape(given).replace("%{", "%&#123;")
