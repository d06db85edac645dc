"""A blind-spot network with the posterior estimate (Laine et al., NeurIPS 2019).

The network never sees the pixel that it predicts. It gives the mean of what may be there and how
far that may be off; the noise tells the same of the measured value. Both together give the
estimate, which so uses the pixel after all.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from autoden.algorithms.arrays import PairArrays
from autoden.algorithms.network import ModelLike
from autoden.algorithms.pairs import PairsTask
from autoden.algorithms.results import predict_measurements
from autoden.algorithms.zero_shot import Recipe, ZeroShot, channels_of
from autoden.checks import choice, number
from autoden.errors import InputError
from autoden.losses.likelihood import posterior_mean, surroundings_likelihood
from autoden.models.blind_spot import BlindSpotNet
from autoden.models.params import NetworkParams, NetworkParamsBlindSpot
from autoden.noise.recorruption import level_of
from autoden.signals.scaling import DataScaleBias
from autoden.training.batch import Batch
from autoden.training.task import Losses, check_output, weigh

AddedNoise = Literal["gaussian", "poisson"]


class BlindSpot(ZeroShot):
    """Denoise single measurements from surroundings and what the noise leaves of the values.

    Parameters
    ----------
    model
        Parameters of a `BlindSpotNet`, or one; its channels in and out must be equal. None takes
        one for images of one channel.
    noise : {"gaussian", "poisson"}
        The kind of noise: alike everywhere; or counts, or multiples of them.
    level : float, optional
        What describes the noise, in data units: its standard deviation, or the value of one count.
        If not given, it is estimated from the data.
    **options
        What else `Denoiser` takes.

    References
    ----------
    S. Laine, T. Karras, J. Lehtinen, T. Aila, "High-quality self-supervised deep image
    denoising", NeurIPS 2019.

    Examples
    --------
    >>> import autoden as ad
    >>> noisy = np.random.default_rng(0).poisson(20.0, (32, 32))
    >>> blind_spot = ad.BlindSpot(noise="poisson", seed=0, verbose=False)
    >>> inp, held_out = blind_spot.prepare_data(noisy)
    >>> losses = blind_spot.train(inp, held_out, epochs=2)
    >>> blind_spot.infer(inp).shape
    (32, 32)
    """

    title = "The blind-spot network"
    saved_options: ClassVar[tuple[str, ...]] = ("noise", "level")
    default_network: ClassVar[NetworkParams] = NetworkParamsBlindSpot()

    def __init__(
        self,
        model: ModelLike | None = None,
        *arguments: Any,
        noise: AddedNoise = "gaussian",
        level: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(model, *arguments, **options)
        if not isinstance(self.model, BlindSpotNet):
            raise InputError(
                f"`model` is a {type(self.model).__name__}, which sees what it should predict: "
                "give NetworkParamsBlindSpot(...) or 'blind_spot', or use `autoden.N2V`, which "
                "hides pixels from any network."
            )
        self.noise: AddedNoise = choice("noise", noise, get_args(AddedNoise))
        self.level = None if level is None else number("level", level, above=0)

    def _recipe(self, arrays: PairArrays, scaling: DataScaleBias) -> Recipe:
        level = level_of(channels_of(arrays.inputs, self._kind), self.noise, self.level)
        variance = NoiseVariance.of(self.noise, level, scaling)
        make_task = partial(SurroundingsTask, variance=variance)
        return Recipe(arrays, make_task, options={"noise": self.noise, "level": level})

    def _predict(self, data: NDArray[np.generic]) -> NDArray[np.float64]:
        """Combine what the network predicts with what was measured."""
        level = self.level or (self.settings or {}).get("level")
        network: nn.Module = self.model
        if self.data_scale_bias is not None and level is not None:
            variance = NoiseVariance.of(self.noise, level, self.data_scale_bias)
            network = Posterior(self.model, variance)
        return predict_measurements(
            network, data, self._kind, self.data_scale_bias, self.batch_size
        )


@dataclass(frozen=True)
class NoiseVariance:
    """Variance of the noise of values with some mean, in the range of the network.

    Attributes
    ----------
    floor, slope, zero : float
        The variance is the floor, and the slope times what the mean exceeds the zero of the data.
    """

    floor: float
    slope: float = 0.0
    zero: float = 0.0

    @classmethod
    def of(cls, noise: AddedNoise, level: float, scaling: DataScaleBias) -> NoiseVariance:
        """Bring a level in data units to the range of the network."""
        scale = abs(scaling.scale_inp)
        if noise == "gaussian":
            return cls((level * scale) ** 2)
        return cls(0.01 * (level * scale) ** 2, level * scaling.scale_inp, -scaling.bias_inp)

    def __call__(self, mean: Tensor) -> Tensor | float:
        """Give the variance, of the shape of the mean or one number."""
        if self.slope == 0:
            return self.floor
        return ((mean - self.zero) * self.slope).clamp(min=self.floor)


@dataclass(frozen=True)
class SurroundingsTask(PairsTask):
    """Make what was measured as likely as can be, given its surroundings; a `Task`.

    Attributes
    ----------
    variance : NoiseVariance
        Of the noise.
    """

    variance: NoiseVariance = NoiseVariance(0.0)

    def loss(self, model: nn.Module, batch: Batch) -> Losses:
        """Give the negative log-likelihood; in scores, too, it may be below 0."""
        mean, log_variance = model(batch.input, return_variance=True)
        check_output(mean, batch)
        # As in the paper, the variance of the noise depends on the mean, but does not teach it.
        noise = self.variance(mean.detach())
        errors = surroundings_likelihood(mean, log_variance, batch.target, noise)
        return weigh(errors, mean, batch)


class Posterior(nn.Module):
    """Estimate from surroundings and measured values, ``(N, C, *S) -> (N, C, *S)``.

    Parameters
    ----------
    network : BlindSpotNet
        Predicts mean and variance from the surroundings.
    variance : NoiseVariance
        Of the noise.
    """

    def __init__(self, network: nn.Module, variance: NoiseVariance) -> None:
        super().__init__()
        self.network = network
        self.variance = variance

    def forward(self, x: Tensor) -> Tensor:
        """Give the mean of the posterior."""
        mean, log_variance = self.network(x, return_variance=True)
        return posterior_mean(mean, log_variance, x, self.variance(mean))
