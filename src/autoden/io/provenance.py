"""What was done to get from a file to a result: the record that goes into every output.

A record is plain metadata under the name "provenance", one entry for each step, the first step
first. Formats that hold metadata store it with them; for all others `autoden.io.write` puts it
into a companion file (see ``companions.py``). It has no date: equal runs give equal files.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.io.files import FilePath, check_source
from autoden.io.reading import split_inside
from autoden.signals import Signal

PROVENANCE = "provenance"
"""The name under which metadata hold the steps."""

_BLOCK = 2**20  # bytes


def provenance(
    method: str,
    inputs: Iterable[FilePath | Signal | NDArray[Any]] = (),
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> dict[str, Any]:
    """Record one step: what was done, with what, to what.

    Parameters
    ----------
    method : str
        The method, as the user would name it: "noise2noise", "convert".
    inputs : iterable of path-like, Signal or ndarray
        What was read. Files are hashed, byte by byte; so call it before they could change.
    settings : mapping or None
        Text, numbers, true or false, and lists and mappings of them.
    seed : int or None
        The seed of the run; None if there was none.

    Returns
    -------
    dict
        "program", "version", "method", "settings", "seed" (left out if None) and "inputs": for
        each its "name" and "sha256", and for arrays "shape" and "dtype".

    Raises
    ------
    InputError
        A file that is not there or cannot be read.

    Examples
    --------
    >>> record = provenance("mean", [np.arange(3, dtype=np.uint8)], seed=0)
    >>> record["program"], record["method"], record["inputs"][0]["sha256"][:8]
    ('autoden', 'mean', 'ae4b3280')
    """
    from importlib.metadata import version

    record: dict[str, Any] = {
        "program": "autoden",
        "version": version("autoden"),
        "method": method,
        "settings": dict(settings or {}),
    }
    if seed is not None:
        record["seed"] = int(seed)
    return record | {"inputs": [_identify(each) for each in inputs]}


def with_provenance(signal: Signal, record: Mapping[str, Any]) -> Signal:
    """Add a step to what a signal's metadata say was done before.

    Parameters
    ----------
    signal : Signal
        The result of the step, with the metadata of its input.
    record : mapping
        As `provenance` gives it.

    Returns
    -------
    Signal
        The same data and axes; ``metadata["provenance"]`` is a list of all steps.

    Examples
    --------
    >>> signal = with_provenance(Signal([1, 2], ["x"]), provenance("mean"))
    >>> signal = with_provenance(signal, provenance("convert"))
    >>> [step["method"] for step in signal.metadata["provenance"]]
    ['mean', 'convert']
    """
    before = signal.metadata.get(PROVENANCE, [])
    steps = [*before, dict(record)] if isinstance(before, list) else [dict(record)]
    return Signal(signal.data, signal.axes, {**signal.metadata, PROVENANCE: steps})


def file_hash(path: FilePath) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits; of a folder, that of its files.

    Raises
    ------
    InputError
        It is not there or cannot be read.
    """
    given = Path(path).expanduser()
    digest = hashlib.sha256()
    if given.is_dir():
        for each in sorted(file for file in given.rglob("*") if file.is_file()):
            digest.update(each.relative_to(given).as_posix().encode("utf-8", "surrogateescape"))
            digest.update(bytes.fromhex(file_hash(each)))
        return digest.hexdigest()
    with check_source(given).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _identify(given: FilePath | Signal | NDArray[Any]) -> dict[str, Any]:
    """Say which file or array it is."""
    if isinstance(given, str | os.PathLike):
        file, inside = split_inside(given)  # "file.h5::/path/to/dataset"
        name = Path(file).name + (f"::{inside}" if inside else "")
        return {"name": name, "sha256": file_hash(file)}
    array = np.ascontiguousarray(np.asarray(given))
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    source = given.metadata.get("source") if isinstance(given, Signal) else None
    return {
        "name": Path(str(source)).name if source else "array",
        "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
        "shape": list(array.shape),
        "dtype": str(array.dtype.newbyteorder("=")),
    }
