"""Options from a file: ``--config run.yaml``, below those of the command line, above the defaults.

The file is a flat mapping of options to values, in YAML or TOML, with the names of the options
with or without dashes, or the file that a run left beside its output, which has them under "run".
"files" are what a command takes without an option. Its paths are relative
to its own folder. What a command does not know is an error, never passed over.
"""

from __future__ import annotations

import difflib
import json
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from cyclopts import Token

from autoden.errors import InputError

if TYPE_CHECKING:
    import cyclopts
    from cyclopts import ArgumentCollection
    from cyclopts.argument import Argument

COMMAND, VERSION = "command", "autoden"
"""What a file may say beside options: for which command it is, and which version wrote it."""

MOST_BYTES = 1 << 20
MOST_BYTES_OF_RUNS = 1 << 25  # they may hold axes, too
_PATTERNS = "YAML (.yaml, .yml), TOML (.toml), or the .autoden.json beside an output"


class ConfigError(InputError):
    """A file of options that cannot be used: as wrong as a wrong command line."""


class Configuration:
    """Options of a file, and after the command line was read, all that there are.

    Parameters
    ----------
    words : sequence of str
        The command line, which may name a file with ``--config``.

    Attributes
    ----------
    words : list of str
        The command line, with the command of the file in front where it has none.
    arguments : list
        What the command takes, with their values, once it was called by cyclopts.
    """

    def __init__(self, words: Sequence[str]) -> None:
        path = _named(words)
        self.path = None if path is None else Path(path).expanduser()
        self.values = {} if self.path is None else read_options(self.path)
        self.words = list(words)
        self.arguments: list[Argument] = []
        command = self.values.get(COMMAND)
        if command is not None and self.words[0].startswith("-"):
            self.words = [*str(command).split(), *self.words]

    def __call__(
        self, app: cyclopts.App, commands: tuple[str, ...], arguments: ArgumentCollection
    ) -> None:
        """Fill in what the command line left open; cyclopts calls it."""
        self.arguments = list(_leaves(arguments))
        if self.path is None:
            return
        self._check_command(" ".join(commands))
        known = {_key(argument): argument for argument in self.arguments}
        for name, value in self.values.items():
            key = name.lstrip("-").replace("-", "_")
            if key in (COMMAND, VERSION):
                continue
            if key not in known:
                raise ConfigError(self._say_unknown(name, " ".join(commands), list(known)))
            if value is not None and not known[key].tokens:
                self._fill(known[key], name, value)

    def _check_command(self, command: str) -> None:
        wanted = self.values.get(COMMAND, command)
        if wanted != command:
            raise ConfigError(
                f"{self.path} is for autoden {wanted}, not for autoden {command}: give another "
                f"file, or take out its line `{COMMAND}`."
            )

    def _say_unknown(self, name: str, command: str, known: Sequence[str]) -> str:
        near = difflib.get_close_matches(name.replace("-", "_"), known, 1, cutoff=0.5)
        remedy = f"did you mean {near[0]}?" if near else f"it knows {', '.join(sorted(known))}."
        return f"{self.path}: autoden {command} does not know {name!r}: {remedy}"

    def _fill(self, argument: Argument, name: str, value: Any) -> None:
        """Give an option the value, or the values, of the file."""
        assert self.path is not None
        values = value if isinstance(value, list) else [value]
        if isinstance(value, list) and not _is_list(argument.hint):
            raise ConfigError(f"{self.path}: {name} is {value}: give a single value.")
        for index, each in enumerate(values):
            if isinstance(each, Mapping | list) or each is None:
                raise ConfigError(
                    f"{self.path}: {name} is {type(value).__name__}: give a number, a text, true "
                    "or false, or a list of them."
                )
            text = str(self.path.parent / str(each)) if holds_paths(argument.hint) else str(each)
            argument.tokens.append(
                Token(keyword=f"{self.path}: {name}", value=text, source="config", index=index)
            )

    def settings(self) -> dict[str, Any]:
        """Give all options, given or by default, by their names; without those that have none."""
        found = {}
        for argument in self.arguments:
            value = argument.value if argument.tokens else argument.field_info.default
            if value is not argument.field_info.empty and value is not None:
                found[_key(argument)] = value
        return found


def read_options(path: Path) -> dict[str, Any]:
    """Read a file of options.

    Raises
    ------
    ConfigError
        It is missing, too long, of another kind, or no mapping.
    """
    from autoden.io.companions import RUN
    from autoden.io.files import check_source

    try:
        source = check_source(path)
    except InputError as error:
        raise ConfigError(f"--config {error}") from error
    suffix = source.suffix.lower()
    if suffix not in (".yaml", ".yml", ".toml", ".json"):
        raise ConfigError(f"--config {path}: options are read from {_PATTERNS}.")
    most = MOST_BYTES_OF_RUNS if suffix == ".json" else MOST_BYTES
    if source.stat().st_size > most:
        raise ConfigError(f"--config {path} has more than {most >> 20} MB: give options only.")
    try:
        text = source.read_text(encoding="utf-8")
        values = _parse(text, suffix)
    except (ValueError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise ConfigError(f"--config {path} is no {suffix[1:].upper()}: {said}.") from error
    if suffix == ".json" and isinstance(values, dict):
        if RUN not in values:
            raise ConfigError(
                f"--config {path} does not say how a file was made: give {_PATTERNS}."
            )
        values = values[RUN]
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise ConfigError(f"--config {path} must be a mapping of options, such as `epochs: 500`.")
    return values


def _parse(text: str, suffix: str) -> Any:
    if suffix == ".json":
        return json.loads(text)
    if suffix == ".toml":
        import tomllib

        return tomllib.loads(text)
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def holds_paths(hint: Any) -> bool:
    """Whether an option names files or folders.

    Examples
    --------
    >>> holds_paths(list[Path] | None), holds_paths(int | None)
    (True, False)
    """
    return hint is Path or any(holds_paths(part) for part in get_args(hint))


def relative_to(folder: Path, path: Path) -> str:
    """Say where a file is, seen from a folder: relative in or below it, else from the root."""
    full = path.absolute()
    return str(full.relative_to(folder) if full.is_relative_to(folder) else full)


def _named(words: Sequence[str]) -> str | None:
    """Find the file that a command line names."""
    for index, word in enumerate(words):
        if word == "--":
            return None
        if word == "--config" and index + 1 < len(words):
            return words[index + 1]
        if word.startswith("--config="):
            return word.partition("=")[2]
    return None


def _leaves(arguments: Sequence[Argument]) -> Iterator[Argument]:
    """Give what has a value of its own, but for where the file itself is named."""
    for argument in arguments:
        if argument.parse and not argument.children and argument.name != "--config":
            yield argument


def _key(argument: Argument) -> str:
    """Name an argument as a file does."""
    if argument.is_positional_only():
        return str(argument.field_info.name)
    return argument.name.lstrip("-").replace("-", "_")


def _is_list(hint: Any) -> bool:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return any(_is_list(part) for part in get_args(hint))
    return origin in (list, tuple)
