"""Machine code on disk: beside the source of its function, or in the user's folder of caches.

A file is used while everything that its code is made of stays as it was: the sources, the compiler
and the processor. It is compiled in a process of its own, so that this one neither grows by a
compiler nor waits for one to be imported.
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version as _version
from importlib.util import cache_from_source, find_spec
from pathlib import Path

from platformdirs import user_cache_path

from autoden.errors import InputError
from autoden.io.files import replacing
from autoden.native.machine_code import processor

logger = logging.getLogger(__name__)

COMPILER = "autoden.native.compiling"
"""The package that compiles when it is run."""
PATIENCE = 600
"""Seconds after which another process is given up."""
_DIGEST = hashlib.sha256


def machine_code(module: str, name: str, parameters: str, kind: str) -> bytes:
    """Give the machine code of a function, from disk where it is kept.

    Parameters
    ----------
    module, name, parameters : str
        As of `autoden.native.kernel.Kernel`.
    kind : str
        The type of its numbers, ``f`` or ``d``.

    Returns
    -------
    bytes
        An object file.
    """
    source = _source(module)
    key = _key(source, module, name, parameters, kind)
    places = list(_places(source, f"{module}.{name}.{kind}"))
    for place in places:
        code = _read(place, key)
        if code is not None:
            return code
    logger.info("Compiling machine code (%s), once per installation: up to a minute.", name)
    code = _compile(module, name, parameters, kind)
    for place in places:
        if _write(place, key, code):
            break
    return code


def _source(module: str) -> Path:
    """Find the file of a module without importing it."""
    spec = find_spec(module)
    assert spec is not None, module
    assert spec.origin is not None, module
    return Path(spec.origin)


def _places(source: Path, stem: str) -> Iterator[Path]:
    """Say where machine code may be kept: named by what it is of, not by what it is made of."""
    tagged = Path(cache_from_source(str(source)))
    end = _DIGEST(processor().encode()).hexdigest()[:8]
    file = f"{stem}.{sys.implementation.cache_tag}.{end}.o"
    yield tagged.with_name(file)
    yield user_cache_path("autoden") / _DIGEST(str(source).encode()).hexdigest()[:8] / file


def _key(source: Path, *what: str) -> bytes:
    """Sum up all that machine code is made of."""
    modules = [path for folder in folders(source) for path in sorted(folder.glob("*.py"))]
    sources = [path.read_bytes() for path in modules]
    made_by = [f"{name} {_version(name)}" for name in ("numba", "llvmlite")]
    texts = "\n".join([*what, *made_by, sys.version, processor()])
    return _DIGEST(b"\n".join([texts.encode(), *sources])).digest()


def folders(source: Path) -> tuple[Path, ...]:
    """Give the folders of the modules that a function in `source` may be made of."""
    here = Path(__file__).parent
    return source.parent, source.parent.parent, here, here / "compiling"


def _read(place: Path, key: bytes) -> bytes | None:
    """Read machine code, if it is there, whole, and made of what `key` sums up."""
    try:
        content = place.read_bytes()
    except OSError:
        return None
    n, start = len(key), 2 * len(key)
    whole = content[n:start] == _DIGEST(content[start:]).digest()
    return content[start:] if whole and content[:n] == key else None


def _write(place: Path, key: bytes, code: bytes) -> bool:
    """Keep machine code; say whether that was possible."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place, overwrite=True) as file:
            file.write_bytes(key + _DIGEST(code).digest() + code)
    except (InputError, OSError) as error:
        logger.debug("Machine code cannot be kept: %s", error)
        return False
    return True


def _compile(*what: str) -> bytes:
    """Compile in another process, or in this one where there can be none."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "code.o"
        _compile_apart(*what, str(made))
        if not made.exists():
            from autoden.native.compiling.entry import compile_to

            compile_to(*what, made)
        return made.read_bytes()


def _compile_apart(*arguments: str) -> None:
    """Compile in another process; where there can be none, do nothing."""
    if not Path(sys.executable or "").name.lower().startswith("python"):
        return  # a program that Python is a part of, which would start once more
    try:
        done = subprocess.run(
            [sys.executable, "-m", COMPILER, *arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.info("No other process could compile: %s", error)
        return
    if done.returncode:
        logger.info("The process that should compile failed: %s", done.stderr.strip())
