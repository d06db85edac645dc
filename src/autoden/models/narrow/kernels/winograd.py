"""Convolutions over three planes, four planes of the output at a time: six products for twelve.

After S. Winograd, "Arithmetic complexity of computations" (1980); A. Lavin & S. Gray, "Fast
algorithms for convolutional neural networks" (CVPR 2016). Six planes d of a tile and three planes g
of weights make four planes y of the output,

    y = A' m,    m = (B d) (G g),

where a product m is a convolution within planes, and the matrices are those of polynomials that
are known at 0, 1, -1, 2, -2 and infinity. So a tile becomes six tiles of a quarter as many planes,
the *parts*, and weights become six sets. The way back by weights is the transpose: gradients by y
become those by m, `A` times them, which are multiplied by the same parts of the tile; what is found
are gradients by the six sets. Results are those of `products` but for rounding.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.models.narrow.kernels.combinations import combine
from autoden.models.narrow.kernels.products import OUTPUTS, block_of, convolve, correlate
from autoden.models.narrow.kernels.registers import WIDTH
from autoden.native.compiling.language import part, shaped
from autoden.native.compiling.memory import take

TO_PARTS = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
"""The matrix B."""
TO_SETS = np.array(
    (
        (1 / 4, 0, 0),
        (-1 / 6, -1 / 6, -1 / 6),
        (-1 / 6, 1 / 6, -1 / 6),
        (1 / 24, 1 / 12, 1 / 6),
        (1 / 24, -1 / 12, 1 / 6),
        (0, 0, 1),
    )
)
"""The matrix G."""
FROM_PRODUCTS = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)
"""The matrix A'."""
N_PARTS, N_TAPS = TO_SETS.shape
AT_ONCE = len(FROM_PRODUCTS)
"""So many planes are made together."""

split_block = combine(TO_PARTS)
split_gradients_block = combine(tuple(zip(*FROM_PRODUCTS, strict=True)))
merge_block = combine(FROM_PRODUCTS)


@part
def fours_of(n_planes):
    """Say how many times four some planes are; the last ones may be fewer."""
    return (n_planes + AT_ONCE - 1) // AT_ONCE


@part
def packed_sets(memory, weights):
    """Turn weights (n_out, n_in, 3 planes of taps) into six sets, sorted as blocks read them.

    What is given is a part of `memory`.
    """
    n_out, n_in, n_taps = weights.shape
    n = n_taps // N_TAPS
    n_terms = n_in * n
    w = shaped(take(memory, N_PARTS * n_out * n_terms, weights.dtype), (N_PARTS, n_out * n_terms))
    to_sets = shaped(take(memory, N_PARTS * N_TAPS, weights.dtype), (N_PARTS, N_TAPS))
    for i in range(N_PARTS):
        for j in range(N_TAPS):
            to_sets[i, j] = TO_SETS[i, j]
    for o in range(n_out):
        first, width = block_of(o, n_out)
        to = first * n_terms + o - first
        for c in range(n_in):
            for k in range(n):
                before, here, after = (
                    weights[o, c, k],
                    weights[o, c, n + k],
                    weights[o, c, 2 * n + k],
                )
                for i in range(N_PARTS):
                    of_set = to_sets[i]
                    w[i, to] = of_set[0] * before + of_set[1] * here + of_set[2] * after
                to += width
    return w


@part
def clear(row, start, n):
    """Write zeros."""
    at = uint64(start)
    for i in range(uint64(n)):
        row[at + i] = 0


