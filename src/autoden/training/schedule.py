"""How the learning rate changes over the epochs, as a factor of its start value."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int], float]
"""Factor on the learning rate for an epoch counted from 0."""


def constant(epoch: int) -> float:
    """Keep the learning rate as it is."""
    return 1.0


def cosine_restarts(epochs: int, restarts: int) -> Schedule:
    """Cosine annealing with warm restarts, counted in epochs (Loshchilov & Hutter, ICLR 2017).

    The epochs are divided into `restarts` cycles of equal length (to within one epoch), so that
    the last one always ends near zero. In each the rate falls from 1 along half a cosine.

    Parameters
    ----------
    epochs : int
        Total number of epochs.
    restarts : int
        Number of cycles, at least 1.

    Examples
    --------
    >>> factor = cosine_restarts(epochs=8, restarts=2)
    >>> [round(factor(epoch), 2) for epoch in range(8)]
    [1.0, 0.85, 0.5, 0.15, 1.0, 0.85, 0.5, 0.15]
    """

    def factor(epoch: int) -> float:
        cycle = epoch * restarts // epochs
        start, end = (-(-number * epochs // restarts) for number in (cycle, cycle + 1))
        phase = (epoch - start) / (end - start)
        return 0.5 * (1.0 + math.cos(math.pi * phase))

    return factor
