"""One optimizer step: its learning rate, and what happens when a gradient is not finite."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from autoden.training.schedule import Schedule


class Stepper:
    """Takes optimizer steps, leaves out those whose gradients are not finite, and counts them.

    Fused optimizers leave out a step by themselves on a flag that stays on the device, so nothing
    waits; the others are asked on the host.

    Parameters
    ----------
    model : torch.nn.Module
        Its parameters are stepped.
    optimizer : torch.optim.Optimizer
        As `create_optimizer` makes it.
    schedule : callable
        Factor on the learning rate for each epoch.

    Attributes
    ----------
    device : torch.device
        Where the parameters are.
    n_steps : int
        Number of steps so far, those left out among them.
    """

    def __init__(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, schedule: Schedule
    ) -> None:
        self._parameters = [p for p in model.parameters() if p.requires_grad]
        self._optimizer = optimizer
        self._schedule = schedule
        self._base_rates = [group["lr"] for group in optimizer.param_groups]
        self._fused = bool(optimizer.defaults.get("fused"))
        self._needs_closure = isinstance(optimizer, torch.optim.LBFGS)
        self.device = self._parameters[0].device
        self.n_steps = 0
        self._n_invalid = torch.zeros((), device=self.device)
        self._streak = torch.zeros_like(self._n_invalid)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of this epoch."""
        factor = self._schedule(epoch)
        for group, rate in zip(self._optimizer.param_groups, self._base_rates, strict=True):
            group["lr"] = rate * factor

    def step(self, again: Callable[[], Tensor], *, total_weight: Tensor | None = None) -> None:
        """Step along the gradients that lie ready, then clear them.

        Parameters
        ----------
        again : callable
            Evaluates loss and gradients anew; only L-BFGS calls it, several times.
        total_weight : Tensor, optional
            Scalar, what the accumulated gradients are divided by.
        """
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        if total_weight is not None:
            torch._foreach_div_(gradients, total_weight)
        self.n_steps += 1
        invalid = (~torch.isfinite(get_total_norm(gradients))).to(torch.float32)
        self._n_invalid += invalid
        self._streak = (self._streak + 1) * invalid
        if self._fused:
            self._optimizer.found_inf = invalid  # type: ignore[attr-defined]
            self._optimizer.step()
        elif not invalid:
            self._optimizer.step(self._closure(again) if self._needs_closure else None)
        self._optimizer.zero_grad(set_to_none=True)

    def _closure(self, again: Callable[[], Tensor]) -> Callable[[], float]:
        def closure() -> float:
            self._optimizer.zero_grad(set_to_none=True)
            return float(again())

        return closure

    @property
    def n_invalid(self) -> int:
        """Number of steps left out so far; asking for it waits for the device."""
        return int(self._n_invalid)

    @property
    def invalid_streak(self) -> Tensor:
        """Number of steps left out since the last valid one, a scalar on the device."""
        return self._streak
