"""What options are made of the parameters of a function."""

import inspect
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import cyclopts
import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from autoden.cli.options import DATA
from autoden.cli.signatures import REQUIRED, descriptions, options_of


class Others:
    """What is described elsewhere.

    Parameters
    ----------
    speed : float
        How fast it
        goes.
    """


def function(
    image: ArrayLike,
    count: int,
    speed: float = 1.5,
    limit: float | NDArray[np.floating] | None = None,
    name: str = "a",
    way: Literal["up", "down"] = "up",
    extra: ArrayLike | None = None,
    folder: str | PathLike[str] | None = None,
    size: int | Sequence[int] = 1,
    sizes: Sequence[int] | None = None,
    wide: bool = False,
    call: Callable[[int], int] | None = None,
    anything: Any = None,
    **rest: Any,
):
    """Do it.

    Parameters
    ----------
    image, extra : array_like
        Numbers of `count`.
    count : int
        How many.
    speed : float
        See `Others`.
    name : {"a", "b"}
        Who.
    **rest
        What is not of interest.

    Returns
    -------
    wide : int
        Nothing about the parameter.
    """


OPTIONS = options_of(function)


@pytest.mark.parametrize(
    ("name", "expected", "default"),
    [
        ("image", list[Path], REQUIRED),
        ("count", int, REQUIRED),
        ("speed", float, 1.5),
        ("limit", float | None, None),
        ("name", Literal["a", "b"], "a"),
        ("way", Literal["up", "down"], "up"),
        ("extra", list[Path] | None, None),
        ("folder", Path | None, None),
        ("size", list[int], 1),
        ("sizes", list[int] | None, None),
        ("wide", bool, False),
    ],
)
def test_types_and_defaults_are_those_of_the_function(name, expected, default):
    assert OPTIONS[name].type == expected
    assert OPTIONS[name].default is default
    assert OPTIONS[name].is_file == (name in ("image", "extra"))


def test_what_nobody_can_type_is_left_out():
    assert set(OPTIONS) == {
        "image", "count", "speed", "limit", "name", "way", "extra", "folder", "size", "sizes",
        "wide",
    }  # fmt: skip


def test_help_is_what_the_docstring_says_of_the_parameter():
    assert OPTIONS["image"].help == OPTIONS["extra"].help == "Numbers of count."
    assert OPTIONS["speed"].help == "How fast it goes."
    assert OPTIONS["name"].help == "Who."
    assert OPTIONS["wide"].help == ""
    assert descriptions(options_of)["function"][0] == "callable"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--count 3", {"count": 3}),
        ("--count 3 --size 1 9", {"count": 3, "size": (1, 9)}),
        ("--count 3 --size 5", {"count": 3, "size": 5}),
        ("--count 3 --sizes 5", {"count": 3, "sizes": (5,)}),
        ("--count 3 --wide --way down", {"count": 3, "wide": True, "way": "down"}),
        ("--count 3 --limit none", {"count": 3, "limit": None}),
        ("--count 3 --limit -2", {"count": 3, "limit": -2.0}),
        ("--count 3 --extra a --extra b", {"count": 3, "extra": [Path("a"), Path("b")]}),
    ],
)
def test_a_command_is_given_what_was_typed_and_nothing_else(words, expected):
    got = {}

    def command(**given):
        got.update({name: OPTIONS[name].value(value) for name, value in given.items()})

    options = [option for name, option in OPTIONS.items() if name != "image"]
    command.__signature__ = inspect.Signature(
        [option.as_parameter(f"--{option.name}", DATA) for option in options]
    )
    app = cyclopts.App(result_action="return_value")
    app.default(command)
    app(words.split())
    assert got == expected
