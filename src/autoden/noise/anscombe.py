"""The square root that gives counts unit variance, and its inverse without bias.

Counts may carry additive Gaussian noise; gains and doses are the noise models' business.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from autoden.noise.exposures import Floats

_AT_ZERO = 2 * math.sqrt(3 / 8)  # what no counts become


def anscombe(counts: ArrayLike, extra_variance: float = 0.0) -> Floats:
    r"""Give counts unit variance: :math:`2\sqrt{z + 3/8 + \sigma^2}`.

    Anscombe (Biometrika 1948); with additive noise of variance :math:`\sigma^2`, Starck, Murtagh
    and Bijaoui (1998). The variance is within a few per cent of 1 from about 3 counts on, and goes
    to 0 where there are none.

    Parameters
    ----------
    counts : array_like
        Any shape; what lies below ``-3/8 - extra_variance`` is taken to be there.
    extra_variance : float
        Of the additive noise, in squared counts.

    Examples
    --------
    >>> anscombe([0.0, 100.0]).round(2)
    array([ 1.22, 20.04])
    """
    shifted = np.asarray(counts, dtype=np.float64) + (3 / 8 + extra_variance)
    return np.asarray(2 * np.sqrt(np.maximum(shifted, 0)))


def inverse_anscombe(stabilised: ArrayLike, extra_variance: float = 0.0) -> Floats:
    r"""Give the expected counts whose transform has the expected value `stabilised`.

    The algebraic inverse is too small by about 1/4 count, because the mean of square roots is not
    the root of the mean. This is the closed form of the exact unbiased inverse by Mäkitalo and Foi
    (IEEE Transactions on Image Processing 20, 2011, 2697 and 22, 2013, 91):
    :math:`D^2/4 + \sqrt{3/2}/(4 D) - 11/(8 D^2) + 5\sqrt{3/2}/(8 D^3) - 1/8 - \sigma^2`.

    Parameters
    ----------
    stabilised : array_like
        Any shape: transformed values after they were averaged or denoised.
    extra_variance : float
        The one that was given to `anscombe`.

    Returns
    -------
    ndarray of float64
        Expected counts, at least ``-extra_variance``.

    Examples
    --------
    >>> inverse_anscombe(anscombe([0.0, 100.0])).round(2)
    array([  0.  , 100.26])
    """
    d = np.maximum(np.asarray(stabilised, dtype=np.float64), _AT_ZERO)
    root = math.sqrt(3 / 2)
    exact = d**2 / 4 + root / (4 * d) - 11 / (8 * d**2) + 5 * root / (8 * d**3) - 1 / 8
    return np.asarray(np.maximum(exact, 0) - extra_variance)
