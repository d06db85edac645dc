"""The command line: the only place that prints.

Each command is one small file that imports what it needs inside its function, so that
``autoden --help`` stays instant.
"""

from autoden.cli.app import main

__all__ = ["main"]
