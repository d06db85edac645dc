"""A plain filter that needs nothing but the level: cosine coefficients below it are taken away.

Good enough to look at what is left of an image; the filters that estimates are made with are in
`autoden.baselines`.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
from scipy.fft import dctn, idctn

from autoden.noise.exposures import Floats

_SIDES: Final = {1: 32, 2: 8, 3: 4}
_SHIFTS: Final = {1: 8, 2: 4, 3: 2}  # per axis
_THRESHOLD: Final = 3.3  # standard deviations


def thresholded(values: Floats, sigma: float) -> Floats:
    """Threshold the cosine coefficients of blocks, averaged over shifts of the blocks.

    Parameters
    ----------
    values : ndarray of float64, shape (*S)
        One to three axes.
    sigma : float
        Of the noise.

    Returns
    -------
    ndarray of float64, shape (*S)

    References
    ----------
    R. R. Coifman and D. L. Donoho, Translation-invariant de-noising (1995).

    Examples
    --------
    >>> noisy = 7 + np.random.default_rng(0).normal(0, 1, (64, 64))
    >>> bool(np.std(thresholded(noisy, 1.0)) < 0.25)
    True
    """
    side, n_shifts = _SIDES[values.ndim], _SHIFTS[values.ndim]
    total = np.zeros(values.shape)
    for shift in product(range(0, side, side // n_shifts), repeat=values.ndim):
        room = [(s, -(length + s) % side) for s, length in zip(shift, values.shape, strict=True)]
        padded = np.pad(values, room, mode="symmetric")
        inside = tuple(slice(s, s + n) for s, n in zip(shift, values.shape, strict=True))
        total += _blockwise(padded, side, _THRESHOLD * sigma)[inside]
    return np.asarray(total / n_shifts**values.ndim)


def _blockwise(values: Floats, side: int, threshold: float) -> Floats:
    """Threshold whole blocks side by side."""
    split = values.reshape([n for length in values.shape for n in (length // side, side)])
    within = range(1, split.ndim, 2)
    coefficients = dctn(split, axes=within, norm="ortho")
    first = tuple(slice(None, 1) if axis % 2 else slice(None) for axis in range(split.ndim))
    means = coefficients[first].copy()
    coefficients[np.abs(coefficients) < threshold] = 0
    coefficients[first] = means
    return np.asarray(idctn(coefficients, axes=within, norm="ortho").reshape(values.shape))
