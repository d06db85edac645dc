"""Arrays that stay in their file until somebody asks for a part of them.

A `LazyArray` knows its shape and dtype; its numbers are read when it is indexed or turned into an
array, and only those asked for. How a part is read each file format knows.
"""

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError

Bounds = tuple[slice, ...]
"""One slice per axis with start, stop and step, all within the shape; the step is 1 or more."""


class LazyArray:
    """Numbers in a file, read when they are indexed or converted.

    Can be pickled if `read` can, and used by several processes: nothing stays open.

    Parameters
    ----------
    shape : tuple of int
        Length of each axis.
    dtype : dtype
        Type of the numbers, in the byte order of the machine.
    read : callable
        Given `Bounds`, returns a new array of these numbers, with all axes.

    Examples
    --------
    >>> numbers = np.arange(12).reshape(3, 4)
    >>> lazy = LazyArray(numbers.shape, numbers.dtype, lambda bounds: numbers[bounds].copy())
    >>> lazy[1, ::-2]
    array([7, 5])
    >>> np.asarray(lazy).sum()
    np.int64(66)
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: np.dtype[Any], read: Callable[[Bounds], NDArray[Any]]
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self._read = read

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes that the whole takes in memory."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a single number has no length")
        return self.shape[0]

    def __repr__(self) -> str:
        return f"LazyArray(shape={self.shape}, dtype={self.dtype})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("numbers in a file cannot become an array without being copied")
        return np.asarray(self[...], dtype=dtype)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        """Read a part.

        Parameters
        ----------
        index : int, slice, Ellipsis, or tuple of them
            As numpy takes them.

        Raises
        ------
        InputError
            Lists, arrays and None as an index: read the part around them, and index that.
        IndexError
            A number out of range, or more of them than axes.
        """
        bounds: list[slice] = []
        after: list[slice | int] = []
        for item, length in zip(self._one_per_axis(index), self.shape, strict=True):
            if isinstance(item, slice):
                forward, order = _forward(item, length)
                bounds.append(forward)
                after.append(order)
            else:
                position = range(length)[item]
                bounds.append(slice(position, position + 1, 1))
                after.append(0)
        part: NDArray[Any] = self._read(tuple(bounds))[tuple(after)]
        return part

    def _one_per_axis(self, index: Any) -> list[Any]:
        """Write out what an index leaves to be understood."""
        items = list(index) if isinstance(index, tuple) else [index]
        for item in items:
            whole = isinstance(item, int | np.integer) and not isinstance(item, bool | np.bool_)
            if not (whole or isinstance(item, slice) or item is Ellipsis):
                raise InputError(
                    f"data that are read lazily are indexed by whole numbers and slices, not by "
                    f"{type(item).__name__}: read the part around it first, such as "
                    "np.asarray(signal.data[first:end]), and index that."
                )
        given = [item for item in items if item is not Ellipsis]
        if len(given) > self.ndim or len(items) - len(given) > 1:
            raise IndexError(f"too many indices for an array of {self.ndim} axes: {index!r}")
        place = items.index(Ellipsis) if len(items) > len(given) else len(given)
        missing = [slice(None)] * (self.ndim - len(given))
        return [*given[:place], *missing, *given[place:]]


def n_elements(bounds: Bounds) -> int:
    """Return how many elements a part has.

    Examples
    --------
    >>> n_elements((slice(0, 5, 2), slice(1, 3, 1))), n_elements(())
    (6, 1)
    """
    return prod(len(range(each.start, each.stop, each.step)) for each in bounds)


def blocks(shape: tuple[int, ...], itemsize: int, n_bytes: int = 2**26) -> Iterator[Bounds]:
    """Cut an array into parts of about one size, in the order of its elements.

    Parameters
    ----------
    shape : tuple of int
        Length of each axis.
    itemsize : int
        Bytes of one element.
    n_bytes : int
        How large a part may be, unless it is a single element.

    Yields
    ------
    Bounds
        Of one part after the other; together they cover the array once.

    Examples
    --------
    >>> [bounds[0] for bounds in blocks((5, 4), 2, 16)]
    [slice(0, 2, 1), slice(2, 4, 1), slice(4, 5, 1)]
    """
    if not shape:
        yield ()
        return
    inner = itemsize * prod(shape[1:])
    rows = max(1, n_bytes // max(1, inner))
    for start in range(0, shape[0], rows):
        first = slice(start, min(start + rows, shape[0]), 1)
        if inner <= n_bytes:
            yield (first, *(slice(0, length, 1) for length in shape[1:]))
        else:
            yield from ((first, *rest) for rest in blocks(shape[1:], itemsize, n_bytes))


def _forward(wanted: slice, length: int) -> tuple[slice, slice]:
    """Turn a slice into one that rises, and what then brings its elements into their order."""
    places = range(length)[wanted]
    if not places:
        return slice(0, 0, 1), slice(None)
    if places.step > 0:
        return slice(places[0], places[-1] + 1, places.step), slice(None)
    return slice(places[-1], places[0] + 1, -places.step), slice(None, None, -1)
