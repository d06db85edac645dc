"""An array that knows its axes: what `read` gives, what denoisers keep, what `write` takes.

A `Signal` is the user's array with one `Axis` (name, unit, values) per dimension and a mapping of
plain metadata. It does no arithmetic: use ``np.asarray(signal)`` for that, and carry the axes to
the result with `Signal.with_data`. Files live in ``autoden.io``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError
from autoden.signals.lazy import LazyArray
from autoden.signals.values import check_finite, check_numeric


@dataclass(frozen=True, eq=False, repr=False)
class Axis:
    """One axis of a signal.

    Two axes compare equal only if they are the same object; compare their parts instead.

    Parameters
    ----------
    name : str
        What runs along it, in lower case: "energy", "repeat", "channel", "y". Upper case is
        turned into lower case, so that "Energy" and "energy" are one name.
    unit : str
        Unit of the values, "" when there is none or none is known.
    values : array_like or None
        Position of each element, 1D float64 in `unit`, finite. None: only the order is known.

    Raises
    ------
    InputError
        An empty or unprintable name or unit, values that are not 1D and finite.

    Examples
    --------
    >>> Axis("energy", "keV", [0.5, 1.0, 1.5])
    Axis(energy, keV, 3 values from 0.5 to 1.5)
    """

    name: str
    unit: str = ""
    values: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        name, unit = _plain_text(self.name, "name").lower(), _plain_text(self.unit, "unit")
        if not name:
            raise InputError("an axis needs a name, for example 'energy', 'repeat' or 'y'")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "unit", unit)
        if self.values is not None:
            object.__setattr__(self, "values", _axis_values(self.values, name))

    def __repr__(self) -> str:
        if self.values is None:
            return f"Axis({', '.join(part for part in (self.name, self.unit) if part)})"
        first, last = self.values[0], self.values[-1]
        parts = [self.name, self.unit, f"{self.values.size} values from {first:g} to {last:g}"]
        return f"Axis({', '.join(part for part in parts if part)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Axis, (self.name, self.unit, self.values)


@dataclass(frozen=True, eq=False, repr=False)
class Signal:
    """Measured data with their axes and metadata.

    Two signals compare equal only if they are the same object; compare their data instead.

    Parameters
    ----------
    data : array_like or LazyArray
        The numbers, any shape and dtype; an array is not copied. A `LazyArray` stays in its file:
        ``data[...]`` and ``np.asarray`` read it, `loaded` gives a signal of ordinary numbers.
    axes : sequence of Axis or str
        One per dimension, names all different; a name alone stands for an axis without values.
    metadata : mapping
        Plain values by name: str, int, float, bool, and lists and mappings of them. Copied, and
        read-only afterwards.

    Raises
    ------
    InputError
        Data that are no numbers, another number of axes than dimensions, an axis of another
        length than the data, a name given twice, metadata that are not plain.

    Examples
    --------
    >>> energy = Axis("energy", "keV", np.linspace(0.0, 20.0, 5))
    >>> signal = Signal(np.ones((2, 5)), ["repeat", energy])
    >>> signal
    Signal 2 x 5 (repeat, energy 0 to 20 keV), float64
    >>> signal.axis("energy").values[-1]
    np.float64(20.0)
    >>> signal.with_data(np.mean(signal, axis=0), dropping="repeat")
    Signal 5 (energy 0 to 20 keV), float64
    """

    data: NDArray[Any]
    axes: tuple[Axis, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        data = _checked_data(self.data)
        axes = tuple(Axis(axis) if isinstance(axis, str) else axis for axis in self.axes)
        _check_axes(data.shape, axes)
        if not isinstance(self.metadata, Mapping):
            raise InputError(f"metadata must be a mapping, not {type(self.metadata).__name__}")
        object.__setattr__(self, "data", data)
        object.__setattr__(self, "axes", axes)
        plain = _plain_value(self.metadata, "metadata")
        object.__setattr__(self, "metadata", MappingProxyType(plain))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.data, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        shape = " x ".join(str(length) for length in self.data.shape) or "of one number"
        axes = f" ({', '.join(_say_axis(axis) for axis in self.axes)})" if self.axes else ""
        where = ", in its file" if self.is_lazy else ""
        return f"Signal {shape}{axes}, {self.data.dtype}{where}"

    def __reduce__(self) -> tuple[Any, ...]:
        return Signal, (self.data, self.axes, dict(self.metadata))

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        return self.data.dtype

    @property
    def is_lazy(self) -> bool:
        """Whether the numbers are still in their file."""
        return _is_lazy(self.data)

    def loaded(self) -> "Signal":
        """Return this signal with its numbers in memory: itself, if they are there already.

        Raises
        ------
        InputError
            More than the memory of the machine, or a file that cannot be read any more.
        """
        if not self.is_lazy:
            return self
        return Signal(np.asarray(self.data), self.axes, self.metadata)

    def axis_index(self, name: str) -> int:
        """Return the index of the axis of that name.

        Raises
        ------
        InputError
            There is no such axis; the message lists those there are.
        """
        names = [axis.name for axis in self.axes]
        if name.lower() not in names:
            raise InputError(f"there is no axis {name!r}: the axes are {', '.join(names)}")
        return names.index(name.lower())

    def axis(self, name: str) -> Axis:
        """Return the axis of that name.

        Raises
        ------
        InputError
            There is no such axis; the message lists those there are.
        """
        return self.axes[self.axis_index(name)]

    def with_data(
        self,
        data: ArrayLike,
        *,
        dropping: str | Iterable[str] | None = None,
        keeping: str | Iterable[str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> "Signal":
        """Carry axes and metadata over to a result.

        Parameters
        ----------
        data : array_like
            The result, one dimension per axis that stays, in the same order.
        dropping, keeping : str, iterable of str or None
            Names of the axes that go, or of those that stay; one of the two at most. By default
            all stay.
        metadata : mapping or None
            Entries added to the metadata, replacing those of the same name.

        Returns
        -------
        Signal
            The result with its axes.

        Raises
        ------
        InputError
            Unknown names, both `dropping` and `keeping`, lengths that do not agree.
        """
        if dropping is not None and keeping is not None:
            raise InputError("dropping and keeping are two ways to say the same: give one of them")
        indices = set(range(self.ndim))
        if keeping is not None:
            indices = {self.axis_index(name) for name in _names(keeping)}
        if dropping is not None:
            indices -= {self.axis_index(name) for name in _names(dropping)}
        axes = tuple(axis for index, axis in enumerate(self.axes) if index in indices)
        return Signal(_checked_data(data), axes, {**self.metadata, **(metadata or {})})


def _is_lazy(data: object) -> bool:
    return isinstance(data, LazyArray)


def _checked_data(data: Any) -> Any:
    """Check numbers; those in a file by what is known of them."""
    if not isinstance(data, LazyArray):
        return check_numeric(data, "data")
    check_numeric(np.ones((1,), data.dtype), "data")
    if data.size == 0:
        raise InputError(f"data are empty: their shape is {data.shape}.")
    return data


def _names(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _say_axis(axis: Axis) -> str:
    """Name an axis with its range: 'energy -0.02 to 20.491 keV'."""
    if axis.values is None:
        return axis.name
    return f"{axis.name} {axis.values[0]:.6g} to {axis.values[-1]:.6g} {axis.unit}".rstrip()


def _plain_text(text: str, what: str) -> str:
    if not isinstance(text, str) or not text.isprintable():
        raise InputError(f"the {what} of an axis must be printable text, not {text!r:.60}")
    return text.strip()


def _axis_values(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Copy the values of an axis into a read-only float64 array."""
    what = f"values of the axis {name!r}"
    array = check_finite(check_numeric(values, what), what)
    if array.ndim != 1 or array.dtype.kind == "c":
        raise InputError(f"{what} must be a 1D array of real numbers, not {array.ndim}D")
    copied = np.array(array, dtype=np.float64)
    copied.setflags(write=False)
    return copied


def _check_axes(shape: tuple[int, ...], axes: tuple[Axis, ...]) -> None:
    """Compare the axes with the shape of the data."""
    names = [axis.name for axis in axes]
    if len(axes) != len(shape):
        raise InputError(
            f"data of shape {shape} need {len(shape)} axes, but {len(axes)} were given "
            f"({', '.join(names) or 'none'}): give one per dimension"
        )
    if len(set(names)) != len(names):
        raise InputError(f"the names of the axes must all differ, but they are {', '.join(names)}")
    for axis, length in zip(axes, shape, strict=True):
        if axis.values is not None and axis.values.size != length:
            raise InputError(
                f"the axis {axis.name!r} has {axis.values.size} values, but the data have "
                f"{length} elements along it (shape {shape})"
            )


def _plain_value(value: Any, where: str) -> Any:
    """Copy a value of the metadata, and refuse what no file format could keep."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, list | tuple):
        return [_plain_value(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise InputError(f"the names in {where} must be text, but they are {list(value)}")
        return {key: _plain_value(item, f"{where}[{key!r}]") for key, item in value.items()}
    raise InputError(
        f"{where} is of type {type(value).__name__}: metadata are text, numbers, true or false, "
        "and lists and mappings of them"
    )
