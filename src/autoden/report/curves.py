"""The curves of a spectrum and the limits of its axes, as all figures of spectra have them.

Which panels a figure has, and what they show, the modules of the figures say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

LABELS: Final = {
    "noisy": "one exposure",
    "mean": "mean of the exposures",
    "reference": "reference",
    "denoised": "denoised",
    "truth": "truth",
}  # in the order of drawing: the thin dashes of the truth on top


def draw_curves(
    axes: Axes,
    x: Floats,
    curves: Mapping[str, Floats],
    *,
    points: float,
    dotted: Collection[str] = (),
) -> None:
    """Draw curves, each in its style; some as dots, as noisy ones are, of size `points`.

    On a logarithmic scale a line ends at every zero, and a count between two would not be seen.
    """
    from autoden.report.canvas import BLACK, GREEN, GREY, ORANGE, SKY

    styles: dict[str, dict[str, Any]] = {
        "noisy": {"color": GREY, "linestyle": "none", "marker": ".", "markersize": points},
        "mean": {"color": SKY, "linewidth": 0.8},
        "reference": {"color": GREEN, "linewidth": 0.8},
        "truth": {"color": BLACK, "linewidth": 0.8, "linestyle": (0, (4, 2))},
        "denoised": {"color": ORANGE, "linewidth": 1.4},
    }
    for name in LABELS:
        if name in curves:
            style = styles[name]
            if name in dotted:
                style = {**styles["noisy"], "color": style["color"]}
            axes.plot(x, curves[name], label=LABELS[name], **style)


def shade_band(axes: Axes, x: Floats, lower: Floats, upper: Floats) -> None:
    """Draw the band of 1 sigma; on a logarithmic scale, down to the end of the axis."""
    from autoden.report.canvas import ORANGE

    if axes.get_yscale() == "log":
        bottom = axes.get_ylim()[0]
        lower, upper = np.maximum(lower, bottom), np.maximum(upper, bottom)
    axes.fill_between(x, lower, upper, color=ORANGE, alpha=0.3, linewidth=0, label="± 1 sigma")


def set_log_scale(axes: Axes, limits: tuple[float, float]) -> None:
    """Make the values logarithmic; those of 0 and below are left out."""
    axes.set_yscale("log", nonpositive="mask")
    axes.set_ylim(limits)


def linear_limits(values: Iterable[Floats]) -> tuple[float, float]:
    """Give limits around the finite values: from zero, unless all lie far above or some below."""
    joined = np.concatenate([y[np.isfinite(y)] for y in values])
    if not joined.size:
        return 0.0, 1.0
    low, high = float(joined.min()), float(joined.max())
    low = low if low < 0 or low > 0.6 * high else 0.0
    margin = 0.05 * (high - low) or max(0.05 * abs(high), 0.5)
    return low - margin, high + margin


def log_limits(curves: Mapping[str, Floats]) -> tuple[float, float]:
    """Give limits around the positive values, no lower than the measured ones need."""
    measured = {name: y for name, y in curves.items() if name in ("noisy", "mean")} or curves
    low = min((float(y[y > 0].min()) for y in measured.values() if np.any(y > 0)), default=0.0)
    high = max(float(np.nanmax(y)) for y in curves.values())
    return max(low, 1e-5 * high) / 3, high * 2
