"""What the mixture may choose from: filters that suit the data, found on the data.

Linear filters come in widths of the instrument's response; beside them stand estimates that no
linear filter gives: non-negative sources seen through that response (see
`autoden.transforms.richardson_lucy`) and the classical filters that did best on held-out parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoden.auto.learning.method import alike
from autoden.auto.learning.mixture import Learning
from autoden.auto.learning.splits import Splits
from autoden.auto.learning.units import CountUnits, Units
from autoden.auto.spectra.response import Widths, find_response
from autoden.baselines.baseline import Baseline
from autoden.baselines.gaussian import GaussianFilter
from autoden.baselines.tuning import Tuned
from autoden.baselines.whittaker import Whittaker
from autoden.models.kernel_banks import MAX_WIDTH, MAX_WINDOW
from autoden.models.params import NetworkParamsKernelMixture
from autoden.noise.exposures import Combined
from autoden.noise.model import NoiseModel
from autoden.report.numerals import show
from autoden.transforms.richardson_lucy import RichardsonLucy

Floats = NDArray[np.float64]

RESPONSES = (1.0, 2.0)
"""Sources are sought through the response found, and through one twice as wide."""
ITERATIONS = (6, 12, 30)
REFERENCE_ITERATION = 1
"""Each is estimated after so many steps; against which of these the network sees the others."""

GAUSSIANS = (0.3, 1.0, 2.0, 4.0, 8.0)
WINDOWS = ((8, 2), (16, 2), (32, 2), (8, 4), (16, 4), (32, 4))
"""Widths of the linear filters, and windows with their orders, in widths of the response."""

LESS_SMOOTH = 0.1
"""Beside the best Whittaker smoother stands one whose lambda is so many times the best."""
N_WAVELETS = 2
N_RESPONSE_SPLITS = 4


@dataclass(frozen=True)
class SpectrumMembers:
    """The members of a mixture.

    Attributes
    ----------
    noise : NoiseModel
        What the noise is.
    units : Units
        Those of the network.
    widths : (float, float)
        Of the response, at the first and the last channel.
    filters : tuple of Baseline
        Classical filters with their parameters.
    reference : int
        The estimate, sources first, against which the network sees the others.
    """

    noise: NoiseModel
    units: Units
    widths: Widths
    filters: tuple[Baseline, ...]
    reference: int

    @property
    def sources(self) -> list[RichardsonLucy]:
        """Non-negative sources, where the noise is that of counts."""
        if not isinstance(self.units, CountUnits):
            return []
        first, last = self.widths
        return [RichardsonLucy((first * r, last * r), ITERATIONS) for r in RESPONSES]

    @property
    def learning(self) -> Learning:
        """How the network learns."""
        return Learning()

    @property
    def n_estimates(self) -> int:
        """How many estimates `estimates` gives."""
        return len(self.sources) * len(ITERATIONS) + len(self.filters)

    def network(self, n_features: int) -> NetworkParamsKernelMixture:
        """Describe the network that mixes the members."""
        width = float(np.sqrt(self.widths[0] * self.widths[1]))
        windows = [(2 * round(factor * width / 2) + 1, order) for factor, order in WINDOWS]
        savgol = tuple(
            (min(max(window, order + 3), MAX_WINDOW), order) for window, order in windows
        )
        return NetworkParamsKernelMixture(
            n_dims=1,
            n_features=n_features,
            gaussians=tuple(min(width * factor, MAX_WIDTH) for factor in GAUSSIANS),
            savgol=savgol,
            reference=len(GAUSSIANS) + len(savgol) + self.reference,
            stabilise=self.units.stabilise,
            n_channels_estimates=self.n_estimates,
        )

    def inputs(self, parts: Sequence[Combined]) -> NDArray[np.float32]:
        """Give the network's input, shape (K, 1 + n_estimates, n), in its units."""
        values = np.stack([self.units.of(part) for part in parts])
        channels: list[NDArray[np.floating]] = [values[:, None]]
        channels += [source.estimates(values) for source in self.sources]
        channels += [self._filtered(filter_, parts)[:, None] for filter_ in self.filters]
        return np.concatenate(channels, axis=1, dtype=np.float32)

    def sides(self, splits: Splits) -> tuple[list[Combined], list[Combined]]:
        """Give parts in the units of the whole, which they stand for."""
        return splits.sides()

    def describe(self, n_members: int) -> str:
        """Say how many filters there are, and of which widths."""
        widths = " to ".join(dict.fromkeys(show(width, 2) for width in self.widths))
        return f"{n_members} filters for lines of sigma {widths} channels"

    def _filtered(self, filter_: Baseline, parts: Sequence[Combined]) -> Floats:
        rates = [
            rate
            for dose, values in alike(parts)
            for rate in filter_.smooth(values, dose, self.noise)
        ]
        pairs = zip(rates, parts, strict=True)
        return np.stack([self.units.of(replace(part, values=rate)) for rate, part in pairs])


def find_members(splits: Splits, tuned: Mapping[str, Tuned]) -> SpectrumMembers:
    """Find the members that suit some measurements.

    Parameters
    ----------
    splits : Splits
        Independent parts of the measurements.
    tuned : mapping of str to Tuned
        The families of classical filters, tuned on them.
    """
    units = splits.units
    smooth, rough = _whittakers(tuned["whittaker"])
    rougher = replace(smooth, smoothness=LESS_SMOOTH * smooth.smoothness)
    filters = (smooth, rough, *_best(tuned["wavelets"], N_WAVELETS), rougher)
    if not isinstance(units, CountUnits):
        gaussian = tuned["gaussian"].baseline
        assert isinstance(gaussian, GaussianFilter)
        return SpectrumMembers(splits.noise, units, (gaussian.sigma,) * 2, filters, 0)
    few = splits.first(N_RESPONSE_SPLITS)
    inputs, targets = (np.stack([units.of(part) for part in side]) for side in few.sides())
    widths = find_response(inputs, targets, np.stack(few.trains()))
    return SpectrumMembers(splits.noise, units, widths, filters, REFERENCE_ITERATION)


def _whittakers(tuned: Tuned) -> tuple[Whittaker, Whittaker]:
    """Give the best smoothers of the highest order, which keeps lines, and of the lowest."""
    smoothers = [member for member in tuned.candidates if isinstance(member, Whittaker)]
    orders = np.array([smoother.order for smoother in smoothers])
    scores = tuned.scores.mean(axis=1)
    best = [
        smoothers[int(np.where(orders == order, scores, np.inf).argmin())]
        for order in (orders.max(), orders.min())
    ]
    return best[0], best[1]


def _best(tuned: Tuned, n: int) -> list[Baseline]:
    """Give the members of a family that did best."""
    return [tuned.candidates[i] for i in np.argsort(tuned.scores.mean(axis=1))[:n]]
