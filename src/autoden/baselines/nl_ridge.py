"""Non-local ridge regression: similar patches estimated as combinations of each other.

Where patches are and which are alike is told in `patches.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from scipy.ndimage import uniform_filter
from torch import Tensor

from autoden.baselines.baseline import Baseline, Floats, positive
from autoden.baselines.patches import PatchLayout, Tile
from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.noise.model import NoiseModel

_BATCH = 256  # groups of similar patches that are solved at once
_MANY = {1: 8.0, 2: 2.0, 3: 1.0}  # counts, on average: from there on stabilised values do better
_UNEVEN = 2.0  # squared variation over squared mean: more has lines far above the rest
_AVERAGED = 5  # elements along every axis, for the rates that give the variance
_LEAST = 0.01  # of the mean variance: nowhere is there less
_ROUNDING = 1e-5  # of the mean eigenvalue, so that every system has a solution in single precision


@dataclass(frozen=True)
class Step:
    """One pass over the image.

    Parameters
    ----------
    patch : int
        Width of the patches along every axis, in elements.
    similar : int
        How many similar patches make a group, at most.
    window : int
        Width along every axis of the window in which they are searched for.
    stride : int
        From one group to the next, along every axis.
    """

    patch: int
    similar: int
    window: int
    stride: int

    def __post_init__(self) -> None:
        for name in ("patch", "similar", "window", "stride"):
            whole_number(name, getattr(self, name))
        if self.stride > self.patch:
            raise InputError(
                f"`stride` is {self.stride}: give no more than the patch, {self.patch}, or some "
                "elements lie in no patch."
            )


@dataclass(frozen=True)
class NLRidge(Baseline):
    r"""Similar patches, each estimated as the best linear combination of all of them.

    The k patches most similar to one are the rows of Y, with n elements each. They are replaced by
    :math:`\Theta Y`, where the rows of :math:`\Theta` sum to 1 and make the expected squared error

    .. math:: \|\Theta X - X\|^2 + \sum_{ij} \Theta_{ij}^2 D_j

    least. D holds the sums of the noise's variance in each patch. X, the truth, is not known: in
    the first step its products :math:`X X^T` are replaced by their estimate from Y itself; each
    further step takes the result of the one before for X, also in the search, and combines the
    noisy patches anew. Where patches overlap, they are averaged with weights
    :math:`1 / \sum_j \Theta_{ij}^2`.

    The authors have two steps and no constraint on the rows. The constraint makes the result
    independent of the level of the image. The third step, with smaller patches, adds about 0.1 dB.
    Values with enough counts on average (8 in spectra, 2 in images, 1 in volumes) are first given
    unit variance by the noise model's own transform; fewer are combined as they are, with the
    variances of their estimated rates. Rates of Poisson counts are floored at 0.001 counts of one
    acquisition.

    Parameters
    ----------
    steps : tuple of Step, or None
        The passes; None chooses them by the number of dimensions and by how strong the noise is
        beside the variation of the image.

    References
    ----------
    S. Herbreteau and C. Kervrann, "Towards a unified view of unsupervised non-local methods for
    image denoising: the NL-Ridge approach", IEEE ICIP 2022; "A unified framework of nonlocal
    parametric methods for image denoising", SIAM J. Imaging Sci. 18 (2025) 89.

    Examples
    --------
    >>> from autoden.noise import Combined, Gaussian
    >>> truth = 50.0 * (np.add.outer(np.arange(32), np.arange(32)) % 16 < 8)
    >>> noisy = truth + np.random.default_rng(0).normal(0, 10, truth.shape)
    >>> cleaned = NLRidge().apply(Combined(noisy, dose=1), Gaussian(10))
    >>> [float(np.std(each - truth).round(1)) for each in (noisy, cleaned)]
    [9.7, 1.5]
    """

    steps: tuple[Step, ...] | None = None
    name: ClassVar[str] = "nl-ridge"

    def smooth(self, values: Floats, dose: float, noise: NoiseModel) -> Floats:
        """Filter every measurement; see `Baseline.smooth`."""
        return self.smooth_channels(values[:, np.newaxis], dose, noise)[:, 0]

    def smooth_channels(self, values: Floats, dose: float, noise: NoiseModel) -> Floats:
        """Filter every measurement, with patches of all channels; see `Baseline`."""
        if values.size == 0:
            return values.copy()
        if _is_better_stabilised(values, dose, noise):
            stabilised = noise.stabilise(values, dose)
            cleaned = np.stack([self._cleaned(each, np.ones_like) for each in stabilised])
            return positive(noise.unstabilise(cleaned, dose), noise)

        def variance(rates: Floats) -> Floats:
            return noise.variance(rates, dose)

        return positive(np.stack([self._cleaned(each, variance) for each in values]), noise)

    def _cleaned(self, values: Floats, variance: Callable[[Floats], Floats]) -> Floats:
        """Filter one measurement of shape (C, *S)."""
        image = _Standard.of(values, variance)
        if image is None:
            return values.copy()
        noisy = image.scaled(values)
        pilot = noisy
        for number, step in enumerate(self.steps or _recipe(noisy)):
            noise = image.variance(pilot)
            pilot = _step(noisy, pilot, noise, step=step, is_first=number == 0)
        return image.unscaled(pilot)

    def describe(self) -> str:
        """Say the patches of the steps."""
        if self.steps is None:
            return "NL-Ridge"
        return "NL-Ridge, patches " + ", ".join(str(step.patch) for step in self.steps)

    @classmethod
    def grid(cls, shape: Sequence[int]) -> tuple[Self, ...]:
        """Give the one that chooses its steps by the noise."""
        return (cls(),)


def _is_better_stabilised(values: Floats, dose: float, noise: NoiseModel) -> bool:
    """Tell whether to combine values of unit variance rather than the values themselves.

    The square root of few counts is far from normal, and its mean says little about theirs; but
    where lines stand far above the rest, one group holds variances of all sizes.
    """
    mean = float(values.mean())
    variance = float(noise.variance(mean, dose))
    is_many = mean**2 >= _MANY[values.ndim - 2] * variance
    return is_many or float(values.var()) - variance > _UNEVEN * mean**2


@dataclass(frozen=True)
class _Standard:
    """Units in which the mean variance of the noise is 1, and the mean of the image 0."""

    mean: Floats
    unit: float
    of_rates: Callable[[Floats], Floats]

    @classmethod
    def of(cls, values: Floats, variance: Callable[[Floats], Floats]) -> _Standard | None:
        """Choose them by the values (C, *S); there are none if there is no noise at all."""
        mean = values.mean(axis=tuple(range(1, values.ndim)), keepdims=True)
        unit = math.sqrt(float(np.mean(variance(values))))
        return cls(mean, unit, variance) if unit > 0 else None

    def scaled(self, values: Floats) -> Tensor:
        return torch.from_numpy(((values - self.mean) / self.unit).astype(np.float32))

    def unscaled(self, image: Tensor) -> Floats:
        return np.asarray(image.numpy().astype(np.float64) * self.unit + self.mean)

    def variance(self, pilot: Tensor) -> Tensor:
        """Give the variance of the noise at the rates of a pilot (C, *S)."""
        rates = self.unscaled(pilot)
        rates = uniform_filter(rates, (1, *[_AVERAGED] * (rates.ndim - 1)), mode="nearest")
        variances = np.maximum(self.of_rates(rates) / self.unit**2, _LEAST)
        return torch.from_numpy(variances.astype(np.float32))


def _recipe(noisy: Tensor) -> tuple[Step, ...]:
    """Choose the steps for an image (C, *S) whose noise has a mean variance of 1."""
    n_dims = noisy.ndim - 1
    contrast = math.sqrt(max(float(noisy.var(correction=0)) - 1, 1e-12))
    for least, steps in _RECIPES[n_dims]:
        if contrast >= least:
            return steps
    raise AssertionError("the last recipe has no limit")


def _steps(window: int, *passes: tuple[int, int, int]) -> tuple[Step, ...]:
    return tuple(Step(patch, similar, window, stride) for patch, similar, stride in passes)


_RECIPES: dict[int, tuple[tuple[float, tuple[Step, ...]], ...]] = {
    1: ((0.0, _steps(401, (15, 18, 3), (15, 60, 3), (9, 60, 3))),),
    2: (
        (2.8, _steps(37, (7, 18, 4), (7, 55, 4), (6, 48, 4))),
        (1.35, _steps(37, (9, 18, 4), (9, 90, 4), (7, 90, 4))),
        (0.0, _steps(37, (9, 20, 4), (9, 120, 4), (7, 120, 4))),
    ),
    3: ((0.0, _steps(11, (4, 18, 3), (4, 64, 3), (3, 64, 2))),),
}
"""Steps by the number of dimensions and the least ratio of the image's variation to the noise."""


