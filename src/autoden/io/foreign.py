"""Parsers of other libraries, kept in bounds: no size believed unseen, no error but `InputError`.

A file may be damaged or made to do harm. Numpy, Pillow and tifffile then raise errors of many
kinds, warn, or allocate whatever the file announces. Everything here serves the formats that are
read by such a library; none of them is known here.
"""

import os
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from autoden.errors import InputError

MAX_SMALL = 2**28  # bytes that any file may expand to
DEFLATE_EXPANSION = 1032  # times, at most
_MAX_EXPANSION = 100  # times that larger data may be compressed
READ_LAZILY = "read it with lazy=True and take a part, such as signal.data[first:end]"
_SHOWN = 200  # characters of a library's message


@contextmanager
def parsing(source: str, kind: str) -> Iterator[None]:
    """Turn whatever a parser raises into an `InputError`, and leave out what it warns of.

    Parameters
    ----------
    source : str
        The file.
    kind : str
        What it should be: "a PNG image".

    Raises
    ------
    InputError
        The body failed, for whatever reason; the message names the file.

    Examples
    --------
    >>> with parsing("image.png", "a PNG image"):
    ...     raise SyntaxError("broken PNG file")
    Traceback (most recent call last):
    autoden.errors.InputError: image.png cannot be read as a PNG image (broken PNG file): it may be
    damaged or of another kind; write it again with the program it comes from.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except InputError as error:
            if source in str(error):
                raise
            raise InputError(f"{source}: {error}") from error
        except MemoryError as error:
            raise InputError(
                f"{source} cannot be read as {kind}: it does not fit into the memory."
            ) from error
        except Exception as error:  # parsers raise almost anything
            reason = " ".join(str(error).split()) or type(error).__name__
            reason = reason if len(reason) <= _SHOWN else reason[:_SHOWN] + "..."
            raise InputError(
                f"{source} cannot be read as {kind} ({reason.rstrip('.')}): it may be damaged or "
                "of another kind; write it again with the program it comes from."
            ) from error


def check_size(source: str, n_bytes: int, file_bytes: int) -> None:
    """Check the size that a file announces before anything of that size is made.

    Parameters
    ----------
    source : str
        The file, for the error.
    n_bytes : int
        What its data are going to take in memory.
    file_bytes : int
        How large the file is.

    Raises
    ------
    InputError
        As `check_memory` and `check_expansion`.

    Examples
    --------
    >>> check_size("bomb.npz", 2**33, 2**20)
    Traceback (most recent call last):
    autoden.errors.InputError: bomb.npz announces 8.6 GB of data in a file of 1.0 MB: ...
    """
    check_memory(source, n_bytes)
    check_expansion(source, n_bytes, file_bytes)


def check_memory(source: str, n_bytes: int, remedy: str = "crop it first") -> None:
    """Check that data fit into the memory before they are read.

    Parameters
    ----------
    source : str
        The file, for the error.
    n_bytes : int
        What its data are going to take in memory.
    remedy : str
        What else can be done.

    Raises
    ------
    InputError
        More than this process can get; the message says how much that is.
    """
    memory = _memory()
    if memory is not None and n_bytes > memory:
        raise InputError(
            f"{source} announces {say_bytes(n_bytes)} of data, but this machine has "
            f"{say_bytes(memory)} of memory: it may be damaged, or {remedy}."
        )


def check_expansion(source: str, n_bytes: int, file_bytes: int) -> None:
    """Check that data are not larger than measured data can have been compressed by.

    Parameters
    ----------
    source, n_bytes, file_bytes
        As in `check_size`.

    Raises
    ------
    InputError
        More than 100 times the file and 256 MiB.
    """
    if n_bytes > max(MAX_SMALL, _MAX_EXPANSION * file_bytes):
        raise InputError(
            f"{source} announces {say_bytes(n_bytes)} of data in a file of "
            f"{say_bytes(file_bytes)}: it may be damaged or made to do harm; if it is neither, "
            "write it again without compression."
        )


def check_deflated(
    source: str, content: bytes, expected: int, window: int = zlib.MAX_WBITS
) -> None:
    """Decompress a large part once within bounds: the decoders of other libraries know none.

    Parameters
    ----------
    source : str
        The file, for the error.
    content : bytes
        The part as it is in the file, compressed by DEFLATE.
    expected : int
        The bytes that it should expand to; writers may fill up a last part to twice that.
    window : int
        As in `zlib.decompressobj`: whether there is the header of zlib or that of gzip.

    Raises
    ------
    InputError
        More than twice that.
    """
    if len(content) * DEFLATE_EXPANSION <= MAX_SMALL:
        return
    most = 2 * expected + 2**16
    if len(zlib.decompressobj(window).decompress(content, most)) == most:
        raise bomb(source, len(content), expected)


def bomb(source: str, n_bytes: int, expected: int) -> InputError:
    """Return the error for a part of `n_bytes` that expands to far more than `expected`."""
    return InputError(
        f"{source} is damaged or made to do harm: a part of {n_bytes} bytes expands to more than "
        f"twice the {expected} that belong there."
    )


def say_bytes(number: int) -> str:
    """Say a number of bytes: '1.5 MB'.

    Examples
    --------
    >>> say_bytes(999), say_bytes(1_500_000), say_bytes(2**80)
    ('999 bytes', '1.5 MB', '1.2e+12 TB')
    """
    if number < 1000:
        return f"{number} bytes"
    for unit, size in (("kB", 10**3), ("MB", 10**6), ("GB", 10**9)):
        if number < 1000 * size:
            return f"{number / size:.1f} {unit}"
    return f"{number / 10**12:.4g} TB" if number < 10**16 else f"{number / 10**12:.1e} TB"


def _memory() -> int | None:
    """Return how much memory this process can have at most, None where the system does not tell."""
    known = [limit for limit in (_physical_memory(), *_limits()) if limit is not None]
    return min(known, default=None)


def _physical_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _limits() -> Iterator[int]:
    """Yield what is set below the memory of the machine: for the process, and for its container."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS):
            soft, _ = resource.getrlimit(kind)
            if soft != resource.RLIM_INFINITY:
                yield soft
    with suppress(OSError, ValueError):  # "max" where there is none
        yield int(Path("/sys/fs/cgroup/memory.max").read_text())
