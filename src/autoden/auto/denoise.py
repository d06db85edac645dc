"""One call from measured spectra to an estimate that says how good it is.

The measurement is split into independent parts; filters and networks learn on some and are
compared on others; the best is trained on everything; replicas of its estimate tell the error.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np

from autoden.auto.budget import BUDGETS, Budget, BudgetName
from autoden.auto.measurement import Measurement, read_measurement
from autoden.auto.members import find_members
from autoden.auto.method import Filter, Method
from autoden.auto.mixture import LEARNING_RATE, Mixture, MixtureTraining
from autoden.auto.rate_network import train_rate_network
from autoden.auto.reference import score_by
from autoden.auto.repair import repair
from autoden.auto.result import Result
from autoden.auto.selection import Candidate, compare_methods
from autoden.auto.splits import Splits
from autoden.auto.trained import Trained
from autoden.baselines.mean import Mean
from autoden.baselines.registry import families
from autoden.baselines.tuning import Tuned, tune
from autoden.checks import choice, seed_or_none
from autoden.errors import InputError
from autoden.models.kernel_mixture import KernelMixture
from autoden.noise.choice import NoiseName, choose_noise
from autoden.noise.poisson import Poisson
from autoden.randomness import numpy_generator

N_DIMS = 1
REPEATED = 2
"""So often a training that ended badly is repeated with another seed."""


def denoise(
    data: Any,
    *,
    axes: str | None = None,
    n_dims: int | None = None,
    noise: NoiseName = "auto",
    exposure: Any = None,
    budget: BudgetName = "balanced",
    reference: Any = None,
    seed: int | None = 0,
) -> Result:
    """Remove the noise from measured spectra, and say how well that went.

    Parameters
    ----------
    data : array_like, path, Signal, or list of them
        One spectrum, repeats of one, or a list of spectra of one set-up; raw counts are best. See
        `autoden.auto.read_measurement` for how axes are read. Never written to.
    axes : str, optional
        One letter per axis: R (repeats), S (samples), E (energy or whatever runs along a spectrum).
    n_dims : int, optional
        1: the last axis is the spectrum, one more in front counts repeats.
    noise : {"auto", "poisson", "gaussian", "unknown"}
        What the noise is; "auto" decides by tests of the data and says so in `Result.notes`.
        "unknown" needs repeats.
    exposure : array_like, optional
        Live time or dose of each repeat, in any unit.
    budget : {"balanced", "fast", "best"}
        How much work to do for a better estimate.
    reference : like `data`, optional
        Acquisitions of the same kind for scoring only, in ``Result.quality["reference"]``; neither
        training nor selection sees them.
    seed : int or None
        The same seed gives the same result on the same machine; None follows the global state.

    Returns
    -------
    Result
        Estimate and uncertainty in the units of one (mean) acquisition, method, candidates,
        quality, warnings.

    Raises
    ------
    InputError
        Data that cannot be read in one way only, or that do not fit the noise model; settings
        outside their range. All before any training.

    Notes
    -----
    Candidates are the classical filters of `autoden.baselines`, tuned on the data; a mixture of
    filters chosen channel by channel by a network (`autoden.models.kernel_mixture`); and, unless
    the budget is "fast", a DnCNN. All see one part of the counts and are compared on another in
    channels on which none was trained. If none is better than the mean, the mean is returned.

    Examples
    --------
    >>> import autoden as ad
    >>> spectra = ad.datasets.xrf_spectra(4, n_channels=1024, seed=0)
    >>> result = ad.denoise(spectra.counts, axes="RE", budget="fast")
    >>> result.estimate.shape, result.warnings
    ((1024,), [])
    >>> error = np.mean((result.estimate - spectra.truth) ** 2)
    >>> bool(error < np.mean((spectra.counts.mean(axis=0) - spectra.truth) ** 2) / 5)
    True
    """
    choice("noise", noise, get_args(NoiseName))
    work = BUDGETS[choice("budget", budget, BUDGETS)]
    seed_or_none(seed)
    start = time.perf_counter()
    measurement = read_measurement(data, axes=axes, n_dims=n_dims, exposure=exposure)
    held = None if reference is None else _read_reference(reference, measurement, axes, n_dims)
    verdict = choose_noise(measurement.samples, noise)
    repaired = repair(measurement, verdict.noise)
    if len(repaired.warnings):  # what was found may have misled the choice
        verdict = choose_noise(repaired.measured, noise)
    rng = numpy_generator(seed, "splits")
    splits = Splits.draw(repaired.samples, verdict.noise, work.n_splits, rng)
    method, candidates = _choose(splits, work, seed)
    settings = {"noise": verdict.noise.describe(), "budget": budget, "seed": seed}
    trained = Trained(method, verdict.noise, tuple(candidates), work.n_replicas, seed, settings)
    result = trained.result(
        measurement,
        repaired.samples,
        notes=[*measurement.notes, verdict.sentence],
        warnings=[*verdict.warnings, *repaired.warnings],
        splits=splits.first(work.n_tuning_splits),
    )
    result = result if held is None else score_by(held, result)
    return result.timed(time.perf_counter() - start)


def apply(
    result: Result,
    other: Any,
    *,
    axes: str | None = None,
    n_dims: int | None = None,
    exposure: Any = None,
) -> Result:
    """Denoise another measurement by the method of a result; see `Result.apply`."""
    start = time.perf_counter()
    measurement = read_measurement(other, axes=axes, n_dims=n_dims, exposure=exposure)
    result.measurement.check_same_setup(measurement)
    trained = result.trained
    sentence = f"Using {trained.noise.describe()}, as before."
    warnings: tuple[str, ...] = ()
    if isinstance(trained.noise, Poisson):
        verdict = choose_noise(measurement.samples, "poisson")
        sentence, warnings = verdict.sentence, verdict.warnings
    repaired = repair(measurement, trained.noise)
    return trained.result(
        measurement,
        repaired.samples,
        notes=[*measurement.notes, sentence],
        warnings=[*warnings, *repaired.warnings],
    ).timed(time.perf_counter() - start)


def _choose(splits: Splits, work: Budget, seed: int | None) -> tuple[Method, list[Candidate]]:
    """Train all candidates on parts, compare them on others, train the best on everything."""
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
        methods.append(train_rate_network(splits, 3 * work.epochs, next(seeds)))
    candidates = compare_methods(methods, splits, preferred=mixture)
    chosen = next(i for i, candidate in enumerate(candidates) if candidate.chosen)
    if chosen == 0:
        return Filter(Mean(), splits.noise), candidates
    method = methods[chosen - 1]
    if isinstance(method, Mixture):
        networks = _refit(training, network, work, seeds)
        return Mixture(members, networks), candidates
    return method, candidates


def _tune(splits: Splits) -> dict[str, Tuned]:
    """Let every family of filters choose its parameters; the mean has none."""
    names = [name for name in families(N_DIMS) if name != Mean.name]
    return {name: tune(name, splits.pairs, splits.noise) for name in names}


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
        return (training.train(network, last, next(seeds), learning_rate=rate),)
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


def _read_reference(
    reference: Any, measurement: Measurement, axes: str | None, n_dims: int | None
) -> Measurement:
    """Read the acquisitions to score by: as the data, or as repeats of a spectrum."""
    is_list = isinstance(reference, list | tuple)
    n_axes = {np.ndim(each) + is_list for each in (reference if is_list else [reference])}
    has_axes = axes is not None and n_axes <= {len(axes), len(axes) + is_list}
    given = {"axes": axes} if has_axes else {"n_dims": n_dims or N_DIMS}
    is_array = isinstance(reference, np.ndarray)
    held = read_measurement(reference, **given if is_array or has_axes else {})
    measurement.check_same_setup(held)
    if held.n_samples != measurement.n_samples:
        raise InputError(
            f"`reference` holds {held.n_samples} sample(s), the data {measurement.n_samples}: give "
            "acquisitions of the same samples."
        )
    return held
