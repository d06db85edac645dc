"""What two arrays need before they are compared: real numbers and one shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError

Floats = NDArray[np.float64]


def real_array(name: str, values: ArrayLike) -> Floats:
    """Give an array as float64, or raise if it is complex or holds no numbers."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"`{name}` has dtype {array.dtype}: give real numbers; the real and imaginary parts "
            "of complex data can be two channels."
        )
    return array.astype(np.float64, copy=False)


def same_shape(**given: ArrayLike) -> list[Floats]:
    """Give arrays as float64, in order, or raise if they differ in shape or are empty."""
    arrays = {name: real_array(name, values) for name, values in given.items()}
    if len({array.shape for array in arrays.values()}) > 1:
        shapes = ", ".join(f"`{name}` {array.shape}" for name, array in arrays.items())
        raise InputError(f"the arrays differ in shape: {shapes}; give the same shape.")
    if not all(array.size for array in arrays.values()):
        raise InputError(f"`{next(iter(given))}` is empty: give at least one value.")
    return list(arrays.values())


def finite_images(channel_axis: int | None, **given: ArrayLike) -> list[Floats]:
    """Give arrays as (n_channels, *S) float64, in order; 1 channel if there is no such axis.

    Raises
    ------
    InputError
        If they differ in shape, hold a value that is not finite, or have no such axis.
    """
    arrays = same_shape(**given)
    for name, array in zip(given, arrays, strict=True):
        if not np.isfinite(array).all():
            raise InputError(f"`{name}` holds NaN or infinite values: fill them or cut them away.")
    if channel_axis is None:
        return [array[np.newaxis] for array in arrays]
    n_dims = arrays[0].ndim
    if channel_axis not in range(-n_dims, n_dims):
        raise InputError(
            f"`channel_axis` is {channel_axis!r}: give one of the {n_dims} axes, or None if there "
            "are no channels."
        )
    return [np.moveaxis(array, channel_axis, 0) for array in arrays]
