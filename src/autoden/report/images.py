"""The figure of a denoised image for print: before, after, what was taken away, and the detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.report.image_html import residual_reach
from autoden.report.image_page import ImagePage, View
from autoden.report.numerals import show
from autoden.report.pictures import Pixels, diverging, grey, middle, value_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANEL: Final = 3.4  # inches
_HEADING: Final = 0.5


def image_figure(page: ImagePage, *, view: int = 0) -> Figure:
    """Draw an image before and after, what was taken away, and the ring correlation if there is.

    Parameters
    ----------
    page : ImagePage
        The page whose pictures are drawn.
    view : int
        Which of its views (slices of a volume, or channels), counted from 0.

    Returns
    -------
    matplotlib.figure.Figure
        It shows itself at the end of a notebook cell; `save_figure` saves it.

    Raises
    ------
    InputError
        There is no such view.

    Examples
    --------
    >>> import numpy as np
    >>> import autoden as ad
    >>> page = ad.report.ImagePage(measured=np.eye(8), estimate=np.eye(8) / 2)
    >>> [axes.get_title(loc="left") for axes in ad.report.image_figure(page).axes]
    ['measured', 'denoised', 'measured - denoised (-0.707 to 0.707)']
    """
    from autoden.report.canvas import Sheet, plain

    views = page.views()
    if whole_number("view", view, at_least=0) >= len(views):
        raise InputError(f"`view` is {view}: give a number from 0 to {len(views) - 1}.")
    shown = views[view]
    n_panels = 3 + bool(page.curves)
    height, width = middle(shown.measured).shape[:2]
    tall = _PANEL * min(max(height / width, 0.4), 1.6) + _HEADING
    figure = Sheet(figsize=(_PANEL * n_panels, max(tall, 2.6)), layout="constrained")
    panels = figure.subplots(1, n_panels)
    for axes, (title, pixels) in zip(panels, _pictures(shown), strict=False):
        _draw(axes, plain(title), pixels)
    if page.curves:
        _draw_curves(panels[-1], page)
    said = ": ".join(filter(None, (page.title, shown.name)))
    figure.suptitle(plain(said), x=0.01, ha="left", fontsize=11)
    return figure


def _pictures(view: View) -> list[tuple[str, Pixels]]:
    low, high = value_range(middle(view.estimate))
    reach = residual_reach(view)
    unit = " sigma" if view.noise_sigma is not None else ""
    left = f"measured - denoised ({show(-reach, 3)} to {show(reach, 3)}{unit})"
    return [
        ("measured", grey(middle(view.measured), low, high)),
        ("denoised", grey(middle(view.estimate), low, high)),
        (left, diverging(middle(view.residuals), reach)),
    ]


def _draw(axes: Axes, title: str, pixels: Pixels) -> None:
    axes.imshow(pixels, interpolation="nearest")
    axes.set_title(title, loc="left", fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_facecolor("#bbbbbb")  # where nothing is known


def _draw_curves(axes: Axes, page: ImagePage) -> None:
    from autoden.report.ring_correlation import draw_ring_correlations

    draw_ring_correlations(axes, page.curves, page.unit)
    axes.set_title("ring correlation", loc="left", fontsize=9)
    axes.legend(loc="lower left", frameon=False, fontsize=7)
