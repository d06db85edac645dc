"""The arithmetic of narrow 1D convolution layers, compiled by numba when it is first used.

A layer turns *raw* values into other raw values: normalised, rectified and extended at the edges
they are its *rows*, which are convolved. Only raw values are kept; rows are computed again where
they are read, sample by sample, so that they stay in the nearest cache. Samples are of shape
(channels, length). First come the functions of one layer, last `forward` and `backward` through all
of them: one call from Python each. A chain is described by two tables with a row for each layer;
its weights lie one after the other in one vector, and so do the raw values between the layers.
Nothing here knows torch. All is one module, because numba looks for changes of what it has kept on
disk only in the file of the function that is called.

Indices are unsigned where a loop is to become vector instructions: for signed ones numba would
also have to allow for counting from the end. Sums may be taken in any order, which vectors need.
NaN stays NaN, and so may infinity become: what stands in for missing weights is zero.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.transforms.compiled import compiled, inlined

TILE = 1024
"""So many samples of a row stay in the nearest cache while all channels are visited."""

BLOCK = 2**14
"""So many numbers are summed in their own precision; the sums of blocks in double precision."""

SCALE, SHIFT, MEAN, INVERSE = range(4)
"""Constants of a layer, one row each: ``u = scale * raw + shift``; mean and 1 / deviation."""

ZEROS, REPLICATE, REFLECT, CIRCULAR = range(4)
"""As in `parts.PAD_MODES`."""

N_IN, N_OUT, N_TAPS, STEP, REACH, MODE, RESPONDS, IS_NORMALISED, OF_BATCH, CHANNELS_BEFORE = range(
    10
)
AT_WEIGHT, AT_BIAS, AT_SCALE, AT_SHIFT = range(10, 14)
"""Columns of the table of whole numbers; the last four say where a layer's weights begin."""
N_COLUMNS = 14
N_WEIGHTS = 4
"""Of each layer: weight and bias of the convolution, then of the normalisation."""
SLOPE_BEFORE, SLOPE, EPS, MOMENTUM = range(4)
"""Columns of the table of other numbers; first the slope of what a layer convolves."""


@inlined
def source(i, size, width, mode):
    """Say which sample the sample `i` beyond an edge repeats; below 0 it is before the first."""
    if mode == REFLECT and width < size:
        return -i if i < 0 else 2 * (size - 1) - i
    if mode == CIRCULAR and width <= size:
        return i + size if i < 0 else i - size
    return 0 if i < 0 else size - 1


@inlined
def extend(row, width, mode):
    """Fill `width` samples at both ends of a row."""
    size = len(row) - 2 * width
    for i in range(width):
        before, after = i - width, size + i
        row[i] = 0 if mode == ZEROS else row[width + source(before, size, width, mode)]
        row[width + after] = 0 if mode == ZEROS else row[width + source(after, size, width, mode)]


@inlined
def fold(row, width, mode):
    """Add the gradients beyond the edges to those of the samples that were repeated there."""
    size = len(row) - 2 * width
    if mode == ZEROS:
        return
    for i in range(width):
        before, after = i - width, size + i
        row[width + source(before, size, width, mode)] += row[i]
        row[width + source(after, size, width, mode)] += row[width + after]


@inlined
def unplace(rows, width, mode, out):
    """Turn gradients by the rows of samples into those by the values."""
    for n in range(rows.shape[0]):
        for c in range(rows.shape[1]):
            fold(rows[n, c], width, mode)
            row, to, offset = rows[n, c], out[n, c], uint64(width)
            for i in range(uint64(len(to))):
                to[i] = row[offset + i]


@inlined
def respond(raw, constants, slope, width, mode, rows):
    """Normalise and rectify the raw values of a sample, and extend them."""
    offset = uint64(width)
    for c in range(raw.shape[0]):
        scale, shift = constants[SCALE, c], constants[SHIFT, c]
        values, row = raw[c], rows[c]
        for i in range(uint64(raw.shape[1])):
            u = scale * values[i] + shift
            row[offset + i] = u if u > 0 else slope * u
        extend(row, width, mode)


