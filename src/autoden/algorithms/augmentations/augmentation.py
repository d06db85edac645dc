"""What an augmentation is, and the settings that all of them check alike.

Geometric ones move input, target, weight and held-out mask together. They are right only where
the physics has the same symmetry: an image may be flipped, an energy axis may not (tails, shelves
and backgrounds of spectral lines are one-sided). Such an axis is left out of ``axes``.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Protocol, Self, runtime_checkable

import numpy as np

from autoden.errors import InputError
from autoden.randomness import numpy_generator
from autoden.training.batch import Batch


@runtime_checkable
class Augmentation(Protocol):
    """Gives another view of a batch."""

    geometric: bool
    """Whether elements change place."""

    def __call__(self, batch: Batch) -> Batch:
        """Give another view; the batch given stays as it is."""
        ...


class RandomView:
    """Where an augmentation draws from: its own generator, or that of whoever uses it.

    Parameters
    ----------
    rng : numpy.random.Generator, optional
        None makes one that follows numpy's own state, until `bound_to` gives another.

    Raises
    ------
    InputError
        Something else than a generator.
    """

    def __init__(self, rng: np.random.Generator | None) -> None:
        if not isinstance(rng, np.random.Generator | None):
            raise InputError(f"`rng` is {rng!r}: give `numpy.random.default_rng(seed)`.")
        self.rng = numpy_generator(None, "augmentation") if rng is None else rng
        self._default = self.rng if rng is None else None

    def bound_to(self, rng: np.random.Generator) -> Self:
        """Give one that draws from `rng`: a copy, or itself where the user chose the generator."""
        if self.rng is not self._default:
            return self
        bound = copy(self)
        bound.rng = rng
        return bound


def checked_axes(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    """Return the axes in their order in space, or raise if they are not counted from the end."""
    if axes is None:
        return None
    if not (
        isinstance(axes, Sequence)
        and all(isinstance(axis, int | np.integer) and -3 <= axis <= -1 for axis in axes)
        and len(set(axes)) == len(axes)
    ):
        raise InputError(
            f"`axes` is {axes!r}: give spatial axes counted from the end, such as (-2, -1)."
        )
    return tuple(sorted(int(axis) for axis in axes))


def moving_axes(axes: tuple[int, ...] | None, n_dims: int) -> tuple[int, ...]:
    """Give the axes that may move in data of so many spatial axes; raise if some are not there."""
    if axes is None:
        return tuple(range(-n_dims, 0))
    if min(axes, default=-1) < -n_dims:
        raise InputError(f"`axes` is {axes}, but the data have {n_dims} spatial axes.")
    return axes
