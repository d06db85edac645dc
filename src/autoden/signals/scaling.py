"""Bring data to the range in which networks learn well, and back.

Every value becomes ``x * scale - bias``. The scale spans the data from the 0.1 % to the 99.9 %
percentile, so that a hot pixel does not set it; the bias centres them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autoden.checks import number
from autoden.errors import InputError
from autoden.signals.values import check_finite, check_numeric

LOW_PERCENT, HIGH_PERCENT = 0.1, 99.9


@dataclass(frozen=True)
class DataScaleBias:
    """Scales and biases of a network's input, output and target: ``x -> x * scale - bias``.

    Attributes
    ----------
    scale_inp, scale_out, scale_tgt : float
        In 1 / data units.
    bias_inp, bias_out, bias_tgt : float
        Without unit.

    Examples
    --------
    >>> scaling = DataScaleBias(scale_out=0.1, bias_out=0.5)
    >>> scaling.restore_output(np.array([0.0, 1.0]))
    array([ 5., 15.])
    """

    scale_inp: float = 1.0
    scale_out: float = 1.0
    scale_tgt: float = 1.0
    bias_inp: float = 0.0
    bias_out: float = 0.0
    bias_tgt: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            number(field.name, getattr(self, field.name))
            if field.name.startswith("scale") and getattr(self, field.name) == 0:
                raise InputError(f"`{field.name}` is 0: give a number other than 0.")

    def scale_input(self, data: NDArray[np.floating]) -> NDArray[np.floating]:
        """Bring input data to the network's range."""
        return data * self.scale_inp - self.bias_inp

    def scale_target(self, data: NDArray[np.floating]) -> NDArray[np.floating]:
        """Bring target data to the network's range."""
        return data * self.scale_tgt - self.bias_tgt

    def restore_output(self, data: NDArray[np.floating]) -> NDArray[np.floating]:
        """Bring the network's output back to data units."""
        return (data + self.bias_out) / self.scale_out


def compute_scaling_selfsupervised(inp: ArrayLike) -> DataScaleBias:
    """Compute one scaling for input, output and target from the noisy data.

    Parameters
    ----------
    inp : array_like
        Any shape, real.

    Returns
    -------
    DataScaleBias
        The same scale and bias for all three.

    Raises
    ------
    InputError
        All values are equal: there is nothing to learn. Or something else than finite real
        numbers.
    """
    scale, bias = _scale_and_bias(inp, "input")
    return DataScaleBias(scale, scale, scale, bias, bias, bias)


def compute_scaling_supervised(inp: ArrayLike, tgt: ArrayLike) -> DataScaleBias:
    """Compute one scaling for the input and one for target and output.

    Parameters
    ----------
    inp, tgt : array_like
        Any shapes, real; possibly of different units.

    Returns
    -------
    DataScaleBias
        Output and target share theirs, because the output imitates the target.

    Raises
    ------
    InputError
        All values of one of them are equal. Or something else than finite real numbers.
    """
    scale_inp, bias_inp = _scale_and_bias(inp, "input")
    scale_tgt, bias_tgt = _scale_and_bias(tgt, "target")
    return DataScaleBias(scale_inp, scale_tgt, scale_tgt, bias_inp, bias_tgt, bias_tgt)


def check_varies(data: NDArray[np.generic], name: str) -> None:
    """Raise if all values are equal: then there is nothing to learn.

    Raises
    ------
    InputError
        Constant data.
    """
    first = data.flat[0]
    if np.all(data == first):
        raise InputError(
            f"The {name} data are constant (every value is {first:g}): there is nothing to "
            "denoise. Check that the right columns or frames were read."
        )


def to_float32(scaled: NDArray[np.floating]) -> NDArray[np.float32]:
    """Convert scaled data to what networks compute with.

    Raises
    ------
    InputError
        The data lie out of reach of float32.
    """
    with np.errstate(over="ignore"):
        converted = scaled.astype(np.float32)
    if not np.isfinite(converted).all():
        raise InputError(
            "The data are too large for the scaling of the training (more than 1e38 times its "
            "range): bring them to the same unit."
        )
    return converted


def _scale_and_bias(data: ArrayLike, name: str) -> tuple[float, float]:
    array = _checked(data, f"The {name} data")
    check_varies(array, name)
    values = array.astype(np.float64, copy=False)
    low, high = (float(v) for v in np.percentile(values, (LOW_PERCENT, HIGH_PERCENT)))
    if not high > low:  # almost everything is one value: span the few others
        low, high = float(values.min()), float(values.max())
    if not np.isfinite(1.0 / (high - low)):
        raise InputError(
            f"The {name} data span only {high - low:g}, too little to compute with: change "
            "their unit so that they are of the order of one."
        )
    scale = 1.0 / (high - low)
    within = values[(values >= low) & (values <= high)]
    return scale, float(within.mean() if within.size else values.mean()) * scale


def _checked(data: ArrayLike, name: str) -> NDArray[np.generic]:
    array = check_finite(check_numeric(data, name), name)
    if np.iscomplexobj(array):
        raise InputError(
            f"{name} are complex, but a scale is real: give their parts as channels, such as "
            "numpy.stack([data.real, data.imag])."
        )
    return array
