"""Mixed-scale dense network: few features, each seeing all earlier ones at its own scale."""

from dataclasses import asdict
from typing import Any, Literal, overload

import torch
from torch import Tensor, nn

from autoden.models.blocks import average_pool, conv_block, pool_factors, same_conv, upsample
from autoden.models.narrow.chain import Chain
from autoden.models.nd import check_input
from autoden.models.params import NetworkParamsMSD


class PooledBlock(nn.Module):
    """Convolution block on the signal averaged by `factor`, interpolated back to its size."""

    def __init__(self, n_in: int, n_out: int, n_dims: int, factor: int) -> None:
        super().__init__()
        self.block = conv_block(n_in, n_out, n_dims)
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, n_in, *S)`` to ``(N, n_out, *S)``."""
        size = x.shape[2:]
        factors = pool_factors(size, self.factor)
        coarse = average_pool(x, factors)  # (N, n_in, *ceil(S / factors))
        return upsample(self.block(coarse), factors, size)


class MSDnet(nn.Module):
    """Mixed-scale dense network, after Pelt and Sethian (2018).

    Every layer sees the input and the outputs of all layers before it, through a dilated
    convolution, a batch normalisation and a leaky rectifier; the output is a linear combination
    (a convolution of kernel 1) of the input and of all layers.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_layers, n_features, n_dims, dilations, use_dilations
        As in `autoden.models.params.NetworkParamsMSD`.
    device : torch.device or str, optional
        Where the weights go; torch's default device if not given.

    Attributes
    ----------
    init_params : dict
        The parameters, by name: ``type(m)(**m.init_params)`` builds the same network.

    References
    ----------
    D. M. Pelt, J. A. Sethian, "A mixed-scale dense convolutional neural network for image
    analysis", PNAS 115, 254 (2018).

    Examples
    --------
    >>> network = MSDnet(n_layers=4)
    >>> y, latent = network(torch.zeros(2, 1, 9, 9), return_latent=True)
    >>> y.shape, latent.shape
    (torch.Size([2, 1, 9, 9]), torch.Size([2, 5, 9, 9]))
    """

    def __init__(
        self,
        n_channels_in: int = 1,
        n_channels_out: int = 1,
        n_layers: int = 12,
        n_features: int = 1,
        n_dims: int = 2,
        dilations: tuple[int, ...] = (1, 2, 3),
        use_dilations: bool = True,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        p = NetworkParamsMSD(
            n_channels_in, n_channels_out, n_layers, n_features, n_dims, dilations, use_dilations
        )
        self.init_params: dict[str, Any] = asdict(p)
        self.n_dims = p.n_dims
        self.n_channels_in = p.n_channels_in
        self.n_features = p.n_features

        def layer(i: int) -> nn.Module:
            n_in = p.n_channels_in + i * p.n_features
            scale = p.dilations[i % len(p.dilations)]
            if p.use_dilations:
                return conv_block(n_in, p.n_features, p.n_dims, dilation=scale)
            return PooledBlock(n_in, p.n_features, p.n_dims, factor=2 ** (scale - 1))

        n_latent = p.n_channels_in + p.n_layers * p.n_features
        self.layers = nn.ModuleList(layer(i) for i in range(p.n_layers))
        self.output = Chain(*same_conv(n_latent, p.n_channels_out, p.n_dims, kernel_size=1))
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
            Return the features from which the output is made, too.

        Returns
        -------
        Tensor
            Shape ``(N, n_channels_out, *S)``.
        Tensor
            Only with `return_latent`: the input and the outputs of all layers, shape
            ``(N, n_channels_in + n_layers * n_features, *S)``.
        """
        check_input(x, self.n_channels_in, self.n_dims)
        latent = x
        for layer in self.layers:
            latent = torch.cat((latent, layer(latent)), dim=1)  # one more layer of features
        y: Tensor = self.output(latent)
        return (y, latent) if return_latent else y
