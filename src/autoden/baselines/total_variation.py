"""Total variation: the flattest image that is near enough to the values, in 1D, 2D and 3D."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from skimage.restoration import denoise_tv_chambolle

from autoden.baselines.baseline import Baseline, Floats, geometric, smooth_stabilised
from autoden.checks import number
from autoden.noise.model import NoiseModel

_WEIGHTS = (0.25, 2.5, 2 ** (1 / 3))  # the least, the greatest, and the ratio between neighbours
_MOST_STEPS = 200
_CLOSE = 1e-4  # relative change of the cost, at which it ends


@dataclass(frozen=True)
class TotalVariation(Baseline):
    r"""Remove noise by a penalty on the sum of all slopes.

    The values v are given unit variance by the noise model's own transform (Anscombe's, for
    counts); the estimate u minimises :math:`\sum |\nabla u| + \sum (u - v)^2 / (2 w)` with the
    isotropic length of the gradient, and is brought back by the exact unbiased inverse. Edges stay
    sharp, smooth slopes become steps, and contrasts are lowered. Computed by scikit-image. Rates of
    Poisson counts are floored at 0.001 counts of one acquisition.

    Parameters
    ----------
    weight : float
        w, in standard deviations of the noise; above 0.

    References
    ----------
    L. I. Rudin, S. Osher, E. Fatemi, Physica D 60 (1992) 259. A. Chambolle, J. Math. Imaging Vis.
    20 (2004) 89.

    Examples
    --------
    >>> import numpy as np
    >>> from autoden.noise import Combined, Gaussian
    >>> truth = np.repeat([[10.0, 40.0]], 16, axis=1) + np.zeros((32, 1))
    >>> noisy = truth + np.random.default_rng(0).normal(0, 5, truth.shape)
    >>> cleaned = TotalVariation(weight=1.0).apply(Combined(noisy, dose=1), Gaussian(5))
    >>> [float(np.std(each - truth).round(1)) for each in (noisy, cleaned)]
    [4.9, 1.3]
    """

    weight: float
    name: ClassVar[str] = "total-variation"

    def __post_init__(self) -> None:
        number("weight", self.weight, above=0)

    def smooth(self, values: Floats, dose: float, noise: NoiseModel) -> Floats:
        """Filter every measurement; see `Baseline.smooth`."""
        return smooth_stabilised(self._cleaned, values, dose, noise)

    def _cleaned(self, image: Floats) -> Floats:
        """Clean one image (*S) whose noise has a variance of 1."""
        minimise: Callable[..., Floats] = denoise_tv_chambolle
        return minimise(image, weight=self.weight, eps=_CLOSE, max_num_iter=_MOST_STEPS)

    def describe(self) -> str:
        """Say the weight."""
        return f"total variation, weight {self.weight:.3g}"

    @classmethod
    def grid(cls, shape: Sequence[int]) -> tuple[Self, ...]:
        """Give weights from a quarter to two and a half standard deviations."""
        return tuple(cls(weight) for weight in geometric(*_WEIGHTS))
