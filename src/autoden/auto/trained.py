"""A chosen and trained method, and what it says about measurements of the set-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.auto.images.agreement import ImageAgreement, curves_of, image_agreement, measure_rings
from autoden.auto.images.errors import measure_image_errors
from autoden.auto.images.measurement import ImageMeasurement
from autoden.auto.images.noise import refined
from autoden.auto.images.verdict import judge_images
from autoden.auto.learning.method import Method
from autoden.auto.learning.mixture import Mixture
from autoden.auto.learning.selection import Candidate
from autoden.auto.learning.splits import Splits
from autoden.auto.result import Result
from autoden.auto.spectra.measurement import Measurement
from autoden.auto.verdicts.noise_again import NoiseLevels
from autoden.auto.verdicts.uncertainty import DOUBTFUL, Errors, check_errors, measure_errors
from autoden.auto.verdicts.verdict import judge
from autoden.baselines.mean import Mean
from autoden.evaluation.ring_curve import RingCorrelation
from autoden.noise.exposures import Combined, Exposures
from autoden.noise.model import NoiseModel
from autoden.randomness import numpy_generator

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trained:
    """What is needed to denoise an acquisition of the set-up.

    Attributes
    ----------
    method : Method
        The winner, trained on everything.
    noise : NoiseModel
        What the noise is.
    candidates : tuple of Candidate
        What it won against.
    n_replicas : int
        Simulated measurements per uncertainty.
    seed : int or None
        Of these.
    settings : mapping
        What the user gave.
    samples : tuple of Exposures
        What it was trained on; empty if it was read from a file.
    level_error : float
        Standard error of the variance of the noise of images, relative to it.
    levels : NoiseLevels or None
        What a file says about the noise of the samples.
    """

    method: Method
    noise: NoiseModel
    candidates: tuple[Candidate, ...]
    n_replicas: int
    seed: int | None
    settings: Mapping[str, Any]
    samples: tuple[Exposures, ...]
    level_error: float = 0.0
    levels: NoiseLevels | None = None

    def result(
        self,
        measurement: Measurement | ImageMeasurement,
        samples: Sequence[Exposures],
        *,
        notes: Sequence[str],
        warnings: Sequence[str],
        splits: Splits | None = None,
        applied: bool = False,
    ) -> Result:
        """Estimate, and judge the estimate; held-out splits check the stated errors.

        Applied are methods to other measurements than they were trained on.
        """
        wholes = [self.noise.combine(sample) for sample in samples]
        curves: Mapping[str, RingCorrelation] = {}
        estimates, spreads = self._estimates(wholes)
        if isinstance(measurement, ImageMeasurement):
            errors = self._image_errors(measurement, samples, estimates, spreads)
            found = self._compare_images(measurement, samples, wholes, estimates, errors)
            verdict = judge_images(
                found, self.noise, errors, self.candidates,
                refitted=self.method.describe(), applied=applied,
            )  # fmt: skip
            curves = curves_of(found)
        else:
            errors = [
                self._errors(index, whole, estimate, spread, splits)
                for index, (whole, estimate, spread) in enumerate(
                    zip(wholes, estimates, spreads, strict=True)
                )
            ]
            given = measurement, wholes, self.noise, estimates, errors, self.candidates
            verdict = judge(*given, refitted=self.method.describe(), applied=applied)
        sigmas = [error.sigma for error in errors]
        doubts = [_say_doubt(error) for error in errors if error.held_out_z > DOUBTFUL]
        noise = [
            np.sqrt(self.noise.variance(estimate, whole.dose))
            for estimate, whole in zip(estimates, wholes, strict=True)
        ]
        return Result(
            estimate=measurement.shaped(estimates),
            uncertainty=measurement.shaped(sigmas),
            method=f"{self.method.name}: {self.method.describe()}",
            candidates=self.candidates,
            quality=verdict.quality,
            warnings=list(dict.fromkeys([*warnings, *doubts, *verdict.warnings])),
            notes=list(notes),
            verdict=verdict.sentences,
            mean=measurement.shaped([whole.values for whole in wholes]),
            noise=measurement.shaped(noise),
            measurement=measurement,
            trained=self,
            tables=verdict.tables,
            curves=curves,
            settings=self.settings,
            applied=applied,
        )

    def _errors(
        self,
        index: int,
        whole: Combined,
        estimate: Floats,
        spread: Floats | float,
        splits: Splits | None,
    ) -> Errors:
        rng = numpy_generator(self.seed, f"replicas {index}")
        errors = measure_errors(
            self.method,
            estimate,
            whole.dose,
            self.noise,
            self.n_replicas,
            rng,
            spread,
            is_positive=bool(whole.values.min() >= 0),
        )
        if self.method.name == Mean.name:  # it needs no more exposure than it had
            return replace(errors, gain=1.0, gain_interval=(1.0, 1.0))
        return errors if splits is None else check_errors(errors, index, self.method, splits)

    def _estimates(self, wholes: Sequence[Combined]) -> tuple[list[Floats], list[Floats | float]]:
        """Give estimates, and their variances over networks trained with other seeds."""
        if not isinstance(self.method, Mixture) or len(self.method.networks) == 1:
            return self.method.rates(wholes), [0.0] * len(wholes)
        every = self.method.each(wholes)
        spreads: list[Floats | float] = [
            np.asarray(each.var(axis=0, ddof=1) / len(each)) for each in every
        ]
        return [each.mean(axis=0) for each in every], spreads

    def _image_errors(
        self,
        measurement: ImageMeasurement,
        samples: Sequence[Exposures],
        estimates: Sequence[Floats],
        spreads: Sequence[Floats | float],
    ) -> list[Errors]:
        """Find the errors of images; the mean has those of the noise."""
        found = []
        triples = zip(samples, estimates, spreads, strict=True)
        for index, (sample, estimate, spread) in enumerate(triples):
            errors = measure_image_errors(
                self.method, estimate, sample, self.noise, self.level_error,
                self.n_replicas, numpy_generator(self.seed, f"replicas {index}"),
                correction=refined(self.noise, sample, estimate), spread=spread,
                missing=measurement.missing[index],
            )  # fmt: skip
            if self.method.name == Mean.name:
                errors = replace(errors, gain=1.0, gain_interval=(1.0, 1.0))
            found.append(errors)
        return found

    def _compare_images(
        self,
        measurement: ImageMeasurement,
        samples: Sequence[Exposures],
        wholes: Sequence[Combined],
        estimates: Sequence[Floats],
        errors: Sequence[Errors],
    ) -> list[ImageAgreement]:
        """Compare images with their measurements, also one half with the other."""
        spacing, unit = measurement.spacing
        found = []
        for index, sample in enumerate(samples):
            missing = measurement.missing[index]
            rings = None
            if not missing.any():
                rng = numpy_generator(self.seed, f"halves {index}")
                halves = self.noise.split(sample, 0.5, rng)
                rings = measure_rings(self.method, halves, spacing, unit)
            given = estimates[index], wholes[index], self.noise, errors[index], missing, rings
            found.append(image_agreement(*given))
        return found


def _say_doubt(errors: Errors) -> str:
    return (
        f"Held-out data show a larger error than replicas of the estimate do "
        f"({errors.held_out_z:.1f} standard errors): the uncertainty was raised to agree with them."
    )
