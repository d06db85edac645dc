"""The figures of a page for print: the spectrum with its uncertainty, and what was taken away."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.report.chart import log_floor
from autoden.report.curves import (
    draw_curves,
    linear_limits,
    set_log_scale,
    shade_band,
)
from autoden.report.page import Floats, Page, Spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH: Final = 9.0
_SPECTRUM, _RESIDUALS, _FRAME = 2.7, 1.6, 0.9  # heights of panels and of what is around them
_LINE: Final = 100  # characters of a title
_QUIET: Final = "#e3edf5"  # where 95 % of pure noise would be
_RESIDUAL: Final = "Residual / $\\sigma$"


def plot_denoised(page: Page, *, sample: int = 0) -> Figure:
    """Draw the spectrum before and after, twice, and what was taken away, on one axis.

    The measured mean and the estimate with its 1 sigma band on a linear scale; below it the same
    on a logarithmic one, from which values of 0 and below are left out; below that the residuals in
    units of the noise, if it is known.

    Parameters
    ----------
    page : Page
        The page whose spectrum is drawn.
    sample : int
        Which of several samples, counted from 0.

    Returns
    -------
    matplotlib.figure.Figure
        It shows itself at the end of a notebook cell; `save_figure` saves it. Without a positive
        value there is no logarithmic panel, and without `noise_sigma` none of residuals.

    Raises
    ------
    InputError
        There is no such sample.

    Examples
    --------
    >>> import autoden as ad
    >>> page = ad.report.Page(measured=[3, 0, 2], estimate=[2.1, 1.4, 1.6], sigma=[0.4, 0.3, 0.3])
    >>> figure = ad.report.plot_denoised(page)
    >>> [axes.get_yscale() for axes in figure.axes]
    ['linear', 'log']
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['mean of the exposures', 'denoised', '± 1 sigma']
    """
    from autoden.report.canvas import Sheet, plain, tidy

    spectrum = _pick(page, sample)
    curves = _curves(spectrum)
    residuals = _finite(spectrum.residuals)
    has_log = any((y > 0).any() for y in curves.values())
    heights = [_SPECTRUM] * (1 + has_log) + [_RESIDUALS] * (residuals is not None)
    figure = Sheet(figsize=(_WIDTH, _FRAME + sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    top, bottom = panels[0], panels[-1]
    for axes in panels:
        tidy(axes)
    top.set_ylim(linear_limits(curves.values()))
    if has_log:
        highest = max(float(np.nanmax(y)) for y in curves.values())
        set_log_scale(panels[1], (log_floor(spectrum), 2 * highest))
    points = float(np.clip(120 / np.sqrt(page.x.size), 2.4, 6.0))
    for axes in panels[: 1 + has_log]:
        dotted = ("mean", "reference") if axes is not top else ()
        draw_curves(axes, page.x, curves, points=points, dotted=dotted)
        if spectrum.sigma is not None:
            shade_band(axes, page.x, spectrum.estimate - spectrum.sigma,
                       spectrum.estimate + spectrum.sigma)  # fmt: skip
        axes.set_ylabel(plain(page.value_name))
    if has_log and any((y <= 0).any() for y in (spectrum.measured, spectrum.reference)
                       if y is not None):  # fmt: skip
        panels[1].set_ylabel(f"{plain(page.value_name)}\n(0 and below not shown)")
    if residuals is not None:
        _draw_along(bottom, page.x, residuals)
        bottom.set_ylabel(_RESIDUAL)
    bottom.set_xlim(page.x.min(), page.x.max() if len(page.x) > 1 else page.x[0] + 1)
    bottom.set_xlabel(plain(page.axis_label))
    _add_legend(figure, panels[: 1 + has_log])
    if title := _title(page, spectrum):
        top.set_title(title, loc="left", fontsize=11)
    figure.align_ylabels()
    return figure


def plot_residuals(page: Page, *, sample: int = 0) -> Figure:
    """Draw what was taken away, in units of the noise, and how often, beside pure noise.

    Parameters
    ----------
    page : Page
        The page; its `noise_sigma` is needed.
    sample : int
        Which of several samples, counted from 0.

    Returns
    -------
    matplotlib.figure.Figure
        The residuals along the axis and, beside them, their distribution with the one that noise
        alone has (normal, of variance 1).

    Raises
    ------
    InputError
        The page has no `noise_sigma`, no residual is finite, or there is no such sample.

    Examples
    --------
    >>> import autoden as ad
    >>> page = ad.report.Page(
    ...     measured=[3, 0, 2], estimate=[2, 1, 2], sigma=[1, 1, 1], noise_sigma=[1.5, 1, 1.5]
    ... )
    >>> [axes.get_xlabel() for axes in ad.report.plot_residuals(page).axes]
    ['Channel', 'Density']
    """
    spectrum = _pick(page, sample)
    residuals = _finite(spectrum.residuals)
    if residuals is None:
        raise InputError(
            "The page has no finite residual: give it `noise_sigma`, the standard deviation of "
            "`measured`, above 0."
        )
    from autoden.report.canvas import Sheet, plain, tidy

    figure = Sheet(figsize=(_WIDTH, 2.8), layout="constrained")
    grid = figure.add_gridspec(1, 2, width_ratios=(5, 1))
    along = figure.add_subplot(grid[0])
    beside = figure.add_subplot(grid[1], sharey=along)
    for axes in (along, beside):
        tidy(axes)
    _draw_along(along, page.x, residuals)
    _draw_distribution(beside, residuals[np.isfinite(residuals)])
    along.set_xlabel(plain(page.axis_label))
    along.set_ylabel(_RESIDUAL)
    if title := _title(page, spectrum):
        along.set_title(title, loc="left", fontsize=11)
    return figure


def _add_legend(figure: Figure, panels: Iterable[Axes]) -> None:
    """Explain each curve once, as a line and as dots where it is both."""
    from matplotlib.legend_handler import HandlerTuple

    drawn = [axes.get_legend_handles_labels() for axes in panels]
    labels = drawn[0][1]
    handles: list[Any] = [
        each if getattr(each[-1], "get_marker", lambda: "None")() == "." else each[:1]
        for each in zip(*(handles for handles, _ in drawn), strict=True)
    ]
    figure.legend(
        handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9,
        markerscale=2, handler_map={tuple: HandlerTuple(ndivide=None)},
    )  # fmt: skip


def _pick(page: Page, sample: int) -> Spectrum:
    """Return one of the samples."""
    spectra = page.spectra()
    index = whole_number("sample", sample, at_least=0)
    if index >= len(spectra):
        raise InputError(
            f"`sample` is {index}: give one of the {len(spectra)} samples, 0 to {len(spectra) - 1}."
        )
    return spectra[index]


def _curves(spectrum: Spectrum) -> dict[str, Floats]:
    """Name the curves of a spectrum as `draw_curves` knows them."""
    curves = {"mean": spectrum.measured, "denoised": spectrum.estimate}
    return curves if spectrum.reference is None else {**curves, "reference": spectrum.reference}


def _finite(residuals: Floats | None) -> Floats | None:
    """Give residuals if there are any that can be drawn."""
    return residuals if residuals is not None and np.isfinite(residuals).any() else None


def _title(page: Page, spectrum: Spectrum) -> str:
    """Join the titles, in lines that the figure can hold."""
    from autoden.report.canvas import plain

    title = ": ".join(part for part in (page.title, spectrum.name) if part)
    return plain(fill(title, _LINE))


def _draw_along(axes: Axes, x: Floats, residuals: Floats) -> None:
    """Draw the residuals, (n_channels,) each, along the axis."""
    from autoden.report.canvas import BLACK, GREY

    axes.axhspan(-2, 2, color=_QUIET, linewidth=0, zorder=0)
    axes.step(x, residuals, where="mid", color=GREY, linewidth=0.6)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.set_xlim(x.min(), x.max() if len(x) > 1 else x[0] + 1)
    reach = max(4.0, 1.1 * float(np.nanmax(np.abs(residuals))))
    axes.set_ylim(-reach, reach)


def _draw_distribution(axes: Axes, residuals: Floats) -> None:
    """Draw the distribution of finite residuals, (n,), beside that of pure noise."""
    from autoden.report.canvas import BLACK, GREY

    axes.axhspan(-2, 2, color=_QUIET, linewidth=0, zorder=0)
    reach = axes.get_ylim()[1]
    bins = np.linspace(-reach, reach, int(np.clip(6 * reach, 24, 200)) + 1)
    axes.hist(residuals, bins.tolist(), density=True, orientation="horizontal", color=GREY)
    z = np.linspace(-reach, reach, 400)
    axes.plot(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), z, color=BLACK, linewidth=0.9)
    axes.tick_params(labelleft=False)
    axes.set_xlabel("Density")
