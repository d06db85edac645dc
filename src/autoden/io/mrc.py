"""MRC: images, stacks and volumes of electron microscopy, by the package mrcfile (extra "mrc").

What autoden writes has its axes and metadata in the extended header, which other programs pass
over; they see the size of voxels in the header proper.
"""

import struct
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.io.description import NAME, from_pieces, to_pieces
from autoden.io.files import FilePath, check_source
from autoden.io.foreign import check_size, parsing
from autoden.io.positions import spacing
from autoden.signals import Axis, Signal

_HEADER = 1024  # bytes
_SIZES = {0: 1, 1: 2, 2: 4, 4: 8, 6: 2, 12: 2}  # bytes of a number, by the mode
_EXTENSION = b"ADEN"  # the kind of our extended header
_LETTERS = {1: "x", 2: "y", 3: "z"}
_ANGSTROM = {"Å": 1.0, "A": 1.0, "angstrom": 1.0, "nm": 10.0, "µm": 1e4, "um": 1e4, "mm": 1e7}
_STORED = {
    "b1": "i1", "i1": "i1", "u1": "u2", "i2": "i2", "u2": "u2", "f2": "f2", "f4": "f4",
    "f8": "f4", "c8": "c8", "c16": "c8",
}  # fmt: skip


def read(path: FilePath) -> Signal:
    """Read an image, a stack or a volume.

    Parameters
    ----------
    path : path-like
        MRC or CCP4 map, not compressed, of any mode but 3 and 101.

    Returns
    -------
    Signal
        Shape and dtype as in the file, axes "y" and "x", "z" of a volume or "page" of a stack of
        images; positions in Å from 0 if voxels have a size.

    Raises
    ------
    InputError
        A damaged or incomplete file, another mode.
    """
    source = check_source(path)
    name, n_bytes = str(source), source.stat().st_size
    with parsing(name, "an MRC file"):
        _check(source, n_bytes, name)
        with mrcfile.mrcfile.MrcFile(source, mode="r") as mrc:
            data = np.array(mrc.data)
            data = data.astype(data.dtype.newbyteorder("="), copy=False)
            own = bytes(mrc.extended_header) if mrc.header.exttyp == _EXTENSION else b""
            axes, assumed = _axes(mrc, data.shape)
            labels = [str(label) for label in mrc.get_labels() if str(label).isprintable()]
        if own:
            return from_pieces([own.decode("ascii")], data, name)
        metadata: dict[str, Any] = {"source": name, "assumed": assumed}
        return Signal(data, axes, metadata | ({"labels": labels} if labels else {}))


def write(path: FilePath, signal: Signal) -> None:
    """Write an image, a stack or a volume; `autoden.io.write` makes it safe.

    Parameters
    ----------
    path : path-like
        The file, replaced if it exists.
    signal : Signal
        Two or three axes; bool, integers of up to 16 bits, float, or complex. Float and complex
        of more than 32 bits per number are rounded to 32.

    Raises
    ------
    InputError
        Another number of axes, other integers, metadata of an extraordinary size.
    """
    if signal.ndim not in (2, 3):
        raise InputError(
            f"An MRC file holds an image or a volume, but the signal has shape {signal.shape}: "
            "write a .tif, .h5 or .npz file."
        )
    stored = _STORED.get(signal.dtype.newbyteorder("=").str[1:])
    if stored is None:
        raise InputError(
            f"An MRC file holds integers of up to 16 bits, float32 and complex64, but the signal "
            f"is {signal.dtype}: convert it, or write a .tif, .h5 or .npz file."
        )
    with np.errstate(over="ignore"):
        data = np.ascontiguousarray(signal.data.astype(stored))
    if np.isinf(data).any() and not np.array_equal(np.isinf(data), np.isinf(signal.data)):
        raise InputError(
            "An MRC file holds numbers of 32 bits, and some of the signal are too large for them: "
            "scale them, or write a .tif, .h5 or .npz file."
        )
    told = signal if signal.dtype.itemsize <= data.dtype.itemsize else signal.with_data(data)
    (text,) = to_pieces(told)
    with warnings.catch_warnings(), np.errstate(all="ignore"):  # its statistics may overflow
        warnings.simplefilter("ignore")
        mrc = mrcfile.new(Path(path), overwrite=True)
        try:
            _fill(mrc, data, signal.axes, text)
            mrc.close()
        except OSError:  # a full disk: mrcfile would leave its file open
            with suppress(OSError):
                mrc._iostream.raw.close()
            raise


