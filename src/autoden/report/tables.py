"""A table of a report: a title, a note in plain words, columns and rows of anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError


@dataclass(frozen=True, eq=False)
class Table:
    """A table of a report.

    Parameters
    ----------
    title : str
        What it shows; becomes the caption.
    columns : sequence of str
        Headings, with units in brackets.
    rows : sequence of sequences
        One cell per column: numbers, text, truth values, or None for nothing.
    note : str
        How to read it, in a sentence or two.
    marked : sequence of int
        Rows that are set in bold. A reader who cannot see bold needs a word in a cell as well.

    Raises
    ------
    InputError
        A row has not as many cells as there are columns, or a marked row does not exist.

    Examples
    --------
    >>> Table("Detectors", ("Name", "Live time (s)"), [("A", 30.5), ("B", None)]).rows
    (('A', 30.5), ('B', None))
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    note: str = ""
    marked: Sequence[int] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "rows", tuple(tuple(row) for row in self.rows))
        object.__setattr__(self, "marked", tuple(self.marked))
        for index, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise InputError(
                    f"Row {index} of the table {self.title!r} has {len(row)} cells: give "
                    f"{len(self.columns)}, one for each of {', '.join(self.columns)}."
                )
        if not all(0 <= index < len(self.rows) for index in self.marked):
            raise InputError(
                f"`marked` of the table {self.title!r} is {self.marked}: give indices of its "
                f"{len(self.rows)} rows."
            )


def equal_columns(**given: Any) -> dict[str, NDArray[Any]]:
    """Turn columns into arrays of one length."""
    arrays = {name: np.atleast_1d(np.asarray(column)) for name, column in given.items()}
    if len({array.shape for array in arrays.values()}) > 1 or any(
        array.ndim != 1 for array in arrays.values()
    ):
        shapes = ", ".join(f"`{name}` {array.shape}" for name, array in arrays.items())
        raise InputError(f"The columns of a table differ in shape: {shapes}; give one value a row.")
    return arrays