@inlined
def filled(weights):
    """Copy weights (n_out, n_in, taps) to where `convolve` finds zeros after the last ones."""
    n_out, n_in, n_taps = weights.shape
    w = np.zeros((n_out + 1, n_in + 1, n_taps + 2), weights.dtype)
    for o in range(n_out):
        for c in range(n_in):
            for k in range(n_taps):
                w[o, c, k] = weights[o, c, k]
    return w


@inlined
def unfill(w, weights):
    """Copy what is not filled in to ``weights``."""
    n_out, n_in, n_taps = weights.shape
    for o in range(n_out):
        for c in range(n_in):
            for k in range(n_taps):
                weights[o, c, k] = w[o, c, k]


@inlined
def turned(weights):
    """Turn weights round, as `filled`, for the way back from the outputs to the inputs."""
    n_out, n_in, n_taps = weights.shape
    w = np.zeros((n_in + 1, n_out + 1, n_taps + 2), weights.dtype)
    for o in range(n_out):
        for c in range(n_in):
            for k in range(n_taps):
                w[c, o, n_taps - 1 - k] = weights[o, c, k]
    return w


@inlined
def convolve(rows, w, bias, step, out):
    """Write the sums over c and k of ``w[o, c, k] * rows[c, i + k * step]``, and bias.

    Two outputs, two inputs and three taps go together, so that numbers are used several times once
    they are loaded; where there are fewer, zero weights stand in (`filled`).
    """
    n_in, n_out, n_taps = rows.shape[0], out.shape[0], w.shape[2] - 2
    spare = np.empty(out.shape[1] if n_out % 2 else 0, out.dtype)
    for start in range(0, out.shape[1], TILE):
        first, last = uint64(start), uint64(min(start + TILE, out.shape[1]))
        for o in range(0, n_out, 2):
            one, two = out[o], out[o + 1] if o + 1 < n_out else spare
            for i in range(first, last):
                one[i] = bias[o]
                two[i] = bias[min(o + 1, n_out - 1)]
            for c in range(0, n_in, 2):
                x, y = rows[c], rows[min(c + 1, n_in - 1)]
                for k in range(0, n_taps, 3):
                    a = uint64(k * step)
                    b = uint64(min(k + 1, n_taps - 1) * step)
                    d = uint64(min(k + 2, n_taps - 1) * step)
                    p0, p1, p2 = w[o, c, k], w[o, c, k + 1], w[o, c, k + 2]
                    q0, q1, q2 = w[o, c + 1, k], w[o, c + 1, k + 1], w[o, c + 1, k + 2]
                    r0, r1, r2 = w[o + 1, c, k], w[o + 1, c, k + 1], w[o + 1, c, k + 2]
                    s0, s1, s2 = (
                        w[o + 1, c + 1, k],
                        w[o + 1, c + 1, k + 1],
                        w[o + 1, c + 1, k + 2],
                    )
                    for i in range(first, last):
                        x0, x1, x2 = x[i + a], x[i + b], x[i + d]
                        y0, y1, y2 = y[i + a], y[i + b], y[i + d]
                        one[i] += p0 * x0 + p1 * x1 + p2 * x2 + q0 * y0 + q1 * y1 + q2 * y2
                        two[i] += r0 * x0 + r1 * x1 + r2 * x2 + s0 * y0 + s1 * y1 + s2 * y2


