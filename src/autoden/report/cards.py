"""What a notebook shows of a result by itself: a heading, sentences, a table and a picture.

It takes the colours and letters of the notebook, light or dark, and loads nothing.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape

from autoden.report.tables import Table

_WARNING = "border-left:4px solid #b45309;padding-left:.6em;margin:.4em 0"


def card(
    title: str,
    sentences: Sequence[str] = (),
    *,
    warnings: Sequence[str] = (),
    table: Table | None = None,
    picture: bytes | None = None,
    says: str = "",
) -> str:
    """Write a piece of HTML.

    Parameters
    ----------
    title : str
        The heading.
    sentences, warnings : sequence of str
        One paragraph each.
    table : Table, optional
        Folded up until somebody wants to see it.
    picture : bytes, optional
        A PNG.
    says : str
        What the picture shows, for those who cannot see it.

    Examples
    --------
    >>> print(card("Mean & more", ["It is worth <3> exposures."]))
    <div><p><strong>Mean &amp; more</strong></p><p>It is worth &lt;3&gt; exposures.</p></div>
    """
    parts = [f"<p><strong>{escape(title)}</strong></p>"]
    parts += [f"<p>{escape(sentence)}</p>" for sentence in sentences]
    parts += [f'<p style="{_WARNING}">Warning: {escape(warning)}</p>' for warning in warnings]
    if table is not None:
        parts.append(_folded(table))
    if picture is not None:
        data = b64encode(picture).decode()
        parts.append(
            f'<img alt="{escape(says)}" style="max-width:100%" src="data:image/png;base64,{data}">'
        )
    return f"<div>{''.join(parts)}</div>"


def _folded(table: Table) -> str:
    """Write a table under its title, which opens it."""
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    rows = "".join(_row(row, index in table.marked) for index, row in enumerate(table.rows))
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<details><summary>{escape(table.title)}</summary>{body}</details>"


def _row(cells: Sequence[object], is_marked: bool) -> str:
    shown = (("" if cell is None else _number(cell)) for cell in cells)
    bold = ("<strong>", "</strong>") if is_marked else ("", "")
    return f"<tr>{''.join(f'<td>{bold[0]}{escape(cell)}{bold[1]}</td>' for cell in shown)}</tr>"


def _number(cell: object) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)
