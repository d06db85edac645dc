"""Errors of the library in the words of the command line: options instead of parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from autoden.cli.interface import flag_of
from autoden.errors import InputError

_FLAGS = {
    "axes": "--axes",
    "channel_axis": "--channel-axis",
    "model": "--model",
    "n_dims": "--n-dims",
    "n_features": "--features",
    "n_layers": "--layers",
    "n_levels": "--layers",
    "realizations_axis": "--repeats-axis",
}
_QUOTED = re.compile(r"`(\w+)`")
_ALREADY = re.compile(r"\b\w+=True \((--[\w-]+)\)")
_KEYWORD = re.compile(r"(?<![?&])\b(key|series|keep_overflow)=")  # not in an address
_AXES = re.compile(r"\baxes='(\w+)'")
_OPTION = re.compile(r"no option '(\w+)'")
_FORCE = "overwrite=True (--force on the command line)"
_READ_ALL = "read the file with autoden.read(path, keep_overflow=True)"


@contextmanager
def in_options(parameters: Iterable[str] = ()) -> Iterator[None]:
    """Let errors within a block speak of options.

    Parameters
    ----------
    parameters : iterable of str
        Names of the parameters that have options.
    """
    try:
        yield
    except InputError as error:
        raise InputError(reworded(str(error), parameters)) from error


def reworded(text: str, parameters: Iterable[str] = ()) -> str:
    """Name options instead of parameters.

    Examples
    --------
    >>> reworded("`epochs` is 0: give more.", ["epochs"])
    '--epochs is 0: give more.'
    >>> reworded("in.npz holds several arrays, a, b: choose one with key=...")
    'in.npz holds several arrays, a, b: choose one with --key ...'
    >>> reworded("If they are samples, give axes='SE'.")
    'If they are samples, give --axes SE.'
    >>> reworded("Keep it with keep_overflow=True (--keep-overflow).")
    'Keep it with --keep-overflow.'
    >>> reworded("The app is at http://127.0.0.1:8123/?key=abc")
    'The app is at http://127.0.0.1:8123/?key=abc'
    """
    flags = {**{name: flag_of(name) for name in parameters}, **_FLAGS}
    text = text.replace("`ad.denoise`", "autoden denoise")
    text = text.replace(_READ_ALL, "give --keep-overflow")
    text = _ALREADY.sub(r"\1", text)
    text = _AXES.sub(r"--axes \1", text)
    text = _QUOTED.sub(lambda found: flags.get(found[1], found[0]), text)
    text = _OPTION.sub(lambda found: f"no option --{found[1].replace('_', '-')}", text)
    text = _KEYWORD.sub(lambda found: f"--{found[1].replace('_', '-')} ", text)
    return text.replace(_FORCE, "--force")
