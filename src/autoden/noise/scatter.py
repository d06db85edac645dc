"""How counts scatter in a measurement, summed up: between repeats, within them, among neighbours.

The tests are those of `autoden.noise.dispersion` and `neighbours`; here they are weighed against
each other and told in words, which the choice of the noise model and the search for faults share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import chdtr

from autoden.noise.channels import failing_channels
from autoden.noise.dispersion import (
    Dispersion,
    dispersion_between_repeats,
    dispersion_within_repeats,
    tabulated,
)
from autoden.noise.exposures import Exposures
from autoden.noise.independence import copied_repeats
from autoden.noise.neighbours import dispersion_of_neighbours, least_dispersion

_CHANCE: Final = 1e-6
_CLEAR: Final = 5.0  # standard errors of the band that is told
_MATTERS: Final = 0.15  # deviation of variance/mean from 1 that a result would show
_COARSE: Final = 0.5  # the same for single acquisitions, of which less is known
_EVERYWHERE: Final = 1.2  # variance/mean in three quarters of a single acquisition
_LESS: Final = (
    "scatter less than counts do",
    "they were averaged, smoothed or rescaled before, or share some of their noise",
)
_OTHER: Final = (
    "do not scatter as counts",
    "a gain, shared charge, resampling, smoothing, or other noise",
)


@dataclass(frozen=True, eq=False)
class Scatter:
    """Variance over mean of counts, and what it means.

    Attributes
    ----------
    n_repeats : int
        Of the sample that was judged: the one that deviates most.
    between : Dispersion
        Between repeats; no bands for a single acquisition.
    within : Dispersion
        Within repeats, or among the neighbours in a single acquisition.
    least : float
        What variance/mean exceeds in most of a single acquisition.
    """

    n_repeats: int
    between: Dispersion
    within: Dispersion
    least: float = 1.0

    @property
    def forbids_thinning(self) -> bool:
        """The scatter within an acquisition is not that of counts, or that of repeats is less."""
        if self.n_repeats > 1 and self.differs:
            # too few counts to tell within from between, or what nothing that varies can explain
            return not len(self.within.ratios) or self._is_odd_within() or self._is_weak_between()
        return self._is_odd_within()

    @property
    def differs(self) -> bool:
        """The repeats differ by more, or by less, than counts of one thing do."""
        if not len(self.between.ratios):
            return False
        worst = int(np.abs(self.between.z_scores).argmax())
        matters = abs(float(self.between.ratios[worst]) - 1) > _MATTERS
        return matters and self.between.p_value < _CHANCE

    @property
    def oddity(self) -> tuple[bool, bool, float]:
        """What is worse compares as larger."""
        scores = np.concatenate([self.between.z_scores, self.within.z_scores])
        return self.forbids_thinning, self.differs, float(np.abs(scores).max(initial=0))

    @property
    def is_weak(self) -> bool:
        """What deviates from counts scatters less than they do."""
        if not self._is_odd_within():
            return self._is_weak_between()
        if self.n_repeats == 1:
            return self.least <= _EVERYWHERE
        return self.within.pooled[0] < 1

    def sentence(self) -> str:
        """Say the numbers, as the continuation of a sentence about the values."""
        inside = _told(self.within)
        if self.n_repeats == 1:
            return f" and variance/mean among neighbours is {inside}" if inside else ""
        if self.forbids_thinning:
            return f", but variance/mean {self._finding()}, where counts have 1"
        if self.differs:
            kept = f", though it is {inside} within each repeat, as for counts" if inside else ""
            return f" and variance/mean is {self._where()}: the repeats are not identical{kept}"
        between = _told(self.between)
        return f" and variance/mean between repeats is {between}" if between else ""

    def warning(self) -> str:
        """Say what a deviation means for the result; "" if there is none."""
        if self.forbids_thinning:
            how, why = _LESS if self.is_weak else _OTHER
            return (
                f"The values {how}: variance/mean {self._finding()}, where counts have 1 ({why}). "
                "Thinning would not make independent parts of them: give the raw counts of the "
                "detector if there are any."
            )
        if self.differs:
            return (
                f"The repeats are not identical: variance/mean between them is {self._where()}, "
                "where counts of one thing have 1 (the source or the sample changed). Their sum "
                "is still Poisson around the mean of what was there, and this is what the result "
                "estimates; how much the repeats differ from it is not part of its uncertainty."
            )
        return ""

    def _finding(self) -> str:
        """Say where variance/mean is not 1."""
        if self.n_repeats == 1:
            return f"among neighbours is {_told(self.within)}"
        if self._is_odd_within():
            return f"within a repeat is {_told(self.within)}"
        return f"between repeats is {self._where()}"

    def _band(self) -> int:
        """Choose the brightest band that clearly deviates, or that which deviates most."""
        size = np.abs(self.between.z_scores)
        clear = np.flatnonzero(size > _CLEAR)
        return int(clear[-1]) if len(clear) else int(size.argmax())

    def _where(self) -> str:
        """Tell that band and its variance over mean."""
        band, n_bands = self._band(), len(self.between.ratios)
        ratio = f"{self.between.ratios[band]:.1f}"
        if band >= n_bands - 2 and n_bands > 2:
            return f"{ratio} in strong lines"
        return f"{ratio} where values are about {self.between.levels[band]:.2g}"

    def _is_weak_between(self) -> bool:
        return bool(len(self.between.ratios)) and float(self.between.ratios[self._band()]) < 1

    def _is_odd_within(self) -> bool:
        """Whether the scatter of neighbours, or that within repeats, is not that of counts."""
        if self.n_repeats == 1:
            return self._is_odd_alone()
        if not len(self.within.ratios):
            return False
        ratio, error = self.within.pooled
        chance = min(float(np.exp(-(((ratio - 1) / error) ** 2) / 2)), self.within.p_value)
        return abs(ratio - 1) > _MATTERS and chance < _CHANCE

    def _is_odd_alone(self) -> bool:
        """Decide for a single acquisition, of which structure can only raise the scatter."""
        ratios = self.within.ratios
        freedom = 2 / self.within.standard_errors**2  # of a chi-square with the same spread
        low = (ratios < 1 - _COARSE) & (chdtr(freedom, freedom * ratios) < _CHANCE / 10)
        return bool(low.any()) or self.least > _EVERYWHERE


def examine_scatter(exposures: Sequence[Exposures], gain: float) -> Scatter:
    """Judge the samples by themselves and keep the one that deviates most.

    Parameters
    ----------
    exposures : sequence of Exposures
        One or more samples of counts times a gain. Copies of a repeat are judged once; spikes, hot
        and dead channels of spectra are left out.
    gain : float
        Units of the data per count.

    Returns
    -------
    Scatter

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> drifting = rng.poisson(np.linspace(80, 120, 4)[:, None] * np.linspace(0.5, 2, 2000) ** 2)
    >>> examine_scatter([Exposures(drifting)], 1.0).forbids_thinning
    False
    >>> examine_scatter([Exposures(3 * drifting)], 1.0).forbids_thinning
    True
    """
    found = [_scatter(_without_faults(sample, gain), gain) for sample in exposures]
    return max(found, key=lambda one: one.oddity)


def _scatter(sample: Exposures, gain: float) -> Scatter:
    if sample.n_repeats == 1:
        values = sample.repeats[0]
        neighbours = dispersion_of_neighbours(values, gain)
        return Scatter(1, tabulated([]), neighbours, least_dispersion(values, gain))
    between = dispersion_between_repeats(sample, gain)
    return Scatter(sample.n_repeats, between, dispersion_within_repeats(sample, gain))


def _without_faults(sample: Exposures, gain: float) -> Exposures:
    """Leave out copies of repeats and, in spectra, channels that fail."""
    copies = {one.second for one in copied_repeats(sample, gain)}
    sample = sample.take([r for r in range(sample.n_repeats) if r not in copies])
    if len(sample.shape) > 1:
        return sample
    return failing_channels(sample, gain).left_out_of(sample)


def _told(found: Dispersion) -> str:
    ratio, error = found.pooled
    return f"{ratio:.3f} +- {error:.1g}" if np.isfinite(error) else ""
