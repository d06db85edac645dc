"""What memory the passes through a chain need, and what of it is whose.

A call borrows one block. In it are what tasks find, which all threads see, and for each thread its
*scratch*, for the tiles of a task, and its *memory*, for what it makes of a layer on its way.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from autoden.models.narrow.codes import N_IN, N_OUT, TAPS
from autoden.models.narrow.kernels.products import OUTPUTS, TERMS, rounded
from autoden.models.narrow.kernels.registers import WIDTH
from autoden.models.narrow.kernels.tasks import (
    axes,
    bounds,
    goes_in_fours,
    most_tiles,
    n_tiles,
    strides_of,
)
from autoden.models.narrow.kernels.tiles import N_CONSTANTS
from autoden.models.narrow.kernels.winograd import N_PARTS, N_TAPS
from autoden.native.compiling.language import part, shaped
from autoden.native.compiling.memory import (
    bytes_for,
    bytes_for_rooms,
    take,
)

N_GROUPS = 16
"""Of tasks, each with its own sums of gradients by weights."""


@part
def ends_forward(layer, space):
    """Say where in the room of a thread end rows, sums, parts, products (`winograd`)."""
    stride, sums_stride, _, _, _, parts_stride = strides_of(layer, space)
    of_parts = N_PARTS * parts_stride if goes_in_fours(layer, space) else 0
    rows = layer[N_IN] * stride
    sums = rows + layer[N_OUT] * sums_stride
    parts = sums + layer[N_IN] * of_parts
    return rows, sums, parts, parts + OUTPUTS * of_parts


@part
def ends_back(layer, space):
    """Say where end rows, gradients, sums back, parts of rows and of gradients, products."""
    stride, _, _, by_stride, back_stride, parts_stride = strides_of(layer, space)
    of_parts = N_PARTS * parts_stride if goes_in_fours(layer, space) else 0
    rows = rounded(layer[N_IN] * stride, WIDTH)
    gradients = rows + layer[N_OUT] * by_stride
    back = rounded(gradients + layer[N_IN] * back_stride, WIDTH)
    parts = back + layer[N_IN] * of_parts
    by_products = parts + layer[N_OUT] * of_parts
    return rows, gradients, back, parts, by_products, by_products + OUTPUTS * of_parts


@part
def scratch_of(table, space, goes_back):
    """Say how many numbers a thread needs room for, at most."""
    most = 0
    for i in range(len(table)):
        if goes_back:
            most = max(most, ends_back(table[i], space)[5])
        else:
            most = max(most, ends_forward(table[i], space)[3])
    return most


@part
def scratches(block, n_threads, size, number):
    """Take `size` numbers of scratch for each thread, from a whole register on."""
    pitch = rounded(size, WIDTH)
    return shaped(take(block, n_threads * pitch, number), (n_threads, pitch))


@part
def found_by_tasks(block, table, batch, space, n_channels, n_threads):
    """Take room for what tasks find of channels, by layers in turn, and for what `claim` counts."""
    n_tasks, n_layers = batch * most_tiles(table, space), len(table)
    found = take(block, 4 * n_tasks * n_channels, np.float64)
    taken = take(block, (n_layers + 1) * n_threads, np.int64)
    taken[:] = 0
    return shaped(found, (2, n_tasks, n_channels, 2)), shaped(taken, (n_layers + 1, n_threads))


@part
def bytes_together(table, batch, space, n_channels, n_threads, size, of_memory, number):
    """Say how many bytes these take, and memories of so many bytes for all threads."""
    found = 4 * batch * most_tiles(table, space) * n_channels
    return (
        bytes_for(n_threads * rounded(size, WIDTH), number)
        + bytes_for(found, np.float64)
        + bytes_for((len(table) + 1) * n_threads, np.int64)
        + bytes_for_rooms(n_threads, of_memory)
    )


@part
def bytes_of_terms(n_in, n_out, taps, number):
    """Say how many bytes `terms_of` takes at most."""
    n_terms = n_in * taps[0] * taps[1] * taps[2]
    return (
        bytes_for(rounded(n_terms, TERMS), np.int64)
        + bytes_for(N_PARTS * n_terms * n_out, number)
        + bytes_for(N_PARTS * N_TAPS, number)
    )


@part
def bytes_forward(table, space, n_channels, number):
    """Say how many bytes of memory a thread needs on the way forward."""
    of_layer = 0
    for i in range(len(table)):
        layer = table[i]
        of_terms = bytes_of_terms(layer[N_IN], layer[N_OUT], axes(layer, TAPS), number)
        of_layer = max(of_layer, of_terms + bytes_for(n_tiles(layer, space), np.int64))
    return (
        bytes_for((len(table) + 1) * N_CONSTANTS * n_channels, number)
        + bytes_for(2 * len(table) * n_channels, number)
        + bytes_for(OUTPUTS, number)
        + of_layer
    )


@part
def bytes_back(table, n_channels, number):
    """Say how many bytes of memory a thread needs on the way back."""
    of_layer = 0
    for i in range(len(table)):
        layer, taps = table[i], axes(table[i], TAPS)
        n_in, n_out, n_taps = layer[N_IN], layer[N_OUT], taps[0] * taps[1] * taps[2]
        of_layer = max(
            of_layer,
            bytes_for(n_in * n_out * n_taps, number)
            + bytes_of_terms(n_out, n_in, taps, number)
            + bytes_for(rounded(n_in * n_taps, TERMS), np.int64)
            + bytes_for(max(n_in, OUTPUTS), number)
            + bytes_for(N_PARTS * rounded(n_in * n_taps, TERMS), np.float64)
            + bytes_for(2 * n_out, np.float64),
        )
    return bytes_for((len(table) + 1) * N_CONSTANTS * n_channels, number) + of_layer


@part
def most_sums(table, space):
    """Say how many sums of gradients by weights a group of tasks has at most."""
    most = 0
    for i in range(len(table)):
        taps = axes(table[i], TAPS)
        of_plane = table[i, N_IN] * taps[1] * taps[2]
        n_sets, n_planes = (N_PARTS, 1) if goes_in_fours(table[i], space) else (1, taps[0])
        most = max(most, n_sets * table[i, N_OUT] * rounded(of_plane * n_planes, TERMS))
    return most


@part
def sizes_of(memory, layer, space):
    """Give the number of samples of each tile, a row of `memory`."""
    sizes = take(memory, n_tiles(layer, space), np.int64)
    for tile in range(len(sizes)):
        first, last = bounds(tile, layer, space)
        sizes[tile] = (last - first) * space[1] * space[2]
    return sizes


@part
def zeros(memory, n, number):
    """Give a row of zeros, a part of `memory`."""
    row = take(memory, n, number)
    row[:] = 0
    return row


@part
def copied(memory, array):
    """Copy a contiguous array into `memory`."""
    copy, row = take(memory, array.size, array.dtype), shaped(array, (array.size,))
    for i in range(row.size):
        copy[i] = row[i]
    return shaped(copy, array.shape)
