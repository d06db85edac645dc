"""Positions along spectra: what runs like an axis, and which quantity it is.

To run like an axis is to be strictly monotonic with steps that differ by a factor of 3 at most
(rounded calibrations have unequal steps).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autoden.io.labels import format_label, parse_label
from autoden.signals import Axis

_ENERGY_UNITS = {"kev": "keV", "ev": "eV"}  # labels that are a unit alone
_STEP_RATIO = 3.0
_KEV_RANGE = (-5.0, 200.0)


def is_monotonic(values: NDArray[np.float64]) -> bool:
    """Tell whether values strictly rise or strictly fall, and are finite."""
    steps = np.diff(values)
    return bool(np.isfinite(values).all() and (np.all(steps > 0) or np.all(steps < 0)))


def counts_from(texts: Sequence[str]) -> int | None:
    """Return 0 for the cells 0, 1, 2, ..., 1 for 1, 2, 3, ..., and None for all others."""
    for start in (0, 1):
        if all(text == str(number) for number, text in enumerate(texts, start)):
            return start
    return None


def runs_like_an_axis(values: NDArray[np.float64]) -> bool:
    """Tell whether values are strictly monotonic in steps of about one size."""
    if values.size < 2 or not is_monotonic(values):
        return False
    steps = np.abs(np.diff(values))
    return bool(steps.max() <= _STEP_RATIO * steps.min())


def spacing(axis: Axis) -> float | None:
    """Return the distance of neighbours along an axis; None if they differ or are not known.

    Examples
    --------
    >>> spacing(Axis("x", "mm", [0.0, 0.5, 1.0])), spacing(Axis("x", "mm", [0.0, 0.5, 2.0]))
    (0.5, None)
    """
    if axis.values is None or axis.values.size < 2:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff(axis.values)
        step = float(steps.mean())
        alike = np.isfinite(step) and step != 0 and np.allclose(steps, step, rtol=1e-4, atol=0.0)
    return step if alike else None


def first_misplaced(values: NDArray[np.float64]) -> int:
    """Return where values first leave the direction in which most of them go."""
    steps = np.diff(values)
    falls = np.count_nonzero(steps < 0) > np.count_nonzero(steps > 0)
    return int(np.argmax(steps >= 0 if falls else steps <= 0)) + 1


def position_label(axis: Axis) -> str:
    """Write the label from which `position_axis` names the axis again, as short as it can be.

    Examples
    --------
    >>> position_label(Axis("energy", "keV", [1.0, 2.5])), position_label(Axis("channel"))
    ('energy (keV)', 'channel')
    >>> position_label(Axis("energy", "", [1.0, 2.5]))  # a unit would be guessed
    'energy ()'
    """
    found = position_axis(axis.name, axis.values, [])
    is_plain = not axis.unit and (found.name, found.unit) == (axis.name, "")
    return axis.name if is_plain else format_label(axis.name, axis.unit)


def position_axis(label: str, values: NDArray[np.float64] | None, assumed: list[str]) -> Axis:
    """Name what runs along the spectra, from its label or else from its values."""
    name, unit = parse_label(label)
    if unit is None and name in _ENERGY_UNITS:
        assumed.append(f"the positions, labelled {label!r}, are energies")
        name, unit = "energy", _ENERGY_UNITS[name]
    if name and (unit is not None or name != "energy" or values is None):
        return Axis(name, unit or "", values)
    if values is None:
        return Axis("channel")
    span = f"{values[0]:.6g} to {values[-1]:.6g}"
    counting = bool(np.all(values == np.arange(values.size) + np.round(values[0])))
    low, high = _KEV_RANGE
    if not counting and low <= values.min() and values.max() <= high:
        assumed.append(f"the positions, {span}, are energies in keV")
        return Axis("energy", "keV", values)
    if name:
        assumed.append(f"the unit of the energies, {span}, is not known")
    elif counting:
        assumed.append(f"the positions, {span}, are numbers of channels")
    else:
        assumed.append(f"the quantity and the unit of the positions, {span}, are not known")
    return Axis(name or "channel", "", values)
