"""What runs along the axes of a TIFF, and how far apart its pixels are.

ImageJ, OME and tifffile say it in texts of their own; of a plain TIFF one only knows y and x, and
sometimes a resolution. Axes are called y, x, z, time, channel (also for red, green and blue), and
"page" where nothing says whether pages are repeats, depths or times.
"""

import math
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from autoden.signals import Axis
from autoden.signals.letters import CALLED

_NAMES = {
    "X": "x", "Y": "y", "Z": "z", "T": "time", "C": "channel", "S": "channel", "A": "angle",
    "P": "phase", "E": "wavelength", "H": "lifetime", "L": "exposure", "V": "event", "M": "mosaic",
}  # fmt: skip

_UNITS = {
    "micron": "µm", "microns": "µm", "micrometer": "µm", "um": "µm", "\\u00b5m": "µm",
    "μm": "µm", "sec": "s", "seconds": "s", "in": "inch",
}  # fmt: skip  # with the Greek letter, which looks like the sign
_SEPARATE = 2  # planes of colours, one after another
_NO_UNITS = frozenset({"", "pixel", "pixels", "reference frame"})
_OF_RESOLUTION = {2: ("inch", 1.0), 3: ("cm", 2.54)}  # and how many make an inch
_OF_PRINT = (72, 96, 100, 120, 144, 150, 180, 200, 240, 300, 350, 360, 400, 600, 720, 1200, 2400)
_PAGES = f"the pages{CALLED}{{}}: the file does not say whether they are repeats, depths or times"

Spacings = dict[str, tuple[float, str]]


def axes_of(
    tif: tifffile.TiffFile, series: tifffile.TiffPageSeries
) -> tuple[list[Axis], list[str]]:
    """Name the axes of a series of images and give them positions.

    Parameters
    ----------
    tif : tifffile.TiffFile
        The file.
    series : tifffile.TiffPageSeries
        The images in it that are read.

    Returns
    -------
    axes : list of Axis
        One per dimension of the series. Where the file gives the distance of pixels, positions
        count in it from 0.
    assumed : list of str
        What the file does not say, in sentences.
    """
    assumed: list[str] = []
    spacings = _spacings(tif, series, assumed)
    letters = _without_depths_of_habit(tif, series)
    if is_stack_as_colours(series):
        letters = letters.replace("S", "I")
        assumed.append("its planes are marked as colours, as tifffile marks any stack of 3 or 4")
    names = [_NAMES.get(letter, "") for letter in letters]
    if "C" in letters and "S" in letters:
        names[letters.index("S")] = "colour"
    unknown = [index for index, name in enumerate(names) if not name]
    for index in unknown:
        names[index] = "page" if len(unknown) == 1 else f"page_{index}"
    if unknown:
        assumed.append(_PAGES.format(", ".join(names[index] for index in unknown)))
    axes = []
    for letter, name, length in zip(series.axes, names, series.shape, strict=True):
        spacing, unit = spacings.get(letter, (None, ""))
        positions = None if spacing is None else spacing * np.arange(length, dtype=np.float64)
        axes.append(Axis(name, unit, positions))
    return axes, assumed


def is_stack_as_colours(series: tifffile.TiffPageSeries) -> bool:
    """Tell whether colours are only what tifffile takes any stack of three or four images for.

    Its ``imwrite(path, stack)`` stores such a stack as planes of red, green, blue and opacity;
    who means colours puts them last.
    """
    page = series.keyframe
    separate = int(page.planarconfig) == _SEPARATE
    return series.kind == "shaped" and separate and "S" in series.axes


def _without_depths_of_habit(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> str:
    """Return the letters of the axes; ImageJ calls any plain stack slices, which says nothing."""
    told = tif.imagej_metadata or {}
    if series.kind == "imagej" and not told.get("hyperstack") and "spacing" not in told:
        return series.axes.replace("Z", "I")
    return series.axes


def _spacings(
    tif: tifffile.TiffFile, series: tifffile.TiffPageSeries, assumed: list[str]
) -> Spacings:
    """Return the distance of neighbours and its unit, by the letter of the axis."""
    if series.kind == "ome":
        return _of_ome(tif, series)
    if series.kind == "imagej":
        return _of_imagej(series.keyframe, tif.imagej_metadata or {})
    return _of_resolution(series.keyframe, assumed)


def _of_imagej(page: tifffile.TiffPage, told: Mapping[str, Any]) -> Spacings:
    unit, time_unit = str(told.get("unit", "")), str(told.get("tunit", "s"))
    found = {
        "X": (_pixel_size(page, 282), unit),
        "Y": (_pixel_size(page, 283), str(told.get("yunit", unit))),
        "Z": (_positive(told.get("spacing")), str(told.get("zunit", unit))),
        "T": (_positive(told.get("finterval")), time_unit),
    }
    return _usable(found)


def _of_ome(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries) -> Spacings:
    root = ElementTree.fromstring(tif.ome_metadata or "")
    all_pixels = [element for element in root.iter() if element.tag.endswith("}Pixels")]
    if len(all_pixels) != len(tif.series):
        return {}
    told = all_pixels[tif.series.index(series)].attrib
    found = {
        letter: (
            _positive(told.get(f"PhysicalSize{letter}")),
            told.get(f"PhysicalSize{letter}Unit", "µm"),
        )
        for letter in "XYZ"
    }
    found["T"] = _positive(told.get("TimeIncrement")), told.get("TimeIncrementUnit", "s")
    return _usable(found)


def _of_resolution(page: tifffile.TiffPage, assumed: list[str]) -> Spacings:
    tag = page.tags.get(296)
    unit, per_inch = _OF_RESOLUTION.get(int(tag.value) if tag is not None else 2, ("", 0.0))
    sizes = {"X": _pixel_size(page, 282), "Y": _pixel_size(page, 283)}
    dots = [per_inch / size for size in sizes.values() if size is not None]
    if unit and dots and all(any(abs(dot - usual) < 0.5 for usual in _OF_PRINT) for dot in dots):
        assumed.append(
            f"the resolution of {dots[0]:.0f} dots per inch is for print and says nothing about "
            "the sample; it was left out"
        )
        return {}
    return _usable({letter: (size, unit) for letter, size in sizes.items()})


def _usable(found: Mapping[str, tuple[float | None, str]]) -> Spacings:
    """Leave out what has no size or no unit, and write units in one way."""
    plain = {letter: (size, _plain_unit(unit)) for letter, (size, unit) in found.items()}
    return {
        letter: (size, unit)
        for letter, (size, unit) in plain.items()
        if size is not None and unit not in _NO_UNITS
    }


def _plain_unit(unit: str) -> str:
    unit = unit.strip()
    return _UNITS.get(unit.lower(), unit) if unit.isprintable() else ""


def _pixel_size(page: tifffile.TiffPage, code: int) -> float | None:
    """Return the inverse of a resolution, which is a fraction."""
    tag = page.tags.get(code)
    if tag is None or not isinstance(tag.value, tuple) or len(tag.value) != 2:
        return None
    dots, length = tag.value
    return _positive(length / dots) if dots else None


def _positive(value: Any) -> float | None:
    """Return a distance as a float; None where it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and 0 < number < 1e100 else None
