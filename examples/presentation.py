"""What surrounds the point of each example: its options, the table of its scores, its pictures."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure
from numpy.typing import NDArray

import autoden as ad

Scores = Mapping[str, Mapping[str, float]]
"""By row and column."""


def options(doc: str, epochs: int) -> dict[str, int | Path]:
    """Read ``--epochs`` and ``--output`` from the command line, and make the folder."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=epochs, help=f"default: {epochs}")
    parser.add_argument("--output", type=Path, default=Path("example-output"), help="a folder")
    chosen = parser.parse_args()
    chosen.output.mkdir(parents=True, exist_ok=True)
    return vars(chosen)


def print_scores(title: str, scores: Scores) -> None:
    """Print a table, three digits for each number."""
    columns = list(next(iter(scores.values())))
    name_width = max(map(len, scores)) + 2
    widths = [max(len(column), 6) + 2 for column in columns]
    print(f"\n{title}")
    print(" " * name_width + "".join(f"{c:>{w}}" for c, w in zip(columns, widths, strict=True)))
    for name, row in scores.items():
        numbers = zip((row[column] for column in columns), widths, strict=True)
        print(f"{name:{name_width}}" + "".join(f"{_digits(n):>{w}}" for n, w in numbers))


def save_pictures(
    path: Path,
    pictures: Mapping[str, NDArray],
    *,
    value_range: tuple[float, float],
    columns: int = 4,
) -> None:
    """Draw pictures, (Y, X) in grey or (Y, X, 3) in colour, on one scale for all."""
    low, high = value_range
    rows = math.ceil(len(pictures) / columns)
    figure = Figure(figsize=(2.6 * columns, 2.85 * rows), layout="constrained")
    for place, (name, picture) in enumerate(pictures.items(), start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.set_axis_off()
        shown = ((picture - low) / (high - low)).clip(0, 1)
        axes.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(name, fontsize=9)
    ad.report.save_figure(figure, path, overwrite=True)
    print(f"\nWrote {path}")


def _digits(number: float) -> str:
    """Write a number with three digits, or all of those before the point."""
    if not math.isfinite(number) or number == 0:
        return f"{number:g}"
    return f"{number:.{max(0, 2 - math.floor(math.log10(abs(number))))}f}"
