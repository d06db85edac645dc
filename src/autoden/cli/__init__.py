"""The command line: the only place that prints.

Each command is one small file that imports what it needs inside its function, so that
``autoden --help`` stays instant.
"""

import sys
from collections.abc import Sequence

EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command line and leave the program with its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The words after the program's name; None takes those of the process.
    """
    try:
        from autoden.cli.app import run

        sys.exit(run(arguments))
    except KeyboardInterrupt:  # while the program starts or ends
        sys.stderr.write("autoden: interrupted\n")
        sys.exit(EXIT_INTERRUPTED)
