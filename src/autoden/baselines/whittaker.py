"""Smoothing by a penalty on roughness, weighed against the noise of each channel, for spectra."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.ndimage import gaussian_filter1d

from autoden.baselines.baseline import Baseline, Floats, geometric
from autoden.checks import choice, number
from autoden.noise.model import NoiseModel
from autoden.noise.poisson import FLOOR_COUNTS, Poisson

_SCALES = {2: (1.0, 600.0, 10 ** (1 / 8)), 3: (1.0, 70.0, 10 ** (1 / 12))}  # channels, and ratio
_PULL = 1e-4  # information, in counts, of the mean rate in each channel
_AVERAGED = 2.0  # channels, for the first guess
_FAINTEST = 0.01  # of the mean, in the first guess
_CLOSE = 1e-5  # nats per channel that may be left to gain
_MOST_STEPS = 60
_MOST_HALVINGS = 8
_LONGEST = 20.0  # step of a logarithm
_LOWEST = -600.0  # logarithm whose exponential is not 0
_MOST_REWEIGHTED = 5
_NEAR = 1e-3  # of a standard deviation
_LEAST = 1e-3  # of the mean variance: no channel is taken to be more exact
_ROUNDING = 2e-15  # of the largest eigenvalue of the penalty, in the factorisation


@dataclass(frozen=True)
class Whittaker(Baseline):
    r"""The rate that fits the values and has the least differences of high order.

    Where rates cannot be negative (counts; noise that grows with a rate, in a measurement whose
    values are all at least 0) the logarithm of the rate is smoothed: the result r minimises

    .. math:: L(v \mid r) + \frac{\lambda}{2} \sum (\Delta^d \log r)^2

    with the negative log-likelihood L of the values v, found by iterated weights (Fisher scoring).
    A line of Gaussian shape is a parabola there: order 3 does not penalise it, however strong and
    narrow. Total counts and centroid of the whole spectrum are kept. A pull towards the mean rate,
    worth 0.0001 counts in each channel, keeps stretches without any counts finite.

    Otherwise r minimises :math:`\sum w (v - r)^2 + \lambda \sum (\Delta^d r)^2`, where w is the
    inverse variance at r relative to its mean. In both cases nothing is assumed beyond the ends.
    Spectra only, 1D; those no longer than the order stay as they are.

    Parameters
    ----------
    order : {2, 3}
        d, the order of the differences.
    smoothness : float
        :math:`\lambda` above 0; about the power 2 d of the width in channels that is smoothed.

    References
    ----------
    E. T. Whittaker, Proc. Edinburgh Math. Soc. 41 (1923) 63; P. H. C. Eilers, "A perfect smoother",
    Anal. Chem. 75 (2003) 3631; P. H. C. Eilers and B. D. Marx, Statist. Sci. 11 (1996) 89.

    Examples
    --------
    >>> from autoden.noise import Combined, Poisson
    >>> line = 50 * np.exp(-np.linspace(-2, 2, 7) ** 2)
    >>> noisy = Combined(line + [1, -1, 1, -1, 1, -1, 1], dose=1)
    >>> line.round(1)
    array([ 0.9,  8.5, 32.1, 50. , 32.1,  8.5,  0.9])
    >>> Whittaker(order=3, smoothness=1e4).apply(noisy, Poisson()).round(1)
    array([ 1.2,  9.3, 32.1, 48.6, 32.1,  9.3,  1.2])
    """

    order: int
    smoothness: float
    name: ClassVar[str] = "whittaker"

    def __post_init__(self) -> None:
        choice("order", self.order, (2, 3))
        number("smoothness", self.smoothness, above=0)

    @classmethod
    def sweep(
        cls, members: Sequence[Self], values: Floats, dose: float, noise: NoiseModel
    ) -> Iterator[Floats]:
        """Smooth with one member after the other, each starting where the last one ended."""
        in_logarithms = _are_positive(values, noise)
        swept = [
            (rows, _sweep(smoother(values[rows], dose, noise), members))
            for rows, smoother in ((in_logarithms, _LogRate), (~in_logarithms, _Rate))
            if rows.any()
        ]
        for _ in members:
            estimate = values.copy()
            for rows, estimates in swept:
                estimate[rows] = next(estimates)
            yield estimate

    def describe(self) -> str:
        """Say order and smoothness."""
        return f"Whittaker, order {self.order}, lambda {self.smoothness:.2g}"

    @classmethod
    def grid(cls, shape: Sequence[int]) -> tuple[Self, ...]:
        """Give lambda by half decades, for widths up to 600 (order 2) or 70 (order 3) channels."""
        (size,) = shape
        return tuple(
            cls(order, scale ** (2 * order))
            for order, (first, last, ratio) in _SCALES.items()
            for scale in geometric(first, min(last, max(size / 4, 1)), ratio)
        )


def _are_positive(values: Floats, noise: NoiseModel) -> NDArray[np.bool_]:
    """Tell of which measurements (K, n) the rates cannot be negative: (K,)."""
    if isinstance(noise, Poisson):
        return np.ones(len(values), dtype=np.bool_)
    return np.asarray((values >= 0).all(axis=1) & (_slope(noise) > 0))


def _sweep(smoother: _LogRate | _Rate, members: Sequence[Whittaker]) -> Iterator[Floats]:
    """Smooth with one member after the other; each order starts anew."""
    shape = smoother.values.shape
    for order, alike in groupby(members, key=attrgetter("order")):
        x = smoother.first_guess()
        for member in alike:
            if shape[-1] <= order:
                yield smoother.values
            else:
                x = smoother.fit(x, _Penalty(order, member.smoothness, shape))
                yield smoother.rate(x)


def _slope(noise: NoiseModel) -> float:
    """Give what one unit of rate adds to the variance: the gain, if the values are counts."""
    return float(noise.variance(1.0) - noise.variance(0.0))


class _LogRate:
    """The logarithm x of the rates (K, n), found by penalised likelihood."""

    def __init__(self, values: Floats, dose: float, noise: NoiseModel) -> None:
        self.values, self.dose = values, dose
        self.floor, self.slope = float(noise.variance(0.0)), _slope(noise)
        mean = values.mean(axis=1, keepdims=True)
        self.log_mean = np.log(np.maximum(mean, FLOOR_COUNTS * self.slope))

    def first_guess(self) -> Floats:
        averaged = gaussian_filter1d(self.values, _AVERAGED, axis=1)
        return np.asarray(np.log(np.maximum(averaged, _FAINTEST * np.exp(self.log_mean))))

    def rate(self, x: Floats) -> Floats:
        return np.asarray(np.exp(np.maximum(x, _LOWEST)))

    def fit(self, x: Floats, penalty: _Penalty) -> Floats:
        for _ in range(_MOST_STEPS):
            rate = self.rate(x)
            precision = self.dose * rate / (self.floor + self.slope * rate)
            score = (self.values - rate) * precision - _PULL * (x - self.log_mean)
            score -= penalty.gradient(x)
            step = penalty.solve(rate * precision + _PULL, score)
            gain = np.sum(step * score, axis=1, keepdims=True)
            x = x + self._share(x, step, gain, penalty) * step
            if gain.max() < _CLOSE * x.shape[1]:
                break
        return x

    def _share(self, x: Floats, step: Floats, gain: Floats, penalty: _Penalty) -> Floats:
        """Give how far to go, (K, 1): until the loss falls by a part of what its slope promises."""
        longest = np.abs(step).max(axis=1, keepdims=True)
        share = _LONGEST / np.maximum(longest, _LONGEST)
        before = self._loss(x, penalty)
        for _ in range(_MOST_HALVINGS):
            too_far = self._loss(x + share * step, penalty) > before - 1e-4 * share * gain + _CLOSE
            if not too_far.any():
                break
            share = np.where(too_far, share / 2, share)
        return np.asarray(share)

    def _loss(self, x: Floats, penalty: _Penalty) -> Floats:
        """Give the negative log-likelihood with the penalties, (K, 1)."""
        rate = self.rate(x)
        logarithm = np.log(self.floor + self.slope * rate)
        fit = (rate - (self.values + self.floor / self.slope) * logarithm) / self.slope
        pull = _PULL / 2 * (x - self.log_mean) ** 2
        total = np.sum(self.dose * fit + pull, axis=1, keepdims=True)
        return np.asarray(total + penalty.value(x))


class _Rate:
    """The rates themselves (K, n), found by penalised least squares."""

    def __init__(self, values: Floats, dose: float, noise: NoiseModel) -> None:
        self.values, self.dose, self.noise = values, dose, noise

    def first_guess(self) -> Floats:
        return np.asarray(gaussian_filter1d(self.values, _AVERAGED, axis=1))

    def rate(self, x: Floats) -> Floats:
        return x.copy()

    def fit(self, x: Floats, penalty: _Penalty) -> Floats:
        for _ in range(_MOST_REWEIGHTED):
            variance = self.noise.variance(x, self.dose)
            weights = _relative(variance)
            step = penalty.solve(weights, weights * (self.values - x) - penalty.gradient(x))
            x = x + step
            if (step**2 <= _NEAR**2 * variance).all():
                break
        return x


def _relative(variance: Floats) -> Floats:
    """Give inverse variances (K, n) relative to their mean, 1 where there is no variance at all."""
    mean = variance.mean(axis=1, keepdims=True)
    weights = 1 / np.where(mean > 0, np.maximum(variance, _LEAST * mean), 1)
    return np.asarray(weights / weights.mean(axis=1, keepdims=True))


class _Penalty:
    """The quadratic form lambda/2 |D x|^2 for K signals of n channels, D the differences."""

    def __init__(self, order: int, smoothness: float, shape: tuple[int, ...]) -> None:
        self.order, self.smoothness, self.shape = order, smoothness, shape
        taps = [(-1) ** i * math.comb(order, i) for i in range(order + 1)]
        n_signals, size = shape
        bands = np.zeros((order + 1, size))  # the upper triangle of D^T D, its diagonal last
        for first, left in enumerate(taps):
            for second, right in enumerate(taps[first:], start=first):
                bands[order - second + first, second : size - order + second] += left * right
        self.bands = smoothness * np.tile(bands, n_signals)  # no band couples two signals

    def value(self, x: Floats) -> Floats:
        """Give the penalty of each signal of x, of shape (K, n): (K, 1)."""
        differences = np.diff(x, self.order)
        return np.asarray(self.smoothness / 2 * np.sum(differences**2, axis=1, keepdims=True))

    def gradient(self, x: Floats) -> Floats:
        """Give lambda D^T D x for x of shape (K, n), by differences: nothing is cancelled."""
        differences = np.pad(np.diff(x, self.order), ((0, 0), (self.order, self.order)))
        return np.asarray((-1) ** self.order * self.smoothness * np.diff(differences, self.order))

    def solve(self, weights: Floats, right: Floats) -> Floats:
        """Solve (W + lambda D^T D) x = right, all of shape (K, n).

        W is raised by the rounding errors of the factorisation, so that it exists; as `right` is a
        gradient, the next step makes up for it.
        """
        matrix = self.bands.copy()
        matrix[-1] += weights.ravel() + _ROUNDING * 4**self.order * self.smoothness
        solution = solveh_banded(matrix, right.ravel(), overwrite_ab=True, check_finite=False)
        return np.asarray(solution).reshape(self.shape)
