"""How strong noise of one level is, with the error of what is said: from repeats or one image.

Repeats tell by what they do not share. A single acquisition of two or more axes tells by what all
frequencies and all its parts have in common (`white_floor`), one of one axis by third differences
of neighbours. What a scene has of its own that looks like white noise, such as the grain of a
photograph, is noise to a single acquisition. Noise whose level changes is in `variance_line`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.errors import InputError
from autoden.noise.blocks import Blocks, cosine_blocks
from autoden.noise.exposures import Exposures, Floats, as_floats, check_size, per_repeat
from autoden.noise.lattice import rounding_step
from autoden.noise.third_differences import clipped_variance, third_differences
from autoden.noise.white_floor import WhiteFloor, white_floor

Mask = NDArray[np.bool_]

_MOST_BINS: Final = 16
_FEWEST_BINS: Final = 4
_BLOCKS_PER_BIN: Final = 16
_MOST_AXES: Final = 3  # of a block; further ones hold separate arrays
_FEWEST_DIFFERENCES: Final = 32
_COPIES: Final = 4  # of added noise
_ROUNDING: Final = 1e-24  # of the largest mean square
_INFLATED: Final = 2.4  # variance of a mean square of third differences, over that of white noise


@dataclass(frozen=True)
class Level:
    """A measured number and its error.

    Attributes
    ----------
    value : float
        In the user's units; 0 if nothing was found.
    standard_error : float
        Of the value.
    """

    value: float
    standard_error: float


def gaussian_level(exposures: Sequence[Exposures], valid: Mask | None = None) -> Level:
    """Measure sigma of additive noise that is white and the same everywhere.

    From repeats if a sample has two or more; otherwise from single acquisitions, whose noise is
    taken to be independent between neighbours: where it is correlated, the level comes out too low.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of one set-up, any number of axes.
    valid : ndarray of bool, shape (*S), optional
        False for elements to leave out; single acquisitions of one axis take all.

    Returns
    -------
    Level
        Sigma of one acquisition. Of 256 x 256 photographs with noise of 10 % of their range it is
        right to 0.7 %, where 0.3 % would be right if there were nothing but noise.

    Raises
    ------
    InputError
        If all samples are single acquisitions with no axis of four elements.

    Examples
    --------
    >>> y, x = np.mgrid[:128, :128]
    >>> image = 100 * (np.hypot(x - 60, y - 70) < 40)
    >>> noisy = image + np.random.default_rng(0).normal(0, 5, image.shape)
    >>> level = gaussian_level([Exposures(noisy[None])])
    >>> print(f"{level.value:.2f} +- {level.standard_error:.2f}")
    4.97 +- 0.03
    """
    samples = several(exposures)
    repeated = [sample for sample in samples if sample.n_repeats > 1]
    if repeated:
        return _of_repeats(repeated, valid)
    found = _of_single(samples, valid)
    sizes, variances, errors = np.array(found).T
    shares = sizes / sizes.sum()
    # what is uncertain is mostly the structure, which images of one scene have in common
    return level_of_variance(float(shares @ variances), float(shares @ errors))


def apparent_level(exposures: Sequence[Exposures], valid: Mask | None = None) -> Level:
    """Measure how much the calmest parts of images vary, whether neighbours share it or not.

    Where the noise of neighbours is correlated, `gaussian_level` tells of what is independent
    only. This is sigma of all of it but for what is larger than a block, and a little more where
    no part of the image is without structure: denoise by this level to see in what is left whether
    the noise is correlated (`correlation_of_residuals`).

    Parameters
    ----------
    exposures : sequence of Exposures
        Samples whose first acquisitions are images or volumes; what is neither, or too small, is
        measured as `gaussian_level` does.
    valid : ndarray of bool, shape (*S), optional
        False for elements to leave out.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 5, (128, 129))
    >>> shared = (noise[:, 1:] + noise[:, :-1]) / 2**0.5
    >>> sample = [Exposures(shared[None])]
    >>> print(f"{gaussian_level(sample).value:.1f} {apparent_level(sample).value:.1f}")
    2.7 5.2
    """
    samples = several(exposures)
    means: list[float] = []
    sizes: list[float] = []
    for values in _arrays(samples):
        blocks = _blocks(values, valid)
        if blocks is not None:
            calmest = blocks.energies(_bins(blocks))
            varied = calmest.means[:, 0]
            is_pattern = np.median(varied) <= _ROUNDING * varied.max()  # of few frequencies
            means.append(
                0.0 if is_pattern else float(np.average(varied, weights=calmest.sizes[:, 0]))
            )
            sizes.append(float(calmest.sizes[:, 0].sum()))
    if not means:
        return gaussian_level([sample.take([0]) for sample in samples], valid)
    variance = float(np.average(means, weights=sizes))
    return level_of_variance(variance, variance * math.sqrt(2 / sum(sizes)))


def refine_level(
    level: Level, exposures: Exposures, denoised: ArrayLike, *, seed: int = 0
) -> Level:
    """Correct a level of a single acquisition by how well that of the denoised one is found again.

    White noise of the level is added to the denoised acquisition, which has the structure of the
    true one, and measured in the same way: what that comes out at too much or too little is taken
    off. Where no structure was found there is nothing to correct.

    Parameters
    ----------
    level : Level
        As `gaussian_level` measured it.
    exposures : Exposures
        One acquisition; a level from repeats is given back as it is.
    denoised : array_like, shape (*S)
        The acquisition without most of its noise.
    seed : int
        Of the added noise.

    Raises
    ------
    InputError
        If the shapes differ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> image = 50 * np.sin(np.arange(128) / 9) * np.ones((128, 1))
    >>> noisy = Exposures(image[None] + rng.normal(0, 5, (1, 128, 128)))
    >>> level = gaussian_level([noisy])
    >>> print(f"{refine_level(level, noisy, image).value:.2f}")
    5.00
    """
    clean = as_floats(denoised)
    if clean.shape != exposures.shape:
        raise InputError(
            f"`denoised` has shape {clean.shape} and the acquisition {exposures.shape}: give the "
            "denoised acquisition itself."
        )
    if exposures.n_repeats > 1 or level.value == 0:
        return level
    blocks = _blocks(exposures.repeats[0], None)
    if blocks is None or not floor_of_blocks(blocks).has_structure:
        return level  # there is nothing that could have been taken for noise
    rng = np.random.default_rng(seed)
    ratios = [_found_again(clean, level.value, rng) for _ in range(_COPIES)]
    ratio = 1 / float(np.mean(ratios)) if all(ratios) else 1.0
    return Level(level.value * ratio, level.standard_error * ratio)


def several(exposures: Sequence[Exposures]) -> Sequence[Exposures]:
    """Check that there are exposures and that their values can be squared."""
    if not exposures:
        raise InputError("there are no exposures: give at least one sample.")
    check_size([sample.repeats for sample in exposures], "the exposures")
    return exposures


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


def level_of_variance(variance: float, error: float) -> Level:
    """Turn a variance with its error into a standard deviation with its error."""
    value = math.sqrt(max(variance, 0.0))
    # where the error is as large as the variance, the root of what is possible is the error
    return Level(value, error / (2 * value) if error < variance else math.sqrt(error) / 2)


def floor_of_blocks(blocks: Blocks, *, has_structure: bool = False) -> WhiteFloor:
    """Measure the variance of white noise in blocks; more blocks make a finer table."""
    return white_floor(blocks.energies(_bins(blocks)), has_structure=has_structure)


def _bins(blocks: Blocks) -> int:
    return int(np.clip(blocks.n_independent / _BLOCKS_PER_BIN, _FEWEST_BINS, _MOST_BINS))


def _arrays(samples: Sequence[Exposures]) -> Iterator[Floats]:
    """Give single acquisitions of up to three axes."""
    for sample in samples:
        values = sample.repeats[0]
        yield from values.reshape(-1, *values.shape[-_MOST_AXES:]) if values.ndim > 3 else [values]


def _blocks(values: Floats, valid: Mask | None) -> Blocks | None:
    return cosine_blocks(values, valid) if 1 < values.ndim <= _MOST_AXES else None


def _found_again(clean: Floats, sigma: float, rng: np.random.Generator) -> float:
    """Measure added noise; give what is found over what was added, 0 if nothing."""
    noise = rng.normal(0, sigma, clean.shape)
    blocks = _blocks(clean + noise, None)
    if blocks is None:
        return 0.0
    found = floor_of_blocks(blocks, has_structure=True).variance
    return math.sqrt(found / float(np.mean(noise**2)))


def _differences(values: Floats, valid: Mask | None) -> Floats:
    """Give third differences of what is valid, or of all where too little of that lies together."""
    everything = third_differences(values)
    if valid is None or valid.shape != values.shape:
        return everything
    known = third_differences(np.where(valid, values, np.nan))
    known = known[np.isfinite(known)]
    return known if known.size >= _FEWEST_DIFFERENCES else everything


def _of_repeats(samples: Sequence[Exposures], valid: Mask | None) -> Level:
    """Pool the variance between repeats: sum((y - t x)^2) / (R - 1) with the best rate x."""
    squares, freedom = 0.0, 0
    for sample in samples:
        kept = ... if valid is None else valid
        durations = per_repeat(sample.durations, sample.repeats)
        rate = np.sum(durations * sample.repeats, axis=0) / np.sum(durations**2)
        left = (sample.repeats - durations * rate)[:, kept]
        squares += float(np.sum(left**2))
        freedom += (sample.n_repeats - 1) * left[0].size
    variance = squares / freedom
    return level_of_variance(variance, variance * math.sqrt(2 / freedom))


def _of_single(samples: Sequence[Exposures], valid: Mask | None) -> list[tuple[int, float, float]]:
    """Measure single acquisitions: number of elements, variance of the noise, and its error."""
    arrays, found, differences = list(_arrays(samples)), [], []
    for values in arrays:
        blocks = _blocks(values, valid)
        if blocks is None:
            differences.append(_differences(values, valid))
        else:
            floor = floor_of_blocks(blocks)
            found.append((values.size, floor.variance, floor.standard_error))
    if differences:
        together = np.concatenate(differences)
        variance = clipped_variance(together, rounding_variance(samples))
        inflated = _INFLATED ** max(values.ndim for values in arrays)
        found.append((together.size, variance, variance * math.sqrt(2 * inflated / together.size)))
    return found
