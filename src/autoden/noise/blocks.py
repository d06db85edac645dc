"""Small blocks of an array as cosine coefficients, sorted by how much structure they show.

White noise has the same variance at every frequency and its cosine coefficients are independent of
each other; structure is strong at low frequencies and in few blocks. Mean squares of coefficients,
by frequency and by what the *other* coefficients of a block show, thus tell one from the other, and
sorting the blocks chooses no noise: the coefficient itself has no say. What the table means is said
in `autoden.noise.white_floor`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn

from autoden.noise.exposures import Floats

Mask = NDArray[np.bool_]

_SIDES: Final = {1: 32, 2: 8, 3: 4}
_MOST_COEFFICIENTS: Final = 2**23
_LOW: Final = 0.6  # of the highest sum of frequencies: what is below tells structure
_CLIPPED: Final = 0.01  # share of elements with the lowest or highest value, where values end
_FEWEST_LEFT: Final = 0.05  # share of the blocks without clipped elements that is enough
FEWEST_BLOCKS: Final = 12


@dataclass(frozen=True, eq=False)
class Energies:
    """Mean squares of the cosine coefficients of blocks.

    Attributes
    ----------
    means : ndarray of float64, shape (n_zones, n_bins)
        Per zone of neighbouring frequencies and bin of blocks, those of least structure first.
    sizes : ndarray of float64, shape (n_zones, n_bins)
        How many independent squares each of them averages.
    """

    means: Floats
    sizes: Floats


@dataclass(frozen=True, eq=False)
class Blocks:
    """Squared cosine coefficients of overlapping blocks.

    Attributes
    ----------
    means : ndarray of float64, shape (n_blocks,)
        Mean value of each block.
    squares : ndarray of float64, shape (n_blocks, n_frequencies)
        Squared coefficients but the first, in an orthonormal basis.
    zones : ndarray of int, shape (n_frequencies,)
        Number of the zone of each frequency.
    is_low : ndarray of bool, shape (n_frequencies,)
        Frequencies at which structure is looked for.
    share : float
        Independent blocks per block: below 1, because they overlap.
    """

    means: Floats
    squares: Floats
    zones: NDArray[np.intp]
    is_low: Mask
    share: float

    @property
    def n_independent(self) -> float:
        """Number of blocks that would say as much without overlap."""
        return len(self.means) * self.share

    def take(self, chosen: NDArray[np.intp]) -> Blocks:
        """Select blocks."""
        return Blocks(self.means[chosen], self.squares[chosen], self.zones, self.is_low, self.share)

    def energies(self, n_bins: int) -> Energies:
        """Tabulate the mean squares by zone and by the structure that other frequencies show."""
        n_blocks = len(self.squares)
        edges = np.arange(n_bins) * n_blocks // n_bins
        in_bin = np.diff(np.append(edges, n_blocks))
        activity = self.squares[:, self.is_low].sum(axis=1)
        order = np.argsort(activity, kind="stable")
        table = np.add.reduceat(self.squares[order], edges, axis=0).T
        for k in np.flatnonzero(self.is_low):
            order = np.argsort(activity - self.squares[:, k], kind="stable")
            table[k] = np.add.reduceat(self.squares[order, k], edges)
        per_zone = np.bincount(self.zones)
        sums = np.zeros((len(per_zone), n_bins))
        np.add.at(sums, self.zones, table)
        counts = per_zone[:, None] * in_bin
        return Energies(sums / counts, np.asarray(counts * self.share))


def cosine_blocks(values: Floats, valid: Mask | None = None) -> Blocks | None:
    """Cut an array of one to three axes into overlapping blocks and transform them.

    Axes that are shorter than a block (32 elements of a line, 8 of an image, 4 of a volume) make
    shorter blocks. Where many elements have the lowest or the highest value of all, values were
    clipped, and blocks that hold such elements are left out unless hardly any would be left.

    Parameters
    ----------
    values : ndarray of float64, shape (*S)
        The array.
    valid : ndarray of bool, shape (*S), optional
        False for elements that no block may hold.

    Returns
    -------
    Blocks or None
        None if there are fewer than 32 independent blocks, or axes of fewer than 4 elements only.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 3, (64, 64))
    >>> blocks = cosine_blocks(noise)
    >>> blocks.squares.shape, round(blocks.n_independent)
    ((841, 63), 64)
    """
    side = _SIDES[values.ndim]
    sides = [min(side, length) if length >= 4 else 1 for length in values.shape]
    volume = math.prod(sides)
    if volume < 4 or values.size < FEWEST_BLOCKS * volume:
        return None
    stride = _stride(values.shape, sides)
    starts = np.ix_(
        *(_starts(n, b, s) for n, b, s in zip(values.shape, sides, stride, strict=True))
    )
    cut = _windows(values, sides)[starts].reshape(-1, *sides)
    share = values.size / volume / len(cut)

    def inside(mask: Mask) -> Mask:
        return np.asarray(_windows(mask, sides)[starts].reshape(len(cut), -1).all(axis=1))

    chosen = np.ones(len(cut), dtype=np.bool_) if valid is None else inside(valid)
    unclipped = _unclipped(values)
    if unclipped is not None:
        within = chosen & inside(unclipped)
        if within.sum() >= _FEWEST_LEFT * chosen.sum():
            chosen = within
    cut = cut[chosen]
    if len(cut) * share < FEWEST_BLOCKS / 2:
        return None
    means = cut.reshape(len(cut), -1).mean(axis=1)
    centred = cut - means.reshape(-1, *[1] * len(sides))
    squares = dctn(centred, axes=range(1, 1 + len(sides)), norm="ortho").reshape(len(cut), -1) ** 2
    zones, is_low = _frequencies(sides)
    return Blocks(means, squares[:, 1:], zones, is_low, min(share, 1.0))


def _windows(values: NDArray[np.generic], sides: Sequence[int]) -> NDArray[np.generic]:
    windows: NDArray[np.generic] = np.lib.stride_tricks.sliding_window_view(values, tuple(sides))
    return windows


def _stride(shape: Sequence[int], sides: Sequence[int]) -> list[int]:
    """Step by a quarter of a block, or by more where there would be too many."""
    for part in (4, 2, 1):
        stride = [max(1, side // part) for side in sides]
        n_blocks = math.prod(n / s for n, s in zip(shape, stride, strict=True))
        if n_blocks * math.prod(sides) <= _MOST_COEFFICIENTS:
            return stride
    excess = n_blocks * math.prod(sides) / _MOST_COEFFICIENTS
    per_axis = excess ** (1 / sum(side > 1 for side in sides))
    return [max(1, math.ceil(s * per_axis)) if s > 1 else 1 for s in stride]


def _starts(length: int, side: int, stride: int) -> NDArray[np.intp]:
    return np.arange(0, length - side + 1, stride, dtype=np.intp)


def _unclipped(values: Floats) -> Mask | None:
    """Mark what is not at an end of the values where many are; None if there is no such end."""
    masks = []
    for end in (values.min(), values.max()):
        inside = np.asarray(values != end)
        if inside.any() and inside.mean() < 1 - _CLIPPED:
            masks.append(inside)
    return np.logical_and.reduce(masks) if masks else None


def _frequencies(sides: Sequence[int]) -> tuple[NDArray[np.intp], Mask]:
    """Give the zone of each frequency but the first, and which are low.

    Even and odd frequencies are apart: what alternates from element to element has odd ones only.
    """
    grid = np.indices(sides).reshape(len(sides), -1)[:, 1:]
    n_groups = 8 if len(sides) == 1 else 4
    numbers = np.zeros(grid.shape[1], dtype=np.intp)
    relative = np.zeros(grid.shape[1])
    for k, side in zip(grid, sides, strict=True):
        numbers = n_groups * numbers + 2 * (k // max(2 * side // n_groups, 1)) + k % 2
        relative += k / max(side - 1, 1)
    _, zones = np.unique(numbers, return_inverse=True)
    return zones.astype(np.intp), relative / sum(side > 1 for side in sides) <= _LOW
