"""The command line in a process of its own: started, listened to, interrupted, ended.

It speaks JSON lines, one event each, on standard output; what it says to people on standard error
is kept as text. What events mean is told elsewhere.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AUTODEN = (sys.executable, "-P", "-m", "autoden")
"""This very autoden; nothing is imported from the folder where it works."""

_KEPT_LINES = 400
_OWN_GROUP = os.name == "posix"


@dataclass(frozen=True)
class Program:
    """A program that can be run.

    Attributes
    ----------
    start_words : sequence of str
        What starts it.
    last_words : sequence of str
        What is said after the arguments, so that it speaks JSON lines.
    """

    start_words: Sequence[str] = AUTODEN
    last_words: Sequence[str] = ("--json",)

    def start(self, arguments: Sequence[str], folder: Path) -> Process:
        """Run it in a folder.

        Raises
        ------
        OSError
            The system starts no process.
        """
        return Process([*self.start_words, *arguments, *self.last_words], folder)


class Process:
    """A program that runs.

    Parameters
    ----------
    words : sequence of str
        The program and its arguments.
    folder : Path
        Where it works.
    """

    def __init__(self, words: Sequence[str], folder: Path) -> None:
        self._process = subprocess.Popen(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=_OWN_GROUP,  # an interrupt in the terminal is for the app
            env={**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"},
        )
        self._said: deque[str] = deque(maxlen=_KEPT_LINES)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def events(self) -> Iterator[Mapping[str, Any]]:
        """Give events as they come, until the program has ended.

        A line that is no event, such as what a library prints, is kept as text.
        """
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                event = parse_event(line)
                if event is None:
                    self._said.append(line.rstrip())
                else:
                    yield event
        self._listener.join()
        self._process.wait()

    @property
    def said(self) -> list[str]:
        """The last lines of text."""
        return list(self._said)

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs, negative if a signal ended it."""
        return self._process.poll()

    def interrupt(self) -> None:
        """Ask it to end and keep what it has, as Ctrl-C does; without signals, end it."""
        self._signal(signal.SIGINT if _OWN_GROUP else signal.SIGTERM)

    def end(self, patience: float = 2.0) -> None:
        """End it, by force if it takes longer than `patience` seconds."""
        self._signal(signal.SIGTERM)
        until = time.monotonic() + patience
        while self.code is None and time.monotonic() < until:
            time.sleep(0.02)
        if self.code is None:
            self._signal(signal.SIGKILL if _OWN_GROUP else signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the program, and to what it started."""
        if self.code is not None:
            return
        try:
            if _OWN_GROUP:
                os.killpg(self._process.pid, number)
            else:
                self._process.terminate()
        except ProcessLookupError:  # it has just ended
            pass

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self._said.extend(line.rstrip() for line in lines if line.strip())


def parse_event(line: str) -> Mapping[str, Any] | None:
    """Read an event from a line; None if it is something else.

    Examples
    --------
    >>> parse_event('{"event": "progress", "fraction": 0.5}')
    {'event': 'progress', 'fraction': 0.5}
    >>> parse_event("4 repeats of one spectrum") is None, parse_event("[1]") is None
    (True, True)
    """
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
