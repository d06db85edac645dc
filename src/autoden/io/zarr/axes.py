"""What runs along the axes of a zarr array: OME-Zarr, dimension names, and xarray's coordinates.

OME gives names, units and the distance of neighbours; here they become positions, and back where
positions are evenly spaced.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autoden.errors import InputError
from autoden.signals import Axis, Signal
from autoden.signals.letters import CALLED

VERSION = "0.5"
_NAMES = {"c": "channel", "t": "time"}
_LETTERS = {"channel": "c", "time": "t", "z": "z", "y": "y", "x": "x"}
_ORDER = "tczyx"
_TYPES = {"t": "time", "c": "channel"}
_UNITS = {
    "angstrom": "Å", "nanometer": "nm", "micrometer": "µm", "millimeter": "mm", "centimeter": "cm",
    "meter": "m", "second": "s", "millisecond": "ms", "microsecond": "µs", "nanosecond": "ns",
    "minute": "min", "hour": "h",
}  # fmt: skip
_LONG_UNITS = {short: long for long, short in _UNITS.items()}


def multiscale_of(attributes: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the first image that OME describes in the attributes of a group; None without one."""
    ome = attributes.get("ome", attributes)
    images = ome.get("multiscales") if isinstance(ome, Mapping) else None
    if not isinstance(images, Sequence) or not images or not isinstance(images[0], Mapping):
        return None
    return images[0]


def first_level(multiscale: Mapping[str, Any]) -> str:
    """Return the path of the finest level of an image.

    Raises
    ------
    InputError
        It has none.
    """
    levels = multiscale.get("datasets")
    path = levels[0].get("path") if isinstance(levels, Sequence) and levels else None
    if not isinstance(path, str):
        raise InputError("its OME metadata name no array: give its path, as in image.zarr::0")
    return path


def axes_of_ome(
    multiscale: Mapping[str, Any], shape: tuple[int, ...], assumed: list[str]
) -> tuple[Axis, ...]:
    """Name the axes of an image, with positions where there are units or distances.

    Raises
    ------
    InputError
        Another number of axes than the array has.
    """
    told = multiscale.get("axes") or [{"name": letter} for letter in _ORDER[-len(shape) :]]
    told = [{"name": each} if isinstance(each, str) else each for each in told]
    if len(told) != len(shape):
        raise InputError(f"its OME metadata name {len(told)} axes for an array of shape {shape}")
    scale, start = np.ones(len(shape)), np.zeros(len(shape))
    for step in [
        *multiscale["datasets"][0].get("coordinateTransformations", []),
        *multiscale.get("coordinateTransformations", []),
    ]:
        if "scale" in step:
            factor = np.asarray(step["scale"], dtype=np.float64)
            scale, start = scale * factor, start * factor
        elif "translation" in step:
            start = start + np.asarray(step["translation"], dtype=np.float64)
    axes = []
    for index, (each, length) in enumerate(zip(told, shape, strict=True)):
        name, unit = str(each["name"]), str(each.get("unit") or "")
        usable = math.isfinite(scale[index]) and scale[index] != 0 and math.isfinite(start[index])
        plain = not unit and scale[index] == 1 and start[index] == 0
        values = start[index] + scale[index] * np.arange(length) if usable and not plain else None
        axes.append(Axis(_NAMES.get(name.lower(), name), _UNITS.get(unit, unit), values))
    if not multiscale.get("axes"):
        named = ", ".join(axis.name for axis in axes)
        assumed.append(f"the axes have no names in the file; they{CALLED}{named}")
    return tuple(axes)


def ome_of(signal: Signal) -> dict[str, Any] | None:
    """Describe an image as OME does; None if its axes are not those of an image.

    Examples
    --------
    >>> image = Signal(np.zeros((2, 2)), [Axis("y", "mm", [1, 2]), Axis("x", "mm", [0, 0.5])])
    >>> level = ome_of(image)["multiscales"][0]["datasets"][0]
    >>> level["coordinateTransformations"]
    [{'type': 'scale', 'scale': [1.0, 0.5]}, {'type': 'translation', 'translation': [1.0, 0.0]}]
    """
    letters = [_LETTERS.get(axis.name, "?") for axis in signal.axes]
    if letters != [each for each in _ORDER if each in letters] or not {"y", "x"} <= set(letters):
        return None
    axes, scale, start = [], [], []
    for letter, axis in zip(letters, signal.axes, strict=True):
        unit = {"unit": _LONG_UNITS.get(axis.unit, axis.unit)} if axis.unit else {}
        axes.append({"name": letter, "type": _TYPES.get(letter, "space"), **unit})
        first, step = _spacing(axis)
        scale.append(step)
        start.append(first)
    steps = [
        {"type": "scale", "scale": scale},
        {"type": "translation", "translation": start},
    ]
    level = {"path": "0", "coordinateTransformations": steps}
    return {"version": VERSION, "multiscales": [{"axes": axes, "datasets": [level]}]}


def _spacing(axis: Axis) -> tuple[float, float]:
    """Return the first position and the distance of neighbours; 0 and 1 if they are uneven."""
    if axis.values is None or axis.values.size < 2:
        return (0.0 if axis.values is None else float(axis.values[0])), 1.0
    with np.errstate(over="ignore"):
        step = float(axis.values[-1] - axis.values[0]) / (axis.values.size - 1)
        even = axis.values[0] + step * np.arange(axis.values.size)
    if not math.isfinite(step) or step <= 0 or not np.allclose(even, axis.values, atol=step / 1e3):
        return 0.0, 1.0
    return float(axis.values[0]), step
