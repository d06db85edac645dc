"""Checks of the numbers and choices that users give, each with one error to read.

The message of every error holds the name, the value given, and what is allowed. No torch here.
"""

import math
import operator
from collections.abc import Iterable
from numbers import Real
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
        checked = operator.index(value)
    except TypeError:
        raise InputError(remedy) from None
    if checked < at_least:
        raise InputError(remedy)
    return checked


def number(
    name: str, value: Any, *, at_least: float = -math.inf, above: float = -math.inf,
    below: float = math.inf,
) -> float:  # fmt: skip
    """Return `value` as a float, or raise if it is no finite number within the bounds.

    Examples
    --------
    >>> number("learning_rate", 0, above=0)
    Traceback (most recent call last):
        ...
    autoden.errors.InputError: `learning_rate` is 0: give a finite number above 0.
    """
    bounds = [("at least", at_least), ("above", above), ("below", below)]
    said = " and ".join(f"{word} {bound:g}" for word, bound in bounds if math.isfinite(bound))
    remedy = f"`{name}` is {value!r}: give a finite number{' ' * bool(said)}{said}."
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputError(remedy)
    try:
        checked = float(value)
    except OverflowError:  # an int beyond the largest float
        raise InputError(remedy) from None
    if not (math.isfinite(checked) and checked >= at_least and above < checked < below):
        raise InputError(remedy)
    return checked


def seed_or_none(value: Any) -> int | None:
    """Return a seed as an int, or None for none; raise if it is no whole number from 0 to 2^63-1.

    Examples
    --------
    >>> seed_or_none(-1)
    Traceback (most recent call last):
        ...
    autoden.errors.InputError: `seed` is -1: give a whole number of at least 0, or None for no seed.
    """
    if value is None:
        return None
    remedy = f"`seed` is {value!r}: give a whole number of at least 0, or None for no seed."
    if isinstance(value, bool):
        raise InputError(remedy)
    try:
        checked = operator.index(value)
    except TypeError:
        raise InputError(remedy) from None
    if not 0 <= checked < 2**63:
        raise InputError(remedy if checked < 0 else f"`seed` is {value!r}: it must be below 2^63.")
    return checked


def odd_number(name: str, value: Any) -> int:
    """Return `value` as an int, or raise if it is no odd number of at least 1."""
    checked = whole_number(name, value)
    if checked % 2 == 0:
        raise InputError(
            f"`{name}` is {checked}: give an odd number, such as {checked - 1} or {checked + 1}, "
            "so that the kernel has a centre."
        )
    return checked


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
    try:
        is_known = value in known
    except ValueError:  # an array is neither equal nor unequal
        is_known = False
    if not is_known:
        listed = ", ".join(map(repr, known))
        raise InputError(f"`{name}` is {value!r}: choose one of {listed}.")
    return value


def flag(name: str, value: Any) -> bool:
    """Return `value` as a bool, or raise if it is anything but true or false (or 1 or 0)."""
    return bool(choice(name, value, (True, False)))
