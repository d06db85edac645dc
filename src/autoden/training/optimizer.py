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

BETA_1, BETA_2, EPS = 0.9, 0.999, 1e-8
"""As the defaults of `torch.optim.AdamW`."""
WEIGHT_DECAY = 1e-2


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
        adamw(
            [self._vector],
            [self._gradient],
            [self._mean],
            [self._square],
            [],
            [self._n_steps],
            foreach=False,
            fused=self.defaults["fused"],
            found_inf=self.found_inf,
            amsgrad=False,
            beta1=BETA_1,
            beta2=BETA_2,
            lr=self.param_groups[0]["lr"],
            weight_decay=WEIGHT_DECAY,
            eps=EPS,
            maximize=False,
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
