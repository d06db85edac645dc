"""Kernel mixture: fixed smoothing filters, and a small network that chooses among them.

What a filter is lives in `autoden.transforms.smoothing_kernels`, which ones there are in
`autoden.models.kernel_banks`, what the network sees of them in `autoden.models.mixture_features`.
"""

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from autoden.models.blocks import activation, same_conv
from autoden.models.mixture_features import CountFeatures, DifferenceFeatures, MemberOrder
from autoden.models.narrow.chain import Chain
from autoden.models.nd import check_input, nd_layers
from autoden.models.params import NetworkParamsKernelMixture
from autoden.transforms.smoothing_kernels import SmoothingBank, gaussian_kernel, savgol_kernel

SMALL = 0.1
"""Scale of the initial weights of the last layer: small beside the prior."""


class KernelMixture(nn.Module):
    r"""Mixture of fixed filters with weights that a small network chooses for each element.

    The output is a convex combination of filtered inputs, the *members*:

    .. math:: y_i = \sum_m w_{mi}\, b_{mi}, \qquad w_{mi} \ge 0, \qquad \sum_m w_{mi} = 1,

    so it is everywhere a local average of what was measured, between the least and the largest
    member, and keeps constants. It can choose a wrong filter; it cannot invent. The weights come
    from a few convolutions that read how the members differ.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_features, n_dims, dilations, kernel_size, gaussians, savgol, \
    reference, prior, stabilise, n_channels_estimates
        As in `autoden.models.params.NetworkParamsKernelMixture`.
    device : torch.device or str, optional
        Where the weights go; torch's default device if not given.

    Attributes
    ----------
    init_params : dict
        The parameters, by name: ``type(m)(**m.init_params)`` builds the same network.
    n_members : int
        How many members there are: the filters of each filtered channel, and the estimates.

    Notes
    -----
    **Channels.** With as many outputs as filtered inputs, each output mixes the members of its own
    channel and all estimates; otherwise every output mixes all members.

    **Range.** Savitzky-Golay filters have negative weights, so that a mixture of counts may be
    slightly negative beside a strong peak. A loss with a logarithm of the output must raise it to a
    small positive floor first, and so must whoever needs a rate; the network leaves it alone,
    because a floor would bias the background.

    **What the network sees.** With ``stabilise="anscombe"`` the input is in counts, and the
    features are :math:`z_r / 8` and :math:`z_m - z_r` with :math:`z = 2\sqrt{\max(b, 0) + 3/8}` and
    the reference filter :math:`r`: differences in units of the noise of one element, whatever the
    rate. With ``stabilise=None`` they are :math:`d / (|d| + s)`, :math:`d = b_m - b_r`, where
    :math:`s` is the mean deviation, near by, of the least smoothed member from the reference: the
    noise, or the texture, around. Both are local, so that tiles with enough overlap fit together.
    The latter do not change with an offset or a scale of the input, which thus pass to the output,
    :math:`f(a x + c) = a f(x) + c` for :math:`a > 0`.

    **Reach.** An output depends on inputs up to ``h + sum(dilations) * (kernel_size // 2)`` samples
    away along each axis, where ``h`` is the half length of the longest filter (four times the width
    of a Gaussian), or that of the average that gives ``s`` added to the reference's.

    The filters follow from `init_params` and are not saved with the weights: a file cannot hold
    filters that contradict its parameters, and stays small.

    Examples
    --------
    >>> network = KernelMixture(n_dims=1)
    >>> members = network.members(torch.rand(4, 1, 4095))  # once, where inputs stay the same
    >>> members.shape, network.mix(members).shape
    (torch.Size([4, 15, 4095]), torch.Size([4, 1, 4095]))
    """

    def __init__(
        self,
        n_channels_in: int = 1,
        n_channels_out: int = 1,
        n_features: int = 8,
        n_dims: int = 2,
        dilations: tuple[int, ...] | None = None,
        kernel_size: int = 3,
        gaussians: tuple[float, ...] | None = None,
        savgol: tuple[tuple[int, int], ...] | None = None,
        reference: int | None = None,
        prior: float = 2.0,
        stabilise: str | None = None,
        n_channels_estimates: int = 0,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__()
        p = NetworkParamsKernelMixture(
            n_channels_in, n_channels_out, n_features, n_dims, dilations, kernel_size, gaussians,
            savgol, reference, prior, stabilise, n_channels_estimates,
        )  # fmt: skip
        self.init_params: dict[str, Any] = asdict(p)
        self.params = p
        kernels = [gaussian_kernel(width) for width in p.gaussians or ()]
        kernels += [savgol_kernel(window, order) for window, order in p.savgol or ()]
        self.filters = SmoothingBank(kernels)
        self.n_members = p.n_channels_in * len(kernels) + p.n_channels_estimates
        self.order = MemberOrder(p, len(kernels))
        kind = CountFeatures if p.stabilise == "anscombe" else DifferenceFeatures
        self.features = kind(self.order, kernels)
        self.layers = choosing_layers(p, self.features.n_features, self.order)
        if device is not None:
            self.to(device)

    def members(self, x: Tensor) -> Tensor:
        """Filter the input: what is mixed, which no training changes.

        Parameters
        ----------
        x : Tensor
            Shape ``(N, n_channels_in + n_channels_estimates, *S)``, of any spatial size.

        Returns
        -------
        Tensor
            Shape ``(N, n_members, *S)``: for each filtered channel the Gaussians and then the
            Savitzky-Golay filters, as they are listed in the parameters; then the estimates.
        """
        p = self.params
        check_input(x, p.n_channels_in + p.n_channels_estimates, p.n_dims)
        filtered: Tensor = self.filters(x[:, : p.n_channels_in])
        return torch.cat((filtered, x[:, p.n_channels_in :]), dim=1)

    def weights(self, members: Tensor) -> Tensor:
        """Give the weights with which each output mixes its candidates.

        Parameters
        ----------
        members : Tensor
            Shape ``(N, n_members, *S)``.

        Returns
        -------
        Tensor
            Shape ``(N, n_channels_out, n_candidates, *S)``, not negative, with sum 1 over the
            candidates, which are the members numbered ``order.candidates``.
        """
        check_input(members, self.n_members, self.params.n_dims)
        logits: Tensor = self.layers(self.features(members))
        n, _, *sizes = logits.shape
        return logits.reshape(n, self.params.n_channels_out, -1, *sizes).softmax(2)

    def mix(self, members: Tensor) -> Tensor:
        """Mix members, ``(N, n_members, *S)``, to the output, ``(N, n_channels_out, *S)``."""
        weights = self.weights(members)
        if weights.shape[2] == self.n_members:  # every output mixes all of them
            return (weights * members.unsqueeze(1)).sum(2)
        candidates = torch.stack([members[:, own] for own in self.order.candidates], dim=1)
        return (weights * candidates).sum(2)

    def favour(self, logits: Tensor) -> None:
        """Start from a mixture that is nearly the same everywhere.

        Parameters
        ----------
        logits : Tensor
            Shape (n_channels_out * n_candidates,): logarithms of the weights, up to a constant.
        """
        weight, bias = self.layers[-1].parameters()
        with torch.no_grad():
            weight.mul_(SMALL)
            bias.copy_(logits)

    def forward(self, x: Tensor) -> Tensor:
        """Denoise `x`.

        Parameters
        ----------
        x : Tensor
            Shape ``(N, n_channels_in + n_channels_estimates, *S)``, of any spatial size.

        Returns
        -------
        Tensor
            Shape ``(N, n_channels_out, *S)``.
        """
        return self.mix(self.members(x))


def choosing_layers(p: NetworkParamsKernelMixture, n_features: int, order: MemberOrder) -> Chain:
    """Return the network that reads features and gives the logits of all candidates.

    Its last layer starts small and with a bias for the references, so that training starts from
    a sound filter.
    """
    layers: list[nn.Module] = []
    n_in = n_features
    for dilation in p.dilations or ():
        layers += same_conv(
            n_in, p.n_features, p.n_dims, kernel_size=p.kernel_size, dilation=dilation
        )
        layers.append(activation())
        n_in = p.n_features
    logits = [m for own in order.candidates for m in own]
    last = nd_layers(p.n_dims).conv(p.n_features, len(logits), 1)
    favours = [p.prior if m in order.levels else 0.0 for m in logits]
    with torch.no_grad():
        weight, bias = last.parameters()
        weight.mul_(SMALL)
        bias.copy_(torch.tensor(favours))
    return Chain(*layers, last)
