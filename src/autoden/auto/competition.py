"""The competition of methods: each learns on some parts of the data and is judged by others."""

from __future__ import annotations

from collections.abc import Iterator

from autoden.auto.budget import Budget
from autoden.auto.members import find_members
from autoden.auto.method import Filter, Method
from autoden.auto.mixture import LEARNING_RATE, Mixture, MixtureTraining
from autoden.auto.rate_network import train_rate_network
from autoden.auto.selection import Candidate, compare_methods
from autoden.auto.splits import Splits
from autoden.baselines.mean import Mean
from autoden.baselines.registry import families
from autoden.baselines.tuning import Tuned, tune
from autoden.models.kernel_mixture import KernelMixture
from autoden.randomness import numpy_generator

N_DIMS = 1
RATE_NETWORK_EPOCHS = 3
"""An ordinary network takes so many times the passes of a mixture."""
REPEATED = 2
"""So often a training that ended badly is repeated with another seed."""


def choose_method(splits: Splits, work: Budget, seed: int | None) -> tuple[Method, list[Candidate]]:
    """Train all candidates on parts, compare them on others, train the best on everything.

    Parameters
    ----------
    splits : Splits
        Of the measurements.
    work : Budget
        How much to do.
    seed : int or None
        Of the networks.

    Returns
    -------
    method : Method
        The best, trained on everything.
    candidates : list of Candidate
        All that were compared.
    """
    tuned = _tune(splits.first(work.n_tuning_splits))
    members = find_members(splits, tuned)
    training = MixtureTraining(splits, members)
    seeds = _network_seeds(seed)
    first = next(seeds)
    network = training.train(training.start(first), work.epochs, first, with_held_out=False)
    methods: list[Method] = [Filter(each.baseline, splits.noise) for each in tuned.values()]
    mixture = Mixture(members, (network,))
    methods.append(mixture)
    if work.with_dncnn:
        methods.append(train_rate_network(splits, RATE_NETWORK_EPOCHS * work.epochs, next(seeds)))
    candidates = compare_methods(methods, splits, preferred=mixture)
    chosen = next(i for i, candidate in enumerate(candidates) if candidate.chosen)
    if chosen == 0:
        return Filter(Mean(), splits.noise), candidates
    method = methods[chosen - 1]
    if isinstance(method, Mixture):
        networks = _refit(training, network, work, seeds)
        return Mixture(members, networks), candidates
    if isinstance(method, Filter):
        pairs = splits.first(work.n_tuning_splits).pairs
        return Filter(tune(method.name, pairs, splits.noise).baseline, splits.noise), candidates
    epochs = RATE_NETWORK_EPOCHS * work.epochs
    return train_rate_network(splits, epochs, next(seeds), with_held_out=True), candidates


def _tune(splits: Splits) -> dict[str, Tuned]:
    """Let every family of filters choose its parameters; the mean has none."""
    names = [name for name in families(N_DIMS) if name != Mean.name]
    return {name: tune(name, splits.pairs, splits.noise, splits.trains()) for name in names}


def _refit(
    training: MixtureTraining, network: KernelMixture, work: Budget, seeds: Iterator[int]
) -> tuple[KernelMixture, ...]:
    """Train the networks of the estimate on everything.

    One network goes on from where it was compared. Of several, each starts anew; one that ends at
    a worse likelihood than where it started has failed, and is trained again with another seed.
    """
    if work.n_networks == 1:
        rate = LEARNING_RATE / 3
        last = max(work.epochs // 4, 1)
        again = training.train(network, last, next(seeds), learning_rate=rate)
        return (again if training.loss(again) <= training.loss(network) else network,)
    networks = []
    for _ in range(work.n_networks):
        for _ in range(1 + REPEATED):
            seed = next(seeds)
            start = training.start(seed)
            trained = training.train(start, work.epochs, seed)
            if training.loss(trained) <= training.loss(start):
                networks.append(trained)
                break
    return tuple(networks) or (network,)


def _network_seeds(seed: int | None) -> Iterator[int]:
    rng = numpy_generator(seed, "networks")
    while True:
        yield int(rng.integers(2**31))
