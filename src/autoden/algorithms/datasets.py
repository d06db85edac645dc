"""The augmentations by name: other views of the same measurement, made while training.

What each of them does lives in ``augmentations/``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from autoden.algorithms.augmentations.augmentation import Augmentation, RandomView
from autoden.algorithms.augmentations.crops import AugmentationCrop
from autoden.algorithms.augmentations.flips import AugmentationFlip
from autoden.algorithms.augmentations.noises import (
    AugmentationGaussianNoise,
    AugmentationPoissonNoise,
)
from autoden.algorithms.augmentations.rotations import (
    AugmentationRotation90,
    AugmentationRotationAny,
    check_can_turn,
)
from autoden.checks import choice
from autoden.errors import InputError

__all__ = [
    "AUGMENTATIONS",
    "Augmentation",
    "AugmentationCrop",
    "AugmentationFlip",
    "AugmentationGaussianNoise",
    "AugmentationLike",
    "AugmentationPoissonNoise",
    "AugmentationRotation90",
    "AugmentationRotationAny",
    "create_augmentations",
]

AugmentationLike = str | Augmentation | Sequence[str | Augmentation] | None

AUGMENTATIONS: Mapping[str, Callable[[np.random.Generator], Augmentation]] = MappingProxyType(
    {
        "flip": lambda rng: AugmentationFlip(rng=rng),
        "rot90": lambda rng: AugmentationRotation90(rng=rng),
        "rot45": lambda rng: AugmentationRotationAny(step=45, rng=rng),
        "rot_any": lambda rng: AugmentationRotationAny(rng=rng),
    }
)
"""What each name stands for: all spatial axes, draws from the generator given."""


def create_augmentations(
    wanted: AugmentationLike, *, n_dims: int, rng: np.random.Generator
) -> tuple[Augmentation, ...]:
    """Turn names and objects into a tuple of augmentations, applied one after another.

    Parameters
    ----------
    wanted : str, Augmentation, sequence of them, or None
        The names are those of `AUGMENTATIONS`: "flip", "rot90", "rot45", "rot_any". None: none,
        the default; so an axis is never moved unless that is asked for.
    n_dims : {1, 2, 3}
        How many trailing axes are spatial.
    rng : numpy.random.Generator
        Source of the draws of those made here, and of copies of those made without `rng`. An
        object with a generator of its own is used as it is.

    Raises
    ------
    InputError
        An unknown name, something else than an augmentation, or a rotation of 1D data.

    Warns
    -----
    UserWarning
        A flip of a one-dimensional axis, which is rarely physical.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> flip, turn = create_augmentations(["flip", "rot45"], n_dims=2, rng=rng)
    >>> turn.step
    45.0
    """
    if wanted is None:
        return ()
    items = [wanted] if isinstance(wanted, str) or not isinstance(wanted, Sequence) else wanted
    return tuple(_create_one(item, n_dims, rng) for item in items)


def _create_one(item: str | Augmentation, n_dims: int, rng: np.random.Generator) -> Augmentation:
    if isinstance(item, str):
        augmentation = AUGMENTATIONS[choice("augmentation", item, AUGMENTATIONS)](rng)
    else:
        augmentation = item
    if isinstance(augmentation, type) or not isinstance(augmentation, Augmentation):
        raise InputError(f"`augmentation` is {item!r}: give a name or an Augmentation object.")
    if isinstance(augmentation, AugmentationRotation90 | AugmentationRotationAny):
        check_can_turn(augmentation, n_dims)
    if n_dims == 1 and isinstance(augmentation, AugmentationFlip):
        warnings.warn(
            "Flipping a one-dimensional axis: right for data without direction, wrong for "
            "spectra, whose tails and backgrounds are one-sided.",
            UserWarning,
            stacklevel=5,
        )
    return augmentation.bound_to(rng) if isinstance(augmentation, RandomView) else augmentation
