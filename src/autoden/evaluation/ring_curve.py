"""What a curve of ring correlations says: thresholds, and the finest detail that is resolved.

How the curve is measured lives in `ring_correlation`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from autoden.checks import choice, number
from autoden.evaluation.arrays import Floats

Criterion = Literal["half-bit", "one-bit", "1/7", "truth"]

INFORMATION: Final = {"half-bit": (math.sqrt(2) - 1) / 2, "one-bit": 0.5}
"""Signal-to-noise ratio of each half where the two together hold that much information."""

LEVELS: Final = {"1/7": 1 / 7, "truth": math.sqrt(1 - math.sqrt(0.5))}
"""Thresholds that are the same in every ring; "truth" is 0.541."""

CRITERIA: Final = (*INFORMATION, *LEVELS)


@dataclass(frozen=True, eq=False)
class RingCorrelation:
    """How alike two arrays are at each spatial frequency.

    Attributes
    ----------
    frequencies : ndarray, shape (n_rings,)
        Middle of each ring, in cycles per unit of the spacing; cycles per element by default.
    correlation : ndarray, shape (n_rings,)
        From -1 to 1, NaN where nothing can be said. Estimates of a correlation can pass 1.
    elements : ndarray, shape (n_rings,)
        Independent Fourier coefficients in each ring, less those that the window takes: between
        arrays of independent noise the correlation spreads by at most ``1 / sqrt(elements)``.
    nyquist : float
        Highest frequency that every axis holds, in cycles per unit.
    criterion : {"half-bit", "one-bit", "1/7", "truth"}
        What `threshold`, `cutoff` and `resolution` go by unless told otherwise.
    """

    frequencies: Floats
    correlation: Floats
    elements: Floats
    nyquist: float
    criterion: Criterion = "half-bit"

    def threshold(self, criterion: Criterion | float | None = None) -> Floats:
        r"""Correlation below which a ring counts as not resolved, shape (n_rings,).

        Parameters
        ----------
        criterion : {"half-bit", "one-bit", "1/7", "truth"} or float, optional
            Between two halves of the data, "half-bit" and "one-bit" are the curves
            :math:`\frac{s + (2\sqrt s + 1)/\sqrt n}{s + 1 + 2\sqrt s/\sqrt n}` of van Heel and
            Schatz (J. Struct. Biol. 151, 250, 2005) for n elements, where both halves together
            hold 0.5 bit (s = 0.2071) or 1 bit (s = 0.5) per element; "1/7" is fixed. Against a
            noise-free truth, "truth" is 0.541, where noisy data hold half a bit: the square root
            of SNR / (SNR + 1) at SNR = 0.4142. A number from 0 to 1 is a fixed level.

        Raises
        ------
        InputError
            Another criterion.
        """
        chosen = self.criterion if criterion is None else criterion
        if isinstance(chosen, str):
            choice("criterion", chosen, CRITERIA)
        if chosen in INFORMATION:
            snr, root_n = INFORMATION[str(chosen)], np.sqrt(self.elements)
            amplitude = 2 * math.sqrt(snr)
            threshold: Floats = (snr + (amplitude + 1) / root_n) / (snr + 1 + amplitude / root_n)
            return threshold
        level = LEVELS.get(str(chosen), chosen)
        return np.full(len(self.frequencies), number("criterion", level, at_least=0, below=1))

    def cutoff(self, criterion: Criterion | float | None = None) -> float:
        """Frequency of the first crossing below the threshold, in cycles per unit.

        Linear interpolation between the rings. A curve that begins below the threshold gives 0.
        One that never crosses gives the Nyquist frequency or, if it ends in NaN, the last
        frequency with a value: the crossing is somewhere beyond.

        Parameters
        ----------
        criterion : {"half-bit", "one-bit", "1/7", "truth"} or float, optional
            As for `threshold`.
        """
        margin = self.correlation - self.threshold(criterion)
        judged = np.flatnonzero(np.isfinite(margin))
        if not judged.size or margin[judged[0]] < 0:
            return 0.0
        below = judged[margin[judged] < 0]
        if not below.size:
            is_whole = judged[-1] == len(margin) - 1
            return self.nyquist if is_whole else float(self.frequencies[judged[-1]])
        after = below[0]
        before = judged[judged < after][-1]
        share = margin[before] / (margin[before] - margin[after])
        rings = self.frequencies
        return float(rings[before] + share * (rings[after] - rings[before]))

    def resolution(self, criterion: Criterion | float | None = None) -> float:
        """Length of one period at the cutoff, in units of the spacing.

        2 elements if the curve never crosses the threshold, infinite if it begins below.

        Parameters
        ----------
        criterion : {"half-bit", "one-bit", "1/7", "truth"} or float, optional
            As for `threshold`.
        """
        cutoff = self.cutoff(criterion)
        return 1 / cutoff if cutoff else math.inf