@inlined
def correlate(rows, gradient, margin, step, sums):
    """Add the gradients by the weights: sums of ``gradient[o, i] * rows[c, i + k * step]``.

    The gradient has a margin on both sides, which does not count. ``sums`` is of shape (n_out + 1,
    n_in, taps + 2); what is beyond the weights does not count.
    """
    n_out, n_in, n_taps = gradient.shape[0], rows.shape[0], sums.shape[2] - 2
    size, offset = gradient.shape[1] - 2 * margin, uint64(margin)
    for start in range(0, size, TILE):
        first, last = uint64(start), uint64(min(start + TILE, size))
        for o in range(0, n_out, 2):
            one, two = gradient[o], gradient[min(o + 1, n_out - 1)]
            for c in range(n_in):
                x = rows[c]
                for k in range(0, n_taps, 3):
                    a = uint64(k * step)
                    b = uint64(min(k + 1, n_taps - 1) * step)
                    d = uint64(min(k + 2, n_taps - 1) * step)
                    p0 = p1 = p2 = q0 = q1 = q2 = sums.dtype.type(0)
                    for i in range(first, last):
                        g, h = one[offset + i], two[offset + i]
                        p0 += g * x[i + a]
                        p1 += g * x[i + b]
                        p2 += g * x[i + d]
                        q0 += h * x[i + a]
                        q1 += h * x[i + b]
                        q2 += h * x[i + d]
                    sums[o, c, k] += p0
                    sums[o, c, k + 1] += p1
                    sums[o, c, k + 2] += p2
                    sums[o + 1, c, k] += q0
                    sums[o + 1, c, k + 1] += q1
                    sums[o + 1, c, k + 2] += q2


@inlined
def add_up(values, sums):
    """Write the sum of each channel over samples and length."""
    for c in range(values.shape[1]):
        total = 0.0
        for n in range(values.shape[0]):
            row = values[n, c]
            for start in range(0, len(row), BLOCK):
                s = values.dtype.type(0)
                for i in range(uint64(start), uint64(min(start + BLOCK, len(row)))):
                    s += row[i]
                total += s
        sums[c] = total


@inlined
def settle(raw, scale, shift, running, of_batch, momentum, eps, constants):
    """Find the constants of a batch normalisation, from the batch or from the running statistics.

    `running` is mean and variance; those of the batch are added with the weight `momentum`.
    """
    count = raw.shape[0] * raw.shape[2]
    running_mean, running_variance = running
    sums = np.empty(raw.shape[1])
    add_up(raw, sums)
    for c in range(raw.shape[1]):
        mean, variance = running_mean[c], running_variance[c]
        if of_batch:
            mean, squares = raw.dtype.type(sums[c] / count), 0.0
            for n in range(raw.shape[0]):
                row = raw[n, c]
                for start in range(0, len(row), BLOCK):
                    s = raw.dtype.type(0)
                    for i in range(uint64(start), uint64(min(start + BLOCK, len(row)))):
                        s += (row[i] - mean) * (row[i] - mean)
                    squares += s
            variance = raw.dtype.type(squares / count)
            running_mean[c] += momentum * (mean - running_mean[c])
            running_variance[c] += momentum * (squares / max(count - 1, 1) - running_variance[c])
        inverse = raw.dtype.type(1 / np.sqrt(variance + eps))
        constants[SCALE, c] = scale[c] * inverse
        constants[SHIFT, c] = shift[c] - scale[c] * inverse * mean
        constants[MEAN, c] = mean
        constants[INVERSE, c] = inverse


@inlined
def unrespond(rows, width, mode, raw, constants, slope, of_batch, margin, out, by_scale, by_shift):
    """Turn gradients by the rows into those by raw values, and by the normalisation's parameters.

    ``out`` gets a margin of zeros on both sides, which `convolve` needs next.
    """
    size, count = raw.shape[2], raw.shape[0] * raw.shape[2]
    shift_by, offset = uint64(width), uint64(margin)
    for c in range(raw.shape[1]):
        scale, shift = constants[SCALE, c], constants[SHIFT, c]
        mean, inverse = constants[MEAN, c], constants[INVERSE, c]
        straight = slanted = 0.0
        for n in range(raw.shape[0]):
            fold(rows[n, c], width, mode)
            g, values, to = rows[n, c], raw[n, c], out[n, c]
            for start in range(0, size, BLOCK):
                s = t = raw.dtype.type(0)
                for i in range(uint64(start), uint64(min(start + BLOCK, size))):
                    u = g[shift_by + i]
                    z = u if scale * values[i] + shift > 0 else slope * u
                    to[offset + i] = z
                    s += z
                    t += z * (values[i] - mean)
                straight += s
                slanted += t
        by_shift[c], by_scale[c] = straight, slanted * inverse
        level = tilt = raw.dtype.type(0)
        if of_batch:
            level -= straight / count
            tilt -= inverse * inverse * slanted / count
        for n in range(raw.shape[0]):
            values, to = raw[n, c], out[n, c]
            for i in range(margin):
                to[i] = to[margin + size + i] = 0
            for i in range(uint64(size)):
                to[offset + i] = scale * (to[offset + i] + level + tilt * (values[i] - mean))


