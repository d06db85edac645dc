"""Files that are whole or not there: checks of paths, and writing that never leaves half a file.

A file is written under a temporary name in the same folder, flushed to the disk and then renamed,
so that a crash, a full disk or a second process never sees a part of it. What the system refuses
becomes an `InputError` that names the path. What is inside a file is not known here.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from autoden.errors import InputError

FilePath = str | os.PathLike[str]

_MAX_END = 16  # characters of two suffixes; what is longer is no suffix


def check_source(path: FilePath, *, folder: bool = False) -> Path:
    """Check that a file is there to be read.

    Parameters
    ----------
    path : path-like
        The file.
    folder : bool
        Whether its format is one that is kept in a folder, which it then has to be.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    InputError
        No such file, a folder, something that is no plain file, or no permission to read it.
    """
    source = as_path(path)
    if source.is_dir() and not folder:
        raise InputError(f"{source} is a folder: give the path of a file in it.")
    if not source.exists():
        raise InputError(f"{source} does not exist (looked in {Path.cwd()}): check the path.")
    if folder and not source.is_dir():
        raise InputError(f"{source} is not a folder, as its suffix says: check the path.")
    if not (folder or source.is_file()):
        raise InputError(f"{source} is not a plain file: copy its content into one first.")
    if not os.access(source, os.R_OK):
        raise InputError(f"{source} may not be read by this user: change its permissions.")
    return source


def check_destination(
    path: FilePath, overwrite: bool = False, *, folder_with: Sequence[str] = ()
) -> Path:
    """Check that a file may be written, before the hours of work that lead to it.

    Parameters
    ----------
    path : path-like
        The file to be written. A temporary file is created next to it and removed again: only
        trying tells whether a disk, a folder or a network drive takes a new file.
    overwrite : bool
        Whether a file that is there may be replaced.
    folder_with : sequence of str
        Given for a format that is kept in a folder: only a folder that has one of these files is
        ever replaced.

    Returns
    -------
    Path
        The file that is going to be written: symbolic links are followed.

    Raises
    ------
    InputError
        The file is there and `overwrite` is False, the path is a folder or no plain file, its
        folder is missing or takes no new file.

    Examples
    --------
    >>> check_destination("no such folder/out.csv")
    Traceback (most recent call last):
    autoden.errors.InputError: no such folder/out.csv cannot be written, its folder ... does not
    exist: create it first.
    """
    target = resolve(path, overwrite, folder_with)
    trial = temporary_beside(target)
    try:
        _create(trial)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written, its folder {target.parent} takes no new file "
            f"({error.strerror}): choose another folder."
        ) from error
    finally:
        _remove(trial)
    return target


def resolve(path: FilePath, overwrite: bool, folder_with: Sequence[str] = ()) -> Path:
    """Do what `check_destination` does short of trying."""
    given = as_path(path)
    target = Path(os.path.realpath(given))
    if folder_with:
        _check_replaceable(given, target, folder_with)
    elif target.is_dir():
        raise InputError(f"{given} is a folder: give the path of a file in it.")
    elif target.exists() and not target.is_file():
        raise InputError(f"{given} is not a plain file: give the path of another file.")
    folder = target.parent
    if not folder.is_dir():
        raise InputError(
            f"{given} cannot be written, its folder {folder} does not exist: create it first."
        )
    if target.exists() and not overwrite:
        raise InputError(
            f"{given} exists already: choose another name, or allow it to be replaced with "
            "overwrite=True (--force on the command line)."
        )
    return target


def _check_replaceable(given: Path, target: Path, folder_with: Sequence[str]) -> None:
    """Refuse to replace anything but a folder of the same kind."""
    if target.exists() and not any((target / name).is_file() for name in folder_with):
        raise InputError(
            f"{given} exists and is not of the kind that its suffix says (it has no "
            f"{' or '.join(folder_with)}), so it is never replaced: choose another name."
        )


@contextmanager
def replacing(path: FilePath, *, overwrite: bool = False) -> Iterator[Path]:
    """Write a file as a whole or not at all.

    The body writes to the path it is given; when it ends, that file takes the place of `path`.
    When it fails or is interrupted, the temporary file is removed and what was at `path` stays as
    it was.

    Parameters
    ----------
    path : path-like
        The file to be written.
    overwrite : bool
        Whether a file that is there may be replaced; its permissions are kept.

    Yields
    ------
    Path
        An empty file in the same folder, with the same suffix, or the same two.

    Raises
    ------
    InputError
        As `check_destination`, or the system could not write: a full disk, a folder that is gone.

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
    temporary = temporary_beside(target)
    try:
        _create(temporary)
        yield temporary
        flush_to_disk(temporary)
        resolve(path, overwrite)  # another process may have been faster
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except OSError as error:
        _remove(temporary)
        raise InputError(
            f"{target} could not be written ({error.strerror or error}): free space on its disk, "
            "or choose another folder. Nothing that was there before has changed."
        ) from error
    except BaseException as error:
        _remove(temporary)
        error.add_note(f"{target} was not written; nothing that was there before has changed.")
        raise
    with suppress(OSError):  # some file systems cannot flush a folder
        flush_to_disk(target.parent)


def as_path(path: FilePath) -> Path:
    """Turn what the user gave into a path that the system can look up."""
    try:
        result = Path(path).expanduser()
        result.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        raise InputError(f"{path!r:.200} is not the path of a file: {error}.") from error
    if str(path) == "":
        raise InputError("The path of the file is empty: give its name.")
    return result


def temporary_beside(target: Path) -> Path:
    """Return a name in the same folder, with the same suffix or two, that nobody has."""
    end = "".join(target.suffixes[-2:])  # ".ome.tif"
    end = end if len(end) <= _MAX_END else target.suffix
    return target.with_name(f".autoden-{secrets.token_hex(8)}{end}")


def _create(path: Path) -> None:
    """Create an empty file; by hand rather than by tempfile, so that its mode follows the umask."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def flush_to_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
