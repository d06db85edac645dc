"""What all pages have in common: one HTML file that needs nothing else, and its plain sections.

The numbers and the style are all inside. A content security policy forbids the browser to load
anything, so that a report can be opened anywhere and tells nobody. What is drawn on a page is
written where it is drawn (`html` for spectra, `image_html` for images).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from numbers import Real
from pathlib import Path
from typing import Final, Protocol

from autoden.errors import InputError
from autoden.io.files import check_destination, replacing
from autoden.report.numerals import MISSING, show
from autoden.report.tables import Table

SUFFIXES: Final = (".html", ".htm")
_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; form-action 'none'; base-uri 'none'"
)
_NUMBER: Final = re.compile(r"[-+\u2212]?\s?\d[\d\s.,\u202f]*(e[-+]?\d+)?\s?%?")


class Report(Protocol):
    """What every page says besides its figure."""

    @property
    def title(self) -> str:
        """Title of the page."""

    @property
    def measurement(self) -> Mapping[str, object]:
        """What was measured."""

    @property
    def verdict(self) -> Sequence[str]:
        """Plain sentences."""

    @property
    def warnings(self) -> Sequence[str]:
        """Plain sentences."""

    @property
    def candidates(self) -> Table | None:
        """The methods that were compared."""

    @property
    def tables(self) -> Sequence[Table]:
        """Checks in numbers."""

    @property
    def made(self) -> Mapping[str, object]:
        """How the estimate was made."""

    @property
    def settings(self) -> Mapping[str, object]:
        """All settings."""

    @property
    def citation(self) -> str:
        """A paragraph for a paper."""


def write(path: str | os.PathLike[str], text: str, *, overwrite: bool = False) -> Path:
    """Write the text of a page; the file is complete or not there."""
    target = check_page_path(path, overwrite=overwrite)
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


def document(report: Report, figures: Mapping[str, str], last: Iterable[str] = ()) -> str:
    """Write the HTML of a page.

    Parameters
    ----------
    report : Report
        What it says.
    figures : mapping of str to str
        HTML of the sections of figures, by their headings, in order.
    last : iterable of str
        HTML after all sections: data and scripts.
    """
    title = escape(report.title)
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{title}</title>",
            f"<style>\n{asset('page.css')}</style>\n</head>",
            f"<body>\n<main>\n<h1>{title}</h1>",
            *_sections(report, figures),
            "</main>",
            *last,
            "</body>\n</html>\n",
        ]
    )


def asset(name: str) -> str:
    """Read a style or a script that belongs to the package."""
    return (resources.files("autoden.report") / "assets" / name).read_text("utf-8")


def _sections(report: Report, figures: Mapping[str, str]) -> Iterable[str]:
    """Write what is on the page, from top to bottom."""
    if report.measurement:
        yield _section("What was measured", _facts("Measurement", report.measurement, unseen=True))
    if report.verdict:
        yield _section("Verdict", _list(report.verdict))
    if report.warnings:
        yield _section(f"Warnings ({len(report.warnings)})", _list(report.warnings), "warnings")
    else:
        yield _section("Warnings", "<p>No warnings.</p>")
    for heading, content in figures.items():
        yield _section(heading, content)
    if report.candidates is not None:
        yield _section("Candidates", _table(report.candidates))
    if report.tables:
        yield _section("Checks in numbers", "\n".join(map(_table, report.tables)))
    made = [_facts("Method", report.made, unseen=True)] if report.made else []
    made += [_facts("All settings", report.settings)] if report.settings else []
    if made:
        yield _section("How this was made", "\n".join(made))
    if report.citation:
        yield _section("How to say it in a paper", f"<p>{escape(report.citation)}</p>")


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
