"""What is held out: which elements are drawn, and the scores that they give.

Held-out elements never train. They tell which weights to keep, so they must not hide anywhere in
what trains: an element held out of one measurement is held out of all that share its noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autoden.checks import number
from autoden.training.batch import Batch

ERROR = 3
"""Where the sum of the errors stands in `held_out_sums`; the count stands first."""


def draw_held_out(
    shape: Sequence[int],
    ratio: float,
    *,
    shared_axes: Sequence[int] = (),
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Draw the elements to hold out.

    Parameters
    ----------
    shape : sequence of int
        Shape of the data.
    ratio : float
        Share to hold out, from 0 to below 1; at least one element unless it is 0, and never all.
    shared_axes : sequence of int
        Axes along which the same elements are held out, such as repeats and channels.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    ndarray of bool
        The given shape, True on held-out elements.

    Raises
    ------
    InputError
        A ratio outside its range.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> draw_held_out((2, 5), 0.4, shared_axes=(0,), rng=rng).astype(int)
    array([[0, 0, 0, 1, 1],
           [0, 0, 0, 1, 1]])
    """
    number("num_tst_ratio", ratio, at_least=0, below=1)
    shared = {axis % len(shape) for axis in shared_axes}
    own_shape = [1 if axis in shared else size for axis, size in enumerate(shape)]
    n_elements = int(np.prod(own_shape))
    n_held_out = min(max(round(ratio * n_elements), int(ratio > 0)), n_elements - 1)
    chosen = np.zeros(n_elements, dtype=np.bool_)
    chosen[rng.choice(n_elements, n_held_out, replace=False)] = True
    return np.broadcast_to(chosen.reshape(own_shape), shape).copy()


def draw_held_out_samples(n_samples: int, ratio: float, *, rng: np.random.Generator) -> list[int]:
    """Draw whole measurements to hold out.

    Parameters
    ----------
    n_samples : int
        How many there are.
    ratio : float
        Share to hold out, from 0 to below 1; at least one unless it is 0, and never all, so that
        of a single measurement none is held out.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    list of int
        Indices in ascending order.

    Raises
    ------
    InputError
        A ratio outside its range.

    Examples
    --------
    >>> draw_held_out_samples(6, 0.3, rng=np.random.default_rng(0))
    [3, 4]
    """
    chosen = draw_held_out((n_samples,), ratio, rng=rng)
    return [int(index) for index in np.flatnonzero(chosen)]


def held_out_sums(errors: Tensor, output: Tensor, batch: Batch) -> Tensor:
    """Sum what the held-out scores need: count, error, output, target and their products.

    Returns
    -------
    Tensor
        Shape (7,): count, sums of targets t and of t^2; of errors e, of outputs o, of o^2, of o t.
    """
    chosen, known = batch.scored
    e, o, t = (each.reshape(-1).to(chosen.dtype) for each in (errors, output, batch.target))
    held = o * chosen
    sums = e @ chosen, held.sum(), held @ o, held @ t
    return torch.cat((known, torch.stack(sums)))


def held_out_scores(sums: Iterable[float]) -> tuple[float, float]:
    """Turn held-out sums into two mean scores: the error, and a scale- and bias-invariant one.

    The second is the mean squared error that is left after the best straight line from output to
    target: blind to wrong scale and offset, so it tells a wrong shape from a wrong level.

    Returns
    -------
    tuple of float
        Mean error and invariant mean squared error; NaN where nothing is held out.

    Examples
    --------
    Three outputs 1, 2, 3 and targets 2, 4, 6: the error is large, the shape is perfect.

    >>> held_out_scores([3, 12.0, 56.0, 14.0, 6.0, 14.0, 28.0])
    (4.666666666666667, 0.0)
    """
    count, t, tt, error, o, oo, ot = sums
    if count == 0:
        return float("nan"), float("nan")
    var_o, var_t, cov = oo - o * o / count, tt - t * t / count, ot - o * t / count
    unexplained = var_t - cov * cov / var_o if var_o > 0 else var_t
    return error / count, max(unexplained, 0.0) / count
