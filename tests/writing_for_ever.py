"""Write the same file again and again until killed: ``python writing_for_ever.py PATH``.

Every time all numbers are others, and equal to each other, so that half of a file is told.
"""

import sys
from pathlib import Path

import numpy as np

import autoden.io as aio
from autoden.io.registry import format_of
from io_signals import typical

path = Path(sys.argv[1])
usual = typical(format_of(path).holds)
sys.stdout.write("ready\n")
sys.stdout.flush()
number = 0
while True:
    number = number % 200 + 1
    shape = (*usual.shape[:-1], usual.shape[-1])
    aio.write(path, usual.with_data(np.full(shape, number, np.uint8)), overwrite=True)
