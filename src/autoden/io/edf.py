"""EDF, the data format of the ESRF: images with headers of text, one after the other in a file.

Each frame is a block ``{ key = value ; ... }`` and the numbers after it. Keys are kept as they
stand in ``metadata["edf"]`` and written back. Frames that are compressed or whose numbers are in
another file are refused. What autoden writes has its axes and metadata in keys of its own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.description import NAME, from_pieces, to_pieces
from autoden.io.files import FilePath, check_source
from autoden.io.foreign import check_size, parsing
from autoden.io.positions import spacing
from autoden.signals import Axis, Signal

KEYS = "edf"  # the name of the keys in the metadata
_MAX_HEADER = 2**24  # bytes
_MAX_FRAMES = 2**18
_BLOCK = 512  # of which headers are multiples
_WIDTH = 200  # of the pieces of our own text
_END = re.compile(rb"\}\r?\n")
_PRINTED = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_TYPES = {
    "signedbyte": "i1", "unsignedbyte": "u1", "signedshort": "i2", "unsignedshort": "u2",
    "signedinteger": "i4", "unsignedinteger": "u4", "signedlong": "i4", "unsignedlong": "u4",
    "signed64": "i8", "unsigned64": "u8", "floatvalue": "f4", "float": "f4", "floatieee32": "f4",
    "real": "f4", "doublevalue": "f8", "double": "f8", "float64": "f8", "doubleieee64": "f8",
}  # fmt: skip
_NAMES = {
    "b1": "UnsignedByte", "i1": "SignedByte", "u1": "UnsignedByte", "i2": "SignedShort",
    "u2": "UnsignedShort", "i4": "SignedInteger", "u4": "UnsignedInteger", "i8": "Signed64",
    "u8": "Unsigned64", "f4": "FloatValue", "f8": "DoubleValue",
}  # fmt: skip
_METRES = {"m": 1.0, "mm": 1e-3, "µm": 1e-6, "um": 1e-6, "nm": 1e-9}
_STRUCTURE = re.compile(
    r"dim_\d+|psize_[12]|size|datatype|byteorder|compression|headerid|image|edf_.*|autoden.*"
)


@dataclass(frozen=True)
class _Frame:
    """One header, and where its numbers are."""

    header: dict[str, str]
    start: int

    def get(self, key: str, default: str = "") -> str:
        """Return a value, whatever the case of its key."""
        return next((v for k, v in self.header.items() if k.lower() == key), default)

    def number(self, key: str, name: str) -> int | None:
        """Return a whole number; None if it is not there."""
        text = self.get(key).strip()
        if not text:
            return None
        value = float(text)
        if value != int(value) or not 0 <= value < 2**62:
            raise InputError(f"{name} is damaged: its key {key} is {text[:40]!r}.")
        return int(value)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the lengths of the axes, the slowest first."""
        lengths: list[int] = []
        while (length := self.number(f"dim_{len(lengths) + 1}", name)) is not None:
            lengths.append(length)
        if not lengths or 0 in lengths or len(lengths) > 8:
            raise InputError(f"{name} is damaged: a frame has the lengths {lengths}.")
        return tuple(lengths[::-1])

    def dtype(self, name: str) -> np.dtype[Any]:
        """Return the type of the numbers."""
        kind = self.get("datatype").lower()
        if kind not in _TYPES:
            raise InputError(
                f"{name} has numbers of the type {kind[:40]!r}; known are {', '.join(_TYPES)}."
            )
        order = ">" if "high" in self.get("byteorder").lower() else "<"
        return np.dtype(order + _TYPES[kind])


