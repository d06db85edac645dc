"""A spectrum before and after denoising: one overview and a panel for each range of interest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError
from autoden.report.curves import (
    draw_curves,
    linear_limits,
    log_limits,
    set_log_scale,
    shade_band,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]

ZOOMS_PER_ROW: Final = 3


def spectrum_figure(
    *,
    energies: ArrayLike | None = None,
    noisy: ArrayLike | None = None,
    mean: ArrayLike | None = None,
    denoised: ArrayLike | None = None,
    truth: ArrayLike | None = None,
    reference: ArrayLike | None = None,
    sigma: ArrayLike | None = None,
    title: str | None = None,
    quantity: str = "Energy",
    unit: str = "keV",
    values: str = "Counts per channel",
    log: bool = False,
    zooms: Sequence[tuple[float, float]] = (),
) -> Figure:
    """Draw a spectrum: the noisy points, the mean of the exposures, the denoised line.

    Parameters
    ----------
    energies : array_like, shape (n_channels,), optional
        Centres of the channels in `unit`, in rising or falling order. Channel numbers if not given.
    noisy : array_like, shape (n_channels,), optional
        Counts of one exposure, drawn as points.
    mean : array_like, shape (n_channels,), optional
        Mean counts of the exposures.
    denoised : array_like, shape (n_channels,), optional
        Denoised counts.
    truth : array_like, shape (n_channels,), optional
        Expected counts, where they are known.
    reference : array_like, shape (n_channels,), optional
        Mean counts of acquisitions that took no part in the denoising.
    sigma : array_like, shape (n_channels,), optional
        1 sigma uncertainty of `denoised`, drawn as a band around it.
    title : str, optional
        Title of the figure.
    quantity, unit : str
        What the axis is, with its unit, which may be empty.
    values : str
        What the values are, if they are no counts.
    log : bool
        Counts of the overview on a logarithmic scale, which leaves out values of 0 and below; the
        zooms stay linear.
    zooms : sequence of (float, float)
        Ranges (low, high) in `unit`, or in channels without `energies`, each drawn in a panel of
        its own; its count axis is chosen from the data in the range.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; the first of its axes is the overview, the others are the zooms in order. It
        shows itself at the end of a notebook cell; `autoden.report.save_figure` saves it.

    Raises
    ------
    InputError
        If there is nothing to draw, the lengths differ, the energies are in no order, or a zoom
        is empty or outside of the axis.

    Examples
    --------
    >>> import autoden as ad
    >>> data = ad.datasets.xrf_spectra(4)
    >>> figure = ad.report.spectrum_figure(
    ...     energies=data.energies_keV,
    ...     noisy=data.counts[0],
    ...     truth=data.truth,
    ...     log=True,
    ...     zooms=[(3.4, 4.3), (13.5, 15.0)],
    ... )
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['Energy (keV)', 'Energy (keV)', 'Energy (keV)']
    """
    curves = _curves(noisy=noisy, mean=mean, truth=truth, denoised=denoised, reference=reference)
    x = _axis(energies, curves)
    band = _band(curves, sigma)
    ranges = [check_zoom(zoom, x) for zoom in zooms]
    overview, *details = (figure := _sheet(len(ranges))).axes

    draw_curves(overview, x, curves, points=1.6)
    overview.set_xlim(x.min(), x.max() if len(x) > 1 else x[0] + 1)
    if log and any(np.any(y > 0) for y in curves.values()):
        set_log_scale(overview, log_limits(curves))
    else:
        overview.set_ylim(linear_limits(curves.values()))
    for axes, (low, high) in zip(details, ranges, strict=True):
        draw_curves(axes, x, curves, points=3.0)
        inside = (x >= low) & (x <= high)
        axes.set_xlim(low, high)
        axes.locator_params(nbins=5)
        axes.set_ylim(linear_limits([y[inside] for y in curves.values()]))
        overview.axvspan(low, high, color="#f0e442", alpha=0.3, linewidth=0, zorder=0)
    for index, axes in enumerate(figure.axes):
        if band is not None:
            shade_band(axes, x, *band)
        axes.set_xlabel("Channel" if energies is None else _axis_label(quantity, unit))
        if index == 0 or (index - 1) % ZOOMS_PER_ROW == 0:
            axes.set_ylabel(values)
    figure.legend(
        *overview.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=len(curves) + (band is not None),
        frameon=False,
        fontsize=9,
        markerscale=3,
    )
    if title is not None:
        overview.set_title(title, loc="left", fontsize=11)
    return figure


def _curves(**given: ArrayLike | None) -> dict[str, Floats]:
    """Give the curves to draw by name, each (n_channels,) float64 and all of one length."""
    curves = {name: np.asarray(y, dtype=float) for name, y in given.items() if y is not None}
    if not curves:
        raise InputError(f"there is nothing to draw; give one or more of {', '.join(given)}")
    for name, y in curves.items():
        if y.ndim != 1 or not y.size:
            raise InputError(
                f"`{name}` has shape {y.shape}; give one spectrum of shape (n_channels,), such as "
                "an exposure or the mean over the exposures"
            )
    if len({len(y) for y in curves.values()}) > 1:
        lengths = ", ".join(f"`{name}` {len(y)}" for name, y in curves.items())
        raise InputError(f"the spectra differ in their number of channels: {lengths}; cut them")
    return curves


def _band(curves: Mapping[str, Floats], sigma: ArrayLike | None) -> tuple[Floats, Floats] | None:
    """Give the lower and the upper edge of the band, (n_channels,) each, if there is one."""
    if sigma is None:
        return None
    width = np.asarray(sigma, dtype=float)
    if "denoised" not in curves or width.shape != curves["denoised"].shape:
        raise InputError(
            f"`sigma` has shape {width.shape}; give it with `denoised`, one value for each channel"
        )
    return curves["denoised"] - width, curves["denoised"] + width


def _axis(energies: ArrayLike | None, curves: Mapping[str, Floats]) -> Floats:
    """Give the x values (n_channels,): energies, or channel numbers from 0."""
    name, first = next(iter(curves.items()))
    if energies is None:
        return np.arange(len(first), dtype=float)
    x = np.asarray(energies, dtype=float)
    if x.shape != first.shape:
        raise InputError(
            f"`energies` has shape {x.shape} and `{name}` {first.shape}; give one energy for each "
            "channel, or none for channel numbers"
        )
    steps = np.diff(x)
    if not (np.isfinite(x).all() and (np.all(steps > 0) or np.all(steps < 0))):
        raise InputError(
            "`energies` neither increases nor decreases from channel to channel; sort the channels "
            "by energy, or give no energies for channel numbers"
        )
    return x


def _axis_label(quantity: str, unit: str) -> str:
    """Name the axis, with its unit where it has one: "Energy (keV)"."""
    return f"{quantity} ({unit})" if unit else quantity


def check_zoom(zoom: tuple[float, float], x: Floats) -> tuple[float, float]:
    """Check, before a long computation, that a zoom can be drawn.

    Parameters
    ----------
    zoom : (float, float)
        Low and high end, in the units of the axis.
    x : ndarray
        Shape (n_channels,): energies, or channel numbers.

    Raises
    ------
    InputError
        The range is empty or shows no channel.
    """
    if len(zoom) != 2:
        raise InputError(f"a zoom is {zoom!r}; give a pair (low, high)")
    low, high = float(zoom[0]), float(zoom[1])
    if not low < high:
        raise InputError(f"the zoom ({low:g}, {high:g}) is empty; give (low, high) with low < high")
    if not np.any((x >= low) & (x <= high)):
        raise InputError(
            f"the zoom ({low:g}, {high:g}) shows no channel; the axis goes from {x[0]:g} to "
            f"{x[-1]:g}"
        )
    return low, high


def _sheet(n_zooms: int) -> Figure:
    """Give a figure with axes for the overview and, below it, for each zoom."""
    from autoden.report.canvas import Sheet, tidy

    n_rows = -(-n_zooms // ZOOMS_PER_ROW)
    figure = Sheet(figsize=(9, 3.6 + 2.8 * n_rows), layout="constrained")
    columns = min(n_zooms, ZOOMS_PER_ROW) or 1
    grid = figure.add_gridspec(1 + n_rows, columns, height_ratios=[1.25] + [1.0] * n_rows)
    tidy(figure.add_subplot(grid[0, :]))
    for index in range(n_zooms):
        tidy(figure.add_subplot(grid[1 + index // columns, index % columns]))
    return figure
