"""``autoden infer``: denoise data of the same kind with what was trained before.

Here is what denoisers do; methods of ``autoden denoise`` are applied in `method`.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from numpy.typing import NDArray

from autoden.algorithms.registry import ALGORITHMS
from autoden.cli.denoise import Exposure
from autoden.cli.destinations import ReportDestination
from autoden.cli.events import Plan
from autoden.cli.interface import WORDS, Interface, flag_of
from autoden.cli.manner import PLAIN, Manner
from autoden.cli.method import apply_method, is_method
from autoden.cli.options import DATA, Flag
from autoden.cli.readings import ReadingRepeats
from autoden.cli.record import NO_RECORD, TakesRecord
from autoden.cli.signatures import Option
from autoden.cli.sources import SHOWN, WANTED, Sources
from autoden.cli.trained import PREPARATION, check_channels, load
from autoden.cli.wording import in_options
from autoden.errors import InputError
from autoden.io.provenance import with_provenance

logger = logging.getLogger(__name__)

Model = Annotated[Path, Parameter(help="What --save-model saved.")]
Files = Annotated[list[Path], Parameter(name="FILE", help="Data like those it was trained on.")]
Device = Annotated[str | None, Parameter(group=DATA, help=WORDS["device"])]
BatchSize = Annotated[int | None, Parameter(group=DATA, help=WORDS["batch_size"])]
Each = Annotated[
    Flag, Parameter(group=DATA, help="Denoise every repeat by itself rather than average them.")
]


AS_NAMED = ReadingRepeats()


def __getattr__(name: str) -> Callable[..., int]:
    """Make the command when it is used, which is when the algorithms, and torch, are imported."""
    if name != "infer":
        raise AttributeError(f"there is no {name!r} here")
    files: dict[str, Option] = {}
    for algorithm in ALGORITHMS.values():
        files |= Interface.of(algorithm.load()).files
    beside = [o for name, o in files.items() if name not in (SHOWN, WANTED)]
    signature = inspect.signature(denoise, eval_str=True)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]

    def infer(*arguments: Any, **options: Any) -> int:
        with in_options(files):
            return denoise(*arguments, **options)

    more = [option.optional().as_parameter(flag_of(option.name), DATA) for option in beside]
    infer.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
    return infer


def denoise(
    model: Model,
    files: Files,
    /,
    *,
    destination: ReportDestination,
    reading: ReadingRepeats = AS_NAMED,
    exposure: Exposure = None,
    device: Device = None,
    batch_size: BatchSize = None,
    each: Each = False,
    manner: Manner = PLAIN,
    record: TakesRecord = NO_RECORD,
    **others: list[Path],
) -> int:
    """Load what was trained, read data of the kind that it was trained on, and denoise them."""
    teller = manner.teller()
    teller.start(record.command, [model, *files])
    destination.check([model, *files, *chain.from_iterable(others.values())])
    if is_method(model):
        _check_options(model, "a method of autoden denoise", device=device, batch_size=batch_size,
                       each=each, **others)  # fmt: skip
        return apply_method(
            model, files, destination, reading, exposure, teller=teller, record=record,
            is_quiet=manner.quiet, is_dry=manner.dry_run,
        )  # fmt: skip
    name, denoiser = load(model, device=device, batch_size=batch_size, verbose=False)
    interface = Interface.of(type(denoiser))
    _check_options(model, f"a denoiser of {name}", exposure=exposure, report=destination.report)
    _check_can_infer(f"{model} was trained by {name}", interface, others)
    takes_repeats = interface.repeats != "none"
    sources = Sources.read(
        interface,
        files,
        others,
        reading,
        n_dims=denoiser.n_dims,
        repeats="possible" if takes_repeats else "none",
        trained=model,
    )
    measurement = sources.measurement
    if not manner.dry_run:  # the plan says it
        logger.info("%s.", measurement)
    check_channels(sources, denoiser, model)
    each = each and takes_repeats
    averages = interface.averages and not each
    averages = averages and (measurement.repeats is not None or interface.makes_images)
    shown = measurement.data if each else _shown(sources, denoiser)
    estimate = sources.estimate(denoiser, averages=averages)
    destination.check_holds(estimate.zeros(shown.shape, denoiser.n_channels_in))
    if manner.dry_run:
        expected = estimate.zeros(shown.shape, denoiser.n_channels_in)
        teller.plan(
            Plan(
                [f"Read {model} and {measurement}."],
                [f"Would denoise by {name}, and give {expected}."],
                {what: str(path) for what, path in destination.written().items()},
                record.resolved(destination.output, {}),
            )
        )
        return 0
    step = record.step([model, *files, *chain.from_iterable(others.values())])
    result = denoiser.infer(shown, **({"average_splits": False} if each else {}))
    destination.write(with_provenance(estimate.signal(result), step))
    record.write(destination.output, {}, step)
    logger.info("Wrote %s.", destination.output)
    teller.result(destination.written())
    return 0


def _check_options(model: Path, what: str, **options: Any) -> None:
    """Refuse options that mean nothing for this kind of model."""
    given = [flag_of(name) for name, value in options.items() if value not in (None, False)]
    if given:
        taken = "they mean" if len(given) > 1 else "it means"
        raise InputError(
            f"{model} is {what}, for which {taken} nothing: leave out {', '.join(given)}."
        )


def _check_can_infer(what: str, interface: Interface, others: Mapping[str, Any]) -> None:
    """Refuse models and files that do not go together."""
    if interface.fits:
        raise InputError(
            f"{what}, which fits a network to one measurement: it denoises nothing else. Run "
            "the algorithm on the new data."
        )
    wanted = [name for name in interface.files if name not in (SHOWN, WANTED)]
    for name in others:
        if name not in wanted:
            raise InputError(f"{what}, which takes no {flag_of(name)}: leave it out.")
    for name in wanted:
        if name not in others and interface.files[name].is_required:
            raise InputError(f"{what}, which needs {flag_of(name)}, too: give that file.")


def _shown(sources: Sources, denoiser: Any) -> NDArray[Any]:
    """Give what the network is shown: measurements, or what is made of them as in its training."""
    interface, measurement = sources.interface, sources.measurement
    n_repeats = 1
    if measurement.repeats is not None:
        n_repeats = measurement.signal.shape[measurement.repeats_position]
    if n_repeats < 2 and not interface.makes_images:
        return measurement.data
    stored = (denoiser.settings or {}).get(PREPARATION, {})
    options = {name: stored[name] for name in interface.preparation if name in stored}
    shown: NDArray[Any] = sources.prepare(denoiser, options)[0]
    return shown
