"""The two scores that papers print for an image with a known truth: PSNR and SSIM."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, Literal

from numpy.typing import ArrayLike

from autoden.checks import choice, number
from autoden.errors import InputError
from autoden.evaluation.arrays import finite_images
from autoden.evaluation.fidelity import mean_squared_error

WINDOWS: Final[dict[str, dict[str, Any]]] = {
    "uniform": {"win_size": 7, "use_sample_covariance": True},
    "gaussian": {
        "win_size": 11, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False,
    },
}  # fmt: skip
"""Parameters of ``skimage.metrics.structural_similarity``."""


def psnr(estimate: ArrayLike, truth: ArrayLike, *, data_range: float) -> float:
    r"""Peak signal-to-noise ratio in decibels, :math:`10\log_{10}(R^2 / \mathrm{MSE})`.

    Parameters
    ----------
    estimate, truth : array_like
        The same shape, of any number of axes; channels count like pixels.
    data_range : float
        R, the distance between the least and the greatest value possible: 255 for 8-bit images,
        whatever they are stored as. It has no default because no guess is safe: floats have no
        range of their own, that of noisy data grows with the noise, and twice the range is 6 dB.

    Returns
    -------
    float
        Infinite if the arrays are equal.

    Raises
    ------
    InputError
        Shapes that differ, complex values, or no positive range.

    Examples
    --------
    >>> psnr([10.0, 20.0], [11.0, 19.0], data_range=100)
    40.0
    """
    peak = number("data_range", data_range, above=0)
    error = mean_squared_error(estimate, truth)
    return math.inf if error == 0 else 20 * math.log10(peak) - 10 * math.log10(error)


def ssim(
    estimate: ArrayLike,
    truth: ArrayLike,
    *,
    data_range: float,
    channel_axis: int | None = None,
    window: Literal["uniform", "gaussian"] = "uniform",
) -> float:
    """Mean structural similarity (Wang et al., IEEE Trans. Image Process. 13, 600, 2004).

    With K1 = 0.01 and K2 = 0.03, away from the edges by half a window, averaged over channels, as
    scikit-image computes it. Values of different windows do not compare: say which one it was.

    Parameters
    ----------
    estimate, truth : array_like
        The same shape.
    data_range : float
        As for `psnr`. It sets the constants that keep flat regions from dividing by 0, so that a
        wrong one changes the score silently.
    channel_axis : int, optional
        Axis of the colours: each is scored alone. Without it, an RGB image would be a volume.
    window : {"uniform", "gaussian"}
        Where means, variances and covariances are taken: 7 elements along each axis that count
        alike, with the covariance of a sample (the default of scikit-image), or as in the paper 11
        elements with Gaussian weights of sigma 1.5 and the covariance of a population.

    Returns
    -------
    float
        At most 1, which means equal.

    Raises
    ------
    InputError
        Shapes that differ, values that are complex or not finite, an axis shorter than the window,
        no such channel axis, or no positive range.

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.random.default_rng(0).uniform(0, 255, size=(16, 16, 3))
    >>> ssim(truth, truth, data_range=255, channel_axis=-1)
    1.0
    """
    peak = number("data_range", data_range, above=0)
    options = WINDOWS[choice("window", window, tuple(WINDOWS))]
    one, two = finite_images(channel_axis, estimate=estimate, truth=truth)
    if min(one.shape[1:], default=0) < options["win_size"]:
        raise InputError(
            f"the shape besides channels is {one.shape[1:]}: give at least {options['win_size']} "
            f"elements along each axis, the width of the window {window!r}; RGB images need "
            "`channel_axis`."
        )
    from skimage.metrics import structural_similarity  # takes half a second to import

    similarity: Callable[..., float] = structural_similarity
    return float(similarity(two, one, data_range=peak, channel_axis=0, **options))
