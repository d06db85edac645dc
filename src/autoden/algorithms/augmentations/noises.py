"""Noise added to what the network sees, in the network's own range.

A denoiser scales its data (see `DataScaleBias`) before it augments them: 1 is the span of the data
from their 0.1 % to their 99.9 % percentile. Noise on the input is harmless where the target's
noise is independent of it: it teaches the network to work on noisier data than were measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autoden.algorithms.augmentations.augmentation import RandomView
from autoden.checks import choice, number
from autoden.errors import InputError
from autoden.training.batch import Batch

Level = float | tuple[float, float] | list[float]
"""One strength for all samples; the lowest and the highest, between which each sample draws its
own; or a list, of which each sample draws one."""

MANY_COUNTS = 1e9
"""Samplers of some devices count in 32 bits. Above it, noise is below 0.003 % of the value."""


class AugmentationGaussianNoise(RandomView):
    r"""Add Gaussian noise: :math:`y = x + \sigma\,\mathcal{N}(0, 1)`, anew for every batch.

    Parameters
    ----------
    sigma : float, tuple or list of float
        Standard deviation, at least 0, in units of the scaled data, whose span is about 1. A tuple
        (lowest, highest) lets each sample draw its own between them, a list lets it draw one of
        these.
    n : {1, 2}
        How many tensors get noise: 1, the input; 2, input and target, each its own.
    rng : numpy.random.Generator, optional
        Source of the draws; None takes the denoiser's, or follows numpy's own state without one.
        The same state gives the same noise on the same kind of device.

    Raises
    ------
    InputError
        A value outside its range.

    Examples
    --------
    >>> flat = torch.zeros(1, 1, 10_000)
    >>> add_noise = AugmentationGaussianNoise(0.2, rng=np.random.default_rng(0))
    >>> noisy = add_noise(Batch(flat, flat, flat + 1, flat > 0))
    >>> round(noisy.input.std().item(), 2), noisy.target.std().item()
    (0.2, 0.0)
    """

    geometric = False

    def __init__(self, sigma: Level, n: int = 1, rng: np.random.Generator | None = None) -> None:
        super().__init__(rng)
        self.sigma = _checked_level("sigma", sigma)
        self.n = choice("n", n, (1, 2))

    def __call__(self, batch: Batch) -> Batch:
        """Add noise to the input, or to input and target."""
        return _add_noise(batch, _gaussian, self.sigma, self.n, self.rng)


class AugmentationPoissonNoise(RandomView):
    r"""Add the noise of counting: :math:`y = z + \mathrm{Poisson}((x - z)\,g) / g`.

    The gain :math:`g = 10^{n_{10}}` says how many counts one unit of the scaled data stands for,
    that is, about how many the brightest elements have. The mean of y is x, its variance is
    :math:`(x - z) / g`. Counts need a zero: z is the lowest value of the sample, or 0 if there is
    none below, so that data that are scaled and centred can be counted too.

    Parameters
    ----------
    n_10_counts : float, tuple or list of float
        Logarithm to base 10 of the gain, from 0 to below 10. A tuple (lowest, highest) lets each
        sample draw its own between them, a list lets it draw one of these.
    n : {1, 2}
        How many tensors get noise: 1, the input; 2, input and target, each its own.
    rng : numpy.random.Generator, optional
        Source of the draws; None takes the denoiser's, or follows numpy's own state without one.
        The same state gives the same noise on the same kind of device.

    Raises
    ------
    InputError
        A value outside its range.

    Examples
    --------
    >>> flat = torch.full((1, 1, 10_000), 4.0)
    >>> add_noise = AugmentationPoissonNoise(2, rng=np.random.default_rng(0))
    >>> noisy = add_noise(Batch(flat, flat, flat, flat < 0))
    >>> round(noisy.input.mean().item(), 1), round(noisy.input.std().item(), 2)
    (4.0, 0.2)
    """

    geometric = False

    def __init__(
        self, n_10_counts: Level, n: int = 1, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(rng)
        self.n_10_counts = _checked_level("n_10_counts", n_10_counts, below=10)
        self.n = choice("n", n, (1, 2))

    def __call__(self, batch: Batch) -> Batch:
        """Add noise to the input, or to input and target."""
        return _add_noise(batch, _poisson, self.n_10_counts, self.n, self.rng)


Sampler = Callable[[Tensor, Tensor, torch.Generator], Tensor]
"""Gives noisy values from clean ones (N, C, *S), levels (N, 1, ...) and a source of draws."""


def _add_noise(
    batch: Batch, noisy: Sampler, level: Level, n: int, rng: np.random.Generator
) -> Batch:
    """Add noise to the first `n` tensors of a batch."""
    device, dtype = batch.input.device, batch.input.dtype
    generator = torch.Generator(device).manual_seed(int(rng.integers(2**63)))
    drawn = torch.tensor(_draw_levels(level, len(batch), rng), dtype=dtype)
    levels = drawn.to(device, non_blocking=True).reshape(-1, *(1,) * (batch.input.ndim - 1))
    shown = noisy(batch.input, levels, generator)
    asked = noisy(batch.target, levels, generator) if n == 2 else batch.target
    return replace(batch, input=shown, target=asked)


def _gaussian(values: Tensor, sigma: Tensor, generator: torch.Generator) -> Tensor:
    return values + sigma * torch.empty_like(values).normal_(generator=generator)


def _poisson(values: Tensor, n_10_counts: Tensor, generator: torch.Generator) -> Tensor:
    zero = values.amin(dim=tuple(range(1, values.ndim)), keepdim=True).clamp(max=0)  # (N, 1, ...)
    gain = 10**n_10_counts
    expected = ((values - zero) * gain).clamp(max=MANY_COUNTS)
    return values + (torch.poisson(expected, generator) - expected) / gain


def _checked_level(name: str, level: Level, below: float = np.inf) -> Level:
    """Return the level as floats, or raise if one is out of range or a tuple is no interval."""
    if not isinstance(level, tuple | list):
        return number(name, level, at_least=0, below=below)
    values = [number(f"{name}[{i}]", v, at_least=0, below=below) for i, v in enumerate(level)]
    if isinstance(level, list) and values:
        return values
    if len(values) != 2 or values[0] > values[1]:
        raise InputError(f"`{name}` is {level!r}: give a number, (lowest, highest) or a list.")
    return values[0], values[1]


def _draw_levels(level: Level, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the level of each of `n` samples."""
    if isinstance(level, list):
        return rng.choice(level, n)
    low, high = level if isinstance(level, tuple) else (level, level)
    return rng.uniform(low, high, n)
