"""Checks of the numbers and choices that describe a network, each with one error to read.

The message of every error holds the name, the value given, and what is allowed. No torch here.
"""

import operator
from collections.abc import Iterable
from typing import Any, TypeVar

from autoden.errors import InputError

T = TypeVar("T")


def whole_number(name: str, value: Any, at_least: int = 1) -> int:
    """Return `value` as an int, or raise if it is no whole number of at least `at_least`.

    Examples
    --------
    >>> whole_number("n_layers", 6)
    6
    >>> whole_number("n_layers", 0)
    Traceback (most recent call last):
        ...
    autoden.errors.InputError: `n_layers` is 0: give a whole number of at least 1.
    """
    remedy = f"`{name}` is {value!r}: give a whole number of at least {at_least}."
    if isinstance(value, bool):
        raise InputError(remedy)
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(remedy) from None
    if number < at_least:
        raise InputError(remedy)
    return number


def odd_number(name: str, value: Any) -> int:
    """Return `value` as an int, or raise if it is no odd number of at least 1."""
    number = whole_number(name, value)
    if number % 2 == 0:
        raise InputError(
            f"`{name}` is {number}: give an odd number, such as {number - 1} or {number + 1}, "
            "so that the kernel has a centre."
        )
    return number


def whole_numbers(name: str, values: Any) -> tuple[int, ...]:
    """Return `values` as a tuple of ints, or raise if it is empty or one of them is below 1."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise InputError(f"`{name}` is {values!r}: give a sequence of whole numbers, like (1, 2).")
    numbers = tuple(whole_number(f"{name}[{i}]", value) for i, value in enumerate(values))
    if not numbers:
        raise InputError(f"`{name}` is empty: give at least one whole number, like (1, 2, 3).")
    return numbers


def choice(name: str, value: T, choices: Iterable[T]) -> T:
    """Return `value`, or raise if it is not among `choices`."""
    known = tuple(choices)
    if value not in known:
        listed = ", ".join(map(repr, known))
        raise InputError(f"`{name}` is {value!r}: choose one of {listed}.")
    return value


def flag(name: str, value: Any) -> bool:
    """Return `value` as a bool, or raise if it is anything but true or false (or 1 or 0)."""
    return bool(choice(name, value, (True, False)))
