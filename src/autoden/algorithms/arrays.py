"""The arrays that `train` is given, checked, whether or not they come from `prepare_data`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError
from autoden.signals.values import check_finite, check_numeric


@dataclass(frozen=True)
class PairArrays:
    """What `train` is given: inputs, targets and what is held out, in data units.

    Attributes
    ----------
    inputs, targets : ndarray
        Shape (..., [C,] *S), float64.
    held_out : ndarray of bool
        The shape of the targets, True on elements that are scored and never train.
    trains : ndarray of bool
        The shape of the targets, True on elements that train.
    hidden : ndarray of bool, optional
        The shape of the inputs, True where something else stands than what was measured.
    """

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]
    held_out: NDArray[np.bool_]
    trains: NDArray[np.bool_]
    hidden: NDArray[np.bool_] | None = None


def checked_array(data: ArrayLike, name: str) -> NDArray[np.float64]:
    """Check an array of measurements.

    Raises
    ------
    InputError
        Something else than finite real numbers.
    """
    array = check_finite(check_numeric(data, name), name)
    if np.iscomplexobj(array):
        raise InputError(f"`{name}` is complex: `prepare_data` makes channels of its parts.")
    return array.astype(np.float64)


def checked_mask(mask: ArrayLike, name: str, like: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Check a mask of held-out elements against the targets.

    Raises
    ------
    InputError
        Another dtype than bool, another shape, or a mask that leaves nothing to train on.
    """
    if np.ma.is_masked(mask):
        raise InputError(f"`{name}` has masked values: say of each whether it is held out.")
    array = np.asarray(mask)
    if array.shape != like.shape:
        raise InputError(
            f"`{name}` {array.shape} and the targets {like.shape} must have the same shape; pass "
            "on what `prepare_data` returned."
        )
    if array.dtype != np.bool_:
        raise InputError(
            f"`{name}` has dtype {array.dtype}; it must be bool, True on held-out pixels."
        )
    if array.all():
        raise InputError(f"`{name}` holds out every pixel: none is left to train on.")
    return array


def checked_pairs(
    inp: ArrayLike, tgt: ArrayLike, mask: ArrayLike, mask_name: str = "mask_trn"
) -> PairArrays:
    """Check inputs, targets and the mask of held-out elements.

    Raises
    ------
    InputError
        Arrays that cannot be used, or a mask that does not fit the targets.
    """
    inputs, targets = checked_array(inp, "inp"), checked_array(tgt, "tgt")
    held_out = checked_mask(mask, mask_name, targets)
    return PairArrays(inputs, targets, held_out, ~held_out)


def checked_indices(tst_inds: Sequence[int] | NDArray[Any], n_samples: int) -> list[int]:
    """Check the indices of held-out measurements.

    Raises
    ------
    InputError
        Something else than indices of some of the measurements.
    """
    indices = np.asarray(tst_inds)
    if indices.size == 0:
        return []
    if indices.ndim != 1 or not np.issubdtype(indices.dtype, np.integer):
        raise InputError(
            f"`tst_inds` is {tst_inds!r}: give a list of indices of held-out measurements, as "
            "`prepare_data` returns it."
        )
    if indices.min() < 0 or indices.max() >= n_samples:
        raise InputError(
            f"`tst_inds` is {tst_inds!r}, but there are {n_samples} measurements: give numbers "
            f"from 0 to {n_samples - 1}."
        )
    if len(set(indices.tolist())) == n_samples:
        raise InputError(
            "`tst_inds` holds out every measurement: none is left to train on. Give fewer, or "
            "an empty list to hold out pixels."
        )
    return [int(index) for index in indices]
