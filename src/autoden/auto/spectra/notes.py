"""What was read and what was assumed, in plain sentences, and what to say if it is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autoden.auto.axes import ASSUMED_REPEATS, OPEN, say_sizes
from autoden.auto.spectra.arrangement import Arranged

JOINED = re.compile(r" and \d+ more$")
"""How several files that were read together are named."""


def notes_on(parts: Sequence[Arranged], *, is_list: bool, is_said: bool) -> tuple[str, ...]:
    """Say how a measurement was read.

    Parameters
    ----------
    parts : sequence of Arranged
        Its acquisitions, at least one.
    is_list : bool
        Whether they are the elements of a list.
    is_said : bool
        Whether the user said what the axes are.
    """
    notes = [_say_reading(parts, is_list)]
    if is_list and not is_said:
        notes += _say_list(parts)
    opened = [part for part in parts if part.is_open]
    if opened:
        notes.append(
            f"Nothing names the rows of {_some([part.name for part in opened])}; they were taken "
            "for repeats, since they agree within their noise. If they are of different samples, "
            f"{_as_samples(opened[0], is_list)}."
        )
    return (*notes, *_say_overflow(parts), *_say_assumed(parts))


def say_disagreement(part: Arranged, *, is_list: bool) -> str:
    """Say why rows are no repeats, and what to do."""
    return (
        f"{part.name} holds {part.values.shape[1]} spectra that nothing names, and they differ by "
        f"more than their noise. If they are of different samples, {_as_samples(part, is_list)}; "
        f"if they are repeats nevertheless, give axes={part.letters.replace(OPEN, 'R')!r}."
    )


def _as_samples(part: Arranged, is_list: bool) -> str:
    """Say how rows that nothing names are read as spectra of different samples."""
    if is_list or "S" in part.letters:
        return "give each spectrum as an element of a list"
    return f"give axes={part.letters.replace(OPEN, 'S')!r}"


def _say_reading(parts: Sequence[Arranged], is_list: bool) -> str:
    """Say what was read, as one sentence."""
    first = parts[0]
    n_samples, n_repeats, n_channels = first.values.shape
    if not is_list:
        sizes = {"S": n_samples} if first.sample_axis is not None else {}
        repeats = {"R": n_repeats} if {"R", OPEN} & set(first.letters) else {}
        verb = "were" if JOINED.search(first.name) else "was"
        return f"{first.name} {verb} read as {say_sizes({**sizes, **repeats, 'E': n_channels})}."
    counts = [part.values.shape[1] for part in parts]
    names = _some([part.name for part in parts]) + (" were" if len(parts) > 1 else " was")
    if len(set(counts)) == 1:
        said = say_sizes({"S": len(parts), "R": counts[0], "E": n_channels})
        return f"{names} read as {said}."
    listed = ", ".join(map(str, counts[:8])) + ", ..." * (len(counts) > 8)
    return f"{names} read as {len(parts)} samples of {n_channels} channels, with {listed} repeats."


def _say_list(parts: Sequence[Arranged]) -> list[str]:
    """Say that the elements of a list are samples."""
    single = all(part.values.shape[1] == 1 for part in parts)
    remedy = "say axes='RE'" if single else "put them together with numpy.concatenate"
    notes = [
        "The elements of the list were taken for samples of one set-up; "
        f"{remedy} if they are repeats of one spectrum."
    ]
    if not single:
        notes.append("The elements with two axes hold repeats of one sample each.")
    return notes


def _say_overflow(parts: Sequence[Arranged]) -> list[str]:
    names = [part.name for part in parts if "overflow_bin" in part.metadata]
    if not names:
        return []
    found = next(part.metadata["overflow_bin"] for part in parts if part.name == names[0])
    return [
        f"The last channel ({found['channel']}) of {_some(names)} was left out: it holds "
        f"{found['mean_counts']:g} on average, as an overflow bin does. "
        "To keep it, read the file with autoden.read(path, keep_overflow=True)."
    ]


def _say_assumed(parts: Sequence[Arranged]) -> list[str]:
    """Repeat what the reading of files assumed, but for the axes, of which more is known now."""
    owners: dict[str, list[str]] = {}
    for part in parts:
        for sentence in map(str, part.metadata.get("assumed", ())):
            is_on_axes = sentence.endswith(ASSUMED_REPEATS) or "axis_0" in sentence
            if not is_on_axes:
                owners.setdefault(sentence, []).append(part.name)
    return [f"Assumed for {_some(names)}: {sentence}." for sentence, names in owners.items()]


def _some(names: Sequence[str]) -> str:
    """List names, at most three.

    Examples
    --------
    >>> _some(["a", "b"]), _some(["a", "b", "c", "d"])
    ('a and b', 'a, b and 2 more')
    """
    shown = list(names) if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
