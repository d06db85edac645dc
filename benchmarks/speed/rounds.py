"""The comparison itself: contenders take turns, never two at once, for several rounds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.speed.cases import Case
from benchmarks.speed.contenders import Contender, ContenderError, Process

ENOUGH_ROUNDS, ENOUGH_SECONDS = 3, 100
"""A case that has taken so many seconds ends after so many rounds."""

Runs = dict[str, dict[str, Any]]


def compare(case: Case, contenders: Sequence[Contender], n_rounds: int) -> Runs:
    """Time a case for all contenders by turns.

    Returns
    -------
    dict
        By contender: "each" (seconds per epoch, or per inference) and "call" (seconds of the whole
        call), one per round; "fixed" (of a training call, what does not grow with the epochs);
        "peak_mb", "start_mb" and "peak_gpu_mb". One that failed has "error" instead.
    """
    runs: Runs = {}
    with ExitStack() as stack:
        racing = []
        for contender in contenders:
            process = stack.enter_context(Process(contender))
            request = {"case": case.as_request(), "device": contender.device}
            if _attempt(runs.setdefault(contender.name, {}), process, "prepare", **request):
                racing.append(process)
        began = time.monotonic()
        for n_done in range(n_rounds):
            if n_done >= ENOUGH_ROUNDS and time.monotonic() - began > ENOUGH_SECONDS:
                break
            racing = [p for p in racing if _run(runs[p.contender.name], p, case)]
        for process in racing:
            _attempt(runs[process.contender.name], process, "memory")
    return runs


def _run(found: dict[str, Any], process: Process, case: Case) -> bool:
    """Run a case once and append its times; False if that failed."""
    times: dict[str, Any] = {}
    if case.infer_shape:
        done = _attempt(times, process, "infer")
    else:
        done = _attempt(times, process, "train", epochs=case.epochs)
    for key, value in times.items():
        if key == "error":
            found[key] = value
        else:
            found.setdefault(key, []).append(value)
    return done


def _attempt(found: dict[str, Any], process: Process, do: str, **request: Any) -> bool:
    """Add to `found` what a worker answers, or why it does not; False if it does not."""
    try:
        found.update(process.ask(do, **request))
    except ContenderError as error:
        found["error"] = str(error)
        return False
    return True
