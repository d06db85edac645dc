"""Which method does best on counts that it has not seen, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autoden.auto.learning.method import Method
from autoden.auto.learning.splits import Splits
from autoden.baselines.mean import Mean

Floats = NDArray[np.float64]

N_JUDGING_SPLITS = 16
"""So many splits compare the methods; more would repeat the same counts."""

CLEARLY = {1: 3.0, 2: 1.0, 3: 1.0}
"""Standard errors by which another method must be better to stand against one, by the number of
dimensions: the filters of images are good by themselves, and their networks gain little."""

NEARLY = 0.9
"""Share of what the best method gains over the mean that the chosen one has to gain."""


@dataclass(frozen=True)
class Candidate:
    """A method and how it did.

    Attributes
    ----------
    name : str
        Of the method.
    parameters : str
        In one phrase.
    score : float
        Held-out deviance less that of the mean of the exposures, in thousandths of a nat per
        channel of one acquisition: the more negative the better.
    standard_error : float
        Of the score; both methods saw the same parts, and the difference is taken channel by
        channel.
    chosen : bool
        Whether it made the estimate.
    behind, behind_error : float
        By how much its held-out deviance exceeds that of the chosen method, and the standard error
        of this difference, which is far smaller than that of the score.
    """

    name: str
    parameters: str
    score: float
    standard_error: float
    chosen: bool = False
    behind: float = 0.0
    behind_error: float = 0.0


def chosen_of(candidates: Sequence[Candidate]) -> Candidate:
    """Give the one that made the estimate."""
    return next(candidate for candidate in candidates if candidate.chosen)


def with_mean_chosen(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Give the candidates as they are if the mean made the estimate."""
    return tuple(
        replace(
            each,
            chosen=each.name == Mean.name,
            behind=each.score,
            behind_error=each.standard_error,
        )
        for each in candidates
    )


def compare_methods(
    methods: Sequence[Method], splits: Splits, preferred: Method
) -> list[Candidate]:
    """Compare methods on the held-out channels of some splits, and choose one.

    No method was trained on these targets. The mean of the exposures is one of them, so that
    nothing worse than it is ever chosen.

    The rule: a method will do if it gains more than nine tenths of what the best gains over the
    mean and no other is better than it by more than three standard errors of the difference (one
    for images and volumes);
    chosen is the preferred one if it will do, and else the last that does, in the given order.
    (The best of several that are about as good would be chosen by chance.)

    Parameters
    ----------
    methods : sequence of Method
        To compare, the mean of the exposures first, then in rising order of preference.
    splits : Splits
        Whose targets judge.
    preferred : Method
        One of them, which mixes the others and errs less than any that seems as good.

    Returns
    -------
    list of Candidate
        One for each method, in their order; one of them chosen.
    """
    judging = splits.first(N_JUDGING_SPLITS)
    inputs = [pair.input for pair in judging.pairs]
    deviances = 1000 * np.array(
        [judging.deviances(method.rates(inputs))[splits.held_out] for method in methods]
    )
    chosen = _choose(deviances, list(methods).index(preferred), CLEARLY[splits.n_dims])
    scores, score_errors = _differences(deviances, 0)
    behind, behind_errors = _differences(deviances, chosen)
    return [
        Candidate(
            method.name,
            method.describe(),
            float(scores[i]),
            float(score_errors[i]),
            chosen=i == chosen,
            behind=float(behind[i]),
            behind_error=float(behind_errors[i]),
        )
        for i, method in enumerate(methods)
    ]


def _choose(deviances: Floats, preferred: int, clearly: float) -> int:
    """Give the row to choose, by the rule of `compare_methods`; row 0 is that of the mean."""
    means = deviances.mean(axis=1)
    best = int(means.argmin())

    def will_do(row: int) -> bool:
        others, errors = _differences(deviances, row)
        gains_enough = means[0] - means[row] > NEARLY * (means[0] - means[best])
        return bool(gains_enough and not (others < -clearly * errors).any())

    in_order = (preferred, *reversed(range(len(deviances))))
    return next((row for row in in_order if will_do(row)), best)


def _differences(deviances: Floats, reference: int) -> tuple[Floats, Floats]:
    """Give mean differences from one row, paired channel by channel, and their standard errors."""
    differences = deviances - deviances[reference]
    return differences.mean(axis=1), differences.std(axis=1) / np.sqrt(deviances.shape[1])
