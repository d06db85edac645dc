"""How a family of filters chooses its parameters: by data that the filter has not seen.

Every candidate filters the input parts of some splits of a measurement and is compared with their
target parts. Which filters there are is told in `registry.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoden.baselines.baseline import Baseline, Floats
from autoden.baselines.registry import family
from autoden.errors import InputError
from autoden.noise.exposures import Split
from autoden.noise.model import NoiseModel


@dataclass(frozen=True, eq=False)
class Tuned:
    """The member of a family that predicts held-out data best.

    Attributes
    ----------
    baseline : Baseline
        That member.
    score : float
        Its held-out deviance: the mean over its row of `scores`.
    candidates : tuple of Baseline
        All members that were tried.
    scores : ndarray of float64, shape (n_candidates, n_splits)
        Mean held-out deviance per element of each candidate and split, in nats; less is better.
        The noise of the targets adds the same to all rows, so that differences within a column
        compare candidates, also those of two families tuned on the same splits.
    """

    baseline: Baseline
    score: float
    candidates: tuple[Baseline, ...]
    scores: Floats

    @property
    def split_scores(self) -> Floats:
        """Scores of the chosen member on each split, (n_splits,)."""
        scores: Floats = self.scores[self.candidates.index(self.baseline)]
        return scores


def tune(
    family_name: str,
    splits: Sequence[Split],
    noise: NoiseModel,
    where: Sequence[NDArray[np.bool_]] | None = None,
) -> Tuned:
    """Choose a family's parameters by the least mean deviance from held-out parts.

    Parameters
    ----------
    family_name : str
        One of `BASELINES`.
    splits : sequence of Split
        Independent parts of measurements of one shape; at least one.
    noise : NoiseModel
        What the noise is; it gives the deviance.
    where : sequence of ndarray of bool, optional
        For each split, the elements whose deviance counts; all if not given.

    Returns
    -------
    Tuned
        The member, its score and the scores of all others. The least of many scores that scatter
        is a little too good: compare families on splits that did not choose.

    Raises
    ------
    InputError
        No such family, none for so many dimensions, no splits, or splits of different shapes.

    Examples
    --------
    >>> import autoden as ad
    >>> from autoden.noise import Exposures, Poisson
    >>> counts = ad.datasets.xrf_spectra(4, n_channels=2048).counts
    >>> noise, rng = Poisson(), np.random.default_rng(0)
    >>> splits = [noise.split(Exposures(counts), 0.25, rng) for _ in range(2)]
    >>> tune("savitzky-golay", splits, noise).baseline.describe()
    'Savitzky-Golay, order 6, window 85'
    """
    chosen = family(family_name)
    filters, candidates = chosen.load(), chosen.candidates(_shape(splits))
    scores = np.empty((len(candidates), len(splits)))
    for positions, inputs, dose in _alike(splits):
        for row, rates in enumerate(filters.sweep(candidates, inputs, dose, noise)):
            for position, rate in zip(positions, rates, strict=True):
                scores[row, position] = _deviance(
                    rate, splits[position], noise, True if where is None else where[position]
                )
    means = scores.mean(axis=1)
    best = int(np.argmin(means))
    return Tuned(candidates[best], float(means[best]), candidates, scores)


def held_out_deviance(rate: Floats, split: Split, noise: NoiseModel) -> float:
    """Give the mean deviance per element of a rate from the target of a split, in nats."""
    return _deviance(rate, split, noise, True)


def _deviance(
    rate: Floats, split: Split, noise: NoiseModel, where: NDArray[np.bool_] | bool
) -> float:
    deviance = noise.deviance(rate, split.target.values)
    return float(deviance.mean(where=where) * split.target.dose)


def _shape(splits: Sequence[Split]) -> tuple[int, ...]:
    shapes = {part.values.shape for split in splits for part in (split.input, split.target)}
    if len(shapes) != 1:
        said = ", ".join(map(str, sorted(shapes))) or "no splits"
        raise InputError(f"`splits` have the shapes {said}: give splits of one shape.")
    (shape,) = shapes
    return shape


def _alike(splits: Sequence[Split]) -> Iterator[tuple[list[int], Floats, float]]:
    """Give positions, stacked inputs (K, *S) and dose of the splits whose doses are the same."""
    for dose in dict.fromkeys(split.input.dose for split in splits):
        positions = [i for i, split in enumerate(splits) if split.input.dose == dose]
        yield positions, np.stack([splits[i].input.values for i in positions]), dose
