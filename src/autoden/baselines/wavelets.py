"""Shrinkage of wavelet coefficients after the noise was given unit variance, in 1D, 2D and 3D."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from typing import ClassVar, Self

import torch

from autoden.baselines.baseline import Baseline, Floats, positive
from autoden.checks import number, whole_number
from autoden.noise.model import NoiseModel
from autoden.transforms.extension import extend
from autoden.transforms.wavelets import WaveletCoefficients, as_wavelet, iswtn, max_level, swtn

_WAVELETS = ("sym4", "sym8")
_LEVELS = (3, 4, 5, 6, 8)
_THRESHOLDS = (0.5, 0.7, 0.85, 1.0, 1.15)


@dataclass(frozen=True)
class WaveletShrinkage(Baseline):
    r"""Set wavelet coefficients to zero that are not above the noise.

    The values are given unit variance by the noise model's own transform (Anscombe's, for counts),
    split by the stationary wavelet transform, whose details below the threshold are removed ("hard"
    thresholding averaged over all shifts: Coifman & Donoho 1995), and brought back by the exact
    unbiased inverse (Mäkitalo & Foi 2011). Beyond its ends the signal is mirrored. Rates of Poisson
    counts are floored at 0.001 counts of one acquisition.

    Parameters
    ----------
    wavelet : str
        A discrete wavelet, such as "sym8".
    level : int
        How many scales are cleaned, the finest first.
    threshold : float
        In units of the universal threshold of Donoho & Johnstone (1994), :math:`\sqrt{2 \ln N}`
        standard deviations for N elements; at least 0.

    References
    ----------
    R. R. Coifman and D. L. Donoho, "Translation-invariant de-noising", 1995. D. L. Donoho and I. M.
    Johnstone, Biometrika 81 (1994) 425. M. Mäkitalo and A. Foi, IEEE Trans. Image Process. 20
    (2011) 99.

    Examples
    --------
    >>> import numpy as np
    >>> from autoden.noise import Combined, Poisson
    >>> step = np.repeat([1000.0, 4000.0], 16)
    >>> counts = Combined(np.random.default_rng(0).poisson(step).astype(float), dose=1)
    >>> cleaned = WaveletShrinkage("haar", level=4, threshold=1.0).apply(counts, Poisson())
    >>> [round(float(np.std(part))) for part in (counts.values[:16], cleaned[:16])]
    [30, 4]
    """

    wavelet: str
    level: int
    threshold: float
    name: ClassVar[str] = "wavelets"

    def __post_init__(self) -> None:
        as_wavelet(self.wavelet)
        whole_number("level", self.level)
        number("threshold", self.threshold, at_least=0)

    @classmethod
    def sweep(
        cls, members: Sequence[Self], values: Floats, dose: float, noise: NoiseModel
    ) -> Iterator[Floats]:
        """Clean with one member after the other; neighbours share their transform."""
        sizes = _sizes(values.shape[1:])
        mirrored = torch.from_numpy(noise.stabilise(values, dose)).reshape(-1, 1, *sizes)
        for dim, size in enumerate(sizes, start=2):  # periodic, and without a jump at the ends
            mirrored = extend(mirrored, dim, 0, size)
        for (wavelet, level), alike in groupby(members, key=attrgetter("wavelet", "level")):
            coefficients = swtn(mirrored, wavelet, level)
            for member in alike:
                cleaned = member._cleaned(coefficients, sizes).reshape(values.shape).numpy()
                yield positive(noise.unstabilise(cleaned, dose), noise)

    def _cleaned(self, coefficients: WaveletCoefficients, sizes: Sequence[int]) -> torch.Tensor:
        """Give the signals (K, 1, *S) of the details that are above the threshold."""
        threshold = self.threshold * math.sqrt(2 * math.log(max(math.prod(sizes), 2)))
        kept = tuple(torch.where(d.abs() > threshold, d, 0.0) for d in coefficients.details)
        cleaned = iswtn(replace(coefficients, details=kept), self.wavelet)
        for dim, size in enumerate(sizes, start=2):
            cleaned = cleaned.narrow(dim, 0, size)
        return cleaned

    def describe(self) -> str:
        """Say wavelet, levels and threshold."""
        return f"wavelet {self.wavelet}, {self.level} levels, threshold {self.threshold:.3g}"

    @classmethod
    def grid(cls, shape: Sequence[int]) -> tuple[Self, ...]:
        """Give two wavelets, 3 to 8 levels as far as the shortest axis allows, five thresholds."""
        deepest = max(max_level(_sizes(shape)) - 2, 1)
        levels = sorted({min(level, deepest) for level in _LEVELS})
        return tuple(
            cls(wavelet, level, threshold)
            for wavelet in _WAVELETS
            for level in levels
            for threshold in _THRESHOLDS
        )


def _sizes(shape: Sequence[int]) -> tuple[int, ...]:
    """Leave out the axes of a single element, which no wavelet splits."""
    return tuple(size for size in shape if size > 1) or (1,)
