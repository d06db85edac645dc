"""What a terminal shows of a result of ``denoise``: candidates, verdict, and scores."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autoden.cli.wording import reworded

if TYPE_CHECKING:
    from autoden.auto.result import Result
    from autoden.auto.selection import Candidate

logger = logging.getLogger(__name__)

PARAMETERS = ("axes", "noise", "exposure", "budget", "reference", "seed")
"""What `autoden.denoise` takes and the command line, too."""

Score = tuple[str, float, float, float]
"""A name, mean squared error, excess deviance in mdev, and how many exposures are as good."""


def describe(result: Result) -> list[str]:
    """Say in lines of text what was chosen among what, and what is to be said about it."""
    lines = [*candidates(result.candidates), "", *result.verdict]
    if "reference" in result.quality:
        lines += ["", "Distance from the reference, per channel of one acquisition, without bias"]
        lines += scores(_against_reference(result), unit="units")
    return lines


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
    lines = [
        f"{'':34}{'squared error':>14}{'deviance':>10}{'equivalent':>12}",
        f"{'':34}{f'({unit}^2)':>14}{'(mdev)':>10}{'exposures':>12}",
    ]
    for name, error, deviance, worth in rows:
        shown = f"{deviance:10.1f}" if np.isfinite(deviance) else f"{'-':>10}"  # no counts
        lines.append(f"{name:34}{error:14.3f}{shown}{worth:12.1f}")
    return lines


def _against_reference(result: Result) -> list[Score]:
    """Compare the estimate, and the mean that it was made from, with further acquisitions."""
    from autoden.evaluation import equivalent_exposures

    score = result.quality["reference"]
    n_repeats = float(np.mean([sample.n_repeats for sample in result.measurement.samples]))
    worth = equivalent_exposures(score["mse"], n_repeats * score["mean_mse"])
    return [
        (f"mean of {n_repeats:g}", score["mean_mse"], score["mean_mdev"], n_repeats),
        ("denoised", score["mse"], score["mdev"], worth),
    ]
