"""The parameters of each kind of network: frozen records, which build their network.

A new network of autoden is its own module, a record below, and a line in `NETWORKS`; users add
theirs with `autoden.models.register`. Nothing here imports torch until a network is built.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from autoden.checks import seed_or_none
from autoden.models.devices import choose_device
from autoden.models.kernel_banks import complete_bank
from autoden.models.param_checks import CHECKS

if TYPE_CHECKING:
    import torch


class NetworkParams:
    """What all networks have in common; the fields themselves are in the records below.

    A new kind of network derives a frozen dataclass, whose fields are the parameters of the
    network's class, and sets `network`.

    Attributes
    ----------
    n_channels_in, n_channels_out : int, default: 1
        Number of channels of the input and of the output.
    n_features : int
        Number of features of a layer.
    n_dims : {1, 2, 3}, default: 2
        Number of dimensions of the signal: a spectrum has 1, an image 2, a volume 3.
    network : str
        Where the class of the network is, as ``"module:class"``.
    """

    network: ClassVar[str]
    n_channels_in: int
    n_channels_out: int
    n_features: int
    n_dims: int

    @classmethod
    def network_class(cls) -> type[torch.nn.Module]:
        """Return the class of the network that the parameters are for."""
        module, name = cls.network.split(":")
        found: type[torch.nn.Module] = getattr(importlib.import_module(module), name)
        return found

    def get_model(
        self, device: torch.device | str | None = None, seed: int | None = None
    ) -> torch.nn.Module:
        """Build the network.

        Parameters
        ----------
        device : torch.device or str, optional
            Where the weights go; if not given, the GPU if there is one, else the CPU.
        seed : int, optional
            Makes the initial weights repeat, on any device, and leaves torch's global random
            state as it was. Without it the weights follow the global state.

        Returns
        -------
        torch.nn.Module
            The network, ``(N, n_channels_in, *S) -> (N, n_channels_out, *S)``.

        Examples
        --------
        >>> network = NetworkParamsDnCNN(n_layers=6, n_features=4, n_dims=1).get_model("cpu")
        >>> sum(p.numel() for p in network.parameters())
        256
        """
        import torch

        from autoden.randomness import seeded

        network_class = self.network_class()
        cpu = torch.device("cpu")  # weights drawn there are the same on any device
        with cpu, seeded(seed_or_none(seed), cpu):
            network = network_class(**vars(self))
        return network.to(choose_device(device))

    def __post_init__(self) -> None:
        """Check the fields whose names are known; a network's own ones it checks itself."""
        for name, value in tuple(vars(self).items()):
            if name in CHECKS:
                object.__setattr__(self, name, CHECKS[name](name, value))


@dataclass(frozen=True)
class NetworkParamsDnCNN(NetworkParams):
    """Parameters of `autoden.models.dncnn.DnCNN`, a plain chain of convolutions.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_features, n_dims
        As in `NetworkParams`.
    n_layers : int, default: 20
        Number of convolutions.
    kernel_size : int, default: 3
        Width of the convolutions, an odd number of samples.
    pad_mode : {"replicate", "reflect", "zeros", "circular"}
        How the signal goes on beyond its edges.
    """

    network: ClassVar[str] = "autoden.models.dncnn:DnCNN"
    n_channels_in: int = 1
    n_channels_out: int = 1
    n_layers: int = 20
    n_features: int = 64
    n_dims: int = 2
    kernel_size: int = 3
    pad_mode: str = "replicate"


@dataclass(frozen=True)
class NetworkParamsUNet(NetworkParams):
    """Parameters of `autoden.models.unet.UNet`, an encoder and a decoder over several scales.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_dims
        As in `NetworkParams`.
    n_levels : int, default: 3
        How many times the size is halved.
    n_features : int, default: 32
        Number of features at full size; they double at every level but the last.
    n_channels_skip : int, optional
        Number of features that skip the coarser levels, at full size; more at coarser levels, in
        proportion. All of them if not given; 0 for none.
    bilinear : bool, default: True
        Change the size by averages and linear interpolation, rather than by learnt filters.
    pad_mode : {"replicate", "reflect", "zeros", "circular"}
        How the signal goes on beyond its edges.
    blur_pool : bool, default: False
        Halve the size by maxima of blurred neighbours (Zhang 2019), whatever `bilinear` says; it
        still says how the size is doubled.
    top_skip : bool, default: True
        Whether features at full size skip the coarser levels. Without them, and with `blur_pool`,
        the network is that of Noise2Void 2 (Hoeck et al. 2022), which shows no chequerboards.
    align_corners : bool, default: False
        Interpolate from edge to edge rather than at fixed distances from cell to cell. It is what
        auto-denoise 3.0 does, and is for weights trained there: every sample then depends a little
        on the size of the whole signal, so that tiles do not fit together.
    """

    network: ClassVar[str] = "autoden.models.unet:UNet"
    n_channels_in: int = 1
    n_channels_out: int = 1
    n_levels: int = 3
    n_features: int = 32
    n_channels_skip: int | None = None
    n_dims: int = 2
    bilinear: bool = True
    pad_mode: str = "replicate"
    blur_pool: bool = False
    top_skip: bool = True
    align_corners: bool = False


@dataclass(frozen=True)
class NetworkParamsMSD(NetworkParams):
    """Parameters of `autoden.models.msd.MSDnet`, the mixed-scale dense network.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_dims
        As in `NetworkParams`.
    n_layers : int, default: 12
        Number of layers before the output.
    n_features : int, default: 1
        Number of features that each layer adds.
    dilations : sequence of int, default: (1, 2, 3)
        Distance in samples between the taps of the convolutions, layer by layer, over and over.
    use_dilations : bool, default: True
        If False, a layer of dilation ``d`` sees instead the signal averaged by ``2**(d - 1)``.
    """

    network: ClassVar[str] = "autoden.models.msd:MSDnet"
    n_channels_in: int = 1
    n_channels_out: int = 1
    n_layers: int = 12
    n_features: int = 1
    n_dims: int = 2
    dilations: tuple[int, ...] = (1, 2, 3)
    use_dilations: bool = True


