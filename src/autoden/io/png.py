"""PNG: pictures of whole numbers, 8 or 16 bits grey or 8 bits colour, without loss.

What autoden writes holds its axes and metadata as text, which other programs pass over.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from autoden.errors import InputError
from autoden.io.description import NAME, describe, from_text, restore, to_text
from autoden.io.files import FilePath, check_source
from autoden.io.foreign import parsing
from autoden.io.image import axes_of, decode
from autoden.signals import Signal

_INSTEAD = "write a .tif or .npz file, which holds any numbers"


def read(path: FilePath) -> Signal:
    """Read a PNG picture.

    Parameters
    ----------
    path : path-like
        Grey of 1, 2, 4, 8 or 16 bits, colours of 8 bits, or a palette.

    Returns
    -------
    Signal
        Shape (y, x), or (y, x, channel) with red, green and blue; bool, uint8 or uint16 as in the
        file. Axes and metadata are as autoden wrote them, if it did. ``metadata["assumed"]`` says
        what was left out or written out (palette, opaque alpha channel, further frames).

    Raises
    ------
    InputError
        A damaged file, more pixels than Pillow takes for harmless, colours of 16 bits, pixels
        that are transparent.
    """
    source = check_source(path)
    data, assumed, text = decode(source, "PNG")
    name = str(source)
    if text:
        with parsing(name, "a PNG image of autoden"):
            description = from_text(text, name)
            if description["shape"] == list(data.shape):
                return restore(description, data, name)
        assumed.append("its axes and metadata are of an image of another size; they were left out")
    return Signal(data, axes_of(data), {"source": name, "assumed": assumed})


def write(path: FilePath, signal: Signal) -> None:
    """Write a PNG picture; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        The file, replaced if it exists.
    signal : Signal
        Two axes of bool, uint8 or uint16; or three of uint8, the last one called "channel" and
        three long (red, green, blue). Nothing is scaled or rounded.

    Raises
    ------
    InputError
        Any other numbers or axes, or more pixels than readers take for harmless.
    """
    _check(signal)
    text = PngInfo()
    text.add_text(NAME, to_text(describe(signal)))
    data = signal.data.astype(signal.dtype.newbyteorder("="), order="C", copy=False)
    with Path(path).open("wb") as file:
        Image.fromarray(data).save(file, format="PNG", pnginfo=text)


def _check(signal: Signal) -> None:
    names = ", ".join(axis.name for axis in signal.axes)
    coloured = signal.ndim == 3 and signal.axes[2].name == "channel" and signal.shape[2] == 3
    if signal.ndim != 2 and not coloured:
        raise InputError(
            f"A PNG image has two axes, or y, x and a channel axis of three colours, but the "
            f"signal has shape {signal.shape} ({names}): write its images one by one, or {_INSTEAD}"
            "."
        )
    allowed = (np.uint8,) if coloured else (np.bool_, np.uint8, np.uint16)
    if signal.dtype.type not in allowed:
        listed = " or ".join(dtype.__name__ for dtype in allowed)
        raise InputError(
            f"A PNG image holds whole numbers of 8 or 16 bits ({listed}), but the signal is "
            f"{signal.dtype}: {_INSTEAD}, or round it yourself."
        )
    most = Image.MAX_IMAGE_PIXELS
    if most is not None and signal.shape[0] * signal.shape[1] > most:
        raise InputError(
            f"An image of {signal.shape[0]} x {signal.shape[1]} pixels is more than the {most} "
            f"that readers of PNG take for harmless: {_INSTEAD}."
        )
