"""A page as one HTML file that needs nothing else: no network, no second file.

The plotting library, the numbers and the style are all inside. A content security policy forbids
the browser to load anything, so that a report can be opened anywhere and tells nobody.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from html import escape
from importlib import resources
from numbers import Real
from pathlib import Path
from typing import Final

from autoden.errors import InputError
from autoden.io.files import check_destination, replacing
from autoden.report.chart import chart, describe
from autoden.report.numerals import MISSING, show
from autoden.report.page import Page
from autoden.report.tables import Table

SUFFIXES: Final = (".html", ".htm")
_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; form-action 'none'; base-uri 'none'"
)
_NUMBER: Final = re.compile(r"[-+\u2212]?\s?\d[\d\s.,\u202f]*(e[-+]?\d+)?\s?%?")
_CAPTION: Final = (
    "{above} measured mean (grey steps) and the estimate (line) with its ± 1 sigma band{more}. "
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
    target = check_page_path(path, overwrite=overwrite)
    text = render(page)
    with replacing(target, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return target


def check_page_path(path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Check, before a long computation, that a page can be written here.

    Raises
    ------
    InputError
        As `write_page` would raise it.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"cannot write a report as {path.name!r}; end its name in one of {', '.join(SUFFIXES)}"
        )
    check_destination(path, overwrite)
    return path


def render(page: Page) -> str:
    """Write the HTML of a page."""
    from plotly.offline import get_plotlyjs

    assets = resources.files("autoden.report") / "assets"
    title = escape(page.title)
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{title}</title>",
            f"<style>\n{(assets / 'page.css').read_text('utf-8')}</style>\n</head>",
            f"<body>\n<main>\n<h1>{title}</h1>",
            *_sections(page),
            "</main>",
            f'<script type="application/json" id="numbers">{_json(chart(page))}</script>',
            f"<script>{get_plotlyjs()}</script>",
            f"<script>\n{(assets / 'page.js').read_text('utf-8')}</script>",
            "</body>\n</html>\n",
        ]
    )


def _sections(page: Page) -> Iterable[str]:
    """Write what is on the page, from top to bottom."""
    if page.measurement:
        yield _section("What was measured", _facts("Measurement", page.measurement, unseen=True))
    if page.verdict:
        yield _section("Verdict", _list(page.verdict))
    if page.warnings:
        yield _section(f"Warnings ({len(page.warnings)})", _list(page.warnings), "warnings")
    else:
        yield _section("Warnings", "<p>No warnings.</p>")
    yield _section("Spectrum before and after", _figure(page))
    if page.candidates is not None:
        yield _section("Candidates", _table(page.candidates))
    if page.tables:
        yield _section("Checks in numbers", "\n".join(map(_table, page.tables)))
    made = [_facts("Method", page.made, unseen=True)] if page.made else []
    made += [_facts("All settings", page.settings)] if page.settings else []
    if made:
        yield _section("How this was made", "\n".join(made))
    if page.citation:
        yield _section("How to say it in a paper", f"<p>{escape(page.citation)}</p>")


def _section(heading: str, content: str, kind: str = "") -> str:
    marked = f' class="{kind}"' if kind else ""
    return f"<section{marked}>\n<h2>{escape(heading)}</h2>\n{content}\n</section>"


def _list(sentences: Iterable[str]) -> str:
    return "<ul>\n" + "".join(f"<li>{escape(text)}</li>\n" for text in sentences) + "</ul>"


def _facts(title: str, facts: Mapping[str, object], *, unseen: bool = False) -> str:
    """Write names and values as a table of two columns; its title may be read out only."""
    rows = "".join(
        f'<tr><th scope="row">{escape(str(name))}</th><td>{escape(show(value))}</td></tr>\n'
        for name, value in facts.items()
    )
    kind = ' class="unseen"' if unseen else ""
    return (
        f'<div class="scroll"><table class="facts"><caption{kind}>{escape(title)}</caption>\n'
        f"<tbody>\n{rows}</tbody></table></div>"
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


def _table(table: Table) -> str:
    """Write a table; columns of numbers are aligned to the right."""
    numeric = [all(_is_number(row[i]) for row in table.rows) for i in range(len(table.columns))]
    kinds = [' class="number"' if right and table.rows else "" for right in numeric]
    head = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>'
        for name, kind in zip(table.columns, kinds, strict=True)
    )
    marks = [' class="marked"' if i in table.marked else "" for i in range(len(table.rows))]
    body = "".join(
        f"<tr{mark}>"
        + "".join(
            f"<td{kind}>{escape(show(cell))}</td>" for cell, kind in zip(row, kinds, strict=True)
        )
        + "</tr>\n"
        for mark, row in zip(marks, table.rows, strict=True)
    )
    note = f'<p class="note">{escape(table.note)}</p>\n' if table.note else ""
    title = escape(table.title)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        f"<table><caption>{title}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table></div>\n{note}"
    )


def _is_number(cell: object) -> bool:
    """Tell whether a cell is a number, or text that is one, alone or with its error."""
    if isinstance(cell, str):
        return cell in ("", MISSING) or all(map(_NUMBER.fullmatch, cell.strip().split(" ± ")))
    return cell is None or (isinstance(cell, Real) and not isinstance(cell, bool))


def _json(value: object) -> str:
    """Write JSON that may stand in HTML: no tag can end or begin in it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
