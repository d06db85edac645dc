"""U-Net: encode the signal at coarser and coarser scales, and decode it back to the finest."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Literal, overload

import torch
from torch import Tensor, nn

from autoden.models.blocks import (
    activation,
    average_pool,
    blurred_max_pool,
    conv_block,
    crop,
    double_conv,
    keep_and_average,
    norm,
    pool_factors,
    same_conv,
    upsample,
)
from autoden.models.narrow.chain import Chain
from autoden.models.nd import check_input, nd_layers
from autoden.models.params import NetworkParamsUNet


class AverageDown(nn.Module):
    """Halve the axes that have room for it by averaging neighbours."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give `x` ``(N, C, *S)``, to go across, and its half ``(N, C, *ceil(S / 2))``."""
        return keep_and_average(x, pool_factors(x.shape[2:], 2))


class BlurDown(nn.Module):
    """Halve the axes that have room for it by blurred maxima of neighbours."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give `x` ``(N, C, *S)``, to go across, and its half ``(N, C, *ceil(S / 2))``."""
        halved = [axis for axis, n in enumerate(pool_factors(x.shape[2:], 2), 2) if n == 2]
        return x, blurred_max_pool(x, halved)


class InterpolateUp(nn.Module):
    """Undo the change of size of a halving by linear interpolation."""

    def __init__(self, align_corners: bool) -> None:
        super().__init__()
        self.align_corners = align_corners

    def forward(self, x: Tensor, size: Sequence[int]) -> Tensor:
        """Map ``(N, C, *ceil(S / 2))`` to ``(N, C, *S)``, where ``S`` is `size`."""
        return upsample(x, pool_factors(size, 2), size, self.align_corners)


class LearntDown(nn.Module):
    """Halve the axes that have room for it by a learnt filter of two samples.

    An axis without room keeps its size: each of its samples is its own neighbour.
    """

    def __init__(self, n_channels: int, n_dims: int) -> None:
        super().__init__()
        self.conv = nd_layers(n_dims).conv(n_channels, n_channels, 2, stride=2)
        self.norm = norm(n_channels, n_dims)
        self.activation = activation()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give `x` ``(N, C, *S)``, to go across, and its half ``(N, C, *ceil(S / 2))``."""
        given = x
        for axis, factor in enumerate(pool_factors(x.shape[2:], 2), start=2):
            if factor == 1:
                x = x.repeat_interleave(2, dim=axis)
            elif x.shape[axis] % 2:
                x = torch.cat((x, x.narrow(axis, x.shape[axis] - 1, 1)), dim=axis)
        y: Tensor = self.activation(self.norm(self.conv(x)))
        return given, y


class LearntUp(nn.Module):
    """Undo the change of size of a halving by a learnt filter of two samples."""

    def __init__(self, n_channels: int, n_dims: int) -> None:
        super().__init__()
        self.conv = nd_layers(n_dims).conv_transpose(n_channels, n_channels, 2, stride=2)

    def forward(self, x: Tensor, size: Sequence[int]) -> Tensor:
        """Map ``(N, C, *ceil(S / 2))`` to ``(N, C, *S)``, where ``S`` is `size`."""
        # Axes that were not halved were doubled nevertheless: average the pairs.
        excess = tuple(3 - factor for factor in pool_factors(size, 2))
        doubled: Tensor = self.conv(x)
        return crop(average_pool(doubled, excess) if 2 in excess else doubled, size)


class Encoder(nn.Module):
    """One level down: half the size, then a double convolution."""

    def __init__(self, n_in: int, n_out: int, p: NetworkParamsUNet) -> None:
        super().__init__()
        self.down: nn.Module
        if p.blur_pool:
            self.down = BlurDown()
        else:
            self.down = AverageDown() if p.bilinear else LearntDown(n_in, p.n_dims)
        self.block = double_conv(n_in, n_out, p.n_dims, p.pad_mode)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give `x` ``(N, n_in, *S)``, to go across, and ``(N, n_out, *ceil(S / 2))``."""
        across, halved = self.down(x)
        return across, self.block(halved)


class Decoder(nn.Module):
    """One level up: the size of the skipped features, those beside it, a double convolution.

    ``n_channels_skip=k`` reduces the `n_skip` features of the encoder in proportion, so that
    the finest level, of ``n_features``, keeps ``k``. Where none are kept, or with
    ``use_skip=False``, the features beside it only say to which size to go.
    """

    def __init__(
        self, n_in: int, n_skip: int, n_out: int, p: NetworkParamsUNet, use_skip: bool
    ) -> None:
        super().__init__()
        kept = n_skip if p.n_channels_skip is None else p.n_channels_skip * n_skip // p.n_features
        n_kept = kept if use_skip else 0
        self.up = InterpolateUp(p.align_corners) if p.bilinear else LearntUp(n_in, p.n_dims)
        self.skip: nn.Module | None = None
        if n_kept and p.n_channels_skip is None:
            self.skip = nn.Identity()
        elif n_kept:
            self.skip = conv_block(n_skip, n_kept, p.n_dims, kernel_size=1)
        self.block = double_conv(n_kept + n_in, n_out, p.n_dims, p.pad_mode)

    def forward(self, x: Tensor, features: Tensor) -> Tensor:
        """Map ``(N, n_in, *ceil(S / 2))`` and ``(N, n_skip, *S)`` to ``(N, n_out, *S)``."""
        x = self.up(x, features.shape[2:])
        y: Tensor = self.block(x) if self.skip is None else self.block.join(self.skip(features), x)
        return y


