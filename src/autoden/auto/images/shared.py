"""Noise that neighbours share in single images: warned of, with the mask that answers to it.

Filters and networks that see one image take for structure what neighbours share. Noise along one
axis (of rows, of columns, of a detector that smears) is told by the others. What is alike in all
directions is noise only if it reaches not far and is about as strong everywhere; beyond that, a
smooth scene and smoothed noise look the same, which is said, but as a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autoden.auto.images.measurement import Mask
from autoden.noise.correlation import NoiseCorrelation, correlation_of_image
from autoden.noise.exposures import Exposures, Floats
from autoden.noise.level import apparent_level

SHORT = 2
"""Elements over which detectors and resampling smooth; what reaches farther may be structure."""
UNEVEN = 2.8
"""Unevenness of what is alike in all directions from which it is taken for structure."""
SEEN = 0.08
"""Level of the noise, over the contrast of the image, below which it is no matter."""
FAINT = 0.25
"""Correlation of neighbours below which structure explains what a note would tell of."""


@dataclass(frozen=True)
class SharedNoise:
    """What to say of noise that neighbours share.

    Attributes
    ----------
    warnings, notes : tuple of str
        Sentences: that there is such noise, and that there may be.
    """

    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def shared_noise(samples: Sequence[Exposures], missing: Sequence[Mask]) -> SharedNoise:
    """Look for noise that neighbours in single images share; repeats are asked by themselves.

    Parameters
    ----------
    samples : sequence of Exposures
        Images or volumes, (R, C, *S), without gaps.
    missing : sequence of ndarray of bool, shape (C, *S)
        Where gaps of each sample were filled.
    """
    if any(sample.n_repeats > 1 for sample in samples):
        return SharedNoise()
    images = [
        (image, ~gaps)
        for sample, masks in zip(samples, missing, strict=True)
        for image, gaps in zip(sample.repeats[0], masks, strict=True)
    ]
    found = [(correlation_of_image(*pair), pair) for pair in images]
    told = [each for each, pair in found if not each.is_white and _is_seen(*pair)]
    if not told:
        return SharedNoise()
    worst = max(told, key=lambda each: (_is_noise(each), float(each.correlations[:, 0].max())))
    names = "ZYX"[-len(worst.reach) :]
    if _is_noise(worst):
        return SharedNoise(warnings=(f"{worst.sentence(names)}{_answer(worst)}",))
    if float(worst.correlations[:, 0].max()) < FAINT:
        return SharedNoise()
    far = " and ".join(f"{n} along {name}" for n, name in zip(worst.reach, names, strict=True))
    return SharedNoise(
        notes=(
            f"Even the calmest parts of the image are alike over some elements ({far}), as "
            "structure is, and noise that was smoothed: one image does not tell which, and it was "
            "taken for structure. If it is noise, give repeats, or the data before smoothing.",
        )
    )


def _is_seen(image: Floats, known: Mask) -> bool:
    """Tell whether what the calmest parts vary by is seen beside the contrast of the image.

    The grain of clean photographs, and what compression left of it, is hardly white either.
    """
    if not known.any():
        return False
    level = apparent_level([Exposures(image[np.newaxis])], known).value
    return level > SEEN * float(np.std(image[known]))


def _is_noise(found: NoiseCorrelation) -> bool:
    """Tell noise from what may be structure: that of next neighbours is alike."""
    if float(found.correlations[np.greater(found.reach, 0), 0].min()) <= 0:
        return False
    if not all(found.reach):
        across = found.correlations[np.equal(found.reach, 0)]
        # bars and lattice fringes vary across as regularly as they are alike along
        regular = max(float(across.max()), float(np.abs(across[:, 1:]).max(initial=0)))
        return regular < float(found.correlations.max()) / 2
    return max(found.reach) <= SHORT and found.unevenness < UNEVEN


def _answer(found: NoiseCorrelation) -> str:
    """Name the call that hides what neighbours share, if a mask fits."""
    if found.mask_shape is None:
        return ""
    n_dims = len(found.mask_shape)
    given = "" if n_dims == 2 else f", n_dims={n_dims}"
    return (
        " A network that guesses each element from others beyond the mask does not learn it: "
        f"`n2v = ad.N2V(ad.NetworkParamsUNet(n_features=16{given}){given})`, then `n2v.train(*"
        f"n2v.prepare_data(images), epochs=100, mask_shape={found.mask_shape})`."
    )
