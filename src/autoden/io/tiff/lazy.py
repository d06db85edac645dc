"""Parts of a TIFF: the pages in which they are, and of numbers in one piece only their bytes.

The file was checked when it was opened; it is opened again for each part.
"""

from functools import partial
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.files import check_source
from autoden.io.foreign import READ_LAZILY, check_memory, parsing
from autoden.io.tiff.pages import complaints
from autoden.signals import LazyArray
from autoden.signals.lazy import Bounds, n_elements


def lazy_pages(source: Path, number: int, series: tifffile.TiffPageSeries) -> LazyArray:
    """Leave the numbers of a series of images in the file.

    Parameters
    ----------
    source : Path
        The file.
    number : int
        Which series it is.
    series : tifffile.TiffPageSeries
        The series, checked.
    """
    dtype = np.dtype(series.dtype).newbyteorder("=")
    read_part = partial(_read_part, source, number, source.stat().st_size, series.shape)
    return LazyArray(series.shape, dtype, read_part)


def _read_part(
    source: Path, number: int, n_bytes: int, shape: tuple[int, ...], bounds: Bounds
) -> NDArray[Any]:
    name = str(source)
    if check_source(source).stat().st_size != n_bytes:
        raise InputError(f"{name} has changed since it was opened: read it again.")
    with (
        parsing(name, "a TIFF"),
        source.open("rb") as file,
        complaints(name),
        tifffile.TiffFile(file, _multifile=False) as tif,
    ):
        series = tif.series[number]
        check_memory(name, np.dtype(series.dtype).itemsize * n_elements(bounds), READ_LAZILY)
        part = _in_one_piece(source, series, bounds)
        if part is None:
            part = _from_pages(series, bounds)
    array = np.asarray(part)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _in_one_piece(
    source: Path, series: tifffile.TiffPageSeries, bounds: Bounds
) -> NDArray[Any] | None:
    """Read numbers that stand one after the other; None if they do not."""
    offset = series.dataoffset
    if offset is None or series.dtype.kind == "b":
        return None
    dtype = np.dtype(series.dtype).newbyteorder(series.keyframe.parent.byteorder)
    mapped = np.memmap(source, dtype, "r", offset, tuple(series.shape))
    return np.array(mapped[bounds])


def _from_pages(series: tifffile.TiffPageSeries, bounds: Bounds) -> NDArray[Any]:
    """Read the pages in which a part is, one after the other."""
    shape = tuple(series.shape)
    n_front = _n_axes_of_pages(shape, len(series))
    if n_front is None:
        whole: NDArray[Any] = series.asarray(maxworkers=1)
        return whole[bounds]
    front, inner = shape[:n_front], shape[n_front:]
    part = np.empty([len(range(b.start, b.stop, b.step)) for b in bounds], series.dtype)
    wanted = [range(b.start, b.stop, b.step) for b in bounds[:n_front]]
    for place in product(*(range(len(each)) for each in wanted)):
        indices = [each[i] for each, i in zip(wanted, place, strict=True)]
        page = series[int(np.ravel_multi_index(indices, front)) if front else 0]
        if page is None:
            raise InputError("a page is missing: copy or write it again.")
        image = page.asarray(maxworkers=1).reshape(inner)
        part[place] = image[bounds[n_front:]]
    return part


def _n_axes_of_pages(shape: tuple[int, ...], n_pages: int) -> int | None:
    """Return how many of the first axes count pages; None if pages are no whole elements of them.

    Examples
    --------
    >>> _n_axes_of_pages((3, 4, 20, 30), 12), _n_axes_of_pages((20, 30), 1)
    (2, 0)
    >>> _n_axes_of_pages((3, 4, 20), 5) is None
    True
    """
    fitting = [n for n in range(len(shape) + 1) if prod(shape[:n]) == n_pages]
    return fitting[0] if fitting else None
