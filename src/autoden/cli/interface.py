"""An algorithm as the command line sees it: what it takes from which of its functions.

All of it is read from the class, so that an algorithm that is new, or an option that it gets, is
on the command line without an edit here. What is written down are better names and words for
parameters that the library explains in terms of arrays.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from autoden.cli.options import DATA, TRAINING
from autoden.cli.presets import ALWAYS, BY_DATA
from autoden.cli.readings import Repeats
from autoden.cli.signatures import Option, options_of, parameters_of

if TYPE_CHECKING:
    from autoden.algorithms.denoiser import Denoiser


FLAGS = {"num_tst_ratio": "--held-out"}
"""Names of options that are not the parameter's own."""

_AXES = ("channel_axis", "realizations_axis")

ELSEWHERE = ("model", "verbose", "shape", *_AXES)
"""Parameters that the command line sets from options of its own; `shape` needs an operator."""

WORDS = {
    "angles": "File of the angles of the projections in radians, covering half turns evenly.",
    "augmentation": "Other views of the data while training: flip, rot90, rot45 or rot_any; "
    "repeat the option for several.",
    "axis": "Where the axis of rotation meets the detector, in pixels from its first one; the "
    "middle if not given.",
    "batch_size": "Measurements per step and per call of the network; all at once if not given.",
    "device": "Where to compute, such as cpu or cuda; the GPU if there is one.",
    "inp": "File with the input of the network, instead of random numbers.",
    "lower_limit": "Smallest value the result may have; 0 for counts.",
    "mask_shape": "Extent in pixels of what is hidden together, one odd number or one per axis: 1 "
    "for noise that is independent from pixel to pixel, 1 9 for noise that is correlated over up "
    "to 4 pixels along the last of two axes.",
    "num_tst_ratio": "Share that is held out to choose the best weights, from 0 to below 1.",
    "patch_size": "Train on random windows of this size, one number or one per axis.",
    "compile": "Train as compiled code, where this machine can compile.",
    "mixed_precision": "Train in bfloat16, all but weights, loss and optimizer; the result is "
    "computed in float32.",
    "reg_val": "Weight of a total variation that smooths the result.",
    "replacement": "What takes the place of a hidden pixel: a random neighbour, the median of the "
    "surroundings, or random numbers; the variant chooses if not given.",
    "restarts": "Cycles of the learning rate, which falls along half a cosine in each; none "
    "keeps it.",
    "save_epochs_dir": "Folder that keeps the weights of every epoch.",
    "save_every": "Keep every so manieth epoch only.",
    "seed": "Same seed, same machine, same result.",
    "tgt": "File of the clean measurements, or of a single one that serves all.",
}
"""What options are, where the library speaks to programmers."""

_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_SEE_BELOW = "[default: see below]"


@dataclass(frozen=True)
class Interface:
    """What an algorithm takes from a command line.

    Attributes
    ----------
    kind : type
        Its class.
    constructor, preparation, training : mapping of str to Option
        What its constructor, `prepare_data` and `train` take, but for arrays.
    files : mapping of str to Option
        Arrays that `prepare_data` takes beside the measurements.
    measurements : str
        What `prepare_data` calls these: "inp" are shown to the network, "tgt" is what it is fitted
        to, from anything else images are made first.
    axes : tuple of str
        Which of its parameters name axes.
    averages : bool
        Whether `infer` averages over an axis.
    """

    kind: type[Denoiser]
    constructor: Mapping[str, Option]
    preparation: Mapping[str, Option]
    training: Mapping[str, Option]
    files: Mapping[str, Option]
    measurements: str
    axes: tuple[str, ...]
    averages: bool

    @classmethod
    def of(cls, kind: type[Denoiser]) -> Interface:
        """Read the interface of an algorithm from its class."""
        function: Any = kind  # each algorithm's own `prepare_data` and `train`
        takes, trains = (parameters_of(f) for f in (function.prepare_data, function.train))
        measurements = next(iter(takes))
        preparing = _for_command_line(options_of(function.prepare_data))
        training = _for_command_line(options_of(function.train))
        return cls(
            kind,
            _for_command_line(_constructor_options(kind)),
            {name: o for name, o in preparing.items() if not o.is_file},
            {name: o for name, o in training.items() if trains[name].kind is _KEYWORD},
            {name: o for name, o in preparing.items() if o.is_file and name != measurements},
            measurements,
            tuple(name for name in takes if name in _AXES),
            "average_splits" in parameters_of(kind.infer),
        )

    @property
    def repeats(self) -> Repeats:
        """Whether one axis of the measurements counts repeats."""
        if "realizations_axis" in self.axes:
            return "needed"
        return "possible" if self.fits else "none"

    @property
    def names(self) -> list[str]:
        """The library's names of all options."""
        return [*self.files, *self.preparation, *self.training, *self.constructor]

    @property
    def fits(self) -> bool:
        """Whether the network is fitted to the very measurements, and denoises nothing else."""
        return self.measurements == "tgt"

    @property
    def makes_images(self) -> bool:
        """Whether the measurements are something else than what is denoised."""
        return self.measurements not in ("inp", "tgt")

    def parameters(self) -> list[inspect.Parameter]:
        """Make the parameters of a command, for cyclopts."""
        data = {**self.files, **self.preparation}
        training = {**self.training, **self.constructor}
        return [
            *(option.as_parameter(flag_of(name), DATA) for name, option in data.items()),
            *(option.as_parameter(flag_of(name), TRAINING) for name, option in training.items()),
        ]


def flag_of(parameter: str) -> str:
    """Name the option for a parameter.

    Examples
    --------
    >>> flag_of("learning_rate"), flag_of("num_tst_ratio")
    ('--learning-rate', '--held-out')
    """
    return FLAGS.get(parameter, f"--{parameter.replace('_', '-')}")


def pick(options: Mapping[str, Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """Take the values of some options from all that a command line gave."""
    return {name: option.value(given[name]) for name, option in options.items() if name in given}


def _constructor_options(kind: type[Denoiser]) -> dict[str, Option]:
    """Find the options of a constructor that hands on what it does not know."""
    found: dict[str, Option] = {}
    for cls in kind.__mro__:
        constructor = vars(cls).get("__init__")
        if constructor is not None:
            found = {**options_of(constructor, cls), **found}
            parameters = inspect.signature(constructor).parameters.values()
            if all(p.kind is not p.VAR_KEYWORD for p in parameters):
                break
    return found


def _for_command_line(options: Mapping[str, Option]) -> dict[str, Option]:
    """Leave out what has options of its own, and put in the words and defaults of this side."""
    found = {}
    for name, option in options.items():
        if name in ELSEWHERE:
            continue
        option = replace(
            option, help=WORDS.get(name, option.help), default=ALWAYS.get(name, option.default)
        )
        if name in BY_DATA:
            option = replace(option.optional(), help=f"{option.help} {_SEE_BELOW}")
        found[name] = option
    return found
