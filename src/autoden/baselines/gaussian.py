"""Smoothing by a Gaussian, in any number of dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

from autoden.baselines.baseline import Baseline, Floats, geometric
from autoden.checks import number
from autoden.noise.model import NoiseModel

_NARROWEST = 0.5  # elements
_RATIO = 1.2  # between neighbouring widths: a tenth off the best width costs next to nothing


@dataclass(frozen=True)
class GaussianFilter(Baseline):
    r"""The average of the neighbours, weighted by a Gaussian.

    The weights are the discrete Gaussian of Lindeberg (1990), :math:`e^{-s^2} I_k(s^2)` at distance
    k, whose standard deviation is s exactly, also where the sampled Gaussian is too coarse. Beyond
    its ends the signal is mirrored (the last element twice), so that a constant stays a constant
    and the sum of all values is kept. The weights are positive, and so are the rates of counts.

    Parameters
    ----------
    sigma : float
        Standard deviation along every axis, in elements; above 0.

    References
    ----------
    T. Lindeberg, "Scale-space for discrete signals", IEEE Trans. Pattern Anal. Mach. Intell. 12
    (1990) 234.

    Examples
    --------
    >>> from autoden.noise import Combined, Poisson
    >>> line = Combined(np.array([0.0, 0.0, 8.0, 0.0, 0.0]), dose=1)
    >>> GaussianFilter(sigma=0.7).apply(line, Poisson()).round(2)
    array([0.16, 1.24, 5.2 , 1.24, 0.16])
    """

    sigma: float
    name: ClassVar[str] = "gaussian"

    def __post_init__(self) -> None:
        number("sigma", self.sigma, above=0)

    def smooth(self, values: Floats, dose: float, noise: NoiseModel) -> Floats:
        """Filter every measurement; see `Baseline.smooth`."""
        return self.filtered(values, values.ndim - 1)

    def filtered(self, values: NDArray[Any], n_dims: int) -> NDArray[Any]:
        """Filter the last `n_dims` axes of an array of float32 or float64; the dtype stays."""
        if values.size == 0:
            return values.copy()
        axes = range(values.ndim - n_dims, values.ndim)
        spectrum = dctn(values, axes=axes)  # the cosine transform sees the mirrored signal
        for axis in axes:
            size = values.shape[axis]
            decay = np.exp(self.sigma**2 * (np.cos(np.pi * np.arange(size) / size) - 1))
            spectrum *= decay.astype(spectrum.dtype).reshape(-1, *[1] * (values.ndim - 1 - axis))
        smoothed: NDArray[Any] = idctn(spectrum, axes=axes, overwrite_x=True)
        # An average lies within the values; rounding need not.
        return np.clip(smoothed, values.min(), values.max(), out=smoothed)

    def describe(self) -> str:
        """Say the width."""
        return f"Gaussian, sigma {self.sigma:.3g}"

    @classmethod
    def grid(cls, shape: Sequence[int]) -> tuple[Self, ...]:
        """Give widths from 0.5 elements to an eighth of the longest axis, by a fifth each."""
        widest = max(shape, default=1) / 8
        return tuple(cls(sigma) for sigma in geometric(_NARROWEST, widest, _RATIO))
