"""Mappings of tensors and plain values in a file of `torch.save`, without what could run.

Such a file is a zip archive of a pickle and of the tensors' bytes. A pickle may name any Python
object and call it; here only the few names that tensors need are let through, before torch reads
the file with ``weights_only=True``. Files of auto-denoise 3.0 may hold numbers of numpy, too: they
become plain numbers without calling numpy. What the mapping means is not known here.
"""

from __future__ import annotations

import io
import pickletools
import re
import threading
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from autoden.errors import InputError
from autoden.io.files import FilePath, check_source, replacing
from autoden.models.tensor_files import MAX_FILE
from autoden.models.trees import join_tensors, split_tensors

MAX_PICKLE = 2**24

_STORAGES = "Float Double Half BFloat16 Long Int Short Char Byte Bool ComplexFloat ComplexDouble"
_NUMPY_SCALARS = ("numpy._core.multiarray.scalar", "numpy.core.multiarray.scalar")
_NAMES = {
    "collections.OrderedDict",
    "torch.Size",
    "torch.device",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "_codecs.encode",
    "numpy.dtype",
    *_NUMPY_SCALARS,
    *(f"torch.{kind}Storage" for kind in _STORAGES.split()),
}
"""All that a pickle of tensors, numbers and texts names."""

_ONE_AT_A_TIME = threading.Lock()  # torch's list of names is one for the whole process


def write_pickled(path: FilePath, mapping: Mapping[str, Any], *, overwrite: bool = False) -> None:
    """Write a mapping of tensors and plain values, as a whole or not at all.

    Parameters
    ----------
    path : path-like
        The file.
    mapping : mapping
        Tensors, numbers, texts, truth values, None, and lists, tuples and mappings of them;
        tensors are written as they are on the CPU.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    InputError
        Something else is in the mapping, or the file cannot be written.
    """
    plain, tensors = split_tensors(mapping)
    buffer = io.BytesIO()
    torch.save(join_tensors(plain, [tensor.detach().cpu().clone() for tensor in tensors]), buffer)
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def read_pickled(path: FilePath) -> dict[str, Any]:
    """Read what `write_pickled` or auto-denoise 3.0 wrote.

    Returns
    -------
    dict
        The mapping, tensors on the CPU.

    Raises
    ------
    InputError
        No such file, not intact, or one that names more than tensors and plain values.
    """
    source = check_source(path)
    size = source.stat().st_size
    if size > MAX_FILE:
        raise InputError(f"{source} has {size} bytes: a model file has at most {MAX_FILE}.")
    content = source.read_bytes()
    try:
        _check_names(source, _pickle_of(source, content))
        with _ONE_AT_A_TIME, torch.serialization.safe_globals(_stand_ins()):
            mapping = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (InputError, MemoryError):
        raise
    except Exception as error:  # whatever a parser says about bytes that mean nothing to it
        first_line = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(
            f"{source} is no intact file of torch.save ({first_line:.200}): copy it again from its "
            "source, or save it with torch 1.6 or later."
        ) from error
    if not isinstance(mapping, dict):
        raise InputError(f"{source} holds a {type(mapping).__name__}: choose a model file.")
    plain: dict[str, Any] = join_tensors(*split_tensors(mapping))  # refuses anything else
    return plain


def _pickle_of(source: Path, content: bytes) -> bytes:
    """Return the pickle in the archive, if the archive is what it says and no larger."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
        if packed or sum(entry.file_size for entry in entries) > len(content):
            raise InputError(f"{source} is a zip archive, but not one of torch.save.")
        damaged = archive.testzip()
        if damaged is not None:
            raise InputError(f"{source} is damaged in {damaged}: copy it again from its source.")
        pickles = [entry for entry in entries if entry.filename.endswith("/data.pkl")]
        if len(pickles) != 1 or pickles[0].file_size > MAX_PICKLE:
            raise InputError(
                f"{source} has {len(pickles)} pickles: a model file has one, of at most "
                f"{MAX_PICKLE} bytes."
            )
        return archive.read(pickles[0])


def _check_names(source: Path, pickle: bytes) -> None:
    """Refuse a pickle that names what tensors and plain values do not need."""
    for opcode, argument, _ in pickletools.genops(pickle):
        if opcode.name in ("GLOBAL", "INST"):
            named = str(argument).replace(" ", ".", 1)
        elif opcode.name == "STACK_GLOBAL" or opcode.name.startswith("EXT"):
            named = "an object without saying which"
        else:
            continue
        if named not in _NAMES:
            raise InputError(
                f"{source} names {named}, which could run code: only files of tensors and plain "
                "values are read. If you trust where it came from, save its `state_dict` alone."
            )


class _NumpyType:
    """Stands for ``numpy.dtype`` while a file is read."""

    __module__, __qualname__ = "numpy", "dtype"

    def __init__(self, code: str, align: bool = False, copy: bool = False) -> None:
        if not re.fullmatch("[iuf][1248]|b1", code):
            raise ValueError(f"a number of type {code:.20}")
        self.code = code

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.code = (state[1] if state[1] in ("<", ">") else "") + self.code


def _plain_number(dtype: _NumpyType, content: bytes) -> Any:
    return np.frombuffer(content, dtype.code, count=1)[0].item()


def _stand_ins() -> list[Any]:
    """Return what is called instead of numpy; each has the name under which files know it."""
    scalars = []
    for name in _NUMPY_SCALARS:
        scalar: Any = partial(_plain_number)
        scalar.__module__, _, scalar.__qualname__ = name.rpartition(".")
        scalars.append(scalar)
    return [_NumpyType, *scalars]
