"""Which repeats differ from the others as a whole, one after the other, the oddest first.

A repeat that differs also pulls the mean of all, so that good repeats look odd, too: the oddest is
set aside and the others are judged anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from autoden.noise.drift import Drift, drift_of_repeats, line_width
from autoden.noise.exposures import Exposures, Floats

_CLEAR: Final = 6.0  # standard errors
_SCALE_MATTERS: Final = 0.03
_SHIFT_MATTERS: Final = 0.065  # of the width of the structure; it broadens lines by 0.2 %


@dataclass(frozen=True)
class OddRepeats:
    """Repeats that differ from the others in one way.

    Attributes
    ----------
    kind : {"scaled", "shifted"}
    repeats : tuple of int
        One repeat, or all where it cannot be told which is the odd one.
    amount : float
        Factor on the total, or shift in elements along the last axis.
    z_score : float
        Of the amount against none.
    """

    kind: Literal["scaled", "shifted"]
    repeats: tuple[int, ...]
    amount: float
    z_score: float


def find_odd_repeats(exposures: Exposures, gain: float | None) -> list[OddRepeats]:
    """Set aside odd repeats, the oddest first, until the others agree.

    Differences of less than 3 % in scale, or of less than 6.5 % of the width of the structure
    in position, are left: they do not matter to a mean.

    Parameters
    ----------
    exposures : Exposures
        At least two repeats.
    gain : float or None
        Units of the data per count; None for values that are no counts.

    Returns
    -------
    list of OddRepeats
        Scaled ones, then shifted ones.
    """
    width = line_width(exposures, gain)
    found = _set_aside(exposures, gain, "scaled", 0.0)
    return found + _set_aside(exposures, gain, "shifted", width)


def _set_aside(
    exposures: Exposures, gain: float | None, kind: Literal["scaled", "shifted"], width: float
) -> list[OddRepeats]:
    left = list(range(exposures.n_repeats))
    found: list[OddRepeats] = []
    while len(left) > 1:
        drift = drift_of_repeats(exposures.take(left), gain)
        amounts, z_scores = _scaled(drift) if kind == "scaled" else _shifted(drift, width)
        worst = int(np.abs(z_scores).argmax())
        if z_scores[worst] == 0:
            break
        amount, z_score = float(amounts[worst]), float(z_scores[worst])
        if len(left) == 2 or len(found) + 1 > exposures.n_repeats // 2:
            # half of them or more: none can be called the odd one
            among = tuple(range(exposures.n_repeats))
            if kind == "scaled":
                amount = max(amount, 1 / amount)
            return [OddRepeats(kind, among, amount, abs(z_score))]
        found.append(OddRepeats(kind, (left.pop(worst),), amount, z_score))
    return [_against(exposures.take([*left, *odd.repeats]), gain, odd) for odd in found]


def _against(with_good: Exposures, gain: float | None, odd: OddRepeats) -> OddRepeats:
    """Tell the amount against the repeats that agree, of which the last one is the odd one."""
    drift = drift_of_repeats(with_good, gain)
    amounts = drift.scales if odd.kind == "scaled" else drift.shifts
    return replace(odd, amount=float(amounts[-1]))


def _scaled(drift: Drift) -> tuple[Floats, Floats]:
    """Scales and their z-scores, 0 where a scale does not matter."""
    matters = (np.abs(drift.scales - 1) > _SCALE_MATTERS) & (np.abs(drift.scale_z) > _CLEAR)
    return drift.scales, np.where(matters, drift.scale_z, 0)


def _shifted(drift: Drift, width: float) -> tuple[Floats, Floats]:
    """Shifts and their z-scores, 0 where a shift does not matter.

    A shift beyond the width of the lines is no small change, which the score test looks for: it
    shows as a shape that differs and agrees again once it is shifted back.
    """
    seen = np.sqrt(np.maximum(drift.gains, 0)) * np.sign(drift.shifts)
    far = (drift.shape_z > _CLEAR) & (np.abs(seen) > 2 * _CLEAR)
    near = (np.abs(drift.shift_z) > _CLEAR) & (drift.gains > _CLEAR**2)
    matters = (np.abs(drift.shifts) > _SHIFT_MATTERS * width) & (near | far)
    return drift.shifts, np.where(matters, np.where(far, seen, drift.shift_z), 0)
