"""What a faithful estimate leaves over, when it was fitted to the very data it is compared with.

A filter follows a little of the noise: its residuals are smaller than the noise, and neighbours
tend to opposite signs. How much is found by leverage or by simulation; the tests that need it live
in `residuals`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.evaluation.arrays import Floats, real_array


@dataclass(frozen=True, eq=False)
class ExpectedResiduals:
    """Expected products of standardised residuals.

    Attributes
    ----------
    products : ndarray of float64, shape (1 + L, *S)
        At ``[k, i]`` the expectation of the product of the residuals of elements i and i + k along
        `axis`; the last k of each row are not used.
    axis : int
        Axis of S along which the lags count.
    n_replicas : int or None
        Simulations that it is the mean of, whose noise enters the standard errors; None if it is
        exact.
    """

    products: Floats
    axis: int = -1
    n_replicas: int | None = None

    @classmethod
    def from_leverage(cls, leverage: ArrayLike, axis: int = -1) -> ExpectedResiduals:
        """Take 1 - h for the variance and nothing for the correlations.

        Parameters
        ----------
        leverage : array_like
            Shape S: h, the derivative of each element of the estimate by the same element of the
            measurement. 1 - h is exact for projections (least squares; Savitzky-Golay nearly) and
            too small by ``h - sum of squares`` for other filters.
        axis : int
            Of the lags.

        Raises
        ------
        InputError
            Leverages that are not between 0 and 1.

        Examples
        --------
        >>> ExpectedResiduals.from_leverage([0.1, 0.2]).products
        array([[0.9, 0.8]])
        """
        share = real_array("leverage", leverage)
        if not ((share >= 0) & (share <= 1)).all():
            raise InputError(
                "`leverage` holds values that are not between 0 and 1: give the derivative of each "
                "element of the estimate by the same element of the measurement."
            )
        return cls(1 - share[np.newaxis], axis)

    @classmethod
    def from_replicas(
        cls,
        replicas: ArrayLike,
        replies: ArrayLike,
        variance: ArrayLike,
        *,
        lags: int = 20,
        axis: int = -1,
    ) -> ExpectedResiduals:
        """Find it by simulation: measurements whose truth is the estimate, denoised alike.

        Only how the residuals scatter between the replicas counts. What the method does to the
        estimate itself (it would smooth it once more) drops out, so that a method that smooths too
        much cannot excuse itself.

        Parameters
        ----------
        replicas : array_like
            Shape (P, *S), P >= 2: simulated measurements of the same dose as the real one.
        replies : array_like
            Shape (P, *S): what the method makes of each.
        variance : array_like
            Shape S: of the noise of each replica.
        lags : int
            Greatest lag L.
        axis : int
            Axis of S along which the lags count.

        Raises
        ------
        InputError
            Fewer than 2 replicas, or shapes that differ.

        Examples
        --------
        >>> draws = np.random.default_rng(0).normal(size=(8, 500))
        >>> replies = np.broadcast_to(draws.mean(axis=1, keepdims=True), (8, 500))
        >>> expected = ExpectedResiduals.from_replicas(draws, replies, np.ones(500), lags=3)
        >>> bool(abs(expected.products[0].mean() - 1) < 0.1)
        True
        """
        simulated, fitted = real_array("replicas", replicas), real_array("replies", replies)
        noise = real_array("variance", variance)
        n_replicas = len(simulated) if simulated.ndim else 0
        if n_replicas < 2 or simulated.shape != fitted.shape or simulated.shape[1:] != noise.shape:
            raise InputError(
                f"`replicas` has shape {simulated.shape}, `replies` {fitted.shape} and `variance` "
                f"{noise.shape}: give (P, *S) twice with at least 2 replicas, and S."
            )
        residuals = np.where(noise > 0, simulated - fitted, 0) / np.sqrt(
            np.where(noise > 0, noise, 1)
        )
        residuals = np.moveaxis(residuals - residuals.mean(axis=0), _from_end(axis, noise.ndim), -1)
        products = np.zeros((1 + whole_number("lags", lags), *residuals.shape[1:]))
        length = residuals.shape[-1]
        for lag in range(min(lags, length - 1) + 1):
            pairs = residuals[..., : length - lag] * residuals[..., lag:]
            products[lag, ..., : length - lag] = pairs.sum(axis=0) / (n_replicas - 1)
        moved = np.moveaxis(products, -1, _from_end(axis, noise.ndim))
        return cls(moved, axis, n_replicas)

    def reaching(self, lags: int, shape: tuple[int, ...], axis: int) -> ExpectedResiduals:
        """Give the same for so many lags (0 beyond those known), or raise if it does not fit."""
        if self.products.shape[1:] != shape:
            raise InputError(
                f"`expected` is for shape {self.products.shape[1:]} and the estimate has {shape}."
            )
        if len(self.products) > 1 and (self.axis - axis) % len(shape):
            raise InputError(f"`expected` has its lags along axis {self.axis}, not {axis}.")
        known = self.products[: 1 + lags]
        products = np.zeros((1 + lags, *shape))
        products[: len(known)] = known
        return ExpectedResiduals(products, axis, self.n_replicas)


def _from_end(axis: int, n_dims: int) -> int:
    """Give the index from the end of an axis of S, which also holds with an axis in front."""
    if axis not in range(-n_dims, n_dims):
        raise InputError(f"`axis` is {axis}: give one of the {n_dims} axes.")
    return axis if axis < 0 else axis - n_dims
