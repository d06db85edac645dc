"""What repeats of images lack: values that none has, that some have, and noise of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from autoden.auto.images.measurement import Mask
from autoden.errors import InputError
from autoden.noise.exposures import Exposures

Floats = NDArray[np.float64]

MOST_PARTLY = 0.01
"""Share of the values that only some repeats may miss: what fills them is no new measurement."""
MANY = 0.2
"""Share of missing values from which the user is told how far they can be trusted."""
FEWEST = 16
"""Values of a channel below which there is nothing to denoise."""


@dataclass(frozen=True, eq=False)
class Repeats:
    """Repeats of an image or a volume without gaps.

    Attributes
    ----------
    repeats : ndarray of float64, shape (R, C, *S)
        Filled: from another repeat, or else from the surroundings.
    kept : ndarray of bool
        Which of the given repeats these are: the others held nothing.
    missing : ndarray of bool, shape (C, *S)
        Where all repeats miss a value.
    notes : tuple of str
        What was left out and filled.
    """

    repeats: Floats
    kept: NDArray[np.bool_]
    missing: Mask
    notes: tuple[str, ...] = ()


def fill_repeats(repeats: Floats, name: str) -> Repeats:
    """Leave repeats out that hold nothing, and fill what is missing in the others.

    Parameters
    ----------
    repeats : ndarray of float64, shape (R, C, *S)
        NaN where nothing was measured.
    name : str
        What the user calls them.

    Raises
    ------
    InputError
        A channel holds next to nothing, or single repeats miss many values.
    """
    absent = np.isnan(repeats)
    kept: Mask = np.asarray(~absent.reshape(len(repeats), -1).all(axis=1))
    if not absent.any():
        return Repeats(repeats, kept, np.zeros(repeats.shape[1:], dtype=np.bool_))
    repeats, absent = repeats[kept], absent[kept]
    if not len(repeats):
        raise InputError(f"a sample of {name} holds nothing but NaN: leave it out.")
    everywhere: Mask = np.asarray(absent.all(axis=0))
    for channel in everywhere:
        if (n_there := int((~channel).sum())) < FEWEST:
            raise InputError(
                f"a channel of {name} holds {n_there} values, the others are NaN: give at least "
                f"{FEWEST}, or leave it out."
            )
    partly = absent & ~everywhere
    if partly.mean() > MOST_PARTLY:
        raise InputError(
            f"{100 * partly.mean():.2g} % of the values of {name} are missing (NaN) in some "
            "repeats and measured in others, so that the pixels differ in exposure: leave the "
            "repeats out that miss them, or put NaN into all repeats there."
        )
    filled = _from_others(repeats, partly)
    for repeat in filled:
        for channel, holes in zip(repeat, everywhere, strict=True):
            if holes.any():
                channel[...] = channel[_mirrored(holes)]
    return Repeats(filled, kept, everywhere, tuple(_say(kept, partly)))


def _from_others(repeats: Floats, partly: Mask) -> Floats:
    """Take what single repeats miss from the next ones that have it."""
    filled = repeats.copy()
    for index, lacks in enumerate(partly):
        for other in range(1, len(repeats)):
            still = lacks & np.isnan(filled[index])
            filled[index][still] = repeats[(index + other) % len(repeats)][still]
    return filled


def refuse_copies(sample: Exposures, name: str) -> None:
    """Refuse repeats of which one is a copy of another, unless they hold a single value.

    Raises
    ------
    InputError
        There are such.
    """
    seen: dict[bytes, int] = {}
    for index, repeat in enumerate(sample.repeats):
        if np.ptp(repeat) == 0:
            continue
        first = seen.setdefault(repeat.tobytes(), index)
        if first != index:
            raise InputError(
                f"repeats {first} and {index} of {name} are identical: a copy has no noise of its "
                "own, and all would seem to have less. Leave copies out."
            )


def refuse_equal_channels(sample: Exposures, name: str) -> None:
    """Refuse colours that are all the same, as of a grey image that was stored in colour.

    Raises
    ------
    InputError
        They are.
    """
    first, *others = np.moveaxis(sample.repeats, 1, 0)
    if others and all(np.array_equal(first, other) for other in others):
        raise InputError(
            f"the {len(others) + 1} channels of {name} are identical, so that they are no colours: "
            "give one of them, as in image[..., 0]."
        )


def say_gaps(missing: Sequence[Mask]) -> tuple[str, ...]:
    """Warn where much is missing."""
    share = max(float(mask.mean()) for mask in missing)
    if share < MANY:
        return ()
    return (
        f"{100 * share:.2g} % of the values are missing: what fills them repeats the noise of "
        "others, and the stated error is rather too small.",
    )


def _say(kept: NDArray[np.bool_], partly: Mask) -> list[str]:
    notes = []
    if not kept.all():
        which = ", ".join(str(i) for i in np.flatnonzero(~kept))
        notes.append(f"Repeats that hold nothing but NaN were left out: {which}.")
    if n_partly := int(partly.sum()):
        notes.append(f"{n_partly} values that single repeats miss were taken from others.")
    return notes


def _mirrored(holes: Mask) -> tuple[NDArray[np.intp], ...]:
    """Give where to look instead: behind the edge of a hole as far as before it, or at the edge.

    What is found there has the noise that the hole would have.
    """
    nearest = distance_transform_edt(holes, return_distances=False, return_indices=True)
    places = np.indices(holes.shape)
    limits = np.array(holes.shape).reshape(-1, *[1] * holes.ndim) - 1
    behind = np.clip(2 * nearest - places, 0, limits)
    usable = ~holes[tuple(behind)]
    return tuple(np.where(usable, behind, nearest))
