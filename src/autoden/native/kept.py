"""Machine code on disk: beside the source of its function, or in the user's folder of caches.

A file is used while everything that its code is made of stays as it was: the sources, the compiler,
Python and the processor.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import cache_from_source, find_spec
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout
from platformdirs import user_cache_path

from autoden.errors import InputError
from autoden.io.files import replacing
from autoden.native.compilation import PATIENCE, compiled
from autoden.native.interface import Function
from autoden.native.machine_code import processor

logger = logging.getLogger(__name__)

_DIGEST = hashlib.sha256


def machine_codes(functions: Sequence[Function]) -> list[bytes]:
    """Give the machine code of functions, from disk where it is kept.

    What is not is compiled, all at the same time. Of several processes that need it one compiles,
    while the others wait.

    Returns
    -------
    list of bytes
        An object file for each.
    """
    files = [File(function) for function in functions]
    codes = {file: file.read() for file in files}
    if None in codes.values():
        with _alone(files[0]):
            codes = {file: code or file.read() for file, code in codes.items()}
            missing = [file for file, code in codes.items() if code is None]
            if missing:
                codes |= _made(missing)
    return [code for code in codes.values() if code is not None]


def _made(files: list[File]) -> dict[File, bytes]:
    """Compile what the files should hold, and keep it."""
    names = ", ".join(file.function.name for file in files)
    logger.warning("Compiling %s, once per installation: up to a minute.", names)
    codes = dict(zip(files, compiled([file.function for file in files]), strict=True))
    are_kept = [file.write(code) for file, code in codes.items()]
    if not all(are_kept):
        folders = " or ".join(str(place.parent) for place in files[0].places)
        logger.warning(
            "Every process will compile them, unless this user may write to %s.", folders
        )
    return codes


class File:
    """Where the machine code of a function may be kept, and what tells whether it still holds."""

    def __init__(self, function: Function) -> None:
        source = _source(function.module)
        self.function = function
        self.key = _key(source, function)
        self.places = list(_places(source, function))

    def read(self) -> bytes | None:
        """Read it, if it is there, whole, and made of what the key sums up."""
        for place in self.places:
            try:
                content = place.read_bytes()
            except OSError:
                continue
            n, start = len(self.key), 2 * len(self.key)
            whole = content[n:start] == _DIGEST(content[start:]).digest()
            if whole and content[:n] == self.key:
                return content[start:]
        return None

    def write(self, code: bytes) -> bool:
        """Keep it, where that is possible; tell whether it was."""
        for place in self.places:
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                with replacing(place, overwrite=True) as file:
                    file.write_bytes(self.key + _DIGEST(code).digest() + code)
            except (InputError, OSError) as error:
                logger.debug("Machine code cannot be kept: %s", error)
            else:
                return True
        return False


@contextmanager
def _alone(file: File) -> Iterator[None]:
    """Keep other processes waiting that need the same, where there is a place for a lock."""
    for place in file.places:
        lock = FileLock(place.with_name("autoden.lock"))
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            _acquire(lock)
        except (OSError, NotImplementedError) as error:  # where a file system has no locks
            logger.debug("Nobody can be kept waiting: %s", error)
            continue
        try:
            yield
        finally:
            lock.release()
        return
    yield


def _acquire(lock: BaseFileLock) -> None:
    """Lock, and say so if that takes time."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.warning("Waiting for another process, which compiles what this one needs, too.")
        lock.acquire(timeout=2 * PATIENCE)


def _source(module: str) -> Path:
    """Find the file of a module; only the packages that it is in are imported."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{module} is not there to be compiled.")
    return Path(spec.origin)


def _places(source: Path, function: Function) -> Iterator[Path]:
    """Say where machine code may be kept: named by what it is of and where it runs."""
    runs_on = _DIGEST(f"{sys.version} {processor()}".encode()).hexdigest()[:8]
    file = f"{function.name}.{function.kind}.{runs_on}.o"
    yield Path(cache_from_source(str(source))).with_name(file)
    yield user_cache_path("autoden") / _DIGEST(str(source).encode()).hexdigest()[:8] / file


def _key(source: Path, function: Function) -> bytes:
    """Sum up all that machine code is made of."""
    made_by = [_version_of(name) for name in ("autoden", "numba", "llvmlite")]
    texts = "\n".join([*function, *made_by, sys.version, processor()])
    sources = [path.read_bytes() for path in sources_of(source)]
    return _DIGEST(b"\n".join([texts.encode(), *sources])).digest()


def sources_of(source: Path) -> list[Path]:
    """Give the modules that a function in `source` may be made of."""
    here = Path(__file__).parent
    folders = (source.parent, here / "compiling")
    others = (source.parent.parent / "codes.py", here / "interface.py")
    return [
        *(path for folder in folders for path in sorted(folder.glob("*.py"))),
        *(path for path in others if path.exists()),
    ]


def _version_of(package: str) -> str:
    """Give the version of a package; one that is not installed cannot change what is kept."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
