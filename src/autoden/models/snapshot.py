"""What a network was like, to tell at once whether it still is."""

from __future__ import annotations

from copy import copy
from typing import Any

from torch import Tensor, nn


class Snapshot:
    """All that the modules of a network hold, but for the values of its tensors.

    Layers, settings, modes, hooks, which tensors there are, where their values lie and which of
    them learn: what makes a difference to a pass shows, and to look takes microseconds.

    Parameters
    ----------
    network : torch.nn.Module
        Its modules are compared with what they hold now.

    Examples
    --------
    >>> network = nn.Sequential(nn.Linear(2, 1))
    >>> snapshot = Snapshot(network)
    >>> _ = network[0].weight.data.fill_(3.0)
    >>> snapshot.holds()
    True
    >>> _ = network.eval()
    >>> snapshot.holds()
    False
    """

    def __init__(self, network: nn.Module) -> None:
        self._modules = [(vars(module), _contents(module)) for module in network.modules()]
        self._tensors = [*network.parameters(), *network.buffers()]
        self._of_tensors = [_place(tensor) for tensor in self._tensors]
        self._memory = [tensor.detach() for tensor in self._tensors]  # so that no other gets it

    def holds(self) -> bool:
        """Tell whether nothing has changed."""
        try:
            return all(now == then for now, then in self._modules) and (
                [_place(tensor) for tensor in self._tensors] == self._of_tensors
            )
        except (RuntimeError, ValueError):  # other tensors or arrays, which cannot tell
            return False


def _contents(module: nn.Module) -> dict[str, Any]:
    """Copy what a module holds, and what its collections hold."""
    collections = (dict, set, list)
    return {
        name: copy(value) if isinstance(value, collections) else value
        for name, value in vars(module).items()
    }


def _place(tensor: Tensor) -> tuple[Any, ...]:
    """Say where a tensor lies, and what is special about it."""
    return tensor.data_ptr(), tensor.shape, tensor.requires_grad, has_hooks(tensor)


def has_hooks(tensor: Tensor) -> bool:
    """Tell whether something looks at the gradients of a tensor, or changes them."""
    return bool(tensor._backward_hooks or tensor._post_accumulate_grad_hooks)
