"""The sums of products of narrow convolutions, forward and back; compiled by numba.

A convolution is a sum over *terms*: weight times what a tap sees of a channel. In a tile that is
the tile itself from another place on (`places`), so that one loop over terms serves any number of
dimensions, taps and channels. Four outputs go together.

`kernels.BUILT_ON` has to follow what changes here.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.models.narrow.vectors import WIDTH, add_product, load, spread, store, sum_of
from autoden.transforms.compiled import inlined, shared

STEP = 2 * WIDTH
"""So many sums of an output are computed at a time; rows of tiles need room for them."""
CHUNK = 1024
"""So many numbers of a row stay in the nearest cache while all channels are visited."""


@inlined
def rounded(n, multiple):
    """Round up to a multiple."""
    return (n + multiple - 1) // multiple * multiple


@shared
def places(n_channels, stride, taps, step, plane, pitch):
    """Say where each term begins in a tile, channel by channel and tap by tap.

    The first ones are repeated until terms can be taken three at a time.
    """
    n = n_channels * taps[0] * taps[1] * taps[2]
    found, i = np.empty(rounded(n, 3), np.int64), 0
    for c in range(n_channels):
        for a in range(taps[0]):
            for b in range(taps[1]):
                for k in range(taps[2]):
                    found[i] = c * stride + step * (a * plane + b * pitch + k)
                    i += 1
    for j in range(n, len(found)):
        found[j] = found[j - n]
    return found


@inlined
def packed(weights):
    """Sort weights (n_out, n_in, taps) by fours of outputs and by terms; zeros stand for none."""
    n_out, n_in, n_taps = weights.shape
    w = np.zeros((rounded(n_out, 4) // 4, n_in * n_taps, 4), weights.dtype)
    for o in range(n_out):
        for c in range(n_in):
            for k in range(n_taps):
                w[o // 4, c * n_taps + k, o % 4] = weights[o, c, k]
    return w


@inlined
def turned(weights):
    """Sort weights for the way back: by fours of inputs, and taps the other way round."""
    n_out, n_in, n_taps = weights.shape
    w = np.zeros((rounded(n_in, 4) // 4, n_out * n_taps, 4), weights.dtype)
    for o in range(n_out):
        for c in range(n_in):
            for k in range(n_taps):
                w[c // 4, o * n_taps + n_taps - 1 - k, c % 4] = weights[o, c, k]
    return w


@shared
def convolve(tile, starts, w, bias, n, n_out, out, stride, begin):
    """Write bias and the sums over terms of weight times tile: `n` of each of `n_out` outputs.

    The first is written to the place `begin` of ``out``, those of the next output `stride` further.
    There must be room for `STEP` of them, and for not more than `n` if that is larger.
    """
    for first in range(0, n, STEP):
        start = max(min(first, n - STEP), 0)  # the last ones may be computed twice
        at, next_at = uint64(start), uint64(start + WIDTH)
        for four in range(w.shape[0]):
            weights, o = w[four], 4 * four
            # two vectors of sums of each of the four outputs
            p = q = spread(bias[min(o, len(bias) - 1)])
            r = s = spread(bias[min(o + 1, len(bias) - 1)])
            t = u = spread(bias[min(o + 2, len(bias) - 1)])
            v = z = spread(bias[min(o + 3, len(bias) - 1)])
            for k in range(uint64(weights.shape[0])):
                place = uint64(starts[k])
                x, y = load(tile, at + place), load(tile, next_at + place)
                weight = spread(weights[k, 0])
                p, q = add_product(p, weight, x), add_product(q, weight, y)
                weight = spread(weights[k, 1])
                r, s = add_product(r, weight, x), add_product(s, weight, y)
                weight = spread(weights[k, 2])
                t, u = add_product(t, weight, x), add_product(u, weight, y)
                weight = spread(weights[k, 3])
                v, z = add_product(v, weight, x), add_product(z, weight, y)
            row, step = uint64(begin + o * stride), uint64(stride)
            store(out, row + at, p)
            store(out, row + next_at, q)
            if o + 1 < n_out:
                store(out, row + step + at, r)
                store(out, row + step + next_at, s)
            if o + 2 < n_out:
                store(out, row + 2 * step + at, t)
                store(out, row + 2 * step + next_at, u)
            if o + 3 < n_out:
                store(out, row + 3 * step + at, v)
                store(out, row + 3 * step + next_at, z)


@shared
def correlate(tile, starts, gradient, begin, stride, n, sums):
    """Add the gradients by the weights: sums of gradient times tile, for each output and term.

    Gradients must be zero from `n` on, as far as whole vectors need.
    """
    zero = spread(sums.dtype.type(0))
    for chunk in range(0, n, CHUNK):
        stop = min(chunk + CHUNK, n)
        for o in range(0, sums.shape[0], 4):
            one = uint64(o * stride + begin)
            two, three, four = (
                one + uint64(stride),
                one + uint64(2 * stride),
                one + uint64(3 * stride),
            )
            for k in range(0, len(starts), 3):
                first, second, third = (
                    uint64(starts[k]),
                    uint64(starts[k + 1]),
                    uint64(starts[k + 2]),
                )
                a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = zero
                for i in range(chunk, stop, WIDTH):
                    at = uint64(i)
                    x, y, z = (
                        load(tile, at + first),
                        load(tile, at + second),
                        load(tile, at + third),
                    )
                    g = load(gradient, one + at)
                    a0, a1, a2 = add_product(a0, g, x), add_product(a1, g, y), add_product(a2, g, z)
                    g = load(gradient, two + at)
                    b0, b1, b2 = add_product(b0, g, x), add_product(b1, g, y), add_product(b2, g, z)
                    g = load(gradient, three + at)
                    c0, c1, c2 = add_product(c0, g, x), add_product(c1, g, y), add_product(c2, g, z)
                    g = load(gradient, four + at)
                    d0, d1, d2 = add_product(d0, g, x), add_product(d1, g, y), add_product(d2, g, z)
                row = sums[o]
                row[k] += sum_of(a0)
                row[k + 1] += sum_of(a1)
                row[k + 2] += sum_of(a2)
                row = sums[o + 1]
                row[k] += sum_of(b0)
                row[k + 1] += sum_of(b1)
                row[k + 2] += sum_of(b2)
                row = sums[o + 2]
                row[k] += sum_of(c0)
                row[k + 1] += sum_of(c1)
                row[k + 2] += sum_of(c2)
                row = sums[o + 3]
                row[k] += sum_of(d0)
                row[k + 1] += sum_of(d1)
                row[k + 2] += sum_of(d2)
