"""Along which axes the noise of neighbours is alike, and over how many elements.

Asked of what repeats do not share, or of what a denoised image left of the image. A network that
guesses an element from its neighbours (Noise2Void) guesses the noise that they share as well,
unless the mask hides them too: `NoiseCorrelation.mask_shape` says how many.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.ndimage import uniform_filter

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.noise.exposures import Exposures, Floats, as_floats
from autoden.noise.independence import correlation_at
from autoden.noise.level import Mask, apparent_level
from autoden.noise.pixels import fill_gaps
from autoden.noise.plain_filter import thresholded
from autoden.noise.residuals import residuals

MOST_LAGS: Final = 8
_CLEAR: Final = 5.0  # standard errors
_MATTERS: Final = 0.05  # correlation, squared a share of the variance that a neighbour foretells
_LEFT_BY_DENOISING: Final = 0.1  # below: what a filter that keeps some of the noise leaves
_CLIP: Final = 4.0  # standard deviations; more is a hot pixel or structure
_AROUND: Final = 15  # elements that tell the level of the noise
_MOST_ELEMENTS: Final = {2: 512, 3: 96}  # along each axis
_BLOCK: Final = 8
_FEWEST_BLOCKS: Final = 10
_NOTHING: Final = 1e-9  # of the largest value: rounding
_HIDDEN: Final = 0.5  # share of an axis that a mask may hide at most


@dataclass(frozen=True, eq=False)
class NoiseCorrelation:
    """Correlation of the noise with that of elements farther along each axis.

    Attributes
    ----------
    correlations, standard_errors : ndarray of float64, shape (n_axes, n_lags)
        At distances of 1 to n_lags elements; the error is infinite where there are no pairs.
    reach : tuple of int
        For each axis the largest distance at which noise is correlated clearly, 0 for white noise.
    lengths : tuple of int
        Elements along each axis.
    unevenness : float
        How much more than half of all parts the strongest ones vary, as a ratio of mean squares:
        about 1.3 for white noise, up to 3 for smoothed one, often more for structure.
    """

    correlations: Floats
    standard_errors: Floats
    reach: tuple[int, ...]
    lengths: tuple[int, ...]
    unevenness: float = 1.0

    @property
    def is_white(self) -> bool:
        """No axis has correlated noise."""
        return not any(self.reach)

    @property
    def mask_shape(self) -> tuple[int, ...] | None:
        """Elements along each axis that a mask has to hide together; None if no mask fits.

        An odd number, 1 along axes of white noise. Where the noise is alike over all distances
        looked at, a whole line of the mask would have to be hidden: noise along one axis can be
        told by the others, so that the mask is as long as it may be; along all axes, nothing
        tells it from structure.
        """
        if self.is_white:
            return (1,) * len(self.reach)
        if all(self.reach) and len(self.reach) * max(self.reach) > MOST_LAGS:
            return None
        shape = tuple(2 * reach + 1 for reach in self.reach)
        fits = all(
            size <= max(1, _HIDDEN * length)
            for size, length in zip(shape, self.lengths, strict=True)
        )
        return shape if fits else None

    def sentence(self, axes: Sequence[str] = ()) -> str:
        """Say it in words, with names of the axes if they are given."""
        if self.is_white:
            return "The noise of neighbours is independent along every axis."
        names = list(axes) or [f"axis {i}" for i in range(len(self.reach))]
        n_lags = self.correlations.shape[1]
        told = []
        for name, reach, row in zip(names, self.reach, self.correlations, strict=True):
            if reach:
                most = " or more" if reach == n_lags else ""
                told.append(f"along {name} over {reach}{most} element(s) ({row[0]:+.2f} at 1)")
        found = f"The noise of neighbours is correlated {' and '.join(told)}"
        if self.mask_shape is None:
            return (
                f"{found}: no mask hides what they share without hiding the structure as well. "
                "Methods for one image take such noise for structure; give repeats, or the data "
                "before they were smoothed or resampled."
            )
        return (
            f"{found}: methods that take it for independent keep much of it. A mask of "
            f"{' x '.join(map(str, self.mask_shape))} elements hides what they share."
        )


def correlation_of_repeats(
    exposures: Exposures, gain: float | None = None, *, n_lags: int = MOST_LAGS
) -> NoiseCorrelation:
    """Correlate what repeats do not share, along each axis.

    Parameters
    ----------
    exposures : Exposures
        Two repeats or more, any number of axes.
    gain : float, optional
        Units of the data per count, of counts.
    n_lags : int
        Distances looked at.

    Raises
    ------
    InputError
        If there is one repeat.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(3, 65, 64))
    >>> found = correlation_of_repeats(Exposures(noise[:, 1:] + noise[:, :-1]))
    >>> found.reach, found.mask_shape
    ((1, 0), (3, 1))
    """
    if exposures.n_repeats < 2:
        raise InputError(
            "there is 1 repeat: what repeats do not share needs two or more. For one image, give "
            "it with its denoised version to `correlation_of_residuals`."
        )
    left = residuals(exposures, gain).standardised()
    return _correlations(_even(left), exposures.n_repeats - 1, n_lags, least=-_MATTERS)


def correlation_of_residuals(
    image: ArrayLike, denoised: ArrayLike, *, n_lags: int = MOST_LAGS
) -> NoiseCorrelation:
    """Correlate what a denoised image left of the image, along each axis.

    Only what neighbours have in common counts: a denoiser that keeps a share of the noise makes
    residuals of white noise differ from their neighbours a little. It has to take away all of the
    noise: denoise by the `apparent_level`, not by that of independent noise, which leaves what
    neighbours share in the denoised image.

    Parameters
    ----------
    image, denoised : array_like, shape (*S)
        Values that are not finite, in either, are left out.
    n_lags : int
        Distances looked at.

    Raises
    ------
    InputError
        If the shapes differ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rows = rng.normal(size=(64, 1)) + rng.normal(size=(64, 64))
    >>> found = correlation_of_residuals(rows, np.zeros((64, 64)))
    >>> found.reach, found.mask_shape
    ((0, 8), (1, 17))
    >>> print(found.sentence(("Y", "X")))
    The noise of neighbours is correlated along X over 8 or more element(s) (+0.4...
    """
    measured, clean = as_floats(image), as_floats(denoised)
    if measured.shape != clean.shape or measured.ndim == 0:
        raise InputError(
            f"`image` has shape {measured.shape} and `denoised` {clean.shape}: give an image and "
            "what was made of it."
        )
    left = measured - clean
    unevenness = _unevenness(left)
    left[~np.isfinite(left)] = 0
    found = _correlations(_even(left[None]), 1, n_lags, least=_LEFT_BY_DENOISING)
    return replace(found, unevenness=unevenness)


def correlation_of_image(
    image: ArrayLike, valid: Mask | None = None, *, n_lags: int = MOST_LAGS
) -> NoiseCorrelation:
    """Correlate the noise of a single image or volume, along each axis.

    A plain filter takes away what the calmest parts of the image vary by (`apparent_level`), and
    what it took is correlated: structure is left in the image, whether noise is independent of its
    neighbours or not. Correlations over more than a few elements come out too low, because the
    filter works on blocks of 8 elements (4 in volumes). Of images that hardly have noise it tells
    about the texture of their calmest parts.

    Parameters
    ----------
    image : array_like, shape (*S)
        Two or three axes; of larger ones than 512 x 512 or 96 x 96 x 96 the middle is looked at.
        Values that are not finite are left out.
    valid : ndarray of bool, shape (*S), optional
        False for further elements to leave out.
    n_lags : int
        Distances looked at.

    Raises
    ------
    InputError
        If the image has other than two or three axes.

    Examples
    --------
    >>> y, x = np.mgrid[:128, :128]
    >>> noise = np.random.default_rng(0).normal(0, 5, (129, 128))
    >>> shared = (noise[1:] + noise[:-1]) / 2**0.5
    >>> correlation_of_image(100 * (np.hypot(x - 60, y - 70) < 40) + shared).reach
    (1, 0)
    """
    values = as_floats(image)
    if values.ndim not in (2, 3):
        raise InputError(
            f"`image` has shape {values.shape}: give an image of two axes or a volume of three."
        )
    most = _MOST_ELEMENTS[values.ndim]
    cut = tuple(
        slice(max(0, (n - most) // 2), max(0, (n - most) // 2) + most) for n in values.shape
    )
    values = values[cut]
    known = np.isfinite(values) if valid is None else np.isfinite(values) & valid[cut]
    if not known.any():
        return correlation_of_residuals(values, values, n_lags=n_lags)
    filled = fill_gaps(values, ~known).values
    sigma = apparent_level([Exposures(filled[None])], known).value
    if sigma <= _NOTHING * float(np.abs(filled).max()):
        return correlation_of_residuals(filled, filled, n_lags=n_lags)
    left = np.where(known, filled, np.nan)
    return correlation_of_residuals(left, thresholded(filled, sigma), n_lags=n_lags)


def _unevenness(left: Floats) -> float:
    """Compare the mean squares of blocks, of those without gaps: of the strongest and a usual one.

    1 where there are fewer than ten.
    """
    cut = left[tuple(slice(n - n % _BLOCK) for n in left.shape)]
    split = cut.reshape([n for length in cut.shape for n in (length // _BLOCK, _BLOCK)])
    squares = (split**2).mean(axis=tuple(range(1, split.ndim, 2))).ravel()
    squares = squares[np.isfinite(squares)]
    if squares.size < _FEWEST_BLOCKS:
        return 1.0
    usual, strong = np.quantile(squares, [0.5, 0.9])
    return float(strong / usual) if usual > 0 else (math.inf if strong > 0 else 1.0)


def _even(left: Floats) -> Floats:
    """Divide residuals (R, *S) by their local size and clip what is far larger."""
    around = (1, *(_AROUND,) * (left.ndim - 1))
    typical = float(np.sqrt(np.mean(left**2)))
    if typical == 0:
        return left
    power = uniform_filter(left**2, around, mode="reflect")
    spread = np.sqrt(np.maximum(power, 0))  # running sums may leave a little less than 0
    scaled = left / np.maximum(spread, 1e-3 * typical)
    return np.asarray(np.clip(scaled, -_CLIP, _CLIP))


def _correlations(scaled: Floats, free: int, n_lags: int, least: float) -> NoiseCorrelation:
    """Correlate along each axis; `least` is the correlation that counts, of either sign if < 0."""
    whole_number("n_lags", n_lags, at_least=1)
    lengths = scaled.shape[1:]
    found = np.zeros((len(lengths), n_lags))
    errors = np.full(found.shape, np.inf)
    power = float(np.mean(scaled**2)) * len(scaled) / free
    for axis, length in enumerate(lengths):
        moved = np.moveaxis(scaled, axis + 1, -1)
        for lag in range(1, min(n_lags, length - 1) + 1):
            value, error = correlation_at(moved, lag, free)
            if math.isfinite(error) and error > 0 and power > 0:
                found[axis, lag - 1], errors[axis, lag - 1] = value / power, error / power
    size = np.abs(found) if least < 0 else found
    # correlated products scatter more than independent ones (Bartlett 1946)
    inflated = errors * np.sqrt(np.prod(1 + 2 * np.sum(found**2, axis=1)))
    clear = size > np.maximum(abs(least), _CLEAR * inflated)
    reach = tuple(int(np.max(np.flatnonzero(row) + 1, initial=0)) for row in clear)
    return NoiseCorrelation(found, inflated, reach, lengths)
