"""What runs along the axes of an HDF5 dataset: NeXus, PyMca and the maps of the APS say it.

Positions are believed only if they are a row of finite numbers of the right length.
"""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.io.hdf5.layout import Choice, beside, is_of_maps
from autoden.io.hdf5.tree import Node, children, find
from autoden.io.hdf5.values import (
    attribute,
    check_dataset,
    is_numeric,
    read_numbers,
    text_attribute,
    whole,
)
from autoden.signals import Axis
from autoden.signals.letters import CALLED

_MAX_POSITIONS = 2**24
_SPECTRAL = ("channel", "channels", "energy", "mca", "spectrum", "")
_INTERPRETED = {
    "spectrum": ("channel",),
    "image": ("y", "x"),
    "rgb-image": ("y", "x", "channel"),
    "rgba-image": ("y", "x", "channel"),
}
_MAPS_FOLDERS = ("/MAPS", "/MAPS/Spectra", "/MAPS/Scan")
_MAPS_AXES = (("energy", "Energy"), ("y_axis",), ("x_axis",))


class AxisFinder:
    """Names the axes of a dataset.

    Parameters
    ----------
    file : h5py.File
        The open file.
    choice : Choice
        The dataset.
    file_bytes : int
        How large the file is.

    Attributes
    ----------
    assumed : list of str
        What the file does not say, in sentences; filled by `find_axes`.
    used : set of str
        Paths of the datasets that became positions.
    """

    def __init__(self, file: Any, choice: Choice, file_bytes: int) -> None:
        self.file = file
        self.choice = choice
        self.file_bytes = file_bytes
        self.shape: tuple[int, ...] = choice.dataset.item.shape
        self.assumed: list[str] = []
        self.used: set[str] = set()

    def find_axes(self) -> tuple[Axis, ...]:
        """Name the axes of the dataset, and give them positions."""
        axes: list[Axis | None] = [None] * len(self.shape)
        if self.choice.plot is not None:
            self._from_plot(axes, self.choice.plot)
        self._from_scales(axes)
        if is_of_maps(self.choice.dataset):
            self._from_maps(axes)
        if axes:
            self._from_calibration(axes)
        self._from_interpretation(axes)
        return self._complete(axes)

    def _from_plot(self, axes: list[Axis | None], plot: Node) -> None:
        """Read the axes that an NXdata group names."""
        names = _names(attribute(plot.item, "axes"))
        if not names:
            names = _names(attribute(self.choice.dataset.item, "axes"))
        if not names:
            self._from_old_plot(axes, plot)
        for place, name in enumerate(names):
            indices = attribute(plot.item, f"{name}_indices")
            indices = indices if isinstance(indices, list) else [indices]
            index = indices[0] if len(indices) == 1 and isinstance(indices[0], int) else place
            if name != "." and 0 <= index < len(axes) and axes[index] is None:
                axes[index] = self._axis(find(self.file, name, plot.path), index, name)

    def _from_old_plot(self, axes: list[Axis | None], plot: Node) -> None:
        """Read the axes of old files, whose positions say themselves which axis they are of."""
        for node in children(plot):
            number = attribute(node.item, "axis") if node.is_dataset else None
            if isinstance(number, int) and 1 <= number <= len(axes) and axes[number - 1] is None:
                axes[number - 1] = self._axis(node, number - 1, node.name)

    def _from_scales(self, axes: list[Axis | None]) -> None:
        """Read the labels and scales that HDF5 itself knows."""
        if "DIMENSION_LIST" not in self.choice.dataset.item.attrs:
            return
        for index, dimension in enumerate(self.choice.dataset.item.dims):
            if axes[index] is not None or len(dimension) != 1:
                continue
            path = dimension[0].name
            node = find(self.file, path) if path else None
            if node is not None:
                axes[index] = self._axis(node, index, dimension.label or node.name)

    def _from_maps(self, axes: list[Axis | None]) -> None:
        """Name the axes of a map of the APS: energy, y, x."""
        for index, names in enumerate(_MAPS_AXES):
            if axes[index] is not None:
                continue
            paths = [f"{folder}/{name}" for folder in _MAPS_FOLDERS for name in names]
            nodes = (find(self.file, path) for path in paths)
            node = next((each for each in nodes if each is not None), None)
            axes[index] = self._axis(node, index, ("energy", "y", "x")[index])
        first = axes[0]
        if first is not None and first.name == "energy" and not first.unit:
            self.assumed.append("the first axis is the energy in keV, as in the maps of the APS")
            axes[0] = Axis("energy", "keV", first.values)

    def _from_calibration(self, axes: list[Axis | None]) -> None:
        """Make energies of channels, as PyMca does: a + b * channel + c * channel**2."""
        last, dataset = axes[-1], self.choice.dataset
        if last is not None and (last.name not in _SPECTRAL or last.name == "energy"):
            return
        of_channels = beside(self.file, dataset, "channels")
        channels = None if of_channels is None else self._positions(of_channels, len(axes) - 1)
        stored = beside(self.file, dataset, "calibration")
        terms = None if stored is None else self._numbers(stored, 3)
        if terms is not None and 2 <= terms.size <= 3 and terms[1] != 0:
            places = np.arange(self.shape[-1]) if channels is None else channels
            energies = np.polynomial.polynomial.polyval(places, terms).astype(np.float64)
            axes[-1] = Axis("energy", "keV", energies)
            self.assumed.append(
                "the calibration gives keV, as PyMca has it: "
                + " + ".join(
                    f"{term:.6g}{power}" for term, power in zip(terms, _POWERS, strict=False)
                )
            )
        elif last is None and channels is not None:
            axes[-1] = Axis("channel", "", channels)
        if axes[-1] is not None and len(axes) == 3 and axes[:2] == [None, None]:
            axes[:2] = [Axis("y"), Axis("x")]

    def _from_interpretation(self, axes: list[Axis | None]) -> None:
        """Name axes by what NeXus says should be drawn."""
        names = _INTERPRETED.get(text_attribute(self.choice.dataset.item, "interpretation"), ())
        for back, name in enumerate(reversed(names), start=1):
            if back <= len(axes) and axes[-back] is None:
                axes[-back] = Axis(name)

    def _complete(self, axes: Sequence[Axis | None]) -> tuple[Axis, ...]:
        """Name the rest, and see to it that no name stands twice."""
        complete: list[Axis] = []
        made_up = []
        for index, axis in enumerate(axes):
            taken = [other.name for other in complete]
            if axis is None or axis.name in taken:
                new = f"axis_{index}" if axis is None else f"{axis.name}_{index}"
                while new in taken:
                    new += "_"
                made_up.append(new)
                axis = Axis(new, *(() if axis is None else (axis.unit, axis.values)))
            complete.append(axis)
        if made_up:
            named = "the axes have no names in the file; they" + CALLED
            self.assumed.append(named + ", ".join(made_up))
        return tuple(complete)

    def _axis(self, node: Node | None, index: int, name: str) -> Axis:
        """Make an axis of the dataset with its positions, if there is one."""
        plain = _plain_name(name) or f"axis_{index}"
        if node is None or not node.is_dataset:
            return Axis(plain)
        unit = text_attribute(node.item, "units")
        return Axis(plain, unit if unit.isprintable() else "", self._positions(node, index))

    def _positions(self, node: Node, index: int) -> NDArray[np.float64] | None:
        """Read positions; where they are the edges of bins, their centres."""
        length = self.shape[index]
        values = self._numbers(node, min(length + 1, _MAX_POSITIONS))
        if values is not None and values.size == length + 1 > 2:
            self.assumed.append(
                f"{node.path} has the edges of bins; their centres are the positions"
            )
            values = (values[1:] + values[:-1]) / 2
        if values is None or values.size != length:
            self.assumed.append(
                f"{node.path} is no row of {length} finite numbers; it was left out"
            )
            return None
        self.used.add(node.path)
        return values

    def _numbers(self, node: Node, most: int) -> NDArray[np.float64] | None:
        """Read a row of numbers; None if it is none, or longer than `most`."""
        dataset = node.item
        if not is_numeric(dataset) or len(dataset.shape) != 1 or dataset.shape[0] > most:
            return None
        check_dataset(dataset, node.path, self.file_bytes)
        values = read_numbers(dataset, whole(dataset.shape), node.path)
        if values.dtype.kind == "c" or not np.isfinite(values).all():
            return None
        return values.astype(np.float64)


_POWERS = ("", " * channel", " * channel^2")


def _names(value: Any) -> list[str]:
    """Return the names of axes: a list, or one text with colons or commas between them."""
    if isinstance(value, str):
        value = re.split(r"[:,]", value.strip().strip("[]"))
    return [str(each).strip() for each in value] if isinstance(value, list) else []


def _plain_name(name: str) -> str:
    """Return the name of an axis as it may be: 'channels' is 'channel'."""
    plain = name.rpartition("/")[2].strip().lower()
    plain = {"channels": "channel", "energies": "energy", "mca": "channel"}.get(plain, plain)
    return plain if plain.isprintable() else ""
