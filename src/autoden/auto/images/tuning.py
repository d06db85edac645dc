"""How filters of images choose their parameters: few evaluations, since some filters take seconds.

The members of a family are listed from the weakest to the strongest, so that the best is found by
climbing from the middle, instead of trying all as for spectra.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from autoden.auto.images.shelf import Shelf
from autoden.auto.learning.splits import Splits
from autoden.baselines.baseline import Baseline
from autoden.baselines.registry import family
from autoden.baselines.tuning import Tuned

Floats = NDArray[np.float64]


def tune_family(name: str, splits: Splits, shelf: Shelf, *, everywhere: bool = False) -> Tuned:
    """Choose a family's parameters by the least deviance from held-out parts.

    Parameters
    ----------
    name : str
        Of the family.
    splits : Splits
        Whose targets tell, where they are not held out.
    shelf : Shelf
        Where estimates are kept.
    everywhere : bool
        Whether the held-out pixels tell, too.
    """
    space = splits.held_out.shape[-splits.n_dims :]
    members = family(name).candidates(space)
    where = splits.trains()
    if everywhere:
        where = [inside | splits.held_out[owner]
                 for inside, owner in zip(where, splits.owners, strict=True)]  # fmt: skip
    inputs = [pair.input for pair in splits.pairs]

    def score(index: int) -> Floats:
        rates = shelf.rates(members[index], inputs)
        return np.array([
            splits.noise.deviance(rate, pair.target.values).mean(where=inside) * pair.target.dose
            for rate, pair, inside in zip(rates, splits.pairs, where, strict=True)
        ])  # fmt: skip

    found = climb(score, len(members))
    tried = sorted(found)
    scores = np.stack([found[index] for index in tried])
    candidates: tuple[Baseline, ...] = tuple(members[index] for index in tried)
    best = int(scores.mean(axis=1).argmin())
    return Tuned(candidates[best], float(scores[best].mean()), candidates, scores)


def climb(score: Callable[[int], Floats], n: int) -> dict[int, Floats]:
    """Find the least mean score of a list that falls and then rises, from the middle.

    Returns
    -------
    dict
        The scores that were evaluated, by position.

    Examples
    --------
    >>> found = climb(lambda i: np.array([(i - 6.0) ** 2]), 20)
    >>> min(found, key=lambda i: found[i].mean()), len(found)
    (6, 6)
    """
    middle = n // 2
    found = {middle: score(middle)}
    best = middle
    for step in (-1, 1):
        at = middle + step
        while 0 <= at < n:
            found[at] = score(at)
            if found[at].mean() >= found[best].mean():
                break
            best, at = at, at + step
        if best != middle:
            break
    return found
