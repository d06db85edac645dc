"""One, two or three dimensions: the one table that tells which torch layer serves which.

Networks ask `nd_layers` for the row of their number of dimensions and never name ``Conv1d``,
``Conv2d`` or ``Conv3d`` themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from autoden.checks import choice
from autoden.errors import InputError

AXES = ("Z", "Y", "X")


@dataclass(frozen=True)
class NDLayers:
    """The layers of one number of dimensions.

    Attributes
    ----------
    conv, conv_transpose, batch_norm : callable
        Classes of the layers, called as in `torch.nn`.
    convolve, avg_pool : callable
        Functions on tensors ``(N, C, *S)``, called as in `torch.nn.functional`.
    interpolation : str
        Name of the linear interpolation.
    """

    conv: Callable[..., nn.Module]
    conv_transpose: Callable[..., nn.Module]
    batch_norm: Callable[..., nn.Module]
    convolve: Callable[..., Tensor]
    avg_pool: Callable[..., Tensor]
    interpolation: str


_TABLE = {
    1: NDLayers(
        nn.Conv1d,
        nn.ConvTranspose1d,
        nn.BatchNorm1d,
        functional.conv1d,
        functional.avg_pool1d,
        "linear",
    ),
    2: NDLayers(
        nn.Conv2d,
        nn.ConvTranspose2d,
        nn.BatchNorm2d,
        functional.conv2d,
        functional.avg_pool2d,
        "bilinear",
    ),
    3: NDLayers(
        nn.Conv3d,
        nn.ConvTranspose3d,
        nn.BatchNorm3d,
        functional.conv3d,
        functional.avg_pool3d,
        "trilinear",
    ),
}


def nd_layers(n_dims: int) -> NDLayers:
    """Return the layers that work in `n_dims` dimensions.

    Examples
    --------
    >>> nd_layers(3).interpolation
    'trilinear'
    """
    return _TABLE[choice("n_dims", n_dims, _TABLE)]


def lay_out(x: Tensor) -> Tensor:
    """Lay ``(N, C, *S)`` out in memory as torch computes with quickest; its values stay.

    On a CPU the channels of images and volumes lie side by side, the last axis in memory: torch
    then convolves without sorting them first. Most layers keep the layout of what they are given.
    """
    if not x.is_cpu or x.ndim <= 3:
        return x
    if x.shape[1] == 1:  # lies both ways: only its strides can tell what is made of it
        return x.squeeze(1).contiguous().unsqueeze(-1).movedim(-1, 1)
    return x.movedim(1, -1).contiguous().movedim(-1, 1)


def check_input(x: Tensor, n_channels: int, n_dims: int) -> None:
    """Raise `InputError` if `x` is not of shape ``(N, n_channels, *S)`` with `n_dims` in ``S``."""
    if x.ndim != n_dims + 2 or x.shape[1] != n_channels:
        axes = ", ".join(("N", str(n_channels), *AXES[-n_dims:]))
        raise InputError(
            f"The network was given a tensor of shape {tuple(x.shape)}, but with "
            f"n_dims={n_dims} and n_channels_in={n_channels} it takes ({axes}): reshape the "
            "tensor, or build the network for it."
        )
