"""Estimates of parts of images, made once: costly filters are asked for the same ones again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autoden.auto.learning.fitting import side_by_side
from autoden.baselines.baseline import Baseline
from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel

Floats = NDArray[np.float64]


class Shelf:
    """What filters made of some parts, which are kept; those of other parts are not.

    Parameters
    ----------
    noise : NoiseModel
        What the noise is.
    parts : iterable of Combined
        Whose estimates are kept, found again by the identity of their values.
    """

    def __init__(self, noise: NoiseModel, parts: Iterable[Combined] = ()) -> None:
        self.noise = noise
        self._parts = {id(part.values): part for part in parts}  # they live as long as their ids
        self._kept: dict[tuple[Baseline, int], Floats] = {}

    def rates(self, filter_: Baseline, parts: Sequence[Combined]) -> list[Floats]:
        """Filter each part, (C, *S), several at a time where there are several threads."""
        keys = [(filter_, id(part.values)) for part in parts]
        new = [i for i, key in enumerate(keys) if key not in self._kept]
        todo = [parts[i] for i in new]
        made = side_by_side(self._filtered, [filter_] * len(todo), todo)
        rates = dict(zip(new, made, strict=True))
        for i, rate in rates.items():
            if keys[i][1] in self._parts:
                self._kept[keys[i]] = rate
        return [rates[i] if i in rates else self._kept[key] for i, key in enumerate(keys)]

    def _filtered(self, filter_: Baseline, part: Combined) -> Floats:
        rates: Floats = filter_.smooth_channels(part.values[np.newaxis], part.dose, self.noise)[0]
        return rates
