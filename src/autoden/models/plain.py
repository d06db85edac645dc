"""Plain: a few convolutions without normalisation, which predict what to subtract.

Without statistics over a batch it learns the same from small windows as from whole images, and
few parameters cannot learn the noise of a single image by heart: the network of zero-shot methods.
"""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from autoden.models.blocks import activation, same_conv
from autoden.models.narrow.chain import Chain
from autoden.models.nd import check_input
from autoden.models.params import NetworkParamsPlain


class Plain(nn.Module):
    """Chain of convolutions and leaky rectifiers, after Mansour and Heckel (2023).

    The last convolution has kernel 1. Where input and output have as many channels, what it gives
    is subtracted from the input: the chain predicts the noise.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_layers, n_features, n_dims, kernel_size, pad_mode
        As in `autoden.models.params.NetworkParamsPlain`.
    device : torch.device or str, optional
        Where the weights go; torch's default device if not given.

    Attributes
    ----------
    init_params : dict
        The parameters, by name: ``type(m)(**m.init_params)`` builds the same network.

    References
    ----------
    Y. Mansour, R. Heckel, "Zero-shot Noise2Noise: efficient image denoising without any data",
    CVPR (2023).

    Examples
    --------
    >>> network = Plain()
    >>> sum(p.numel() for p in network.parameters())
    21313
    >>> network(torch.zeros(2, 1, 17, 5)).shape
    torch.Size([2, 1, 17, 5])
    """

    def __init__(
        self,
        n_channels_in: int = 1,
        n_channels_out: int = 1,
        n_layers: int = 3,
        n_features: int = 48,
        n_dims: int = 2,
        kernel_size: int = 3,
        pad_mode: str = "replicate",
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        p = NetworkParamsPlain(
            n_channels_in, n_channels_out, n_layers, n_features, n_dims, kernel_size, pad_mode
        )
        self.init_params: dict[str, Any] = asdict(p)
        self.n_dims = p.n_dims
        self.n_channels_in = p.n_channels_in
        self.subtracts = p.n_channels_in == p.n_channels_out

        inputs = [p.n_channels_in, *[p.n_features] * (p.n_layers - 1)]
        options: dict[str, Any] = {"kernel_size": p.kernel_size, "pad_mode": p.pad_mode}
        layers: list[nn.Module] = []
        for n_in in inputs[:-1]:
            layers += [*same_conv(n_in, p.n_features, p.n_dims, **options), activation()]
        last = same_conv(inputs[-1], p.n_channels_out, p.n_dims, kernel_size=1)
        self.layers = Chain(*layers, *last)
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
        return x - y if self.subtracts else y
