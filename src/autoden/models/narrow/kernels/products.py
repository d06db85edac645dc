"""The sums of products of narrow convolutions, forward and back.

A convolution is a sum over *terms*: weight times what a tap sees of a channel. In a tile that is
the tile itself from another place on (`places`), so that one loop over terms serves any number of
dimensions, taps and channels.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from autoden.models.narrow.kernels.blocks import FORM, STEP, convolve_block, correlate_block
from autoden.models.narrow.kernels.registers import WIDTH
from autoden.native.compiling.language import part, shaped
from autoden.native.compiling.memory import take

OUTPUTS, GRADIENTS, TERMS = FORM.outputs, FORM.gradients, FORM.terms
CHUNK = 1024
"""About so many numbers of a row stay in the nearest cache while all channels are visited."""


@part
def rounded(n, multiple):
    """Round up to a multiple."""
    return (n + multiple - 1) // multiple * multiple


@part
def places(memory, n_channels, stride, taps, step, plane, pitch):
    """Say where each term begins in a tile, channel by channel and tap by tap: a row of `memory`.

    The first ones are repeated until terms can be taken `TERMS` at a time.
    """
    n = n_channels * taps[0] * taps[1] * taps[2]
    found, i = take(memory, rounded(n, TERMS), np.int64), 0
    for c in range(n_channels):
        for a in range(taps[0]):
            for b in range(taps[1]):
                for k in range(taps[2]):
                    found[i] = c * stride + step * (a * plane + b * pitch + k)
                    i += 1
    for j in range(n, len(found)):
        found[j] = found[j - n]
    return found


@part
def packed(memory, weights):
    """Sort weights (n_out, n_in, taps) as blocks read them, those of a term side by side.

    What is given is a part of `memory`, as one set of weights.
    """
    n_out, n_in, n_taps = weights.shape
    w = take(memory, weights.size, weights.dtype)
    for o in range(n_out):
        first, width = block_of(o, n_out)
        for c in range(n_in):
            for k in range(n_taps):
                term = c * n_taps + k
                w[first * n_in * n_taps + term * width + o - first] = weights[o, c, k]
    return shaped(w, (1, weights.size))


@part
def turned(memory, weights):
    """Turn weights (n_out, n_in, taps) to those of the way back: (n_in, n_out, taps backwards).

    What is given is a part of `memory`.
    """
    n_out, n_in, n_taps = weights.shape
    back = shaped(take(memory, weights.size, weights.dtype), (n_in, n_out, n_taps))
    for o in range(n_out):
        for c in range(n_in):
            for k in range(n_taps):
                back[c, o, n_taps - 1 - k] = weights[o, c, k]
    return back


@part
def block_of(output, n_outputs):
    """Say where the block of an output begins, and how many outputs it has."""
    first = output // OUTPUTS * OUTPUTS
    return first, min(OUTPUTS, n_outputs - first)


@part
def convolve(tile, starts, w, bias, n, out, stride, begin):
    """Write bias and the sums over terms of weight times tile: `n` of as many outputs as biases.

    The first is written to the place `begin` of ``out``, those of the next output `stride` further.
    There must be room for `STEP` of them, and for not more than `n` if that is larger.
    """
    n_out, n_terms = len(bias), len(w) // len(bias)
    terms = starts[:n_terms]
    for first in range(0, n, STEP):
        n_registers = min(-(-(n - first) // WIDTH), FORM.registers)
        at = max(min(first, n - n_registers * WIDTH), 0)  # the last ones may be computed twice
        for o in range(0, n_out, OUTPUTS):
            convolve_block(
                min(OUTPUTS, n_out - o), n_registers, tile, at, terms, w, o * n_terms, bias, o, out,
                begin + o * stride + at, stride,
            )  # fmt: skip


@part
def correlate(tile, starts, gradient, begin, stride, n, sums):
    """Add the gradients by the weights: sums (outputs, terms) of gradient times tile.

    Gradients must be zero from `n` on, as far as whole registers need. It is quickest where they
    begin, and each `stride`, at whole registers.
    """
    n_out, n_terms = sums.shape
    row = shaped(sums, (n_out * n_terms,))
    chunk = rounded(-(-n // max(n // CHUNK, 1)), WIDTH)
    for first in range(0, n, chunk):
        stop = min(first + chunk, n)
        for o in range(0, n_out, GRADIENTS):
            for k in range(0, n_terms, TERMS):
                correlate_block(
                    min(GRADIENTS, n_out - o), tile, starts, k, gradient, begin + o * stride,
                    stride, first, stop, row, o * n_terms + k, n_terms,
                )  # fmt: skip
