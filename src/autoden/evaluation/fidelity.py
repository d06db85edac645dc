"""Distance of an estimate from the truth, or from measurements that no method has seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError

RATE_FLOOR = 1e-3
"""Counts per channel below which a rate is not told from zero, so that its logarithm is finite."""


def mean_squared_error(estimate: ArrayLike, truth: ArrayLike) -> float:
    """Mean squared difference from a noise-free truth, in squared data units.

    Parameters
    ----------
    estimate, truth : array_like
        The same shape.

    Examples
    --------
    >>> mean_squared_error([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    predicted, true = _same_shape(estimate, truth, "truth")
    return float(np.mean((predicted - true) ** 2))


def unbiased_mse(estimate: ArrayLike, held: ArrayLike) -> float:
    r"""Mean squared error against the unknown truth, from repeats that no method has seen.

    With m the mean of the K held repeats and v = var(held) / K the variance of that mean, the mean
    of :math:`(f - m)^2 - v` has the expectation of the error against the truth, whatever the
    noise, as long as it is independent of the estimate. It can come out negative.

    Parameters
    ----------
    estimate : array_like
        Shape S, in data units.
    held : array_like
        Shape (K, *S) with K >= 2 repeats of the same exposure.

    Returns
    -------
    float
        In squared data units.

    Raises
    ------
    InputError
        Fewer than two repeats, or shapes that differ.

    Examples
    --------
    >>> unbiased_mse([1.0, 1.0], [[0.0, 1.0], [2.0, 1.0]])
    -0.5
    """
    repeats = _repeats(held, least=2)
    predicted, mean = _same_shape(estimate, repeats.mean(axis=0), "mean of the held repeats")
    variance_of_mean = repeats.var(axis=0, ddof=1) / len(repeats)
    return float(np.mean((predicted - mean) ** 2 - variance_of_mean))


def excess_poisson_deviance(estimate: ArrayLike, held: ArrayLike) -> float:
    r"""Half the Poisson deviance from held counts, per channel and times 1000 ("mdev").

    :math:`1000\,\mathrm{mean}[(f - m \log f) - (m - m \log m)]` with m the mean of the held
    repeats and both floored at 0.001 counts. Every channel counts by the information it holds; the
    noise of m itself adds the same amount for every method.

    Parameters
    ----------
    estimate : array_like
        Shape S, expected counts per exposure.
    held : array_like
        Shape (K, *S): counts of exposures that no method has seen, or a truth as (1, *S).

    Returns
    -------
    float
        Thousandths of a nat per channel; 0 if the estimate equals the mean.

    Examples
    --------
    >>> excess_poisson_deviance([2.0, 3.0], [[2.0, 3.0]])
    0.0
    """
    mean = _repeats(held, least=1).mean(axis=0)
    rate, counts = _same_shape(estimate, mean, "mean of the held repeats")
    rate, counts = np.maximum(rate, RATE_FLOOR), np.maximum(counts, RATE_FLOOR)
    return float(1000 * np.mean(rate - counts - counts * np.log(rate / counts)))


def equivalent_exposures(error: float, error_of_one: float) -> float:
    """How many exposures, averaged, would have the same mean squared error.

    The error of a mean of n exposures is 1/n of that of one.

    Parameters
    ----------
    error : float
        Mean squared error of the estimate; 0 or below (an unbiased error can be) gives infinity.
    error_of_one : float
        Mean squared error of a single exposure.

    Examples
    --------
    >>> equivalent_exposures(0.5, 6.0)
    12.0
    """
    return error_of_one / error if error > 0 else float("inf")


def _repeats(held: ArrayLike, least: int) -> NDArray[np.float64]:
    repeats = np.asarray(held, dtype=np.float64)
    if repeats.ndim < 2 or len(repeats) < least:
        raise InputError(
            f"`held` has shape {repeats.shape}; it must hold at least {least} repeat(s) along its "
            "first axis and at least one more axis."
        )
    return repeats


def _same_shape(
    estimate: ArrayLike, other: ArrayLike, name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    one, two = np.asarray(estimate, dtype=np.float64), np.asarray(other, dtype=np.float64)
    if one.shape != two.shape:
        raise InputError(f"`estimate` {one.shape} and the {name} {two.shape} differ in shape.")
    return one, two
