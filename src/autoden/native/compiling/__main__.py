"""Compile the function that the command line names, and write machine code to standard output."""

import os
import sys
import threading
import time

from autoden.native.compiling.entry import machine_code_of
from autoden.native.interface import Function


def _end_with(parent: int) -> None:
    """End when nobody waits any more for what is compiled."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
mark, *wanted = sys.argv[1:]
with os.fdopen(os.dup(1), "wb") as out:
    os.dup2(2, 1)  # whatever else is written is no machine code
    out.write(mark.encode() + machine_code_of(Function(*wanted)))
