"""Which channels of a measurement cannot be right: spikes first, so that none passes for hot.

How each of them is recognised is told in `spikes`, `hot_channels` and `dead_channels`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

from autoden.noise.dead_channels import dead_channels
from autoden.noise.exposures import Exposures, Floats
from autoden.noise.hot_channels import hot_channels
from autoden.noise.lattice import rounding_step
from autoden.noise.residuals import residuals
from autoden.noise.spikes import find_spikes, without_spikes

Indices = NDArray[np.intp]

_NEAR: Final = 2  # channels whose roughness a channel takes part in
_AROUND: Final = 20  # channels to either side that tell the roughness


@dataclass(frozen=True, eq=False)
class FailingChannels:
    """Channels of R spectra of n channels that cannot be right.

    Attributes
    ----------
    spikes : ndarray of bool, shape (R, n)
        What one repeat alone has far too much of.
    hot : ndarray of int, shape (n_hot,)
        Channels that are far too high in several repeats, or in the only one.
    dead : ndarray of int, shape (n_dead,)
        Channels that are silent in all repeats.
    """

    spikes: NDArray[np.bool_]
    hot: Indices
    dead: Indices

    def left_out_of(self, exposures: Exposures) -> Exposures:
        """Cut the channels out of all repeats, unless none would be left."""
        trusted = np.logical_not(self.spikes.any(axis=0))
        trusted[np.union1d(self.hot, self.dead)] = False
        if trusted.all() or not trusted.any():
            return exposures
        return Exposures(exposures.repeats[:, trusted], exposures.durations)


def failing_channels(exposures: Exposures, gain: float | None) -> FailingChannels:
    """Find the channels of spectra that cannot be right.

    Parameters
    ----------
    exposures : Exposures
        Spectra, (R, n).
    gain : float or None
        Units of the data per count; None for values that are no counts.

    Examples
    --------
    >>> counts = np.random.default_rng(0).poisson(5.0, (3, 200))
    >>> counts[:, 50] += 100
    >>> counts[1, 70] += 100
    >>> found = failing_channels(Exposures(counts), 1.0)
    >>> found.hot, np.argwhere(found.spikes)
    (array([50]), array([[ 1, 70]]))
    """
    spikes = find_spikes(exposures, gain)
    calm = without_spikes(exposures, spikes)
    hot = hot_channels(calm.repeats.sum(axis=0), _variance_of_sum(calm, gain))
    # what several repeats have, or the others have too, is no event of one repeat
    hot = np.union1d(hot, np.flatnonzero(spikes.sum(axis=0) > 1))
    spikes[:, hot] = False
    calm = without_spikes(exposures, spikes)
    unit = gain or _unit(calm, _variance_of_sum(calm, gain))
    return FailingChannels(spikes, hot, dead_channels(np.abs(calm.repeats.sum(axis=0)) / unit))


def _variance_of_sum(exposures: Exposures, gain: float | None) -> Floats:
    """Variance of the noise of the sum, as far as the data themselves tell it: (n,)."""
    total = exposures.repeats.sum(axis=0)
    if gain is not None:
        return np.asarray(np.maximum(total, 0) * gain)
    if exposures.n_repeats > 1:
        return residuals(exposures, None).unit_variance
    if len(total) < 3:
        return np.zeros_like(total)
    rough = np.pad(np.diff(total, 2) ** 2 / 6, 1, mode="edge")
    kernel = np.ones(2 * _AROUND + 1)
    kernel[_AROUND - _NEAR : _AROUND + _NEAR + 1] = 0
    around = convolve1d(rough, kernel / kernel.sum(), mode="reflect")
    if total.min() < 0:
        return np.asarray(np.maximum(around, np.median(rough)))
    return np.asarray(np.maximum(around, _pooled_ratio(rough, total) * total))


def _unit(exposures: Exposures, variance: Floats) -> float:
    """Give what stands for a count in other values; noise around 0 is about one of them."""
    total = exposures.repeats.sum(axis=0)
    if (exposures.repeats < 0).any():
        return float(np.median(np.abs(total[total != 0])))
    # what is below half a step of rounding is zero, too
    return max(_pooled_ratio(variance, total), rounding_step(exposures.repeats) or 0.0)


def _pooled_ratio(variance: Floats, total: Floats) -> float:
    """Variance over mean of all channels; 1 where there is none."""
    ratio = float(variance.sum() / total.sum()) if total.sum() > 0 else 1.0
    return ratio if ratio > 0 else 1.0
