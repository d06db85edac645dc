"""DnCNN: a plain chain of convolutions."""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from autoden.models.blocks import conv_block, same_conv
from autoden.models.narrow.chain import Chain
from autoden.models.nd import check_input
from autoden.models.params import NetworkParamsDnCNN


class DnCNN(nn.Module):
    """Chain of convolutions, after Zhang et al. (2017).

    All layers but the last are a convolution without bias, a batch normalisation and a leaky
    rectifier; the last is a convolution alone. The network predicts the signal itself, not the
    noise to subtract.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_layers, n_features, n_dims, kernel_size, pad_mode
        As in `autoden.models.params.NetworkParamsDnCNN`.
    device : torch.device or str, optional
        Where the weights go; torch's default device if not given.

    Attributes
    ----------
    init_params : dict
        The parameters, by name: ``type(m)(**m.init_params)`` builds the same network.

    References
    ----------
    K. Zhang, W. Zuo, Y. Chen, D. Meng, L. Zhang, "Beyond a Gaussian denoiser: residual learning
    of deep CNN for image denoising", IEEE Trans. Image Process. 26, 3142 (2017).

    Examples
    --------
    >>> network = DnCNN(n_layers=6, n_features=4, n_dims=1)
    >>> sum(p.numel() for p in network.parameters())
    256
    >>> network(torch.zeros(4, 1, 4095)).shape
    torch.Size([4, 1, 4095])
    """

    def __init__(
        self,
        n_channels_in: int = 1,
        n_channels_out: int = 1,
        n_layers: int = 20,
        n_features: int = 64,
        n_dims: int = 2,
        kernel_size: int = 3,
        pad_mode: str = "replicate",
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        p = NetworkParamsDnCNN(
            n_channels_in, n_channels_out, n_layers, n_features, n_dims, kernel_size, pad_mode
        )
        self.init_params: dict[str, Any] = asdict(p)
        self.n_dims = p.n_dims
        self.n_channels_in = p.n_channels_in

        options: dict[str, Any] = {
            "kernel_size": p.kernel_size,
            "bias": False,
            "pad_mode": p.pad_mode,
        }
        inputs = [p.n_channels_in, *[p.n_features] * (p.n_layers - 1)]
        blocks: list[nn.Module] = [
            conv_block(n_in, p.n_features, p.n_dims, **options) for n_in in inputs[:-1]
        ]
        last = same_conv(inputs[-1], p.n_channels_out, p.n_dims, **options)
        self.layers = Chain(*blocks, *last)
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
