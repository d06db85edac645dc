"""What the mixture of an image may choose from: the classical filters that did best on its parts.

Beside them stand Gaussians from nearly nothing to wide, which the network itself computes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from autoden.auto.images.shelf import Shelf
from autoden.auto.learning.mixture import Learning
from autoden.auto.learning.splits import Splits
from autoden.auto.learning.units import CountUnits, SquaredCountUnits, Units
from autoden.baselines.baseline import Baseline
from autoden.baselines.gaussian import GaussianFilter
from autoden.baselines.tuning import Tuned
from autoden.models.params import NetworkParamsKernelMixture
from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel

Floats = NDArray[np.float64]

GAUSSIANS = {2: (0.3, 0.7, 1.2, 2.0), 3: (0.3, 0.6, 1.0, 1.7)}
"""Widths in pixels; the narrowest is nearly the measurement itself."""
DILATIONS = {2: (1, 2), 3: (1, 2)}
N_OF_FAMILY = 2
"""So many members of each family take part, the best first."""


@dataclass(frozen=True)
class ImageMembers:
    """The members of a mixture of images or volumes.

    Attributes
    ----------
    noise : NoiseModel
        What the noise is.
    units : Units
        Those of the network.
    n_dims : int
        2 or 3.
    filters : tuple of Baseline
        Classical filters with their parameters, the best one first: against it the network sees
        the others.
    learning : Learning
        How the network learns.
    shelf : Shelf
        Where their estimates are kept.
    """

    noise: NoiseModel
    units: Units
    n_dims: int
    filters: tuple[Baseline, ...]
    learning: Learning
    shelf: Shelf = field(compare=False, repr=False)

    @property
    def n_estimates(self) -> int:
        """How many estimates `inputs` gives."""
        return len(self.filters)

    def network(self, n_features: int) -> NetworkParamsKernelMixture:
        """Describe the network that mixes the members."""
        gaussians = GAUSSIANS[self.n_dims]
        return NetworkParamsKernelMixture(
            n_dims=self.n_dims,
            n_features=n_features,
            dilations=DILATIONS[self.n_dims],
            gaussians=gaussians,
            savgol=(),
            reference=len(gaussians),
            stabilise=self.units.stabilise,
            n_channels_estimates=self.n_estimates,
        )

    def inputs(self, parts: Sequence[Combined]) -> NDArray[np.float32]:
        """Give the network's input in its units, shape (K * C, 1 + n_estimates, *S)."""
        layers = [np.stack([self.units.of(part) for part in parts])]
        for filter_ in self.filters:
            pairs = zip(parts, self.shelf.rates(filter_, parts), strict=True)
            layers.append(np.stack([self.units.of(replace(p, values=rate)) for p, rate in pairs]))
        shape = layers[0].shape
        rows = [layer.reshape(-1, 1, *shape[2:]) for layer in layers]
        return np.concatenate(rows, axis=1, dtype=np.float32)

    def sides(self, splits: Splits) -> tuple[list[Combined], list[Combined]]:
        """Give inputs at the dose that they have, for which the filters are made."""
        return splits.own_sides()

    def describe(self, n_members: int) -> str:
        """Say what is mixed: the number of filters, and their families, the best one first."""
        names = list(dict.fromkeys(filter_.name for filter_ in self.filters))
        return f"{n_members} filters ({', '.join(names)})"

    def without_shelf(self) -> ImageMembers:
        """Give the same with an empty shelf, to be kept for long."""
        return replace(self, shelf=Shelf(self.noise))


def find_image_members(
    splits: Splits, tuned: Mapping[str, Tuned], learning: Learning, shelf: Shelf
) -> ImageMembers:
    """Choose the best filters of every family but the Gaussians, which the network has.

    Parameters
    ----------
    splits : Splits
        Independent parts of the images.
    tuned : mapping of str to Tuned
        The families of classical filters, tuned on them.
    learning : Learning
        How the network will learn.
    shelf : Shelf
        Where their estimates are kept.
    """
    found: list[tuple[float, Baseline]] = []
    for each in tuned.values():
        scores = each.scores.mean(axis=1)
        best = np.argsort(scores)[: 1 if isinstance(each.baseline, GaussianFilter) else N_OF_FAMILY]
        found += [(float(scores[i]), each.candidates[i]) for i in best]
    found.sort(key=lambda pair: pair[0])
    filters = tuple(filter_ for _, filter_ in found)
    units = splits.units
    if isinstance(units, CountUnits):
        units = SquaredCountUnits(units.unit, units.offset)
    return ImageMembers(splits.noise, units, splits.n_dims, filters, learning, shelf)
