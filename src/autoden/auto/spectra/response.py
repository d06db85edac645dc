"""How wide the instrument's response is: the width at which a non-negative source predicts best.

Found on the splits of the measurement itself; see `autoden.transforms.richardson_lucy`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from autoden.losses.data import LEAST_RATE
from autoden.transforms.richardson_lucy import RichardsonLucy

Widths = tuple[float, float]

NARROWEST = 0.7
RATIO = 1.35
"""Widths that are tried, in channels: the narrowest, and each so many times the one before."""
PATIENCE = 3
"""So many widths in a row that predict worse end the search."""
TRENDS = (0.6, 1.0, 1.6, 2.5)
"""Widths at the last channel over those at the first that are tried."""
ITERATIONS = (4, 8, 16, 32)


def find_response(
    inputs: NDArray[np.floating],
    targets: NDArray[np.floating],
    where: NDArray[np.bool_] | bool = True,
) -> Widths:
    """Find the widths of the response at the first and the last channel.

    Parameters
    ----------
    inputs, targets : ndarray, shape (K, n)
        Independent parts of spectra, both in counts of the whole measurement.

    where : ndarray of bool, shape (K, n), optional
        The channels whose targets count; all if not given.

    Returns
    -------
    (float, float)
        Standard deviations, in channels.
    """

    def score(widths: Widths) -> float:
        rates = RichardsonLucy(widths, ITERATIONS).estimates(inputs)
        rates = np.maximum(rates, LEAST_RATE)
        losses = rates - targets[:, None] * np.log(rates)
        counted = np.broadcast_to(np.asarray(where), targets.shape)[:, None]
        means = losses.mean(axis=(0, 2), dtype=np.float64, where=counted)
        return float(means.min())

    widest = max(inputs.shape[1] / 16, 2 * NARROWEST)
    n_widths = int(np.log(widest / NARROWEST) / np.log(RATIO)) + 1
    uniform = (NARROWEST * RATIO**i for i in range(n_widths))
    _, (middle, _) = _descend(((w, w) for w in uniform), score)
    turned = [
        (middle * factor / trend**0.5, middle * factor * trend**0.5)
        for trend in TRENDS
        for factor in (0.87, 1.0, 1.15)
    ]
    return min((score(widths), widths) for widths in turned)[1]


def _descend(
    candidates: Iterable[Widths], score: Callable[[Widths], float]
) -> tuple[float, Widths]:
    """Try one after the other until nothing better comes."""
    best: tuple[float, Widths] | None = None
    behind = 0
    for widths in candidates:
        found = score(widths), widths
        if best is None or found < best:
            best, behind = found, 0
        else:
            behind += 1
            if behind == PATIENCE:
                break
    assert best is not None
    return best
