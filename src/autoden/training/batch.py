"""What the network sees and what it should predict: the only thing that reaches the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