@dataclass(frozen=True)
class NetworkParamsResnet(NetworkParams):
    """Parameters of `autoden.models.resnet.Resnet`, a chain of residual blocks.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_features, n_dims
        As in `NetworkParams`.
    n_layers : int, default: 10
        Number of residual blocks, of two convolutions each.
    kernel_size : int, default: 3
        Width of the convolutions, an odd number of samples.
    pad_mode : {"replicate", "reflect", "zeros", "circular"}
        How the signal goes on beyond its edges.
    """

    network: ClassVar[str] = "autoden.models.resnet:Resnet"
    n_channels_in: int = 1
    n_channels_out: int = 1
    n_layers: int = 10
    n_features: int = 24
    n_dims: int = 2
    kernel_size: int = 3
    pad_mode: str = "replicate"


@dataclass(frozen=True)
class NetworkParamsKernelMixture(NetworkParams):
    """Parameters of `autoden.models.kernel_mixture.KernelMixture`, a mixture of fixed filters.

    What is not given depends on `n_dims`; the record holds what it then is, so that a saved
    network does not change with the defaults.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_dims
        As in `NetworkParams`; `n_channels_in` counts the channels that are filtered.
    n_features : int, default: 8
        Number of features of a layer of the network that chooses.
    dilations : sequence of int, optional
        Step between the samples that each of its convolutions reads, before the one of kernel 1
        that gives the weights; (1, 3, 9, 27), (1, 2, 4) or (1, 2) in 1, 2 or 3 dimensions.
    kernel_size : int, default: 3
        How many samples each reads along an axis, an odd number.
    gaussians : sequence of float, optional
        Standard deviations in samples.
    savgol : sequence of (int, int), optional
        Savitzky-Golay filters: window in samples, odd, and order.
    reference : int, optional
        Which filter, counted through `gaussians` and then `savgol`, the others are compared to
        and training starts from; the Gaussian in the middle of those given. Numbers beyond the
        filters are estimates.
    prior : float, default: 2.0
        How much the reference is favoured before training: its logit, the others' being 0.
    stabilise : {None, "anscombe"}
        What the network that chooses sees: differences to the reference in units of the noise
        nearby, whatever the data are; or for counts, in counts, those of their Anscombe transform.
    n_channels_estimates : int, default: 0
        How many further channels of the input, after the filtered ones, are estimates that may be
        chosen as they are.
    """

    network: ClassVar[str] = "autoden.models.kernel_mixture:KernelMixture"
    n_channels_in: int = 1
    n_channels_out: int = 1
    n_features: int = 8
    n_dims: int = 2
    dilations: tuple[int, ...] | None = None
    kernel_size: int = 3
    gaussians: tuple[float, ...] | None = None
    savgol: tuple[tuple[int, int], ...] | None = None
    reference: int | None = None
    prior: float = 2.0
    stabilise: str | None = None
    n_channels_estimates: int = 0

    def __post_init__(self) -> None:
        """Complete what is not given, and check it all."""
        for name, value in complete_bank(vars(self)).items():
            object.__setattr__(self, name, value)
        super().__post_init__()


@dataclass(frozen=True)
class NetworkParamsPlain(NetworkParams):
    """Parameters of `autoden.models.plain.Plain`, a few convolutions without normalisation.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_dims
        As in `NetworkParams`; where both are equal the network predicts what to subtract.
    n_layers : int, default: 3
        Number of convolutions; the last has kernel 1.
    n_features : int, default: 48
        Number of features of a layer.
    kernel_size : int, default: 3
        Width of the other convolutions, an odd number of samples.
    pad_mode : {"replicate", "reflect", "zeros", "circular"}
        How the signal goes on beyond its edges.
    """

    network: ClassVar[str] = "autoden.models.plain:Plain"
    n_channels_in: int = 1
    n_channels_out: int = 1
    n_layers: int = 3
    n_features: int = 48
    n_dims: int = 2
    kernel_size: int = 3
    pad_mode: str = "replicate"


@dataclass(frozen=True)
class NetworkParamsBlindSpot(NetworkParams):
    """Parameters of `autoden.models.blind_spot.BlindSpotNet`, which sees only surroundings.

    Parameters
    ----------
    n_channels_in, n_channels_out, n_dims
        As in `NetworkParams`; there are as many variances as channels of the output.
    n_layers : int, default: 5
        Number of convolutions of a branch.
    n_features : int, default: 24
        Number of features of a layer of a branch.
    dilations : sequence of int, default: (1, 1, 2, 2, 3)
        Distance in samples between the taps of the convolutions, layer by layer, over and over.
    """

    network: ClassVar[str] = "autoden.models.blind_spot:BlindSpotNet"
    n_channels_in: int = 1
    n_channels_out: int = 1
    n_layers: int = 5
    n_features: int = 24
    n_dims: int = 2
    dilations: tuple[int, ...] = (1, 1, 2, 2, 3)


NETWORKS: dict[str, type[NetworkParams]] = {
    "dncnn": NetworkParamsDnCNN,
    "unet": NetworkParamsUNet,
    "msd": NetworkParamsMSD,
    "resnet": NetworkParamsResnet,
    "kernel_mixture": NetworkParamsKernelMixture,
    "plain": NetworkParamsPlain,
    "blind_spot": NetworkParamsBlindSpot,
}
