"""What a run was given, in a file beside its output that repeats it: ``--config`` reads it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from autoden.cli.configuration import COMMAND, VERSION, relative_to
from autoden.cli.events import plain
from autoden.cli.versions import version

if TYPE_CHECKING:
    from autoden.signals import Signal

SUFFIX = ".autoden.yaml"
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

    def resolved(self, folder: Path, found: Mapping[str, Any]) -> dict[str, Any]:
        """Put together what the file will hold.

        Parameters
        ----------
        folder : Path
            Where it will be; paths in or below it are written relative to it.
        found : mapping
            Options whose defaults depend on the data, as they were used.
        """
        merged = {**self.settings, **found}
        options = {n: v for n, v in merged.items() if n not in MANNERS and v is not None}
        return {
            COMMAND: self.command,
            VERSION: version(),
            **{name: _plain_paths(value, folder.absolute()) for name, value in options.items()},
        }

    def noted_in(
        self, result: Signal, files: Sequence[Path], found: Mapping[str, Any] | None = None
    ) -> Signal:
        """Add to the metadata of a result what was done, and to which files."""
        from autoden.io.provenance import provenance, with_provenance

        merged = {**self.settings, **(found or {})}
        options = {
            name: plain(value)
            for name, value in merged.items()
            if name not in (*MANNERS, "seed") and not _has_paths(value) and plain(value) is not None
        }
        step = provenance(self.command, files, settings=options, seed=merged.get("seed"))
        return with_provenance(result, step)

    def write(self, output: Path, found: Mapping[str, Any], *, overwrite: bool) -> Path:
        """Write the file beside an output."""
        import yaml

        from autoden.io.files import replacing

        path = record_path(output)
        values = self.resolved(path.parent, found)
        text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
        with replacing(path, overwrite=overwrite) as temporary:
            again = f"autoden --config {path.name} --force"
            head = f"# How {output.name} was made; it is made again by: {again}\n"
            temporary.write_text(head + text, encoding="utf-8")
        return path


NO_RECORD = Record()
"""Of a call that came from no command line."""
TakesRecord = Annotated[Record, Parameter(parse=False)]
"""Of a command that is given the options of its own call."""


def record_path(output: Path) -> Path:
    """Say where the options of a run go.

    Examples
    --------
    >>> record_path(Path("out.csv")).name
    'out.csv.autoden.yaml'
    """
    return output.with_name(f"{output.name}{SUFFIX}")


def _has_paths(value: Any) -> bool:
    values = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(each, Path) for each in values)


def _plain_paths(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return relative_to(folder, value)
    if isinstance(value, list | tuple):
        return [_plain_paths(item, folder) for item in value]
    return plain(value)
