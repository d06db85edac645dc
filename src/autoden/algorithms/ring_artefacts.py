"""Rings: detector pixels that are off in every projection of a tomographic scan.

They are noise that the projections share, which no splitting of the projections can tell from the
object. Here they are detected; their removal belongs to the packages that prepare the scans.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

MIN_DETECTORS = 24
"""With fewer detector pixels their spread is known too badly to judge."""


def ring_score(sinogram: ArrayLike) -> float:
    """Say how much more the detector pixels differ, over all angles, than noise lets them.

    What varies smoothly along the detector is removed by fourth differences. The median of a
    pixel over the angles then passes over the edges of the object, which wander along the
    detector as it turns, and keeps what the pixel adds to every projection. The spread of these
    medians is divided by what the pixels' own noise explains.

    Parameters
    ----------
    sinogram : array_like
        Shape (..., A, D), real.

    Returns
    -------
    float
        About 1 for noise that is independent between projections, and up to 2 near the noise-free
        limit, where the object speaks; rising with the rings' height over the noise times the
        root of the number of angles. The median over the slices; NaN with too few detector pixels
        to say (24) or without noise.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise, rings = rng.normal(size=(180, 64)), rng.normal(size=64)
    >>> ring_score(noise) < 1.5 and ring_score(noise + rings) > 5
    True
    """
    projections = np.asarray(sinogram, dtype=np.float64)
    n_angles, n_detectors = projections.shape[-2:]
    if n_detectors < MIN_DETECTORS:
        return float("nan")
    rough = np.diff(projections, n=4, axis=-1).reshape(-1, n_angles, n_detectors - 4)
    centre = np.median(rough, axis=1)  # (slices, D - 4)
    noise = np.median(np.abs(rough - centre[:, None]), axis=1)
    offsets = np.divide(centre, noise, out=np.full_like(centre, np.nan), where=noise > 0)
    offsets = offsets[np.isfinite(offsets).sum(axis=1) >= MIN_DETECTORS - 4]
    if not len(offsets):
        return float("nan")
    spread = np.nanmedian(np.abs(offsets - np.nanmedian(offsets, axis=1, keepdims=True)), axis=1)
    # The median of n normal values spreads by sqrt(pi / 2 n). Views closer than a detector pixel
    # apart at the rim of the object see the same edges and count as one.
    n_views = min(n_angles, 2 * n_detectors)
    return float(np.median(spread) * np.sqrt(2 * n_views / np.pi))


def warn_of_rings(projections: NDArray[np.floating], *, stacklevel: int) -> None:
    """Warn where detector pixels differ more than independent noise lets them.

    Parameters
    ----------
    projections : ndarray
        Shape (..., A, D).
    stacklevel : int
        Whose line the warning shows, as in `warnings.warn`: 2 is the caller.

    Warns
    -----
    UserWarning
        The ring score is high.
    """
    score = ring_score(projections)
    # Above what noise reaches by chance, more so with few pixels, and above what objects add.
    if score > 1.6 + 5 / np.sqrt(projections.shape[-1]):
        warnings.warn(
            f"Detector pixels are off in all projections: they differ {score:.1f} times as much "
            "as independent noise would let them. Noise2Inverse keeps what all projections share, "
            "so the rings will stay: correct the flat field or remove the rings first.",
            UserWarning,
            stacklevel=stacklevel,
        )
