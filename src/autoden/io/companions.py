"""What a format cannot hold goes into a second file beside it, ``out.csv.autoden.json``.

It names the state of the file that it belongs to (size, first and last bytes), so that it is left
out once the file has been changed. Which formats lose what, the registry says. The same file holds
how a file was made (`note_run`), which programs that make it have to say, whatever its format.
"""

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from autoden.errors import InputError
from autoden.io.description import NAME, describe, from_text, restore, to_text
from autoden.io.files import FilePath, replacing
from autoden.io.foreign import parsing
from autoden.signals import Signal

AXES, METADATA, DTYPE = "axes", "metadata", "dtype"
"""What a format may lose."""

_OF_READING = frozenset({"source", "assumed", "layout", "table", "overflow_bin"})
_UNNAMED = "axis_{}"
RUN = "run"
"""Under which name the second file holds the options that make the first one again."""
_BELONGS_TO = "belongs_to"
_BLOCK = 2**20  # bytes at either end of a file that tell its state
_MAX_BYTES = 2**25
_OUTDATED = "{} belongs to another state of the file; it was left out"


def companion_path(path: FilePath) -> Path:
    """Return the name of the second file.

    Examples
    --------
    >>> companion_path("out.csv").name
    'out.csv.autoden.json'
    """
    given = Path(path)
    return given.with_name(f"{given.name}.{NAME}.json")


def needs_companion(signal: Signal, loses: Collection[str]) -> bool:
    """Tell whether a format that loses this would lose anything of a signal.

    Examples
    --------
    >>> needs_companion(Signal([1, 2], ["x"], {"sample": "A"}), ["metadata"])
    True
    >>> needs_companion(Signal([1, 2], ["axis_0"], {"source": "a.npy"}), ["axes", "metadata"])
    False
    """
    plain = all(
        axis.name == _UNNAMED.format(index) and not axis.unit and axis.values is None
        for index, axis in enumerate(signal.axes)
    )
    has_metadata = bool(set(signal.metadata) - _OF_READING)
    return (AXES in loses and not plain) or (METADATA in loses and has_metadata)


def has_companion(path: FilePath) -> bool:
    """Tell whether there is a second file that autoden wrote, be it an outdated one."""
    return _load(companion_path(path)) is not None


def check_companion(path: FilePath) -> None:
    """Refuse to replace a file of the companion's name that is something else.

    Raises
    ------
    InputError
        There is such a file, and autoden did not write it.
    """
    companion = companion_path(path)
    if companion.exists() and _load(companion) is None:
        raise InputError(
            f"{companion} is not of autoden, and is where axes and metadata of {path} would go: "
            "move it, or choose another name."
        )


def write_companion(
    path: FilePath, written: FilePath, signal: Signal, loses: Collection[str]
) -> None:
    """Write the second file of a file that is about to get its name.

    Parameters
    ----------
    path : path-like
        What the file is going to be called.
    written : path-like
        What it is called now, complete.
    signal : Signal
        What it holds.
    loses : collection of str
        What its format loses.

    Raises
    ------
    InputError
        The system refuses, or a file of that name is something else.
    """
    check_companion(path)
    described = describe(signal)
    if AXES not in loses:
        known = described["metadata"].items()
        told = {name: value for name, value in known if name not in _OF_READING}
        described = {"version": described["version"], METADATA: told}
    to_text(described)  # says it where the text is too long
    _write(companion_path(path), {**described, _BELONGS_TO: _state(Path(written))})


def note_run(path: FilePath, run: Mapping[str, Any], **more: Any) -> Path:
    """Say in the second file of a complete file how it was made.

    What the second file holds of the first one stays there.

    Parameters
    ----------
    path : path-like
        The file.
    run : mapping
        Options, plain enough for JSON.
    **more
        Further entries, such as what was read; they go before all others.

    Returns
    -------
    Path
        The second file.

    Raises
    ------
    InputError
        The system refuses, or a file of that name is something else.
    """
    check_companion(path)
    companion, first = companion_path(path), Path(path)
    held = _load(companion) or {}
    if not first.is_file() or held.get(_BELONGS_TO) != _state(first):
        held = {}
    _write(companion, {**more, RUN: dict(run), **held})
    return companion


def with_companion(path: FilePath, signal: Signal, loses: Collection[str]) -> Signal:
    """Add what the second file tells to what was read, if there is one that belongs to it.

    Parameters
    ----------
    path : path-like
        The file that was read.
    signal : Signal
        What was read.
    loses : collection of str
        What its format loses.

    Returns
    -------
    Signal
        With the axes as they were written, if the format loses them; with their metadata.

    Raises
    ------
    InputError
        The second file was tampered with, or comes from a later autoden.
    """
    companion = companion_path(os.path.realpath(path))  # of a link: beside the file itself
    description = _load(companion) if companion.is_file() else None
    if description is None or _BELONGS_TO not in description:
        return signal
    if description.pop(_BELONGS_TO, None) != _state(Path(path)):
        said = [*signal.metadata.get("assumed", []), _OUTDATED.format(companion.name)]
        return signal.with_data(signal.data, metadata={"assumed": said})
    name = f"{path} with {companion.name}"
    with parsing(name, "a file with its description"):
        if AXES in loses:
            whole = restore(description, signal.data, name)
            return whole.with_data(whole.data, metadata={"source": signal.metadata["source"]})
        told = {
            key: each for key, each in description["metadata"].items() if key not in _OF_READING
        }
        return signal.with_data(signal.data, metadata=told)


def _load(companion: Path) -> dict[str, Any] | None:
    """Read a companion; None if it is something else."""
    try:
        if companion.stat().st_size > _MAX_BYTES:
            return None
        found = from_text(companion.read_text(encoding="utf-8"), str(companion))
    except (OSError, ValueError, RecursionError):
        return None
    is_ours = isinstance(found, dict) and not {_BELONGS_TO, RUN}.isdisjoint(found)
    return found if is_ours else None


def _write(companion: Path, content: Mapping[str, Any]) -> None:
    with replacing(companion, overwrite=True) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="ascii")


def _state(path: Path) -> str:
    """Return a sum of the size and both ends of a file."""
    size = path.stat().st_size
    with path.open("rb") as file:
        digest = hashlib.sha256(f"{size}:".encode() + file.read(_BLOCK))
        file.seek(max(0, size - _BLOCK))
        digest.update(file.read(_BLOCK))
    return digest.hexdigest()
