"""Convolution in two and three dimensions as sums over shifted rows, compiled by numba.

An array whose last axes lie in memory one after the other is one long row, and each weight of a
kernel belongs to one shift of that row, its *offset*. What is computed where a line of the image
ends and the next begins belongs to no element, and is left out by the caller. Nothing here knows
torch.

Indices are unsigned for the reason given in `kernels`.
"""

# mypy: disable-error-code="no-untyped-def"

from numba import uint64

from autoden.transforms.compiled import compiled

AT_A_TIME = 9
"""So many weights are applied while a number is loaded: a kernel of 3 x 3 has as many."""

TILE = 1024
"""So much of a row stays in the nearest cache while all channels are visited."""


@compiled
def convolve(rows, weights, bias, offsets, first, last, out):
    """Write the sums over c and k of ``weights[o, c, k] * rows[c, i + offsets[k]]``, and bias.

    For i from `first` to before `last`.
    """
    n_out, n_in, n_taps = weights.shape
    for start in range(first, last, TILE):
        a, b = uint64(start), uint64(min(start + TILE, last))
        for o in range(n_out):
            y = out[o]
            for i in range(a, b):
                y[i] = bias[o]
            for c in range(n_in):
                x = rows[c]
                for k in range(0, n_taps, AT_A_TIME):
                    at, w = offsets[k : k + AT_A_TIME], weights[o, c, k : k + AT_A_TIME]
                    k0, k1, k2 = uint64(at[0]), uint64(at[1]), uint64(at[2])
                    k3, k4, k5 = uint64(at[3]), uint64(at[4]), uint64(at[5])
                    k6, k7, k8 = uint64(at[6]), uint64(at[7]), uint64(at[8])
                    w0, w1, w2, w3, w4, w5, w6, w7, w8 = (
                        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8],
                    )  # fmt: skip
                    for i in range(a, b):
                        y[i] += (
                            w0 * x[i + k0] + w1 * x[i + k1] + w2 * x[i + k2]
                            + w3 * x[i + k3] + w4 * x[i + k4] + w5 * x[i + k5]
                            + w6 * x[i + k6] + w7 * x[i + k7] + w8 * x[i + k8]
                        )  # fmt: skip


@compiled
def correlate(rows, gradient, margin, offsets, first, last, out):
    """Add the sums over i of ``gradient[o, margin + i] * rows[c, i + offsets[k]]`` to ``out``.

    For i from `first` to before `last`.
    """
    n_out, n_in, n_taps = out.shape
    ahead = uint64(margin)
    for start in range(first, last, TILE):
        a, b = uint64(start), uint64(min(start + TILE, last))
        for o in range(n_out):
            g = gradient[o]
            for c in range(n_in):
                x = rows[c]
                for k in range(0, n_taps, AT_A_TIME):
                    at, s = offsets[k : k + AT_A_TIME], out[o, c, k : k + AT_A_TIME]
                    k0, k1, k2 = uint64(at[0]), uint64(at[1]), uint64(at[2])
                    k3, k4, k5 = uint64(at[3]), uint64(at[4]), uint64(at[5])
                    k6, k7, k8 = uint64(at[6]), uint64(at[7]), uint64(at[8])
                    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = s8 = rows.dtype.type(0)
                    for i in range(a, b):
                        u = g[ahead + i]
                        s0 += u * x[i + k0]
                        s1 += u * x[i + k1]
                        s2 += u * x[i + k2]
                        s3 += u * x[i + k3]
                        s4 += u * x[i + k4]
                        s5 += u * x[i + k5]
                        s6 += u * x[i + k6]
                        s7 += u * x[i + k7]
                        s8 += u * x[i + k8]
                    s[0] += s0
                    s[1] += s1
                    s[2] += s2
                    s[3] += s3
                    s[4] += s4
                    s[5] += s5
                    s[6] += s6
                    s[7] += s7
                    s[8] += s8
