"""The pieces that the networks share: convolutions that keep the size, and changes of scale.

Every piece takes any spatial size, down to a single sample: where an axis has no room for what
is asked (padding by reflection, pooling), the axis gets the nearest thing that it has room for.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from autoden.models.narrow import scales
from autoden.models.narrow.availability import is_plain, just_computes
from autoden.models.narrow.chain import Chain
from autoden.models.nd import nd_layers
from autoden.models.padding import Pad, pad_axis
from autoden.native.availability import has_kernels


def same_conv(
    n_in: int,
    n_out: int,
    n_dims: int,
    *,
    kernel_size: int = 3,
    dilation: int = 1,
    bias: bool = True,
    pad_mode: str = "replicate",
) -> list[nn.Module]:
    """Return the layers of a convolution whose output is as large as its input.

    Zeros are padded by the convolution itself, which costs nothing; other modes by a `Pad`
    layer in front of it.
    """
    width = dilation * (kernel_size // 2)
    pad_first = width > 0 and pad_mode != "zeros"
    conv = nd_layers(n_dims).conv(
        n_in,
        n_out,
        kernel_size,
        dilation=dilation,
        bias=bias,
        padding=0 if pad_first else width,
    )
    return [Pad(width, pad_mode), conv] if pad_first else [conv]


def norm(n_channels: int, n_dims: int) -> nn.Module:
    """Return a batch normalisation of `n_channels` channels."""
    return nd_layers(n_dims).batch_norm(n_channels)


def activation() -> nn.Module:
    """Return the non-linearity of all networks: leaky rectifier of slope 0.2, in place."""
    return nn.LeakyReLU(0.2, inplace=True)


def conv_block(n_in: int, n_out: int, n_dims: int, **options: Any) -> Chain:
    """Return convolution (`same_conv` with its `options`), batch norm, leaky rectifier.

    Examples
    --------
    >>> conv_block(1, 8, n_dims=2)(torch.zeros(4, 1, 5, 7)).shape
    torch.Size([4, 8, 5, 7])
    """
    return Chain(*same_conv(n_in, n_out, n_dims, **options), norm(n_out, n_dims), activation())


def double_conv(n_in: int, n_out: int, n_dims: int, pad_mode: str = "replicate") -> Chain:
    """Return a `conv_block` of kernel 3 followed by one of kernel 1."""
    return Chain(
        *conv_block(n_in, n_out, n_dims, pad_mode=pad_mode),
        *conv_block(n_out, n_out, n_dims, kernel_size=1),
    )


def pool_factors(size: Sequence[int], factor: int) -> tuple[int, ...]:
    """Return by how much each axis can be pooled when `factor`, a power of two, is asked for.

    At least two samples stay along every axis, so that thin axes are not pooled away.

    Examples
    --------
    >>> pool_factors((1, 3, 5, 512), 4)
    (1, 1, 2, 4)
    """
    factors = []
    for samples in size:
        room = factor
        while room > 1 and samples < 2 * room:
            room //= 2
        factors.append(room)
    return tuple(factors)


def average_pool(x: Tensor, factors: tuple[int, ...]) -> Tensor:
    """Average ``(N, C, *S)`` over cells of `factors` samples; the last cells may be smaller.

    Those are filled with zeros, and what that takes off is put on again: torch's own way of
    averaging smaller cells has wrong gradients in compiled networks.
    """
    if _has_scales(x, factors):
        return scales.average(x, factors)
    for axis, factor in enumerate(factors, start=2):
        rest = x.shape[axis] % factor
        if rest:
            shape = [factor - rest if a == axis else n for a, n in enumerate(x.shape)]
            last = x.narrow(axis, x.shape[axis] - rest, rest) * (factor / rest)
            whole = x.narrow(axis, 0, x.shape[axis] - rest)
            x = torch.cat((whole, last, x.new_zeros(shape)), dim=axis)
    return nd_layers(len(factors)).avg_pool(x, factors, stride=factors)


def keep_and_average(x: Tensor, factors: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Give `x` and its `average_pool`: quicker on the way back where both go on.

    What is given as `x` is a view of it, which may not be changed in place.
    """
    if _has_scales(x, factors):
        return scales.keep_and_average(x, factors)
    return x, average_pool(x, factors)


def _has_scales(x: Tensor, factors: tuple[int, ...]) -> bool:
    """Tell whether compiled kernels change the scale."""
    return (
        set(factors) <= {1, 2}
        and just_computes()
        and is_plain(x)
        and has_kernels(x.dtype, "autoden.models.narrow.scales")
    )


def blurred_max_pool(x: Tensor, axes: Sequence[int]) -> Tensor:
    """Halve the `axes` of ``(N, C, *S)`` by the blurred maxima of neighbours, after Zhang (2019).

    The maximum of every two neighbours is blurred with the binomial filter 1, 2, 1 before every
    second one is dropped: what remains hardly depends on which one. It is centred between the two
    samples that it replaces, as an average of them would be; edges and odd sizes are completed by
    repeating the last sample.

    References
    ----------
    R. Zhang, "Making convolutional networks shift-invariant again", ICML (2019).

    Examples
    --------
    >>> blurred_max_pool(torch.tensor([[[0.0, 0.0, 4.0, 0.0, 0.0, 0.0]]]), [2])
    tensor([[[1., 3., 0.]]])
    """
    for axis in axes:
        if x.shape[axis] % 2:
            x = torch.cat((x, x.narrow(axis, x.shape[axis] - 1, 1)), dim=axis)
        x = pad_axis(x, axis, 1, "replicate")
        x = torch.maximum(
            x.narrow(axis, 0, x.shape[axis] - 1), x.narrow(axis, 1, x.shape[axis] - 1)
        )
    for axis in axes:
        every_second = (slice(None),) * axis + (slice(None, None, 2),)
        n_inside = x.shape[axis] - 2
        before, at, after = (x.narrow(axis, i, n_inside)[every_second] for i in range(3))
        x = (before + after) * 0.25 + at * 0.5
    return x


def upsample(
    x: Tensor, factors: tuple[int, ...], size: Sequence[int], align_corners: bool = False
) -> Tensor:
    """Interpolate ``(N, C, *S)`` by `factors`, linearly between cell centres; crop to `size`.

    With `align_corners` the centres of the outermost cells go to the outermost samples.
    """
    if not align_corners and _has_scales(x, factors):
        return scales.interpolate(x, factors, size)
    grown = [s * f for s, f in zip(x.shape[2:], factors, strict=True)]
    mode = nd_layers(len(factors)).interpolation
    grown_x = functional.interpolate(x, size=grown, mode=mode, align_corners=align_corners)
    return crop(grown_x, size)


def crop(x: Tensor, size: Sequence[int]) -> Tensor:
    """Return the first `size` samples of the spatial axes of ``(N, C, *S)``."""
    for axis, samples in enumerate(size, start=2):
        if samples < x.shape[axis]:  # else its gradient would be copied for nothing
            x = x.narrow(axis, 0, samples)
    return x
