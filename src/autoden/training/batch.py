"""What the network sees and what it should predict: the only thing that reaches the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """What the network sees, what it should predict, and how much each error counts.

    Attributes
    ----------
    input : Tensor
        Shape (N, C_in, *S), float32.
    target : Tensor
        Shape (N, C_out, *S), float32.
    weight : Tensor
        Shape (N, C_out, *S), float32. How much each error trains; 0 where the comparison would be
        unfair or where the error is held out.
    held_out : Tensor
        Shape (N, C_out, *S), bool. Errors that are scored and never train.
    """

    input: Tensor
    target: Tensor
    weight: Tensor
    held_out: Tensor

    @cached_property
    def total_weight(self) -> Tensor:
        """Give the sum of the weights, a scalar; a batch that stays the same sums once."""
        return self.weight.sum()

    @cached_property
    def scored(self) -> tuple[Tensor, Tensor]:
        """Give what is held out as numbers 0 and 1, shape (M,), and the sums that need no output.

        The latter, shape (3,), are the count and the sums of the targets and of their squares.
        """
        chosen = self.held_out.reshape(-1).to(self.target.dtype)
        targets = chosen * self.target.reshape(-1)
        sums = torch.stack((chosen.sum(), targets.sum(), targets @ self.target.reshape(-1)))
        return chosen, sums

    @cached_property
    def rows(self) -> tuple[NDArray[Any], ...]:
        """Give target, weight, its sum and what is held out as rows in the memory of a CPU."""
        tensors = (self.target, self.weight, self.total_weight, self.held_out)
        return tuple(tensor.numpy().ravel() for tensor in tensors)

    def __len__(self) -> int:
        return len(self.input)

    def map(self, function: Callable[[Tensor], Tensor]) -> Batch:
        """Apply one function to all four tensors, so that they stay aligned."""
        return Batch(
            function(self.input),
            function(self.target),
            function(self.weight),
            function(self.held_out),
        )
