"""From rounds to numbers: medians, ratios of runs that were neighbours in time, their range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Ratio:
    """How many times more one takes than another: the median over rounds, lowest, highest."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        return f"**{self.median:.2f}** ({self.lowest:.2f} to {self.highest:.2f})"


def paired_ratio(theirs: Sequence[float], ours: Sequence[float]) -> Ratio:
    """Compare runs round by round, so that what slows the machine for a while slows both.

    Examples
    --------
    >>> paired_ratio([2.0, 9.0, 4.0], [1.0, 3.0, 2.0])
    Ratio(median=2.0, lowest=2.0, highest=3.0)
    """
    each = [a / b for a, b in zip(theirs, ours, strict=True)]
    return Ratio(median(each), min(each), max(each))
