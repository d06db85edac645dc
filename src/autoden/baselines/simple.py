"""The best simple filter of a training's own data: what a network must beat to be worth it.

A trainer holds noisy inputs, noisy targets and a mask of held-out elements, and knows no noise
model; so filters are judged as its network is, by squared error on the held-out elements. Filters
tuned on split measurements, by deviance, are found in `tuning.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.baselines.gaussian import GaussianFilter
from autoden.baselines.savitzky_golay import SavitzkyGolay
from autoden.checks import choice
from autoden.errors import InputError
from autoden.signals.values import check_numeric

MOST = 2**18
"""So many elements are enough to choose a filter by."""

LEAST_WEIGHT = 1e-6
"""Known neighbours that weigh less tell nothing: far from all the mean of what is known is left."""

Array = NDArray[Any]
Filter = TypeVar("Filter", GaussianFilter, SavitzkyGolay)


@dataclass(frozen=True)
class SimpleFilter:
    """How well a simple filter does on held-out elements.

    Attributes
    ----------
    description : str
        The filter and its width, such as "Gaussian, sigma 2.5".
    error : float
        Its mean squared error against the noisy targets, in squared data units; the noise of the
        targets is part of it, as it is of a network's held-out loss.
    unfiltered_error : float
        The same of the inputs as they are.
    estimate, unfiltered : ndarray
        What the filter makes of the inputs, and the inputs as they are, in the shape that inputs,
        targets and mask have together. Where inputs are unknown, the mean of the nearest known
        ones stands in for them.
    """

    description: str
    error: float
    unfiltered_error: float
    estimate: Array = field(repr=False, compare=False)
    unfiltered: Array = field(repr=False, compare=False)


def best_simple_filter(
    inputs: ArrayLike,
    targets: ArrayLike,
    held_out: ArrayLike,
    *,
    n_dims: int,
    known: ArrayLike | None = None,
) -> SimpleFilter:
    """Find the filter of the inputs that is nearest to the targets where nothing was trained.

    Gaussians of many widths are tried, and in 1D Savitzky-Golay filters of orders 2, 4 and 6. They
    see what the network sees. Where inputs are unknown, Gaussians average the known ones (a
    normalised convolution), and polynomials see what the best Gaussian fills in. Of more than
    260,000 elements the width is chosen on a part: some of the samples, or a window of each.

    Parameters
    ----------
    inputs, targets : array_like
        Shape (..., *S) with `n_dims` spatial axes, real; noisy, and their noises independent.
        Shapes that broadcast will do.
    held_out : array_like of bool
        True on the elements to compare, at least one; a shape that broadcasts to that of the
        targets.
    n_dims : {1, 2, 3}
        How many axes, the last ones, are filtered.
    known : array_like of bool, optional
        False on elements of the inputs that no filter may use, such as hidden pixels; a shape
        that broadcasts to that of the inputs. None: all may be used.

    Returns
    -------
    SimpleFilter
        The best filter, its error and that of the unfiltered inputs.

    Raises
    ------
    InputError
        Nothing is held out, or the arrays do not fit each other.

    References
    ----------
    H. Knutsson and C.-F. Westin, "Normalized and differential convolution", CVPR 1993.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> line = 100 * np.exp(-np.linspace(-8, 8, 400) ** 2)
    >>> noisy, other = rng.poisson(line, size=(2, 4, 400))
    >>> best_simple_filter(noisy, other, rng.random(400) < 0.2, n_dims=1).description
    'Savitzky-Golay, order 6, window 73'
    """
    whole = _checked(inputs, targets, held_out, known, choice("n_dims", n_dims, (1, 2, 3)))
    shape = np.broadcast_shapes(*(np.shape(array) for array in (inputs, targets, held_out)))
    part = whole.part()
    gaussian, least = _best(GaussianFilter.grid(part.shape), part)
    best: GaussianFilter | SavitzkyGolay = gaussian
    filtered = whole
    if n_dims == 1:
        polynomial, error = _best(SavitzkyGolay.grid(part.shape), part.filled(gaussian))
        if error < least:
            best, filtered = polynomial, whole.filled(gaussian)
    estimate = filtered.smoothed(best)
    unfiltered = whole.filled(GaussianFilter.grid(whole.shape)[0]).inputs
    return SimpleFilter(
        best.describe(),
        whole.error(estimate),
        whole.error(unfiltered),
        estimate.reshape(shape),
        unfiltered.reshape(shape),
    )


@dataclass(frozen=True, eq=False)
class _Samples:
    """Inputs, targets, held-out mask and what is known of the inputs, (N, *S) each."""

    inputs: Array
    targets: Array
    held_out: NDArray[np.bool_]
    known: NDArray[np.bool_] | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.inputs.shape[1:]

    def part(self) -> _Samples:
        """Give some of the samples with held-out elements, or a window of one, if they are many."""
        rows = np.flatnonzero(self.held_out.any(axis=tuple(range(1, self.inputs.ndim))))
        n_elements = math.prod(self.shape)
        rows = rows[:: math.ceil(len(rows) / max(1, MOST // n_elements))]
        share = min(1.0, MOST / n_elements) ** (1 / len(self.shape))
        window = tuple(_middle(size, math.ceil(size * share)) for size in self.shape)
        if not self.held_out[rows][:, *window].any():
            window = ()
        return self._map(lambda array: array[rows][:, *window])

    def smoothed(self, by: GaussianFilter | SavitzkyGolay) -> Array:
        """Filter the inputs, those that are known."""
        if isinstance(by, SavitzkyGolay):
            return by.filtered(self.inputs)
        n_dims = len(self.shape)
        if self.known is None:
            return by.filtered(self.inputs, n_dims)
        mean = self.inputs.mean(where=self.known) if self.known.any() else 0.0
        weights = self.known.astype(self.inputs.dtype)
        sums = by.filtered((self.inputs - mean) * weights, n_dims)
        return np.asarray(mean + sums / np.maximum(by.filtered(weights, n_dims), LEAST_WEIGHT))

    def filled(self, by: GaussianFilter) -> _Samples:
        """Fill in what is not known."""
        if self.known is None:
            return self
        inputs = np.where(self.known, self.inputs, self.smoothed(by))
        return replace(self, inputs=inputs, known=None)

    def error(self, estimate: Array) -> float:
        """Give the mean squared error of what is held out."""
        differences = estimate[self.held_out] - self.targets[self.held_out]
        return float(np.mean(np.square(differences), dtype=np.float64))

    def _map(self, function: Callable[[Array], Array]) -> _Samples:
        known = None if self.known is None else function(self.known)
        inputs, targets = function(self.inputs), function(self.targets)
        return _Samples(inputs, targets, function(self.held_out), known)


def _best(members: Sequence[Filter], samples: _Samples) -> tuple[Filter, float]:
    """Try all; give the one with the least error, and this."""
    errors = [samples.error(samples.smoothed(member)) for member in members]
    least = min(errors)
    return members[errors.index(least)], least


def _middle(size: int, length: int) -> slice:
    start = (size - length) // 2
    return slice(start, start + length)


def _checked(
    inputs: ArrayLike,
    targets: ArrayLike,
    held_out: ArrayLike,
    known: ArrayLike | None,
    n_dims: int,
) -> _Samples:
    """Give inputs and targets in floating point, all in the shape of all as (N, *S)."""
    noisy, wanted = (
        array.astype(np.result_type(array.dtype, np.float32), copy=False)
        for array in (check_numeric(inputs, "inputs"), check_numeric(targets, "targets"))
    )
    chosen = np.asarray(held_out, dtype=np.bool_)
    try:
        shape = np.broadcast_shapes(noisy.shape, wanted.shape, chosen.shape)
    except ValueError:
        raise InputError(
            f"inputs, targets and held-out mask have shapes {noisy.shape}, {wanted.shape} and "
            f"{chosen.shape}: give shapes that broadcast."
        ) from None
    if noisy.ndim < n_dims or noisy.dtype.kind == "c" or wanted.dtype.kind == "c":
        raise InputError(
            f"`inputs` are {noisy.dtype} of shape {noisy.shape}: give real numbers with at least "
            f"{n_dims} axes."
        )
    if not chosen.any():
        raise InputError("`held_out` has no True element: hold some out to compare filters.")

    def samples(array: Array) -> Array:
        return np.broadcast_to(array, shape).reshape(-1, *shape[len(shape) - n_dims :])

    usable = None if known is None else samples(np.asarray(known, dtype=np.bool_))
    return _Samples(samples(noisy), samples(wanted), samples(chosen), usable)
