"""Parameters of the noise from the measurements themselves.

Each function takes its model for granted; whether it fits is tested and decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from scipy.optimize import nnls

from autoden.errors import InputError
from autoden.noise.exposures import Exposures, Floats, check_size, per_repeat
from autoden.noise.gaussian import Gaussian
from autoden.noise.lattice import lattice_step, rounding_step
from autoden.noise.poisson import Poisson
from autoden.noise.unknown import FLOOR_STEPS, Unknown

_LEAST = 1e-12  # of the mean squared value: the variance where repeats are identical
_CUBIC: Final = np.array([1.0, -3.0, 3.0, -1.0])
_GAIN: Final = np.sqrt(20)  # of the third difference, on white noise
_EXACT = 1e-13  # of the largest value: differences as small are 0 but for rounding
_CLIP = 3.0
_CLIPPED_VARIANCE = 0.9733369  # of a standard normal number within +-3
_NORMAL_QUARTILE = 0.6744898
_NEIGHBOURHOOD = 5
_SMALLEST_BAND = 40  # elements


def estimate_poisson(exposures: Sequence[Exposures]) -> Poisson:
    """Find the gain of counts: the largest number of which all values are whole multiples.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of one set-up.

    Returns
    -------
    Poisson
        With gain 1 for whole numbers, or a larger one if enough different values share it.

    Raises
    ------
    InputError
        If a value is negative, or the values are no multiples of one number.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(3.0, (2, 50))
    >>> estimate_poisson([Exposures(2.5 * counts)])
    Poisson(gain=2.5)
    """
    values = np.concatenate([sample.repeats.ravel() for sample in _several(exposures)])
    if values.min() < 0:
        raise InputError(
            f"the exposures hold {values.min():g}, and counts are never negative: give them before "
            'background subtraction, or choose noise="gaussian" or noise="unknown".'
        )
    gain = lattice_step(values)
    if gain is None:
        raise InputError(
            "the values are no whole multiples of one gain, as counts are: give the counts as they "
            'were recorded, or choose noise="gaussian" or noise="unknown".'
        )
    return Poisson(gain)


def estimate_gaussian(exposures: Sequence[Exposures]) -> Gaussian:
    r"""Estimate the level of additive noise that is the same everywhere.

    From repeats, if a sample has two or more: the pooled variance
    :math:`\sum (y - t \hat x)^2 / (R - 1)` with durations t and the least-squares rate. Otherwise
    from third differences of neighbours along every axis of four elements or more, which annul
    slopes and curvatures; what exceeds 3 sigma is taken for signal and clipped. This second way
    takes the noise of neighbours to be independent: where it is correlated, the level comes out
    too low, and where the signal is rough everywhere, too high. Values that were rounded to a step
    coarser than their noise show little of it or nothing; the level is then that of the rounding,
    the step over root 12.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of one set-up, any number of dimensions.

    Raises
    ------
    InputError
        If all samples are single acquisitions with no axis of four elements.

    Examples
    --------
    >>> ramp = np.arange(1000.0)
    >>> noisy = ramp + np.random.default_rng(0).normal(0, 3, 1000)
    >>> print(estimate_gaussian([Exposures(noisy[None])]).describe())
    Gaussian noise, sigma 2.954
    """
    samples = _several(exposures)
    repeated = [sample for sample in samples if sample.n_repeats > 1]
    if repeated:
        squares = sum(float(np.sum(_residuals(sample) ** 2)) for sample in repeated)
        freedom = sum((sample.n_repeats - 1) * sample.repeats[0].size for sample in repeated)
        variance = squares / freedom
    else:
        differences = np.concatenate([_third_differences(sample.repeats[0]) for sample in samples])
        variance = _clipped_variance(differences, rounding_variance(samples))
    return Gaussian(float(np.sqrt(max(variance, _least_variance(samples)))))


def rounding_variance(exposures: Sequence[Exposures]) -> float:
    """Give the variance that rounding adds to single values: step^2 / 12; 0 for no common step.

    Examples
    --------
    >>> noisy = np.random.default_rng(0).normal(7, 1, (1, 1000))
    >>> print(f"{rounding_variance([Exposures(noisy.round(1))]):.6f}")
    0.000833
    >>> rounding_variance([Exposures(noisy)])
    0.0
    """
    values = np.concatenate([sample.repeats.ravel() for sample in exposures])
    return (rounding_step(values) or 0.0) ** 2 / 12


def estimate_unknown(exposures: Sequence[Exposures]) -> Unknown:
    """Fit the variance between repeats as a floor and a slope times the mean.

    The elements are gathered in bands of like intensity. What decides on the band is the mean of
    the neighbours, without the element itself, so that the noise of an element does not choose its
    band: mean and variance of a band are then unbiased, and so is the fit. It weighs each band by
    what its variance is worth, and neither coefficient is negative.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of one set-up, at least one of them with two repeats or more.

    Returns
    -------
    Unknown
        Its variance is above 0 at any rate.

    Raises
    ------
    InputError
        If no sample has repeats.

    Examples
    --------
    >>> rate = np.linspace(1, 100, 2000)
    >>> counts = np.random.default_rng(0).poisson(rate, (4, 2000))
    >>> print(estimate_unknown([Exposures(3.0 * counts)]).describe())
    noise of unknown kind, variance 0.009269 + 3.045 x rate
    """
    samples = _several(exposures)
    repeated = [sample for sample in samples if sample.n_repeats > 1]
    if not repeated:
        raise InputError(
            "no sample has repeats, from which noise of unknown kind is estimated: give two or "
            'more, or choose noise="poisson" or noise="gaussian".'
        )
    bands = np.concatenate([_bands(sample) for sample in repeated], axis=1)
    floor, slope = _fit_line(*bands)
    return Unknown(max(floor, FLOOR_STEPS * slope**2, _least_variance(samples)), slope)


def _several(exposures: Sequence[Exposures]) -> Sequence[Exposures]:
    if not exposures:
        raise InputError("there are no exposures: give at least one sample.")
    check_size([sample.repeats for sample in exposures], "the exposures")
    return exposures


def _least_variance(samples: Sequence[Exposures]) -> float:
    """Give a variance so small that it changes nothing, for data without noise."""
    square = max(float(np.mean(sample.repeats**2)) for sample in samples)
    return _LEAST * square if square > 0 else _LEAST  # all is 0: there is no scale


def _residuals(sample: Exposures) -> Floats:
    """Subtract from each repeat its duration times the least-squares rate: (R, *S)."""
    durations = per_repeat(sample.durations, sample.repeats)
    rate = np.sum(durations * sample.repeats, axis=0) / np.sum(durations**2)
    return np.asarray(sample.repeats - durations * rate)


def _third_differences(values: Floats) -> Floats:
    """Differentiate three times along each axis that is long enough; white noise keeps sigma."""
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
        differences[np.abs(differences) <= _EXACT * np.abs(values).max()] = 0
        values = differences / _GAIN
    return values.ravel()


def _clipped_variance(noise: Floats, least: float) -> float:
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


def _bands(sample: Exposures) -> Floats:
    """Average means and variances over bands of like neighbours: (4, n_bands).

    The rows are mean, variance of one acquisition, number of elements, number of repeats.
    """
    durations = per_repeat(sample.durations, sample.repeats)
    mean = sample.repeats.sum(axis=0) / sample.durations.sum()
    squares = np.sum(durations * (sample.scaled() - mean) ** 2, axis=0)
    variance = squares / (sample.n_repeats - 1)
    window = uniform_filter(mean, _NEIGHBOURHOOD, mode="wrap") * _NEIGHBOURHOOD**mean.ndim
    order = np.argsort((window - mean).ravel(), kind="stable")
    edges = _band_edges(mean.size)
    sizes = np.diff(np.append(edges, mean.size))
    means, variances = (
        np.add.reduceat(values.ravel()[order], edges) / sizes for values in (mean, variance)
    )
    return np.stack([means, variances, sizes, np.full(len(edges), sample.n_repeats)])


def _band_edges(n_elements: int) -> NDArray[np.intp]:
    """Divide ranks into bands that halve towards both ends, where few elements tell most."""
    n_halvings = max(0, int(np.log2(max(n_elements / _SMALLEST_BAND, 1))))
    edges = n_elements / (1 + 2.0 ** -np.arange(-n_halvings, n_halvings + 1))
    return np.unique(np.append(0, np.rint(edges)).astype(np.intp))


def _fit_line(
    means: Floats, variances: Floats, sizes: Floats, n_repeats: Floats
) -> tuple[float, float]:
    """Fit floor and slope, neither negative, each band weighted by the error of its variance."""
    rates = np.maximum(means, 0)
    typical = float(np.average(variances, weights=sizes))
    if typical == 0:
        return 0.0, 0.0
    design = np.stack([np.ones_like(rates), rates], axis=1)
    floor, slope = typical, 0.0
    for _ in range(20):
        expected = np.maximum(floor + slope * rates, 1e-6 * typical)
        # the spread of a sample variance: of normal noise, and more where steps are rare
        spread = 2 * expected**2 / (n_repeats - 1) + slope**3 * rates / n_repeats
        weights = np.sqrt(sizes / spread)
        (floor, slope), _ = nnls(design * weights[:, None], variances * weights)
    return float(floor), float(slope)