@inlined
def weights_of(layer, weights):
    """See the weights of a layer's convolution as (n_out, n_in, taps)."""
    shape = (layer[N_OUT], layer[N_IN], layer[N_TAPS])
    start = layer[AT_WEIGHT]
    return weights[start : start + shape[0] * shape[1] * shape[2]].reshape(shape)


@inlined
def raw_of(i, table, raws, x):
    """See the raw values that layer `i` made of `x` as (samples, channels, length)."""
    per_channel = x.shape[0] * x.shape[2]
    start, n = table[i, CHANNELS_BEFORE] * per_channel, table[i, N_OUT]
    return raws[start : start + n * per_channel].reshape((x.shape[0], n, x.shape[2]))


@compiled
def forward(x, table, numbers, weights, running, raws, constants, out):
    """Go through all layers.

    Raw values are left in `raws`, but those of a last layer that nothing follows in ``out``.
    `constants` (layers + 1, 4, channels) are those of the input, which leave it as it is, and of
    each layer, which are left there. `running` (layers, 2, channels) are the running means and
    variances; those of the batch are added where a layer uses them.
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
        slope = x.dtype.type(numbers[i, SLOPE_BEFORE])
        for n in range(x.shape[0]):
            respond(before[n], constants[i], slope, layer[REACH], layer[MODE], rows)
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
                constants[i + 1],
            )
        before = raw
    if table[last, RESPONDS]:
        slope = x.dtype.type(numbers[last, SLOPE])
        for n in range(x.shape[0]):
            respond(before[n], constants[last + 1], slope, 0, ZEROS, out[n])


@compiled
def backward(
    gradient, x, table, numbers, weights, raws, constants, needed, first_needed, by_weights, by_x
):
    """Go back through all layers.

    Turns the gradient by the output into those by the weights, which are written to ``by_weights``
    where `weights` has them, and by the input, ``by_x``. What is `needed` says, in turn for the
    input and for the four weights of each layer; `first_needed` is the first that is.
    """
    last = len(table) - 1
    rows_slope, width, mode = gradient, 0, ZEROS  # by what the layer after this one convolves
    for i in range(last, -1, -1):
        layer = table[i]
        n_in, n_out, at = layer[N_IN], layer[N_OUT], 1 + N_WEIGHTS * i
        margin = 2 * layer[REACH]
        by_raw = np.empty((len(x), n_out, x.shape[2] + 2 * margin), x.dtype)
        unrespond(
            rows_slope,
            width,
            mode,
            raw_of(i, table, raws, x) if i < last or layer[RESPONDS] else gradient,
            constants[i + 1],
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
            slope = x.dtype.type(numbers[i, SLOPE_BEFORE])
            for n in range(len(x)):
                respond(before[n], constants[i], slope, layer[REACH], layer[MODE], rows)
                correlate(rows, by_raw[n], margin, layer[STEP], sums)
            unfill(sums, weights_of(layer, by_weights))
        if needed[at + 1]:
            add_up(by_raw, by_weights[layer[AT_BIAS] : layer[AT_BIAS] + n_out])
        if first_needed >= at:
            return
        w, nothing = turned(weights_of(layer, weights)), np.zeros(n_in, x.dtype)
        rows_slope = np.empty((len(x), n_in, x.shape[2] + margin), x.dtype)
        for n in range(len(x)):
            convolve(by_raw[n], w, nothing, layer[STEP], rows_slope[n])
        width, mode = layer[REACH], layer[MODE]
    unplace(rows_slope, width, mode, by_x)
