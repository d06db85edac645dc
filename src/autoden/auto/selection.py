"""Which method does best on counts that it has not seen, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoden.auto.method import Filter, Method
from autoden.auto.splits import Splits
from autoden.baselines.mean import Mean

Floats = NDArray[np.float64]

N_JUDGING_SPLITS = 16
"""So many splits compare the methods; more would repeat the same counts."""

CLEARLY = 3.0
"""Standard errors by which another method must be better than the preferred one."""

NEARLY = 0.9
"""Share of what the best method gains over the mean that the preferred one has to gain."""


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


def compare_methods(
    methods: Sequence[Method], splits: Splits, preferred: Method
) -> list[Candidate]:
    """Compare methods on the held-out channels of some splits, and choose one.

    No method was trained on these targets. The mean of the exposures is the first candidate, so
    that nothing worse than it is ever chosen.

    Parameters
    ----------
    methods : sequence of Method
        To compare.
    splits : Splits
        Whose targets judge.
    preferred : Method
        One of them, which mixes the others: it is chosen unless one of them is clearly better, by
        more than three standard errors of the difference. The best of several that are about as
        good would be chosen by chance; a mixture of them errs less. Where it gains less than nine
        tenths of what the best gains over the mean, the best is chosen, which may be the mean.

    Returns
    -------
    list of Candidate
        The mean, then the methods in their order; one of them chosen.
    """
    judging = splits.first(N_JUDGING_SPLITS)
    inputs = [pair.input for pair in judging.pairs]
    all_methods = [Filter(Mean(), splits.noise), *methods]
    deviances = 1000 * np.array(
        [judging.deviances(method.rates(inputs))[splits.held_out] for method in all_methods]
    )
    chosen = all_methods.index(preferred)
    rivals, errors = _differences(deviances, chosen)
    gain, best_gain = rivals[0], rivals[0] - rivals.min()
    if gain <= NEARLY * best_gain or (rivals < -CLEARLY * errors).any():
        chosen = int(np.argmin(deviances.mean(axis=1)))
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
        for i, method in enumerate(all_methods)
    ]


def _differences(deviances: Floats, reference: int) -> tuple[Floats, Floats]:
    """Give mean differences from one row, paired channel by channel, and their standard errors."""
    differences = deviances - deviances[reference]
    return differences.mean(axis=1), differences.std(axis=1) / np.sqrt(deviances.shape[1])
