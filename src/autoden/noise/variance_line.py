"""How the variance of the noise rises with the rate, with errors: from repeats, or from one image.

The elements of repeats, or the blocks of a single acquisition, are gathered in bands of like
intensity; the variance of each is measured, and a line is fitted that is negative nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import uniform_filter
from scipy.optimize import nnls

from autoden.errors import InputError
from autoden.noise.blocks import Blocks, cosine_blocks
from autoden.noise.exposures import Exposures, Floats, as_floats, per_repeat
from autoden.noise.level import Level, Mask, floor_of_blocks, several
from autoden.noise.unknown import FLOOR_STEPS, Unknown
from autoden.noise.white_floor import WhiteFloor

_NEIGHBOURHOOD: Final = 5
_SMALLEST_BAND: Final = 40  # elements
_BLOCKS_PER_BAND: Final = 64
_MOST_BANDS: Final = 12
_ROUNDS: Final = 20
_CLEARLY: Final = 3.0  # standard errors by which a floor is below 0
_NEGLIGIBLE: Final = 1e-6  # of the largest variance


@dataclass(frozen=True)
class VarianceLine:
    """A variance of floor + slope * rate, rates below 0 counting as 0.

    Attributes
    ----------
    floor : Level
        Variance at a rate of 0: of read-out, in squared units. Below 0 if nothing is counted at
        a rate above 0, a pedestal.
    slope : Level
        What one unit of rate adds, at least 0: of counts, their gain.
    correlation : float
        Of the errors of the two, mostly negative.
    """

    floor: Level
    slope: Level
    correlation: float

    @property
    def noise(self) -> Unknown:
        """The noise model with these parameters, its variance above 0 at any rate."""
        floor, slope = self.floor.value, self.slope.value
        zero = max(-floor / slope, 0.0) if slope > 0 else 0.0
        least = max(FLOOR_STEPS * slope**2, float(np.finfo(np.float64).tiny))
        return Unknown(max(floor, least), slope, zero)

    @property
    def surest_rate(self) -> float:
        """The rate at which the variance is known best; never below 0."""
        if self.slope.standard_error == 0:
            return 0.0
        ratio = self.floor.standard_error / self.slope.standard_error
        return max(-self.correlation * ratio, 0.0)

    def variance_error(self, rate: ArrayLike) -> Floats:
        """Give the standard error of the variance at some rates, in their shape."""
        one, other = self.floor.standard_error, self.slope.standard_error
        rates = np.maximum(as_floats(rate), 0)
        square = one**2 + (rates * other) ** 2 + 2 * rates * self.correlation * one * other
        return np.asarray(np.sqrt(np.maximum(square, 0)))


def variance_line(
    exposures: Sequence[Exposures], valid: Mask | None = None, *, has_pedestal: bool = False
) -> VarianceLine:
    """Measure the variance of the noise as a floor and a slope times the rate.

    From repeats if a sample has two or more: what decides on the band of an element is the mean of
    its neighbours, without the element itself, so that its noise does not choose its band.
    Otherwise from blocks of single images or volumes, banded by their means; noise is then taken to
    be independent between neighbours.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of one set-up.
    valid : ndarray of bool, shape (*S), optional
        False for elements to leave out.
    has_pedestal : bool
        Whether the floor may be negative, where it clearly is: of cameras that add a constant.

    Raises
    ------
    InputError
        If no sample has repeats and none is an image or a volume of at least 64 blocks of 8 x 8 or
        4 x 4 x 4 elements.

    References
    ----------
    A. Foi et al., IEEE Trans. Image Process. 17, 1737 (2008), fit the same model to one image.

    Examples
    --------
    >>> y, x = np.mgrid[:256, :256]
    >>> rate = 20.0 + 60 * (np.hypot(x - 120, y - 140) < 90) + x / 4
    >>> rng = np.random.default_rng(0)
    >>> image = 2 * rng.poisson(rate / 2) + rng.normal(0, 5, rate.shape)
    >>> line = variance_line([Exposures(image[None])])
    >>> print(f"{line.floor.value:.0f} +- {line.floor.standard_error:.0f} and "
    ...       f"{line.slope.value:.2f} +- {line.slope.standard_error:.2f} x rate")
    24 +- 3 and 2.02 +- 0.04 x rate
    """
    bands = _all_bands(exposures, valid, has_pedestal)
    floor, slope, covariance = _fit_line(*bands, has_pedestal=has_pedestal)
    errors = np.sqrt(np.diag(covariance))
    product = float(errors.prod())
    correlation = float(covariance[0, 1]) / product if product > 0 else 0.0
    return VarianceLine(Level(floor, float(errors[0])), Level(slope, float(errors[1])), correlation)


def poisson_gain(exposures: Sequence[Exposures], valid: Mask | None = None) -> Level:
    """Measure the gain of counts by their scatter: variance over mean, without any floor.

    Where values are whole multiples of the gain, `estimate_poisson` reads it off exactly.

    Parameters
    ----------
    exposures, valid
        As for `variance_line`.

    Raises
    ------
    InputError
        As `variance_line`.

    Examples
    --------
    >>> rate = np.linspace(20, 80, 200) * np.ones((200, 1))
    >>> image = 0.37 * np.random.default_rng(0).poisson(rate) + 0.0
    >>> gain = poisson_gain([Exposures(image[None])])
    >>> print(f"{gain.value:.3f} +- {gain.standard_error:.3f}")
    0.375 +- 0.003
    """
    means, variances, sizes, n_repeats = _all_bands(exposures, valid)
    rates = np.maximum(means, 0)
    if not rates.any():
        return Level(0.0, 0.0)
    slope = float(variances @ sizes / (rates @ sizes))
    # the band of rate 0 has no spread of its own by this model, and says nothing
    known = rates > 0
    means, variances, sizes, n_repeats = (a[known] for a in (rates, variances, sizes, n_repeats))
    for _ in range(_ROUNDS):
        weights = means**2 * sizes / _spread(slope * means, slope, means, n_repeats)
        if not np.isfinite(weights).all():
            return Level(0.0, 0.0)
        slope = float(np.average(variances / means, weights=weights))
    return Level(slope, float(1 / np.sqrt(weights.sum())))


def refine_line(
    line: VarianceLine, exposures: Exposures, denoised: ArrayLike, *, seed: int = 0
) -> VarianceLine:
    """Correct a line of a single acquisition by how well that of the denoised one is found again.

    Noise of the line is added to the denoised acquisition and measured in the same way; the
    difference is taken off.

    Parameters
    ----------
    line : VarianceLine
        As `variance_line` measured it.
    exposures : Exposures
        One acquisition; a line from repeats is given back as it is.
    denoised : array_like, shape (*S)
        The acquisition without most of its noise.
    seed : int
        Of the added noise.

    Raises
    ------
    InputError
        If the shapes differ.
    """
    clean = as_floats(denoised)
    if clean.shape != exposures.shape:
        raise InputError(
            f"`denoised` has shape {clean.shape} and the acquisition {exposures.shape}: give the "
            "denoised acquisition itself."
        )
    if exposures.n_repeats > 1 or line.floor.value == line.slope.value == 0:
        return line
    noisy = line.noise.simulate(clean, 1.0, np.random.default_rng(seed))
    has_pedestal = line.floor.value < 0
    again = variance_line([Exposures(noisy[None])], has_pedestal=has_pedestal)

    def corrected(level: Level, found: Level) -> Level:
        value = 2 * level.value - found.value
        return replace(level, value=value if level.value < 0 else max(value, 0.0))

    return replace(
        line, floor=corrected(line.floor, again.floor), slope=corrected(line.slope, again.slope)
    )


def _all_bands(
    exposures: Sequence[Exposures], valid: Mask | None, has_pedestal: bool = False
) -> Floats:
    """Give mean, variance, number of elements and of repeats of all bands: (4, n_bands)."""
    samples = several(exposures)
    repeated = [sample for sample in samples if sample.n_repeats > 1]
    if repeated:
        return np.concatenate([_bands(sample, valid) for sample in repeated], axis=1)
    found = [_bands_of_blocks(sample.repeats[0], valid, has_pedestal) for sample in samples]
    if not any(bands.size for bands in found):
        raise InputError(
            "no sample has repeats, and none is an image or a volume that is large enough to tell "
            "its noise at several intensities: give two repeats or more, or an image of 64 x 64 "
            "elements at least."
        )
    return np.concatenate(found, axis=1)


def _bands(sample: Exposures, valid: Mask | None) -> Floats:
    """Average means and variances over bands of like neighbours: (4, n_bands).

    The rows are mean, variance of one acquisition, number of elements, number of repeats.
    """
    durations = per_repeat(sample.durations, sample.repeats)
    mean = sample.repeats.sum(axis=0) / sample.durations.sum()
    squares = np.sum(durations * (sample.scaled() - mean) ** 2, axis=0)
    variance = squares / (sample.n_repeats - 1)
    window = uniform_filter(mean, _NEIGHBOURHOOD, mode="wrap") * _NEIGHBOURHOOD**mean.ndim
    order = np.argsort((window - mean).ravel(), kind="stable")
    order = order if valid is None else order[valid.ravel()[order]]
    edges = _band_edges(order.size)
    sizes = np.diff(np.append(edges, order.size))
    means, variances = (
        np.add.reduceat(values.ravel()[order], edges) / sizes for values in (mean, variance)
    )
    return np.stack([means, variances, sizes, np.full(len(edges), sample.n_repeats)])


def _band_edges(n_elements: int) -> NDArray[np.intp]:
    """Divide ranks into bands that halve towards both ends, where few elements tell most."""
    n_halvings = max(0, int(np.log2(max(n_elements / _SMALLEST_BAND, 1))))
    edges = n_elements / (1 + 2.0 ** -np.arange(-n_halvings, n_halvings + 1))
    return np.unique(np.append(0, np.rint(edges)).astype(np.intp))


def _bands_of_blocks(values: Floats, valid: Mask | None, has_pedestal: bool) -> Floats:
    """Measure blocks of like mean: (4, n_bands), as if two repeats had told the variance.

    The bands tell the line, up to a factor that all blocks together tell better, each divided by
    what the line says.
    """
    blocks = cosine_blocks(values, valid) if 1 < values.ndim <= 3 else None
    if blocks is None or blocks.n_independent < _BLOCKS_PER_BAND:
        return np.zeros((4, 0))
    bands = _by_mean(blocks, has_structure=False)
    together = _over_line(blocks, bands, has_pedestal)
    if together.has_structure:
        bands = _by_mean(blocks, has_structure=True)
        together = _over_line(blocks, bands, has_pedestal)
    bands[1] *= together.variance
    return bands


def _by_mean(blocks: Blocks, *, has_structure: bool) -> Floats:
    n_bands = int(min(blocks.n_independent // _BLOCKS_PER_BAND, _MOST_BANDS))
    rows = []
    for chosen in np.array_split(np.argsort(blocks.means, kind="stable"), n_bands):
        band = blocks.take(chosen)
        floor = floor_of_blocks(band, has_structure=has_structure)
        n_squares = band.squares.shape[1] * band.n_independent
        is_known = floor.standard_error > 0
        size = 2 * (floor.variance / floor.standard_error) ** 2 if is_known else n_squares
        rows.append((float(band.means.mean()), floor.variance, size, 2.0))
    return np.array(rows).T


def _over_line(blocks: Blocks, bands: Floats, has_pedestal: bool) -> WhiteFloor:
    """Measure all blocks in units of the variance that the bands let expect."""
    floor, slope, _ = _fit_line(*bands, has_pedestal=has_pedestal)
    expected = floor + slope * np.maximum(blocks.means, 0)
    known = expected > _NEGLIGIBLE * max(float(expected.max()), np.finfo(np.float64).tiny)
    if not known.any():
        return WhiteFloor(1.0, 0.0, False)
    chosen = np.flatnonzero(known)
    part = blocks.take(chosen)
    return floor_of_blocks(replace(part, squares=part.squares / expected[chosen, None]))


def _fit_line(
    means: Floats,
    variances: Floats,
    sizes: Floats,
    n_repeats: Floats,
    *,
    has_pedestal: bool = False,
) -> tuple[float, float, Floats]:
    """Fit floor and slope, each band weighted by the error of its variance; with covariance.

    Neither is negative, but the floor with a pedestal if it is so by several standard errors.
    """
    rates = np.maximum(means, 0)
    typical = float(np.average(variances, weights=sizes))
    if typical == 0:
        return 0.0, 0.0, np.zeros((2, 2))
    design = np.stack([np.ones_like(rates), rates], axis=1)
    floor, slope = typical, 0.0
    for _ in range(_ROUNDS):
        expected = np.maximum(floor + slope * rates, 1e-6 * typical)
        weights = np.sqrt(sizes / _spread(expected, slope, rates, n_repeats))
        weighted = design * weights[:, None]
        (floor, slope), _ = nnls(weighted, variances * weights)
        if has_pedestal and floor == 0 < slope:
            free = np.linalg.lstsq(weighted, variances * weights)[0]
            error = math.sqrt(_excess(weighted, free, variances * weights)
                              * _covariance(weighted)[0, 0])  # fmt: skip
            if free[0] < -_CLEARLY * error and float((design @ free).min()) > 0:
                floor, slope = free
    covariance = _covariance(weighted)
    return (
        float(floor),
        float(slope),
        _excess(weighted, np.array([floor, slope]), variances * weights) * covariance,
    )


def _excess(design: Floats, line: Floats, variances: Floats) -> float:
    """Say by what factor the misfit exceeds what its weights let expect, where it is no line."""
    left = design @ line - variances
    return max(1.0, float(left @ left) / max(len(left) - 2, 1))


def _spread(expected: Floats, slope: float, rates: Floats, n_repeats: Floats) -> Floats:
    """Variance of a sample variance: of normal noise, and more where steps are rare."""
    return np.asarray(2 * expected**2 / (n_repeats - 1) + slope**3 * rates / n_repeats)


def _covariance(design: Floats) -> Floats:
    """Give the covariance of two coefficients; very large where the bands cannot tell them."""
    scale = np.linalg.norm(design, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    normal = (design / scale).T @ (design / scale) + 1e-12 * np.eye(2)
    return np.asarray(np.linalg.inv(normal) / np.outer(scale, scale))
