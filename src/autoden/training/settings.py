"""How long and how fast to train: plain values, checked at once, without importing torch."""

from __future__ import annotations

from dataclasses import dataclass

from autoden.checks import choice, flag, number, whole_number
from autoden.errors import InputError
from autoden.models.optimizers import OPTIMIZERS


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Parameters
    ----------
    epochs : int
        How many times the training data are seen, at least 1.
    learning_rate : float
        Step size of the optimizer at the start, above 0.
    optimizer : {"adam", "sgd", "rmsprop", "lbfgs"}
        "adam" is AdamW with weight decay 1e-2.
    restarts : int, optional
        Cosine annealing of the learning rate in this many cycles over the epochs; each cycle
        starts again at `learning_rate`. None keeps the rate constant.
    accum_grads : bool
        Take one step per epoch, with the gradients of its batches averaged.
    average : float
        Keep an average of the weights over the last 1 / (1 - average) epochs instead of the
        weights themselves, from 0 (none) to below 1.

    Raises
    ------
    InputError
        A value outside its range.

    Examples
    --------
    >>> TrainingSettings(epochs=0)
    Traceback (most recent call last):
    ...
    autoden.errors.InputError: `epochs` is 0: give a whole number of at least 1.
    """

    epochs: int
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    restarts: int | None = None
    accum_grads: bool = False
    average: float = 0.0

    def __post_init__(self) -> None:
        whole_number("epochs", self.epochs)
        number("learning_rate", self.learning_rate, above=0)
        if isinstance(self.optimizer, str):
            object.__setattr__(self, "optimizer", self.optimizer.lower())
        choice("optimizer", self.optimizer, OPTIMIZERS)
        flag("accum_grads", self.accum_grads)
        number("average", self.average, at_least=0, below=1)
        if self.restarts is not None and whole_number("restarts", self.restarts) > self.epochs:
            raise InputError(
                f"`restarts` is {self.restarts}: give at most `epochs` (={self.epochs}), or None "
                "for a constant learning rate."
            )
        if self.optimizer == "lbfgs" and self.accum_grads:
            raise InputError(
                "`optimizer` is 'lbfgs', which evaluates a batch several times per step and cannot "
                "be combined with `accum_grads`: use `batch_size=None` instead."
            )
