"""What lies beyond the ends of a signal: its mirror image, or its other end.

The wavelets and the filter banks read past the ends of an axis; nothing here filters.
"""

from typing import Literal

import torch
from torch import Tensor

from autoden.checks import choice

Mode = Literal["symmetric", "periodic"]


def extend(x: Tensor, dim: int, before: int, after: int, mode: Mode = "symmetric") -> Tensor:
    """Lengthen an axis at both ends, by any number of elements.

    Parameters
    ----------
    x : Tensor
        Any shape and type; at least one element along `dim`.
    dim : int
        The axis.
    before, after : int
        How many elements to put at its start and at its end, also more than it has.
    mode : {"symmetric", "periodic"}
        Mirror the signal at its ends, the last element twice (numpy's "symmetric"), or repeat it
        (numpy's "wrap").

    Returns
    -------
    Tensor
        `x`, longer by `before` + `after` along `dim`.

    Examples
    --------
    >>> extend(torch.tensor([1, 2, 3]), 0, 1, 2).tolist()
    [1, 1, 2, 3, 3, 2]
    >>> extend(torch.tensor([1, 2, 3]), 0, 1, 2, "periodic").tolist()
    [3, 1, 2, 3, 1, 2]
    """
    choice("mode", mode, ("symmetric", "periodic"))
    if not (before or after):
        return x
    length = x.shape[dim]
    index = torch.arange(-before, length + after, device=x.device)
    if mode == "periodic":
        index = index % length
    else:
        index = index % (2 * length)
        index = torch.minimum(index, 2 * length - 1 - index)
    return x.index_select(dim, index)
