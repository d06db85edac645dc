"""Is what the estimate leaves over nothing but noise? Its size and its order, per intensity band.

Residuals are standardised by the noise that the measurement is known to have. Their size should be
that of the noise (dispersion), their order none (whiteness). Here they are made and judged; what an
estimate fitted to the same data leaves over by right is told by `expected_residuals`, and the
sums with their errors live in `whiteness`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.checks import whole_number
from autoden.errors import InputError
from autoden.evaluation.arrays import Floats
from autoden.evaluation.comparison import expected_counts, judged_arrays
from autoden.evaluation.expected_residuals import ExpectedResiduals
from autoden.evaluation.intensity import Band, intensity_bands
from autoden.evaluation.whiteness import (
    Dispersion,
    Residuals,
    Whiteness,
    dispersion,
    whiteness,
)


@dataclass(frozen=True, eq=False)
class BandResiduals:
    """The residuals of one intensity band.

    Attributes
    ----------
    band : Band
        Which elements.
    dispersion : Dispersion
        Their size against that of the noise.
    whiteness : Whiteness
        Their order along the axis.
    """

    band: Band
    dispersion: Dispersion
    whiteness: Whiteness


@dataclass(frozen=True, eq=False)
class ResidualTests:
    """The residuals of all elements, and those of each intensity band.

    Attributes
    ----------
    overall : BandResiduals
        Of every element.
    bands : tuple of BandResiduals
        The weakest first.
    """

    overall: BandResiduals
    bands: tuple[BandResiduals, ...]


def standardised_residuals(estimate: ArrayLike, measured: ArrayLike, variance: ArrayLike) -> Floats:
    """Give (measured - estimate) / sqrt(variance), shape S; 0 where the variance is 0.

    Parameters
    ----------
    estimate, measured : array_like
        Shape S, in data units.
    variance : array_like
        Shape S: of the measured mean.

    Examples
    --------
    >>> standardised_residuals([4.0, 9.0], [6.0, 6.0], [4.0, 9.0])
    array([ 1., -1.])
    """
    rate, values, noise = judged_arrays(estimate, measured, variance)
    known = noise > 0
    return np.where(known, (values - rate) / np.sqrt(np.where(known, noise, 1)), 0.0)


def residual_tests(
    estimate: ArrayLike,
    measured: ArrayLike,
    variance: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    expected: ExpectedResiduals | None = None,
    lags: int = 20,
    axis: int = -1,
    bands: Sequence[Band] | None = None,
) -> ResidualTests:
    r"""Test size and order of the residuals.

    Parameters
    ----------
    estimate, measured : array_like
        Shape S, in data units.
    variance : array_like
        Shape S: of the measured mean; from the estimate rather than from single counts.
    counts : array_like, optional
        Shape S: expected counts behind the measured mean (rate x dose / gain). The residuals of
        few counts c are far from normal: their variance is 1, but their kurtosis is larger by
        1 / c and their skewness is :math:`1/\sqrt c`, which enter every standard error and
        p-value. Each residual then weighs :math:`\sqrt{c / (1 + c)}`, which bounds what a single
        count in an empty channel can do. Without it the noise is taken as normal.
    expected : ExpectedResiduals, optional
        What a faithful estimate leaves over. By default that of the truth, or of an estimate made
        from other data: white, of variance 1. An estimate fitted to the same data leaves a little
        less, with slightly negative correlations, which long spectra show: without this argument
        judge it by `Whiteness.structure_p_value`, which a fit to the same data never raises.
    lags : int
        Greatest lag L of the correlations, in elements along `axis`.
    axis : int
        Along which elements are neighbours.
    bands : sequence of Band, optional
        By default the decades of `counts` or, without it, the quartiles of the estimate.

    Returns
    -------
    ResidualTests

    Raises
    ------
    InputError
        Arrays that differ in shape or are not finite, no such axis, or fewer elements than lags.

    Examples
    --------
    >>> truth = np.full(2000, 0.3)
    >>> counts = np.random.default_rng(0).poisson(truth)
    >>> overall = residual_tests(truth, counts, truth, counts=truth).overall
    >>> abs(overall.dispersion.z) < 3, overall.whiteness.p_value > 0.01
    (True, True)
    """
    rate, _, noise = judged_arrays(estimate, measured, variance)
    shape = rate.shape
    if axis not in range(-rate.ndim, rate.ndim) or whole_number("lags", lags) >= shape[axis]:
        raise InputError(
            f"`axis` is {axis} and `lags` is {lags} for an estimate of shape {shape}: give one of "
            "its axes and fewer lags than it has elements."
        )
    behind = None if counts is None else expected_counts(counts, shape)
    standardised = standardised_residuals(estimate, measured, variance)
    products = None if expected is None else expected.reaching(lags, shape, axis)
    residuals = Residuals.weighted(standardised, noise > 0, behind, products, axis)
    if bands is None and behind is not None:
        bands = intensity_bands(behind)
    elif bands is None:
        bands = intensity_bands(rate, by="quantiles")
    everything = Band(-np.inf, np.inf, np.ones(shape, dtype=bool))

    def judge(band: Band) -> BandResiduals:
        part = residuals.within(_inside(band, shape, axis))
        return BandResiduals(band, dispersion(part), whiteness(part, lags))

    return ResidualTests(judge(everything), tuple(judge(band) for band in bands))


def _inside(band: Band, shape: tuple[int, ...], axis: int) -> NDArray[np.bool_]:
    if band.inside.shape != shape:
        raise InputError(
            f"a band has shape {band.inside.shape} and the estimate {shape}: give the same."
        )
    return np.moveaxis(band.inside, axis, -1)
