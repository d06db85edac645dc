"""A chain of narrow convolution layers, forward and backward, compiled by numba when first used.

A layer turns *raw* values into other raw values: normalised, rectified and extended at the edges,
they are convolved. Only raw values are kept; the rest is computed again where it is read, tile by
tile, so that it stays in a near cache. Threads share the tasks of a batch; sums over the batch are
made of those of tasks or groups of tasks, and are the same for any number of threads.

A chain is described by two tables with a row for each layer (`tasks`); its weights lie one after
the other in one vector, and so do the raw values between the layers. Nothing here knows torch.

Numba looks for changes of what it has kept on disk only in the file of the function that is called,
which is this one: `BUILT_ON` must change with the modules that it is built on.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np

from autoden.models.narrow.blocks import STEP, WIDTH
from autoden.models.narrow.products import (
    TERMS,
    convolve,
    correlate,
    packed,
    places,
    rounded,
    turned,
)
from autoden.models.narrow.settling import settle, settle_back
from autoden.models.narrow.tasks import (
    AT_BIAS,
    CHANNELS_BEFORE,
    DILATION,
    EPS,
    IS_NORMALISED,
    MODE,
    MOMENTUM,
    N_IN,
    N_INPUTS,
    N_OUT,
    N_WEIGHTS,
    OF_BATCH,
    RESPONDS,
    SLOPE,
    SLOPE_BEFORE,
    TAPS,
    axes,
    bounds,
    claim,
    form_of,
    most_tiles,
    n_tiles,
    rooms,
    scratch_of,
    share,
    sizes_of,
    strides_of,
    values_of,
    weights_of,
)
from autoden.models.narrow.team import in_team, wait
from autoden.models.narrow.tiles import (
    N_CONSTANTS,
    fold_back,
    moments,
    rectify,
    respond,
    sum_gradients,
    take,
    unrespond,
)
from autoden.transforms.compiled import compiled, part

BUILT_ON = "e57636ef03c79e12"
"""Digest of the modules whose functions become part of these."""

N_GROUPS = 16
"""Of tasks, each with its own sums of gradients by weights."""


@part
def source_of(i, x, batch, n, table, raws):
    """Give what layer `i` convolves: a row, the channels before it, how many are not beside it."""
    if i == 0:
        return x, 0, len(x) // (batch * n)
    return raws, table[i - 1, CHANNELS_BEFORE], table[i - 1, N_OUT]


@part
def convolve_share(
    member, size, i, x, beside, batch, space, table, numbers, weights, raws, constants, scratch,
    taken, part, out,
):  # fmt: skip
    """Convolve, and find the moments of what is to be normalised by them."""
    layer, n, per_plane = table[i], space[0] * space[1] * space[2], space[1] * space[2]
    n_in, n_out, after = layer[N_IN], layer[N_OUT], layer[CHANNELS_BEFORE]
    reach, taps, tiles, plane, pitch, _ = form_of(layer, space)
    stride, sums_stride, _, _, _ = strides_of(layer, space)
    rows, sums = scratch[: n_in * stride], scratch[n_in * stride :]
    rows[:] = 0
    starts = places(n_in, stride, taps, layer[DILATION], plane, pitch)
    w = packed(weights_of(layer, weights))
    bias = weights[layer[AT_BIAS] : layer[AT_BIAS] + n_out]
    slope, to = x.dtype.type(numbers[i, SLOPE_BEFORE]), raws if after >= 0 else out
    row, before, n_own = source_of(i, x, batch, n, table, raws)
    task = claim(member, size, batch * tiles, taken)
    while task >= 0:
        sample = task // tiles
        first, last = bounds(task % tiles, tiles, space[0])
        came = values_of(sample, row, n_own, n, before, batch)
        others = values_of(sample, beside, n_in - n_own, n, 0, batch)
        for at, values in ((0, came), (n_own, others)):
            respond(
                values, constants, slope, first, last, space, reach, layer[MODE], rows, stride, at
            )
        made = values_of(sample, to, n_out, n, max(after, 0), batch)
        count = (last - first) * plane
        if plane == per_plane and count >= STEP:  # tiles lie as the channels do
            begin = (max(after, 0) * batch + sample * n_out) * n + first * per_plane
            convolve(rows, starts, w, bias, count, to, n, begin)
        else:
            convolve(rows, starts, w, bias, count, sums, sums_stride, 0)
            take(sums, sums_stride, first, last, space, reach, made)
        if layer[OF_BATCH]:
            for c in range(n_out):
                moments(made[c], first * per_plane, last * per_plane, part[task, c])
        task = claim(member, size, batch * tiles, taken)


@part
def rectify_share(member, size, batch, space, table, numbers, raws, constants, taken, out):
    """Normalise and rectify what the last layer gave."""
    last_layer = len(table) - 1
    layer, n, per_plane = table[last_layer], space[0] * space[1] * space[2], space[1] * space[2]
    after, tiles = layer[CHANNELS_BEFORE], n_tiles(layer, space)
    slope, row = out.dtype.type(numbers[last_layer, SLOPE]), raws if after >= 0 else out
    task = claim(member, size, batch * tiles, taken)
    while task >= 0:
        first, last = bounds(task % tiles, tiles, space[0])
        raw = values_of(task // tiles, row, layer[N_OUT], n, max(after, 0), batch)
        made = values_of(task // tiles, out, layer[N_OUT], n, 0, batch)
        rectify(raw, constants, slope, first * per_plane, last * per_plane, made)
        task = claim(member, size, batch * tiles, taken)


@part
def forward_share(
    member, size, x, beside, batch, space, table, numbers, weights, running, raws, constants,
    scratch, taken, parts, out,
):  # fmt: skip
    """Do the tasks of one of `size` threads, as `forward` says."""
    own, seen = constants.copy(), running.copy()
    for i in range(len(table)):
        convolve_share(
            member, size, i, x, beside, batch, space, table, numbers, weights, raws, own[i],
            scratch[member], taken[i], parts[i % 2], out,
        )  # fmt: skip
        if size > 1:
            wait()
        if table[i, IS_NORMALISED]:
            settle(
                parts[i % 2], sizes_of(n_tiles(table[i], space), space), batch, weights, table[i],
                seen[i], numbers[i, MOMENTUM], numbers[i, EPS], own[i + 1],
            )  # fmt: skip
    if table[len(table) - 1, RESPONDS]:
        rectify_share(
            member,
            size,
            batch,
            space,
            table,
            numbers,
            raws,
            own[len(table)],
            taken[len(table)],
            out,
        )
    if member == 0:
        for i in range(len(table)):
            for c in range(constants.shape[2]):
                for kind in range(N_CONSTANTS):
                    constants[i + 1, kind, c] = own[i + 1, kind, c]
                running[i, 0, c], running[i, 1, c] = seen[i, 0, c], seen[i, 1, c]


@compiled
def forward(
    x, beside, batch, space, table, numbers, weights, running, raws, constants, out, n_threads
):
    """Go through all layers.

    ``x``, `beside` and ``out`` are rows of all numbers; the first layer convolves the channels of
    ``x`` and those of `beside` together. Raw values are left in `raws`, or in ``out`` where they
    are not kept. `constants` (layers + 1, `N_CONSTANTS`, channels) are those of the input, which
    leave it as it is, and of each layer, which are left there. `running` (layers, 2, channels) are
    the running means and variances; those of the batch are added where a layer uses them.
    """
    parts = np.empty((2, batch * most_tiles(table, space), constants.shape[2], 2))
    scratch = rooms(n_threads, scratch_of(table, space, False), x)
    taken = np.zeros((len(table) + 1, n_threads), np.int64)
    in_team(
        forward_share,
        n_threads,
        (
            x, beside, batch, space, table, numbers, weights, running, raws, constants,
            scratch, taken, parts, out,
        ),
    )  # fmt: skip


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
        first, last = bounds(task % tiles, tiles, space[0])
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
    learns, goes_on, scratch, taken, part, sums, between, by_x, by_beside,
):  # fmt: skip
    """Turn gradients by the output of layer `i` into those by its weights and by its input."""
    layer, n, per_plane = table[i], space[0] * space[1] * space[2], space[1] * space[2]
    n_in, n_out, after = layer[N_IN], layer[N_OUT], layer[CHANNELS_BEFORE]
    reach, taps, tiles, plane, pitch, _ = form_of(layer, space)
    stride, _, lead, by_stride, back_stride = strides_of(layer, space)
    end_of_rows = rounded(n_in * stride, WIDTH)
    end_of_gradients = end_of_rows + n_out * by_stride
    rows, by_raw = scratch[:end_of_rows], scratch[end_of_rows:end_of_gradients]
    back = scratch[end_of_gradients:]
    rows[:] = 0
    starts = places(n_in, stride, taps, layer[DILATION], plane, pitch)
    back_starts = places(n_out, by_stride, taps, layer[DILATION], plane, pitch)
    w, nothing = turned(weights_of(layer, weights)), np.zeros(n_in, x.dtype)
    slope, slope_before = x.dtype.type(numbers[i, SLOPE]), x.dtype.type(numbers[i, SLOPE_BEFORE])
    row, before, n_own = source_of(i, x, batch, n, table, raws)
    to_row = between[(i - 1) % 2] if i else by_x
    given_row = between[i % 2] if i < len(table) - 1 else gradient
    n_tasks, length = batch * tiles, len(starts)
    groups = min(N_GROUPS, n_tasks)
    group = claim(member, size, groups, taken)
    while group >= 0:
        of_group = sums[group * n_out * length : (group + 1) * n_out * length]
        by_weights = of_group.reshape((n_out, length))
        by_weights[:] = 0
        for task in share(group, groups, n_tasks):
            sample = task // tiles
            first, last = bounds(task % tiles, tiles, space[0])
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
                correlate(
                    rows, starts, by_raw, origin + first * plane, by_stride,
                    (last - first) * plane, by_weights,
                )  # fmt: skip
            if not goes_on:
                continue
            unrespond(
                given, raw, constants[i + 1], slope, layer[OF_BATCH], last, high, space, reach,
                by_raw, by_stride, origin + last * plane,
            )  # fmt: skip
            convolve(
                by_raw[inset:], back_starts, w, nothing, (stop - start) * plane, back,
                back_stride, 0,
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
def join_share(member, size, layer, n_tasks, sums, by_weights):
    """Add up the gradients by the weights of all groups of tasks."""
    taps, n_out, groups = axes(layer, TAPS), layer[N_OUT], min(N_GROUPS, n_tasks)
    n_terms = layer[N_IN] * taps[0] * taps[1] * taps[2]
    length = rounded(n_terms, TERMS)
    found = weights_of(layer, by_weights).reshape((n_out, n_terms))
    for o in share(member, size, n_out):
        for k in range(n_terms):
            total = 0.0
            for group in range(groups):
                total += sums[(group * n_out + o) * length + k]
            found[o, k] = total


@part
def backward_share(
    member, size, gradient, x, beside, batch, space, table, numbers, weights, raws, constants,
    needed, first_needed, scratch, taken, parts, sums, between, by_weights, by_x, by_beside,
):  # fmt: skip
    """Do the tasks of one of `size` threads, as `backward` says."""
    last_layer, n, own = len(table) - 1, space[0] * space[1] * space[2], constants.copy()
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
        settle_back(parts[i % 2], n_tasks, batch * n, table[i], own[i + 1], by_weights, member == 0)
        back_share(
            member, size, i, gradient, x, beside, batch, space, table, numbers, weights, raws, own,
            learns, goes_on, scratch[member], taken[i], parts[(i - 1) % 2], sums[i % 2], between,
            by_x, by_beside,
        )  # fmt: skip
        n_tasks = batch * n_tiles(table[i], space)
        if size > 1:
            wait()
        if learns:
            join_share(member, size, table[i], n_tasks, sums[i % 2], by_weights)
        if not goes_on:
            return


@compiled
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
    most = 0
    for i in range(len(table)):
        taps = axes(table[i], TAPS)
        n_terms = table[i, N_IN] * taps[0] * taps[1] * taps[2]
        most = max(most, table[i, N_OUT] * rounded(n_terms, TERMS))
    parts = np.empty((2, batch * most_tiles(table, space), constants.shape[2], 2))
    sums = np.empty((2, N_GROUPS * most), x.dtype)
    scratch = rooms(n_threads, scratch_of(table, space, True), x)
    taken = np.zeros((len(table) + 1, n_threads), np.int64)
    in_team(
        backward_share,
        n_threads,
        (
            gradient, x, beside, batch, space, table, numbers, weights, raws, constants, needed,
            first_needed, scratch, taken, parts, sums, between, by_weights, by_x, by_beside,
        ),
    )  # fmt: skip
