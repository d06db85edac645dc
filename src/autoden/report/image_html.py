"""The page of a denoised image as one HTML file: before and after under a slider, what was left."""

from __future__ import annotations

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

import numpy as np

from autoden.report.frame import asset, check_page_path, document, write
from autoden.report.image_page import ImagePage, View
from autoden.report.numerals import show
from autoden.report.pictures import MOST, diverging, embedded, grey, heat, middle, png, value_range
from autoden.report.training import training_section

RESIDUAL_REACH: Final = 4.0
"""Standard deviations at which residuals are drawn in full colour."""

_SMALL: Final = 420  # CSS pixels: smaller pictures are enlarged to it by a whole factor


def write_image_page(
    path: str | os.PathLike[str], page: ImagePage, overwrite: bool = False
) -> Path:
    """Write a page of a denoised image as one HTML file that opens without network access.

    Parameters
    ----------
    path : str or path-like
        File to write, ending in ``.html`` or ``.htm``; its folder exists.
    page : ImagePage
        What it says. All texts are plain: what looks like HTML in them is shown as it is.
    overwrite : bool
        Replace the file if there is one.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the suffix is another one, the folder does not exist, or the file exists and may not be
        overwritten.

    Notes
    -----
    Pictures are PNG inside the page, one element for one pixel; of more than 1600 along an axis
    the middle is shown. The same page gives the same bytes with the same versions of the
    libraries.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import autoden as ad
    >>> page = ad.report.ImagePage(measured=np.eye(8), estimate=np.eye(8) / 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ad.report.write_image_page(Path(folder) / "report.html", page).name
    'report.html'
    """
    check_page_path(path, overwrite=overwrite)
    return write(path, render_images(page), overwrite=overwrite)


def render_images(page: ImagePage) -> str:
    """Write the HTML of a page."""
    figures = {"Before and after": _before_and_after(page), "What was taken away": _residuals(page)}
    if page.sigma is not None:
        figures["Uncertainty"] = _uncertainty(page)
    if page.reference is not None:
        figures["Reference"] = _reference(page)
    if page.curves:
        figures["Detail that is resolved"] = _curves(page)
    figures |= training_section(page)
    return document(page, figures, [f"<script>\n{asset('image.js')}</script>"])


def residual_reach(view: View) -> float:
    """Choose the residual that is drawn in full colour."""
    if view.noise_sigma is not None:
        return RESIDUAL_REACH
    left = view.residuals
    size = float(np.sqrt(np.nanmean(left**2))) if np.isfinite(left).any() else 0.0
    return RESIDUAL_REACH * size if size > 0 else 1.0


def _before_and_after(page: ImagePage) -> str:
    views = page.views()
    parts = []
    for index, view in enumerate(views):
        low, high = value_range(middle(view.estimate))
        before, after = (
            _picture(grey(middle(values), low, high), f"{what}{_of(view)}", view)
            for what, values in (("measured", view.measured), ("denoised", view.estimate))
        )
        parts.append(
            f'{_opening(index)}<div class="slider" style="{_size(view)}">'
            f'<div class="after">{after}</div><div class="before">{before}</div>'
            '<div class="divider" aria-hidden="true"></div>'
            '<span class="tag left" aria-hidden="true">measured</span>'
            '<span class="tag right" aria-hidden="true">denoised</span>'
            f'<input type="range" min="0" max="100" value="50" step="0.5" autocomplete="off" '
            f'aria-label="Share of the picture that shows what was measured{escape(_of(view))}">'
            "</div>\n"
            f'<figcaption class="note">{_shown(page, view, low, high)}</figcaption></figure>'
        )
    return (
        _menu(views)
        + _zoom()
        + "\n".join(parts)
        + (
            "<noscript><p>The slider needs JavaScript: the left half shows what was measured, the "
            "right half the estimate.</p></noscript>"
        )
    )


def _residuals(page: ImagePage) -> str:
    parts = []
    for index, view in enumerate(page.views()):
        reach = residual_reach(view)
        drawn = diverging(middle(view.residuals), reach)
        unit = "sigma" if view.noise_sigma is not None else ""
        ends = f"{show(-reach)} to {show(reach)} {unit}".rstrip()
        text = (
            "Measured minus estimate"
            + (" in units of the noise" if unit else "")
            + f", from blue (below) over white to orange (above), {ends}. Noise alone has no "
            "shapes: lines and edges that can be seen here were taken from the image."
        )
        parts.append(_plain(index, drawn, f"residuals{_of(view)}", view, text))
    return "\n".join(parts)