@part
def split(tile, begin, stride, n_rows, n_planes, plane, parts, parts_stride, tail):
    """Make the six parts of a tile, of which row after row lies one after the other.

    Planes of rows are read from `begin` on, two more than `n_planes` that will be made of them;
    what is beyond those is overwritten. Each row of a part is followed by `tail` zeros, which have
    to be a register at least.
    """
    n_fours, to_next = fours_of(n_planes), n_rows * parts_stride
    for c in range(n_rows):
        known = begin + c * stride + (n_planes + N_TAPS - 1) * plane
        clear(tile, known, (AT_ONCE * n_fours - n_planes) * plane)
        for four in range(n_fours):
            start, to = begin + c * stride + AT_ONCE * four * plane, c * parts_stride + four * plane
            for i in range(0, plane, WIDTH):  # the next ones write over what is beyond the plane
                split_block(tile, start + i, plane, parts, to + i, to_next)
        for i in range(N_PARTS):
            clear(parts, i * to_next + c * parts_stride + n_fours * plane, tail)


@part
def split_gradients(tile, begin, stride, n_rows, n_planes, plane, parts, parts_stride, tail):
    """Turn gradients by planes into those by the six products; as `split`.

    Where `n_planes` is no multiple of four, there have to be zeros beyond.
    """
    n_fours, to_next = fours_of(n_planes), n_rows * parts_stride
    for c in range(n_rows):
        for four in range(n_fours):
            start, to = begin + c * stride + AT_ONCE * four * plane, c * parts_stride + four * plane
            for i in range(0, plane, WIDTH):
                split_gradients_block(tile, start + i, plane, parts, to + i, to_next)
        for i in range(N_PARTS):
            clear(parts, i * to_next + c * parts_stride + n_fours * plane, tail)


@part
def merge(products, stride, n_rows, n_planes, plane, out, out_stride, to):
    """Make planes of the six products, of which row after row lies one after the other.

    There must be room for whole fours of planes, and for a register.
    """
    to_next = OUTPUTS * stride
    for o in range(n_rows):
        for four in range(fours_of(n_planes)):
            start, at = o * stride + four * plane, to + o * out_stride + AT_ONCE * four * plane
            # backwards, so that what is beyond the first plane is written over by the second
            for i in range((plane - 1) // WIDTH * WIDTH, -1, -WIDTH):
                merge_block(products, start + i, to_next, out, at + i, plane)


@part
def convolve_fours(
    parts, parts_stride, starts, w, bias, nothing, n_planes, plane, products, out, out_stride, to
):
    """Convolve the six `parts` of a tile with as many sets of weights; write planes of outputs.

    There are as many outputs as biases; `nothing` are as many zeros as a block has. `products` is
    room for the six products of a block of outputs, whose rows are as long as those of parts.
    """
    n_out, n = len(bias), fours_of(n_planes) * plane
    n_terms = w.shape[1] // n_out
    n_in = len(parts) // (N_PARTS * parts_stride)
    for o in range(0, n_out, OUTPUTS):
        width = min(OUTPUTS, n_out - o)
        for i in range(N_PARTS):
            of_part = parts[i * n_in * parts_stride :]
            # of the second product every plane is made once
            added = bias[o : o + width] if i == 1 else nothing[:width]
            of_block = w[i, o * n_terms : (o + width) * n_terms]
            convolve(
                of_part, starts, of_block, added, n, products, parts_stride,
                i * OUTPUTS * parts_stride,
            )  # fmt: skip
        merge(products, parts_stride, width, n_planes, plane, out, out_stride, to + o * out_stride)


@part
def correlate_fours(parts, starts, gradients, stride, n, by_sets):
    """Add the gradients by the six sets of weights (6, outputs, terms), of `n` numbers of rows."""
    n_in, n_out = len(parts) // (N_PARTS * stride), len(gradients) // (N_PARTS * stride)
    for i in range(N_PARTS):
        correlate(
            parts[i * n_in * stride :], starts, gradients[i * n_out * stride :], 0, stride, n,
            by_sets[i],
        )  # fmt: skip


@part
def from_sets(total, plane):
    """Turn the gradients by the six sets of weights into that by one of the planes of weights."""
    found = 0.0
    for i in range(N_PARTS):
        found += TO_SETS[i, plane] * total[i]
    return found
