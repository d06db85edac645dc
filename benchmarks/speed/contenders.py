"""Who is compared: an interpreter, its package, a device; and the process that computes for it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

WORKER = Path(__file__).with_name("worker.py")


class ContenderError(Exception):
    """A worker could not do what it was asked for."""


@dataclass(frozen=True)
class Contender:
    """One side of the comparison.

    Attributes
    ----------
    package : str
        Name of its distribution: "autoden" or "auto-denoise".
    python : str
        Interpreter in whose environment that package is.
    threads : int
        Threads that it computes with.
    device : str
        "cpu" or "cuda".
    """

    package: str
    python: str
    threads: int
    device: str = "cpu"

    @property
    def name(self) -> str:
        """What tables call it."""
        return self.package if self.device == "cpu" else f"{self.package} ({self.device})"


class Process:
    """A contender's worker process; a context manager that ends it.

    Workers live through all rounds of a case and wait, without computing, while it is another's
    turn. A new case gets a new process, so that its peak memory is its own.
    """

    def __init__(self, contender: Contender) -> None:
        self.contender = contender

    def __enter__(self) -> Process:
        threads = str(self.contender.threads)
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [self.contender.python, "-P", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env={
                **{key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
                "OMP_NUM_THREADS": threads,
                "MKL_NUM_THREADS": threads,
                "MPLBACKEND": "Agg",
            },
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Have something done and wait for the answer."""
        try:
            self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._log.seek(0)
            last = self._log.read().strip().splitlines()[-1:]
            code = self._process.wait()
            raise ContenderError(f"ended with code {code}: {' '.join(last)}")
        answer = json.loads(line)
        if "error" in answer:
            raise ContenderError(answer["error"])
        return answer


def introduce(contender: Contender, version: str | None = None) -> dict[str, Any]:
    """Ask a contender about itself; refuse an environment that holds something else."""
    with Process(contender) as process:
        about = process.ask("about")
    found = about["versions"].get(contender.package)
    if found is None or (version is not None and found != version):
        wanted = f"{contender.package} {version or ''}".strip()
        raise ContenderError(
            f"{contender.python} has {contender.package} {found}, not {wanted}: give the python of "
            "an environment with it, or let `make bench` make one."
        )
    return about