def read(path: FilePath) -> Signal:
    """Read an image or a stack.

    Parameters
    ----------
    path : path-like
        Frames of one shape and type, not compressed.

    Returns
    -------
    Signal
        Shape and dtype as in the file; several frames along a first axis "page", which
        ``metadata["assumed"]`` says. Pixels have a size, in m, if PSize_1 and PSize_2 tell.

    Raises
    ------
    InputError
        A damaged or incomplete file, frames that differ, that are compressed or elsewhere.
    """
    source = check_source(path)
    name, n_bytes = str(source), source.stat().st_size
    with parsing(name, "an EDF file"), source.open("rb") as file:
        frames = _frames(file, n_bytes, name)
        first = frames[0]
        shape, dtype = first.shape(name), first.dtype(name)
        check_size(name, len(frames) * prod(shape) * dtype.itemsize, n_bytes)
        data = np.empty((len(frames), *shape), dtype.newbyteorder("="))
        for number, frame in enumerate(frames):
            if (frame.shape(name), frame.dtype(name)) != (shape, dtype):
                raise InputError(
                    f"{name}: frame {number + 1} has the shape {frame.shape(name)}, the first one "
                    f"{shape}: save frames of one shape and type."
                )
            file.seek(frame.start)
            numbers = np.frombuffer(file.read(prod(shape) * dtype.itemsize), dtype)
            data[number] = numbers.reshape(shape)
        pieces = _pieces(first)
        if pieces:
            return from_pieces(pieces, data, name)
        return _interpret(frames, data, name)


def write(path: FilePath, signal: Signal) -> None:
    """Write an image or a stack; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        The file, replaced if it exists.
    signal : Signal
        Any shape; the last two axes make a frame. Bool, integers, or float of 32 or 64 bits.

    Raises
    ------
    InputError
        Other numbers, metadata of an extraordinary size.
    """
    plain = signal.dtype.newbyteorder("=")
    if plain.str[1:] not in _NAMES:
        raise InputError(
            f"An EDF file holds real numbers of up to 64 bits, but the signal is {signal.dtype}: "
            "convert it, or write a .tif, .h5 or .npz file."
        )
    data = np.atleast_2d(signal.data)
    frames = data.reshape(-1, *data.shape[-2:])
    frames = frames.astype(plain.newbyteorder("<"), order="C", copy=False)
    kept = _kept(signal)
    pieces = [quote(piece, safe='",:[]()\\/') for piece in to_pieces(signal, _WIDTH)]
    own = {f"{NAME}_{number:05d}": piece for number, piece in enumerate(pieces)}
    with Path(path).open("wb") as file:
        for number, frame in enumerate(frames):
            header = {
                "EDF_DataBlockID": f"{number}.Image.Psd",
                "EDF_BinarySize": str(frame.nbytes),
                "HeaderID": f"EH:{number:06d}:000000:000000",
                "Image": str(number),
                "ByteOrder": "LowByteFirst",
                "DataType": _NAMES[plain.str[1:]],
                "Dim_1": str(frame.shape[1]),
                "Dim_2": str(frame.shape[0]),
                "Size": str(frame.nbytes),
                **kept,
                **(own if number == 0 else {}),
            }
            file.write(_format_header(header))
            file.write(frame.tobytes())


