"""Who competes: the filters and the members of a mixture, for spectra and for images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from autoden.auto.budget import Budget
from autoden.auto.images.members import ImageMembers, find_image_members
from autoden.auto.images.shelf import Shelf
from autoden.auto.images.shelved import ShelvedFilter
from autoden.auto.images.tuning import tune_family, tune_filters
from autoden.auto.members import find_members
from autoden.auto.method import Filter, Method
from autoden.auto.mixture import Learning, Members
from autoden.auto.splits import Splits
from autoden.baselines.mean import Mean
from autoden.baselines.registry import families
from autoden.baselines.tuning import Tuned, tune

N_FEATURES, BATCH_SIZE, LEARNING_RATE, MEMORY = 6, 6, 1e-3, 0.98
"""Of the network of an image: small and slow, since the filters that it mixes are good already."""


@dataclass(frozen=True, eq=False)
class Field:
    """What competes beside the mean and the networks.

    Attributes
    ----------
    filters : tuple of Method
        The best of every family.
    members : Members
        Those of the mixture.
    tune_again : callable
        Chooses the parameters of a family, given its name, on everything.
    """

    filters: tuple[Method, ...]
    members: Members
    tune_again: Callable[[str], Tuned]


def spectrum_field(splits: Splits, work: Budget) -> Field:
    """Let every family of filters of spectra choose its parameters, and find what suits them."""
    few, noise = splits.first(work.n_tuning_splits), splits.noise
    names = [name for name in families(1) if name != Mean.name]
    tuned = {name: tune(name, few.pairs, noise, few.trains()) for name in names}
    filters = tuple(Filter(each.baseline, noise) for each in tuned.values())
    again = partial(tune, splits=few.pairs, noise=noise)
    return Field(filters, find_members(splits, tuned), again)


def image_field(splits: Splits, work: Budget) -> Field:
    """Do the same for images and volumes, where filters are costly and their estimates kept."""
    shelf = Shelf(splits.noise, [pair.input for pair in splits.pairs])
    few = splits.first(work.n_tuning_splits)
    tuned = tune_filters(few, shelf)
    learning = Learning(N_FEATURES, BATCH_SIZE, LEARNING_RATE, MEMORY, work.patch)
    members = find_image_members(splits, tuned, learning, shelf)
    filters = tuple(ShelvedFilter(each.baseline, splits.noise, shelf) for each in tuned.values())
    again = partial(tune_family, splits=few, shelf=shelf, everywhere=True)
    return Field(filters, members, again)


def lasting(members: Any) -> Any:
    """Give members without what they keep of the data that they were chosen on."""
    return members.without_shelf() if isinstance(members, ImageMembers) else members
