"""From the user's axes to the network's, and exactly back: numpy bookkeeping, no values change.

The user brings axes in any order. A denoiser works on ``(*batch, R, [C,] *spatial)`` (R: the
realizations, C: the channels) and a network takes ``(N, C, *spatial)``. The functions here move
between the three and refuse, before anything is computed, what cannot be moved. Scaling lives in
``scaling.py``; the names and units of axes in ``signal.py``.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError
from autoden.signals.values import check_numeric, say_number


def to_realizations(
    data: ArrayLike,
    *,
    n_dims: int,
    n_channels: int,
    realizations_axis: int | None = 0,
    channel_axis: int | None = None,
) -> NDArray[Any]:
    """Bring the user's axes into the order of the denoisers.

    Parameters
    ----------
    data : array_like
        The user's array, axes in any order; never written to.
    n_dims : int
        Spatial dimensions of the model: 1, 2 or 3.
    n_channels : int
        Channels that the model takes.
    realizations_axis : int or None
        Axis of the noisy copies, an index into `data`, maybe negative. None: there is no such
        axis, and none in the result.
    channel_axis : int or None
        Axis of the channels, an index into `data`, maybe negative. An axis of length 1 is dropped.

    Returns
    -------
    ndarray
        Shape (*batch, R, [C,] *spatial), dtype of `data` (complex: the float of its parts). The
        channel axis is there only when the data have several channels. Complex data of c channels
        get 2c: all real parts, then all imaginary parts. May be a view of `data`: do not write.

    Raises
    ------
    InputError
        Too few dimensions, an axis out of range, one axis named twice, or channels that do not
        agree with the model's.

    Examples
    --------
    >>> to_realizations(np.zeros((4, 10, 20)), n_dims=1, n_channels=1).shape
    (10, 4, 20)
    >>> to_realizations(np.zeros((20, 4)), n_dims=1, n_channels=1, realizations_axis=1).shape
    (4, 20)
    >>> to_realizations(np.zeros((4, 20, 3)), n_dims=1, n_channels=3, channel_axis=-1).shape
    (4, 3, 20)
    >>> to_realizations(np.zeros((4, 20), complex), n_dims=1, n_channels=2).shape
    (4, 2, 20)
    """
    array = check_numeric(data)
    _check_dimensions(array.shape, n_dims, realizations_axis, channel_axis)
    realizations = _resolve_axis(realizations_axis, array.ndim, "realizations_axis")
    channels = _resolve_axis(channel_axis, array.ndim, "channel_axis")
    if channels is not None and channels == realizations:
        raise InputError(
            f"channel_axis={channel_axis} and realizations_axis={realizations_axis} are the same "
            f"axis of data of shape {array.shape}: they must differ."
        )
    _check_channels(array, channels, n_channels)

    others = [axis for axis in range(array.ndim) if axis not in (realizations, channels)]
    n_batch = len(others) - n_dims
    own = [axis for axis in (realizations, channels) if axis is not None]
    moved = array.transpose(*others[:n_batch], *own, *others[n_batch:])
    if channels is not None and array.shape[channels] == 1:
        moved, channels = moved.squeeze(-n_dims - 1), None
    if moved.dtype.kind != "c":
        return moved
    join = np.stack if channels is None else np.concatenate
    axis = moved.ndim - n_dims if channels is None else moved.ndim - n_dims - 1
    return join([moved.real, moved.imag], axis=axis)


def to_network(
    data: ArrayLike, *, n_dims: int, n_channels: int
) -> tuple[NDArray[Any], tuple[int, ...]]:
    """Flatten all leading axes into the one batch axis of a network.

    Parameters
    ----------
    data : array_like
        Shape (*leading, *spatial) for one channel, (*leading, C, *spatial) for several.
    n_dims : int
        Number of spatial axes.
    n_channels : int
        Number of channels, 1 or more.

    Returns
    -------
    array : ndarray
        Shape (N, C, *spatial), N the product of the leading axes; a view where possible.
    leading_shape : tuple of int
        What `from_network` needs to undo it.

    Raises
    ------
    InputError
        Too few dimensions, or a channel axis of another length than `n_channels`.

    Examples
    --------
    >>> array, leading = to_network(np.zeros((10, 4, 20)), n_dims=1, n_channels=1)
    >>> array.shape, leading
    ((40, 1, 20), (10, 4))
    """
    array = np.asarray(data)
    n_own = n_dims + (n_channels > 1)  # axes of one sample: [C,] *spatial
    if array.ndim < n_own:
        raise InputError(
            f"data have {say_number(array.ndim, 'dimension')} (shape {array.shape}), at least "
            f"{n_own} are needed: {_say_needs(n_dims, False, n_channels > 1)}."
        )
    n_leading = array.ndim - n_own
    if n_channels > 1 and array.shape[n_leading] != n_channels:
        raise InputError(
            f"The model takes n_channels_in={n_channels}, the data have "
            f"{say_number(array.shape[n_leading], 'channel')} along axis {n_leading} of their "
            f"shape {array.shape}."
        )
    leading_shape = array.shape[:n_leading]
    spatial_shape = array.shape[array.ndim - n_dims :]
    return array.reshape(math.prod(leading_shape), n_channels, *spatial_shape), leading_shape


def from_network(
    array: NDArray[Any], leading_shape: Sequence[int], *, n_channels_out: int
) -> NDArray[Any]:
    """Undo `to_network` on what the network returned.

    Parameters
    ----------
    array : ndarray
        Shape (N, C, *spatial).
    leading_shape : sequence of int
        As given by `to_network`; its product is N.
    n_channels_out : int
        C, the channels that the network returns. A single one gives no channel axis.

    Returns
    -------
    ndarray
        Shape (*leading, *spatial) for one channel, (*leading, C, *spatial) for several.

    Raises
    ------
    InputError
        N or C of `array` differ from what was announced.

    Examples
    --------
    >>> from_network(np.zeros((40, 2, 20)), (10, 4), n_channels_out=2).shape
    (10, 4, 2, 20)
    >>> from_network(np.zeros((40, 1, 20)), (10, 4), n_channels_out=1).shape
    (10, 4, 20)
    """
    expected = (math.prod(leading_shape), n_channels_out)
    if array.shape[:2] != expected:
        raise InputError(
            f"The network returned shape {array.shape}, but {say_number(expected[0], 'sample')} "
            f"of {say_number(expected[1], 'channel')} were expected, (N, C) = {expected}."
        )
    own_shape = array.shape[2:] if n_channels_out == 1 else array.shape[1:]
    return array.reshape(*leading_shape, *own_shape)


def _say_needs(n_dims: int, with_realizations: bool, with_channels: bool) -> str:
    """Name the axes that are needed: '2 for the 2D model, 1 for the realizations'."""
    needs = [f"{n_dims} for the {n_dims}D model"]
    needs += ["1 for the realizations"] if with_realizations else []
    needs += ["1 for the channels"] if with_channels else []
    return ", ".join(needs)


def _check_dimensions(
    shape: tuple[int, ...], n_dims: int, realizations_axis: int | None, channel_axis: int | None
) -> None:
    with_realizations, with_channels = realizations_axis is not None, channel_axis is not None
    n_needed = n_dims + with_realizations + with_channels
    if len(shape) < n_needed:
        raise InputError(
            f"data have {say_number(len(shape), 'dimension')} (shape {shape}), at least "
            f"{n_needed} are needed: {_say_needs(n_dims, with_realizations, with_channels)}."
        )


def _resolve_axis(axis: int | None, ndim: int, name: str) -> int | None:
    """Turn an index that may be negative into one that is not."""
    if axis is None:
        return None
    if not isinstance(axis, int | np.integer) or isinstance(axis, bool):
        raise InputError(
            f"{name}={axis!r} is no index of an axis: give a whole number, {-ndim} to {ndim - 1}, "
            "or None."
        )
    if not -ndim <= axis < ndim:
        raise InputError(
            f"{name}={axis} is out of range for data of {say_number(ndim, 'dimension')}: "
            f"give {-ndim} to {ndim - 1}."
        )
    return int(axis) % ndim


def _check_channels(array: NDArray[Any], channels: int | None, n_channels: int) -> None:
    """Compare the channels of the data with those of the model."""
    along = 1 if channels is None else array.shape[channels]
    place = (
        "no channel axis"
        if channels is None
        else f"{say_number(along, 'channel')} along axis {channels}"
    )
    if array.dtype.kind == "c":
        if n_channels == 2 * along:
            return
        raise InputError(
            "Complex data need a model with two channels (real and imaginary part) for each of "
            f"theirs: the data have {place}, so n_channels_in={2 * along} is needed, but the "
            f"model takes n_channels_in={n_channels}."
        )
    if n_channels == along:
        return
    remedy = (
        "name their channels with channel_axis, or create the model with n_channels_in=1"
        if channels is None
        else f"create the model with n_channels_in={along}"
    )
    raise InputError(
        f"The model takes n_channels_in={n_channels}, the data have {place} "
        f"(shape {array.shape}): {remedy}."
    )
