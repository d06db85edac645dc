"""TIFF: images and stacks of any numbers, with the axes that ImageJ, OME and autoden itself tell.

``pages.py`` checks that the pages are there, ``axes.py`` says what runs along them; here
the numbers are read. ``writing.py`` writes.
"""

from math import prod
from typing import Any

import tifffile
from numpy.typing import NDArray

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.io.description import from_text, restore
from autoden.io.files import FilePath, check_source
from autoden.io.foreign import READ_LAZILY, check_memory, parsing
from autoden.io.image import without_alpha
from autoden.io.tiff.axes import axes_of, is_stack_as_colours
from autoden.io.tiff.lazy import lazy_pages
from autoden.io.tiff.pages import check_pages, check_series, complaints
from autoden.io.tiff.writing import OWN_TAG, write
from autoden.signals import Axis, Signal

__all__ = ["read", "write"]

_OF_ANOTHER_SIZE = "its axes and metadata are of an image of another size; they were left out"
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _MOSAIC = 0, 1, 2, 3, 32803
_ALPHA = (1, 2)  # of the extra samples; others are data


def read(path: FilePath, *, series: int | None = None, lazy: bool = False) -> Signal:
    """Read an image or a stack.

    Parameters
    ----------
    path : path-like
        A TIFF or BigTIFF, uncompressed or compressed without loss.
    series : int or None
        Which of several series of images, from 0; not needed if there is only one.
    lazy : bool
        Whether the numbers stay in the file until they are indexed or converted; then only the
        pages are read in which they are. (Images with an alpha channel are read at once.)

    Returns
    -------
    Signal
        Shape and dtype as in the file, axes "y", "x", "z", "time", "channel" as far as ImageJ or
        OME tell, with positions if pixels have a size; "page" for pages of which nothing is
        known; axes and metadata as they were if autoden wrote the file. Numbers are never scaled;
        ``metadata["assumed"]`` says what was left out.

    Raises
    ------
    InputError
        A damaged or incomplete file, one of several files that belong together, several series
        and no `series`, a compression that loses something, colours for print (CMYK, YCbCr),
        pixels that are transparent.
    """
    source = check_source(path)
    name, n_bytes = str(source), source.stat().st_size
    with parsing(name, "a TIFF"), source.open("rb") as file:
        check_pages(file, n_bytes, name)
        with complaints(name), tifffile.TiffFile(file, _multifile=False) as tif:
            number, chosen = _choose(tif.series, series, name)
            check_series(chosen, n_bytes, name)
            data: Any
            if lazy and not _has_alpha(chosen):
                data = lazy_pages(source, number, chosen)
            else:
                check_memory(name, chosen.nbytes, READ_LAZILY)
                data = chosen.asarray(maxworkers=1)
            own = _own_description(tif, name) if len(tif.series) == 1 else None
            if own and prod(own["shape"]) == prod(data.shape):
                return restore(own, data, name)
            signal = _interpret(tif, chosen, data, name)
            if own:
                signal.metadata["assumed"].append(_OF_ANOTHER_SIZE)
            return signal


def _choose(
    all_series: list[tifffile.TiffPageSeries], index: int | None, name: str
) -> tuple[int, tifffile.TiffPageSeries]:
    """Return the series that is meant, and its number."""
    if not all_series:
        raise InputError(f"{name} holds no image.")
    if index is None and len(all_series) == 1:
        return 0, all_series[0]
    listed = ", ".join(
        f"{number}: {' x '.join(map(str, series.shape))} {series.dtype}"
        for number, series in enumerate(all_series[:10])
    ) + (", ..." if len(all_series) > 10 else "")
    if index is None:
        raise InputError(f"{name} holds several series of images ({listed}): choose series=...")
    if whole_number("series", index, at_least=0) >= len(all_series):
        raise InputError(f"{name} has no series {index}: choose series=... from {listed}.")
    return index, all_series[index]


def _own_description(tif: tifffile.TiffFile, name: str) -> dict[str, Any] | None:
    """Return what autoden wrote about the signal, None if it did not."""
    tag = tif.pages.first.tags.get(OWN_TAG)
    return None if tag is None else from_text(str(tag.value), name)


def _has_alpha(series: tifffile.TiffPageSeries) -> bool:
    """Tell whether the last of the samples says how opaque a pixel is."""
    extra = series.keyframe.extrasamples
    told = bool(extra) and int(extra[-1]) in _ALPHA and "S" in series.axes
    return told and not is_stack_as_colours(series)


def _interpret(
    tif: tifffile.TiffFile, series: tifffile.TiffPageSeries, data: NDArray[Any], name: str
) -> Signal:
    """Say what the numbers of another program are."""
    axes, assumed = axes_of(tif, series)
    data, axes = _plain_colours(data, axes, series, name, assumed)
    if tif.is_ome and series.kind != "ome":
        assumed.append("images of other files that its OME text names are not wanted")
    return Signal(data, tuple(axes), {"source": name, "assumed": assumed})


def _plain_colours(
    data: NDArray[Any],
    axes: list[Axis],
    series: tifffile.TiffPageSeries,
    name: str,
    assumed: list[str],
) -> tuple[NDArray[Any], list[Axis]]:
    """Leave out an alpha channel, and say or refuse what numbers mean that are no intensities."""
    page = series.keyframe
    photometric = int(page.photometric) if 262 in page.tags else _BLACK_IS_ZERO
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _MOSAIC):
        kind = getattr(page.photometric, "name", str(photometric))
        raise InputError(
            f"{name} has colours of the kind {kind}, which is made for print or display: save it "
            "as grey or RGB."
        )
    if photometric == _WHITE_IS_ZERO:
        assumed.append("zero stands for white in the file; the numbers are kept")
    if photometric == _PALETTE:
        assumed.append("the colours of its palette were left out; the numbers are kept")
    if _has_alpha(series):
        axis = series.axes.index("S")
        data = without_alpha(data, axis, name, assumed)
        if data.shape[axis] == 1:
            data, axes = data.squeeze(axis), [*axes[:axis], *axes[axis + 1 :]]
    return data, axes
