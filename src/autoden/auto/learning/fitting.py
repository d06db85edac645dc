"""Training as a step of a longer run: to its end, or the run ends with it; several at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

import torch
from torch import nn

from autoden.training.engine import fit
from autoden.training.observers import Observer
from autoden.training.settings import TrainingSettings
from autoden.training.task import Task

T = TypeVar("T")


def fit_to_the_end(
    network: nn.Module,
    task: Task,
    settings: TrainingSettings,
    observers: Sequence[Observer] = (),
) -> None:
    """Train a network; Ctrl-C, after which a training of its own would keep what it has, ends all.

    Raises
    ------
    KeyboardInterrupt
        The training was interrupted.
    """
    if fit(network, task, settings, observers=observers).stopped:
        raise KeyboardInterrupt


def side_by_side(train: Callable[..., T], *arguments: list[Any]) -> list[T]:
    """Call a function for each set of arguments, as many at a time as torch has threads.

    Each call computes on one thread: small networks gain more by that than by sharing the threads.
    Results do not depend on the number of threads, as long as calls draw from generators of their
    own.

    Examples
    --------
    >>> side_by_side(lambda a, b: a + b, [1, 2], [10, 20])
    [11, 22]
    """
    with _one_thread_each as n_threads:
        pool = ThreadPoolExecutor(n_threads)
        try:
            return list(pool.map(train, *arguments))
        finally:
            pool.shutdown(cancel_futures=True)


class _OneThreadEach:
    """Has torch compute on one thread while any of several callers wants that.

    The number of threads belongs to the whole process: the last to leave puts it back.
    """

    def __init__(self) -> None:
        self._changing, self._n_callers, self._n_threads = Lock(), 0, 1

    def __enter__(self) -> int:
        """Give how many threads there were before."""
        with self._changing:
            if self._n_callers == 0:
                self._n_threads = torch.get_num_threads()
                torch.set_num_threads(1)
            self._n_callers += 1
            return self._n_threads

    def __exit__(self, *error: object) -> None:
        with self._changing:
            self._n_callers -= 1
            if self._n_callers == 0:
                torch.set_num_threads(self._n_threads)


_one_thread_each = _OneThreadEach()
