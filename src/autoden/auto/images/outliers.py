"""Hot and dead pixels of images: kept out of all filters, and given back as they were measured.

A pixel that stands alone far above or below all its neighbours is a fault of the detector, or the
smallest detail there can be: nothing but its own value tells which. So it is neither smoothed nor
removed, and its neighbours see nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from autoden.auto.images.measurement import ImageMeasurement, Mask
from autoden.auto.result import Result
from autoden.noise.exposures import Exposures
from autoden.noise.model import NoiseModel
from autoden.noise.pixels import hot_pixels

Floats = NDArray[np.float64]

TRIMMED = 0.995
"""Share of the differences of neighbours that tells how large they usually are."""


@dataclass(frozen=True, eq=False)
class Calm:
    """Samples in which no pixel stands out.

    Attributes
    ----------
    samples : tuple of Exposures
        With the median of the neighbours in place of what stands out.
    outliers : tuple of ndarray of bool, shape (C, *S)
        Where that is.
    """

    samples: tuple[Exposures, ...]
    outliers: tuple[Mask, ...]

    def warnings(self) -> tuple[str, ...]:
        """Say how many there are, if any."""
        n = sum(int(mask.sum()) for mask in self.outliers)
        if not n:
            return ()
        first = next(mask for mask in self.outliers if mask.any())
        where = tuple(int(i) for i in np.argwhere(first)[0][1:])
        they = f"{n} pixels stand" if n > 1 else "1 pixel stands"
        return (
            f"{they} alone far outside the range of all neighbours{', first' * (n > 1)} at {where},"
            " as hot or dead pixels do: kept as measured, and used for no other pixel.",
        )

    def restored(self, result: Result, measurement: ImageMeasurement, noise: NoiseModel) -> Result:
        """Put what stands out back into a result, with the uncertainty of the measurement."""
        if not any(mask.any() for mask in self.outliers):
            return result
        estimate, sigma, mean = (
            measurement.by_sample(each)
            for each in (result.estimate, result.uncertainty, result.mean)
        )
        for index, (sample, mask) in enumerate(
            zip(measurement.samples, self.outliers, strict=True)
        ):
            whole = noise.combine(sample)
            estimate[index][mask] = mean[index][mask] = whole.values[mask]
            sigma[index][mask] = np.sqrt(noise.variance(whole.values, whole.dose))[mask]
        return replace(
            result,
            estimate=measurement.shaped(estimate),
            uncertainty=measurement.shaped(sigma),
            mean=measurement.shaped(mean),
        )


def without_outliers(samples: Sequence[Exposures]) -> Calm:
    """Find pixels that stand alone, and replace them by the median of their neighbours.

    Nothing need be known of the noise yet, whose search such pixels would mislead.

    Parameters
    ----------
    samples : sequence of Exposures
        Images or volumes, (R, C, *S).
    """
    calm, outliers = [], []
    for sample in samples:
        mean = sample.pooled().values
        mask = np.stack([hot_pixels(image, _usual_variance(image)) for image in mean])
        outliers.append(mask)
        if not mask.any():
            calm.append(sample)
            continue
        around = _neighbours(mean.ndim)
        repeats = sample.repeats.copy()
        for repeat in repeats:
            repeat[mask] = _medians(repeat, mask, around)
        calm.append(Exposures(repeats, sample.durations))
    return Calm(tuple(calm), tuple(outliers))


def _usual_variance(image: Floats) -> float:
    """Give half the mean square of the differences of neighbours, but for the largest ones.

    Whole numbers vary by 1 at the least: a single count among none is no fault.
    """
    steps = np.sort(np.concatenate([np.diff(image, axis=a).ravel() ** 2
                                    for a in range(image.ndim)]))  # fmt: skip
    usual = float(steps[: max(int(TRIMMED * steps.size), 1)].mean()) / 2
    return usual + float((image == np.rint(image)).all())


def _neighbours(n_dims: int) -> Mask:
    """Mark those of a pixel of one channel, (1, 3, 3) or (1, 3, 3, 3)."""
    around = np.ones((1, *[3] * (n_dims - 1)), dtype=np.bool_)
    around[(0, *[1] * (n_dims - 1))] = False
    return around


def _medians(image: Floats, mask: Mask, around: Mask) -> Floats:
    """Give one of the two middle neighbours of each marked pixel, so that counts stay counts."""
    return np.asarray(median_filter(image, footprint=around, mode="mirror")[mask])
