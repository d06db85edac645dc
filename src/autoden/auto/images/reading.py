"""Images and volumes as users give them, in one order: samples, repeats, channels, space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.auto.axes import MIN_CHANNELS, OPEN, is_unnamed, say_image_sizes
from autoden.auto.images.gaps import fill_repeats, refuse_copies, refuse_equal_channels
from autoden.auto.images.measurement import ORDER, ImageMeasurement, Mask
from autoden.auto.live_times import live_times
from autoden.auto.repeatability import repeats_agree
from autoden.auto.spectra.acquisitions import Acquisition
from autoden.errors import InputError
from autoden.noise.exposures import Exposures, check_size
from autoden.signals import Axis

Floats = NDArray[np.float64]

LEAST_PIXELS = MIN_CHANNELS
"""Elements along an axis below which nothing tells an image from its noise."""

_NAMES = {"S": "sample", "C": "channel", "Z": "z", "Y": "y", "X": "x"}


@dataclass(frozen=True, eq=False)
class _Part:
    """One thing that the user gave: values in the order (S, R, C, *S), and its axes."""

    name: str
    letters: str
    values: Floats
    axes: tuple[Axis, ...]


def read_images(
    given: Sequence[Acquisition],
    letters: Sequence[str],
    *,
    is_list: bool,
    is_said: bool,
    exposure: Any = None,
) -> ImageMeasurement:
    """Read images or volumes, and say what was assumed about them.

    Parameters
    ----------
    given : sequence of Acquisition
        Real numbers; NaN where nothing was measured.
    letters : sequence of str
        Of each, one per axis, as `autoden.auto.axes.letters_of` gives them.
    is_list : bool
        Whether they are the elements of a list, each one sample.
    is_said : bool
        Whether the user said what the axes are.
    exposure : array_like, sequence of array_like, or None
        Live time or dose of each repeat; see `live_times`.

    Raises
    ------
    InputError
        Images that are too small, of different sizes, without any value, the same everywhere; or
        pages that nothing names and that do not agree as repeats.
    """
    parts = [_arrange(*pair, is_list) for pair in zip(given, letters, strict=True)]
    _check_alike(parts)
    finite = [np.where(np.isnan(part.values), 0, part.values) for part in parts]
    check_size(finite, parts[0].name)
    owners = [(part, values) for part in parts for values in part.values]
    times = live_times(exposure, [len(values) for _, values in owners])
    samples, missing = [], []
    said: list[str] = []
    for (part, values), durations in zip(owners, times, strict=True):
        filled = fill_repeats(values, part.name)
        sample = Exposures(filled.repeats, durations[filled.kept])
        refuse_copies(sample, part.name)
        refuse_equal_channels(sample, part.name)
        if OPEN in part.letters and not _agree(sample):
            raise InputError(_say_disagreement(part))
        samples.append(sample)
        missing.append(filled.missing)
        said += filled.notes
    own, axes = parts[0].letters, parts[0].axes
    if is_list:
        own, axes = "S" + own, (Axis("sample"), *axes)
    pairs = [(x, axis) for x, axis in zip(own, axes, strict=True) if x not in ("R", OPEN)]
    notes = [_say_reading(parts, is_list), *_say_list(parts, is_list, is_said), *_say_open(parts)]
    notes += [*_say_missing(missing), *dict.fromkeys(said)]
    return ImageMeasurement(
        tuple(samples),
        tuple(missing),
        "".join(letter for letter, _ in pairs),
        tuple(_named(letter, axis) for letter, axis in pairs),
        given[0].signal.metadata,
        (*notes, *_say_assumed(given)),
        tuple(each.path for each in given if each.path is not None),
    )


def _arrange(given: Acquisition, letters: str, is_element: bool) -> _Part:
    """Bring one acquisition into order, as a copy."""
    if is_element and "S" in letters:
        raise InputError(
            f"{given.name} has the axes {letters}, but each element of a list is one sample: give "
            "an array of its own for each of its samples."
        )
    if given.signal.data.dtype == np.bool_:
        raise InputError(
            f"{given.name} holds truth values, which have no noise: give the measured values."
        )
    plain = letters.replace(OPEN, "R")
    inner = [letter for letter in f"SR{ORDER[1:]}" if letter in plain]
    values = given.signal.data.transpose([plain.index(letter) for letter in inner])
    sizes = dict(zip(inner, values.shape, strict=True))
    space = [sizes[letter] for letter in ORDER[2:] if letter in sizes]
    if min(space) < LEAST_PIXELS:
        raise InputError(
            f"{given.name} holds {say_image_sizes(sizes)} (axes {plain}): give at least "
            f"{LEAST_PIXELS} elements along each axis of space, or `axes` if these are others, "
            "such as axes='YXC' for colours."
        )
    front = [sizes.get(letter, 1) for letter in "SRC"]
    ordered = values.astype(np.float64, order="C").reshape(*front, *space)
    if np.isinf(ordered).any():
        raise InputError(
            f"{given.name} holds {int(np.isinf(ordered).sum())} infinite values: put NaN where "
            "nothing was measured."
        )
    return _Part(given.name, letters, ordered, tuple(given.signal.axes))


def _check_alike(parts: Sequence[_Part]) -> None:
    """Refuse images of different kinds or sizes, and such as hold nothing."""
    first = parts[0]
    for part in parts[1:]:
        if part.values.shape[2:] != first.values.shape[2:]:
            raise InputError(
                f"{part.name} has images of shape {part.values.shape[2:]} (channels first), "
                f"{first.name} of {first.values.shape[2:]}: samples of one set-up have one shape; "
                "denoise others by themselves, or cut them to one."
            )
    low = min(float(np.nanmin(part.values, initial=np.inf)) for part in parts)
    high = max(float(np.nanmax(part.values, initial=-np.inf)) for part in parts)
    if low > high:
        raise InputError(f"{first.name} holds nothing but NaN: there is nothing to denoise.")
    if low == high:
        level = "zero" if low == 0 else f"{low:.6g}"
        raise InputError(
            f"{first.name} is {level} throughout: there is nothing to denoise, check where it "
            "comes from."
        )


def _agree(sample: Exposures) -> bool:
    """Ask whether pages can be repeats: of what they show, row by row."""
    rows = sample.repeats.reshape(sample.n_repeats, -1)
    return repeats_agree(Exposures(rows, sample.durations))


def _named(letter: str, axis: Axis) -> Axis:
    """Give an axis without a name that of its letter."""
    if is_unnamed(axis) or axis.name == "repeat":
        return Axis(_NAMES[letter], axis.unit, axis.values)
    return axis


def _say_reading(parts: Sequence[_Part], is_list: bool) -> str:
    first = parts[0]
    keys = ("S", "R", "C", *[x for x in ORDER[2:] if x in first.letters])
    sizes = dict(zip(keys, first.values.shape, strict=True))
    told = {x: n for x, n in sizes.items() if x in first.letters.replace(OPEN, "R")}
    if is_list and len(parts) > 1:
        each = {len(part.values[0]) for part in parts}
        sizes = {"S": len(parts), **({"R": each.pop()} if len(each) == 1 and each != {1} else {})}
        told = {**sizes, **{x: n for x, n in told.items() if x not in "SR"}}
        return f"The {len(parts)} elements of the list were read as {say_image_sizes(told)}."
    return f"{first.name} was read as {say_image_sizes(told)}."


def _say_list(parts: Sequence[_Part], is_list: bool, is_said: bool) -> list[str]:
    if not is_list or is_said:
        return []
    remedy = f"axes='R{parts[0].letters}'" if "R" not in parts[0].letters else "one array of them"
    return [
        "The elements of the list were taken for samples of one set-up; give "
        f"{remedy} if they are repeats of one image."
    ]


def _say_open(parts: Sequence[_Part]) -> list[str]:
    names = [part.name for part in parts if OPEN in part.letters]
    if not names:
        return []
    other = parts[0].letters.replace(OPEN, "S")
    return [
        f"Nothing names the pages of {names[0]}; they were taken for repeats, since they agree "
        f"within their noise. If they are different images, give axes={other!r}."
    ]


def _say_disagreement(part: _Part) -> str:
    samples, volume = part.letters.replace(OPEN, "S"), part.letters.replace(OPEN, "Z")
    space = f", axes={volume!r} if they are slices of a volume" if "Z" not in part.letters else ""
    return (
        f"{part.name} holds {part.values.shape[1]} pages that nothing names, and they differ by "
        f"more than their noise: give axes={samples!r} if they are different images{space}, or "
        f"axes={part.letters.replace(OPEN, 'R')!r} if they are repeats nevertheless."
    )


def _say_missing(missing: Sequence[Mask]) -> list[str]:
    n_missing = sum(int(mask.sum()) for mask in missing)
    if not n_missing:
        return []
    verb = "value is" if n_missing == 1 else "values are"
    return [f"{n_missing} {verb} missing (NaN), and stay so; nothing was learnt from there."]


def _say_assumed(given: Sequence[Acquisition]) -> list[str]:
    told = {
        str(sentence): each.name
        for each in given
        for sentence in each.signal.metadata.get("assumed", ())
        if "repeats" not in str(sentence)
    }
    return [f"Assumed for {name}: {sentence}." for sentence, name in told.items()]
