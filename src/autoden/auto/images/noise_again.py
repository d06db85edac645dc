"""Whether new images have the noise that a method was trained for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from autoden.auto.images.noise import choose_image_noise
from autoden.auto.verdicts.noise_again import LEAST_DIFFERENCE, NoiseAgain
from autoden.errors import InputError
from autoden.noise.exposures import Exposures
from autoden.noise.level import Mask
from autoden.noise.poisson import Poisson

if TYPE_CHECKING:
    from autoden.auto.trained import Trained

_REMEDY: Final = (
    "The method smooths as that noise asks, and the uncertainty is stated for it: denoise these "
    "data by themselves."
)


def check_image_noise(
    samples: Sequence[Exposures], trained: Trained, missing: Sequence[Mask] = ()
) -> NoiseAgain:
    """Compare the variance of the noise of new images, at their levels, with that of the model.

    Where elements are `missing`, (C, *S) of each sample, single images tell nothing.

    Raises
    ------
    InputError
        The method was trained on counts, and these data are none.
    """
    noise = trained.noise
    if isinstance(noise, Poisson):
        try:
            for sample in samples:
                noise.counts(sample)
        except InputError as error:
            raise InputError(
                f"the method was trained on counts, and the new data are none: {error}"
            ) from error
    found = choose_image_noise(samples, missing=missing).noise
    values = np.concatenate([sample.scaled().mean(axis=0).ravel() for sample in samples])
    levels = np.quantile(values, [0.1, 0.5, 0.9])
    ratio = float(np.mean(found.variance(levels)) / np.mean(noise.variance(levels)))
    said = f"Using {noise.describe()}, as before: these data have {ratio:.2f} times its variance."
    if abs(ratio - 1) <= LEAST_DIFFERENCE:
        return NoiseAgain(said)
    size = "small" if ratio > 1 else "large"
    return NoiseAgain(
        said,
        (
            f"The noise of these data has {ratio:.2f} times the variance of that which the method "
            f"was trained for ({noise.describe()}), so that the uncertainty is stated too {size}. "
            f"{_REMEDY}",
        ),
    )
