"""Convolutions over three planes, two planes of the output at a time: four products for six.

After S. Winograd, "Arithmetic complexity of computations" (1980); A. Lavin & S. Gray, "Fast
algorithms for convolutional neural networks" (CVPR 2016). Of four planes d of a tile and three
planes g of weights two planes y are made,

    y0 = m0 + m1 + m2,    m0 = (d0 - d2) g0,    m1 = (d1 + d2) (g0 + g1 + g2) / 2,
    y1 = m1 - m2 - m3,    m3 = (d1 - d3) g2,    m2 = (d2 - d1) (g0 - g1 + g2) / 2,

where a product is a convolution within planes. So a tile becomes four tiles of half as many planes,
the *parts*, and weights become four sets. The way back by weights is the transpose: gradients by y
become those by m, which are multiplied by the same parts of the tile; what is found are gradients
by the four sets. Results are those of `products` but for rounding.

`BUILT_ON` of the kernels has to follow what changes here.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.models.narrow.blocks import (
    WIDTH,
    merge_block,
    split_block,
    split_gradients_block,
)
from autoden.models.narrow.products import OUTPUTS, convolve, correlate, packed
from autoden.transforms.compiled import part

N_PARTS = 4


@part
def pairs_of(n_planes):
    """Say how many pairs some planes are; a single one at the end has none beside it."""
    return (n_planes + 1) // 2


@part
def sets_of(weights):
    """Turn weights (n_out, n_in, 3 planes of taps) into four sets of one plane of taps."""
    n_out, n_in, n_taps = weights.shape
    n = n_taps // 3
    sets = np.empty((N_PARTS, n_out, n_in, n), weights.dtype)
    half = weights.dtype.type(1 / 2)
    for o in range(n_out):
        for c in range(n_in):
            for k in range(n):
                before, here, after = (
                    weights[o, c, k],
                    weights[o, c, n + k],
                    weights[o, c, 2 * n + k],
                )
                sets[0, o, c, k], sets[3, o, c, k] = before, after
                sets[1, o, c, k] = half * (before + here + after)
                sets[2, o, c, k] = half * (before - here + after)
    return sets


@part
def packed_sets(weights):
    """Sort the four sets of weights (n_out, n_in, 3 planes of taps) as blocks read them."""
    sets = sets_of(weights)
    w = np.empty((N_PARTS, sets[0].size), weights.dtype)
    for i in range(N_PARTS):
        w[i] = packed(sets[i])
    return w


@part
def clear(row, start, n):
    """Write zeros."""
    at = uint64(start)
    for i in range(uint64(n)):
        row[at + i] = 0


@part
def split(tile, begin, stride, n_rows, n_planes, plane, parts, parts_stride, tail):
    """Make the four parts of a tile, of which row after row lies one after the other.

    Planes of rows are read from `begin` on, two more than `n_planes` that will be made of them.
    Each row of a part is followed by `tail` zeros, which have to be a register at least.
    """
    n_pairs, to_next = pairs_of(n_planes), n_rows * parts_stride
    for c in range(n_rows):
        for pair in range(n_pairs):
            start, to = begin + c * stride + 2 * pair * plane, c * parts_stride + pair * plane
            for i in range(0, plane, WIDTH):  # the next ones write over what is beyond the plane
                split_block(tile, start + i, plane, parts, to + i, to_next)
        for i in range(N_PARTS):
            clear(parts, i * to_next + c * parts_stride + n_pairs * plane, tail)


@part
def split_gradients(tile, begin, stride, n_rows, n_planes, plane, parts, parts_stride, tail):
    """Turn gradients by planes into those by the four products; as `split`.

    Where `n_planes` is odd, there have to be zeros beyond.
    """
    n_pairs, to_next = pairs_of(n_planes), n_rows * parts_stride
    for c in range(n_rows):
        for pair in range(n_pairs):
            start, to = begin + c * stride + 2 * pair * plane, c * parts_stride + pair * plane
            for i in range(0, plane, WIDTH):
                split_gradients_block(tile, start + i, plane, parts, to + i, to_next)
        for i in range(N_PARTS):
            clear(parts, i * to_next + c * parts_stride + n_pairs * plane, tail)


@part
def merge(products, stride, n_rows, n_planes, plane, out, out_stride, to):
    """Make planes of the four products, of which row after row lies one after the other.

    There must be room for one plane more, and for a register.
    """
    to_next = OUTPUTS * stride
    for o in range(n_rows):
        for pair in range(pairs_of(n_planes)):
            start, at = o * stride + pair * plane, to + o * out_stride + 2 * pair * plane
            # backwards, so that what is beyond the first plane is written over by the second
            for i in range((plane - 1) // WIDTH * WIDTH, -1, -WIDTH):
                merge_block(products, start + i, to_next, out, at + i, plane)


@part
def convolve_pairs(
    parts, parts_stride, starts, w, bias, n_planes, plane, products, out, out_stride, to
):
    """Convolve the four `parts` of a tile with as many sets of weights; write planes of outputs.

    There are as many outputs as biases. `products` is room for the four products of a block of
    outputs, whose rows are as long as those of parts.
    """
    n_out, n = len(bias), pairs_of(n_planes) * plane
    n_terms = w.shape[1] // n_out
    n_in = len(parts) // (N_PARTS * parts_stride)
    none = np.zeros(OUTPUTS, bias.dtype)
    for o in range(0, n_out, OUTPUTS):
        width = min(OUTPUTS, n_out - o)
        for i in range(N_PARTS):
            of_part = parts[i * n_in * parts_stride :]
            added = bias[o : o + width] if i == 1 else none[:width]
            of_block = w[i, o * n_terms : (o + width) * n_terms]
            convolve(
                of_part, starts, of_block, added, n, products, parts_stride,
                i * OUTPUTS * parts_stride,
            )  # fmt: skip
        merge(products, parts_stride, width, n_planes, plane, out, out_stride, to + o * out_stride)


@part
def correlate_pairs(parts, starts, gradients, stride, n, by_sets):
    """Add the gradients by the four sets of weights (4, outputs, terms), of `n` numbers of rows."""
    n_in, n_out = len(parts) // (N_PARTS * stride), len(gradients) // (N_PARTS * stride)
    for i in range(N_PARTS):
        correlate(
            parts[i * n_in * stride :], starts, gradients[i * n_out * stride :], 0, stride, n,
            by_sets[i],
        )  # fmt: skip


@part
def from_sets(one, two, three, four):
    """Turn gradients by the four sets of weights into those by the three planes of weights."""
    both, apart = (two + three) / 2, (two - three) / 2
    return one + both, apart, both + four
