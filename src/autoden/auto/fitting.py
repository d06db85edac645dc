"""Training as a step of a longer run: to its end, or the run ends with it."""

from __future__ import annotations

from torch import nn

from autoden.training.engine import fit
from autoden.training.settings import TrainingSettings
from autoden.training.task import Task


def fit_to_the_end(network: nn.Module, task: Task, settings: TrainingSettings) -> None:
    """Train a network; Ctrl-C, after which a training of its own would keep what it has, ends all.

    Raises
    ------
    KeyboardInterrupt
        The training was interrupted.
    """
    if fit(network, task, settings).stopped:
        raise KeyboardInterrupt
