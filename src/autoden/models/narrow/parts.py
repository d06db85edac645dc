"""Which layers of a sequence form a chain, and what they compute with.

Only plain modules of torch and `Pad` are recognised; a module that has hooks or was changed is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from autoden.models.narrow.availability import TENSORS
from autoden.models.padding import Pad

PAD_MODES = ("zeros", "replicate", "reflect", "circular")
WIDEST = 192
"""Up to so many channels before and after a convolution together the kernels are about as quick as
torch, and quicker with the normalisation and the rectifier."""

NOTHING: Mapping[str, Tensor | None] = {}
SCALES = {"weight", "bias"}
MOMENTS = {"running_mean", "running_var", "num_batches_tracked"}
"""What a normalisation trains, and what it measures; each may be None."""


class Layer(NamedTuple):
    """A layer of a chain: a convolution that keeps the size, and what follows it.

    Attributes
    ----------
    n_in, n_out : int
        Channels of the convolution.
    kernel : tuple of int
        Its size along every axis; ``(size - 1) * dilation`` is even.
    dilation : int
        The same along every axis.
    pad_mode : str
        As in `autoden.models.padding.pad_axis`, or "zeros".
    slope : float
        Of the leaky rectifier, not negative; 1 if there is none.
    is_normalised, of_batch : bool
        Whether a batch normalisation follows, and whether by the statistics of the batch.
    eps, momentum : float
        As in `torch.nn.BatchNorm1d`.
    """

    n_in: int
    n_out: int
    kernel: tuple[int, ...]
    dilation: int
    pad_mode: str
    slope: float
    is_normalised: bool = False
    of_batch: bool = False
    eps: float = 0.0
    momentum: float = 0.0

    @property
    def reach(self) -> tuple[int, ...]:
        """How far an output looks to each side along every axis."""
        return tuple((size - 1) * self.dilation // 2 for size in self.kernel)

    @property
    def mode(self) -> int:
        """The number of the padding."""
        return PAD_MODES.index(self.pad_mode)

    @property
    def responds(self) -> bool:
        """Whether anything follows the convolution."""
        return self.is_normalised or self.slope != 1


Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d
Normalisation = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
"""Of one, two and three axes."""


class Part:
    """A convolution, the padding before it, and what follows it."""

    def __init__(self, conv: Convolution, pad: Pad | None) -> None:
        self.conv, self.pad = conv, pad
        self.norm: Normalisation | None = None
        self.slope: float | None = None

    def take(self, module: nn.Module) -> bool:
        """Take what follows; tell whether it can be: a normalisation, then a rectifier."""
        if self.slope is None and type(module) is nn.LeakyReLU:
            self.slope = module.negative_slope
            return self.slope >= 0
        if self.slope is None and self.norm is None and type(module) is self._normalisation():
            assert isinstance(module, Normalisation)
            self.norm = module
            return module.num_features == self.conv.out_channels
        return False

    def _normalisation(self) -> type[Normalisation]:
        """Give the normalisation of as many axes."""
        return NORMALISATIONS[len(self.conv.kernel_size) - 1]

    def owns_its_numbers(self) -> bool:
        """Tell whether all that it computes with is where torch's own modules have it."""
        conv, norm = self.conv._parameters, self.norm
        return (
            conv.get("weight") is not None
            and "bias" in conv
            and (
                norm is None or (set(norm._parameters) == SCALES and set(norm._buffers) == MOMENTS)
            )
        )

    def keeps_size(self) -> bool:
        """Tell whether this is a plain convolution whose output is as large as its input."""
        conv = self.conv
        dilation = conv.dilation[0]
        reaches = [(size - 1) * dilation for size in conv.kernel_size]
        n_axes = len(reaches)
        widths = conv.padding if self.pad is None else (self.pad.width,) * n_axes
        return (
            widths == tuple(reach // 2 for reach in reaches)
            and all(reach % 2 == 0 for reach in reaches)
            and (self.pad is None or conv.padding == (0,) * n_axes)
            and conv.padding_mode == "zeros"
            and set(conv.stride) == {1}
            and set(conv.dilation) == {dilation}
            and conv.groups == 1
        )

    def layer(self) -> Layer:
        """Describe it to those who compute it."""
        conv, norm = self.conv, self.norm
        plain = (
            conv.in_channels, conv.out_channels, conv.kernel_size, conv.dilation[0],
            "zeros" if self.pad is None else self.pad.mode,
            1.0 if self.slope is None else self.slope,
        )  # fmt: skip
        if norm is None:
            return Layer(*plain)
        of_batch = norm.training or norm._buffers["running_mean"] is None
        return Layer(*plain, True, of_batch, norm.eps, _momentum(norm))

    def trained(self) -> tuple[Tensor | None, ...]:
        """Return weight and bias of the convolution, and of the normalisation."""
        weights = self.conv._parameters
        scales = NOTHING if self.norm is None else self.norm._parameters
        return (
            weights.get("weight"), weights.get("bias"), scales.get("weight"), scales.get("bias"),
        )  # fmt: skip

    def statistics(self) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Return running mean and variance if used, and the count of batches if it grows."""
        norm = self.norm
        if norm is None or (norm.training and not norm.track_running_stats):
            return None, None, None
        buffers = norm._buffers
        n_tracked = buffers.get("num_batches_tracked") if norm.training else None
        return buffers.get("running_mean"), buffers.get("running_var"), n_tracked


def _momentum(norm: Normalisation) -> float:
    """Return the share of the batch in the running statistics: the same for all if it is None."""
    if norm.momentum is not None:
        return norm.momentum
    n_tracked = norm._buffers.get("num_batches_tracked")
    return 0.0 if n_tracked is None else 1 / (float(n_tracked) + 1)


def find_parts(sequence: nn.Sequential, flattened: tuple[type, ...]) -> list[Part] | None:
    """Return the parts of which a sequence consists, if it consists of such parts only.

    Sequences within it are taken apart if they are of the types `flattened`.
    """
    parts: list[Part] = []
    pad: Pad | None = None
    for module in leaves(sequence, flattened):
        if type(module) in CONVOLUTIONS:
            assert isinstance(module, Convolution)
            parts.append(Part(module, pad))
            pad = None
            if not parts[-1].keeps_size():
                return None
        elif type(module) is Pad and pad is None:
            pad = module
        elif module is None or pad is not None or not parts or not parts[-1].take(module):
            return None
    norms = [part.norm for part in parts if part.norm is not None]
    each_is_once = len(set(norms)) == len(norms)  # statistics follow one batch after the other
    whole = pad is None and each_is_once and all(part.owns_its_numbers() for part in parts)
    return parts if parts and whole else None


def leaves(sequence: nn.Module, flattened: tuple[type, ...]) -> Iterator[nn.Module | None]:
    """Go through the layers of nested sequences; None stands for one that is not just called."""
    for module in sequence._modules.values():
        if module is None or not is_just_called(module):
            yield None
        elif type(module) in flattened:
            yield from leaves(module, flattened)
        else:
            yield module


def is_just_called(module: nn.Module) -> bool:
    """Tell whether a module has no hooks and no forward of its own beside that of its class."""
    return not (
        module._forward_pre_hooks
        or module._forward_hooks
        or module._backward_pre_hooks
        or module._backward_hooks
        or "forward" in module.__dict__
    )


def follow(parts: list[Part], x: Tensor, n_beside: int) -> bool:
    """Tell whether each part takes what the one before it gives, and the first one `x`.

    `n_beside` is the number of channels that are given beside those of `x`.
    """
    n_channels = x.shape[1] + n_beside
    for part in parts:
        if part.conv.in_channels != n_channels or len(part.conv.kernel_size) != x.ndim - 2:
            return False
        n_channels = part.conv.out_channels
    is_one_number = x.numel() == x.shape[1]  # of which there are no statistics
    return not (is_one_number and any(part.norm is not None for part in parts))


def are_narrow(parts: list[Part]) -> bool:
    """Tell whether there are so few channels that the kernels are quicker than torch."""
    return all(part.conv.in_channels + part.conv.out_channels <= WIDEST for part in parts)


def are_alike(tensors: Iterable[Tensor | None], dtype: torch.dtype) -> bool:
    """Tell whether all tensors that there are lie on the CPU, contiguous, and are of one type."""
    return all(
        tensor is None
        or (
            type(tensor) in TENSORS
            and tensor.dtype is dtype
            and tensor.is_cpu
            and tensor.is_contiguous()
        )
        for tensor in tensors
    )
