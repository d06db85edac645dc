"""Values that were cut off at an end of the range: told, since nothing can bring them back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoden.noise.exposures import Exposures, Floats
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import Poisson

SHARE = 0.01
"""Share of the values at one end from which they count as cut off."""
PILED = 2.0
"""So many times as many have the last value as the one before it."""


def say_cut_off(samples: Sequence[Exposures], noise: NoiseModel) -> tuple[str, ...]:
    """Warn of values that were cut off at the lowest or the highest of all.

    Parameters
    ----------
    samples : sequence of Exposures
        Images or volumes.
    noise : NoiseModel
        What their noise is: counts end at 0 by themselves.

    Examples
    --------
    >>> from autoden.noise.gaussian import Gaussian
    >>> noisy = np.random.default_rng(0).normal(2, 1, (1, 1, 64, 64))
    >>> say_cut_off([Exposures(noisy)], Gaussian(1.0))
    ()
    >>> say_cut_off([Exposures(np.maximum(noisy, 1.0))], Gaussian(1.0))[0][:59]
    '16 % of the values are the lowest one, 1, as if cut off the'
    """
    values = np.concatenate([sample.repeats.ravel() for sample in samples])
    found = []
    for end, word in ((values.min(), "lowest"), (values.max(), "highest")):
        if isinstance(noise, Poisson) and end == 0:
            continue
        share = _cut_off(values, float(end))
        if share:
            found.append(
                f"{100 * share:.2g} % of the values are the {word} one, {end:.6g}, as if cut off "
                "there: what lay beyond is lost, the estimate is biased near this limit, and its "
                "stated error does not hold there."
            )
    return tuple(found)


def _cut_off(values: Floats, end: float) -> float:
    """Give the share of the values at an end, 0 if they are few or do not pile up there."""
    at_end = values == end
    share = float(at_end.mean())
    if share < SHARE or share > 1 - SHARE:
        return 0.0
    others = values[~at_end]
    beside = others.min() if end < others[0] else others.max()
    return share if at_end.sum() > PILED * np.sum(others == beside) else 0.0
