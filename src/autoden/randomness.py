"""Where random numbers come from: a seed and nothing else, or the global state where there is none.

With a seed no global state is touched. Without one, draws follow the state of numpy and torch, so
that those who seed these at the top of a script get what they expect.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import numpy as np
import torch

_seeding = RLock()


def numpy_generator(seed: int | None, purpose: str) -> np.random.Generator:
    """Make a source of random numbers that depends on the seed and the purpose alone.

    Examples
    --------
    >>> one, same, other = (numpy_generator(0, purpose) for purpose in ("a", "a", "b"))
    >>> one.random() == same.random() != other.random()
    True
    """
    if seed is None:
        return np.random.default_rng(np.random.randint(2**31, size=4))  # noqa: NPY002 - see above
    return np.random.default_rng([seed, *purpose.encode()])


def torch_generator(seed: int | None, device: torch.device | str = "cpu") -> torch.Generator | None:
    """Make a source of random numbers for torch; None lets it follow its own state."""
    return None if seed is None else torch.Generator(device).manual_seed(seed)


@contextmanager
def seeded(seed: int | None, device: torch.device) -> Iterator[None]:
    """Let draws from torch's own state, such as dropout's, repeat within a block; then restore it.

    There is one such state: while a thread is in the block, others wait at it.

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
    with _seeding, torch.random.fork_rng(devices=gpus):
        torch.default_generator.manual_seed(seed)
        for gpu in gpus:
            with torch.cuda.device(gpu):
                torch.cuda.manual_seed(seed)
        yield
