"""What the pages of spectra and of images have in common: candidates, settings, how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

import numpy as np

from autoden.auto.learning.selection import chosen_of
from autoden.report.candidates import candidates_table
from autoden.report.tables import Table

if TYPE_CHECKING:
    from autoden.auto.result import Result

_PACKAGES: Final = ("autoden", "numpy", "scipy", "torch")


def made_by(result: Result) -> dict[str, object]:
    """Say the method and how long it took."""
    time = {"Computing time (s)": round(result.seconds, 1)} if result.seconds else {}
    return {"Method": result.method, **time}


def settings_of(result: Result) -> dict[str, object]:
    """Give what the user set, and the versions that ran."""
    return {
        **result.settings,
        **{f"Version of {package}": version(package) for package in _PACKAGES},
    }


def alike(numbers: Sequence[int]) -> object:
    """Say a number that all samples have once."""
    return numbers[0] if len(set(numbers)) == 1 else list(numbers)


def candidates_of(result: Result, what: str = "channel") -> Table:
    """Tabulate the candidates, and say of which data where it is not these."""
    candidates = result.candidates
    table = candidates_table(
        names=[candidate.name for candidate in candidates],
        parameters=[candidate.parameters for candidate in candidates],
        scores=[candidate.score for candidate in candidates],
        errors=[
            candidate.standard_error if candidate.standard_error > 0 else np.nan
            for candidate in candidates
        ],
        chosen=chosen_of(candidates).name,
        behind=[candidate.behind for candidate in candidates],
        behind_errors=[candidate.behind_error for candidate in candidates],
        score_unit=f"mdev: thousandths of a nat per {what} and exposure",
    )
    if not result.applied:
        return table
    return replace(table, title=f"{table.title}, of the first data")