def _uncertainty(page: ImagePage) -> str:
    parts = []
    for index, view in enumerate(page.views()):
        if view.sigma is None:
            continue
        sigma = view.sigma.mean(axis=-1) if view.is_colour else view.sigma
        low, high = 0.0, value_range(sigma)[1]
        text = f"1 sigma of the estimate, from 0 (dark) to {show(high)} (light)."
        drawn = heat(middle(sigma), low, high if high > 0 else 1.0)
        parts.append(_plain(index, drawn, f"uncertainty{_of(view)}", view, text))
    return "\n".join(parts)


def _reference(page: ImagePage) -> str:
    parts = []
    for index, view in enumerate(page.views()):
        if view.reference is None:
            continue
        low, high = value_range(middle(view.estimate))
        text = "Took no part in the denoising; drawn in the same range of values."
        drawn = grey(middle(view.reference), low, high)
        parts.append(_plain(index, drawn, f"reference{_of(view)}", view, text))
    return "\n".join(parts)


def _curves(page: ImagePage) -> str:
    from autoden.report.ring_correlation import ring_correlation_figure
    from autoden.report.saving import figure_bytes

    drawn = figure_bytes(ring_correlation_figure(page.curves, unit=page.unit), ".svg", dpi=100)
    said = "; ".join(
        f"{name}: {_resolution(curve.cutoff(), page.unit)}" for name, curve in page.curves.items()
    )
    return (
        f'<figure><img class="chart" src="{embedded(drawn, "image/svg+xml")}" '
        f'alt="{escape("Ring correlation against spatial frequency. " + said)}">\n'
        '<figcaption class="note">Ring correlation: how alike two pictures of the same thing are '
        "at each spatial frequency, 1 for equal, 0 for nothing in common. Detail is resolved up to "
        f"the frequency where a curve falls below its threshold. {escape(said)}."
        "</figcaption></figure>"
    )


def _resolution(cutoff: float, unit: str) -> str:
    return f"resolves periods of {1 / cutoff:.3g} {unit}" if cutoff > 0 else "nothing is resolved"


def _plain(index: int, pixels: np.ndarray, what: str, view: View, text: str) -> str:
    """Write one picture with its caption, seen together with the view of the same number."""
    return (
        f'{_opening(index)}<div class="frame" style="{_size(view)}">'
        f"{_picture(pixels, what, view)}</div>\n"
        f'<figcaption class="note">{escape(text)}</figcaption></figure>'
    )


def _opening(index: int) -> str:
    hidden = "" if index == 0 else " hidden"
    return f'<figure class="view" data-view="{index}"{hidden}>'


def _picture(pixels: np.ndarray, what: str, view: View) -> str:
    height, width = pixels.shape[:2]
    return (
        f'<img src="{embedded(png(pixels))}" alt="{escape(what)}" width="{width}" '
        f'height="{height}" draggable="false">'
    )


def _size(view: View) -> str:
    """Give the width of a picture: small ones are enlarged by a whole factor."""
    height, width = middle(view.measured).shape[:2]
    factor = max(1, -(-_SMALL // max(width, height)))
    return f"--width: {factor * width}px; --ratio: {width} / {height}"


def _of(view: View) -> str:
    return f", {view.name}" if view.name else ""


def _menu(views: Sequence[View]) -> str:
    if len(views) == 1:
        return ""
    options = "".join(f"<option>{escape(view.name)}</option>" for view in views)
    return (
        '<div class="controls"><label>Picture <select id="view" autocomplete="off">'
        f"{options}</select></label></div>\n"
    )


def _zoom() -> str:
    buttons = "".join(
        f'<button type="button" data-zoom="{factor}" aria-pressed="{str(factor == 1).lower()}">'
        f"{factor} \u00d7</button>"
        for factor in (1, 2, 4)
    )
    return (
        '<div class="controls"><span role="group" aria-label="Size of the pictures">'
        f"{buttons}</span></div>\n"
    )


def _shown(page: ImagePage, view: View, low: float, high: float) -> str:
    """Say what is seen before and after."""
    value = f"{page.value_name}: " if page.value_name else ""
    said = [f"{view.name[:1].upper()}{view.name[1:]}."] if view.name else []
    said.append("Left of the line what was measured, right of it the estimate.")
    said.append(f"{value}{show(low)} (black) to {show(high)} (white), the same for both.")
    if not np.isfinite(view.measured).all():
        said.append("What is hatched is not known.")
    if max(view.measured.shape[:2]) > MOST:
        said.append(f"The middle {MOST} elements are shown.")
    return escape(" ".join(said))