class UNet(nn.Module):
    """U-Net, after Ronneberger et al. (2015).

    The features double at every level down but the last, as in 32, 64, 128, 128 for three
    levels. An axis is halved as long as it has at least four samples: thin axes keep theirs.
    Odd sizes are completed by repeating the edge on the way down, and cropped on the way up.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_features, n_levels, n_dims, n_channels_skip, bilinear, \
pad_mode, blur_pool, top_skip, align_corners
        As in `autoden.models.params.NetworkParamsUNet`.
    device : torch.device or str, optional
        Where the weights go; torch's default device if not given.

    Attributes
    ----------
    init_params : dict
        The parameters, by name: ``type(m)(**m.init_params)`` builds the same network.

    References
    ----------
    O. Ronneberger, P. Fischer, T. Brox, "U-Net: convolutional networks for biomedical image
    segmentation", MICCAI (2015).

    E. Hoeck, T.-O. Buchholz, A. Brachmann, F. Jug, A. Freytag, "N2V2 - fixing Noise2Void
    checkerboard artifacts with modified sampling strategies and a tweaked network architecture",
    ECCV workshops (2022), for `blur_pool` and `top_skip`.

    Examples
    --------
    >>> network = UNet(1, 1, n_features=8, n_levels=3)
    >>> y, latent = network(torch.zeros(2, 1, 33, 50), return_latent=True)
    >>> y.shape, latent.shape
    (torch.Size([2, 1, 33, 50]), torch.Size([2, 32, 5, 7]))
    """

    def __init__(
        self,
        n_channels_in: int = 1,
        n_channels_out: int = 1,
        n_features: int = 32,
        n_levels: int = 3,
        n_dims: int = 2,
        n_channels_skip: int | None = None,
        bilinear: bool = True,
        pad_mode: str = "replicate",
        blur_pool: bool = False,
        top_skip: bool = True,
        align_corners: bool = False,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        p = NetworkParamsUNet(
            n_channels_in=n_channels_in,
            n_channels_out=n_channels_out,
            n_levels=n_levels,
            n_features=n_features,
            n_channels_skip=n_channels_skip,
            n_dims=n_dims,
            bilinear=bilinear,
            pad_mode=pad_mode,
            blur_pool=blur_pool,
            top_skip=top_skip,
            align_corners=align_corners,
        )
        self.init_params: dict[str, Any] = asdict(p)
        self.n_dims = p.n_dims
        self.n_channels_in = p.n_channels_in

        # Features of the encoder, finest first, as in 8, 16, 32, 32 ...
        down = [p.n_features * 2 ** min(level, p.n_levels - 1) for level in range(p.n_levels + 1)]
        # ... and of the decoder, deepest first, as in 32, 16, 8, 8.
        up = [*reversed(down[: p.n_levels]), p.n_features]
        self.first = double_conv(p.n_channels_in, p.n_features, p.n_dims, p.pad_mode)
        self.encoders = nn.ModuleList(Encoder(down[i], down[i + 1], p) for i in range(p.n_levels))
        self.decoders = nn.ModuleList(
            Decoder(up[i], up[i], up[i + 1], p, use_skip=p.top_skip or i < p.n_levels - 1)
            for i in range(p.n_levels)
        )
        self.output = Chain(*same_conv(p.n_features, p.n_channels_out, p.n_dims, kernel_size=1))
        if device is not None:
            self.to(device)

    @overload
    def forward(self, x: Tensor, return_latent: Literal[False] = False) -> Tensor: ...

    @overload
    def forward(self, x: Tensor, return_latent: Literal[True]) -> tuple[Tensor, Tensor]: ...

    def forward(self, x: Tensor, return_latent: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Denoise `x`.

        Parameters
        ----------
        x : Tensor
            Shape ``(N, n_channels_in, *S)``, of any spatial size.
        return_latent : bool, default: False
            Return the deepest features of the encoder, too.

        Returns
        -------
        Tensor
            Shape ``(N, n_channels_out, *S)``.
        Tensor
            Only with `return_latent`: shape ``(N, n_features * 2**(n_levels - 1), *T)``, where
            ``T`` is ``S`` halved `n_levels` times, rounded up, along axes with room for it.
        """
        check_input(x, self.n_channels_in, self.n_dims)
        features = [self.first(x)]
        for encode in self.encoders:
            features[-1:] = encode(features[-1])
        latent: Tensor = features.pop()
        y = latent
        for decode in self.decoders:
            y = decode(y, features.pop())
        y = self.output(y)
        return (y, latent) if return_latent else y
