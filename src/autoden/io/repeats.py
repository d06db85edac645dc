"""Several files that hold repeats of one measurement, put together to one signal."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from autoden.errors import InputError
from autoden.signals import Axis, Signal

REPEAT = "repeat"
"""Name of the axis along which several files are put together."""

_REMEDY = "several files must be repeats of one size on the same axes."
_ASSUMED = "the {} files are repeats of one measurement"
_OF_READING = ("source", "assumed")


def stack_repeats(signals: Sequence[Signal]) -> Signal:
    """Put signals together along a new first axis "repeat", or along the one that they have.

    Parameters
    ----------
    signals : sequence of Signal
        Of one shape, on the same axes; only along "repeat" may their lengths differ.

    Returns
    -------
    Signal
        Metadata are those of the first signal; what differs between the files is listed for each
        of them, by its name, in ``metadata["of_repeats"]`` (live times, for example), and "source"
        names the first file, ``metadata["sources"]`` all. ``metadata["assumed"]`` says that they
        were taken for repeats.

    Raises
    ------
    InputError
        No signal at all, or one whose shape or axes are others than those of most; the message
        names its file.

    Examples
    --------
    >>> spectra = [Signal([n, 2 * n], ["energy"], {"source": f"{n}.msa"}) for n in (1, 2, 3)]
    >>> stack_repeats(spectra)
    Signal 3 x 2 (repeat, energy), int64
    """
    if not signals:
        raise InputError("The list of files is empty: give at least one.")
    if len(signals) == 1:
        return signals[0]
    model = _usual(signals)
    for number, signal in enumerate(signals):
        _check_alike(model, signal, number)
    arrays = [np.asarray(signal) for signal in signals]
    names = [axis.name for axis in model.axes]
    if REPEAT in names:
        along = names.index(REPEAT)
        axes = tuple(Axis(REPEAT) if axis.name == REPEAT else axis for axis in signals[0].axes)
        return Signal(np.concatenate(arrays, axis=along), axes, _metadata(signals))
    axes = (Axis(REPEAT), *signals[0].axes)
    return Signal(np.stack(arrays), axes, _metadata(signals))


def _metadata(signals: Sequence[Signal]) -> dict[str, Any]:
    """Keep the metadata of the first signal, and list what differs."""
    first = signals[0].metadata
    keys = dict.fromkeys(key for signal in signals for key in signal.metadata)
    differing: dict[str, Any] = {}
    for key in keys:
        values = [signal.metadata.get(key) for signal in signals]
        if key not in _OF_READING and None not in values and any(v != values[0] for v in values):
            differing[key] = values
    assumed = dict.fromkeys(
        said for signal in signals for said in signal.metadata.get("assumed", [])
    )
    metadata = {
        **first,
        "sources": [str(signal.metadata.get("source", "")) for signal in signals],
        "assumed": [*assumed, _ASSUMED.format(len(signals))],
    }
    return metadata | ({"of_repeats": differing} if differing else {})


def _usual(signals: Sequence[Signal]) -> Signal:
    """Return a signal of the commonest shape, so that the odd one is named and not the others."""
    kinds = [_kind(signal) for signal in signals]
    return signals[kinds.index(max(kinds, key=kinds.count))]


def _kind(signal: Signal) -> list[tuple[str, int | None]]:
    lengths = zip(signal.axes, signal.shape, strict=True)
    return [(axis.name, None if axis.name == REPEAT else length) for axis, length in lengths]


def _check_alike(usual: Signal, signal: Signal, number: int) -> None:
    """Refuse a signal whose axes differ from those of the others, but for the number of repeats."""
    name = signal.metadata.get("source", f"number {number}")
    complaint = f"{name} does not go together with {usual.metadata.get('source', 'the others')}"
    if [axis.name for axis in usual.axes] != [axis.name for axis in signal.axes]:
        raise InputError(f"{complaint}: it holds {signal!r}, not {usual!r}; {_REMEDY}")
    lengths = zip(usual.axes, signal.axes, usual.shape, signal.shape, strict=True)
    for one, two, length, own in lengths:
        if one.name == REPEAT:
            continue
        if length != own:
            raise InputError(
                f"{complaint}: it has {own} elements along {one.name!r}, not {length}; {_REMEDY}"
            )
        if one.values is None or two.values is None:
            continue
        size = np.abs(one.values).max()
        if one.unit != two.unit or not np.allclose(
            one.values, two.values, rtol=1e-6, atol=1e-9 * size
        ):
            raise InputError(f"{complaint}: its positions along {one.name!r} are others; {_REMEDY}")
