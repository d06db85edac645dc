"""Pictures as Pillow decodes them: grey (y, x) or coloured (y, x, channel), and what was left out.

The formats are in ``png.py`` and ``jpeg.py``. Numbers are never scaled; what a picture holds
besides its numbers (palette, transparency, further frames) is either written out, said in
``metadata["assumed"]`` or refused.
"""

import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autoden.errors import InputError
from autoden.io.foreign import parsing
from autoden.signals import Axis

_GREY_OF_16_BITS = ("I;16", "I;16B", "I;16L", "I")


def decode(source: Path, kind: Literal["PNG", "JPEG"]) -> tuple[NDArray[Any], list[str], str]:
    """Decode a picture.

    Parameters
    ----------
    source : Path
        The file.
    kind : {"PNG", "JPEG"}
        Its format; no other one is tried.

    Returns
    -------
    data : ndarray
        Shape (y, x) or (y, x, 3); bool for one bit, uint8, or uint16 for 16 bits.
    assumed : list of str
        What was left out or written out, in sentences.
    text : str
        The text that the picture holds under the name "autoden", "" if there is none.

    Raises
    ------
    InputError
        A damaged file, more pixels than Pillow takes for harmless, colours of 16 bits, colours
        for print (CMYK), pixels that are transparent.
    """
    name, assumed = str(source), list[str]()
    with parsing(name, f"a {kind} image"):
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(source, formats=(kind,)) as picture:
            picture.verify()  # the sums of a PNG are checked here only
        with Image.open(source, formats=(kind,)) as picture:
            if kind == "PNG":
                _check_depth(source, name, assumed)
            n_frames = getattr(picture, "n_frames", 1)
            if n_frames > 1:
                assumed.append(f"only the first of its {n_frames} pictures was read")
            picture.load()
            if "transparency" in picture.info:
                assumed.append("one of its colours stands for transparent, which was left out")
            text = str(picture.info.get("autoden", ""))
            return _as_array(picture, name, assumed), assumed, text


def axes_of(data: NDArray[Any]) -> tuple[Axis, ...]:
    """Name the axes of a picture: (y, x), or (y, x, channel)."""
    return tuple(Axis(name) for name in ("y", "x", "channel")[: data.ndim])


def without_alpha(data: NDArray[Any], axis: int, name: str, assumed: list[str]) -> NDArray[Any]:
    """Leave out the last channel, which says how opaque each pixel is, if all of them are.

    Raises
    ------
    InputError
        Some pixels are transparent: their numbers mean nothing.
    """
    opaque = True if data.dtype == bool else _largest(data.dtype)
    if not (data.take(-1, axis) == opaque).all():
        raise InputError(
            f"{name} has pixels that are transparent, whose numbers mean nothing: crop it, or save "
            "it without transparency (alpha channel)."
        )
    assumed.append("all pixels are opaque; the channel that says so was left out")
    return data.take(range(data.shape[axis] - 1), axis)


def _largest(dtype: np.dtype[Any]) -> float:
    return 1.0 if dtype.kind == "f" else np.iinfo(dtype).max


def _check_depth(source: Path, name: str, assumed: list[str]) -> None:
    """Look at the header of a PNG for depths that Pillow changes without a word."""
    with source.open("rb") as file:
        *_, depth, colour = file.read(26)
    if depth == 16 and colour != 0:
        raise InputError(
            f"{name} has colours of 16 bits, of which PNG readers keep 8: save it as .tif."
        )
    if depth in (2, 4) and colour == 0:
        assumed.append(f"grey values of {depth} bits are spread over 0 to 255, as PNG has it")


def _as_array(picture: Image.Image, name: str, assumed: list[str]) -> NDArray[Any]:
    """Turn a loaded picture into numbers."""
    if picture.mode in ("P", "PA"):
        return _without_palette(np.array(picture.convert("RGB")), assumed)
    if picture.mode in _GREY_OF_16_BITS:
        return np.array(picture, dtype=np.uint16)
    if picture.mode in ("LA", "RGBA"):
        data = without_alpha(np.array(picture), 2, name, assumed)
        return data[..., 0] if picture.mode == "LA" else data
    if picture.mode == "1":
        return np.asarray(picture.convert("L")) > 0  # its own bytes are 255 for true
    if picture.mode not in ("L", "RGB"):
        raise InputError(
            f"{name} has colours of the kind {picture.mode}, which is made for print or display: "
            "save it as grey or RGB."
        )
    return np.array(picture)


def _without_palette(data: NDArray[Any], assumed: list[str]) -> NDArray[Any]:
    """Make the colours of a palette grey values if they are all grey."""
    grey = (data == data[..., :1]).all()
    what = "grey values" if grey else "colours"
    assumed.append(f"the {what} of its palette were written out")
    return data[..., 0] if grey else data
