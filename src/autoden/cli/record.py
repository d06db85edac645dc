"""What was done, in one file beside the output that repeats it: ``--config`` reads it back.

It is the file in which `autoden.io` keeps what the format of the output cannot hold.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from autoden.cli.configuration import COMMAND, VERSION, relative_to
from autoden.cli.events import plain
from autoden.cli.versions import version

MANNERS = ("force", "config", "dry_run", "json", "quiet", "debug")
"""Options that change nothing of a result."""


@dataclass(frozen=True)
class Record:
    """The options of a run.

    Attributes
    ----------
    command : str
        Such as "n2n" or "train n2n".
    settings : mapping
        Options by name, given or by default.
    """

    command: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def resolved(self, output: Path, found: Mapping[str, Any]) -> dict[str, Any]:
        """Put together the options that make an output again.

        Parameters
        ----------
        output : Path
            The output; paths in or below its folder are written relative to that.
        found : mapping
            Options whose defaults depend on the data, as they were used.
        """
        folder = record_path(output).absolute().parent
        merged = {**self.settings, **found}
        options = {n: v for n, v in merged.items() if n not in MANNERS and v is not None}
        return {
            COMMAND: self.command,
            VERSION: version(),
            **{name: _plain_paths(value, folder) for name, value in options.items()},
        }

    def step(self, files: Iterable[Path], found: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Say what is done, and to which files, as the metadata of a result have it.

        Call it before the files could change: they are read for their sums.
        """
        from autoden.io.provenance import provenance

        merged = {**self.settings, **(found or {})}
        options = {
            name: plain(value)
            for name, value in merged.items()
            if name not in (*MANNERS, "seed") and not _has_paths(value) and plain(value) is not None
        }
        return provenance(self.command, files, settings=options, seed=merged.get("seed"))

    def write(self, output: Path, found: Mapping[str, Any], step: Mapping[str, Any]) -> Path:
        """Write the file beside an output, which is complete.

        Parameters
        ----------
        output : Path
            The output.
        found : mapping
            As for `resolved`.
        step : mapping
            What `step` gave.
        """
        from autoden.io.companions import note_run

        path = record_path(output)
        again = f"autoden --config {shlex.quote(path.name)} --force"
        options = self.resolved(output, found)
        note_run(_file_of(output), options, made_again_by=again, inputs=step["inputs"])
        return path


def check_record(output: Path, *, overwrite: bool) -> None:
    """Refuse an output whose file beside it could not be written.

    Raises
    ------
    InputError
        It is there and `overwrite` is False, or it is not autoden's.
    """
    from autoden.io.companions import check_companion
    from autoden.io.files import check_destination

    check_destination(record_path(output), overwrite=overwrite)
    check_companion(_file_of(output))


NO_RECORD = Record()
"""Of a call that came from no command line."""
TakesRecord = Annotated[Record, Parameter(parse=False)]
"""Of a command that is given the options of its own call."""


def record_path(output: Path) -> Path:
    """Say where the options of a run go.

    Examples
    --------
    >>> record_path(Path("out.csv")).name
    'out.csv.autoden.json'
    """
    from autoden.io.companions import companion_path

    return companion_path(_file_of(output))


def _file_of(output: Path) -> Path:
    """Follow a link to the file that is written in truth."""
    given = output.expanduser()
    return given.resolve() if given.is_symlink() else given


def _has_paths(value: Any) -> bool:
    values = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(each, Path) for each in values)


def _plain_paths(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return relative_to(folder, value)
    if isinstance(value, list | tuple):
        return [_plain_paths(item, folder) for item in value]
    return plain(value)
