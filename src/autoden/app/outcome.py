"""What a job made of the data, to be shown beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.app.preview import Preview
from autoden.app.view import REPEATS, View, view
from autoden.errors import InputError
from autoden.signals import Signal

ESTIMATE, SIGMA = "estimate", "sigma"


@dataclass(frozen=True, eq=False)
class Outcome:
    """Before and after.

    Attributes
    ----------
    before : View or None
        The data, repeats averaged; None where the result is something else than they are.
    after : View
        The result.
    sigma : ndarray or None
        Its uncertainty, shaped like its values.
    """

    before: View | None
    after: View
    sigma: NDArray[Any] | None = None


def read_outcome(preview: Preview, result: Path) -> Outcome:
    """Read the result of a job.

    Parameters
    ----------
    preview : Preview
        The data that it was made from.
    result : Path
        Its file; an uncertainty is in it or in the file ``NAME.sigma.SUFFIX`` beside it.

    Raises
    ------
    InputError
        A file that cannot be read, or that is neither a spectrum nor an image.
    """
    from autoden.io import read

    options: dict[str, Any] = {"keep_overflow": True} if _is_table(result) else {}
    signal = read(result, **options)
    estimate, sigma = _parts(signal, result)
    letters = _letters_of(estimate, preview)
    before, after = preview.view, view(estimate, letters)
    if before is not None and before.values.shape != after.values.shape:
        before = _same_item(before, after)
    elif before is not None:
        after = replace(before, values=after.values)
    if sigma is None or sigma.size != estimate.data.size:
        return Outcome(before, after)
    like = Signal(sigma.reshape(estimate.shape), estimate.axes)
    return Outcome(before, after, view(like, letters).values)


def _letters_of(estimate: Signal, preview: Preview) -> str:
    """Say what runs along each axis of a result: what ran along it in the data."""
    names = [axis.name for axis in preview.signal.axes]
    known = dict(zip(names, preview.letters, strict=False))
    letters = "".join(known.get(axis.name, "?") for axis in estimate.axes)
    if "?" not in letters:
        return letters
    kept = preview.letters.replace(REPEATS, "")
    if len(kept) == estimate.ndim:  # a format that keeps no names
        return kept
    return "ZYX"[-estimate.ndim :] if estimate.ndim > 1 else "E"


def _same_item(before: View, after: View) -> View | None:
    """Keep the data beside a result with fewer items only if an item has the same size."""
    alike = before.values.shape[1:] == after.values.shape[1:] and len(after.values) == 1
    mean = before.values.mean(axis=0, keepdims=True)
    return replace(before, values=mean, labels=("",)) if alike else None


def _parts(signal: Signal, path: Path) -> tuple[Signal, NDArray[Any] | None]:
    """Take estimate and uncertainty apart, however the format keeps them."""
    names = _row_names(signal.metadata)
    marked = [name.split(" ")[0] for name in names]
    if SIGMA in marked and len(marked) == signal.shape[0]:
        rows = [i for i, name in enumerate(marked) if name == ESTIMATE]
        sigmas = [i for i, name in enumerate(marked) if name == SIGMA]
        data = np.asarray(signal)
        if len(rows) == 1:
            return Signal(data[rows[0]], signal.axes[1:]), data[sigmas[0]]
        return Signal(data[rows], signal.axes), data[sigmas]
    return signal, _sigma(signal, path)


def _sigma(signal: Signal, path: Path) -> NDArray[Any] | None:
    """Read the uncertainty of a result from its file, or from the one beside it."""
    from autoden.auto.files.saving import sigma_path
    from autoden.io import read

    inside, beside = signal.metadata.get("uncertainties"), sigma_path(path)
    try:
        if path.suffix.lower() == ".npz":
            return np.asarray(read(path, key=SIGMA))
        if isinstance(inside, str):
            return np.asarray(read(f"{path}::{inside}"))
    except InputError:  # there is none
        return None
    return np.asarray(read(beside)) if beside.is_file() else None


def _row_names(metadata: Mapping[str, Any]) -> list[str]:
    table = metadata.get("table")
    table = table if isinstance(table, Mapping) else {}
    names = table.get("row_names") or table.get("column_names") or []
    return [str(name) for name in names]


def _is_table(path: Path) -> bool:
    from autoden.io.registry import format_of

    return ".csv" in format_of(path).suffixes
