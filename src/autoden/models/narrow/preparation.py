"""The first use of compiled kernels: they come from disk, or are compiled by another process first.

A process that compiles computes with other machine code than those after it, which find what it
left on disk: numba loads the parts of a function alone, too, and links to whatever came first. So
that all processes give the same bits, none computes with what it has compiled itself where that can
be kept. It also remains smaller by what a compiler takes.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from numba.core import event

logger = logging.getLogger(__name__)

PATIENCE = 600
"""Seconds after which the other process is given up."""


def prepare(module: str, dtype: torch.dtype) -> None:
    """Load kernels for numbers of a type, by computing something tiny.

    Parameters
    ----------
    module : str
        Its ``try_out(dtype)`` computes with all kernels that its functions use.
    dtype : torch.dtype
        float32 or float64.
    """
    try_out = import_module(module).try_out
    with event.install_listener("numba:compile", _Refusal()):
        try:
            try_out(dtype)
            return
        except _NotKept:
            logger.info("Compiling %s, once per installation: up to a minute.", module)
    _compile_apart(module, dtype)
    try_out(dtype)


class _NotKept(BaseException):
    """Something would have to be compiled; no error, so that nothing takes it for one."""


class _Refusal(event.Listener):
    """Lets this thread compile nothing that could be kept on disk."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()

    def on_start(self, event: Any) -> None:
        """Refuse."""
        is_kept = event.data["dispatcher"].stats.cache_path is not None
        if is_kept and threading.get_ident() == self.thread:
            raise _NotKept

    def on_end(self, event: Any) -> None:
        """Do nothing."""


def _compile_apart(module: str, dtype: torch.dtype) -> None:
    """Compute something tiny in another process; where there can be none, do nothing."""
    if not Path(sys.executable or "").name.lower().startswith("python"):
        return  # a program that Python is a part of, which would start once more
    code = f"import torch; from {module} import try_out; try_out({dtype})"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
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
