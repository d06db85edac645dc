"""Options from signatures: what a function takes becomes what a command line offers.

Name, type, default and help come from the function itself: from its parameters, their annotations
and the numpydoc section about them. A type that nobody can type (a network, a function) leaves its
parameter out. Which functions an algorithm has, and what becomes of the values, is elsewhere.
"""

from __future__ import annotations

import functools
import inspect
import operator
import os
import re
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from cyclopts import Group, Parameter
from numpy.typing import ArrayLike

REQUIRED = inspect.Parameter.empty

_ENTRY = re.compile(r"^(?P<names>\*{0,2}\w+(?:, \w+)*)(?: : (?P<type>.*))?$")
_REFERENCE = re.compile(r"^See `(\w+)`\.$")
_CHOICE = re.compile(r'"([^"]+)"')


@dataclass(frozen=True)
class Option:
    """Something that a function takes and a command line can give.

    Attributes
    ----------
    name : str
        The function's own name of it.
    type : object
        What the text on the command line is turned into.
    default : object
        `REQUIRED` if there is none.
    help : str
        What it is, in sentences.
    is_file : bool
        The function takes an array, for which a file is named.
    takes_one : bool
        The function takes a single value where the type is a list.
    """

    name: str
    type: Any
    default: Any = REQUIRED
    help: str = ""
    is_file: bool = False
    takes_one: bool = False

    def value(self, given: Any) -> Any:
        """Turn what the command line gave into what the function takes."""
        if not isinstance(given, list) or self.is_file:
            return given
        return given[0] if self.takes_one and len(given) == 1 else tuple(given)

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED

    def optional(self) -> Option:
        """Give the same option, with no default."""
        return replace(self, type=self.type | None, default=None)

    def as_parameter(self, flag: str, group: Group) -> inspect.Parameter:
        """Make a parameter from which cyclopts makes the option called `flag`.

        Numbers of a list follow one another; files and names would swallow what comes after them,
        so that each has the option before it.
        """
        is_list, default = _is_list(self.type), self.default
        if is_list and default not in (None, REQUIRED):
            default = list(default) if isinstance(default, Sequence) else [default]
        details = Parameter(
            name=flag,
            help=self.help,
            group=group,
            negative=() if is_list or default is False else None,
            consume_multiple=is_list and get_args(_without_none(self.type))[0] in (int, float),
            show_default=_say_list if isinstance(default, list) else None,
        )
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=default,
            annotation=Annotated[self.type, details],
        )


def options_of(function: Callable[..., Any], documented: object = None) -> dict[str, Option]:
    """Find what a command line can give to a function.

    Parameters
    ----------
    function : callable
        With annotations, and a numpydoc section about its parameters.
    documented : object, optional
        What has that section, such as the class of a constructor; else the function.

    Returns
    -------
    dict
        The options, in order, by the function's names of them.

    Examples
    --------
    >>> from autoden.training.settings import TrainingSettings
    >>> options = options_of(TrainingSettings.__init__, TrainingSettings)
    >>> options["epochs"].type, options["learning_rate"].default
    (<class 'int'>, 0.001)
    >>> options["optimizer"].type
    typing.Literal['adam', 'sgd', 'rmsprop', 'lbfgs']
    """
    hints = get_type_hints(function)
    described = descriptions(documented or function)
    options = {}
    for name, parameter in parameters_of(function).items():
        hint = hints.get(name, Any)
        kind, text = described.get(name, ("", ""))
        is_file = hint in (ArrayLike, ArrayLike | None)
        typed = list[Path] if is_file else _typed(hint, kind)
        if typed is None:
            continue
        default = parameter.default
        if default is None:
            typed = typed | None
        takes_one = not is_file and _is_list(typed) and len(_members(hint)) > 1
        options[name] = Option(name, typed, default, text, is_file, takes_one)
    return options


def parameters_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Give the parameters of a function by name, without self, ``*args`` and ``**kwargs``."""
    found = inspect.signature(function).parameters
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return {name: p for name, p in found.items() if name != "self" and p.kind not in kinds}


def descriptions(documented: object) -> dict[str, tuple[str, str]]:
    """Read the section about parameters of a numpydoc text: type and description, by name.

    What is only said to be described elsewhere ("See `TrainingSettings`.") is read there.
    """
    lines = (inspect.getdoc(documented) or "").splitlines()
    found: dict[str, tuple[str, str]] = {}
    names: list[str] = []
    for line in _section(lines, "Parameters"):
        entry = _ENTRY.match(line)
        if entry is not None:
            names = entry["names"].split(", ")
            found.update(dict.fromkeys(names, (entry["type"] or "", "")))
        for name in names if line.startswith(" ") else []:
            kind, text = found[name]
            found[name] = kind, f"{text} {line.strip()}".strip()
    for name, (_, text) in tuple(found.items()):
        reference = _REFERENCE.match(text)
        module = sys.modules[getattr(documented, "__module__", __name__)]
        if reference is not None and hasattr(module, reference[1]):
            found[name] = descriptions(getattr(module, reference[1])).get(name, ("", ""))
    return {name: (kind, text.replace("`", "")) for name, (kind, text) in found.items()}


def _section(lines: Sequence[str], title: str) -> Sequence[str]:
    """Give the lines below a title that is underlined, up to the next one."""
    starts = [i for i, line in enumerate(lines) if i and line and not line.strip("-")]
    for start, end in zip(starts, [*starts[1:], len(lines) + 1], strict=True):
        if lines[start - 1] == title:
            return lines[start + 1 : end - 1]
    return ()


def _typed(hint: Any, kind: str) -> Any:
    """Reduce an annotation to what a word, or several words, can be turned into; None: nothing.

    The choices that a numpydoc type lists make more precise what is annotated as text.
    """
    parts = [typed for part in _members(hint) if (typed := _typed_member(part)) is not None]
    lists = [part for part in parts if _is_list(part)]
    if lists:
        return lists[0]
    if Path in parts:
        return Path
    choices = tuple(_CHOICE.findall(kind)) if kind.startswith("{") else ()
    if parts == [str] and choices:
        return Literal[choices]
    return functools.reduce(operator.or_, parts) if parts else None


def _typed_member(part: Any) -> Any:
    if part in (bool, int, float, str) or get_origin(part) is Literal:
        return part
    if part in (Path, os.PathLike) or get_origin(part) is os.PathLike:
        return Path
    if get_origin(part) in (Sequence, tuple, list):
        inner = _typed(get_args(part)[0], "")
        return None if inner is None else types.GenericAlias(list, inner)
    return None


def _members(hint: Any) -> tuple[Any, ...]:
    """Give what an annotation allows, None left out."""
    if get_origin(hint) not in (Union, types.UnionType):
        return (hint,)
    return tuple(part for part in get_args(hint) if part is not types.NoneType)


def _without_none(hint: Any) -> Any:
    members = _members(hint)
    return members[0] if len(members) == 1 else hint


def _say_list(values: list[Any]) -> str:
    return " ".join(map(str, values))


def _is_list(hint: Any) -> bool:
    return get_origin(_without_none(hint)) is list
