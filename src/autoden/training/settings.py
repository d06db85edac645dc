"""How long and how fast to train: plain values, checked at once, without importing torch."""

from __future__ import annotations

import math
from dataclasses import dataclass

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

    Raises
    ------
    InputError
        A value outside its range.

    Examples
    --------
    >>> TrainingSettings(epochs=0)
    Traceback (most recent call last):
    ...
    autoden.errors.InputError: `epochs` (=0) must be at least 1.
    """

    epochs: int
    learning_rate: float = 1e-3
    optimizer: str = "adam"
    restarts: int | None = None
    accum_grads: bool = False

    def __post_init__(self) -> None:
        if int(self.epochs) != self.epochs or self.epochs < 1:
            raise InputError(f"`epochs` (={self.epochs}) must be at least 1.")
        if not (math.isfinite(self.learning_rate) and self.learning_rate > 0):
            raise InputError(f"`learning_rate` (={self.learning_rate}) must be above 0.")
        if self.optimizer not in OPTIMIZERS:
            choices = ", ".join(OPTIMIZERS)
            raise InputError(f"`optimizer` (={self.optimizer!r}) must be one of: {choices}.")
        if self.optimizer == "lbfgs" and self.accum_grads:
            raise InputError(
                "`optimizer` (='lbfgs') evaluates a batch several times per step and cannot be "
                "combined with `accum_grads`; use `batch_size=None` instead."
            )
        if self.restarts is not None and not 1 <= self.restarts <= self.epochs:
            raise InputError(
                f"`restarts` (={self.restarts}) must lie between 1 and `epochs` (={self.epochs}); "
                "use None for a constant learning rate."
            )
