"""How the memory of one step serves the next."""

import torch

BLOCK = 31 * 2**20
"""Bytes; just under the 32 MiB above which glibc always asks the system."""


def keep_freed_memory() -> None:
    """Make the C library keep freed memory for the next step, rather than give it back.

    A training step allocates and frees the same few megabytes each time. By default glibc returns
    blocks of that size to the system at once and then waits for fresh pages, which doubles the time
    of small networks on a CPU. It stops doing so for all blocks up to the largest that was ever
    freed: one untouched block, which costs microseconds, teaches it. Other C libraries ignore it.
    """
    torch.empty(BLOCK, dtype=torch.uint8)
