"""Augmentations: other views of the same measurement, made while training.

Geometric ones move input, target, weight and held-out mask together. They are right only where
the physics has the same symmetry: an image may be flipped, an energy axis may not (tails, shelves
and backgrounds of spectral lines are one-sided).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from autoden.errors import InputError
from autoden.training.batch import Batch


@runtime_checkable
class Augmentation(Protocol):
    """Gives another view of a batch."""

    geometric: bool
    """Whether elements change place."""

    def __call__(self, batch: Batch) -> Batch:
        """Give a new batch; the one given stays as it is."""
        ...


class AugmentationFlip:
    """Flip each spatial axis with probability one half.

    Parameters
    ----------
    axes : sequence of int, optional
        Axes that may be flipped, counted from the end: -1 is the last one. None: all spatial axes.
    rng : numpy.random.Generator, optional
        Source of the draws; None makes one from the system's entropy.

    Examples
    --------
    >>> import torch
    >>> row = torch.arange(3.0).reshape(1, 1, 3)
    >>> flip = AugmentationFlip(axes=(-1,), rng=np.random.default_rng(2))
    >>> flip(Batch(row, row, row, row > 1)).target.squeeze()
    tensor([2., 1., 0.])
    """

    geometric = True

    def __init__(
        self, axes: Sequence[int] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        if axes is not None and not (
            isinstance(axes, Sequence) and all(axis in (-3, -2, -1) for axis in axes)
        ):
            raise InputError(
                f"`axes` is {axes!r}: give spatial axes counted from the end, such as (-2, -1)."
            )
        if not isinstance(rng, np.random.Generator | None):
            raise InputError(f"`rng` is {rng!r}: give `numpy.random.default_rng(seed)`.")
        self.axes = None if axes is None else tuple(axes)
        self.rng = rng if rng is not None else np.random.default_rng()

    def __call__(self, batch: Batch) -> Batch:
        """Flip the same random axes of all four tensors."""
        n_dims = batch.input.ndim - 2
        axes = range(-n_dims, 0) if self.axes is None else self.axes
        if min(axes, default=-1) < -n_dims:
            raise InputError(f"`axes` is {self.axes}, but the data have {n_dims} spatial axes.")
        chosen = [axis for axis in axes if self.rng.random() < 0.5]
        return batch.map(lambda tensor: tensor.flip(chosen)) if chosen else batch


AugmentationLike = str | Augmentation | Sequence[str | Augmentation] | None


def create_augmentations(
    wanted: AugmentationLike, *, n_dims: int, rng: np.random.Generator
) -> tuple[Augmentation, ...]:
    """Turn names and objects into a tuple of augmentations.

    Parameters
    ----------
    wanted : str, Augmentation, sequence of them, or None
        The names known are "flip".
    n_dims : {1, 2, 3}
        How many trailing axes are spatial.
    rng : numpy.random.Generator
        Source of the draws of those made here.

    Raises
    ------
    InputError
        An unknown name.

    Warns
    -----
    UserWarning
        A flip of a one-dimensional axis, which is rarely physical.
    """
    if wanted is None:
        return ()
    items = [wanted] if isinstance(wanted, str) or not isinstance(wanted, Sequence) else wanted
    return tuple(_create_one(item, n_dims, rng) for item in items)


def _create_one(item: str | Augmentation, n_dims: int, rng: np.random.Generator) -> Augmentation:
    augmentation = AugmentationFlip(rng=rng) if item == "flip" else item
    if isinstance(augmentation, str):
        raise InputError(f"`augmentation` is {item!r}: choose one of 'flip'.")
    if isinstance(augmentation, type) or not isinstance(augmentation, Augmentation):
        raise InputError(f"`augmentation` is {item!r}: give a name or an Augmentation object.")
    if n_dims == 1 and augmentation.geometric:
        warnings.warn(
            "Flipping a one-dimensional axis: right for data without direction, wrong for "
            "spectra, whose tails and backgrounds are one-sided.",
            UserWarning,
            stacklevel=5,
        )
    return augmentation
