"""The results as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.speed.hardware import SPEEDS, typical
from benchmarks.speed.ratios import paired_ratio

Rows = list[Sequence[str]]
THEIRS = "auto-denoise"


def summarise(record: Mapping[str, Any]) -> str:
    """Give all tables of a record."""
    parts = [_about(record)]
    if record["speeds"]:
        parts.append(_speeds(record["speeds"]))
    if record["cases"]:
        parts += [_times(record["cases"]), _resources(record["cases"], record["speeds"])]
    if record["scaling"]:
        parts.append(_scaling(record["scaling"]))
    if record["quality"]:
        parts.append(_quality(record["quality"], record["exposures"]))
    failed = _failures(record)
    return "\n\n".join([*parts, failed] if failed else parts) + "\n"


def table(title: str, head: Sequence[str], rows: Rows) -> str:
    """Give a Markdown table under a title.

    Examples
    --------
    >>> print(table("Widths", ["line", "eV"], [["Fe", "150"]]))
    **Widths**
    <BLANKLINE>
    | line | eV |
    |---|---|
    | Fe | 150 |
    """
    lines = [f"**{title}**", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _about(record: Mapping[str, Any]) -> str:
    machine, rows = record["machine"], []
    rows.append(("machine", f"{machine['processor']}, {machine['cores']} cores, "
                 f"{machine['memory_gb']:.0f} GB, {machine['instructions']}"))  # fmt: skip
    for about in record["contenders"].values():
        versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
        rows.append(("with", f"{versions}, Python {about['python']}, {about['threads']} threads"))
    cuda = {about["cuda"] for about in record["contenders"].values()} - {None}
    rows += [("GPU", name) for name in cuda]
    rounds = "; a small version: the figures mean nothing" if record["options"]["quick"] else ""
    rows.append(("rounds", f"{record['options']['repeats']}{rounds}"))
    return table("What was measured with", ("", ""), rows)


def _speeds(speeds: list[Mapping[str, float]]) -> str:
    rows = [(SPEEDS[key], f"{middle:.1f}", f"{low:.1f} to {high:.1f}")
            for key, (middle, low, high) in typical(speeds).items()]  # fmt: skip
    return table("The machine, measured before every case", ("", "median", "range"), rows)


def _times(cases: Mapping[str, Any]) -> str:
    rows = []
    for case in cases.values():
        for ours, theirs in _pairs(case["runs"]):
            ratio = ""
            if theirs is not None and "each" in theirs[1] and "each" in ours[1]:
                ratio = str(paired_ratio(*_alike(theirs[1]["each"], ours[1]["each"])))
            cells = [_seconds(side) for side in (ours, theirs)]
            cells += [_seconds(side, "fixed") for side in (ours, theirs)]
            rows.append((_titled(case, ours[0]), *cells[:2], ratio, *cells[2:]))
    head = ("case", "autoden", THEIRS, "times faster (range)", "once per call: autoden", THEIRS)
    return table("Time per epoch, or per inference", head, rows)


def _resources(cases: Mapping[str, Any], speeds: list[Mapping[str, float]]) -> str:
    """Tell memory and arithmetic: both explain times, and both are limits."""
    peak = typical(speeds)["convolution 64"][2]  # what it can do when nothing holds it up
    rows = []
    for case in cases.values():
        for ours, theirs in _pairs(case["runs"]):
            key = "peak_mb" if ours[0] == "autoden" else "peak_gpu_mb"
            cells = [_memory(side, key) for side in (ours, theirs)]
            cells.append(f"{case['operations'] / 1e9:.3g}")
            for side in (ours, theirs):
                if side is None or "each" not in side[1]:
                    cells.append("")
                    continue
                speed = case["operations"] / median(side[1]["each"]) / 1e9
                of_peak = f" ({speed / peak:.0%})" if ours[0] == "autoden" else ""
                cells.append(f"{speed:.3g}{of_peak}")
            rows.append((_titled(case, ours[0]), *cells))
    head = ("case", "peak MB: autoden", THEIRS, "GFLOP", "GFLOP/s: autoden", THEIRS)
    title = "Peak memory (since the imports); arithmetic (share of the convolution speed)"
    return table(title, head, rows)


def _scaling(scaling: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for varied, points in scaling.items():
        for x, runs in points.items():
            for ours, theirs in _pairs(runs):
                ratio = ""
                if theirs is not None and "each" in theirs[1] and "each" in ours[1]:
                    ratio = str(paired_ratio(*_alike(theirs[1]["each"], ours[1]["each"])))
                label = f"{x} {varied}" + _device(ours[0])
                rows.append((label, _seconds(ours), _seconds(theirs), ratio))
    head = ("what varies", "autoden", THEIRS, "times faster (range)")
    return table("Time per epoch against size", head, rows)


def _quality(quality: Mapping[str, Any], source: str) -> str:
    rows = []
    for name, found in quality.items():
        if "mse" in found:
            seconds = f"{median(found['seconds']):.1f} s" if any(found["seconds"]) else "0"
            cells = (f"{median(found['mse']):.3f}", f"{median(found['mdev']):.1f}")
            rows.append((name, seconds, *cells, str(len(found["mse"]))))
    head = ("", "time", "squared error (counts²)", "deviance (mdev)", "runs")
    return table(f"Time to quality: four exposures, {source}; medians", head, rows)


def _failures(record: Mapping[str, Any]) -> str:
    """List what failed, so that an empty cell explains itself."""
    named = [(case["title"], case["runs"]) for case in record["cases"].values()]
    for varied, points in record["scaling"].items():
        named += [(f"{x} {varied}", runs) for x, runs in points.items()]
    named.append(("time to quality", record["quality"]))
    return "\n".join(
        f"- {title}, {name}, failed: {found['error']}"
        for title, runs in named
        for name, found in runs.items()
        if "error" in found
    )


def _pairs(runs: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Give (name, found) of autoden and of the other package, once for each device."""
    pairs = []
    for name, found in runs.items():
        if not name.startswith(THEIRS):
            theirs = THEIRS + _device(name)
            pairs.append(((name, found), (theirs, runs[theirs]) if theirs in runs else None))
    return pairs


def _alike(theirs: list[float], ours: list[float]) -> tuple[list[float], list[float]]:
    """Keep the rounds that both ran."""
    n = min(len(theirs), len(ours))
    return theirs[:n], ours[:n]


def _device(name: str) -> str:
    """Give what follows the package in a contender's name."""
    return name.partition(" ")[1] + name.partition(" ")[2]


def _titled(case: Mapping[str, Any], contender: str) -> str:
    return case["title"] + _device(contender)


def _memory(side: tuple[str, Mapping[str, Any]] | None, key: str) -> str:
    """Write a peak and, for a process, how much of it came after the imports."""
    if side is None or key not in side[1]:
        return ""
    peak = side[1][key]
    return f"{peak:.0f}" + (f" (+{peak - side[1]['start_mb']:.0f})" if key == "peak_mb" else "")


def _seconds(side: tuple[str, Mapping[str, Any]] | None, key: str = "each") -> str:
    """Write a median time in a fitting unit; nothing where there is none."""
    if side is None or key not in side[1]:
        return ""
    seconds = median(side[1][key])
    return f"{1e3 * seconds:.3g} ms" if abs(seconds) < 1 else f"{seconds:.3g} s"
