"""Who competes: the filters and the members of a mixture, for spectra and for images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from autoden.auto.budget import Budget
from autoden.auto.images.members import ImageMembers, find_image_members
from autoden.auto.images.shelf import Shelf
from autoden.auto.images.shelved import ShelvedFilter
from autoden.auto.images.tuning import tune_family
from autoden.auto.learning.method import Filter, Method
from autoden.auto.learning.mixture import Learning, Members
from autoden.auto.learning.splits import Splits
from autoden.auto.spectra.members import find_members
from autoden.baselines.baseline import Baseline
from autoden.baselines.tuning import Tuned, tune

N_FEATURES, BATCH_SIZE, LEARNING_RATE, MEMORY = 6, 6, 1e-3, 0.98
"""Of the network of an image: small and slow, since the filters that it mixes are good already."""


@dataclass(frozen=True, eq=False)
class Field:
    """How what competes beside the mean and the networks is found.

    Attributes
    ----------
    tune : callable
        Chooses the parameters of a family, given its name, on parts of the data.
    method : callable
        Makes a method of a filter.
    members : callable
        Finds the members of the mixture, given the families tuned by name.
    tune_again : callable
        Chooses the parameters of a family, given its name, on everything.
    """

    tune: Callable[[str], Tuned]
    method: Callable[[Baseline], Method]
    members: Callable[[Mapping[str, Tuned]], Members]
    tune_again: Callable[[str], Tuned]


def spectrum_field(splits: Splits, work: Budget) -> Field:
    """Choose filters of spectra by trying all, and find what suits them."""
    few, noise = splits.first(work.n_tuning_splits), splits.noise
    return Field(
        partial(tune, splits=few.pairs, noise=noise, where=few.trains()),
        partial(Filter, noise=noise),
        partial(find_members, splits),
        partial(tune, splits=few.pairs, noise=noise),
    )


def image_field(splits: Splits, work: Budget) -> Field:
    """Do the same for images and volumes, where filters are costly and their estimates kept."""
    shelf = Shelf(splits.noise, [pair.input for pair in splits.pairs])
    few = splits.first(work.n_tuning_splits)
    patch = None if work.patch is None else round(work.patch ** (2 / splits.n_dims))
    learning = Learning(N_FEATURES, BATCH_SIZE, LEARNING_RATE, MEMORY, patch)
    return Field(
        partial(tune_family, splits=few, shelf=shelf),
        partial(ShelvedFilter, noise=splits.noise, shelf=shelf),
        partial(find_image_members, splits, learning=learning, shelf=shelf),
        partial(tune_family, splits=few, shelf=shelf, everywhere=True),
    )


def lasting(members: Any) -> Any:
    """Give members without what they keep of the data that they were chosen on."""
    return members.without_shelf() if isinstance(members, ImageMembers) else members
