"""The figures of a page for print: the spectrum with its uncertainty, and what was taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.report.page import Floats, Page, Spectrum
from autoden.report.spectra import spectrum_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_denoised(
    page: Page,
    *,
    sample: int = 0,
    log: bool = False,
    zooms: Sequence[tuple[float, float]] = (),
) -> Figure:
    """Draw the measured mean and the estimate with its 1 sigma band.

    Parameters
    ----------
    page : Page
        The page whose spectrum is drawn.
    sample : int
        Which of several samples, counted from 0.
    log : bool
        Logarithmic scale, on which values of 0 and below are left out.
    zooms : sequence of (float, float)
        Ranges (low, high) of the axis, each drawn in a panel of its own on a linear scale.

    Returns
    -------
    matplotlib.figure.Figure
        As `spectrum_figure` makes it; `save_figure` saves it.

    Raises
    ------
    InputError
        There is no such sample, or a zoom is empty or outside of the axis.

    Examples
    --------
    >>> import autoden as ad
    >>> page = ad.report.Page(measured=[3, 0, 2], estimate=[2.1, 1.4, 1.6], sigma=[0.4, 0.3, 0.3])
    >>> figure = ad.report.plot_denoised(page)
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['mean of the exposures', 'denoised', '± 1 sigma']
    """
    spectrum = _pick(page, sample)
    return spectrum_figure(
        energies=page.positions,
        mean=spectrum.measured,
        denoised=spectrum.estimate,
        sigma=spectrum.sigma,
        reference=spectrum.reference,
        title=_title(page, spectrum),
        quantity=page.axis_name or "Position",
        unit=page.axis_unit,
        values=page.value_name,
        log=log,
        zooms=zooms,
    )


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
    residuals = spectrum.residuals
    if residuals is None or not np.isfinite(residuals).any():
        raise InputError(
            "The page has no finite residual: give it `noise_sigma`, the standard deviation of "
            "`measured`, above 0."
        )
    from autoden.report.canvas import Sheet, tidy

    figure = Sheet(figsize=(9, 2.8), layout="constrained")
    grid = figure.add_gridspec(1, 2, width_ratios=(5, 1))
    along = figure.add_subplot(grid[0])
    beside = figure.add_subplot(grid[1], sharey=along)
    for axes in (along, beside):
        tidy(axes)
        axes.axhspan(-2, 2, color="#e3edf5", linewidth=0, zorder=0)
    _draw_along(along, page.x, residuals)
    _draw_distribution(beside, residuals[np.isfinite(residuals)])
    along.set_xlabel(page.axis_label)
    along.set_ylabel("(measured - estimate) / $\\sigma$")
    if title := _title(page, spectrum):
        along.set_title(title, loc="left", fontsize=11)
    return figure


def _pick(page: Page, sample: int) -> Spectrum:
    """Return one of the samples."""
    spectra = page.spectra()
    index = whole_number("sample", sample, at_least=0)
    if index >= len(spectra):
        raise InputError(
            f"`sample` is {index}: give one of the {len(spectra)} samples, 0 to {len(spectra) - 1}."
        )
    return spectra[index]


def _title(page: Page, spectrum: Spectrum) -> str:
    """Join the titles; a dollar sign in them is no formula."""
    title = ": ".join(part for part in (page.title, spectrum.name) if part)
    return title.replace("$", r"\$")


def _draw_along(axes: Axes, x: Floats, residuals: Floats) -> None:
    """Draw the residuals, (n_channels,) each, along the axis."""
    from autoden.report.canvas import BLACK, GREY

    axes.step(x, residuals, where="mid", color=GREY, linewidth=0.6)
    axes.axhline(0, color=BLACK, linewidth=0.8)
    axes.set_xlim(x.min(), x.max() if len(x) > 1 else x[0] + 1)
    reach = max(4.0, 1.1 * float(np.nanmax(np.abs(residuals))))
    axes.set_ylim(-reach, reach)


def _draw_distribution(axes: Axes, residuals: Floats) -> None:
    """Draw the distribution of finite residuals, (n,), beside that of pure noise."""
    from autoden.report.canvas import BLACK, GREY

    reach = axes.get_ylim()[1]
    bins = np.linspace(-reach, reach, int(np.clip(6 * reach, 24, 200)) + 1)
    axes.hist(residuals, bins.tolist(), density=True, orientation="horizontal", color=GREY)
    z = np.linspace(-reach, reach, 400)
    axes.plot(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi), z, color=BLACK, linewidth=0.9)
    axes.tick_params(labelleft=False)
    axes.set_xlabel("Density")
