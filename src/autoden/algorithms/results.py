"""From measurements through a trained network to what the user gets: `infer`, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from autoden.algorithms.network import KindOfData
from autoden.errors import InputError, TrainingError
from autoden.inference.predict import predict
from autoden.signals.layout import from_network, to_network, to_realizations
from autoden.signals.scaling import DataScaleBias, to_float32
from autoden.signals.values import check_finite


def predict_measurements(
    network: nn.Module,
    data: NDArray[np.generic],
    kind: KindOfData,
    scaling: DataScaleBias | None,
    batch_size: int | None,
) -> NDArray[np.float64]:
    """Run a network over data (..., [C,] *S) in data units; complex data become channels.

    Raises
    ------
    InputError
        There is no scaling yet, or the data do not fit the network or hold NaN or infinity.
    TrainingError
        The network returned NaN or infinity.
    """
    if scaling is None:
        raise InputError(
            "This denoiser is not trained yet, so it does not know the scaling of its data: call "
            "`train` before `infer`; for weights that were trained before, give "
            "`data_scale_bias`, or load the whole denoiser with `autoden.load`."
        )
    check_finite(data, "input")
    if np.iscomplexobj(data):
        data = to_realizations(
            data,
            n_dims=kind.n_dims,
            n_channels=kind.n_channels_in,
            realizations_axis=None,
            channel_axis=-kind.n_dims - 1 if kind.n_channels_in > 2 else None,
        )
    samples, leading = to_network(data, n_dims=kind.n_dims, n_channels=kind.n_channels_in)
    scaled = to_float32(scaling.scale_input(samples.astype(np.float64)))
    output = predict(network, scaled, batch_size=batch_size).astype(np.float64)
    if not np.isfinite(output).all():
        raise TrainingError(
            "The network returned NaN or infinity: train it again with a smaller learning rate."
        )
    restored = scaling.restore_output(output)
    return from_network(restored, leading, n_channels_out=kind.n_channels_out)


def as_measured(
    result: NDArray[np.float64],
    kind: KindOfData,
    *,
    lower_limit: NDArray[np.float64] | None,
    as_complex: bool,
    channel_axis_dst: int | None,
) -> NDArray[Any]:
    """Enforce the lower limit, make channels complex again, put the channel axis in place.

    Parameters
    ----------
    result : ndarray
        Shape (..., [C,] *S), in data units.
    kind : KindOfData
        What the network gives.
    lower_limit : ndarray, optional
        Smallest values.
    as_complex : bool
        Whether the data were complex: the first half of an even number of channels is then the
        real part.
    channel_axis_dst : int, optional
        Where to put the channel axis; None leaves it before the spatial axes.

    Raises
    ------
    InputError
        An axis that the result does not have.
    """
    if lower_limit is not None:
        result = np.maximum(result, _fitting(lower_limit, result.shape, kind, as_complex))
    n_channels, channel_axis = kind.n_channels_out, -kind.n_dims - 1
    if as_complex and n_channels % 2 == 0:
        real, imaginary = np.split(result, 2, axis=channel_axis)
        result, n_channels = real + 1j * imaginary, n_channels // 2
        if n_channels == 1:
            result = result.squeeze(channel_axis)
    if channel_axis_dst is None:
        return result
    if not isinstance(channel_axis_dst, int | np.integer):
        raise InputError(f"`channel_axis_dst` is {channel_axis_dst!r}: give the number of an axis.")
    if n_channels == 1 or not -result.ndim <= channel_axis_dst < result.ndim:
        raise InputError(
            f"`channel_axis_dst` is {channel_axis_dst}, but the result of shape {result.shape} "
            f"has {'no channel axis' if n_channels == 1 else 'no such axis'}."
        )
    return np.moveaxis(result, channel_axis, channel_axis_dst)


def _fitting(
    lower_limit: NDArray[np.float64], shape: tuple[int, ...], kind: KindOfData, as_complex: bool
) -> NDArray[np.float64]:
    """Give a lower limit if it is one for results of this shape."""
    if as_complex:
        raise InputError(
            "The denoiser was trained with a `lower_limit`, but the data are complex, which have "
            "no order: train without it, or infer from their parts as channels."
        )
    own = shape[len(shape) - kind.n_axes_out :]
    sizes = zip(lower_limit.shape[::-1], own[::-1], strict=False)
    if lower_limit.ndim > len(own) or any(limit not in (1, size) for limit, size in sizes):
        raise InputError(
            f"The `lower_limit` of the training has shape {lower_limit.shape}, one measurement "
            f"here {own}: infer from measurements of that size, or train with one number."
        )
    return lower_limit
