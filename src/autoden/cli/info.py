"""``autoden info``: what is in a file, and what autoden takes it for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from cyclopts import Parameter

from autoden.cli.axes import Axes, named
from autoden.cli.files import AS_IT_IS, ReadOptions, name_of, read_all
from autoden.cli.manner import PLAIN, Manner
from autoden.cli.measurements import Measurement
from autoden.cli.method import is_method
from autoden.cli.presets import SPACES
from autoden.cli.readings import Reading, arrange
from autoden.cli.record import NO_RECORD, TakesRecord
from autoden.cli.wording import in_options
from autoden.errors import InputError
from autoden.io.provenance import PROVENANCE
from autoden.signals.values import say_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from autoden.signals import Signal

Files = Annotated[
    list[Path],
    Parameter(
        name="FILE", help="The file to look at; several files of data are repeats, as elsewhere."
    ),
]
COUNTED = {1: ("exposure", "channels"), 2: ("image", "pixels"), 3: ("volume", "voxels")}
NO_READING = Reading()
MODEL_SUFFIXES = (".safetensors", ".pt")


def info(
    files: Files,
    /,
    *,
    reading: ReadOptions = AS_IT_IS,
    axes: Axes = None,
    manner: Manner = PLAIN,
    record: TakesRecord = NO_RECORD,
) -> None:
    """Show what is in a file of data, or in one of a trained model, and what was assumed."""
    teller = manner.teller()
    teller.start(record.command, files)
    logging.getLogger().setLevel(logging.ERROR)  # what reading says is shown below
    found: dict[str, Any] = {}
    with in_options():
        if len(files) == 1 and files[0].suffix.lower() in MODEL_SUFFIXES:
            lines = describe_model(files[0])
        else:
            name = name_of(files)
            signal = named(read_all(files, reading), name, axes)
            lines = describe_data(name, signal, Reading(axes=axes))
            found = numbers_of(signal)
    teller.show(["\n  ".join(lines)])
    teller.result({}, {"said": lines, **found})


def numbers_of(signal: Signal) -> dict[str, Any]:
    """Say in numbers what was read, for programs."""
    axes = [
        {
            "name": axis.name,
            "unit": axis.unit,
            "length": length,
            "first": None if axis.values is None else axis.values[0],
            "last": None if axis.values is None else axis.values[-1],
        }
        for axis, length in zip(signal.axes, signal.shape, strict=True)
    ]
    return {"shape": signal.shape, "dtype": str(signal.dtype), "axes": axes}


def describe_data(name: str, signal: Signal, reading: Reading = NO_READING) -> list[str]:
    """Say what was read: shape and axes, what they are taken for, and what the numbers are like."""
    lines = [f"{name}: {signal}"]
    for name in ("layout", "overflow_bin", "assumed"):
        said = describe(signal.metadata.get(name, []))
        lines += [f"{name.replace('_', ' ')}: {line}" for line in said]
    lines += [f"made by: {each}" for each in describe_steps(signal.metadata.get(PROVENANCE))]
    try:
        measurement = arrange(signal, name, reading)
    except InputError as error:
        return [*lines, str(error), *describe_values(np.asarray(signal))]
    lines += [f"taken for: {measurement.say()}", *describe_values(measurement.data)]
    return lines + describe_counts(measurement)


def describe_steps(steps: Any) -> list[str]:
    """Say what was done to the data, as far as their metadata tell."""
    said = []
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, Mapping):
            inputs = step.get("inputs", [])
            names = [each.get("name") for each in inputs if isinstance(each, Mapping)]
            of = f" of {', '.join(map(str, names))}" if names else ""
            said.append(f"{step.get('program')} {step.get('version')}, {step.get('method')}{of}")
    return said


def describe_values(data: NDArray[Any]) -> list[str]:
    """Say what the numbers are like."""
    finite = np.isfinite(data)
    bad = [] if finite.all() else [f"NaN or infinite: {np.count_nonzero(~finite)} values"]
    if not finite.any():
        return bad
    if np.iscomplexobj(data):
        return [f"largest magnitude {np.abs(data[finite]).max():g}", *bad]
    return [f"smallest {data[finite].min():g}, largest {data[finite].max():g}", *bad]


def describe_counts(measurement: Measurement) -> list[str]:
    """Say how many counts there are, where the numbers may be counts."""
    data = measurement.data
    if not np.issubdtype(data.dtype, np.integer) or data.min() < 0:
        return []
    n_front = len(measurement.front)
    totals = data.sum(axis=tuple(range(n_front, data.ndim)), dtype=np.float64)
    per, elements = COUNTED[measurement.n_dims]
    return [
        f"counts per {per}: mean {totals.mean():.0f}, from {totals.min():.0f} to "
        f"{totals.max():.0f}",
        f"empty {elements}: {100 * np.mean(data == 0):.0f} %",
    ]


def describe_model(file: Path) -> list[str]:
    """Say what a file of a trained model holds."""
    if is_method(file):
        return describe_method(file)
    from autoden.models.io import read_model
    from autoden.models.param_utils import get_num_parameters
    from autoden.models.registry import class_name

    saved = read_model(file)
    denoiser = saved.denoiser
    lines = [
        f"{file}: {class_name(type(saved.params))} with "
        f"{get_num_parameters(saved.get_model('cpu'))} parameters",
        *(f"network: {line}" for line in describe(vars(saved.params))),
    ]
    if denoiser is None:
        return [*lines, f"epoch: {saved.epoch}", "a network alone, without a denoiser"]
    kind = SPACES[denoiser.n_dims][1]
    takes, gives = (
        say_number(n, "channel") for n in (denoiser.n_channels_in, denoiser.n_channels_out)
    )
    scaling = {} if denoiser.scaling is None else vars(denoiser.scaling)
    lines.append(f"algorithm: {denoiser.algorithm}, for {kind} of {takes}, gives {gives}")
    for name, values in (("scaling", scaling), ("trained with", denoiser.settings)):
        lines += [f"{name}: {line}" for line in describe(values)]
    limits = saved.arrays.get("lower_limit")
    return lines if limits is None else [*lines, f"lower limit: {np.min(limits):g}"]


def describe_method(file: Path) -> list[str]:
    """Say what a file of a method of ``autoden denoise`` holds."""
    from autoden.auto.files.trained_files import read_trained
    from autoden.cli.verdict import candidates

    trained, setup = read_trained(file)
    kind = SPACES[setup.n_dims][1]
    said = say_number(setup.n_channels, "channel")
    axis = "" if setup.axis is None else f" along {setup.axis.name}"
    return [
        f"{file}: {trained.method.name}, {trained.method.describe()}",
        f"a method of autoden denoise, for {kind} of {said}{axis}",
        f"noise: {trained.noise.describe()}",
        *(f"trained with: {line}" for line in describe(trained.settings)),
        *candidates(trained.candidates),
    ]


def describe(value: Any) -> list[str]:
    """Say a value of the metadata in lines of text."""
    if isinstance(value, Mapping):
        return [", ".join(f"{key.replace('_', ' ')} {_short(v)}" for key, v in value.items())]
    return [str(item) for item in (value if isinstance(value, list | tuple) else [value])]


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({', '.join(describe(value))})"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
