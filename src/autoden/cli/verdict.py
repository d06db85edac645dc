"""What a terminal shows of a result of ``denoise``: candidates, verdict, and scores."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autoden.cli.wording import reworded

if TYPE_CHECKING:
    from autoden.auto.learning.selection import Candidate
    from autoden.auto.result import Result

logger = logging.getLogger(__name__)

PARAMETERS = ("axes", "noise", "exposure", "budget", "reference", "seed")
"""What `autoden.denoise` takes and the command line, too."""

Score = tuple[str, float, float, float]
"""A name, mean squared error, excess deviance in mdev, and how many exposures are as good."""


def describe(result: Result) -> list[str]:
    """Say in lines of text what was chosen among what, and what is to be said about it."""
    lines = [*candidates(result.candidates), "", *result.verdict]
    if "reference" in result.quality:
        lines += ["", *_against_reference(result)]
    return lines


def found_of(result: Result) -> dict[str, Any]:
    """Say in numbers and sentences what was found, for programs."""
    return {
        "method": result.method,
        "candidates": [vars(candidate) for candidate in result.candidates],
        "quality": result.quality,
        "verdict": result.verdict,
        "notes": result.notes,
        "warnings": [reworded(warning, PARAMETERS) for warning in result.warnings],
    }


def tell(sentences: Iterable[str]) -> None:
    """Log sentences of the library, in the words of the command line."""
    for sentence in sentences:
        logger.info("%s", reworded(sentence, PARAMETERS))


def tell_warnings(result: Result) -> None:
    """Log what must be known before publishing."""
    for warning in result.warnings:
        logger.warning("Warning: %s", reworded(warning, PARAMETERS))


def candidates(compared: Sequence[Candidate]) -> list[str]:
    """Tabulate the candidates, the best first and the chosen one marked."""
    lines = ["Held-out deviance less that of the mean (mdev): the lower, the better; * is chosen"]
    for candidate in sorted(compared, key=lambda candidate: candidate.score):
        mark = "*" if candidate.chosen else " "
        error = f"± {candidate.standard_error:.2f}" if candidate.standard_error > 0 else ""
        label = candidate.parameters
        if candidate.name[:5].lower() not in label[:5].lower():  # many say their name themselves
            label = f"{candidate.name}: {label}"
        lines.append(f"{mark} {candidate.score:9.2f} {error:9} {label}")
    return lines


def scores(rows: Iterable[Score], *, unit: str = "counts") -> list[str]:
    """Tabulate distances from a truth, and what each is worth in exposures."""
    shown = [
        (name, f"{error:.3f}", f"{deviance:.1f}" if np.isfinite(deviance) else "-", f"{worth:.1f}")
        for name, error, deviance, worth in rows
    ]
    return _columns(shown, unit, (34, 14, 10, 12))


def _columns(rows: Iterable[Sequence[str]], unit: str, widths: Sequence[int]) -> list[str]:
    headings = [("", "squared error", "deviance", "equivalent"),
                ("", f"({unit}^2)", "(mdev)", "exposures")]  # fmt: skip
    return [
        f"{name:{widths[0]}}"
        + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths[1:], strict=True))
        for name, *cells in (*headings, *rows)
    ]


def _against_reference(result: Result) -> list[str]:
    """Compare the estimate, and the mean that it was made from, with further acquisitions."""
    from autoden.evaluation import equivalent_exposures

    score = result.quality["reference"]
    n_repeats = float(np.mean([sample.n_repeats for sample in result.measurement.samples]))
    worth = equivalent_exposures(score["mse"], n_repeats * score["mean_mse"])
    is_known = score["mse"] > score["mse_error"]
    rows = [
        (f"mean of {n_repeats:g}", *_with_errors(score, "mean_"), f"{n_repeats:.1f}"),
        ("denoised", *_with_errors(score), f"{worth:.1f}" if is_known else "-"),
    ]
    return [
        "Distance from what the reference measured, per channel of one acquisition, less what the",
        "noise of the reference adds, ± one standard error",
        *_columns(rows, "units", (14, 20, 20, 12)),
    ]


def _with_errors(score: Mapping[str, float], of: str = "") -> list[str]:
    """Write squared error and deviance; "-" where there is none, as for what is no counts."""
    from autoden.report.numerals import GAP, plus_minus

    values = [(score[f"{of}{name}"], score[f"{of}{name}_error"]) for name in ("mse", "mdev")]
    return [plus_minus(*pair).replace(GAP, " ") if np.isfinite(pair[0]) else "-" for pair in values]