def _step(noisy: Tensor, pilot: Tensor, noise: Tensor, *, step: Step, is_first: bool) -> Tensor:
    """Combine the similar patches of a noisy image (C, *S) once."""
    if noisy.ndim == 2:  # a spectrum is an image of one row: tiles loop over the first axis
        rows = noisy[:, None], pilot[:, None], noise[:, None]
        return _step(*rows, step=step, is_first=is_first)[:, 0]
    layout = PatchLayout(tuple(noisy.shape[1:]), step.patch, step.window, step.stride)
    images = [layout.padded(image) for image in (noisy, pilot, noise)]
    total, weight = torch.zeros_like(images[0]), torch.zeros_like(images[0][:1])
    for tile in layout.tiles():
        parts = [image[tile.region] for image in images]
        count = min(step.similar, layout.n_candidates)
        sums, weights = _combined(tile, parts, count, is_first=is_first)
        total[tile.region] += tile.overlaid(sums, len(noisy))
        weight[tile.region] += tile.overlaid(weights[:, None].expand(-1, tile.n_elements), 1)
    return layout.cropped(total) / layout.cropped(weight)


def _combined(
    tile: Tile, parts: Sequence[Tensor], count: int, *, is_first: bool
) -> tuple[Tensor, Tensor]:
    """Give weighted sums of the estimates of all patches (P, C n), and their weights (P,)."""
    noisy, pilot, noise = parts
    patches, truth = tile.rows(noisy), tile.rows(pilot)
    variances = tile.sums(noise)
    sums, weights = torch.zeros_like(patches), torch.zeros_like(variances)
    for alike in torch.split(tile.similar(pilot, count), _BATCH):
        theta = _coefficients(truth[alike], variances[alike], is_first=is_first)
        gain = 1 / (theta**2).sum(2).clamp(1 / count, 1)
        estimates = (theta @ patches[alike]) * gain[:, :, None]
        sums.index_add_(0, alike.reshape(-1), estimates.flatten(0, 1))
        weights.index_add_(0, alike.reshape(-1), gain.reshape(-1))
    return sums, weights


def _coefficients(truth: Tensor, variances: Tensor, *, is_first: bool) -> Tensor:
    """Give the best combinations (G, k, k) of patches (G, k, n) of the truth or a pilot.

    In the first step the pilot is the noisy image, whose products hold the noise's variances
    already; a little is added, so that no denominator vanishes.
    """
    added, removed = (0.05, 1.05) if is_first else (1.0, 1.0)
    centred = truth - truth.mean(1, keepdim=True)  # as the rows of the result sum to 1
    products = centred @ centred.mT
    diagonal = products.diagonal(dim1=1, dim2=2)
    least = _ROUNDING * (diagonal + variances).mean(1, keepdim=True) + torch.finfo().tiny
    diagonal += added * variances + least
    inverse = torch.cholesky_inverse(torch.linalg.cholesky_ex(products).L)
    towards = inverse.sum(2)
    inverse -= towards[:, :, None] * (towards / towards.sum(1, keepdim=True))[:, None, :]
    theta = inverse * (-removed * variances)[:, None, :]
    theta.diagonal(dim1=1, dim2=2).add_(1)
    return theta
