"""Gradients that are to be differentiated once more: by torch's own functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Tensors = Sequence[Tensor | None]


def differentiable_gradients(
    compute: Callable[..., Tensor], inputs: Tensors, gradient: Tensor, needed: Sequence[bool]
) -> tuple[Tensor | None, ...]:
    """Turn the gradient by an output into those by the inputs, with gradients of their own.

    Parameters
    ----------
    compute : callable
        Makes the output of the inputs.
    inputs : sequence of Tensor or None
        What went in.
    gradient : Tensor
        By the output.
    needed : sequence of bool
        Of which inputs gradients are asked for.

    Returns
    -------
    tuple of Tensor or None
        One for each input; None where none is needed.

    Examples
    --------
    >>> x, y = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0)
    >>> by_x, by_y = differentiable_gradients(torch.mul, (x, y), torch.tensor(1.0), (True, False))
    >>> by_x.item(), by_y
    (3.0, None)
    """
    # Aliases: an input may have been made of another one, or of itself by the same function, and
    # how is the business of the graph around this.
    own = [None if x is None else x.view_as(x) for x in inputs]
    wanted = [x for x, needs in zip(own, needed, strict=True) if needs and x is not None]
    found = iter(torch.autograd.grad(compute(*own), wanted, gradient, create_graph=True))
    return tuple(
        next(found) if needs and x is not None else None
        for x, needs in zip(inputs, needed, strict=True)
    )
