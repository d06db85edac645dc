"""The line that a training ends with: whether the network was worth it beside simpler means.

It is a warning if one of these does better. How they are compared is told in `contest.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from autoden.training.history import Comparison, History, Rival

logger = logging.getLogger(__name__)


def close(
    history: History, compare: Callable[[], Comparison | None] | None, *, n_dims: int
) -> None:
    """Compare, note the outcome in the history, and log the line that ends a training.

    Parameters
    ----------
    history : History
        What was measured.
    compare : callable, optional
        Gives the comparison, or None if nothing was held out.
    n_dims : int
        Number of spatial axes of the data, on which the advice depends.
    """
    line = f"Kept the weights of epoch {history.best_epoch} (of 0 to {len(history.records) - 1})"
    history.comparison = None if compare is None else compare()
    level = logging.INFO
    if history.comparison is not None:
        line += f": held-out loss {history.best_held_out:.4g}. {describe(history.comparison)}"
        if any(rival.wins for rival in history.comparison.rivals):
            level = logging.WARNING
            line += f" {advice(n_dims)}"
    elif compare is not None or np.isnan(history.best_held_out):
        line += "; nothing is held out, so nothing is compared."
    else:
        line += f": held-out loss {history.best_held_out:.4g}."
    logger.log(level, "%s", line)


def advice(n_dims: int) -> str:
    """Say what to do where something simpler does better, with data of so many dimensions."""
    instead = "; for spectra there is `ad.denoise`." if n_dims == 1 else "."
    return f"What is simpler does better: prefer it, or train longer or otherwise{instead}"


def describe(comparison: Comparison) -> str:
    """Say the errors, and how they compare.

    Examples
    --------
    >>> mean = Rival("the mean of the inputs", error=6.0, margin=4.0, uncertainty=0.1)
    >>> line = Rival("a straight line", error=1.0, margin=-1.0, uncertainty=0.1)
    >>> print(describe(Comparison(2.0, (mean, line), noise_included=False)))
    Held-out error 2 (squared data units, noise of the targets taken off): 3 times less than that
    of the mean of the inputs, 6; 2 times that of a straight line, 1.
    """
    noise = "included" if comparison.noise_included else "taken off"
    rivals = (
        f"{_relation(comparison.error, rival)} that of {rival.name}, {rival.error:.3g}"
        for rival in comparison.rivals
    )
    return (
        f"Held-out error {comparison.error:.3g} (squared data units, noise of the targets {noise}):"
        f" {'; '.join(rivals)}."
    )


def _relation(error: float, rival: Rival) -> str:
    if rival.ties:
        return "about"
    low, high = sorted((error, rival.error))
    if low <= 0:  # no ratio
        return "more than" if rival.wins else "less than"
    return f"{high / low:.3g} times" + ("" if rival.wins else " less than")
