"""What a network was like, to tell at once whether it still is."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

COLLECTIONS = (dict, set, list)


class Snapshot:
    """All that the modules of a network hold, but for the values of its tensors.

    Layers, their classes and settings, modes, hooks, which tensors there are, where and how their
    values lie, and which of them learn. To look takes microseconds. Hooks on torch's graph itself
    (`torch.autograd.graph.Node`) belong to no network and do not show.

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
        modules = list(network.modules())
        self._modules = [(module, type(module), dict(vars(module))) for module in modules]
        held = [value for module in modules for value in vars(module).values()]
        collections = [value for value in held if isinstance(value, COLLECTIONS)]
        self._empty = [collection for collection in collections if not collection]
        full = [_values(collection) for collection in collections if collection]
        # what is in them is kept, so that nothing else gets its identity
        self._full = [(values, [*values], [*map(id, values)]) for values in full]
        self._parameters, self._buffers = [*network.parameters()], [*network.buffers()]
        self._memory = [tensor.detach() for tensor in (*self._parameters, *self._buffers)]
        self._forms = self._look()
        self._is_known = not any(map(has_hooks, self._parameters))

    def holds(self) -> bool:
        """Tell whether nothing has changed; never where a parameter had hooks already."""
        try:
            return (
                self._is_known
                and all(
                    module.__class__ is kind and module.__dict__ == held
                    for module, kind, held in self._modules
                )
                and not any(self._empty)
                # by identity: two tensors of one number are equal, but not the same
                and all([*map(id, values)] == before for values, _, before in self._full)
                and self._look() == self._forms
            )
        except Exception:  # what cannot be compared has changed
            return False

    def _look(self) -> list[tuple[Any, ...]]:
        """Say where the tensors lie and how, and what is special about parameters."""
        return [
            *((b.data_ptr(), b.shape, b.stride()) for b in self._buffers),
            *(
                (
                    p.data_ptr(), p.shape, p.stride(), p.is_neg(), p.requires_grad,
                    not p._backward_hooks, not p._post_accumulate_grad_hooks,
                )
                for p in self._parameters
            ),
        ]  # fmt: skip


def has_hooks(tensor: Tensor) -> bool:
    """Tell whether something looks at the gradients of a tensor, or changes them."""
    return bool(tensor._backward_hooks or tensor._post_accumulate_grad_hooks)


def _values(collection: Any) -> Any:
    """Show what is in a collection, now and later."""
    return collection.values() if isinstance(collection, dict) else collection
