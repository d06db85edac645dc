"""Parts of signals, images and volumes, cut out and extended for convolutions.

A channel is a *space* of planes, lines and the width of a line. A convolution reaches a number of
planes, lines and samples to each side. Some planes of all channels, extended by that much at every
side, are a *tile*: one row of numbers for each channel, in which a plane, line or sample further is
always the same number of places further. What a tap of the convolution sees of a tile is then the
tile from another place on. Where a convolution reaches to no other line or sample, planes lie in
the tile as in the channel, in one *run*; else each line is a run of its own.

Indices are unsigned where a loop is to become vector instructions: for signed ones numba would
also have to allow for counting from the end.
"""

# mypy: disable-error-code="no-untyped-def"

from numba import uint64

from autoden.models.narrow.codes import CIRCULAR, REFLECT, ZEROS
from autoden.models.narrow.kernels.registers import fetch
from autoden.native.compiling.language import part

LINE = 16
"""So many numbers, of single precision, come near together."""

SCALE, SHIFT, MEAN, INVERSE, LEVEL, TILT = range(6)
"""Constants of channels, one row each: ``u = scale * raw + shift``; mean and 1 / deviation; what
`unrespond` adds, which only the way back knows."""
N_CONSTANTS = 6


@part
def plane_of(space, reach):
    """Give the number of places from a plane of a tile to the next, and from a line."""
    pitch = space[2] + 2 * reach[2]
    return (space[1] + 2 * reach[1]) * pitch, pitch


@part
def runs_of(n_planes, space, reach):
    """Give the runs of some planes: how many groups of how many, the places from one to the next.

    With the places from group to group and from run to run comes the length of a run. Groups are as
    few as can be, as each takes time.
    """
    plane, pitch = plane_of(space, reach)
    if reach[1] == 0 and reach[2] == 0:
        return (1, 1), (0, 0, n_planes * space[1] * space[2])
    if space[1] == 1:
        return (1, n_planes), (0, plane, space[2])
    return (n_planes, space[1]), (plane, pitch, space[2])


@part
def inset_of(space, reach):
    """Give the place of the first run of a plane of a tile."""
    _, pitch = plane_of(space, reach)
    return reach[1] * pitch + reach[2]


@part
def source(i, size, width, mode):
    """Say which of `size` samples the sample `i` beyond an edge repeats; it may be below 0."""
    if mode == REFLECT and width < size:
        return -i if i < 0 else 2 * (size - 1) - i
    if mode == CIRCULAR and width <= size:
        return i + size if i < 0 else i - size
    return 0 if i < 0 else size - 1


@part
def repeat(tile, start, origin, n, mode):
    """Repeat a part of a tile at another place in it, or put zeros there."""
    to, at = uint64(start), uint64(origin)
    for i in range(uint64(n)):
        tile[to + i] = 0 if mode == ZEROS else tile[at + i]


@part
def extend(tile, first, size, width, step, n, mode):
    """Fill the `width` pieces of length `n` before and after `size` pieces, one every `step`."""
    for i in range(1, width + 1):
        before, after = -i, size - 1 + i
        at = first + source(before, size, width, mode) * step
        repeat(tile, first + before * step, at, n, mode)
        at = first + source(after, size, width, mode) * step
        repeat(tile, first + after * step, at, n, mode)


@part
def add(tile, start, origin, n):
    """Add a part of a tile to another one."""
    to, at = uint64(start), uint64(origin)
    for i in range(uint64(n)):
        tile[to + i] += tile[at + i]


@part
def fold(tile, first, size, width, step, n, mode):
    """Add what `extend` has copied to what it was copied from."""
    if mode == ZEROS:
        return
    for i in range(1, width + 1):
        before, after = -i, size - 1 + i
        at = first + source(before, size, width, mode) * step
        add(tile, at, first + before * step, n)
        at = first + source(after, size, width, mode) * step
        add(tile, at, first + after * step, n)


@part
def extend_lines(tile, start, n_planes, space, reach, mode):
    """Fill what lies before and after each line of some planes, which begin at `start`."""
    n, (to_group, to_run, _) = runs_of(n_planes, space, reach)
    size, first = space[2], start + inset_of(space, reach)
    for i in range(1, reach[2] + 1):
        before, after = source(-i, size, reach[2], mode), source(size - 1 + i, size, reach[2], mode)
        for a in range(n[0]):
            for b in range(n[1]):
                line = first + a * to_group + b * to_run
                low, high = uint64(line - i), uint64(line + size - 1 + i)
                tile[low] = 0 if mode == ZEROS else tile[uint64(line + before)]
                tile[high] = 0 if mode == ZEROS else tile[uint64(line + after)]


@part
def fold_lines(tile, start, n_planes, space, reach, mode):
    """Add what `extend_lines` has copied to what it was copied from."""
    if mode == ZEROS:
        return
    n, (to_group, to_run, _) = runs_of(n_planes, space, reach)
    size, first = space[2], start + inset_of(space, reach)
    for i in range(1, reach[2] + 1):
        before, after = source(-i, size, reach[2], mode), source(size - 1 + i, size, reach[2], mode)
        for a in range(n[0]):
            for b in range(n[1]):
                line = first + a * to_group + b * to_run
                tile[uint64(line + before)] += tile[uint64(line - i)]
                tile[uint64(line + after)] += tile[uint64(line + size - 1 + i)]


