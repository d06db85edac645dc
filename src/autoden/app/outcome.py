"""What a job made of the data, to be shown beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.app.preview import Preview
from autoden.app.view import View, view
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
    before = preview.view
    if before is not None and before.values.size == estimate.data.size:
        like = replace(before, values=np.reshape(estimate, before.values.shape))
        return Outcome(before, like, _shaped(sigma, like))
    letters = preview.letters
    names = dict(zip([axis.name for axis in preview.signal.axes], letters, strict=False))
    known = "".join(names.get(axis.name, "?") for axis in estimate.axes)
    if "?" in known or len(known) != estimate.ndim:
        known = "ZYX"[-estimate.ndim :] if estimate.ndim > 1 else "E"
    after = view(estimate, known)
    if before is not None and before.values.shape != after.values.shape:
        before = _same_item(before, after)
    return Outcome(before, after, _shaped(sigma, after))


def _same_item(before: View, after: View) -> View | None:
    """Keep the data beside a result with fewer items only if an item has the same size."""
    alike = before.values.shape[1:] == after.values.shape[1:] and len(after.values) == 1
    mean = before.values.mean(axis=0, keepdims=True)
    return replace(before, values=mean, labels=("",)) if alike else None


def _parts(signal: Signal, path: Path) -> tuple[Signal, NDArray[Any] | None]:
    """Take estimate and uncertainty apart, however the format keeps them."""
    from autoden.auto.saving import sigma_path
    from autoden.io import read

    names = _row_names(signal.metadata)
    marked = [name.split(" ")[0] for name in names]
    if SIGMA in marked and len(marked) == signal.shape[0]:
        rows = [i for i, name in enumerate(marked) if name == ESTIMATE]
        sigmas = [i for i, name in enumerate(marked) if name == SIGMA]
        data = np.asarray(signal)
        return Signal(data[rows], signal.axes, {}), data[sigmas]
    if path.suffix.lower() == ".npz":
        try:
            return signal, np.asarray(read(path, key=SIGMA))
        except InputError:
            return signal, None
    beside = sigma_path(path)
    return signal, np.asarray(read(beside)) if beside.is_file() else None


def _row_names(metadata: Mapping[str, Any]) -> list[str]:
    table = metadata.get("table")
    table = table if isinstance(table, Mapping) else {}
    names = table.get("row_names") or table.get("column_names") or []
    return [str(name) for name in names]


def _shaped(sigma: NDArray[Any] | None, like: View) -> NDArray[Any] | None:
    if sigma is None or sigma.size != like.values.size:
        return None
    return sigma.reshape(like.values.shape)


def _is_table(path: Path) -> bool:
    from autoden.io.registry import format_of

    return ".csv" in format_of(path).suffixes
