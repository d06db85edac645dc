"""Functions compiled in processes of their own, so that this one does not grow by a compiler."""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from autoden.native.interface import Function

logger = logging.getLogger(__name__)

COMPILER = "autoden.native.compiling"
"""The package that compiles when it is run."""
PATIENCE = 600
"""Seconds after which another process is given up."""


def compiled(functions: Sequence[Function]) -> list[bytes]:
    """Compile functions at the same time; in this process where there can be no others.

    Raises
    ------
    KeyboardInterrupt
        This process was interrupted, or one of those that compile.
    RuntimeError
        One of them was ended by somebody else.
    """
    mark = secrets.token_hex(16)
    processes: list[subprocess.Popen[bytes] | None] = []
    try:
        for function in functions:
            processes.append(_start(function, mark))
        codes = [_code_of(process, mark) for process in processes]
    finally:  # also when this process is interrupted
        for process in processes:
            if process is not None and process.stdout and not process.stdout.closed:
                process.kill()
                process.communicate()
    return [
        _compile_here(function) if code is None else code
        for function, code in zip(functions, codes, strict=True)
    ]


def _start(function: Function, mark: str) -> subprocess.Popen[bytes] | None:
    """Start a process that compiles a function; None where there can be none.

    Its modules are looked for where this process has found its own, and nowhere else. What numba is
    told by the environment, or by a file in the working folder, does not change what is kept.
    """
    is_python = Path(sys.executable or "").name.lower().startswith("python")
    if getattr(sys, "frozen", False) or not is_python:
        return None  # a program that Python is a part of, which would start once more
    path = [os.path.abspath(folder) for folder in sys.path if folder]  # noqa: PTH100
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", COMPILER, mark, *function],
            env={**inherited, "PYTHONPATH": os.pathsep.join(path)},
            cwd=Path(sys.executable).parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        logger.info("No other process could compile: %s", error)
        return None


def _code_of(process: subprocess.Popen[bytes] | None, mark: str) -> bytes | None:
    """Wait for what a process gives after the mark; None if it has failed."""
    if process is None:
        return None
    try:
        written, said = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        logger.info("The process that should compile took longer than %d s.", PATIENCE)
        return None
    _, found, code = written.partition(mark.encode())
    if process.returncode == 0 and found:
        return code
    reason = said.decode(errors="replace").strip() or f"exit status {process.returncode}"
    if reason.endswith("KeyboardInterrupt"):
        raise KeyboardInterrupt
    if process.returncode < 0:  # for want of memory, perhaps, which this process would want, too
        raise RuntimeError(f"the process that should compile was ended: {reason}")
    logger.info("The process that should compile failed: %s", reason)
    return None


def _compile_here(function: Function) -> bytes:
    """Compile in this process."""
    from autoden.native.compiling.entry import machine_code_of

    code: bytes = machine_code_of(function)
    return code
