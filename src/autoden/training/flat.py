"""All trainable parameters of a network as one vector, for the time of a training.

A small network has many small tensors, and each costs every operation on them a call: the step of
the optimizer, the check of the gradients, the clearing. As parts of one vector they cost one.
"""

from __future__ import annotations

from types import TracebackType

import torch
from torch import Tensor, nn

from autoden.errors import InputError


class FlatParameters(nn.Module):
    """Lays the trainable parameters of a network, and their gradients, side by side in memory.

    The parameters stay the same objects of the same shapes; only their memory moves. When the
    context ends each has memory of its own again, and no gradient.

    Parameters
    ----------
    model : torch.nn.Module
        Its trainable parameters share one type and one device.

    Attributes
    ----------
    vector : torch.nn.Parameter
        Shape (n,), of all n trainable numbers.
    learning : list of torch.nn.Parameter
        The trainable parameters, in the order of their numbers.

    Examples
    --------
    >>> model = nn.Linear(2, 1)
    >>> with FlatParameters(model) as flat:
    ...     _ = flat.vector.data.fill_(1.0)
    ...     model(torch.ones(1, 2)).backward()
    ...     gradient = flat.gradient().tolist()
    >>> gradient, model.weight.tolist()
    ([1.0, 1.0, 1.0], [[1.0, 1.0]])
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.learning = [p for p in model.parameters() if p.requires_grad]
        kinds = {(p.dtype, p.device) for p in self.learning}
        if len(kinds) != 1:
            said = ", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds)) or "none"
            raise InputError(
                f"The network's parameters to train are {said}: give them one type and device."
            )
        self.vector = nn.Parameter(torch.cat([p.detach().reshape(-1) for p in self.learning]))
        self.vector.grad = torch.zeros_like(self.vector)
        self._gradients = self._shaped(self.vector.grad)

    def _shaped(self, vector: Tensor) -> list[Tensor]:
        """Give the part of each parameter in a vector, in its shape."""
        parts = torch.split(vector, [p.numel() for p in self.learning])
        return [part.view_as(p) for part, p in zip(parts, self.learning, strict=True)]

    def gradient(self) -> Tensor:
        """Give the gradients as one vector, also those that were put elsewhere meanwhile."""
        for parameter, gradient in zip(self.learning, self._gradients, strict=True):
            if parameter.grad is not gradient:  # a network that cleared its own gradients
                gradient.zero_() if parameter.grad is None else gradient.copy_(parameter.grad)
                parameter.grad = gradient
        assert self.vector.grad is not None
        return self.vector.grad

    def add(self, gradient: Tensor) -> None:
        """Add to the gradients what is given as one vector, shape (n,)."""
        self.gradient().add_(gradient)

    def clear(self) -> None:
        """Set all gradients to zero."""
        self.gradient().zero_()

    def __enter__(self) -> FlatParameters:
        values = self._shaped(self.vector.detach())
        for parameter, value, gradient in zip(self.learning, values, self._gradients, strict=True):
            parameter.data, parameter.grad = value, gradient
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for parameter in self.learning:
            parameter.data = parameter.data.clone()
            parameter.grad = None
