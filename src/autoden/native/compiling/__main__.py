"""Compile the function that the command line names."""

import sys
from pathlib import Path

from autoden.native.compiling.entry import compile_to

*what, file = sys.argv[1:]
compile_to(*what, Path(file))
