"""How a command runs and what it says: options that every command of some length has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cyclopts import Parameter

from autoden.cli.options import RUN, Flag
from autoden.cli.telling import JsonLines, Teller, Terminal


@Parameter(name="*", group=RUN)
@dataclass(frozen=True)
class Manner:
    """How a command runs, and what it says.

    Attributes
    ----------
    config
        YAML or TOML file with options, by their names; those of the command line go before it.
    dry_run
        Read and check everything, say what would be done, and do nothing.
    json
        Tell progress and result as JSON lines on standard output, for programs.
    quiet
        Say nothing but warnings.
    debug
        Show where in the code an error came from.
    """

    config: Path | None = None
    dry_run: Flag = False
    json: Flag = False
    quiet: Flag = False
    debug: Flag = False

    def teller(self) -> Teller:
        """Start to tell what a run does."""
        return (JsonLines if self.json else Terminal)(quiet=self.quiet)


PLAIN = Manner()
"""Nothing is asked for."""