def _fill(mrc: Any, data: NDArray[Any], axes: Sequence[Axis], text: str) -> None:
    mrc.set_data(data)
    if data.ndim == 3:
        (mrc.set_volume if axes[0].name == "z" else mrc.set_image_stack)()
    sizes = [_size(axis) for axis in axes[::-1]]
    mrc.voxel_size = tuple([*sizes, 0.0][:3])
    mrc.set_extended_header(np.frombuffer(text.encode("ascii"), dtype="V1"))
    mrc.header.exttyp = _EXTENSION
    mrc.header.label[:] = b""
    mrc.header.label[0], mrc.header.nlabl = NAME.encode(), 1  # without a date


def _check(source: Path, n_bytes: int, name: str) -> None:
    """Compare what the header announces with the size of the file, before it is read."""
    with source.open("rb") as file:
        header = file.read(_HEADER)
    if len(header) < _HEADER or header[208:211] != b"MAP":
        raise InputError(f"{name} is no MRC file: the word MAP in its header is missing.")
    order = ">" if header[212:213] == b"\x11" else "<"
    nx, ny, nz, mode = struct.unpack(f"{order}4i", header[:16])
    (n_extended,) = struct.unpack(f"{order}i", header[92:96])
    if mode not in _SIZES:
        raise InputError(
            f"{name} has numbers of the mode {mode}; known are the modes "
            f"{', '.join(map(str, _SIZES))}."
        )
    if min(nx, ny, nz) < 1 or n_extended < 0:
        raise InputError(f"{name} is damaged: it announces {nx} x {ny} x {nz} numbers.")
    n_announced = nx * ny * nz * _SIZES[mode]
    check_size(name, n_announced, n_bytes)
    if _HEADER + n_extended + n_announced != n_bytes:
        raise InputError(
            f"{name} is damaged or incomplete: its header announces "
            f"{_HEADER + n_extended + n_announced} bytes, but it has {n_bytes}. Copy it again."
        )


def _axes(mrc: Any, shape: tuple[int, ...]) -> tuple[tuple[Axis, ...], list[str]]:
    """Name the axes, and give them positions where voxels have a size."""
    assumed: list[str] = []
    order = [int(mrc.header[key]) for key in ("maps", "mapr", "mapc")]
    spatial = [_LETTERS[number] for number in order] if sorted(order) == [1, 2, 3] else list("zyx")
    names = (["page", *spatial] if len(shape) == 4 else spatial)[-len(shape) :]
    if len(shape) == 3 and mrc.is_image_stack():
        names[0] = "page"
    if "page" in names:
        assumed.append(
            "the images are called page: the file does not say whether they are repeats or times"
        )
    axes = []
    for name, length in zip(names, shape, strict=True):
        size = float(mrc.voxel_size[name]) if name in "zyx" else 0.0
        known = np.isfinite(size) and 0 < size < 1e12
        values = size * np.arange(length, dtype=np.float64) if known else None
        axes.append(Axis(name, "Å" if known else "", values))
    return tuple(axes), assumed


def _size(axis: Axis) -> float:
    """Return the size of a voxel in Å, 0 where it is not known."""
    step, length = spacing(axis), _ANGSTROM.get(axis.unit)
    size = 0.0 if step is None or length is None else abs(step) * length
    return size if 1e-30 < size < 1e30 else 0.0
