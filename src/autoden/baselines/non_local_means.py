"""Non-local means: averages of elements whose surroundings look alike, in 2D and 3D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from skimage.restoration import denoise_nl_means

from autoden.baselines.baseline import Baseline, Floats, smooth_stabilised
from autoden.checks import number
from autoden.noise.model import NoiseModel

_STRENGTHS = (0.4, 0.55, 0.7, 0.85, 1.0)
_PATCH = {2: 5, 3: 3}  # by the number of dimensions
_REACH = {2: 6, 3: 3}


@dataclass(frozen=True)
class NonLocalMeans(Baseline):
    r"""The average of all elements in a window, weighted by how alike their patches are.

    The values are given unit variance by the noise model's own transform (Anscombe's, for counts).
    The weights are :math:`\exp(-\max(d - 2, 0) / h^2)`, where d is the mean squared difference of
    two patches, which noise alone makes 2. The average is brought back by the exact unbiased
    inverse. Patches are 5 x 5 in a window of 13 x 13, in 3D 3 x 3 x 3 in 7 x 7 x 7. Computed by
    scikit-image. Rates of Poisson counts are floored at 0.001 counts of one acquisition.

    Parameters
    ----------
    strength : float
        h, in standard deviations of the noise; above 0.

    References
    ----------
    A. Buades, B. Coll, J.-M. Morel, "A non-local algorithm for image denoising", CVPR 2005; Image
    Processing On Line 1 (2011) 208. J. Darbon et al., ISBI 2008 (how it is made quick).

    Examples
    --------
    >>> from autoden.noise import Combined, Gaussian
    >>> truth = np.repeat([[10.0, 40.0]], 8, axis=1) + np.zeros((16, 1))
    >>> noisy = truth + np.random.default_rng(0).normal(0, 5, truth.shape)
    >>> cleaned = NonLocalMeans(strength=0.7).apply(Combined(noisy, dose=1), Gaussian(5))
    >>> [float(np.std(each - truth).round(1)) for each in (noisy, cleaned)]
    [5.1, 1.2]
    """

    strength: float
    name: ClassVar[str] = "non-local-means"

    def __post_init__(self) -> None:
        number("strength", self.strength, above=0)

    def smooth(self, values: Floats, dose: float, noise: NoiseModel) -> Floats:
        """Filter every measurement; see `Baseline.smooth`."""
        return smooth_stabilised(self._cleaned, values, dose, noise)

    def _cleaned(self, image: Floats) -> Floats:
        """Clean one image (*S) whose noise has a variance of 1."""
        cleaned = denoise_nl_means(
            image,
            patch_size=_PATCH[image.ndim],
            patch_distance=_REACH[image.ndim],
            h=self.strength,
            sigma=1.0,
        )
        return np.asarray(cleaned)

    def describe(self) -> str:
        """Say the strength."""
        return f"non-local means, strength {self.strength:.3g}"

    @classmethod
    def grid(cls, shape: Sequence[int]) -> tuple[Self, ...]:
        """Give five strengths."""
        return tuple(cls(strength) for strength in _STRENGTHS)
