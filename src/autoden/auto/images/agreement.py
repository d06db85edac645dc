"""What a denoised image and its measurement have in common: levels, residuals, ring correlation.

What of it is alarming, and the words for it, ``verdict.py`` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoden.auto.learning.method import Method
from autoden.auto.verdicts.agreement import expected_counts
from autoden.auto.verdicts.uncertainty import Errors
from autoden.evaluation.comparison import Comparison, sum_of
from autoden.evaluation.expected_residuals import ExpectedResiduals
from autoden.evaluation.residuals import ResidualTests, residual_tests
from autoden.evaluation.ring_correlation import denoised_ring_correlation, ring_correlation
from autoden.evaluation.ring_curve import RingCorrelation
from autoden.noise.exposures import Combined, Split
from autoden.noise.model import NoiseModel

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LAGS = 4
"""Pixels over which residuals are searched for structure."""
LEAST_FOR_RINGS = 16
"""Pixels along each axis below which there are too few rings."""


@dataclass(frozen=True, eq=False)
class Rings:
    """Ring (or shell) correlations of two independent halves of a measurement.

    Attributes
    ----------
    raw : RingCorrelation
        Of the halves with each other.
    denoised : RingCorrelation
        Of the denoised first half with the truth, as the raw second half tells it.
    unit : str
        Of the resolution.
    """

    raw: RingCorrelation
    denoised: RingCorrelation
    unit: str


@dataclass(frozen=True, eq=False)
class ImageAgreement:
    """What an estimate and its measurement have in common.

    Attributes
    ----------
    estimate : ndarray of float64, shape (C, *S)
        Rates.
    levels : tuple of Comparison
        The sums over all pixels, of each channel.
    residuals : tuple of ResidualTests
        Along each axis of space, compared with what replicas leave over.
    stated : tuple of float
        The squared error that is stated over the variance of the noise: of all pixels, and of
        each band of the residuals.
    rings : Rings or None
        None for images of few pixels, or with missing ones.
    """

    estimate: Floats
    levels: tuple[Comparison, ...]
    residuals: tuple[ResidualTests, ...]
    stated: tuple[float, ...]
    rings: Rings | None

    @property
    def has_residuals(self) -> bool:
        """Whether the method leaves anything over, as the mean does not."""
        return self.residuals[0].overall.dispersion.expected > 0

    @property
    def structure_p(self) -> float:
        """The least chance, over the axes, that noise alone leaves so much structure."""
        return min(each.overall.whiteness.structure_p_value for each in self.residuals)

    @property
    def excess(self) -> tuple[float, ...]:
        """Along each axis, correlation of neighbouring residuals beyond that of noise."""
        found = [each.overall.whiteness for each in self.residuals]
        return tuple(float(each.correlations[0] - each.expected[0]) for each in found)


def image_agreement(
    estimate: Floats,
    whole: Combined,
    noise: NoiseModel,
    errors: Errors,
    missing: Mask,
    rings: Rings | None,
) -> ImageAgreement:
    """Compare an estimate with the measurement that it was made from.

    Parameters
    ----------
    estimate : ndarray, shape (C, *S)
        Rates.
    whole : Combined
        Mean of the exposures.
    noise : NoiseModel
        What its noise is.
    errors : Errors
        Replicas, which tell what a faithful estimate leaves over.
    missing : ndarray of bool, shape (C, *S)
        Where nothing was measured, which counts for nothing.
    rings : Rings or None
        Ring correlations, as `measure_rings` gives them.
    """
    variance = np.where(missing, 0.0, noise.variance(estimate, whole.dose))
    counts = expected_counts(estimate, whole.dose, noise)
    if counts is not None:
        counts = np.where(missing, 0.0, counts)
    there = (~missing).astype(np.float64)
    levels = tuple(
        sum_of(*channel)
        for channel in zip(there, estimate, whole.values, variance, strict=True)
    )  # fmt: skip
    tests = []
    for axis in range(1 - estimate.ndim, 0):
        lags = min(LAGS, estimate.shape[axis] - 1)
        replicas = np.where(missing, errors.replies, errors.replicas)
        left = ExpectedResiduals.from_replicas(
            replicas, errors.replies, variance, lags=lags, axis=axis
        )
        tests.append(
            residual_tests(
                estimate, whole.values, variance, counts=counts, expected=left, lags=lags, axis=axis
            )
        )
    return ImageAgreement(
        estimate, levels, tuple(tests), _stated(errors.sigma**2, variance, tests[-1]), rings
    )


def measure_rings(
    method: Method, halves: Split, spacing: tuple[float, ...], unit: str
) -> Rings | None:
    """Denoise one half of a measurement and compare it with the other.

    Parameters
    ----------
    method : Method
        What denoises.
    halves : Split
        Two halves with independent noise, (C, *S).
    spacing : tuple of float
        Distance of neighbours along each axis of space.
    unit : str
        Of the spacing.
    """
    first, second = halves.input, halves.target
    if min(first.values.shape[1:]) < LEAST_FOR_RINGS:
        return None
    (denoised,) = method.rates([first])
    raw = ring_correlation(first.values, second.values, spacing=spacing, channel_axis=0)
    curve = denoised_ring_correlation(
        denoised, raw_half=first.values, raw_other_half=second.values,
        spacing=spacing, channel_axis=0,
    )  # fmt: skip
    return Rings(raw, curve, unit)


def curves_of(found: Sequence[ImageAgreement]) -> dict[str, RingCorrelation]:
    """Give the ring correlations of the first sample, by name."""
    rings = found[0].rings
    if rings is None:
        return {}
    return {
        "as measured (half against half)": rings.raw,
        "denoised (against truth)": rings.denoised,
    }


def _stated(squared: Floats, variance: Floats, tests: ResidualTests) -> tuple[float, ...]:
    """Average squared errors over variances in all pixels and in those of each band."""
    known = variance > 0
    ratios = np.divide(squared, variance, out=np.zeros_like(variance), where=known)
    parts = [known & part.band.inside for part in (tests.overall, *tests.bands)]
    return tuple(float(ratios[part].mean()) if part.any() else 0.0 for part in parts)
