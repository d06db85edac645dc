"""The few settings of an algorithm that a page offers; all others keep what the command line does.

Which settings there are, what they are called and what they are by default is read from the
algorithm, through the command line's view of it. Here is only which of them matter most.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from autoden.algorithms.registry import ALGORITHMS
from autoden.cli.interface import Interface, flag_of
from autoden.cli.presets import BY_DATA, preset_of
from autoden.cli.signatures import Option
from autoden.errors import InputError
from autoden.models.params import NETWORKS

IMPORTANT = (
    "epochs", "learning_rate", "strategy", "mask_shape", "lower_limit", "reg_val", "augmentation",
    "n_splits", "seed",
)  # fmt: skip
"""Settings that a page offers, where an algorithm has them, in this order."""

_LABELS = {"reg_val": "Total variation", "n_splits": "Parts of the angles"}
"""Where the name of an option says little."""

Kind = Literal["whole", "number", "choice", "switch", "text", "file"]


@dataclass(frozen=True)
class Setting:
    """Something that a user can say.

    Attributes
    ----------
    flag : str
        The option of the command line.
    label, help : str
        What it is, in short and in a sentence.
    kind : str
        What can be given.
    default : str
        What is taken where nothing is given; "" where that is nothing or depends on the data.
    choices : tuple of str
        What can be chosen.
    required : bool
        Whether it must be given.
    """

    flag: str
    label: str
    help: str
    kind: Kind
    default: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False

    def values(self, given: Any) -> tuple[str, ...] | None:
        """Turn what a page holds into the values of the option; None where nothing was given.

        Raises
        ------
        InputError
            Nothing, where something must be given; no number, where one is asked for.
        """
        if given is True:
            return ()
        words = "" if given in (None, False) else str(given).strip()
        if not words:
            if self.required:
                raise InputError(f"{self.label} is missing: {self.help}")
            return None
        if self.kind in ("whole", "number"):
            return (self._number(words),)
        return tuple(words.split()) if self.kind == "text" else (words,)

    def _number(self, words: str) -> str:
        try:
            value = float(words)
        except ValueError:
            raise InputError(f"{self.label} is {words!r}: give a number.") from None
        if self.kind == "whole" and value != int(value):
            raise InputError(f"{self.label} is {words}: give a whole number.")
        return str(int(value)) if self.kind == "whole" else repr(value)


def settings_of(verb: str, n_dims: int) -> tuple[Setting, ...]:
    """Give the settings of an algorithm for data of so many dimensions.

    Examples
    --------
    >>> [setting.label for setting in settings_of("n2v", 2)][:4]
    ['Network', 'Epochs', 'Learning rate', 'Mask shape']
    >>> {setting.label: setting.default for setting in settings_of("n2v", 2)}["Epochs"]
    '500'
    """
    algorithm = ALGORITHMS[verb]
    interface = Interface.of(algorithm.load())
    options = {**interface.constructor, **interface.preparation, **interface.training}
    files = [_setting(o, {}) for o in interface.files.values() if o.is_required]
    preset = preset_of(verb, n_dims)
    training = {**preset.training, **preset.making}
    known = [_setting(options[name], training) for name in IMPORTANT if name in options]
    return (*files, _network(preset.network), *known)


def gather(settings: tuple[Setting, ...], given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Turn what a page holds, by option, into the options of an order.

    Raises
    ------
    InputError
        As `Setting.values`.
    """
    found = {setting.flag: setting.values(given.get(setting.flag)) for setting in settings}
    return {flag: values for flag, values in found.items() if values is not None}


def _network(usual: str) -> Setting:
    return Setting("--model", "Network", "What is trained.", "choice", usual, tuple(NETWORKS))


def _setting(option: Option, training: Mapping[str, Any]) -> Setting:
    kind, choices = _kind(option)
    default = training.get(option.name) if option.name in BY_DATA else option.default
    shown = "" if default is None or option.is_required else str(default)
    flag = flag_of(option.name)
    label = _LABELS.get(option.name, flag.removeprefix("--").replace("-", " ").capitalize())
    text = option.help.removesuffix("[default: see below]").strip()
    return Setting(flag, label, text, kind, shown, choices, option.is_required)


def _kind(option: Option) -> tuple[Kind, tuple[str, ...]]:
    """Say what an option takes."""
    hint = option.type
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(part for part in get_args(hint) if part is not types.NoneType)
    if option.is_file or hint is Path:
        return "file", ()
    if get_origin(hint) is Literal:
        return "choice", tuple(map(str, get_args(hint)))
    kinds: dict[Any, Kind] = {bool: "switch", int: "whole", float: "number"}
    return kinds.get(hint, "text"), ()
