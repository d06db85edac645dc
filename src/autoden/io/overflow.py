"""The overflow bin: a last channel that collects every event above the range.

Many analysers count whatever is too high for their range into the last channel. It is no part of
the spectrum, and a network would spend its effort on it. A line at the end of the range must not
be taken for one, so the rule asks for a jump that no detector's resolution allows.
"""

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.signals import Axis, Signal

_logger = logging.getLogger(__name__)

_MIN_CHANNELS = 32  # shorter spectra are never cut
_NEIGHBOURS = 16  # channels before the last that say what to expect of it
_JUMP = 20.0  # a line one channel wide (FWHM) centred on the last channel jumps 16 times
_JUMP_EACH = 5.0  # and every single spectrum shows it
_FLANK = 3.0  # the channel before it does not rise yet, as it would on the flank of a line
_COUNTS_OF_CHANCE = 5  # counts that neighbours without any could have had


def has_overflow_bin(data: NDArray[Any]) -> bool:
    """Tell whether the last channel is an overflow bin.

    It is one if, summed over the spectra, it holds more than 20 times the highest of the 16
    channels before it, and more than the mean of all other channels; if the channel before it
    holds no more than 3 times the highest of the 15 before that (on the flank of a line it would);
    and if in every single spectrum it holds more than 5 times the highest of the 16. For chance, 5
    counts are granted to the sums over the neighbours; among rates, the smallest positive one
    near the end counts as one count. Spectra of less than 32 channels are not judged.

    Parameters
    ----------
    data : ndarray
        Shape (spectra, channels), counts or rates.

    Returns
    -------
    bool
        Whether to drop the last channel.

    Examples
    --------
    >>> spectrum = np.ones((1, 100), int)
    >>> spectrum[0, -1] = 1250
    >>> has_overflow_bin(spectrum)
    True
    >>> line = 1000 * np.exp(-0.5 * ((np.arange(100) - 99) / 3.0) ** 2)
    >>> has_overflow_bin(line[np.newaxis])
    False
    """
    if data.shape[-1] < _MIN_CHANNELS:
        return False
    last = data[:, -1].astype(np.float64)
    others = data[:, :-1]
    neighbours = others[:, -_NEIGHBOURS:].astype(np.float64)
    positive = neighbours[neighbours > 0]
    one_count = 1.0 if data.dtype.kind in "iu" or not positive.size else float(positive.min())
    chance = _COUNTS_OF_CHANCE * one_count
    sums = np.maximum(neighbours.sum(axis=0), 0.0)
    is_high = last.sum() > max(
        _JUMP * (sums.max() + chance), others.sum(axis=0, dtype=np.float64).mean()
    )
    is_isolated = sums[-1] <= _FLANK * sums[:-1].max() + chance
    is_everywhere = np.all(last > _JUMP_EACH * np.maximum(neighbours.max(axis=1), 0.0))
    return bool(is_high and is_isolated and is_everywhere)


def without_overflow_bin(signal: Signal, source: str) -> Signal:
    """Drop the overflow bin of spectra, if there is one, and say so.

    Parameters
    ----------
    signal : Signal
        Spectra, shape (spectra, channels).
    source : str
        Name of their file, for the log.

    Returns
    -------
    Signal
        Shape (spectra, channels - 1) with ``metadata["overflow_bin"]``: "channel" (index),
        "position" (its value on the axis; left out when the axis has none) and "mean_counts"
        per spectrum, to five digits. The signal itself if there is no overflow bin.
    """
    if not has_overflow_bin(signal.data):
        return signal
    axis, channel = signal.axes[-1], signal.shape[-1] - 1
    found: dict[str, Any] = {
        "channel": channel,
        "mean_counts": float(f"{signal.data[:, -1].mean():.5g}"),
    }
    place = f"channel {channel}"
    if axis.values is not None:
        found["position"] = float(axis.values[-1])
        place += f", at {axis.name} {axis.values[-1]:.6g} {axis.unit}".rstrip()
    _logger.warning(
        "%s: the last channel (%s) was dropped. It holds %.6g on average, more than 20 times its "
        "neighbours, as an overflow bin does. Keep it with keep_overflow=True (--keep-overflow).",
        source,
        place,
        found["mean_counts"],
    )
    values = None if axis.values is None else axis.values[:-1]
    axes = (*signal.axes[:-1], Axis(axis.name, axis.unit, values))
    return Signal(signal.data[:, :-1], axes, {**signal.metadata, "overflow_bin": found})
