"""Checks of the numbers that users bring: rectangular, numeric, not masked, finite."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError

_NUMERIC_KINDS = "biufc"


def check_numeric(data: ArrayLike, name: str = "data") -> NDArray[Any]:
    """Return the data as an array of numbers, or say why they are none.

    Parameters
    ----------
    data : array_like
        Numbers of any shape and dtype (bool, integer, float or complex).
    name : str
        What the error calls them.

    Returns
    -------
    ndarray
        The same numbers; not copied when they are an array already.

    Raises
    ------
    InputError
        Sequences of unequal lengths, text, objects, dates, masked values (also in a list of masked
        arrays), an empty array, a tensor that numpy cannot read.

    Examples
    --------
    >>> check_numeric([[0, 1], [2, 0]]).shape
    (2, 2)
    >>> check_numeric([[0, 1, 4], [2, 0]], "exposures")
    Traceback (most recent call last):
    autoden.errors.InputError: exposures have unequal lengths 3, 2: bring them to one length first.
    """
    n_masked = _count_masked(data)
    if n_masked:
        raise InputError(
            f"{name} hold {say_number(n_masked, 'masked value')}, which a network cannot leave "
            "out: crop or fill them first (for `denoise`, with NaN: `array.filled(np.nan)`)."
        )
    try:
        array = np.asarray(data)
    except (RuntimeError, TypeError) as error:
        raise InputError(
            f"{name} cannot be turned into a numpy array ({str(error).rstrip('.')}): give a tensor "
            "as tensor.detach().cpu(), in a dtype that numpy has."
        ) from error
    except ValueError as error:
        raise InputError(_say_ragged(data, name)) from error
    if array.dtype.kind == "O":
        raise InputError(_say_ragged(data, name))
    if array.dtype.kind not in _NUMERIC_KINDS:
        raise InputError(
            f"The dtype of {name} is {array.dtype}, numbers are needed: convert them, for example "
            "with .astype(float)."
        )
    if array.size == 0:
        raise InputError(f"{name} are empty: their shape is {array.shape}.")
    return array


def check_finite(data: ArrayLike, name: str = "data") -> NDArray[Any]:
    """Return the data as an array, or say where they are not finite.

    Parameters
    ----------
    data : array_like
        Numbers of any shape and dtype.
    name : str
        What the error calls them.

    Returns
    -------
    ndarray
        The same numbers, not copied.

    Raises
    ------
    InputError
        NaN or infinity anywhere: how many, and the index of the first.

    Examples
    --------
    >>> check_finite([0.0, float("nan")], "counts")
    Traceback (most recent call last):
    autoden.errors.InputError: counts hold 1 value that is NaN or infinite, the first at index
    (1,): mask, crop or replace it first.
    """
    array = np.asarray(data)
    if array.dtype.kind not in "fc":
        return array
    finite = np.isfinite(array)
    if finite.all():
        return array
    n_bad = array.size - int(np.count_nonzero(finite))
    first = tuple(int(i) for i in np.unravel_index(int(np.argmin(finite)), array.shape))
    what = "value that is" if n_bad == 1 else "values that are"
    it = "it" if n_bad == 1 else "them"
    raise InputError(
        f"{name} hold {n_bad} {what} NaN or infinite, the first at index {first}: "
        f"mask, crop or replace {it} first."
    )


def checked_lower_limit(limit: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a lower limit as an array, or say why it does not fit one measurement.

    Parameters
    ----------
    limit : array_like
        One number, or an array that broadcasts to `shape`.
    shape : tuple of int
        Shape of one measurement.

    Raises
    ------
    InputError
        No real finite numbers, or a shape that does not fit.

    Examples
    --------
    >>> checked_lower_limit(0, (4095,))
    array(0.)
    """
    array = check_finite(check_numeric(limit, "`lower_limit`"), "`lower_limit`")
    if np.iscomplexobj(array):
        raise InputError(f"`lower_limit` is {limit!r}: it must be real.")
    pairs = zip(array.shape[::-1], shape[::-1], strict=False)
    if array.ndim > len(shape) or any(own not in (1, full) for own, full in pairs):
        raise InputError(
            f"`lower_limit` has shape {array.shape}, which does not fit one measurement of shape "
            f"{shape}: give one number or an array of that shape."
        )
    return array.astype(np.float64)


def _count_masked(data: ArrayLike) -> int:
    """Count the masked values of a masked array, or of all those in a list."""
    if isinstance(data, np.ma.MaskedArray):
        return int(np.ma.getmaskarray(data).sum())
    if isinstance(data, list | tuple):
        return sum(map(_count_masked, data))
    return 0


def _say_ragged(data: ArrayLike, name: str) -> str:
    """Say why something is no rectangular array of numbers."""
    items: list[Any] = []
    if isinstance(data, Sequence) or (isinstance(data, np.ndarray) and data.ndim > 0):
        items = list(data)
    lengths = list(dict.fromkeys(len(item) for item in items if hasattr(item, "__len__")))
    if len(lengths) < 2:
        return f"{name} are not a rectangular array of numbers: convert them, for example to float."
    shown = ", ".join(str(length) for length in lengths[:5]) + (", ..." if lengths[5:] else "")
    return f"{name} have unequal lengths {shown}: bring them to one length first."


def say_number(number: int, noun: str) -> str:
    """Say '1 channel' or '2 channels'."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
