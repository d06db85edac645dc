"""What the parameters of networks may be: a name means the same in every network.

Parameters that only one network has are checked where they belong. Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autoden.checks import (
    choice,
    flag,
    odd_number,
    whole_number,
    whole_numbers,
)
from autoden.errors import InputError

PAD_MODES = ("replicate", "reflect", "zeros", "circular")
MAX_LAYERS = 1000
MAX_LEVELS = 20
"""Far more than a network can use, and few enough to count through; a file may ask for any."""


def dimensions(name: str, value: Any) -> int:
    """Return a number of dimensions, or raise if it is none of 1, 2 and 3."""
    return choice(name, whole_number(name, value), (1, 2, 3))


def _at_most(limit: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        checked = whole_number(name, value)
        if checked > limit:
            raise InputError(f"`{name}` is {checked}: give a whole number from 1 to {limit}.")
        return checked

    return check


def _number_or_all(name: str, value: Any) -> int | None:
    return None if value is None else whole_number(name, value, at_least=0)


def _pad_mode(name: str, value: Any) -> str:
    return str(choice(name, value, PAD_MODES))


CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "n_channels_in": whole_number,
    "n_channels_out": whole_number,
    "n_features": whole_number,
    "n_dims": dimensions,
    "n_layers": _at_most(MAX_LAYERS),
    "n_levels": _at_most(MAX_LEVELS),
    "n_channels_skip": _number_or_all,
    "kernel_size": odd_number,
    "pad_mode": _pad_mode,
    "bilinear": flag,
    "dilations": whole_numbers,
    "use_dilations": flag,
    "blur_pool": flag,
    "top_skip": flag,
    "align_corners": flag,
}
