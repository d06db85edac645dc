"""Compile the function that the command line names, and write machine code to standard output."""

import os
import sys

from autoden.native.compiling.entry import machine_code_of
from autoden.native.interface import Function

with os.fdopen(os.dup(1), "wb") as out:
    os.dup2(2, 1)  # whatever else is written is no machine code
    out.write(machine_code_of(Function(*sys.argv[1:])))
