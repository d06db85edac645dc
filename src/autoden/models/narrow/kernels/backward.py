"""The way back through a chain of narrow convolution layers.

Gradients by the output of a layer become those by its raw values, tile by tile, with which its
input is computed again, for those by its weights; from them follow gradients by the input. Chains,
tasks and threads are as in `forward`.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.models.narrow.codes import (
    CHANNELS_BEFORE,
    DILATION,
    MODE,
    N_IN,
    N_INPUTS,
    N_OUT,
    N_WEIGHTS,
    OF_BATCH,
    SLOPE,
    SLOPE_BEFORE,
    TAPS,
)
from autoden.models.narrow.kernels.blocks import STEP
from autoden.models.narrow.kernels.channels import sum_gradients
from autoden.models.narrow.kernels.convolutions import (
    convolve_tile,
    correlate_tile,
    places_of,
    terms_of,
    write_gradient,
)
from autoden.models.narrow.kernels.products import OUTPUTS, TERMS, rounded, turned
from autoden.models.narrow.kernels.registers import WIDTH
from autoden.models.narrow.kernels.rooms import (
    N_GROUPS,
    bytes_back,
    bytes_together,
    copied,
    ends_back,
    found_by_tasks,
    most_sums,
    scratch_of,
    scratches,
    zeros,
)
from autoden.models.narrow.kernels.settling import settle_back, write_settled
from autoden.models.narrow.kernels.tasks import (
    axes,
    bounds,
    claim,
    form_of,
    goes_in_fours,
    n_tiles,
    share,
    source_of,
    strides_of,
    values_of,
    weights_of,
)
from autoden.models.narrow.kernels.tiles import fold_back, respond, unrespond
from autoden.models.narrow.kernels.winograd import N_PARTS
from autoden.native.compiling.language import part, shaped
from autoden.native.compiling.memory import (
    borrow,
    bytes_for,
    emptied,
    free_from,
    give_back,
    level_of,
    rooms_in,
    take,
)
from autoden.native.compiling.team import in_team, wait


@part
def sum_gradients_share(
    member, size, gradient, batch, space, table, numbers, raws, constants, taken, part
):
    """Find the sums of gradients by the output that the way back through the last layer needs."""
    last_layer = len(table) - 1
    layer, n, per_plane = table[last_layer], space[0] * space[1] * space[2], space[1] * space[2]
    before, tiles = layer[CHANNELS_BEFORE], n_tiles(layer, space)
    row, slope = raws if before >= 0 else gradient, gradient.dtype.type(numbers[last_layer, SLOPE])
    task = claim(member, size, batch * tiles, taken)
    while task >= 0:
        first, last = bounds(task % tiles, layer, space)
        raw = values_of(task // tiles, row, layer[N_OUT], n, max(before, 0), batch)
        given = values_of(task // tiles, gradient, layer[N_OUT], n, 0, batch)
        for c in range(layer[N_OUT]):
            sum_gradients(
                given[c], raw[c], constants, c, slope, first * per_plane, last * per_plane,
                part[task, c],
            )  # fmt: skip
        task = claim(member, size, batch * tiles, taken)


@part
def back_share(
    member, size, i, gradient, x, beside, batch, space, table, numbers, weights, raws, constants,
    learns, goes_on, scratch, memory, taken, part, sums, between, by_x, by_beside,
):  # fmt: skip
    """Turn gradients by the output of layer `i` into those by its weights and by its input."""
    layer, n, per_plane = table[i], space[0] * space[1] * space[2], space[1] * space[2]
    n_in, n_out, after = layer[N_IN], layer[N_OUT], layer[CHANNELS_BEFORE]
    reach, taps, tiles, plane, pitch, _ = form_of(layer, space)
    stride, _, lead, by_stride, back_stride, parts_stride = strides_of(layer, space)
    in_fours = goes_in_fours(layer, space)
    ends = ends_back(layer, space)
    rows, by_raw, back = scratch[: ends[0]], scratch[ends[0] : ends[1]], scratch[ends[1] : ends[2]]
    parts, by_products = scratch[ends[2] : ends[3]], scratch[ends[3] : ends[4]]
    products = scratch[ends[4] : ends[5]]
    rows[:] = 0
    weights_back = turned(memory, weights_of(layer, weights))
    back_terms = terms_of(
        memory, in_fours, weights_back, by_stride, parts_stride, taps, layer[DILATION], plane,
        pitch,
    )  # fmt: skip
    starts = places_of(
        memory, in_fours, n_in, stride, parts_stride, taps, layer[DILATION], plane, pitch
    )
    nothing, n_sets = zeros(memory, max(n_in, OUTPUTS), x.dtype), N_PARTS if in_fours else 1
    room = parts, products, parts_stride, STEP + lead, nothing
    back_room = by_products, products, parts_stride, STEP + lead, nothing
    slope, slope_before = x.dtype.type(numbers[i, SLOPE]), x.dtype.type(numbers[i, SLOPE_BEFORE])
    row, before, n_own = source_of(i, x, batch, n, table, raws)
    to_row = between[(i - 1) % 2] if i else by_x
    given_row = between[i % 2] if i < len(table) - 1 else gradient
    n_tasks, length = batch * tiles, len(starts)
    groups = min(N_GROUPS, n_tasks)
    group = claim(member, size, groups, taken)
    while group >= 0:
        size_of_sums = n_sets * n_out * length
        by_weights = shaped(sums[group * size_of_sums :], (n_sets, n_out, length))
        by_weights[:] = 0
        for task in share(group, groups, n_tasks):
            sample = task // tiles
            first, last = bounds(task % tiles, layer, space)
            # the planes of the input, counted with its margin, that belong to this task
            start = 0 if first == 0 else first + reach[0]
            stop = last + reach[0] + (reach[0] if last == space[0] else 0)
            low, high = max(start - 2 * reach[0], 0) if goes_on else first, min(stop, space[0])
            origin = lead - (start - 2 * reach[0]) * plane
            inset = -(origin + first * plane) % WIDTH  # whole registers are read quicker so
            origin += inset
            raw = values_of(
                sample, raws if after >= 0 else gradient, n_out, n, max(after, 0), batch
            )
            given = values_of(sample, given_row, n_out, n, 0, batch)
            came = values_of(sample, row, n_own, n, before, batch)
            others = values_of(sample, beside, n_in - n_own, n, 0, batch)
            by_raw[:] = 0
            unrespond(
                given, raw, constants[i + 1], slope, layer[OF_BATCH], low, last, space, reach,
                by_raw, by_stride, origin + low * plane,
            )  # fmt: skip
            if learns:
                for at, values in ((0, came), (n_own, others)):
                    respond(
                        values, constants[i], slope_before, first, last, space, reach,
                        layer[MODE], rows, stride, at,
                    )  # fmt: skip
                begin, n_planes = origin + first * plane, last - first
                correlate_tile(
                    in_fours, rows, stride, starts, by_raw, begin, by_stride, n_planes, plane,
                    room, back_room, by_weights,
                )  # fmt: skip
            if not goes_on:
                continue
            unrespond(
                given, raw, constants[i + 1], slope, layer[OF_BATCH], last, high, space, reach,
                by_raw, by_stride, origin + last * plane,
            )  # fmt: skip
            convolve_tile(
                in_fours, by_raw, inset, by_stride, stop - start, plane, back_terms, nothing[:n_in],
                back_room, back, back_stride,
            )  # fmt: skip
            to = values_of(sample, to_row, n_own, n, 0, batch)
            other_to = values_of(sample, by_beside, n_in - n_own, n, 0, batch)
            for at, values in ((0, to), (n_own, other_to)):
                fold_back(
                    back, back_stride, at, start, first, last, space, reach, layer[MODE], values
                )
            if i:
                for c in range(n_in):
                    sum_gradients(
                        to[c], came[c], constants[i], c, slope_before, first * per_plane,
                        last * per_plane, part[task, c],
                    )  # fmt: skip
        group = claim(member, size, groups, taken)


@part
def join_share(member, size, layer, in_fours, n_tasks, sums, memory, by_weights):
    """Add up the gradients by the weights of all groups of tasks."""
    taps, n_in, n_out = axes(layer, TAPS), layer[N_IN], layer[N_OUT]
    n_sets = N_PARTS if in_fours else 1
    of_plane = taps[1] * taps[2]
    n_terms = n_in * of_plane * (1 if in_fours else taps[0])
    found = shaped(weights_of(layer, by_weights), (n_out, n_in * taps[0] * of_plane))
    groups, length = min(N_GROUPS, n_tasks), rounded(n_terms, TERMS)
    total = shaped(zeros(memory, n_sets * length, np.float64), (n_sets, length))
    for o in share(member, size, n_out):
        total[:] = 0
        for group in range(groups):
            for i in range(n_sets):
                at, of_set = uint64(((group * n_sets + i) * n_out + o) * length), total[i]
                for k in range(uint64(length)):
                    of_set[k] += sums[at + k]
        for k in range(n_terms):
            write_gradient(in_fours, total[:, k], taps, o, k, found)


@part
def backward_share(
    member, size, gradient, x, beside, batch, space, table, numbers, weights, raws, constants,
    needed, first_needed, scratch, rooms, taken, parts, sums, between, by_weights, by_x, by_beside,
):  # fmt: skip
    """Do the tasks of one of `size` threads, as `backward` says."""
    last_layer, n, memory = len(table) - 1, space[0] * space[1] * space[2], emptied(rooms[member])
    own = copied(memory, constants)
    level = level_of(memory)
    sum_gradients_share(
        member, size, gradient, batch, space, table, numbers, raws, own[last_layer + 1],
        taken[last_layer + 1], parts[last_layer % 2],
    )  # fmt: skip
    n_tasks = batch * n_tiles(table[last_layer], space)
    if size > 1:
        wait()
    for i in range(last_layer, -1, -1):
        at = N_INPUTS + N_WEIGHTS * i
        learns, goes_on = needed[at], first_needed < at
        found = settle_back(memory, parts[i % 2], n_tasks, batch * n, table[i], own[i + 1])
        if member == 0:
            write_settled(found, table[i], own[i + 1], by_weights)
        back_share(
            member, size, i, gradient, x, beside, batch, space, table, numbers, weights, raws, own,
            learns, goes_on, scratch[member], memory, taken[i], parts[(i - 1) % 2], sums[i % 2],
            between, by_x, by_beside,
        )  # fmt: skip
        n_tasks = batch * n_tiles(table[i], space)
        if size > 1:
            wait()
        if learns:
            in_fours = goes_in_fours(table[i], space)
            join_share(member, size, table[i], in_fours, n_tasks, sums[i % 2], memory, by_weights)
        if not goes_on:
            break
        free_from(memory, level)


@part
def backward(
    gradient, x, beside, batch, space, table, numbers, weights, raws, constants, needed,
    first_needed, between, by_weights, by_x, by_beside, n_threads,
):  # fmt: skip
    """Go back through all layers.

    Turns the gradient by the output into those by the weights, which are written to ``by_weights``
    where `weights` has them, and by the inputs, ``by_x`` and ``by_beside``; those between the
    layers pass through the two rows of `between`. What is `needed` says, in turn for the inputs and
    for the four weights of each layer; `first_needed` is the first that is.
    """
    size, n_channels = scratch_of(table, space, True), constants.shape[2]
    n_sums, of_memory = N_GROUPS * most_sums(table, space), bytes_back(table, n_channels, x.dtype)
    block = borrow(
        bytes_together(table, batch, space, n_channels, n_threads, size, of_memory, x.dtype)
        + bytes_for(2 * n_sums, x.dtype)
    )
    parts, taken = found_by_tasks(block, table, batch, space, n_channels, n_threads)
    scratch = scratches(block, n_threads, size, x.dtype)
    sums = shaped(take(block, 2 * n_sums, x.dtype), (2, n_sums))
    in_team(
        backward_share,
        n_threads,
        (
            gradient, x, beside, batch, space, table, numbers, weights, raws, constants, needed,
            first_needed, scratch, rooms_in(block, n_threads, of_memory), taken, parts, sums,
            between, by_weights, by_x, by_beside,
        ),
    )  # fmt: skip
    give_back(block)
