"""The arithmetic of narrow 1D convolution layers, compiled by numba when it is first used.

A layer turns *raw* values into other raw values: normalised, rectified and extended at the edges
they are its *rows*, which are convolved. Only raw values are kept; rows are computed again where
they are read, sample by sample, so that they stay in the nearest cache. Samples are of shape
(channels, length). `passes` goes through the layers; nothing here knows torch.

Indices are unsigned where a loop is to become vector instructions: for signed ones numba would
also have to allow for counting from the end. Sums may be taken in any order, which vectors need;
NaN and infinity stay what they are.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.transforms.compiled import compiled

TILE = 1024
"""So many samples of a row stay in the nearest cache while all channels are visited."""

SCALE, SHIFT, MEAN, INVERSE = range(4)
"""Constants of a layer, one row each: ``u = scale * raw + shift``; mean and 1 / deviation."""

ZEROS, REPLICATE, REFLECT, CIRCULAR = range(4)
"""As in `parts.PAD_MODES`."""


@compiled
def source(i, size, width, mode):
    """Say which sample the sample `i` beyond an edge repeats; below 0 it is before the first."""
    if mode == REFLECT and width < size:
        return -i if i < 0 else 2 * (size - 1) - i
    if mode == CIRCULAR and width <= size:
        return i + size if i < 0 else i - size
    return 0 if i < 0 else size - 1


@compiled
def extend(row, width, mode):
    """Fill `width` samples at both ends of a row."""
    size = len(row) - 2 * width
    for i in range(width):
        before, after = i - width, size + i
        row[i] = 0 if mode == ZEROS else row[width + source(before, size, width, mode)]
        row[width + after] = 0 if mode == ZEROS else row[width + source(after, size, width, mode)]


@compiled
def fold(row, width, mode):
    """Add the gradients beyond the edges to those of the samples that were repeated there."""
    size = len(row) - 2 * width
    if mode == ZEROS:
        return
    for i in range(width):
        before, after = i - width, size + i
        row[width + source(before, size, width, mode)] += row[i]
        row[width + source(after, size, width, mode)] += row[width + after]


@compiled
def place(values, width, mode, rows):
    """Copy the values of a sample and extend them."""
    for c in range(values.shape[0]):
        for i in range(values.shape[1]):
            rows[c, width + i] = values[c, i]
        extend(rows[c], width, mode)


@compiled
def unplace(rows, width, mode, out):
    """Turn gradients by the rows of samples into those by the values."""
    for n in range(rows.shape[0]):
        for c in range(rows.shape[1]):
            fold(rows[n, c], width, mode)
            out[n, c, :] = rows[n, c, width : width + out.shape[2]]


@compiled
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


@compiled
def filled(weights):
    """Copy weights (n_out, n_in, taps) to where `convolve` finds zeros after the last ones."""
    n_out, n_in, n_taps = weights.shape
    w = np.zeros((n_out + 1, n_in + 1, n_taps + 2), weights.dtype)
    w[:n_out, :n_in, :n_taps] = weights
    return w


@compiled
def turned(weights):
    """Turn weights round, as `filled`, for the way back from the outputs to the inputs."""
    return filled(np.ascontiguousarray(weights[:, :, ::-1].transpose(1, 0, 2)))


@compiled
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


@compiled
def correlate(rows, gradient, margin, step, sums):
    """Add the gradients by the weights: sums of ``gradient[o, i] * rows[c, i + k * step]``.

    The gradient has a margin on both sides, which does not count; ``sums`` has the shape of
    `filled` weights, and only what is not filled in counts.
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


@compiled
def total(values):
    """Sum each channel over samples and length."""
    sums = np.zeros(values.shape[1])
    for n in range(values.shape[0]):
        for c in range(values.shape[1]):
            row, s = values[n, c], values.dtype.type(0)
            for i in range(uint64(len(row))):
                s += row[i]
            sums[c] += s
    return sums


@compiled
def settle(raw, scale, shift, running, of_batch, momentum, eps, constants):
    """Find the constants of a batch normalisation, from the batch or from the running statistics.

    `running` is mean and variance; those of the batch are added with the weight `momentum`.
    """
    count = raw.shape[0] * raw.shape[2]
    running_mean, running_variance = running
    sums = total(raw)
    for c in range(raw.shape[1]):
        mean, variance = running_mean[c], running_variance[c]
        if of_batch:
            mean, squares = raw.dtype.type(sums[c] / count), 0.0
            for n in range(raw.shape[0]):
                row, s = raw[n, c], raw.dtype.type(0)
                for i in range(uint64(len(row))):
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


@compiled
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
            s = t = raw.dtype.type(0)
            for i in range(uint64(size)):
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
