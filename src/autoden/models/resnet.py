"""Resnet: a chain of residual blocks, each adding a correction to its input."""

from dataclasses import asdict
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from autoden.models.blocks import conv_block, norm, same_conv
from autoden.models.narrow.chain import Chain
from autoden.models.nd import check_input
from autoden.models.params import NetworkParamsResnet


class ResidualBlock(nn.Module):
    """Two convolutions plus the input, ``(N, n_in, *S) -> (N, n_out, *S)``.

    The input passes through a convolution of kernel 1 where the numbers of channels differ.
    """

    def __init__(
        self, n_in: int, n_out: int, n_dims: int, kernel_size: int, pad_mode: str, is_last: bool
    ) -> None:
        super().__init__()
        options: dict[str, Any] = {"kernel_size": kernel_size, "pad_mode": pad_mode}
        self.correction = Chain(
            *conv_block(n_in, n_out, n_dims, **options),
            *same_conv(n_out, n_out, n_dims, **options),
            norm(n_out, n_dims),
        )
        self.shortcut = (
            nn.Identity()
            if n_in == n_out
            else Chain(*same_conv(n_in, n_out, n_dims, kernel_size=1))
        )
        self.is_last = is_last

    def forward(self, x: Tensor) -> Tensor:
        """Return the corrected input, rectified unless the block is the last one."""
        y: Tensor = self.correction(x) + self.shortcut(x)
        return y if self.is_last else functional.leaky_relu(y, 0.2, inplace=True)


class Resnet(nn.Module):
    """Chain of residual blocks, after He et al. (2016).

    Each block is convolution, batch normalisation, leaky rectifier, convolution and batch
    normalisation, added to the block's input; then a leaky rectifier, except after the last.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_layers, n_features, n_dims, kernel_size, pad_mode
        As in `autoden.models.params.NetworkParamsResnet`.
    device : torch.device or str, optional
        Where the weights go; torch's default device if not given.

    Attributes
    ----------
    init_params : dict
        The parameters, by name: ``type(m)(**m.init_params)`` builds the same network.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR (2016).

    Examples
    --------
    >>> network = Resnet(n_layers=3, n_features=8)
    >>> network(torch.zeros(2, 1, 17, 5)).shape
    torch.Size([2, 1, 17, 5])
    """

    def __init__(
        self,
        n_channels_in: int = 1,
        n_channels_out: int = 1,
        n_layers: int = 10,
        n_features: int = 24,
        n_dims: int = 2,
        kernel_size: int = 3,
        pad_mode: str = "replicate",
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        p = NetworkParamsResnet(
            n_channels_in, n_channels_out, n_layers, n_features, n_dims, kernel_size, pad_mode
        )
        self.init_params: dict[str, Any] = asdict(p)
        self.n_dims = p.n_dims
        self.n_channels_in = p.n_channels_in

        channels = [p.n_channels_in, *[p.n_features] * (p.n_layers - 1), p.n_channels_out]
        self.layers = nn.Sequential(
            *(
                ResidualBlock(n_in, n_out, p.n_dims, p.kernel_size, p.pad_mode, i == p.n_layers)
                for i, (n_in, n_out) in enumerate(pairwise(channels), start=1)
            )
        )
        if device is not None:
            self.to(device)

    def forward(self, x: Tensor) -> Tensor:
        """Denoise `x`.

        Parameters
        ----------
        x : Tensor
            Shape ``(N, n_channels_in, *S)``, of any spatial size.

        Returns
        -------
        Tensor
            Shape ``(N, n_channels_out, *S)``.
        """
        check_input(x, self.n_channels_in, self.n_dims)
        y: Tensor = self.layers(x)
        return y
