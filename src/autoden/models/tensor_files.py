"""Tensors and one record in a safetensors file: nothing in it can run, nothing is taken on trust.

The record is a JSON text under the key "autoden" of the file's metadata. Before anything is read
its sizes are checked; what is read is checked against the record's digest. Which tensors there
ought to be is not known here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import safetensors.torch
import torch
from pydantic import BaseModel, ValidationError
from safetensors import safe_open
from torch import Tensor

from autoden.errors import InputError
from autoden.io.files import FilePath, check_source, replacing
from autoden.models.records import FileRecord

RecordT = TypeVar("RecordT", bound=FileRecord)

METADATA_KEY = "autoden"
MAX_RECORD = 2**20
MAX_HEADER = 2**24
MAX_FILE = 2**32
"""In bytes. A network of 1000 layers has a header of less than 2**20 bytes."""


def write_tensors(
    path: FilePath, tensors: Mapping[str, Tensor], record: FileRecord, *, overwrite: bool = False
) -> None:
    """Write tensors and what they are, as a whole or not at all.

    Parameters
    ----------
    path : path-like
        The file.
    tensors : mapping of str to Tensor
        On any device, of any shape.
    record : FileRecord
        What they are; its digest is filled in.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    InputError
        The file cannot be written, or more is to be written than could be read back.
    """
    plain = {name: plain_tensor(name, tensor) for name, tensor in tensors.items()}
    text = record.model_copy(update={"sha256": _digest(plain)}).model_dump_json()
    if len(text.encode()) > MAX_RECORD:
        raise InputError(
            f"What {path} has to say about its tensors takes {len(text)} characters: give shorter "
            f"settings, of less than {MAX_RECORD} in all."
        )
    content = safetensors.torch.save(plain, metadata={METADATA_KEY: text})
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(content)


def read_tensors(path: FilePath, kind: type[RecordT]) -> tuple[dict[str, Tensor], RecordT]:
    """Read what `write_tensors` wrote.

    Parameters
    ----------
    path : path-like
        The file.
    kind : type of FileRecord
        What it has to say about its tensors; a file that says anything else is refused.

    Returns
    -------
    tensors : dict of str to Tensor
        On the CPU, in memory of their own.
    record : FileRecord
        What they are.

    Raises
    ------
    InputError
        No such file, or not one that autoden wrote, or no longer as it was written.
    """
    source = check_source(path)
    _check_sizes(source)
    try:
        with safe_open(source, framework="pt") as file:
            record = _read_record(source, file.metadata(), kind)
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (InputError, MemoryError):
        raise
    except Exception as error:  # whatever a parser says about bytes that mean nothing to it
        raise InputError(
            f"{source} is no intact safetensors file ({error}): copy it again from its source."
        ) from error
    if _digest(tensors) != record.sha256:
        raise InputError(
            f"{source} is damaged, its tensors are not those that were written: copy it again from "
            "its source."
        )
    return tensors, record


def read_format(path: FilePath) -> str:
    """Say what a file says it is, such as "autoden-model"; "" where it does not say it.

    Nothing else of it is read or checked.

    Raises
    ------
    InputError
        No such file.
    """
    source = check_source(path)
    try:
        _check_sizes(source)
        with safe_open(source, framework="pt") as file:
            text = _record_text(source, file.metadata())
        return _Format.model_validate_json(text).format
    except MemoryError:
        raise
    except Exception:  # whoever reads the file will say what is wrong with it
        return ""


class _Format(BaseModel):
    format: str


def plain_tensor(name: str, tensor: Tensor) -> Tensor:
    """Return a tensor of plain numbers on the CPU, in memory of its own; refuse any other kind."""
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type == "meta":
        raise InputError(f"The tensor {name!r} is sparse, quantised or empty: give a plain one.")
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def _digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _check_sizes(source: Path) -> None:
    """Refuse a file whose first bytes promise a header that is not there, or absurdly long."""
    size = source.stat().st_size
    with source.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if size > MAX_FILE:
        raise InputError(f"{source} has {size} bytes: a model file has at most {MAX_FILE}.")
    if size < 10 or not 2 <= length <= size - 8:
        raise InputError(
            f"{source} is no model file, or the end of it is missing ({size} bytes): choose a file "
            "that autoden wrote, or copy it again from its source. A bare pickle is not read, for "
            "it could run code."
        )
    if length > MAX_HEADER:
        raise InputError(
            f"{source} has a header of {length} bytes: a model file's has at most {MAX_HEADER}."
        )


def _read_record(source: Path, metadata: Mapping[str, str] | None, kind: type[RecordT]) -> RecordT:
    text = _record_text(source, metadata)
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the text"
        raise InputError(
            f"{source} is not as autoden writes it, {where}: {first['msg']}. Choose another file, "
            "or a version of autoden as new as the one that wrote it."
        ) from error


def _record_text(source: Path, metadata: Mapping[str, str] | None) -> str:
    if metadata is None or set(metadata) != {METADATA_KEY}:
        raise InputError(
            f"{source} is a safetensors file, but does not say how autoden is to use it: choose a "
            "file that autoden wrote."
        )
    text = metadata[METADATA_KEY]
    if len(text.encode()) > MAX_RECORD:
        raise InputError(
            f"{source} says more about its tensors than the {MAX_RECORD} bytes that are allowed."
        )
    return text
