"""A network that cannot see the element it predicts, by construction rather than by hiding it.

Each branch sees one side of an element along one axis: its convolutions look back only, and their
result is moved on by one step. The branches of all axes and both directions together see everything
but the element itself. They share their weights, as the same branch looks at the signal turned.
"""

from dataclasses import asdict
from typing import Any, Literal, overload

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from autoden.models.blocks import activation
from autoden.models.nd import check_input, lay_out, nd_layers
from autoden.models.padding import pad_axis
from autoden.models.params import NetworkParamsBlindSpot

LOG_VARIANCE = -4.0
"""What the logarithm of the variance is at first, of data that vary by about 0.2."""

FIRST = 2  # the first spatial axis of (N, C, *S)


class LookBack(nn.Module):
    """A convolution of kernel 3 that looks back along the first axis, to both sides along others.

    Before the first sample there are zeros; beyond the other edges the signal is repeated.
    """

    def __init__(self, n_in: int, n_out: int, n_dims: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.conv = nd_layers(n_dims).conv(n_in, n_out, 3, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(N, n_out, *S)``."""
        for axis in range(FIRST + 1, x.ndim):
            x = pad_axis(x, axis, self.dilation, "replicate")
        y: Tensor = self.conv(_delay(x, 2 * self.dilation, keep=True))
        return y


class BlindSpotNet(nn.Module):
    """Predict every element, and how uncertain that is, from its surroundings alone.

    After Laine et al. (2019), with dilated convolutions in place of their U-Net and in one, two
    and three dimensions: 2, 4 or 6 branches.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_layers, n_features, n_dims, dilations
        As in `autoden.models.params.NetworkParamsBlindSpot`.
    device : torch.device or str, optional
        Where the weights go; torch's default device if not given.

    Attributes
    ----------
    init_params : dict
        The parameters, by name: ``type(m)(**m.init_params)`` builds the same network.

    References
    ----------
    S. Laine, T. Karras, J. Lehtinen, T. Aila, "High-quality self-supervised deep image
    denoising", NeurIPS (2019).

    Examples
    --------
    The prediction does not depend on what is predicted:

    >>> network = BlindSpotNet(n_dims=1, n_features=4)
    >>> x = torch.randn(1, 1, 32, requires_grad=True)
    >>> network(x)[0, 0, 10].backward()
    >>> x.grad[0, 0, 10].item(), x.grad[0, 0, 9].item() == 0
    (0.0, False)
    """

    def __init__(
        self,
        n_channels_in: int = 1,
        n_channels_out: int = 1,
        n_layers: int = 5,
        n_features: int = 24,
        n_dims: int = 2,
        dilations: tuple[int, ...] = (1, 1, 2, 2, 3),
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        p = NetworkParamsBlindSpot(
            n_channels_in, n_channels_out, n_layers, n_features, n_dims, dilations
        )
        self.init_params: dict[str, Any] = asdict(p)
        self.n_dims = p.n_dims
        self.n_channels_in = p.n_channels_in

        self.starts_from_neighbours = p.n_channels_in == p.n_channels_out

        inputs = [p.n_channels_in, *[p.n_features] * (p.n_layers - 1)]
        layers: list[nn.Module] = []
        for i, n_in in enumerate(inputs):
            dilation = p.dilations[i % len(p.dilations)]
            layers += [LookBack(n_in, p.n_features, p.n_dims, dilation), activation()]
        self.branch = nn.Sequential(*layers)
        conv = nd_layers(p.n_dims).conv
        n_all = 2 * p.n_dims * p.n_features
        self.merge = nn.Sequential(
            conv(n_all, 2 * p.n_features, 1),
            activation(),
            conv(2 * p.n_features, p.n_features, 1),
            activation(),
            conv(p.n_features, 2 * p.n_channels_out, 1),
        )
        self._start(p.n_channels_out)
        if device is not None:
            self.to(device)

    @overload
    def forward(self, x: Tensor, return_variance: Literal[False] = False) -> Tensor: ...

    @overload
    def forward(self, x: Tensor, return_variance: Literal[True]) -> tuple[Tensor, Tensor]: ...

    def forward(self, x: Tensor, return_variance: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Predict `x` from the surroundings of each element.

        Parameters
        ----------
        x : Tensor
            Shape ``(N, n_channels_in, *S)``, of any spatial size.
        return_variance : bool, default: False
            Return also the logarithm of the variance that the truth has, given the surroundings.

        Returns
        -------
        Tensor
            Shape ``(N, n_channels_out, *S)``: the mean.
        Tensor
            Only with `return_variance`: the same shape, the logarithm of the variance.
        """
        check_input(x, self.n_channels_in, self.n_dims)
        features = torch.cat(
            [side for axis in range(FIRST, x.ndim) for side in self._sides(x, axis)], 1
        )
        change, log_variance = self.merge(features).chunk(2, dim=1)
        mean = change + neighbour_mean(x) if self.starts_from_neighbours else change
        return (mean, log_variance) if return_variance else mean

    @torch.no_grad()
    def _start(self, n_channels_out: int) -> None:
        """Let features keep their size from layer to layer, and begin with the neighbours' mean."""
        for module in self.modules():
            if isinstance(module, _ConvNd):
                nn.init.kaiming_normal_(module.weight, 0.2)
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
        last = self.merge[-1]
        assert isinstance(last, _ConvNd)
        assert last.bias is not None
        last.weight *= 0.1
        last.bias[n_channels_out:] = LOG_VARIANCE

    def _sides(self, x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
        """Give the features of what lies before each element along an axis, and of what after."""
        turned = x.movedim(axis, FIRST)
        both = lay_out(torch.cat((turned, turned.flip(FIRST))))  # (2 N, C, *S')
        before, after = _delay(self.branch(both), 1).chunk(2)
        return before.movedim(FIRST, axis), after.flip(FIRST).movedim(FIRST, axis)


def neighbour_mean(x: Tensor) -> Tensor:
    """Average the elements that touch each one of ``(N, C, *S)`` by a face.

    At an edge the one on the other side counts twice; a lone element has the mean 0.

    Examples
    --------
    >>> neighbour_mean(torch.tensor([[[1.0, 2.0, 5.0]]]))
    tensor([[[2., 3., 2.]]])
    """
    axes = [axis for axis in range(FIRST, x.ndim) if x.shape[axis] > 1]
    total = torch.zeros_like(x)
    for axis in axes:
        padded = pad_axis(x, axis, 1, "reflect")
        length = x.shape[axis]
        total = total + padded.narrow(axis, 0, length) + padded.narrow(axis, 2, length)
    return total / max(2 * len(axes), 1)


def _delay(x: Tensor, steps: int, *, keep: bool = False) -> Tensor:
    """Put zeros before the first sample of the first spatial axis; `keep` what moves out."""
    zeros = x.new_zeros(*x.shape[:FIRST], steps, *x.shape[FIRST + 1 :])
    delayed = torch.cat((zeros, x), dim=FIRST)
    return delayed if keep else delayed.narrow(FIRST, 0, x.shape[FIRST])
