"""From what a denoiser returns to what is written: the axes that remain, in the file's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autoden.cli.measurements import Measurement
from autoden.signals import Axis, Signal

_SPACES = ("z", "y", "x"), ("depth", "row", "column")
_CHANNELS = "channel", "component"


@dataclass(frozen=True)
class Estimate:
    """What comes of a measurement.

    Attributes
    ----------
    measurement : Measurement
        What was measured.
    n_channels : int
        Channels that the network returns.
    is_complex : bool
        Whether they are real and imaginary parts.
    averages : bool
        Whether the last of the axes before channels and space is averaged away.
    new_space : bool
        Whether space is another one than that of the measurement, as in tomography.
    """

    measurement: Measurement
    n_channels: int
    is_complex: bool = False
    averages: bool = False
    new_space: bool = False

    def zeros(self, shown: Sequence[int], n_channels_in: int) -> Signal:
        """Give what will be written, empty, from the shape that the network is shown."""
        n_dims, n_channels = self.measurement.n_dims, self._channels_written()
        leading = list(shown[: len(shown) - n_dims - (n_channels_in > 1)])
        leading = leading[:-1] if self.averages else leading
        own = [n_channels] if n_channels > 1 else []
        space = shown[len(shown) - n_dims :]
        dtype = np.complex128 if self.is_complex else np.float64
        return self._with_axes(np.zeros((*leading, *own, *space), dtype))

    def signal(self, result: NDArray[Any]) -> Signal:
        """Give the result its axes.

        Parameters
        ----------
        result : ndarray
            Shape (..., [C,] *S), as `infer` returns it: real, or complex already.
        """
        if self.is_complex and not np.iscomplexobj(result):
            channels = -self.measurement.n_dims - 1
            real, imaginary = np.split(result, 2, axis=channels)
            result = real + 1j * imaginary
            if self._channels_written() == 1:
                result = result.squeeze(channels)
        return self._with_axes(result)

    def _channels_written(self) -> int:
        return self.n_channels // 2 if self.is_complex else self.n_channels

    def _with_axes(self, result: NDArray[Any]) -> Signal:
        """Name the axes of a result, and bring them into the order of the file."""
        measurement, n_channels = self.measurement, self._channels_written()
        n_front = result.ndim - measurement.n_dims - (n_channels > 1)
        axes = list(measurement.front[:n_front])
        if n_channels > 1:
            axes.append(self._channel_axis(n_channels, [axis.name for axis in axes]))
        axes += self._space(result.shape, [axis.name for axis in axes])
        order = [name for name in measurement.order if name in {axis.name for axis in axes}]
        if len(order) == len(axes):
            indices = [[axis.name for axis in axes].index(name) for name in order]
            result, axes = result.transpose(indices), [axes[index] for index in indices]
        return Signal(result.astype(self._dtype(result)), tuple(axes), measurement.signal.metadata)

    def _channel_axis(self, n_channels: int, taken: Sequence[str]) -> Axis:
        """Name the axis of the channels: that of the measurement, if it has as many."""
        measurement = self.measurement
        if measurement.channel is not None:
            own = measurement.signal.axis_index(measurement.channel)
            if measurement.signal.shape[own] == n_channels:
                return measurement.signal.axes[own]
        taken = [*taken, *(axis.name for axis in measurement.space)]
        return Axis(next(name for name in _CHANNELS if name not in taken))

    def _space(self, shape: Sequence[int], taken: Sequence[str]) -> Sequence[Axis]:
        """Name the axes of space: those of the measurement, unless they are others."""
        measurement = self.measurement
        n_dims = measurement.n_dims
        if not self.new_space and shape[-n_dims:] == measurement.signal.shape[-n_dims:]:
            return measurement.space
        names = (space[-n_dims:] for space in _SPACES)
        return [Axis(name) for name in next(n for n in names if not set(n) & set(taken))]

    def _dtype(self, result: NDArray[Any]) -> np.dtype[Any]:
        """Choose the precision that is written: spectra in full, images in that of the data.

        Images of more than 32 bits per value are what many programs cannot show.
        """
        if self.measurement.n_dims == 1:
            return result.dtype
        kind = np.complex64 if np.iscomplexobj(result) else np.float32
        wanted = np.result_type(self.measurement.signal.dtype, kind)
        return wanted if np.iscomplexobj(result) or wanted.kind != "c" else result.dtype
