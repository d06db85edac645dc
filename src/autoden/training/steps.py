"""One optimizer step: its learning rate, and what happens when a gradient is not finite."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from autoden.training.flat import FlatParameters
from autoden.training.optimizer import Optimizer
from autoden.training.schedule import Schedule

Evaluation = Callable[[], tuple[Tensor, Tensor]]
"""Adds the gradients of a batch anew; its first result is the loss."""

AT_HAND = ("cpu",)
"""Devices whose numbers the host reads without waiting."""


class Stepper:
    """Takes optimizer steps, leaves out those whose gradients are not finite, and counts them.

    On a CPU the host sees the gradients at once and decides. Elsewhere it would have to wait for
    them: fused optimizers leave out a step by themselves on a flag that stays on the device; for
    the others the host waits.

    Parameters
    ----------
    weights : FlatParameters
        What is stepped.
    optimizer : Optimizer
        Of these weights, as `make_optimizer` makes it.
    schedule : callable
        Factor on the learning rate for each epoch.

    Attributes
    ----------
    device : torch.device
        Where the parameters are.
    n_steps : int
        Number of steps so far, those left out among them.
    """

    def __init__(self, weights: FlatParameters, optimizer: Optimizer, schedule: Schedule) -> None:
        self._weights = weights
        self._optimizer = optimizer
        self._schedule = schedule
        self._base_rates = [group["lr"] for group in optimizer.param_groups]
        self.device = weights.vector.device
        fused = bool(optimizer.defaults.get("fused"))
        self._decides_on_device = fused and self.device.type not in AT_HAND
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
        gradient = self._weights.gradient()
        if accumulated:
            gradient /= weight + (weight == 0)
        self.n_steps += 1
        if self._decides_on_device:
            self._step_unless_flagged(gradient, weight)
        else:
            self._step_if_valid(gradient, weight, again)
        gradient.zero_()  # the gradients of all parameters lie here since `gradient` was asked for

    def _step_unless_flagged(self, gradient: Tensor, weight: Tensor) -> None:
        invalid = (~torch.isfinite(gradient.sum())).to(torch.float32)
        # the flag that torch's own gradient scaler sets; no public setter for it
        self._optimizer.found_inf = invalid.maximum(weight == 0)  # type: ignore[union-attr]
        self._optimizer.step()
        self._n_invalid += invalid
        self._streak = (self._streak + 1) * invalid

    def _step_if_valid(self, gradient: Tensor, weight: Tensor, again: Evaluation) -> None:
        valid = math.isfinite(float(gradient.sum()))
        if valid and weight != 0:
            if isinstance(self._optimizer, torch.optim.LBFGS):
                valid = self._search_line(self._optimizer, again)
            else:
                self._optimizer.step()
        if not valid:
            self._n_invalid += 1
            self._streak += 1
        elif self._streak:
            self._streak.zero_()

    def _search_line(self, optimizer: torch.optim.LBFGS, again: Evaluation) -> bool:
        """Take a step of L-BFGS; undo it if an evaluation on the way was not finite."""
        losses: list[float] = []

        def closure() -> float:
            self._weights.clear()
            losses.append(float(again()[0]))
            return losses[-1]

        before = self._weights.vector.detach().clone()
        optimizer.step(closure)  # type: ignore[no-untyped-call]
        self._weights.clear()  # a closure may have left gradients elsewhere
        if all(math.isfinite(loss) for loss in losses):
            return True
        with torch.no_grad():
            self._weights.vector.copy_(before)
        optimizer.state.clear()
        return False

    @property
    def n_invalid(self) -> int:
        """Number of steps left out so far; asking for it waits for the device."""
        return int(self._n_invalid)

    @property
    def invalid_streak(self) -> Tensor:
        """Number of steps left out since the last valid one, a scalar on the device."""
        return self._streak
