"""One estimate beside its own measurement: totals, lines, background and residuals, as numbers.

Which of the numbers are alarming, ``findings.py`` says; how they are put into words, ``verdict.py``
and ``sentences.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoden.auto.learning.units import CountUnits, units_of
from autoden.auto.verdicts.uncertainty import Errors
from autoden.evaluation.background import Background, background_bias
from autoden.evaluation.comparison import Comparison
from autoden.evaluation.conservation import total_counts
from autoden.evaluation.expected_residuals import ExpectedResiduals
from autoden.evaluation.peak_shifts import PeakShift, peak_shifts
from autoden.evaluation.peaks import find_peaks
from autoden.evaluation.residuals import BandResiduals, ResidualTests, residual_tests
from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel
from autoden.signals import Axis

Floats = NDArray[np.float64]

LAGS = 20
"""Channels over which residuals are searched for structure."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """What an estimate and its measurement have in common.

    Attributes
    ----------
    estimate : ndarray of float64, shape (n,)
        Rates.
    total : Comparison
        Of all channels.
    lines : tuple of PeakShift
        The strong lines; an area is a net one.
    background : Background
        Where there are no lines.
    residuals : ResidualTests
        Compared with what replicas leave over.
    stated : tuple of float
        The squared error that is stated, over the variance of the noise of the measurement: of all
        channels, and of those of each band of `residuals`, by the weights that residuals have.
    """

    estimate: Floats
    total: Comparison
    lines: tuple[PeakShift, ...]
    background: Background
    residuals: ResidualTests
    stated: tuple[float, ...]

    @property
    def regions(self) -> tuple[Comparison, ...]:
        """Net areas of the lines and levels of the quiet windows."""
        windows = tuple(window.level for window in self.background.windows)
        return (*(line.area for line in self.lines), *windows)

    @property
    def has_residuals(self) -> bool:
        """Whether the method leaves anything over, as the mean does not."""
        return self.residuals.overall.dispersion.expected > 0


def agreement(
    estimate: Floats,
    whole: Combined,
    noise: NoiseModel,
    errors: Errors,
    positions: Floats | None,
) -> Agreement:
    """Compare an estimate with the measurement that it was made from.

    Parameters
    ----------
    estimate : ndarray, shape (n,)
        Rates.
    whole : Combined
        Mean of the exposures.
    noise : NoiseModel
        What its noise is.
    errors : Errors
        Replicas, which tell what a faithful estimate leaves over.
    positions : ndarray, shape (n,), or None
        Of the channels, always rising or always falling.
    """
    variance = noise.variance(estimate, whole.dose)
    counts = expected_counts(estimate, whole.dose, noise)
    peaks = find_peaks(estimate, variance)
    lags = min(LAGS, estimate.size - 1)
    left = ExpectedResiduals.from_replicas(errors.replicas, errors.replies, variance, lags=lags)
    given = (estimate, whole.values, variance)
    residuals = residual_tests(*given, counts=counts, expected=left, lags=lags)
    return Agreement(
        estimate,
        total_counts(*given, regions={})[0].counts,
        peak_shifts(*given, positions=positions, peaks=peaks),
        background_bias(*given, positions=positions, peaks=peaks, counts=counts),
        residuals,
        _stated(errors.sigma**2, variance, counts, residuals),
    )


def _stated(
    squared: Floats, variance: Floats, counts: Floats | None, residuals: ResidualTests
) -> tuple[float, ...]:
    """Average squared errors over variances as `residual_tests` averages squared residuals."""
    weights = np.ones_like(variance) if counts is None else counts / (1 + counts)
    weights = np.where(variance > 0, weights, 0.0)
    ratios = np.divide(squared, variance, out=np.zeros_like(variance), where=variance > 0)
    parts = [weights * part.band.inside for part in (residuals.overall, *residuals.bands)]
    return tuple(float(part @ ratios / part.sum()) if part.any() else 0.0 for part in parts)


def expected_counts(estimate: Floats, dose: float, noise: NoiseModel) -> Floats | None:
    """Give the counts that have the noise of each channel; None where noise is no matter of counts.

    Examples
    --------
    >>> from autoden.noise.poisson import Poisson
    >>> expected_counts(np.array([1.0, 6.0]), dose=4.0, noise=Poisson(gain=2.0))
    array([ 2., 12.])
    """
    units = units_of(noise)
    if not isinstance(units, CountUnits):
        return None
    return np.maximum(units.of(Combined(estimate, dose)), 0)


def ordered_positions(axis: Axis) -> Floats | None:
    """Give the positions of an axis if they always rise or always fall, or else None."""
    if axis.values is None:
        return None
    steps = np.diff(axis.values)
    return axis.values if (steps > 0).all() or (steps < 0).all() else None


def width_z(line: PeakShift) -> float:
    """Give the change of a line's width in standard errors; 0 where noise hides the width.

    Judged by the second moment, which is linear in the counts: the width itself, a root, scatters
    to one side where it is badly known.
    """
    width = line.width
    if width is None or width.standard_error == 0:
        return 0.0
    squares = width.estimate**2 - width.measured**2
    return squares / (2 * width.estimate * width.standard_error)


def dispersion_ratio(band: BandResiduals) -> float:
    """Give the variance of the residuals over that which replicas leave; NaN if that is 0."""
    found = band.dispersion
    return found.observed / found.expected if found.expected > 0 else float("nan")


def largest(differences: Iterable[float]) -> float:
    """Give the greatest difference, without its sign; 0 if there are none."""
    return max(map(abs, differences), default=0.0)
