"""Independent parts of the measurements, drawn once: what trains, tunes and judges every method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from autoden.auto.learning.units import Units, units_of
from autoden.noise.exposures import Combined, Exposures, Split
from autoden.noise.model import NoiseModel
from autoden.training.held_out import draw_held_out

Floats = NDArray[np.float64]

SHARES = (0.1, 0.3)
"""Range of the share of the dose that a target takes: most of it must stay in the input, which
stands for the whole in the end."""

LEVEL_WIDTHS = {1: 9, 2: 5, 3: 3}
"""Elements along each axis over which values are averaged, to see how low the rate goes."""

HELD_OUT_SHARE = 0.2
"""Share of the channels on whose targets methods are compared and none is trained."""

LEAST_HELD_OUT, MOST_HELD_OUT = 40, 0.5
"""So many channels at least, up to this share, since few do not stand for lines and background."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Splits of some samples, and the channels that are held out of training.

    Attributes
    ----------
    samples : tuple of Exposures
        What was measured.
    noise : NoiseModel
        What its noise is.
    pairs : tuple of Split
        Independent parts; several for each sample.
    owners : tuple of int
        Of each split, the sample.
    held_out : ndarray of bool, shape (n_samples, *S)
        Channels, or pixels, on which methods are compared.
    missing : ndarray of bool, shape (n_samples, *S), or None
        Where nothing was measured: neither trains nor compares; None: nowhere.
    """

    samples: tuple[Exposures, ...]
    noise: NoiseModel
    pairs: tuple[Split, ...]
    owners: tuple[int, ...]
    held_out: NDArray[np.bool_]
    missing: NDArray[np.bool_] | None = None

    @classmethod
    def draw(
        cls,
        samples: Sequence[Exposures],
        noise: NoiseModel,
        n_splits: int,
        rng: np.random.Generator,
        *,
        shares: tuple[float, float] = SHARES,
        missing: NDArray[np.bool_] | None = None,
    ) -> Splits:
        """Draw at least so many splits, the same number for every sample."""
        n_each = -(-n_splits // len(samples))
        owners = tuple(range(len(samples))) * n_each
        drawn = np.linspace(*shares, len(owners))  # every share occurs, whatever the seed
        rng.shuffle(drawn)
        pairs = tuple(
            noise.split(samples[owner], share, rng)
            for owner, share in zip(owners, drawn, strict=True)
        )
        shape = (len(samples), *samples[0].shape)
        share = min(max(HELD_OUT_SHARE, LEAST_HELD_OUT / np.prod(shape)), MOST_HELD_OUT)
        held_out = draw_held_out(shape, float(share), rng=rng)
        if missing is not None:
            held_out &= ~missing
        return cls(tuple(samples), noise, pairs, owners, held_out, missing)

    @property
    def n_dims(self) -> int:
        """1 for spectra, whose samples have the shape (n,); of images, (C, *S), without C."""
        return max(self.held_out.ndim - 2, 1)

    @cached_property
    def units(self) -> Units:
        """Those in which networks see these measurements."""
        widths = np.ones(self.held_out.ndim - 1, dtype=int)
        widths[-self.n_dims :] = LEVEL_WIDTHS[self.n_dims]
        levels = [uniform_filter(whole.values, tuple(widths)) for whole in self.wholes]
        return units_of(self.noise, np.concatenate(levels))

    @cached_property
    def wholes(self) -> list[Combined]:
        """The samples, unsplit."""
        return [self.noise.combine(sample) for sample in self.samples]

    def first(self, n_splits: int) -> Splits:
        """Keep only so many splits, and at least one per sample."""
        n = min(max(n_splits, len(self.samples)), len(self.pairs))
        return replace(self, pairs=self.pairs[:n], owners=self.owners[:n])

    def sides(self) -> tuple[list[Combined], list[Combined]]:
        """Give the inputs and the targets of all splits, as if of the dose of the whole."""
        doses = [self.wholes[owner].dose for owner in self.owners]
        pairs = list(zip(self.pairs, doses, strict=True))
        inputs = [Combined(pair.input.values, dose) for pair, dose in pairs]
        return inputs, [Combined(pair.target.values, dose) for pair, dose in pairs]

    def own_sides(self) -> tuple[list[Combined], list[Combined]]:
        """Give the inputs of all splits, and the targets as if of the dose of the input."""
        return [pair.input for pair in self.pairs], [
            Combined(pair.target.values, pair.input.dose) for pair in self.pairs
        ]

    def trains(self) -> list[NDArray[np.bool_]]:
        """Give, for each split, the channels or pixels that are not held out."""
        trains = ~self.held_out if self.missing is None else ~(self.held_out | self.missing)
        return [trains[owner] for owner in self.owners]

    def shares(self) -> list[float]:
        """Give the share of the dose that each target has."""
        doses = [self.wholes[owner].dose for owner in self.owners]
        return [pair.target.dose / dose for pair, dose in zip(self.pairs, doses, strict=True)]

    def deviances(self, rates: Sequence[Floats]) -> Floats:
        """Compare one rate per split with the targets, channel by channel.

        Returns
        -------
        ndarray of float64, shape (n_samples, *S)
            Deviance of an acquisition of dose 1, in nats, averaged over the splits of a sample.
        """
        total = np.zeros(self.held_out.shape)
        for rate, pair, owner in zip(rates, self.pairs, self.owners, strict=True):
            total[owner] += self.noise.deviance(rate, pair.target.values)
        n_each = np.bincount(self.owners).reshape(-1, *[1] * (total.ndim - 1))
        return np.asarray(total / n_each)
