"""Squared errors and violations of a limit, with their gradients."""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.native.compiling.language import part

TINY = np.finfo(np.float32).tiny
"""What is divided by at least."""
BLOCK = 2**12
"""So many numbers are summed in their own precision; the sums of blocks in double precision."""


@part
def compare_squares(output, target, weight, total, chosen, known, gradient, out):
    """Go once through rows of numbers.

    Parameters
    ----------
    output, target, weight, chosen : ndarray
        Shape (n,); `chosen` is 1 for what is held out, else 0.
    known : ndarray
        Shape (3,): sums that are written to `out` as they are.
    total : ndarray
        Shape (1,): the sum of the weights.
    gradient : ndarray
        Shape (n,): where to write the gradient of the loss by the output.
    out : ndarray
        Shape (8,): where to write the loss, which is the weighted mean of the squared errors, 0
        without weight; then what is `known`; and of what is held out the sums of the squared errors
        e, of the outputs o, of o^2 and of o times the target.
    """
    all_loss = all_e = all_o = all_oo = all_ot = 0.0
    factor = 1 / max(total[0], TINY)
    twice = output.dtype.type(2 * factor)
    for block in range(0, len(output), BLOCK):
        loss = e = o = oo = ot = output.dtype.type(0)
        for i in range(uint64(block), uint64(min(block + BLOCK, len(output)))):
            far = output[i] - target[i]
            pull = weight[i] * far
            held = chosen[i] * output[i]
            gradient[i] = twice * pull
            loss += pull * far
            e += chosen[i] * far * far
            o += held
            oo += held * output[i]
            ot += held * target[i]
        all_loss += loss
        all_e += e
        all_o += o
        all_oo += oo
        all_ot += ot
    out[0], out[1], out[2], out[3] = factor * all_loss, known[0], known[1], known[2]
    out[4], out[5], out[6], out[7] = all_e, all_o, all_oo, all_ot


@part
def add_violations(output, limit, gradient, out):
    """Find the mean square of how far numbers lie below a limit, and add its gradient.

    Parameters
    ----------
    output : ndarray
        Shape (n,).
    limit : ndarray
        Shape (n,), or (1,) where it is the same for all.
    gradient : ndarray
        Shape (n,), to which that of the mean square by `output` is added.
    out : ndarray
        Shape (1,): where to write the mean square.
    """
    n, total, lowest = len(output), 0.0, limit[0]
    pull = output.dtype.type(-2 / n)
    for block in range(0, n, BLOCK):
        squares = output.dtype.type(0)
        if len(limit) == 1:
            for i in range(uint64(block), uint64(min(block + BLOCK, n))):
                below = max(lowest - output[i], output.dtype.type(0))
                gradient[i] += pull * below
                squares += below * below
        else:
            for i in range(uint64(block), uint64(min(block + BLOCK, n))):
                below = max(limit[i] - output[i], output.dtype.type(0))
                gradient[i] += pull * below
                squares += below * below
        total += squares
    out[0] = total / n
