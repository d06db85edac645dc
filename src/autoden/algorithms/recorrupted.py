"""Recorrupted-to-Recorrupted: predict one made measurement from another (CVPR 2021, CVPR 2025).

Where the kind and the level of the noise are known, one measurement can be made into two whose
noise is independent: what Noise2Noise needs. The same limit without drawing targets is Stein's
unbiased estimate of the error, which can be minimised itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autoden.algorithms.arrays import PairArrays
from autoden.algorithms.network import ModelLike
from autoden.algorithms.pairs import PairsTask
from autoden.algorithms.zero_shot import Recipe, ZeroShot, channels_of
from autoden.checks import choice, number, whole_number
from autoden.errors import InputError
from autoden.losses.unbiased_risk import unbiased_risk
from autoden.models.params import NetworkParams, NetworkParamsPlain
from autoden.noise.recorruption import KINDS, KnownNoise, level_of, recorrupt, variance_of
from autoden.randomness import numpy_generator
from autoden.signals.scaling import DataScaleBias
from autoden.training.batch import Batch
from autoden.training.task import Losses, check_output, weigh

Objective = Literal["recorrupted", "sure"]

STEP = 0.01
"""How far Stein's estimate moves its input, in the range of the network, which is about 1."""


class R2R(ZeroShot):
    """Denoise single measurements whose noise is of a known kind.

    Parameters
    ----------
    model
        As in `Denoiser`; its channels in and out must be equal. None takes a small network for
        images of one channel.
    noise : {"gaussian", "poisson", "gamma"}
        The kind of noise: additive and alike everywhere; counts, or multiples of them; or
        multiplied, such as speckle.
    level : float, optional
        What describes the noise, in data units: its standard deviation; the value of one count;
        or the shape, which is the squared mean over the variance. If not given, it is estimated
        from the data.
    fraction : float
        Share of the dose that goes into the target, above 0 and below 1. The less, the more alike
        are input and measurement; but the noisier is the target.
    objective : {"recorrupted", "sure"}
        Compare with recorrupted targets, or minimise Stein's unbiased estimate of the error,
        which is for "gaussian" and, nearly, for "poisson".
    n_draws : int
        Of how many recorrupted copies `infer` averages what the network gives; 0 shows it the
        measurement itself, as "sure" does at any rate.
    **options
        What else `Denoiser` takes.

    References
    ----------
    T. Pang et al., "Recorrupted-to-Recorrupted: unsupervised deep learning for image denoising",
    CVPR 2021. B. Monroy et al., "Generalized Recorrupted-to-Recorrupted: self-supervised learning
    beyond Gaussian noise", CVPR 2025. S. Soltanayev, S. Y. Chun, "Training deep learning based
    denoisers without ground truth data", NeurIPS 2018 (Stein's estimate as a loss).

    Examples
    --------
    >>> import autoden as ad
    >>> noisy = np.random.default_rng(0).poisson(20.0, (32, 32))
    >>> r2r = ad.R2R(noise="poisson", seed=0, verbose=False)
    >>> inp, held_out = r2r.prepare_data(noisy)
    >>> losses = r2r.train(inp, held_out, epochs=2)
    >>> r2r.infer(inp).shape
    (32, 32)
    """

    title = "Recorrupted-to-Recorrupted"
    saved_options: ClassVar[tuple[str, ...]] = (
        "noise", "level", "fraction", "objective", "n_draws",
    )  # fmt: skip
    default_network: ClassVar[NetworkParams] = NetworkParamsPlain(n_layers=6, n_features=32)

    def __init__(
        self,
        model: ModelLike | None = None,
        *arguments: Any,
        noise: KnownNoise = "gaussian",
        level: float | None = None,
        fraction: float = 0.2,
        objective: Objective = "recorrupted",
        n_draws: int = 8,
        **options: Any,
    ) -> None:
        super().__init__(model, *arguments, **options)
        self.noise: KnownNoise = choice("noise", noise, KINDS)
        self.level = None if level is None else number("level", level, above=0)
        self.fraction = number("fraction", fraction, above=0, below=1)
        self.objective: Objective = choice("objective", objective, get_args(Objective))
        self.n_draws = whole_number("n_draws", n_draws, at_least=0)
        if (noise, objective) == ("gamma", "sure"):
            raise InputError(
                "`objective` is 'sure', which is for noise that is added, but `noise` is 'gamma': "
                "choose objective='recorrupted'."
            )

    def _recipe(self, arrays: PairArrays, scaling: DataScaleBias) -> Recipe:
        level = level_of(channels_of(arrays.inputs, self._kind), self.noise, self.level)
        options = {name: getattr(self, name) for name in self.saved_options} | {"level": level}
        if self.objective == "sure":
            variance = Variance(self.noise, level, scaling)
            make_task = partial(RiskTask, variance=variance, draws=self._draws())
            return Recipe(arrays, make_task, options=options)
        inputs, targets = self._recorrupted(arrays.inputs, level, "held out noise")
        rng = numpy_generator(self.seed, "recorruption")
        view = Recorruption(self.noise, level, self.fraction, scaling, rng)
        pairs = PairArrays(inputs, targets, arrays.held_out, arrays.trains)
        return Recipe(pairs, views=(view,), options=options)

    def _measured(self, arrays: PairArrays) -> NDArray[np.float64]:
        """Give what was measured: what both recorrupted parts make up."""
        if self.objective == "sure":
            return arrays.targets
        return (1 - self.fraction) * arrays.inputs + self.fraction * arrays.targets

    def _predict(self, data: NDArray[np.generic]) -> NDArray[np.float64]:
        """Average what the network makes of recorrupted copies."""
        level = self.level or (self.settings or {}).get("level")
        if self.objective == "sure" or self.n_draws == 0 or level is None:
            return super()._predict(data)
        complex_data = np.iscomplexobj(data)
        parts = np.stack((data.real, data.imag)) if complex_data else np.asarray(data)
        total = np.zeros(())
        for draw in range(self.n_draws):
            copy = self._recorrupted(parts.astype(np.float64), level, f"inference {draw}")[0]
            total = total + super()._predict(copy[0] + 1j * copy[1] if complex_data else copy)
        return total / self.n_draws

    def _recorrupted(
        self, data: NDArray[np.float64], level: float, purpose: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Draw two measurements of each, the same ones each time."""
        rng = numpy_generator(self.seed or 0, purpose)
        return recorrupt(data, self.noise, level, self.fraction, rng)


@dataclass(frozen=True)
class Recorruption:
    """Draw input and target anew from the measurement that the two make up; a view of a batch.

    Attributes
    ----------
    noise, level, fraction
        As in `recorrupt`.
    scaling : DataScaleBias
        From data units to the range of the network.
    rng : numpy.random.Generator
        Source of the draws.
    """

    noise: KnownNoise
    level: float
    fraction: float
    scaling: DataScaleBias
    rng: np.random.Generator

    geometric = False

    def __call__(self, batch: Batch) -> Batch:
        """Recorrupt; Gaussian noise is drawn with both signs, by which most of it cancels."""
        measured = (1 - self.fraction) * batch.input + self.fraction * batch.target
        in_units = _in_units(measured, self.scaling)
        drawn = recorrupt(in_units, self.noise, self.level, self.fraction, self.rng)
        scales = (self.scaling.scale_input, self.scaling.scale_target)
        inputs, targets = (
            torch.from_numpy(scale(values)).to(measured)
            for scale, values in zip(scales, drawn, strict=True)
        )
        if self.noise != "gaussian":
            return Batch(inputs, targets, batch.weight, batch.held_out)
        return Batch(
            torch.cat((inputs, 2 * measured - inputs)),
            torch.cat((targets, 2 * measured - targets)),
            torch.cat((batch.weight, batch.weight)),
            torch.cat((batch.held_out, batch.held_out)),
        )


@dataclass(frozen=True)
class Variance:
    """Variance of measured values in the range of the network.

    Attributes
    ----------
    noise, level
        As in `recorrupt`.
    scaling : DataScaleBias
        From data units to the range of the network.
    """

    noise: KnownNoise
    level: float
    scaling: DataScaleBias

    def __call__(self, measured: Tensor) -> Tensor:
        """Give the variances of (N, C, *S)."""
        in_units = _in_units(measured, self.scaling)
        variance = variance_of(in_units, self.noise, self.level) * self.scaling.scale_inp**2
        return torch.from_numpy(variance).to(measured)


@dataclass(frozen=True)
class RiskTask(PairsTask):
    """Minimise Stein's unbiased estimate of the error; a `Task`.

    Attributes
    ----------
    variance : Variance
        Of the noise.
    draws : torch.Generator, optional
        Source of the probes, on the device of the batches.
    """

    variance: Variance | None = None
    draws: torch.Generator | None = None

    def loss(self, model: nn.Module, batch: Batch) -> Losses:
        """Estimate the error of the output; in scores it may be below 0."""
        assert self.variance is not None
        fixed = torch.Generator(batch.input.device).manual_seed(0)
        draws = self.draws if model.training else fixed
        probe = torch.randn(batch.input.shape, generator=draws, device=batch.input.device)
        both = model(torch.cat((batch.input, batch.input + STEP * probe)))
        output, shifted = both.chunk(2)
        check_output(output, batch)
        variance = self.variance(batch.target)
        errors = unbiased_risk(output, batch.target, variance, shifted, probe, STEP)
        return weigh(errors, output, batch)


def _in_units(measured: Tensor, scaling: DataScaleBias) -> NDArray[np.float64]:
    """Bring values from the range of the network to data units."""
    return scaling.restore_output(measured.double().cpu().numpy()).astype(np.float64)
