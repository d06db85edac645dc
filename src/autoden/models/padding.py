"""Samples beyond the edges of a signal, for convolutions that keep its size."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from autoden.checks import choice

MODES = ("replicate", "reflect", "circular")


def pad_axis(x: Tensor, axis: int, width: int, mode: str) -> Tensor:
    """Extend `x` by `width` samples at both ends of `axis`.

    Written with slices rather than with `torch.nn.functional.pad`, whose gradient is not
    repeatable on a GPU.

    Parameters
    ----------
    x : Tensor
        Any shape.
    axis : int
        The axis to extend.
    width : int
        Number of samples on each side.
    mode : {"replicate", "reflect", "circular"}
        The edge sample again; a mirror image about the edge sample; the other end. An axis
        shorter than the reflection or the wrap needs is replicated instead.

    Returns
    -------
    Tensor
        As `x`, with ``2 * width`` more samples along `axis`.

    Examples
    --------
    >>> pad_axis(torch.arange(4), 0, 2, "reflect").tolist()
    [2, 1, 0, 1, 2, 3, 2, 1]
    """
    size = x.shape[axis]
    if mode == "reflect" and width < size:
        before = x.narrow(axis, 1, width).flip(axis)
        after = x.narrow(axis, size - 1 - width, width).flip(axis)
    elif mode == "circular" and width <= size:
        before = x.narrow(axis, size - width, width)
        after = x.narrow(axis, 0, width)
    else:
        shape = [width if a == axis else -1 for a in range(x.ndim)]
        before = x.narrow(axis, 0, 1).expand(shape)
        after = x.narrow(axis, size - 1, 1).expand(shape)
    return torch.cat((before, x, after), dim=axis)


class Pad(nn.Module):
    """Extend all spatial axes of ``(N, C, *S)`` by `width` samples on each side (`pad_axis`)."""

    def __init__(self, width: int, mode: str) -> None:
        super().__init__()
        self.width = width
        self.mode = choice("mode", mode, MODES)

    def forward(self, x: Tensor) -> Tensor:
        """Return the tensor ``(N, C, *(S + 2 * width))``."""
        # torch's compiler is mistaken about the layout of the gradients of its own padding
        plain = x.is_cpu and not torch.compiler.is_compiling()
        if plain and x.ndim > 3 and self._is_one_copy(x.shape[2:]):
            return functional.pad(x, (self.width,) * 2 * (x.ndim - 2), self.mode)
        for axis in range(2, x.ndim):
            x = pad_axis(x, axis, self.width, self.mode)
        return x

    def _is_one_copy(self, size: torch.Size) -> bool:
        """Tell whether torch has all axes padded at once: it knows no mixed modes."""
        return self.mode == "replicate" or (self.mode == "reflect" and self.width < min(size))

    def extra_repr(self) -> str:
        """Return what distinguishes this layer when the network is printed."""
        return f"width={self.width}, mode={self.mode!r}"
