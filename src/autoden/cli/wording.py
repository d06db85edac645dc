"""Errors of the library in the words of the command line: options instead of parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from autoden.cli.interface import flag_of
from autoden.errors import InputError

_FLAGS = {
    "channel_axis": "--channel-axis",
    "model": "--model",
    "n_dims": "--n-dims",
    "n_features": "--features",
    "n_layers": "--layers",
    "n_levels": "--layers",
    "realizations_axis": "--repeats-axis",
}
_QUOTED = re.compile(r"`(\w+)`")
_KEYWORD = re.compile(r"\b(key|series|keep_overflow)=")
_OPTION = re.compile(r"no option '(\w+)'")
_FORCE = "overwrite=True (--force on the command line)"


@contextmanager
def in_options(parameters: Iterable[str] = ()) -> Iterator[None]:
    """Let errors within a block speak of options.

    Parameters
    ----------
    parameters : iterable of str
        Names of the parameters that have options.
    """
    flags = {**{name: flag_of(name) for name in parameters}, **_FLAGS}
    try:
        yield
    except InputError as error:
        raise InputError(reworded(str(error), flags)) from error


def reworded(text: str, flags: dict[str, str]) -> str:
    """Name options instead of parameters.

    Examples
    --------
    >>> reworded("`epochs` is 0: give more.", {"epochs": "--epochs"})
    '--epochs is 0: give more.'
    >>> reworded("in.npz holds several arrays, a, b: choose one with key=...", {})
    'in.npz holds several arrays, a, b: choose one with --key ...'
    """
    text = _QUOTED.sub(lambda found: flags.get(found[1], found[0]), text)
    text = _OPTION.sub(lambda found: f"no option --{found[1].replace('_', '-')}", text)
    text = _KEYWORD.sub(lambda found: f"--{found[1].replace('_', '-')} ", text)
    return text.replace(_FORCE, "--force")
