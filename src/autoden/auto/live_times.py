"""Live times (or doses) that users give, one per repeat, for every sample.

What they mean for an estimate, the noise models know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.errors import InputError
from autoden.signals.values import check_numeric

Floats = NDArray[np.float64]


def live_times(exposure: Any, n_repeats: Sequence[int]) -> list[Floats]:
    """Say how long each repeat of each sample took, relative to the mean of its sample.

    Parameters
    ----------
    exposure : array_like, sequence of array_like, or None
        In seconds or any other unit: one number per repeat, the same for all samples; or a
        sequence of such, one per sample; or one number per sample if each has one repeat; or a
        single number for all. None: all alike.
    n_repeats : sequence of int
        How many repeats each sample has.

    Returns
    -------
    list of ndarray
        Shape (R,) for each sample, float64, of mean 1.

    Raises
    ------
    InputError
        Another number of live times than of repeats; live times that are not finite and above 0.

    Examples
    --------
    >>> live_times([10, 30], [2])
    [array([0.5, 1.5])]
    >>> live_times([[10, 30], [5, 5, 20]], [2, 3])
    [array([0.5, 1.5]), array([0.5, 0.5, 2. ])]
    >>> live_times([10, 0], [2])
    Traceback (most recent call last):
    autoden.errors.InputError: `exposure` holds 0.0 for repeat 2: give finite numbers above 0.
    """
    if exposure is None:
        return [np.ones(each) for each in n_repeats]
    given = _per_sample(exposure, n_repeats)
    times = [_checked(each, number) for number, each in enumerate(given, start=1)]
    for number, (each, wanted) in enumerate(zip(times, n_repeats, strict=True), start=1):
        if each.size != wanted:
            of_sample = f" of sample {number}" if len(n_repeats) > 1 else ""
            raise InputError(
                f"`exposure` holds {each.size} numbers ({_shorten(each)}) for the {wanted} "
                f"repeats{of_sample}: give one per repeat."
            )
    return [each / each.mean() for each in times]


def _per_sample(exposure: Any, n_repeats: Sequence[int]) -> list[Any]:
    """Give every sample its own live times."""
    if _is_one(exposure):
        return [np.full(each, exposure) for each in n_repeats]
    given = list(exposure)
    if all(map(_is_one, given)):
        is_per_sample = len(given) == len(n_repeats) and set(n_repeats) == {1}
        return [[each] for each in given] if is_per_sample else [given] * len(n_repeats)
    if len(given) != len(n_repeats):
        raise InputError(
            f"`exposure` has {len(given)} parts for {len(n_repeats)} samples: give one "
            "sequence per sample, or a single one for all."
        )
    return given


def _is_one(given: Any) -> bool:
    return not isinstance(given, list | tuple) and np.ndim(given) == 0


def _checked(given: Any, sample: int) -> Floats:
    times = check_numeric(given, "`exposure`")
    if times.ndim != 1 or times.dtype.kind == "c":
        raise InputError(
            f"`exposure` of sample {sample} is {given!r:.80}: give one real number per repeat."
        )
    times = times.astype(np.float64)
    bad = np.flatnonzero(~(np.isfinite(times) & (times > 0)))
    if bad.size:
        raise InputError(
            f"`exposure` holds {times[bad[0]]} for repeat {bad[0] + 1}: "
            "give finite numbers above 0."
        )
    return times


def _shorten(times: Floats) -> str:
    return ", ".join(f"{time:g}" for time in times[:5]) + ", ..." * (times.size > 5)
