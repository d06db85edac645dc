"""The level of white noise under structure: what all frequencies and all blocks have in common.

Structure adds to the mean squares, nearly by one pattern of frequencies that is stronger in some
blocks than in others. The floor below it is fitted together with that pattern, so that it need not
be free of structure anywhere; a mean square counts the less, the more of it is structure. Where
nothing tells the floor from the pattern, as little structure is assumed as fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import least_squares

from autoden.noise.blocks import Energies
from autoden.noise.exposures import Floats

_DOUBT: Final = 1.5  # relative error of what the pattern says of structure
_HOLD: Final = 0.1  # inverse of how far a logarithm of the pattern may move in a round
_RARE: Final = 0.5  # standard errors that a mean square full of structure costs
_CLEAR: Final = 2.0  # standard errors of the scatter that needs structure to explain it
_ODD: Final = 3.0  # standard errors: the same for one of many zones
_RISING: Final = 1.0  # standard errors: as much is a hint of structure
_ENOUGH: Final = 0.5  # share of the frequencies that shows no structure
_UNSURE: Final = 0.5  # of what structure is thought to add
_ROUNDS: Final = 6
_MOST_STEPS: Final = 15
_START: Final = 1 / 8  # quantile of the mean squares where the floor is first looked for
_FAINTEST: Final = 0.003  # of the floor: where structure is first looked for
_ROUNDING: Final = 1e-24  # of the largest mean square
_REGULAR: Final = 1e-12  # of the curvature along each coefficient
_LARGEST: Final = 60.0  # logarithm


@dataclass(frozen=True)
class WhiteFloor:
    """The variance of white noise under structure.

    Attributes
    ----------
    variance : float
        The floor of the mean squares; 0 where a part of them is 0.
    standard_error : float
        By the scatter of the mean squares, and half of what structure is thought to add to them
        where they count.
    has_structure : bool
        Whether a pattern of structure was needed to explain the mean squares.
    """

    variance: float
    standard_error: float
    has_structure: bool


def white_floor(energies: Energies, *, has_structure: bool = False) -> WhiteFloor:
    r"""Fit mean squares as a floor and a product, :math:`s + u_k w_j`, of zones k and bins j.

    Parameters
    ----------
    energies : Energies
        Mean squares.
    has_structure : bool
        Whether to look for a pattern also where the mean squares show none clearly.

    Examples
    --------
    >>> from autoden.noise.blocks import cosine_blocks
    >>> noise = np.random.default_rng(0).normal(0, 3, (256, 256))
    >>> floor = white_floor(cosine_blocks(noise).energies(16))
    >>> print(f"{floor.variance:.2f} +- {floor.standard_error:.2f}")
    9.00 +- 0.05
    """
    low = float(np.quantile(energies.means, _START))
    if low <= _ROUNDING * energies.means.max():
        return WhiteFloor(0.0, 0.0, False)
    means, sizes = energies.means / low, energies.sizes
    plain = None if has_structure else _without_structure(means, sizes)
    if plain is not None:
        return WhiteFloor(low * plain[0], low * plain[1], False)
    logarithms = _start(means)
    for _ in range(_ROUNDS):
        logarithms, weights, slopes = _improved(logarithms, means, sizes)
    floor, structure = _parts(logarithms, means.shape)
    added = float(np.average(structure, weights=weights**2))
    error = float(np.hypot(floor * _error_of_first(slopes), _UNSURE * added))
    return WhiteFloor(low * floor, low * error, True)


def _error_of_first(slopes: Floats) -> float:
    """Give the standard error of the first coefficient; a floor of nearly nothing has no slope."""
    scale = np.linalg.norm(slopes, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    normal = (slopes / scale).T @ (slopes / scale) + _REGULAR * np.eye(len(scale))
    return float(np.sqrt(np.linalg.inv(normal)[0, 0]) / scale[0])


def _without_structure(means: Floats, sizes: Floats) -> tuple[float, float] | None:
    """Average the zones that show none, with the error of their scatter; None if they are few.

    The zone that scatters most about the others' level is left out, until none does clearly.
    """
    kept = np.ones(len(means), dtype=np.bool_)
    while sizes[kept].sum() > _ENOUGH * sizes.sum():
        level = float(np.average(means[kept], weights=sizes[kept]))
        rows = list(zip(means[kept], sizes[kept], strict=True))
        oddities = [max(test(*row, level) for test in (_scatter, _trend, _excess)) for row in rows]
        together = max(
            _scatter(means[kept], sizes[kept], level) / _CLEAR,
            _trend(means[kept], sizes[kept], level) / _RISING,
        )
        if max(together, max(oddities) / _ODD) < 1:
            return level, level * float(np.sqrt(2 / sizes[kept].sum()))
        kept[np.flatnonzero(kept)[int(np.argmax(oddities))]] = False
    return None


def _scatter(means: Floats, sizes: Floats, level: float) -> float:
    """Tell by how many standard errors means scatter more than those of white noise."""
    squares = float(np.sum((means / level - 1) ** 2 * sizes / 2))
    freedom = means.size - 1
    return (squares - freedom) / float(np.sqrt(2 * freedom))


def _excess(means: Floats, sizes: Floats, level: float) -> float:
    """Tell by how many standard errors the mean of all is above the level."""
    return float(np.sum(sizes * (means / level - 1)) / np.sqrt(2 * sizes.sum()))


def _trend(means: Floats, sizes: Floats, level: float) -> float:
    """Tell by how many standard errors means rise from the first bin to the last."""
    places = np.arange(means.shape[-1]) - (means.shape[-1] - 1) / 2
    error = level * float(np.sqrt(np.sum(sizes * places**2) * 2))
    return float(np.sum(sizes * places * (means - level))) / error


def _start(means: Floats) -> Floats:
    """Guess the logarithms of the floor (1), of the pattern in the last bin, and over the bins."""
    structure = np.log(np.maximum(means - 1, _FAINTEST))
    pattern = structure[:, -1]
    strength = (structure - pattern[:, None]).mean(axis=0)
    return np.concatenate([[0.0], pattern, strength[:-1]])


def _parts(logarithms: Floats, shape: tuple[int, ...]) -> tuple[float, Floats]:
    """Give the floor and the structure (n_zones, n_bins); the last bin has the strength 1."""
    pattern, strength = logarithms[1 : 1 + shape[0]], np.append(logarithms[1 + shape[0] :], 0.0)
    structure = np.exp(np.clip(pattern[:, None] + strength, -_LARGEST, _LARGEST))
    return float(np.exp(np.clip(logarithms[0], -_LARGEST, _LARGEST))), structure


def _improved(start: Floats, means: Floats, sizes: Floats) -> tuple[Floats, Floats, Floats]:
    """Fit with the weights that the start lets expect: logarithms, weights, weighted slopes."""
    n_zones, n_bins = means.shape
    floor, structure = _parts(start, means.shape)
    spread = 2 * (floor + structure) ** 2 / sizes + (_DOUBT * structure) ** 2
    weights = 1 / np.sqrt(spread)
    held = _HOLD * np.eye(len(start))[1:]

    def misfit(logarithms: Floats) -> Floats:
        floor, structure = _parts(logarithms, means.shape)
        left = (floor + structure - means) * weights
        share = structure / (floor + structure)
        rare = _RARE * np.sqrt(share)
        moved = _HOLD * (logarithms - start)[1:]
        return np.concatenate([left.ravel(), rare.ravel(), moved])

    def slopes(logarithms: Floats) -> Floats:
        floor, structure = _parts(logarithms, means.shape)
        share = structure / (floor + structure)
        rare = _RARE * np.sqrt(share) * (1 - share) / 2
        by_floor = np.stack([floor * weights, -rare])
        by_structure = np.stack([structure * weights, rare])
        table = np.zeros((2, n_zones, n_bins, len(start)))
        table[..., 0] = by_floor
        for zone in range(n_zones):
            table[:, zone, :, 1 + zone] = by_structure[:, zone]
        for part in range(n_bins - 1):
            table[:, :, part, 1 + n_zones + part] = by_structure[:, :, part]
        return np.concatenate([table.reshape(-1, len(start)), held])

    found = least_squares(misfit, start, slopes, max_nfev=_MOST_STEPS)
    return np.asarray(found.x), weights, slopes(found.x)
