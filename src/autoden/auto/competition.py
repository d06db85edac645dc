"""The competition of methods: each learns on some parts of the data and is judged by others."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from autoden.auto.budget import Budget
from autoden.auto.members import find_members
from autoden.auto.method import Filter, Method
from autoden.auto.mixture import LEARNING_RATE, Mixture, MixtureTraining
from autoden.auto.rate_network import train_rate_network
from autoden.auto.selection import Candidate, compare_methods, with_mean_chosen
from autoden.auto.splits import Splits
from autoden.baselines.mean import Mean
from autoden.baselines.registry import families
from autoden.baselines.tuning import Tuned, tune
from autoden.models.kernel_mixture import KernelMixture
from autoden.randomness import numpy_generator

logger = logging.getLogger(__name__)

N_DIMS = 1
RATE_NETWORK_EPOCHS = 3
"""An ordinary network takes so many times the passes of a mixture."""
REPEATED = 2
"""So often a training that ended badly is repeated with another seed."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What a competition gave.

    Attributes
    ----------
    method : Method
        The best, trained on everything.
    candidates : tuple of Candidate
        All that were compared.
    notes, warnings : tuple of str
        What went wrong on the way, if the estimate does not suffer by it, and if it does.
    """

    method: Method
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def choose_method(splits: Splits, work: Budget, seed: int | None) -> Choice:
    """Train all candidates on parts, compare them on others, train the best on everything.

    Parameters
    ----------
    splits : Splits
        Of the measurements.
    work : Budget
        How much to do.
    seed : int or None
        Of the networks.
    """
    tuned = _tune(splits.first(work.n_tuning_splits))
    members = find_members(splits, tuned)
    training = MixtureTraining(splits, members)
    seeds = _network_seeds(seed)
    first = next(seeds)
    network = training.train(training.start(first), work.epochs, first, with_held_out=False)
    mixture = Mixture(members, (network,))
    methods: list[Method] = [  # the more elaborate ones suit more spectra
        *(Filter(each.baseline, splits.noise) for each in tuned.values()),
        mixture,
    ]
    if work.with_dncnn:
        epochs = RATE_NETWORK_EPOCHS * work.epochs
        methods.insert(0, train_rate_network(splits, epochs, next(seeds)))
    candidates = tuple(compare_methods(methods, splits, preferred=mixture))
    chosen = next(i for i, candidate in enumerate(candidates) if candidate.chosen)
    if chosen == 0:
        return Choice(Filter(Mean(), splits.noise), candidates)
    method = methods[chosen - 1]
    if isinstance(method, Mixture):
        return _refit(training, network, work, seeds, candidates)
    if isinstance(method, Filter):
        return _tune_again(method.name, splits.first(work.n_tuning_splits), candidates)
    epochs = RATE_NETWORK_EPOCHS * work.epochs
    return Choice(train_rate_network(splits, epochs, next(seeds), with_held_out=True), candidates)


def _tune(splits: Splits) -> dict[str, Tuned]:
    """Let every family of filters choose its parameters; the mean has none."""
    names = [name for name in families(N_DIMS) if name != Mean.name]
    return {name: tune(name, splits.pairs, splits.noise, splits.trains()) for name in names}


def _tune_again(name: str, splits: Splits, candidates: tuple[Candidate, ...]) -> Choice:
    """Tune the filters of a family on everything; the mean is taken if it is as good there."""
    tuned, mean = (tune(each, splits.pairs, splits.noise) for each in (name, Mean.name))
    if tuned.score >= mean.score:
        return Choice(Filter(Mean(), splits.noise), with_mean_chosen(candidates))
    return Choice(Filter(tuned.baseline, splits.noise), candidates)


def _refit(
    training: MixtureTraining,
    network: KernelMixture,
    work: Budget,
    seeds: Iterator[int],
    candidates: tuple[Candidate, ...],
) -> Choice:
    """Train the networks of the estimate on everything; one goes on from where it was compared."""
    networks = _start_anew(training, work, seeds) if work.n_networks > 1 else ()
    n_failed = work.n_networks - len(networks) if work.n_networks > 1 else 0
    mixed = networks or (_go_on(training, network, work, next(seeds)),)
    said = (_say_failed(n_failed, work.n_networks),) if n_failed else ()
    for sentence in said:
        logger.log(logging.INFO if networks else logging.WARNING, "%s", sentence)
    notes, warnings = (said, ()) if networks else ((), said)
    return Choice(Mixture(training.members, mixed), candidates, notes, warnings)


def _start_anew(
    training: MixtureTraining, work: Budget, seeds: Iterator[int]
) -> tuple[KernelMixture, ...]:
    """Train several networks.

    One that ends at a worse likelihood than where it started has failed, and is trained again with
    another seed; one that fails so each time is left out.
    """
    networks = []
    for _ in range(work.n_networks):
        for _ in range(1 + REPEATED):
            seed = next(seeds)
            start = training.start(seed)
            trained = training.train(start, work.epochs, seed)
            if training.loss(trained) <= training.loss(start):
                networks.append(trained)
                break
    return tuple(networks)


def _go_on(
    training: MixtureTraining, network: KernelMixture, work: Budget, seed: int
) -> KernelMixture:
    """Train a network a little more, at a lower rate; keep it as it is if that makes it worse."""
    last = max(work.epochs // 4, 1)
    again = training.train(network, last, seed, learning_rate=LEARNING_RATE / 3)
    return again if training.loss(again) <= training.loss(network) else network


def _say_failed(n_failed: int, n_networks: int) -> str:
    """Say how many networks are missing, and what the estimate is made with."""
    how = f"ended each of {1 + REPEATED} trainings at a worse likelihood than at the start"
    if n_failed < n_networks:
        left_out = "is" if n_failed == 1 else "are"
        return f"{n_failed} of {n_networks} networks {how}, and {left_out} left out of the average."
    return (
        f"All {n_networks} networks {how}: the estimate is that of the one that was compared with "
        "the other methods. Another `seed` may do better."
    )


def _network_seeds(seed: int | None) -> Iterator[int]:
    rng = numpy_generator(seed, "networks")
    while True:
        yield int(rng.integers(2**31))
