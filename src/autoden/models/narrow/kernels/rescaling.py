"""Means of cells, linear interpolation, and the way back through both.

Each row of images or volumes is of shape (planes, lines, width), *coarse* or *fine*; axes differ by
a factor of 1 or 2. Every line of an output is made of the few lines of the input that touch it: of
all that are given, output lines are shared among threads.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.models.narrow.codes import AVERAGE, GATHER, INTERPOLATE, SPREAD
from autoden.native.compiling.language import part, shaped
from autoden.native.compiling.memory import (
    borrow,
    bytes_for,
    bytes_for_rooms,
    emptied,
    give_back,
    rooms_in,
    take,
)
from autoden.native.compiling.team import in_team

MOST_PIECES = 4
"""So many samples of the input are in one of the output along an axis, at most."""
NEAR, FAR = 0.75, 0.25
"""Weights of the coarse samples beside a fine one, which is a quarter of a step from the nearer."""


@part
def in_cell(j, i, n, size, factor):
    """Say with which weight fine sample `j` is in the mean of coarse sample `i`."""
    if j // factor != i:
        return 0.0
    return 1.0 / min(factor, size - i * factor)


@part
def in_interpolation(j, i, n, size, factor):
    """Say with which weight the coarse sample `i` of `n` is in the fine sample `j`."""
    if factor == 1:
        return 1.0 if i == j else 0.0
    near = j // 2
    far = min(max(near + (1 if j % 2 else -1), 0), n - 1)
    return (NEAR if i == near else 0.0) + (FAR if i == far else 0.0)


@part
def weight_of(kind, j, i, n, size, factor):
    """Say with which weight a fine and a coarse sample belong together."""
    if kind in (AVERAGE, SPREAD):
        return in_cell(j, i, n, size, factor)
    return in_interpolation(j, i, n, size, factor)


@part
def touched(kind, at, factor):
    """Say from which to which sample of the input those lie that a sample of the output needs."""
    if factor == 1:
        return at, at + 1
    if kind == AVERAGE:
        return 2 * at, 2 * at + 2
    if kind == SPREAD:
        return at // 2, at // 2 + 1
    if kind == INTERPOLATE:
        return at // 2 - 1, at // 2 + 2
    return 2 * at - 1, 2 * at + 3


@part
def complete(kind, line, n, size):
    """Put beyond the ends of a line, which starts at 1, what stands for samples missing there."""
    if kind == AVERAGE:
        line[1 + size] = line[size]  # which a single sample at the end is averaged with
    elif kind == INTERPOLATE:
        line[0], line[1 + n] = line[1], line[n]
    elif kind == GATHER:
        line[0], line[1 + size], line[2 + size] = line[1], 0, 0
        if size % 2 == 0:
            line[1 + size] = line[size]


@part
def resample(kind, line, n, size, out):
    """Change the scale of a `complete` line: `n` coarse samples are `size` fine ones."""
    half = line.dtype.type(1 / 2)  # of the same precision, or all would be computed in double
    near, far = line.dtype.type(NEAR), line.dtype.type(FAR)
    if kind == AVERAGE:
        for i in range(uint64(n)):
            out[i] = (line[2 * i + 1] + line[2 * i + 2]) * half
    elif kind == GATHER:
        for i in range(uint64(n)):
            j = 2 * i + 1
            out[i] = near * (line[j] + line[j + 1]) + far * (line[j - 1] + line[j + 2])
    elif kind == SPREAD:
        for i in range(uint64(size // 2)):
            out[2 * i] = out[2 * i + 1] = line[i + 1] * half
        if size % 2:
            out[size - 1] = line[n]
    else:
        for i in range(uint64(size // 2)):
            out[2 * i] = near * line[i + 1] + far * line[i]
            out[2 * i + 1] = near * line[i + 1] + far * line[i + 2]
        if size % 2:
            out[size - 1] = near * line[n] + far * line[n - 1]


@part
def pieces_of(memory, kind, coarse, fine, factor):
    """Say of what each sample of the output is made along an axis: first, how many, weights.

    Those are samples of the input, which follow each other. What is given is a part of
    `memory`.
    """
    shrinks = kind in (AVERAGE, GATHER)
    given, made = (fine, coarse) if shrinks else (coarse, fine)
    spans = shaped(take(memory, 2 * made, np.int64), (made, 2))
    weights = shaped(take(memory, MOST_PIECES * made, np.float64), (made, MOST_PIECES))
    spans[:] = 0
    for at in range(made):
        first, last = touched(kind, at, factor)
        for piece in range(max(first, 0), min(last, given)):
            j, i = (piece, at) if shrinks else (at, piece)
            weight = weight_of(kind, j, i, coarse, fine, factor)
            if weight != 0:
                if spans[at, 1] == 0:
                    spans[at, 0] = piece
                weights[at, spans[at, 1]] = weight
                spans[at, 1] += 1
    return spans, weights


@part
def add_up(values, starts, weights, n, width, line):
    """Write the weighted sum of some lines from 1 on, two of them at a time."""
    zero = values.dtype.type(0)
    for i in range(0, n, 2):
        one, other = uint64(starts[i]), uint64(starts[i + 1 if i + 1 < n else i])
        weight, of_other = weights[i], weights[i + 1] if i + 1 < n else zero
        if i == 0:
            for k in range(uint64(width)):
                line[k + 1] = weight * values[one + k] + of_other * values[other + k]
        else:
            for k in range(uint64(width)):
                line[k + 1] += weight * values[one + k] + of_other * values[other + k]


@part
def rescale_share(member, team, kind, x, coarse, fine, factors, added, rooms, out):
    """Make the lines of one of `team` threads, as `rescale` says."""
    given, made = (fine, coarse) if kind in (AVERAGE, GATHER) else (coarse, fine)
    memory = emptied(rooms[member])
    line = take(memory, max(coarse[2], fine[2]) + 3, x.dtype)
    line[:] = 0
    starts, weights = take(memory, MOST_PIECES**2, np.int64), take(memory, MOST_PIECES**2, x.dtype)
    planes, of_planes = pieces_of(memory, kind, coarse[0], fine[0], factors[0])
    lines, of_lines = pieces_of(memory, kind, coarse[1], fine[1], factors[1])
    all_made, all_added = shaped(out, (out.size,)), shaped(added, (added.size,))
    n_lines = len(x) * made[0] * made[1]
    first = member * n_lines // team
    row, a, b = first // (made[0] * made[1]), first // made[1] % made[0], first % made[1]
    for index in range(first, (member + 1) * n_lines // team):
        n = 0
        for i in range(planes[a, 1]):
            for j in range(lines[b, 1]):
                starts[n] = ((planes[a, 0] + i) * given[1] + lines[b, 0] + j) * given[2]
                weights[n] = of_planes[a, i] * of_lines[b, j]
                n += 1
        add_up(x[row], starts, weights, n, given[2], line)
        to = all_made[index * made[2] : (index + 1) * made[2]]
        if factors[2] == 1:
            for k in range(uint64(made[2])):
                to[k] = line[k + 1]
        else:
            complete(kind, line, coarse[2], fine[2])
            resample(kind, line, coarse[2], fine[2], to)
        if added.size:
            beside = all_added[index * made[2] : (index + 1) * made[2]]
            for k in range(uint64(made[2])):
                to[k] += beside[k]
        b += 1
        if b == made[1]:
            a, b = a + 1, 0
        if a == made[0]:
            row, a = row + 1, 0


@part
def rescale(x, kind, coarse, fine, factors, added, out, n_threads):
    """Change the scale of rows ``x``, of one of the two shapes, to the other.

    Every axis of the fine shape is `factors` times the coarse one, or one less where that is odd.
    What is `added` has the shape of ``out``, or no rows.
    """
    of_memory = (
        bytes_for(max(coarse[2], fine[2]) + 3, x.dtype)
        + 2 * bytes_for(MOST_PIECES**2, np.float64)
        + bytes_for(2 * fine[0], np.int64) + bytes_for(MOST_PIECES * fine[0], np.float64)
        + bytes_for(2 * fine[1], np.int64) + bytes_for(MOST_PIECES * fine[1], np.float64)
    )  # fmt: skip
    block = borrow(bytes_for_rooms(n_threads, of_memory))
    rooms = rooms_in(block, n_threads, of_memory)
    in_team(rescale_share, n_threads, (kind, x, coarse, fine, factors, added, rooms, out))
    give_back(block)
