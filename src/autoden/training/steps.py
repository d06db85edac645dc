"""One optimizer step: its learning rate, and what happens when a gradient is not finite."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from autoden.training.schedule import Schedule

Evaluation = Callable[[], tuple[Tensor, Tensor]]
"""Adds the gradients of a batch anew; its first result is the loss."""


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

    def step(self, again: Evaluation, weight: Tensor, *, accumulated: bool = False) -> None:
        """Step along the gradients that lie ready, then clear them.

        Without weight there is nothing to learn from, and no step is taken: the gradients are
        those of penalties alone.

        Parameters
        ----------
        again : callable
            Adds the gradients anew and gives the loss first; only L-BFGS calls it, several times.
        weight : Tensor
            Scalar, how much what was evaluated weighs.
        accumulated : bool
            Whether the gradients are sums, to be divided by the weight.
        """
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        idle = (weight == 0).to(torch.float32)
        if accumulated:
            torch._foreach_div_(gradients, weight + idle)
        self.n_steps += 1
        invalid = (~torch.isfinite(get_total_norm(gradients))).to(torch.float32)
        if self._fused:
            # the flag that torch's own gradient scaler sets; no public setter for it
            self._optimizer.found_inf = invalid.maximum(idle)  # type: ignore[attr-defined]
            self._optimizer.step()
        elif not invalid and not idle and not self._needs_closure:
            self._optimizer.step()
        elif not invalid and not idle:
            invalid += not self._search_line(again)
        self._n_invalid += invalid
        self._streak = (self._streak + 1) * invalid
        self._optimizer.zero_grad(set_to_none=True)

    def _search_line(self, again: Evaluation) -> bool:
        """Take a step of L-BFGS; undo it if an evaluation on the way was not finite."""
        losses: list[float] = []

        def closure() -> float:
            self._optimizer.zero_grad(set_to_none=True)
            losses.append(float(again()[0]))
            return losses[-1]

        before = [p.detach().clone() for p in self._parameters]
        self._optimizer.step(closure)
        if all(math.isfinite(loss) for loss in losses):
            return True
        with torch.no_grad():
            for parameter, kept in zip(self._parameters, before, strict=True):
                parameter.copy_(kept)
        self._optimizer.state.clear()
        return False

    @property
    def n_invalid(self) -> int:
        """Number of steps left out so far; asking for it waits for the device."""
        return int(self._n_invalid)

    @property
    def invalid_streak(self) -> Tensor:
        """Number of steps left out since the last valid one, a scalar on the device."""
        return self._streak
