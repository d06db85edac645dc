"""Speed, memory and time to quality beside auto-denoise 3.0.0, by turns, in one run.

    make bench                      # makes the environments, measures, writes bench-output/
    make bench BENCH="--cases unet n2v --repeats 9"
    python -m benchmarks.speed --reference-python OTHER/bin/python [options]

Prints Markdown tables; with `--json OUT.json` every number is kept, and beside it the tables as
OUT.md and a figure of how time grows with size as OUT.png. How to read them is in docs/speed.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
from benchmarks.speed import hardware, quality, rounds, scaling
from benchmarks.speed.cases import CASES
from benchmarks.speed.contenders import Contender, ContenderError, introduce
from benchmarks.speed.summary import summarise

REFERENCE_VERSION = "3.0.0"
NAMES = [*(case.name for case in CASES), "scaling", "quality"]
DATA = Path("../shared/data/xrf/05_xrf_spectra.csv")
TUTORIAL_EPOCHS = 10_000


def main() -> None:
    """Measure what was asked for; what is done so far is on disk after every case."""
    given = options()
    torch.set_num_threads(given.threads)
    try:
        contenders, about = introductions(given)
    except ContenderError as error:
        sys.exit(str(error))
    record: dict[str, Any] = {
        "machine": hardware.describe(),
        "contenders": about,
        "options": {key: str(value) if isinstance(value, Path) else value
                    for key, value in vars(given).items()},
        "speeds": [],
        "cases": {},
        "scaling": {},
        "exposures": quality.source(given.data),
        "quality": {},
    }  # fmt: skip
    try:
        measure(record, given, contenders)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    tables = summarise(record)
    print(tables)
    if given.json:
        given.json.with_suffix(".md").write_text(tables)
        if record["scaling"]:
            scaling.draw(record["scaling"], given.json.with_suffix(".png"))


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--reference-python",
        type=Path,
        default=Path(".bench-env/bin/python"),
        help="interpreter with auto-denoise 3.0.0 (default: the one that `make bench` makes)",
    )
    parser.add_argument("--cases", nargs="+", choices=NAMES, default=NAMES, metavar="CASE",
                        help="of: " + ", ".join(NAMES))  # fmt: skip
    parser.add_argument("--repeats", type=int, default=5, help="rounds of each case (5)")
    parser.add_argument(
        "--threads", type=int, default=len(os.sched_getaffinity(0)), help="(all cores)"
    )
    parser.add_argument("--json", type=Path, help="where to write; tables and figure go beside it")
    parser.add_argument("--data", type=Path, default=DATA, help="the tutorial's CSV; if it is not "
                        "there, spectra are simulated")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="small and few: does it work?")
    parser.add_argument(
        "--long",
        action="store_true",
        help="also the tutorial's whole call of 10,000 epochs (minutes each)",
    )
    given = parser.parse_args()
    if given.repeats < 1 or given.threads < 1:
        parser.error("give at least one round and one thread")
    if not given.reference_python.is_file():
        parser.error(f"{given.reference_python} is not there: `make bench` makes it")
    if given.quick:
        given.repeats = min(given.repeats, 2)
    return given


def introductions(given: argparse.Namespace) -> tuple[list[Contender], dict[str, Any]]:
    """Find who takes part: both packages on the CPU and, where torch sees one, on a GPU."""
    ours = Contender("autoden", sys.executable, given.threads)
    theirs = Contender("auto-denoise", str(given.reference_python), given.threads)
    about = {"autoden": introduce(ours), "auto-denoise": introduce(theirs, REFERENCE_VERSION)}
    contenders = [ours, theirs]
    for c in (ours, theirs):
        if about["autoden"]["cuda"] and about[c.name]["cuda"]:
            contenders.append(Contender(c.package, c.python, c.threads, "cuda"))
    return contenders, about


def measure(record: dict[str, Any], given: argparse.Namespace, contenders: list[Contender]) -> None:
    """Fill the record, case by case."""
    for case in CASES:
        if case.name in given.cases:
            timed = case.quick() if given.quick else case
            tell(record, given, timed.title)
            record["speeds"].append(hardware.measure())
            record["cases"][case.name] = {
                **timed.as_request(),
                "operations": hardware.operations(timed),
                "runs": rounds.compare(timed, contenders, given.repeats),
            }
    if "scaling" in given.cases:
        for varied, cases in scaling.sweeps(quick=given.quick).items():
            points = record["scaling"].setdefault(varied, {})
            for x, case in cases.items():
                tell(record, given, f"scaling with {varied}: {case.what}")
                points[x] = rounds.compare(case, contenders, min(given.repeats, 3))
    if "quality" in given.cases:
        tell(record, given, "time to quality")
        counts = quality.exposures(given.data)
        budgets = ["fast"] if given.quick else ["fast", "balanced", "best"]
        n_runs = 1 if given.quick else min(given.repeats, 3)
        epochs = TUTORIAL_EPOCHS if given.long else 0
        record["quality"] = quality.time_to_quality(contenders, counts, budgets, n_runs, epochs)
    tell(record, given, "done")


def tell(record: dict[str, Any], given: argparse.Namespace, what: str) -> None:
    """Say on standard error what comes next, and write what there is."""
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
