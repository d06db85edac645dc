"""The page of a denoised spectrum as one HTML file, with the plotting library inside."""

from __future__ import annotations

import json
import os
from html import escape
from pathlib import Path
from typing import Final

from autoden.report.chart import chart, describe
from autoden.report.frame import asset, check_page_path, document, write
from autoden.report.page import Page
from autoden.report.training import training_section

_CAPTION: Final = (
    "{above} measured mean (grey steps) and the estimate (line){band}{more}. "
    "{below}Drag over a range to zoom, double-click to see all. On the logarithmic scale, values "
    "near or below zero are drawn at the lower edge."
)
_BELOW: Final = (
    "Below: measured minus estimate in units of the noise; about 95 % of pure noise lies in the "
    "shaded range, lopsided where few counts were expected. "
)


def write_page(path: str | os.PathLike[str], page: Page, overwrite: bool = False) -> Path:
    """Write a page as one HTML file that opens without network access.

    Parameters
    ----------
    path : str or path-like
        File to write, ending in ``.html`` or ``.htm``; its folder exists.
    page : Page
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
    The file is about 5 MB, most of which is the plotting library (plotly.js, MIT licence). The
    same page gives the same bytes with the same version of plotly.

    Examples
    --------
    >>> import tempfile
    >>> import autoden as ad
    >>> page = ad.report.Page(measured=[3, 0, 2], estimate=[2.1, 1.4, 1.6], sigma=[0.4, 0.3, 0.3])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ad.report.write_page(Path(folder) / "report.html", page).name
    'report.html'
    """
    check_page_path(path, overwrite=overwrite)
    return write(path, render(page), overwrite=overwrite)


def render(page: Page) -> str:
    """Write the HTML of a page."""
    from plotly.offline import get_plotlyjs

    return document(
        page,
        {"Spectrum before and after": _figure(page), **training_section(page)},
        [
            f'<script type="application/json" id="numbers">{_json(chart(page))}</script>',
            f"<script>{get_plotlyjs()}</script>",
            f"<script>\n{asset('page.js')}</script>",
        ],
    )


def _figure(page: Page) -> str:
    """Write the place of the figure and what the reader can choose."""
    spectra = page.spectra()
    menu = ""
    if len(spectra) > 1:
        options = "".join(f"<option>{escape(spectrum.name)}</option>" for spectrum in spectra)
        menu = f'<label>Sample <select id="sample" autocomplete="off">{options}</select></label>\n'
    kind = "" if page.noise_sigma is not None else ' class="single"'
    caption = _CAPTION.format(
        more="" if page.reference is None else ", and a reference that took no part (thin, green)",
        band="" if page.sigma is None else " with its ± 1 sigma band",
        above="The" if page.noise_sigma is None else "Above: the",
        below="" if page.noise_sigma is None else _BELOW,
    )
    return (
        f'<div class="controls">\n{menu}'
        '<span role="group" aria-label="Scale">'
        '<button type="button" data-scale="linear" aria-pressed="true">Linear</button>'
        '<button type="button" data-scale="log" aria-pressed="false">Logarithmic</button></span>\n'
        '<button type="button" id="all">Whole range</button>\n</div>\n'
        f'<figure>\n<div id="plot"{kind} role="img" '
        f'aria-label="{escape(describe(spectra[0], page))}"></div>\n'
        f'<figcaption class="note">{escape(caption)}</figcaption>\n</figure>\n'
        "<noscript><p>The figure needs JavaScript; all else can be read without.</p></noscript>"
    )


def _json(value: object) -> str:
    """Write JSON that may stand in HTML: no tag can end or begin in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
