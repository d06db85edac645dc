"""The competition of methods: each learns on some parts of the data and is judged by others."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from autoden.auto.budget import Budget
from autoden.auto.field import Field, image_field, lasting, spectrum_field
from autoden.auto.fitting import side_by_side
from autoden.auto.method import Filter, Method
from autoden.auto.mixture import Mixture, MixtureTraining
from autoden.auto.rate_network import train_rate_network
from autoden.auto.selection import Candidate, compare_methods, with_mean_chosen
from autoden.auto.splits import Splits
from autoden.baselines.mean import Mean
from autoden.models.kernel_mixture import KernelMixture
from autoden.randomness import numpy_generator

logger = logging.getLogger(__name__)

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
        Of the measurements: of spectra, or of images or volumes.
    work : Budget
        How much to do.
    seed : int or None
        Of the networks.
    """
    field = (spectrum_field if splits.n_dims == 1 else image_field)(splits, work)
    training = MixtureTraining(splits, field.members)
    seeds = _network_seeds(seed)
    first = next(seeds)
    network = training.train(training.start(first), work.epochs, first, with_held_out=False)
    mixture = Mixture(field.members, (network,))
    epochs = RATE_NETWORK_EPOCHS * work.epochs
    methods: list[Method] = [  # the more elaborate ones suit more spectra
        Filter(Mean(), splits.noise),
        *([train_rate_network(splits, epochs, next(seeds))] if work.with_dncnn else []),
        *field.filters,
        mixture,
    ]
    candidates = tuple(compare_methods(methods, splits, preferred=mixture))
    pairs = zip(methods, candidates, strict=True)
    method = next(method for method, candidate in pairs if candidate.chosen)
    if isinstance(method, Mixture):
        return _refit(training, network, work, seeds, candidates)
    if method.name == Mean.name:
        return Choice(method, candidates)
    if isinstance(method, Filter):
        return _tune_again(method.name, field, splits, candidates)
    return Choice(train_rate_network(splits, epochs, next(seeds), with_held_out=True), candidates)


def _tune_again(
    name: str, field: Field, splits: Splits, candidates: tuple[Candidate, ...]
) -> Choice:
    """Tune the filters of a family on everything; the mean is taken if it is as good there."""
    tuned, mean = (field.tune_again(each) for each in (name, Mean.name))
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
    if work.n_networks == 1:
        return _choice(training, (_go_on(training, network, work, next(seeds)),), candidates)
    networks = _start_anew(training, work, seeds)
    n_failed = work.n_networks - len(networks)
    if not n_failed:
        return _choice(training, networks, candidates)
    said = _say_failed(n_failed, work.n_networks)
    if networks:
        logger.info("%s", said)
        return replace(_choice(training, networks, candidates), notes=(said,))
    logger.warning("%s", said)
    compared = (_go_on(training, network, work, next(seeds)),)
    return replace(_choice(training, compared, candidates), warnings=(said,))


def _choice(
    training: MixtureTraining,
    networks: tuple[KernelMixture, ...],
    candidates: tuple[Candidate, ...],
) -> Choice:
    return Choice(Mixture(lasting(training.members), networks), candidates)


def _start_anew(
    training: MixtureTraining, work: Budget, seeds: Iterator[int]
) -> tuple[KernelMixture, ...]:
    """Train several networks, at the same time where there are several threads.

    One that ends at a worse likelihood than where it started has failed, and is trained again with
    another seed; one that fails so each time is left out.
    """
    networks: list[KernelMixture] = []
    for _ in range(1 + REPEATED):
        drawn = [next(seeds) for _ in range(work.n_networks - len(networks))]
        starts = [training.start(each) for each in drawn]  # torch has one generator for weights
        trained = side_by_side(training.train, starts, [work.epochs] * len(drawn), drawn)
        pairs = zip(trained, starts, strict=True)
        networks += [each for each, start in pairs if training.loss(each) <= training.loss(start)]
    return tuple(networks)


def _go_on(
    training: MixtureTraining, network: KernelMixture, work: Budget, seed: int
) -> KernelMixture:
    """Train a network a little more, at a lower rate; keep it as it is if that makes it worse."""
    last = max(work.epochs // 4, 1)
    again = training.train(network, last, seed, slower=3.0)
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
