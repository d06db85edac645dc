"""Are the values counts? Whole numbers, or whole multiples of one step, and none below zero.

Counts that were corrected for dead time, normalised or calibrated are counts no longer; where one
factor was put on a whole repeat, its step can still be found. How counts scatter is told in
`autoden.noise.dispersion`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autoden.noise.exposures import Exposures, Floats
from autoden.noise.lattice import lattice_step


@dataclass(frozen=True, eq=False)
class Counting:
    """What the values themselves say about being counts.

    Attributes
    ----------
    is_whole : bool
        Every value is a whole number.
    is_non_negative : bool
        No value lies below zero.
    step : float or None
        Of which all values are whole multiples, as counts are: 1 for whole numbers.
    repeat_steps : ndarray of float64, shape (R,)
        The same for each repeat by itself, NaN for none.
    oddest : float
        The witness: the lowest value if one is below zero, else that farthest from whole.
    """

    is_whole: bool
    is_non_negative: bool
    step: float | None
    repeat_steps: Floats
    oddest: float

    @property
    def is_counts(self) -> bool:
        """Whole multiples of one step and none below zero."""
        return self.step is not None and self.is_non_negative

    @property
    def has_factors(self) -> bool:
        """Each repeat is counts times a factor of its own."""
        known = np.isfinite(self.repeat_steps)
        return self.step is None and self.is_non_negative and bool(known.all())


def examine_counts(exposures: Exposures) -> Counting:
    """Look whether the values are whole, non-negative, or multiples of a step.

    A step other than 1 is believed only if small multiples of it occur: numbers with three
    decimals are multiples of 0.001, but no counts.

    Parameters
    ----------
    exposures : Exposures
        Of any shape.

    Returns
    -------
    Counting

    Examples
    --------
    >>> examine_counts(Exposures([[0, 3, 4], [1, 2, 7]])).is_counts
    True
    >>> corrected = 1.01 * np.arange(30.0), 1.02 * np.arange(30.0)
    >>> found = examine_counts(Exposures(corrected))
    >>> found.is_counts, found.has_factors, found.repeat_steps
    (False, True, array([1.01, 1.02]))
    """
    values = exposures.repeats
    off = np.abs(values - np.rint(values))
    lowest = float(values.min())
    oddest = lowest if lowest < 0 else float(values.flat[int(off.argmax())])
    is_whole = not off.any()
    step = 1.0 if is_whole and lowest < 0 else _count_step(values)
    if step is not None:
        steps = np.full(len(values), step)
    else:
        steps = np.array([_count_step(repeat) or np.nan for repeat in values])
    return Counting(is_whole, lowest >= 0, step, steps, oddest)


def _count_step(values: Floats) -> float | None:
    """Find the step of non-negative values, if they are as close together as counts are."""
    if values.min() < 0:
        return None
    step = lattice_step(values)
    if step is None or step == 1:
        return step
    low = np.unique(np.rint(values[values > 0] / step))
    low = low[: max(len(low) // 4, 2)]
    gaps = np.diff(low, prepend=0 if low[0] < 20 else low[0] - 1)
    return step if np.median(gaps) <= 1.5 + 0.05 * np.sqrt(low[-1]) else None
