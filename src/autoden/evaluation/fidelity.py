"""Distance of an estimate from the truth, or from measurements that no method has seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from autoden.errors import InputError
from autoden.evaluation.arrays import Floats, real_array, same_shape

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
    predicted, true = same_shape(estimate=estimate, truth=truth)
    return float(np.mean((predicted - true) ** 2))


def unbiased_mse(
    estimate: ArrayLike, held: ArrayLike, *, variance: ArrayLike | None = None
) -> float:
    r"""Mean squared error against the unknown truth, from data that no method has seen.

    With m the mean of the K held repeats and v the variance of that mean, the mean of
    :math:`(f - m)^2 - v` has the expectation of the error against the truth, whatever the noise,
    as long as it is independent of the estimate. It can come out negative.

    From the spread of the repeats, v = var(held) / K. This is the mean of :math:`(f - a)(f - b)`
    over all pairs of repeats, so that their noise may differ. It is also what
    :math:`(f - a)^2 - (b - c)^2 / 2` (the uMSE of Marcos-Morales et al., ICML 2023) becomes when
    each repeat takes every part in turn. One repeat is enough if the variance of its noise is
    given: for counts a it is estimated by a itself, :math:`(f - a)^2 - a`.

    Parameters
    ----------
    estimate : array_like
        Shape S, in data units.
    held : array_like
        Shape (K, *S): repeats of the same exposure; K >= 2 unless `variance` is given.
    variance : array_like, optional
        Of the noise of one repeat, or an unbiased estimate of it, in squared data units; shape S
        or a number: ``sigma**2``, ``counts``, or ``held.mean(axis=0) * gain`` for counts times a
        gain.

    Returns
    -------
    float
        In squared data units.

    Raises
    ------
    InputError
        Too few repeats, or shapes that differ.

    Examples
    --------
    >>> unbiased_mse([1.0, 1.0], [[0.0, 1.0], [2.0, 1.0]])
    -0.5
    >>> counts = np.array([4.0, 9.0])
    >>> unbiased_mse([6.0, 6.0], [counts], variance=counts)
    0.0
    """
    repeats = _repeats(held, least=1 if variance is not None else 2)
    predicted, mean = _with_mean(estimate, repeats)
    if variance is None:
        spread = repeats.var(axis=0, ddof=1)
    else:
        spread = real_array("variance", variance)
        if spread.shape not in ((), mean.shape):
            raise InputError(
                f"`variance` has shape {spread.shape}: give a number or the shape of the estimate, "
                f"{mean.shape}."
            )
    return float(np.mean((predicted - mean) ** 2 - spread / len(repeats)))


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
    rate, counts = _with_mean(estimate, _repeats(held, least=1))
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


def _repeats(held: ArrayLike, least: int) -> Floats:
    repeats = real_array("held", held)
    if repeats.ndim < 2 or len(repeats) < least:
        raise InputError(
            f"`held` has shape {repeats.shape}; it must hold at least {least} repeat(s) along its "
            "first axis and at least one more axis."
        )
    return repeats


def _with_mean(estimate: ArrayLike, repeats: Floats) -> list[Floats]:
    return same_shape(estimate=estimate, **{"mean of the held repeats": repeats.mean(axis=0)})
