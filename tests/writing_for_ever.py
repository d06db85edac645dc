"""Write a file again and again and be killed at it: ``python writing_for_ever.py PATH SEED``.

For every line of the input a child writes, and is killed after a moment; "killed" is the answer.
Every time all numbers are others, and equal to each other, so that half of a file is told.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

import autoden.io as aio
from autoden.io.registry import format_of
from io_signals import typical


def write_for_ever(path, begun):
    usual = typical(format_of(path).holds)
    number = 0
    while True:
        number = number % 200 + 1
        aio.write(path, usual.with_data(np.full(usual.shape, number, np.uint8)), overwrite=True)
        os.write(begun, b".")


def main(path, seed):
    rng = random.Random(seed)
    format_of(path).function("write")  # imported before the children are made
    for _ in sys.stdin:
        written, begun = os.pipe()
        child = os.fork()
        if child == 0:
            write_for_ever(path, begun)
        os.read(written, 1)  # once it has written, so that the rest is chance
        time.sleep(rng.uniform(0, 0.05))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(written)
        os.close(begun)
        sys.stdout.write("killed\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
