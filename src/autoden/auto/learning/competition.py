"""The competition of methods: each learns on some parts of the data and is judged by others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from autoden.auto.budget import Budget
from autoden.auto.learning.field import Field, image_field, lasting, spectrum_field
from autoden.auto.learning.fitting import side_by_side
from autoden.auto.learning.method import Filter, Method
from autoden.auto.learning.mixture import Mixture, MixtureTraining
from autoden.auto.learning.rate_network import RateNetwork, train_rate_network
from autoden.auto.learning.selection import Candidate, compare_methods, with_mean_chosen
from autoden.auto.learning.splits import Splits
from autoden.auto.progress import ENDED_EARLY, SILENT, EndedEarlyError, Progress, Watch
from autoden.baselines.mean import Mean
from autoden.baselines.registry import families
from autoden.baselines.tuning import Tuned
from autoden.models.kernel_mixture import KernelMixture
from autoden.randomness import numpy_generator

logger = logging.getLogger(__name__)
Train = Callable[..., KernelMixture]

RATE_NETWORK_EPOCHS = 3
"""An ordinary network takes so many times the passes of a mixture."""
REPEATED = 2
"""So often a training that ended badly is repeated with another seed."""
FILTERS, MIXTURE, RATE_NETWORK, COMPARISON, REFIT = 0.05, 0.2, 0.4, 0.55, 0.6
"""Where in a run each stage begins, as a share of its work; what follows is the uncertainty."""
END = 0.85


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


def choose_method(
    splits: Splits, work: Budget, seed: int | None, progress: Progress = SILENT
) -> Choice:
    """Train all candidates on parts, compare them on others, train the best on everything.

    Parameters
    ----------
    splits : Splits
        Of the measurements: of spectra, or of images or volumes.
    work : Budget
        How much to do.
    seed : int or None
        Of the networks.
    progress : Progress
        Who is told, and may have the rest left out: the best that was compared by then is chosen,
        as it was compared.
    """
    field = (spectrum_field if splits.n_dims == 1 else image_field)(splits, work)
    competition = _Competition(splits, field, work, _network_seeds(seed), progress)
    methods, training = competition.candidates()
    progress.say("comparison", COMPARISON)
    candidates = tuple(compare_methods(methods, splits, preferred=methods[-1]))
    pairs = zip(methods, candidates, strict=True)
    method = next(method for method, candidate in pairs if candidate.chosen)
    try:
        choice = competition.on_everything(method, candidates, training)
    except EndedEarlyError:
        choice = Choice(method, candidates)
    if progress.stopped:
        return replace(choice, notes=(*choice.notes, ENDED_EARLY))
    return choice


@dataclass(frozen=True, eq=False)
class _Competition:
    """What trains for a comparison, and once more when it is decided."""

    splits: Splits
    field: Field
    work: Budget
    seeds: Iterator[int]
    progress: Progress

    def candidates(self) -> tuple[list[Method], MixtureTraining | None]:
        """Train on parts: the mean first, the preferred last; fewer if the run ends early."""
        tuned = self._tune()
        networks: list[Method] = []
        training = None
        with suppress(EndedEarlyError):
            self.progress.check()
            training = MixtureTraining(self.splits, self.field.members(tuned))
            seed, watch = next(self.seeds), self._watch("mixture", MIXTURE, RATE_NETWORK)
            start = training.start(seed)
            network = training.train(
                start, self.work.epochs, seed, with_held_out=False, observers=[watch]
            )
            networks.append(Mixture(training.members, (network,)))
            if self.work.with_dncnn:
                networks.insert(0, self._rate_network("dncnn", RATE_NETWORK, COMPARISON))
        elaborate = networks[:-1]  # the more elaborate ones suit more spectra
        filters = [self.field.method(each.baseline) for each in tuned.values()]
        mean = Filter(Mean(), self.splits.noise)
        return [mean, *elaborate, *filters, *networks[-1:]], training

    def on_everything(
        self,
        method: Method,
        candidates: tuple[Candidate, ...],
        training: MixtureTraining | None,
    ) -> Choice:
        """Train the chosen method on everything."""
        self.progress.say("training", REFIT)
        self.progress.check()
        if isinstance(method, Mixture) and training is not None:
            watch = self._watch("training", REFIT, END, self.work.n_networks)
            train = partial(training.train, observers=[watch])
            return _refit(training, train, method.networks[0], self.work, self.seeds, candidates)
        if method.name == Mean.name:
            return Choice(method, candidates)
        if isinstance(method, Filter):
            return _tune_again(method.name, self.field, self.splits, candidates)
        network = self._rate_network("training", REFIT, END, with_held_out=True)
        return Choice(network, candidates)

    def _tune(self) -> dict[str, Tuned]:
        """Let every family of filters choose its parameters; the mean has none."""
        names = [name for name in families(self.splits.n_dims) if name != Mean.name]
        tuned: dict[str, Tuned] = {}
        for index, name in enumerate(names):
            share = FILTERS + (MIXTURE - FILTERS) * index / len(names)
            self.progress.say("filters", share, filter=name)
            if self.progress.stopped:
                break
            tuned[name] = self.field.tune(name)
        return tuned

    def _rate_network(
        self, stage: str, start: float, end: float, *, with_held_out: bool = False
    ) -> RateNetwork:
        epochs = RATE_NETWORK_EPOCHS * self.work.epochs
        watch = self.progress.watch(stage, start, end, epochs=epochs)
        return train_rate_network(
            self.splits, epochs, next(self.seeds), with_held_out=with_held_out, observers=[watch]
        )

    def _watch(self, stage: str, start: float, end: float, n_networks: int = 1) -> Watch:
        return self.progress.watch(
            stage, start, end, epochs=self.work.epochs, n_networks=n_networks
        )


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
    train: Train,
    network: KernelMixture,
    work: Budget,
    seeds: Iterator[int],
    candidates: tuple[Candidate, ...],
) -> Choice:
    """Train the networks of the estimate on everything; one goes on from where it was compared."""
    if work.n_networks == 1:
        return _choice(training, (_go_on(training, train, network, work, next(seeds)),), candidates)
    networks = _start_anew(training, train, work, seeds)
    n_failed = work.n_networks - len(networks)
    if not n_failed:
        return _choice(training, networks, candidates)
    said = _say_failed(n_failed, work.n_networks)
    if networks:
        logger.info("%s", said)
        return replace(_choice(training, networks, candidates), notes=(said,))
    logger.warning("%s", said)
    compared = (_go_on(training, train, network, work, next(seeds)),)
    return replace(_choice(training, compared, candidates), warnings=(said,))


def _choice(
    training: MixtureTraining,
    networks: tuple[KernelMixture, ...],
    candidates: tuple[Candidate, ...],
) -> Choice:
    return Choice(Mixture(lasting(training.members), networks), candidates)


def _start_anew(
    training: MixtureTraining, train: Train, work: Budget, seeds: Iterator[int]
) -> tuple[KernelMixture, ...]:
    """Train several networks, at the same time where there are several threads.

    One that ends at a worse likelihood than where it started has failed, and is trained again with
    another seed; one that fails so each time is left out.
    """
    networks: list[KernelMixture] = []
    for _ in range(1 + REPEATED):
        drawn = [next(seeds) for _ in range(work.n_networks - len(networks))]
        starts = [training.start(each) for each in drawn]  # torch has one generator for weights
        trained = side_by_side(train, starts, [work.epochs] * len(drawn), drawn)
        pairs = zip(trained, starts, strict=True)
        networks += [each for each, start in pairs if training.loss(each) <= training.loss(start)]
    return tuple(networks)


def _go_on(
    training: MixtureTraining, train: Train, network: KernelMixture, work: Budget, seed: int
) -> KernelMixture:
    """Train a network a little more, at a lower rate; keep it as it is if that makes it worse."""
    last = max(work.epochs // 4, 1)
    again = train(network, last, seed, slower=3.0)
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
