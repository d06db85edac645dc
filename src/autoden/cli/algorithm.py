"""The verbs: ``autoden n2n``, ``autoden n2v`` ..., one for every algorithm of the registry.

A verb is made when it is used, from the signatures of its algorithm; what it takes beside these is
the same for all. It reads, prepares, trains, denoises and writes, in this order, and refuses what
would fail at the end before it trains.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from autoden.algorithms.registry import ALGORITHMS, Algorithm
from autoden.cli import EXIT_INTERRUPTED
from autoden.cli.destinations import Destination, TrainingDestination
from autoden.cli.estimates import Estimate
from autoden.cli.events import Plan
from autoden.cli.interface import Interface, flag_of, pick
from autoden.cli.manner import PLAIN, Manner
from autoden.cli.measurements import Measurement
from autoden.cli.options import NETWORK
from autoden.cli.plots import draw, parse_zooms
from autoden.cli.presets import ALWAYS, BY_DATA, NetworkChoice, choice_of, preset_of
from autoden.cli.readings import Reading, ReadingRepeats
from autoden.cli.record import NO_RECORD, Record, TakesRecord
from autoden.cli.run_report import NO_REPORT, NoReport, RunReport, before_of
from autoden.cli.signatures import parameters_of
from autoden.cli.sources import Sources
from autoden.cli.trained import PREPARATION, check_channels, load
from autoden.cli.watching import Epochs
from autoden.cli.wording import in_options
from autoden.errors import InputError
from autoden.io.provenance import with_provenance
from autoden.models.param_utils import get_num_parameters
from autoden.models.registry import describe
from autoden.training.settings import TrainingSettings

if TYPE_CHECKING:
    from autoden.algorithms.denoiser import Denoiser
    from autoden.signals import Signal
    from autoden.training import History

logger = logging.getLogger(__name__)

Files = Annotated[
    list[Path],
    Parameter(
        name="FILE",
        help="Measurements, such as CSV, TIFF, PNG or npy; several files of one size are repeats.",
    ),
]
LoadModel = Annotated[
    Path | None,
    Parameter(
        group=NETWORK,
        help="Go on training what --save-model saved: its network and its scaling of the data.",
    ),
]


def __getattr__(name: str) -> Callable[..., int]:
    """Make the verb of that name, which is when its algorithm, and torch, are imported."""
    if name not in ALGORITHMS:
        raise AttributeError(f"there is no algorithm {name!r}")
    return make_verb(ALGORITHMS[name])


def make_verb(
    algorithm: Algorithm, kind: type[Destination] = TrainingDestination
) -> Callable[..., int]:
    """Make a command for cyclopts; it is called with what was given and nothing else."""
    interface = Interface.of(algorithm.load())
    reading = Reading if interface.repeats == "none" else ReadingRepeats

    def verb(files: list[Path], **options: Any) -> int:
        common = {name: options.pop(name) for name in shared if name in options}
        with in_options(interface.names):
            return Run(algorithm, interface, files, options, **common)()

    verb.__name__ = algorithm.name

    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = {
        "destination": inspect.Parameter("destination", keyword, annotation=kind),
        "reading": inspect.Parameter("reading", keyword, default=reading(), annotation=reading),
        "network": inspect.Parameter(
            "network", keyword, default=NetworkChoice(), annotation=NetworkChoice
        ),
        "load_model": inspect.Parameter("load_model", keyword, default=None, annotation=LoadModel),
        "manner": inspect.Parameter("manner", keyword, default=PLAIN, annotation=Manner),
        "record": inspect.Parameter("record", keyword, default=NO_RECORD, annotation=TakesRecord),
    }
    sources = inspect.Parameter("files", inspect.Parameter.POSITIONAL_ONLY, annotation=Files)
    signature = inspect.Signature([sources, *shared.values(), *interface.parameters()])
    verb.__signature__ = signature  # type: ignore[attr-defined]
    verb.__annotations__ = {}  # those of the signature count
    return verb


@dataclass(frozen=True)
class Run:
    """One call of a verb.

    Attributes
    ----------
    algorithm, interface
        What is run.
    files : list of Path
        The measurements.
    given : dict
        Options of the algorithm, by the library's names; only what was given.
    destination, reading, network, load_model, manner, record
        What all verbs take.
    """

    algorithm: Algorithm
    interface: Interface
    files: list[Path]
    given: dict[str, Any]
    destination: Any
    reading: Reading = field(default_factory=Reading)
    network: NetworkChoice = field(default_factory=NetworkChoice)
    load_model: Path | None = None
    manner: Manner = PLAIN
    record: Record = NO_RECORD

    def __call__(self) -> int:
        """Read, prepare, train, denoise and write; give the exit code."""
        destination, interface = self.destination, self.interface
        others = {name: self.given[name] for name in interface.files if name in self.given}
        teller = self.manner.teller()
        teller.start(self.record.command, self.files)
        destination.check([*self.files, *chain.from_iterable(others.values())])
        self._check_keeps()
        self._check_folder()
        loaded = self._load()
        possible = self.algorithm.n_dims
        only = possible[0] if len(possible) == 1 else None
        sources = Sources.read(
            interface,
            self.files,
            others,
            self.reading,
            n_dims=only if loaded is None else loaded.n_dims,
            repeats=interface.repeats,
            trained=self.load_model,
        )
        measurement = sources.measurement
        if interface.fits and len(measurement.front) > 1:
            raise InputError(f"One estimate is made of all, but these are several: {measurement}.")
        if not self.manner.dry_run:  # the plan says it
            logger.info("%s.", measurement)
        zooms = parse_zooms(destination.zoom or [], measurement) if destination.plot else []

        denoiser = self._denoiser(sources, loaded)
        preparation = pick(interface.preparation, self.given)
        prepared = sources.prepare(denoiser, preparation)
        estimate = sources.estimate(denoiser)
        expected = estimate.zeros(prepared[0].shape, denoiser.n_channels_in)
        if destination.estimate is not None:
            destination.check_holds(expected)
        training, said = self._training(denoiser, loaded)
        found = {
            flag_of(name).strip("-").replace("-", "_"): value
            for name, value in training.items()
            if not isinstance(value, np.ndarray)
        }
        if loaded is None:
            network = denoiser.model
            found |= choice_of(describe(type(network).__name__, network.init_params))
        report = self._report(sources, prepared[0], estimate, said, found)
        if self.manner.dry_run:
            teller.plan(self._plan(measurement, expected, said, found))
            return 0
        logger.info("%s", said)
        step = self.record.step([*self.files, *chain.from_iterable(others.values())], found)
        kind: Any = interface.kind
        if "observers" in parameters_of(kind.train):
            training["observers"] = [Epochs(teller, training["epochs"])]
        losses = denoiser.train(*prepared, **training)
        teller.close()
        if destination.model is not None:
            defaults = {name: option.default for name, option in interface.preparation.items()}
            denoiser.settings[PREPARATION] = {**defaults, **preparation}
            denoiser.save(destination.model, overwrite=destination.force)
        if destination.estimate is not None:
            inferred = denoiser.infer(prepared[0])
            result = estimate.signal(inferred)
            destination.write(with_provenance(result, step))
            if destination.plot is not None:
                draw(destination.plot, measurement, result, zooms, overwrite=destination.force)
            report.write(inferred, losses)
        self.record.write(destination.output, found, step)
        logger.info("Wrote %s.", ", ".join(map(str, destination.files().values())))
        teller.result(destination.written(), found_of(losses), losses.stopped)
        return EXIT_INTERRUPTED if losses.stopped else 0

    def _report(
        self,
        sources: Sources,
        shown: NDArray[Any],
        estimate: Estimate,
        said: str,
        found: dict[str, Any],
    ) -> NoReport:
        """Get the report ready, as far as it is known before the training."""
        destination, measurement = self.destination, sources.measurement
        if destination.report is None:
            return NO_REPORT
        before = before_of(self.interface, measurement, shown, estimate)
        settings = self.record.resolved(destination.output, found)
        return RunReport(
            destination.report, measurement, before, self.files, said, settings,
            overwrite=destination.force,
        )  # fmt: skip

    def _check_keeps(self) -> None:
        """Refuse to train a model that nothing could be denoised with."""
        if self.interface.fits and self.destination.estimate is None:
            raise InputError(
                f"{self.algorithm.name} fits a network to one measurement, which denoises nothing "
                f"else: there is nothing to train for. Use autoden {self.algorithm.name}."
            )

    def _plan(
        self, measurement: Measurement, expected: Signal, said: str, found: dict[str, Any]
    ) -> Plan:
        """Say what would be done."""
        destination = self.destination
        does = [f"Would train {said}"]
        if destination.estimate is not None:
            does.append(f"Would give {expected}.")
        return Plan(
            [f"Read {measurement}."],
            does,
            {what: str(path) for what, path in destination.written().items()},
            self.record.resolved(destination.output, found),
        )

    def _check_folder(self) -> None:
        """Refuse a folder that keeps the weights of another training."""
        folder = self.given.get("save_epochs_dir")
        if folder is not None and (folder / "weights").exists() and not self.destination.force:
            raise InputError(
                f"{folder} keeps the weights of an earlier training: choose another "
                "--save-epochs-dir, or allow them to be replaced with --force."
            )

    def _load(self) -> Denoiser | None:
        """Load the denoiser to go on with, if there is one."""
        if self.load_model is None:
            return None
        if self.network != NetworkChoice():
            raise InputError(
                f"{self.load_model} has a network already: leave out --model, --features and "
                "--layers, or --load-model."
            )
        name, loaded = load(self.load_model, device=self.given.get("device"), verbose=False)
        if name != self.algorithm.name:
            raise InputError(
                f"{self.load_model} was trained by {name}, not by {self.algorithm.name}: go on "
                f"with autoden {name}."
            )
        logger.info("Going on with %s.", self.load_model)
        return loaded

    def _denoiser(self, sources: Sources, loaded: Denoiser | None) -> Any:
        """Make the denoiser: with a new network, or with that of the one loaded."""
        kind: Any = self.interface.kind
        own = pick(self.interface.constructor, self.given)
        if "seed" in self.interface.constructor:
            own.setdefault("seed", ALWAYS["seed"])
        quiet = self.manner.quiet
        n_dims = sources.measurement.n_dims
        own = {**preset_of(self.algorithm.name, n_dims).making, **own}
        if loaded is None or self.load_model is None:
            params = self.network.params(
                n_dims, sources.n_channels_in, sources.n_channels_out, self.algorithm.name
            )
            return kind(params, verbose=not quiet, **own)
        check_channels(sources, loaded, self.load_model)
        settings = loaded.settings or {}
        saved = {name: settings[name] for name in kind.saved_options if name in settings}
        return kind(
            loaded.model,
            data_scale_bias=loaded.data_scale_bias,
            verbose=not quiet,
            **{**saved, **own},
        )

    def _training(self, denoiser: Denoiser, loaded: Denoiser | None) -> tuple[dict[str, Any], str]:
        """Collect what `train` is given, and put it into words."""
        defaults = {**ALWAYS, **preset_of(self.algorithm.name, denoiser.n_dims).training}
        if loaded is not None and loaded.lower_limit is not None:
            defaults["lower_limit"] = loaded.lower_limit
        known = self.interface.training
        settings = {name: value for name, value in defaults.items() if name in known}
        settings |= pick(known, self.given)
        plain = {each.name for each in fields(TrainingSettings)} & set(settings)
        TrainingSettings(**{name: settings[name] for name in plain})  # refuses what it would
        said = (f"{name.replace('_', ' ')} {settings[name]}" for name in BY_DATA if name in known)
        n_parameters = get_num_parameters(denoiser.model)
        network = f"{type(denoiser.model).__name__} with {n_parameters} parameters"
        return settings, f"{self.algorithm.name}: {network}, {', '.join(said)}."


def found_of(losses: History) -> dict[str, Any]:
    """Say in numbers how a training went."""
    return {
        "epochs": len(losses.records),
        "best_epoch": losses.best_epoch,
        "best_held_out": losses.best_held_out,
    }
