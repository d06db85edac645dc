"""Files that are whole or not there: checks of paths, and writing that never leaves half a file.

A file is written under a temporary name in the same folder, flushed to the disk and then renamed,
so that a crash, a full disk or a second process never sees a part of it. What is inside a file is
not known here.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from autoden.errors import InputError

FilePath = str | os.PathLike[str]


def check_source(path: FilePath) -> Path:
    """Check that a file is there to be read.

    Parameters
    ----------
    path : path-like
        The file.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    InputError
        No such file, a folder, something that is no plain file, or no permission to read it.
    """
    source = _as_path(path)
    if source.is_dir():
        raise InputError(f"{source} is a folder: give the path of a file in it")
    if not source.exists():
        raise InputError(f"{source} does not exist (looked in {Path.cwd()}): check the path")
    if not source.is_file():
        raise InputError(f"{source} is not a plain file: copy its content into one first")
    if not os.access(source, os.R_OK):
        raise InputError(f"{source} may not be read by this user: change its permissions")
    return source


def check_destination(path: FilePath, overwrite: bool = False) -> Path:
    """Check that a file may be written, before the hours of work that lead to it.

    Parameters
    ----------
    path : path-like
        The file to be written; nothing is created.
    overwrite : bool
        Whether a file that is there may be replaced.

    Returns
    -------
    Path
        The file that is going to be written: symbolic links are followed.

    Raises
    ------
    InputError
        The file is there and `overwrite` is False, the path is a folder or no plain file, its
        folder is missing or may not be written to.

    Examples
    --------
    >>> check_destination("no such folder/out.csv")
    Traceback (most recent call last):
    autoden.errors.InputError: no such folder/out.csv cannot be written, its folder ... does not
    exist: create it first
    """
    given = _as_path(path)
    target = Path(os.path.realpath(given))
    if target.is_dir():
        raise InputError(f"{given} is a folder: give the path of a file in it")
    if target.exists() and not target.is_file():
        raise InputError(f"{given} is not a plain file: give the path of another file")
    folder = target.parent
    if not folder.is_dir():
        raise InputError(
            f"{given} cannot be written, its folder {folder} does not exist: create it first"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            f"{given} cannot be written, its folder {folder} may not be written to by this user: "
            "choose another folder"
        )
    if target.exists() and not overwrite:
        raise InputError(
            f"{given} exists already: choose another name, or allow it to be replaced with "
            "overwrite=True (--force on the command line)"
        )
    return target


@contextmanager
def replacing(path: FilePath, *, overwrite: bool = False) -> Iterator[Path]:
    """Write a file as a whole or not at all.

    The body writes to the path it is given; when it ends, that file takes the place of `path`.
    When it fails, the temporary file is removed and what was at `path` stays as it was.

    Parameters
    ----------
    path : path-like
        The file to be written.
    overwrite : bool
        Whether a file that is there may be replaced; its permissions are kept.

    Yields
    ------
    Path
        An empty file in the same folder, with the same suffix.

    Raises
    ------
    InputError
        As `check_destination`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "out.txt") as temporary:
    ...         _ = temporary.write_text("all of it")
    ...     (Path(folder) / "out.txt").read_text()
    'all of it'
    """
    target = check_destination(path, overwrite)
    temporary = target.with_name(f".autoden-{secrets.token_hex(8)}{target.suffix}")
    # Created by hand rather than by tempfile: the mode follows the user's umask.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        _flush_to_disk(temporary)
        check_destination(path, overwrite)  # another process may have been faster
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        error.add_note(f"{target} was not written; nothing that was there before has changed.")
        raise
    with suppress(OSError):  # some file systems cannot flush a folder
        _flush_to_disk(target.parent)


def write_text(path: FilePath, text: str, *, overwrite: bool = False) -> None:
    """Write a text file in UTF-8, as a whole or not at all.

    Parameters
    ----------
    path : path-like
        The file to be written.
    text : str
        Its content; the ends of lines are written as they are.
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    InputError
        As `check_destination`.
    """
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def _as_path(path: FilePath) -> Path:
    """Turn what the user gave into a path that the system can look up."""
    try:
        result = Path(path).expanduser()
        result.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        raise InputError(f"{path!r:.200} is not the path of a file: {error}") from error
    if str(path) == "":
        raise InputError("the path of the file is empty: give its name")
    return result


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
