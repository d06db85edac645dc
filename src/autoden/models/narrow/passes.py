"""Through all layers of a narrow 1D chain, forward and back, as one compiled function each.

A chain is described by two tables with a row for each layer; its weights lie one after the other in
one vector, and so do the raw values between the layers. `kernels` has the arithmetic of one layer.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from autoden.models.narrow.kernels import (
    ZEROS,
    convolve,
    correlate,
    filled,
    place,
    respond,
    settle,
    total,
    turned,
    unplace,
    unrespond,
)
from autoden.transforms.compiled import compiled

N_IN, N_OUT, N_TAPS, STEP, REACH, MODE, RESPONDS, IS_NORMALISED, OF_BATCH = range(9)
AT_WEIGHT, AT_BIAS, AT_SCALE, AT_SHIFT = range(9, 13)
"""Columns of the table of whole numbers; the last four say where a layer's weights begin."""
N_COLUMNS = 13
SLOPE, EPS, MOMENTUM = range(3)
"""Columns of the table of other numbers."""


@compiled
def weights_of(layer, weights):
    """See the weights of a layer's convolution as (n_out, n_in, taps)."""
    shape = (layer[N_OUT], layer[N_IN], layer[N_TAPS])
    start = layer[AT_WEIGHT]
    return weights[start : start + shape[0] * shape[1] * shape[2]].reshape(shape)


@compiled
def raw_of(i, table, raws, x):
    """See the raw values that layer `i` made of `x` as (samples, channels, length)."""
    per_channel = x.shape[0] * x.shape[2]
    start = table[:i, N_OUT].sum() * per_channel
    n = table[i, N_OUT]
    return raws[start : start + n * per_channel].reshape((x.shape[0], n, x.shape[2]))


@compiled
def fill(rows, i, values, table, numbers, constants):
    """Make of a sample's values before layer `i` the rows that it convolves."""
    width, mode = table[i, REACH], table[i, MODE]
    if i > 0 and table[i - 1, RESPONDS]:
        slope = values.dtype.type(numbers[i - 1, SLOPE])
        respond(values, constants[i - 1], slope, width, mode, rows)
    else:
        place(values, width, mode, rows)


@compiled
def forward(x, table, numbers, weights, running, raws, constants, out):
    """Go through all layers.

    Raw values are left in `raws`, but those of a last layer that nothing follows in ``out``, and
    each layer's constants in `constants` (layers, 4, channels). `running` (layers, 2, channels)
    are the running means and variances; those of the batch are added where a layer uses them.
    """
    last = len(table) - 1
    before = x
    for i in range(len(table)):
        layer = table[i]
        n_out = layer[N_OUT]
        raw = raw_of(i, table, raws, x) if i < last or layer[RESPONDS] else out
        w = filled(weights_of(layer, weights))
        bias = weights[layer[AT_BIAS] : layer[AT_BIAS] + n_out]
        rows = np.empty((layer[N_IN], x.shape[2] + 2 * layer[REACH]), x.dtype)
        for n in range(x.shape[0]):
            fill(rows, i, before[n], table, numbers, constants)
            convolve(rows, w, bias, layer[STEP], raw[n])
        if layer[IS_NORMALISED]:
            settle(
                raw,
                weights[layer[AT_SCALE] : layer[AT_SCALE] + n_out],
                weights[layer[AT_SHIFT] : layer[AT_SHIFT] + n_out],
                running[i],
                layer[OF_BATCH] > 0,
                numbers[i, MOMENTUM],
                numbers[i, EPS],
                constants[i],
            )
        before = raw
    if table[last, RESPONDS]:
        slope = x.dtype.type(numbers[last, SLOPE])
        for n in range(x.shape[0]):
            respond(before[n], constants[last], slope, 0, ZEROS, out[n])


@compiled
def backward(gradient, x, table, numbers, weights, raws, constants, needed, by_weights, by_x):
    """Go back through all layers.

    Turns the gradient by the output into those by the weights, which are written to ``by_weights``
    where `weights` has them, and by the input, ``by_x``. What is `needed` says, in turn for the
    input and for the four weights of each layer.
    """
    last = len(table) - 1
    rows_slope, width, mode = gradient, 0, ZEROS  # by what the layer after this one convolves
    for i in range(last, -1, -1):
        layer = table[i]
        n_in, n_out, at = layer[N_IN], layer[N_OUT], 1 + 4 * i
        margin = 2 * layer[REACH]
        by_raw = np.empty((len(x), n_out, x.shape[2] + 2 * margin), x.dtype)
        unrespond(
            rows_slope,
            width,
            mode,
            raw_of(i, table, raws, x) if i < last or layer[RESPONDS] else gradient,
            constants[i],
            x.dtype.type(numbers[i, SLOPE]),
            layer[OF_BATCH] > 0,
            margin,
            by_raw,
            by_weights[layer[AT_SCALE] : layer[AT_SCALE] + n_out],
            by_weights[layer[AT_SHIFT] : layer[AT_SHIFT] + n_out],
        )
        if needed[at]:
            before = raw_of(i - 1, table, raws, x) if i else x
            rows = np.empty((n_in, x.shape[2] + margin), x.dtype)
            sums = np.zeros((n_out + 1, n_in, layer[N_TAPS] + 2), x.dtype)
            for n in range(len(x)):
                fill(rows, i, before[n], table, numbers, constants)
                correlate(rows, by_raw[n], margin, layer[STEP], sums)
            weights_of(layer, by_weights)[:] = sums[:n_out, :, : layer[N_TAPS]]
        if needed[at + 1]:
            by_weights[layer[AT_BIAS] : layer[AT_BIAS] + n_out] = total(by_raw)
        if not needed[:at].any():
            return
        w, nothing = turned(weights_of(layer, weights)), np.zeros(n_in, x.dtype)
        rows_slope = np.empty((len(x), n_in, x.shape[2] + margin), x.dtype)
        for n in range(len(x)):
            convolve(by_raw[n], w, nothing, layer[STEP], rows_slope[n])
        width, mode = layer[REACH], layer[MODE]
    unplace(rows_slope, width, mode, by_x)
