"""Squared errors and violations of a limit, with their gradients.

Rows of numbers are cut into blocks. Sums of a block are taken in the precision of its numbers,
those of all blocks in double precision; they are the same for any number of threads.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.native.compiling.language import part, shaped
from autoden.native.compiling.memory import borrow, bytes_for, give_back, take
from autoden.native.compiling.team import in_team

TINY = np.finfo(np.float32).tiny
"""What is divided by at least."""
BLOCK = 2**12
N_SUMS = 8


@part
def n_blocks_of(row):
    """Say into how many blocks a row is cut."""
    return (len(row) + BLOCK - 1) // BLOCK


@part
def bounds_of(block, row):
    """Say where a block begins and ends."""
    return uint64(block * BLOCK), uint64(min((block + 1) * BLOCK, len(row)))


@part
def compare_share(member, size, output, target, weight, held_out, twice, gradient, sums):
    """Compare the blocks of one of `size` threads."""
    for block in range(member * len(sums) // size, (member + 1) * len(sums) // size):
        loss = n = t = tt = e = o = oo = ot = output.dtype.type(0)
        first, last = bounds_of(block, output)
        for i in range(first, last):
            far = output[i] - target[i]
            pull = weight[i] * far
            chosen = output.dtype.type(held_out[i])
            known, held = chosen * target[i], chosen * output[i]
            gradient[i] = twice * pull
            loss += pull * far
            n += chosen
            t += known
            tt += known * target[i]
            e += chosen * far * far
            o += held
            oo += held * output[i]
            ot += held * target[i]
        of_block = sums[block]
        of_block[0], of_block[1], of_block[2], of_block[3] = loss, n, t, tt
        of_block[4], of_block[5], of_block[6], of_block[7] = e, o, oo, ot


@part
def compare_squares(output, target, weight, total, held_out, gradient, out, n_threads):
    """Go once through rows of numbers.

    Parameters
    ----------
    output, target, weight : ndarray
        Shape (n,).
    total : ndarray
        Shape (1,): the sum of the weights.
    held_out : ndarray of bool
        Shape (n,).
    gradient : ndarray
        Shape (n,): where to write the gradient of the loss by the output.
    out : ndarray
        Shape (8,): where to write the loss, which is the weighted mean of the squared errors, 0
        without weight; and of what is held out the count and the sums of the targets t, of t^2, of
        the squared errors, of the outputs o, of o^2 and of o t.
    n_threads : int
        How many share the work.
    """
    factor = 1 / max(total[0], TINY)
    n_sums = N_SUMS * n_blocks_of(output)
    room = borrow(bytes_for(n_sums, np.float64))
    sums = shaped(take(room, n_sums, np.float64), (n_blocks_of(output), N_SUMS))
    twice = output.dtype.type(2 * factor)
    in_team(
        compare_share, n_threads, (output, target, weight, held_out, twice, gradient, sums)
    )  # fmt: skip
    for k in range(N_SUMS):
        of_all = 0.0
        for block in range(len(sums)):
            of_all += sums[block, k]
        out[k] = of_all if k else factor * of_all
    give_back(room)


@part
def violations_share(member, size, output, limit, pull, gradient, sums):
    """Go through the blocks of one of `size` threads."""
    zero, lowest = output.dtype.type(0), limit[0]
    for block in range(member * len(sums) // size, (member + 1) * len(sums) // size):
        squares = zero
        first, last = bounds_of(block, output)
        if len(limit) == 1:
            for i in range(first, last):
                below = max(lowest - output[i], zero)
                gradient[i] += pull * below
                squares += below * below
        else:
            for i in range(first, last):
                below = max(limit[i] - output[i], zero)
                gradient[i] += pull * below
                squares += below * below
        sums[block] = squares


@part
def add_violations(output, limit, gradient, out, n_threads):
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
    n_threads : int
        How many share the work.
    """
    room = borrow(bytes_for(n_blocks_of(output), np.float64))
    sums, total = take(room, n_blocks_of(output), np.float64), 0.0
    pull = output.dtype.type(-2 / len(output))
    in_team(violations_share, n_threads, (output, limit, pull, gradient, sums))
    for block in range(len(sums)):
        total += sums[block]
    out[0] = total / len(output)
    give_back(room)
