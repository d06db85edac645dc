"""The part of large images on which methods are tuned, trained and compared: where most happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from autoden.auto.images.measurement import ImageMeasurement, Mask
from autoden.noise.exposures import Exposures

LEAST = 64
"""Elements along an axis to which a region is cut at the least."""


@dataclass(frozen=True, eq=False)
class Region:
    """A box of the images.

    Attributes
    ----------
    samples : tuple of Exposures
        The box of each sample.
    missing : tuple of ndarray of bool
        Where nothing was measured in it.
    notes : tuple of str
        Which part it is, if not all.
    """

    samples: tuple[Exposures, ...]
    missing: tuple[Mask, ...]
    notes: tuple[str, ...] = ()


def busiest_region(measurement: ImageMeasurement, most: int | None) -> Region:
    """Cut a box of at most so many pixels from every sample, where neighbourhoods vary most.

    Parameters
    ----------
    measurement : ImageMeasurement
        Of samples of one shape.
    most : int or None
        Pixels of the box, over all channels and samples; None: all.
    """
    samples, missing = measurement.samples, measurement.missing
    size = measurement.size
    n_layers = measurement.n_channels * measurement.n_samples
    box = _box(size, most / n_layers) if most is not None else size
    if box == size:
        return Region(samples, missing)
    start = _busiest(samples, missing, box)
    where: Any = (..., *(slice(a, a + n) for a, n in zip(start, box, strict=True)))
    cut = tuple(Exposures(s.repeats[where].copy(), s.durations) for s in samples)
    ends = " x ".join(f"{a}:{a + n}" for a, n in zip(start, box, strict=True))
    note = f"Methods were chosen and trained on the busiest part, {ends}, and applied to all of it."
    return Region(cut, tuple(mask[where] for mask in missing), (note,))


def _box(size: tuple[int, ...], most: float) -> tuple[int, ...]:
    """Give the most cubic box of so many pixels, no axis shorter than `LEAST`."""
    box = list(size)
    while np.prod(box) > most and max(box) > LEAST:
        side = max(box)
        others = np.prod(box) / side ** box.count(side)
        wanted = int((most / others) ** (1 / box.count(side)))
        next_side = max([n for n in box if n < side], default=0)
        new = max(wanted, next_side, LEAST if box.count(side) else 0)
        new = min(new, side - 1)
        box = [new if n == side else n for n in box]
    return tuple(box)


def _busiest(
    samples: Sequence[Exposures], missing: Sequence[Mask], box: tuple[int, ...]
) -> tuple[int, ...]:
    """Find where the smoothed images vary most and nothing is missing."""
    n_dims = len(box)
    total: NDArray[np.float64] = np.zeros(samples[0].shape[1:])
    for sample, mask in zip(samples, missing, strict=True):
        for image, holes in zip(sample.repeats.mean(axis=0), mask, strict=True):
            smooth = uniform_filter(image, 5)
            steps = sum(np.abs(np.diff(smooth, axis=a, append=smooth.take([-1], a)))
                        for a in range(n_dims))  # fmt: skip
            total += np.minimum(steps, np.quantile(steps, 0.9)) - holes * np.quantile(steps, 0.9)
    sums = total
    for axis, length in enumerate(box):
        padded = np.concatenate([np.zeros_like(sums.take([0], axis)), sums.cumsum(axis)], axis)
        n = sums.shape[axis] - length + 1
        sums = padded.take(range(length, length + n), axis) - padded.take(range(n), axis)
    return tuple(int(i) for i in np.unravel_index(int(sums.argmax()), sums.shape))
