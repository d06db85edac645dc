"""The noise of neighbours: third differences, which annul slopes and curvatures."""

from __future__ import annotations

from typing import Final

import numpy as np

from autoden.errors import InputError
from autoden.noise.exposures import Floats

_CUBIC: Final = np.array([1.0, -3.0, 3.0, -1.0])
_GAIN: Final = np.sqrt(20)  # of the third difference, on white noise
_EXACT: Final = 1e-13  # of the largest value: differences as small are 0 but for rounding
_CLIP: Final = 3.0
_CLIPPED_VARIANCE: Final = 0.9733369  # of a standard normal number within +-3
_NORMAL_QUARTILE: Final = 0.6744898


def third_differences(values: Floats) -> Floats:
    """Differentiate three times along each axis that is long enough; white noise keeps sigma.

    What is not finite makes what is differentiated with it NaN.
    """
    axes = [axis for axis, length in enumerate(values.shape) if length >= len(_CUBIC)]
    if not axes:
        raise InputError(
            f"the noise level of a single acquisition of shape {values.shape} cannot be told: give "
            "two or more repeats, or at least 4 elements along an axis."
        )
    for axis in axes:
        moved = np.moveaxis(values, axis, -1)
        windows = np.lib.stride_tricks.sliding_window_view(moved, len(_CUBIC), axis=-1)
        differences = np.moveaxis(windows @ _CUBIC, -1, axis)
        largest = np.abs(values).max(initial=0.0, where=np.isfinite(values))
        differences[np.abs(differences) <= _EXACT * largest] = 0
        values = differences / _GAIN
    return values.ravel()


def clipped_variance(noise: Floats, least: float) -> float:
    """Estimate the variance, at least `least`, of normal numbers; some may be much larger."""
    size = np.abs(noise)
    sigma = float(np.median(size)) / _NORMAL_QUARTILE
    if sigma == 0:  # most are exactly 0, as where nothing is counted or all is rounded
        sigma = float(np.sqrt(np.mean(size**2)))
        if sigma == 0 or least == 0:
            return sigma**2
    for _ in range(20):
        sigma = max(sigma, float(np.sqrt(least)))
        within = size[size <= _CLIP * sigma]
        sigma = float(np.sqrt(np.mean(within**2) / _CLIPPED_VARIANCE))
    return max(sigma**2, least)