@part
def ahead(values, first, last, space):
    """Have the planes after some brought near, while those are computed with."""
    per_plane = space[1] * space[2]
    for i in range(last * per_plane, min(2 * last - first, space[0]) * per_plane, LINE):
        fetch(values, uint64(i))


@part
def respond(raw, constants, slope, first, last, space, reach, mode, tile, stride, row):
    """Normalise and rectify the raw values of planes `first` to `last`, and extend them.

    The first channel becomes the row `row` of the tile.
    """
    plane, pitch = plane_of(space, reach)
    low, high = max(first - reach[0], 0), min(last + reach[0], space[0])
    n, (to_group, to_run, length) = runs_of(high - low, space, reach)
    for c in range(raw.shape[0]):
        scale, shift, values = constants[SCALE, c], constants[SHIFT, c], raw[c]
        start = (row + c) * stride + (low - first + reach[0]) * plane
        begin, inside = low * space[1] * space[2], start + inset_of(space, reach)
        ahead(values, first, last, space)
        for a in range(n[0]):
            for b in range(n[1]):
                to = uint64(inside + a * to_group + b * to_run)
                at = uint64(begin + (a * n[1] + b) * length)
                for i in range(uint64(length)):
                    u = scale * values[at + i] + shift
                    tile[to + i] = u if u > 0 else slope * u
        extend_lines(tile, start, high - low, space, reach, mode)
        if reach[1]:
            for a in range(high - low):
                lines = start + a * plane + reach[1] * pitch
                extend(tile, lines, space[1], reach[1], pitch, pitch, mode)
        origin = (row + c) * stride + (reach[0] - first) * plane
        for a in range(first - reach[0], low):
            at = origin + source(a, space[0], reach[0], mode) * plane
            repeat(tile, origin + a * plane, at, plane, mode)
        for a in range(high, last + reach[0]):
            at = origin + source(a, space[0], reach[0], mode) * plane
            repeat(tile, origin + a * plane, at, plane, mode)


@part
def take(tile, stride, first, last, space, reach, raw):
    """Write the planes of a tile that has no margin before them to the raw values."""
    n, (to_group, to_run, length) = runs_of(last - first, space, reach)
    begin = first * space[1] * space[2]
    for c in range(raw.shape[0]):
        values = raw[c]
        for a in range(n[0]):
            for b in range(n[1]):
                at = uint64(c * stride + a * to_group + b * to_run)
                to = uint64(begin + (a * n[1] + b) * length)
                for i in range(uint64(length)):
                    values[to + i] = tile[at + i]


@part
def unrespond(
    gradients, raw, constants, slope, of_batch, first, last, space, reach, tile, stride, start
):
    """Turn gradients after the rectifier into those by raw values: a tile without margins.

    They are ``scale * (z + level + tilt * (raw - mean))``, where z is before the rectifier.
    """
    n, (to_group, to_run, length) = runs_of(last - first, space, reach)
    begin = first * space[1] * space[2]
    for c in range(raw.shape[0]):
        scale, shift, mean = constants[SCALE, c], constants[SHIFT, c], constants[MEAN, c]
        level, tilt = constants[LEVEL, c], constants[TILT, c]
        values, gradient = raw[c], gradients[c]
        ahead(values, first, last, space)
        ahead(gradient, first, last, space)
        for a in range(n[0]):
            for b in range(n[1]):
                to = uint64(c * stride + start + a * to_group + b * to_run)
                at = uint64(begin + (a * n[1] + b) * length)
                if of_batch:
                    for i in range(uint64(length)):
                        u, g = values[at + i], gradient[at + i]
                        z = g if scale * u + shift > 0 else slope * g
                        tile[to + i] = scale * (z + level + tilt * (u - mean))
                else:
                    for i in range(uint64(length)):
                        g = gradient[at + i]
                        z = g if scale * values[at + i] + shift > 0 else slope * g
                        tile[to + i] = scale * z


@part
def fold_back(tile, stride, row, start, first, last, space, reach, mode, out):
    """Add the margins of a tile of gradients to what they were copied from, and write the planes.

    `start` is the first plane of the tile, which may be in the margin; `row` the first row that is
    written.
    """
    plane, pitch = plane_of(space, reach)
    n, (to_group, to_run, length) = runs_of(last - first, space, reach)
    begin = first * space[1] * space[2]
    for c in range(out.shape[0]):
        values, origin = out[c], (row + c) * stride + (reach[0] - start) * plane
        inside = origin + first * plane + inset_of(space, reach)
        if mode != ZEROS:
            for a in range(start - reach[0], 0):
                to = origin + source(a, space[0], reach[0], mode) * plane
                add(tile, to, origin + a * plane, plane)
            for a in range(space[0], last + reach[0] if last == space[0] else 0):
                to = origin + source(a, space[0], reach[0], mode) * plane
                add(tile, to, origin + a * plane, plane)
        if reach[1]:
            for a in range(first, last):
                lines = origin + a * plane + reach[1] * pitch
                fold(tile, lines, space[1], reach[1], pitch, pitch, mode)
        fold_lines(tile, origin + first * plane, last - first, space, reach, mode)
        for a in range(n[0]):
            for b in range(n[1]):
                at = uint64(inside + a * to_group + b * to_run)
                to = uint64(begin + (a * n[1] + b) * length)
                for i in range(uint64(length)):
                    values[to + i] = tile[at + i]
