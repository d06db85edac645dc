"""All trainable parameters of a network as one vector, for the time of a training.

A small network has many small tensors, and each costs every operation on them a call: the step of
the optimizer, the check of the gradients, the clearing. As parts of one vector they cost one.
"""

from __future__ import annotations

from types import TracebackType

import torch
from torch import Tensor, nn


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
        self._own = [p for p in model.parameters() if p.requires_grad]
        sizes = [p.numel() for p in self._own]
        self.vector = nn.Parameter(torch.cat([p.detach().reshape(-1) for p in self._own]))
        values = torch.split(self.vector.detach(), sizes)
        self.vector.grad = torch.zeros_like(self.vector)
        gradients = torch.split(self.vector.grad, sizes)
        self._gradients = [g.view_as(p) for g, p in zip(gradients, self._own, strict=True)]
        for parameter, value, gradient in zip(self._own, values, self._gradients, strict=True):
            parameter.data = value.view_as(parameter)
            parameter.grad = gradient

    def gradient(self) -> Tensor:
        """Give the gradients as one vector, also those that were put elsewhere meanwhile."""
        for parameter, gradient in zip(self._own, self._gradients, strict=True):
            if parameter.grad is not gradient:  # a network that cleared its own gradients
                gradient.zero_() if parameter.grad is None else gradient.copy_(parameter.grad)
                parameter.grad = gradient
        assert self.vector.grad is not None
        return self.vector.grad

    def clear(self) -> None:
        """Set all gradients to zero."""
        self.gradient().zero_()

    def __enter__(self) -> FlatParameters:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for parameter in self._own:
            parameter.data = parameter.data.clone()
            parameter.grad = None
