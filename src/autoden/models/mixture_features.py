"""What the network of a kernel mixture sees: how the filtered signals differ from each other.

The raw values would tell it little: they span orders of magnitude, and what matters is whether two
filters differ by more than the noise. Nothing here is learnt.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autoden.models.params import NetworkParamsKernelMixture
from autoden.transforms.smoothing_kernels import SmoothingBank, gaussian_kernel


class MemberOrder:
    """Which member is what: the filters of each channel, then the estimates.

    Attributes
    ----------
    reference : int
        The filter that the others are compared to.
    channels : list of int
        Of each member, the channel; estimates are compared to the first.
    references : list of int
        Of each member, the member that it is compared to.
    levels, others : list of int
        The members that are references, and the others.
    candidates : list of list of int
        The members that each output mixes.
    """

    def __init__(self, p: NetworkParamsKernelMixture, n_filters: int) -> None:
        n_in, n_out = p.n_channels_in, p.n_channels_out
        self.n_filtered = n_filtered = n_in * n_filters
        estimates = list(range(n_filtered, n_filtered + p.n_channels_estimates))
        self.reference = p.reference or 0
        self.channels = [m // n_filters for m in range(n_filtered)] + [0] * len(estimates)
        if self.reference < n_filters:
            self.references = [c * n_filters + self.reference for c in self.channels]
        else:  # an estimate, for all channels alike
            self.references = [n_filtered + self.reference - n_filters] * len(self.channels)
        self.levels = sorted(set(self.references))
        self.others = [m for m, r in enumerate(self.references) if m != r]
        if n_out == n_in:
            filters = [range(c * n_filters, (c + 1) * n_filters) for c in range(n_in)]
        else:
            filters = [range(n_filtered)] * n_out
        self.candidates = [[*own, *estimates] for own in filters]


class DifferenceFeatures(nn.Module):
    """How members differ from the reference, in units of the noise or texture around.

    The unit is the mean deviation of the least smoothed other member from the reference, averaged
    by a Gaussian four times as wide as the one that smooths like the reference, or like the widest
    filter if the reference is an estimate.
    """

    def __init__(self, order: MemberOrder, kernels: Sequence[NDArray[np.floating]]) -> None:
        super().__init__()
        self.order = order
        self.n_features = len(self.order.others)
        noise_kept = np.array([np.sum(kernel**2) for kernel in kernels])
        like = order.reference if order.reference < len(kernels) else int(np.argmin(noise_kept))
        width = 1 / (2 * np.sqrt(np.pi) * noise_kept[like])
        self.average = SmoothingBank([gaussian_kernel(4 * width)])
        noise_kept[like] = 0.0
        self.finest = slice(int(noise_kept.argmax()), order.n_filtered, len(kernels))

    def forward(self, members: Tensor) -> Tensor:
        """Map members ``(N, M, *S)`` to features ``(N, n_features, *S)`` between -1 and 1."""
        differences = members - members[:, self.order.references]
        unit = self.average(differences[:, self.finest].abs())[:, self.order.channels]
        found = differences / (differences.abs() + unit + torch.finfo(members.dtype).tiny)
        chosen: Tensor = found[:, self.order.others]
        return chosen


class CountFeatures(nn.Module):
    """How members, in counts, differ from the reference after stabilisation, and its level.

    The Anscombe transform gives every count a noise of about 1; the level, up to 60 for strong
    lines, is divided by 8 to be of the size of the differences.
    """

    def __init__(self, order: MemberOrder, kernels: Sequence[NDArray[np.floating]]) -> None:
        super().__init__()
        self.order = order
        self.n_features = len(self.order.references)

    def forward(self, members: Tensor) -> Tensor:
        """Map members in counts, ``(N, M, *S)``, to features ``(N, M, *S)``."""
        stabilised = 2 * (members.clamp(min=0) + 3 / 8).sqrt()
        differences = stabilised - stabilised[:, self.order.references]
        levels = stabilised[:, self.order.levels] / 8
        return torch.cat((differences[:, self.order.others], levels), dim=1)
