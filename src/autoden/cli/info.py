"""``autoden info``: what is in a file, and what autoden takes it for."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autoden.cli.options import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray


def info(file: Path, /, *, keep_overflow: Flag = False) -> None:
    """Show what is in a file and what was assumed about it.

    Parameters
    ----------
    file
        The file to look at.
    keep_overflow
        Keep a last channel that looks like an overflow bin.
    """
    from autoden.io import read

    logging.getLogger().setLevel(logging.ERROR)  # what reading says is shown below
    signal = read(file, keep_overflow=keep_overflow)
    print(f"{file}: {signal}")
    for name in ("layout", "overflow_bin", "assumed"):
        for line in describe(signal.metadata.get(name, [])):
            print(f"  {name.replace('_', ' ')}: {line}")
    for line in describe_values(np.asarray(signal)):
        print(f"  {line}")


def describe(value: Any) -> list[str]:
    """Say a value of the metadata in lines of text."""
    if isinstance(value, dict):
        return [", ".join(f"{key.replace('_', ' ')} {item}" for key, item in value.items())]
    return [str(item) for item in (value if isinstance(value, list | tuple) else [value])]


def describe_values(data: NDArray[Any]) -> list[str]:
    """Say what the numbers are like; exposures lie along the first axis."""
    lines = [f"smallest {data.min():g}, largest {data.max():g}"]
    if np.issubdtype(data.dtype, np.integer) and data.min() >= 0:
        totals = data.reshape(len(data), -1).sum(axis=1)
        low, mean, high = totals.min(), totals.mean(), totals.max()
        lines.append(f"counts per exposure: mean {mean:.0f}, from {low} to {high}")
        lines.append(f"empty channels: {100 * np.mean(data == 0):.0f} %")
    return lines
