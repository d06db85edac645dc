"""A filter that competes: what it makes of the parts is kept on the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autoden.auto.images.shelf import Shelf
from autoden.auto.learning.method import Filter
from autoden.noise.exposures import Combined


@dataclass(frozen=True)
class ShelvedFilter(Filter):
    """A classical filter of images as a method.

    Attributes
    ----------
    shelf : Shelf
        Where its estimates are kept.
    """

    shelf: Shelf = field(compare=False, repr=False)

    def rates(self, parts: Sequence[Combined]) -> list[NDArray[np.float64]]:
        """Filter each part."""
        return self.shelf.rates(self.baseline, parts)
