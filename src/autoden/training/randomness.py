"""Randomness inside a network, such as dropout: torch draws it from its own state alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int | None, device: torch.device) -> Iterator[None]:
    """Let torch's own draws repeat within a block, and leave its state as it was.

    Parameters
    ----------
    seed : int or None
        None changes nothing: the draws follow the state that there is.
    device : torch.device
        Where the network is.

    Examples
    --------
    >>> with seeded(0, torch.device("cpu")):
    ...     first = torch.rand(3)
    >>> with seeded(0, torch.device("cpu")):
    ...     assert torch.equal(torch.rand(3), first)
    """
    if seed is None:
        yield
        return
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.default_generator.manual_seed(seed)
        for gpu in gpus:
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(seed)
        yield
