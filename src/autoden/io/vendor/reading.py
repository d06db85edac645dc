"""From what RosettaSciIO reads to a signal: data, axes, and the metadata that are plain.

Data are first opened without being read, where the reader can do that, and their size is checked.
The metadata that RosettaSciIO sorts are in ``metadata["vendor"]``, the instrument's own in
``metadata["original"]``.
"""

import json
import math
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from rsciio import IO_PLUGINS

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.io.foreign import check_size, parsing
from autoden.signals import Axis, Signal

_MAX_METADATA = 2**20  # characters of JSON; the instrument's own are left out if they are more
_MAX_DEPTH = 20
_LIVE_TIME = ("Acquisition_instrument", ("SEM", "TEM"), "Detector", "EDS", "live_time")


def read(source: Path, series: int | None) -> Signal:
    """Read a file.

    Parameters
    ----------
    source : Path
        The file; its suffix says which reader is asked.
    series : int or None
        Which of several data sets, from 0.

    Returns
    -------
    Signal
        See `autoden.io.vendor.format.read`.

    Raises
    ------
    InputError
        As there.
    """
    name, n_bytes = str(source), source.stat().st_size
    with parsing(name, f"a {source.suffix} file of an instrument"), np.errstate(all="ignore"):
        reader = import_module(_plugin(source)["api"])
        found = _open(reader, source)
        chosen = _choose(found, series, name)
        data = chosen["data"]
        if data.dtype.kind not in "biufc":
            raise InputError(f"{name} holds {data.dtype}, not numbers: export it as a TIFF.")
        check_size(name, math.prod(data.shape) * data.dtype.itemsize, n_bytes)
        numbers = np.array(data.compute() if hasattr(data, "compute") else data)
        numbers = numbers.astype(numbers.dtype.newbyteorder("="), copy=False)
        assumed: list[str] = []
        axes = _axes(chosen.get("axes", []), numbers.shape, assumed)
        metadata = {"source": name, "assumed": assumed, **_metadata(chosen, assumed)}
        return Signal(numbers, axes, metadata)


def _plugin(source: Path) -> Mapping[str, Any]:
    """Return the entry of the reader for a suffix."""
    suffix = source.suffix.lower().removeprefix(".")
    return next(
        plugin
        for plugin in IO_PLUGINS
        if suffix in plugin["file_extensions"] and plugin["name"] not in ("HSPY", "ZSPY")
    )


def _open(reader: Any, source: Path) -> list[dict[str, Any]]:
    """Open without reading the numbers, where the reader can do that."""
    try:
        found = reader.file_reader(str(source), lazy=True)
    except (NotImplementedError, TypeError, KeyError, ValueError):
        found = reader.file_reader(str(source))
    return list(found)


def _choose(found: list[dict[str, Any]], index: int | None, name: str) -> dict[str, Any]:
    """Return the data set that is meant."""
    if not found:
        raise InputError(f"{name} holds no data.")
    if index is None and len(found) == 1:
        return found[0]
    listed = ", ".join(
        f"{number}: {' x '.join(map(str, each['data'].shape))} {each['data'].dtype}"
        for number, each in enumerate(found[:10])
    ) + (", ..." if len(found) > 10 else "")
    if index is None:
        raise InputError(f"{name} holds several data sets ({listed}): choose series=...")
    if whole_number("series", index, at_least=0) >= len(found):
        raise InputError(f"{name} has no data set {index}: choose series=... from {listed}.")
    return found[index]


def _axes(
    told: list[Mapping[str, Any]], shape: tuple[int, ...], assumed: list[str]
) -> tuple[Axis, ...]:
    """Name the axes and give them positions, as far as the instrument tells."""
    if len(told) != len(shape):
        assumed.append("the axes have no names in the file; they are called axis_0, axis_1 ...")
        return tuple(Axis(f"axis_{index}") for index in range(len(shape)))
    axes: list[Axis] = []
    for index, (each, length) in enumerate(zip(told, shape, strict=True)):
        name = _plain(each.get("name")).lower() or f"axis_{index}"
        taken = {axis.name for axis in axes}
        values = each.get("axis")
        if values is None and _plain(each.get("units")):
            scale, offset = float(each.get("scale", 1.0)), float(each.get("offset", 0.0))
            values = offset + scale * np.arange(length)
        if values is not None:
            values = np.asarray(values, dtype=np.float64)
            values = values if values.shape == (length,) and np.isfinite(values).all() else None
        axes.append(
            Axis(f"{name}_{index}" if name in taken else name, _plain(each.get("units")), values)
        )
    return tuple(axes)


def _plain(text: Any) -> str:
    """Return a name or unit; nothing for those that are not defined."""
    said = str(text).strip() if text is not None else ""
    return "" if said in ("", "<undefined>", "<Undefined>") or not said.isprintable() else said


def _metadata(chosen: Mapping[str, Any], assumed: list[str]) -> dict[str, Any]:
    """Keep what is plain of the metadata."""
    kept: dict[str, Any] = {"vendor": _tree(chosen.get("metadata", {}))}
    original = _tree(chosen.get("original_metadata", {}))
    if len(json.dumps(original)) <= _MAX_METADATA:
        kept["original"] = original
    else:
        assumed.append("the instrument's own metadata are very long; they were left out")
    live_time = _live_time(kept["vendor"])
    return kept if live_time is None else {**kept, "live_time": live_time}


def _tree(value: Any, depth: int = 0) -> Any:
    """Copy text, numbers, and lists and mappings of them; leave out all the rest."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | bool | int | float):
        return value
    if depth >= _MAX_DEPTH:
        return {}
    if isinstance(value, np.ndarray):
        value = value.tolist() if value.size <= _MAX_DEPTH else []
    if isinstance(value, Mapping):
        pairs = ((str(key), _tree(each, depth + 1)) for key, each in value.items())
        return {key: each for key, each in pairs if each is not None}
    if isinstance(value, list | tuple):
        items = (_tree(each, depth + 1) for each in value)
        return [each for each in items if each is not None]
    return None if value is None or isinstance(value, bytes) else str(value)


def _live_time(tree: Mapping[str, Any]) -> float | None:
    """Look for the live time of a spectrum, in seconds."""
    first, kinds, *rest = _LIVE_TIME
    for kind in kinds:
        found: Any = tree.get(str(first), {})
        for key in (kind, *rest):
            found = found.get(key) if isinstance(found, Mapping) else None
        if isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found):
            return float(found)
    return None