def _format_header(header: Mapping[str, str]) -> bytes:
    """Write a header in whole blocks, and how long it is."""
    lines = [f"{key} = {value} ;\n" for key, value in header.items()]
    size_line = "EDF_HeaderSize = {:>9} ;\n"
    length = sum(map(len, lines)) + len(size_line.format(0)) + 4
    total = -(-length // _BLOCK) * _BLOCK
    lines.insert(1, size_line.format(total))
    return ("{\n" + "".join(lines) + " " * (total - length) + "}\n").encode("ascii")


def _frames(file: IO[bytes], n_bytes: int, name: str) -> list[_Frame]:
    """Follow the headers, and check that the numbers after each are there."""
    frames: list[_Frame] = []
    general: dict[str, str] = {}
    place = 0
    while place < n_bytes:
        header, start = _header(file, place, name)
        if header is None:
            break
        frame = _Frame({**general, **header}, start)
        size = frame.number("edf_binarysize", name)
        if "EDF_DataFormatVersion" in header:
            general = {key: each for key, each in header.items() if not key.startswith("EDF_")}
            place = start + (size or 0)
            continue
        if frame.get("edf_binaryfilename"):
            raise InputError(f"{name} has its numbers in another file: save both as one.")
        if not frame.get("compression", "none").lower().startswith("no"):
            raise InputError(f"{name} is compressed: save it without compression.")
        size = frame.number("size", name) if size is None else size
        needed = prod(frame.shape(name)) * frame.dtype(name).itemsize
        size = needed if size is None else size
        if size < needed or start + needed > n_bytes:
            raise InputError(
                f"{name} is damaged or incomplete: frame {len(frames) + 1} needs {needed} bytes, "
                f"but there are {min(size, n_bytes - start)}. Copy it again."
            )
        frames.append(frame)
        if len(frames) > _MAX_FRAMES:
            raise InputError(f"{name} has more than {_MAX_FRAMES} frames: split it.")
        place = start + size
    if not frames:
        raise InputError(f"{name} is no EDF file: it does not begin with a header in braces.")
    return frames


def _header(file: IO[bytes], place: int, name: str) -> tuple[dict[str, str] | None, int]:
    """Read one header; None where nothing but blanks follows."""
    file.seek(place)
    content = file.read(4096)
    if not content.strip():
        return None, place
    if not content.lstrip().startswith(b"{"):
        raise InputError(
            f"{name} is no EDF file, or damaged: no header in braces begins at byte {place}."
        )
    while (end := _END.search(content)) is None:
        more = file.read(len(content))
        if not more or len(content) > _MAX_HEADER:
            raise InputError(f"{name} is damaged or incomplete: a header has no end.")
        content += more
    text = content[content.index(b"{") + 1 : end.start()].decode("latin-1")
    pairs = (entry.partition("=") for entry in text.split(";") if "=" in entry)
    header = {key.strip(" \t\r\n\0"): value.strip(" \t\r\n\0") for key, _, value in pairs}
    return header, place + end.end()


def _pieces(frame: _Frame) -> list[str]:
    """Return our own text, in pieces; none if another program wrote the file."""
    own = sorted(key for key in frame.header if re.fullmatch(rf"{NAME}_\d{{5,}}", key))
    return [unquote(frame.header[key]) for key in own]


def _interpret(frames: list[_Frame], data: NDArray[Any], name: str) -> Signal:
    """Say what the numbers of another program are."""
    first, assumed = frames[0], list[str]()
    names = ["channel"] if data.ndim == 2 else ["z", "y", "x"][-(data.ndim - 1) :]
    names = [f"axis_{index}" for index in range(data.ndim - 1 - len(names))] + names
    axes = []
    for axis, length in zip(names, data.shape[1:], strict=True):
        size = _size_of_pixel(first, axis)
        values = None if size is None else size * np.arange(length, dtype=np.float64)
        axes.append(Axis(axis, "" if size is None else "m", values))
    if len(frames) > 1:
        assumed.append(
            "the frames are called page: the file does not say whether they are repeats, depths "
            "or times"
        )
        axes.insert(0, Axis("page"))
    else:
        data = data[0]
    kept = {key: each for key, each in first.header.items() if not _is_structure(key)}
    return Signal(data, tuple(axes), {"source": name, "assumed": assumed, KEYS: kept})


def _is_structure(key: str) -> bool:
    return _STRUCTURE.fullmatch(key.lower()) is not None


def _size_of_pixel(frame: _Frame, axis: str) -> float | None:
    key = {"x": "psize_1", "y": "psize_2"}.get(axis)
    try:
        size = float(frame.get(key)) if key else 0.0
    except ValueError:
        return None
    return size if 0 < size < 1e6 else None


def _kept(signal: Signal) -> dict[str, str]:
    """Choose the keys that are written: those that the file had, and the size of pixels."""
    given = signal.metadata.get(KEYS)
    kept: dict[str, str] = {}
    for key, value in (given if isinstance(given, Mapping) else {}).items():
        text = str(value)
        plain = text.isascii() and (text.isprintable() or not text) and not set(text) & set("{};")
        if plain and _PRINTED.fullmatch(key) and not _is_structure(key):
            kept[key] = text
    for axis, key in zip(signal.axes[:-3:-1], ("PSize_1", "PSize_2"), strict=False):
        step, metres = spacing(axis), _METRES.get(axis.unit)
        if step is not None and metres is not None:
            kept[key] = repr(abs(step) * metres)
    return kept
