"""Folders that are whole or not there, for the formats that are kept in folders.

A folder is written under a temporary name beside its place, flushed to the disk with all that is
in it, and renamed. A rename cannot take the place of a folder with files in it, so two folders are
swapped in one step, which Linux can; elsewhere the old one is moved aside first and put back if the
second rename fails, and a kill between the two leaves it there.
"""

import ctypes
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from autoden.errors import InputError
from autoden.io.files import (
    FilePath,
    check_destination,
    flush_to_disk,
    resolve,
    temporary_beside,
)

_AT_WORKING_DIRECTORY, _EXCHANGE = -100, 2  # of Linux's renameat2


@contextmanager
def replacing_folder(
    path: FilePath, folder_with: Sequence[str], *, overwrite: bool = False
) -> Iterator[Path]:
    """Write a folder as a whole or not at all.

    Parameters
    ----------
    path : path-like
        The folder to be written.
    folder_with : sequence of str
        Only a folder that has one of these files is ever replaced.
    overwrite : bool
        Whether a folder that is there may be replaced.

    Yields
    ------
    Path
        An empty folder beside it, with the same suffix.

    Raises
    ------
    InputError
        As `check_destination`, or the system could not write.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     with replacing_folder(Path(place) / "out.zarr", ["zarr.json"]) as temporary:
    ...         _ = (temporary / "zarr.json").write_text("{}")
    ...     [file.name for file in (Path(place) / "out.zarr").iterdir()]
    ['zarr.json']
    """
    target = check_destination(path, overwrite, folder_with=folder_with)
    temporary = temporary_beside(target)
    try:
        temporary.mkdir()
        yield temporary
        _flush_all(temporary)
        resolve(path, overwrite, folder_with)  # another process may have been faster
        _put_in_place(temporary, target)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise InputError(
            f"{target} could not be written ({error.strerror or error}): free space on its disk, "
            "or choose another folder. Nothing that was there before has changed."
        ) from error
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        error.add_note(f"{target} was not written; nothing that was there before has changed.")
        raise
    with suppress(OSError):  # some file systems cannot flush a folder
        flush_to_disk(target.parent)


def _put_in_place(temporary: Path, target: Path) -> None:
    """Rename a folder over another one, which is removed when that has worked."""
    if not target.exists():
        temporary.rename(target)
        return
    if _swap(temporary, target):
        shutil.rmtree(temporary, ignore_errors=True)
        return
    aside = temporary_beside(target)
    target.rename(aside)
    try:
        temporary.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _swap(one: Path, other: Path) -> bool:
    """Swap two folders in one step, and tell whether the system could."""
    try:
        rename = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    rename.argtypes = [
        ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint
    ]  # fmt: skip
    here = _AT_WORKING_DIRECTORY
    swapped: int = rename(here, os.fsencode(one), here, os.fsencode(other), _EXCHANGE)
    return swapped == 0


def _flush_all(folder: Path) -> None:
    for place, _, files in os.walk(folder):
        for file in files:
            flush_to_disk(Path(place) / file)
        with suppress(OSError):
            flush_to_disk(Path(place))
