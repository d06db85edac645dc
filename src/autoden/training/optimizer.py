"""The optimizer of the loop: torch's own, and AdamW of one vector without what surrounds it.

`torch.optim.AdamW` takes a step on any lists of parameters, for which its base class brings in
torch's compiler: a second and 70 MB before the first step, and half the time of a small step.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim.adamw import adamw

from autoden.models.optimizers import FUSED_DEVICES, create_optimizer
from autoden.training.flat import FlatParameters
from autoden.training.settings import TrainingSettings

WEIGHT_DECAY = 1e-2
CONSTANTS: dict[str, Any] = {
    "beta1": 0.9,
    "beta2": 0.999,
    "eps": 1e-8,
    "weight_decay": WEIGHT_DECAY,
    "amsgrad": False,
    "maximize": False,
}
"""As the defaults of `torch.optim.AdamW`."""


class FlatAdamW:
    """AdamW of one vector of parameters.

    Parameters
    ----------
    vector : Tensor
        Shape (n,), stepped in place; its `grad` is always the same tensor.
    learning_rate : float
        At the start; later that in `param_groups`.

    Attributes
    ----------
    found_inf : Tensor, optional
        Scalar; what is not 0 has the next step left out.

    References
    ----------
    I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR (2019).
    """

    def __init__(self, vector: Tensor, learning_rate: float) -> None:
        assert vector.grad is not None
        self.param_groups: list[dict[str, Any]] = [{"lr": learning_rate}]
        self.defaults = {"fused": vector.device.type in FUSED_DEVICES}
        self.found_inf: Tensor | None = None
        self._vector, self._gradient = vector.detach(), vector.grad
        self._mean, self._square = torch.zeros_like(self._vector), torch.zeros_like(self._vector)
        fused = self.defaults["fused"]
        self._n_steps = torch.zeros((), device=vector.device if fused else "cpu")

    def step(self) -> None:
        """Step along the gradient that lies ready."""
        vectors: tuple[list[Tensor], ...]
        vectors = [self._vector], [self._gradient], [self._mean], [self._square], []
        rate = self.param_groups[0]["lr"]
        if self._vector.is_cpu:  # what `adamw` calls, too, after checks that take twice as long
            self._n_steps += 1
            torch._fused_adamw_(*vectors, [self._n_steps], lr=rate, **CONSTANTS)
            return
        adamw(
            *vectors,
            [self._n_steps],
            foreach=False,
            fused=self.defaults["fused"],
            found_inf=self.found_inf,
            lr=rate,
            **CONSTANTS,
        )


Optimizer = FlatAdamW | torch.optim.Optimizer
"""What the loop steps with."""


def make_optimizer(weights: FlatParameters, settings: TrainingSettings) -> Optimizer:
    """Make the optimizer that the settings ask for.

    Examples
    --------
    >>> model = torch.nn.Linear(2, 1)
    >>> with FlatParameters(model) as weights:
    ...     optimizer = make_optimizer(weights, TrainingSettings(epochs=1, learning_rate=0.5))
    ...     model(torch.ones(1, 2)).backward()
    ...     before = weights.vector.tolist()
    ...     optimizer.step()
    >>> [round(a - b, 2) for a, b in zip(before, weights.vector.tolist())]
    [0.5, 0.5, 0.5]
    """
    if settings.optimizer == "adam":
        return FlatAdamW(weights.vector, settings.learning_rate)
    return create_optimizer(
        weights, settings.optimizer, settings.learning_rate, weight_decay=WEIGHT_DECAY
    )
