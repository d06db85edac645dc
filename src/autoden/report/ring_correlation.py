"""Ring correlations against spatial frequency: what is resolved, and by which threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

THRESHOLDS: Final = {
    "half-bit": ("half-bit threshold", (0, (5, 2))),
    "one-bit": ("one-bit threshold", (0, (5, 2, 1, 2))),
    "1/7": ("threshold 1/7", (0, (2, 2))),
    "truth": ("half-bit threshold, against a truth", (0, (1, 1.2))),
}
"""Label and dashes of the threshold of each criterion."""

_MANTISSAS: Final = (1, 1.5, 2, 3, 4, 5, 7)  # of the periods written above the axes
_APART: Final = 0.06  # least distance between two of them, as a share of the axis


class Curve(Protocol):
    """What is drawn of a ring correlation; `autoden.evaluation.RingCorrelation` has it all."""

    @property
    def frequencies(self) -> Floats:
        """Middle of each ring, (n_rings,)."""

    @property
    def correlation(self) -> Floats:
        """Correlation in each ring, (n_rings,); NaN leaves a gap."""

    @property
    def nyquist(self) -> float:
        """End of the axis."""

    @property
    def criterion(self) -> str:
        """Name of the threshold."""

    def threshold(self) -> Floats:
        """Threshold in each ring, (n_rings,)."""

    def cutoff(self) -> float:
        """Frequency where the correlation first falls below the threshold, 0 if at once."""


def ring_correlation_figure(
    curves: Mapping[str, Curve], *, unit: str = "px", title: str | None = None
) -> Figure:
    """Draw ring correlations, the thresholds they are held against, and where they cross.

    Parameters
    ----------
    curves : mapping of str to RingCorrelation
        By the name to show, as `autoden.evaluation.ring_correlation` gives them. Each is judged by
        its own criterion: its name is followed by the period that is resolved, in `unit`. The
        axis is cut at a correlation of 1.1 for estimates that pass it.
    unit : str
        Of the spacing that the curves were made with; elements ("px") if there was none.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. It shows itself at the end of a notebook cell; `autoden.report.save_figure`
        saves it.

    Raises
    ------
    InputError
        If there is no curve.

    Examples
    --------
    >>> import numpy as np
    >>> import autoden as ad
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=(64, 64)).cumsum(axis=0).cumsum(axis=1)
    >>> halves = truth + rng.normal(0, 5, size=(2, 64, 64))
    >>> curve = ad.evaluation.ring_correlation(*halves)
    >>> figure = ad.report.ring_correlation_figure({"two halves": curve})
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['two halves: 2.92 px', 'half-bit threshold']
    """
    if not curves:
        raise InputError("`curves` is empty: give one or more ring correlations by name.")
    from autoden.report.canvas import Sheet

    figure = Sheet(figsize=(7, 4.4), layout="constrained")
    axes = figure.add_subplot()
    draw_ring_correlations(axes, curves, unit)
    _draw_periods(axes, max(curve.nyquist for curve in curves.values()), unit)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=9)
    if title is not None:
        axes.set_title(title, loc="left", fontsize=11)
    return figure


def draw_ring_correlations(axes: Axes, curves: Mapping[str, Curve], unit: str) -> None:
    """Draw curves and thresholds on axes, without a legend."""
    from autoden.report.canvas import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, tidy

    tidy(axes)
    axes.axhline(0, color=BLACK, linewidth=0.6)
    colours = cycle([BLUE, ORANGE, GREEN, PURPLE, SKY, BLACK])
    for (name, curve), colour in zip(curves.items(), colours, strict=False):
        _draw(axes, name, curve, colour, unit)
    _draw_thresholds(axes, list(curves.values()))
    axes.set_xlim(0, max(curve.nyquist for curve in curves.values()))
    axes.set_ylim(_limits(curves))
    axes.set_xlabel(f"Spatial frequency (cycles per {unit})")
    axes.set_ylabel("Ring correlation")


def _draw(axes: Axes, name: str, curve: Curve, colour: str, unit: str) -> None:
    """Draw a curve and, where it crosses its threshold, a drop line."""
    resolved = _resolved(curve, unit)
    axes.plot(
        curve.frequencies,
        curve.correlation,
        color=colour,
        linewidth=1.5,
        marker=".",
        markersize=3,
        label=f"{name}: {resolved}",
    )
    cutoff = curve.cutoff()
    if not _crosses(curve) or cutoff == 0:
        return
    height = float(np.interp(cutoff, curve.frequencies, curve.threshold()))
    axes.plot([cutoff, cutoff], [0, height], color=colour, linewidth=0.9)
    axes.plot(
        cutoff, height, color=colour, marker="o", markersize=6, markeredgecolor="white", zorder=4
    )


def _crosses(curve: Curve) -> bool:
    """Tell whether a curve falls below its threshold anywhere."""
    return bool(np.any(curve.correlation < curve.threshold()))


def _resolved(curve: Curve, unit: str) -> str:
    """Say in a few words which period is resolved."""
    cutoff = curve.cutoff()
    if cutoff == 0:
        return "nothing resolved"
    return f"{'' if _crosses(curve) else 'below '}{1 / cutoff:.3g} {unit}"


def _draw_thresholds(axes: Axes, curves: list[Curve]) -> None:
    """Draw each different threshold once, and name each criterion once."""
    from autoden.report.canvas import GREY

    drawn: list[tuple[Floats, Floats]] = []
    named: set[str] = set()
    for curve in curves:
        line = (curve.frequencies, curve.threshold())
        if any(_same(line, other) for other in drawn):
            continue
        label, dashes = THRESHOLDS.get(curve.criterion, (curve.criterion, "--"))
        axes.plot(
            *line,
            color=GREY,
            linestyle=dashes,
            linewidth=1.2,
            label=None if label in named else label,
        )
        drawn.append(line)
        named.add(label)


def _same(line: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> bool:
    return all(np.array_equal(one, two) for one, two in zip(line, other, strict=True))


def _limits(curves: Mapping[str, Curve]) -> tuple[float, float]:
    """Give limits around 0 and 1 that show what lies beyond a little."""
    values = np.concatenate([curve.correlation for curve in curves.values()])
    values = values[np.isfinite(values)]
    low = min(float(values.min(initial=0)) - 0.03, -0.05)
    high = max(float(values.max(initial=1)) + 0.03, 1.03)
    return max(low, -1.03), min(high, 1.1)


def _draw_periods(axes: Axes, nyquist: float, unit: str) -> None:
    """Write the periods, 1 / frequency, above the axes."""
    periods = _round_periods(nyquist)
    above = axes.secondary_xaxis("top")
    above.set_xticks([1 / p for p in periods], labels=[f"{p:g}" for p in periods], fontsize=9)
    above.set_xlabel(f"Period ({unit})")
    above.spines["top"].set_visible(False)


def _round_periods(nyquist: float) -> list[float]:
    """Choose round periods, the shortest first, that stand apart on a frequency axis."""
    decade = math.floor(-math.log10(nyquist))
    periods: list[float] = []
    last = 1 + _APART
    for period in (float(f"{m}e{power}") for power in (decade, decade + 1) for m in _MANTISSAS):
        place = 1 / (period * nyquist)  # 1 is the end of the axis
        if _APART <= place <= min(1, last - _APART) + 1e-9:
            periods.append(period)
            last = place
    return periods
