"""The way forward through a chain of narrow convolution layers.

A layer turns *raw* values into other raw values: normalised, rectified and extended at the edges,
they are convolved. Only raw values are kept; the rest is computed again where it is read, tile by
tile, so that it stays in a near cache. Threads share the tasks of a batch; sums over the batch are
made of those of tasks or groups of tasks, and are the same for any number of threads.

A chain is described by two tables with a row for each layer (`tasks`); its weights lie one after
the other in one vector, and so do the raw values between the layers. Nothing here knows torch.
"""

# mypy: disable-error-code="no-untyped-def"

from autoden.models.narrow.codes import (
    AT_BIAS,
    CHANNELS_BEFORE,
    DILATION,
    EPS,
    IS_NORMALISED,
    MODE,
    MOMENTUM,
    N_IN,
    N_OUT,
    OF_BATCH,
    RESPONDS,
    SLOPE,
    SLOPE_BEFORE,
)
from autoden.models.narrow.kernels.blocks import STEP
from autoden.models.narrow.kernels.channels import moments, rectify
from autoden.models.narrow.kernels.convolutions import convolve_tile, terms_of
from autoden.models.narrow.kernels.products import OUTPUTS, convolve
from autoden.models.narrow.kernels.rooms import (
    bytes_forward,
    bytes_together,
    copied,
    ends_forward,
    found_by_tasks,
    scratch_of,
    scratches,
    sizes_of,
    zeros,
)
from autoden.models.narrow.kernels.settling import settle
from autoden.models.narrow.kernels.tasks import (
    bounds,
    claim,
    form_of,
    goes_in_fours,
    n_tiles,
    source_of,
    strides_of,
    values_of,
    weights_of,
)
from autoden.models.narrow.kernels.tiles import N_CONSTANTS, respond, take
from autoden.native.compiling.language import part
from autoden.native.compiling.memory import (
    borrow,
    emptied,
    free_from,
    give_back,
    level_of,
    rooms_in,
)
from autoden.native.compiling.team import in_team, wait


@part
def convolve_share(
    member, size, i, x, beside, batch, space, table, numbers, weights, raws, constants, scratch,
    memory, taken, part, out,
):  # fmt: skip
    """Convolve, and find the moments of what is to be normalised by them."""
    layer, n, per_plane = table[i], space[0] * space[1] * space[2], space[1] * space[2]
    n_in, n_out, after = layer[N_IN], layer[N_OUT], layer[CHANNELS_BEFORE]
    reach, taps, tiles, plane, pitch, _ = form_of(layer, space)
    stride, sums_stride, lead, _, _, parts_stride = strides_of(layer, space)
    in_fours = goes_in_fours(layer, space)
    end, end_of_sums, end_of_parts, end_of_room = ends_forward(layer, space)
    rows, sums = scratch[:end], scratch[end:end_of_sums]
    parts, products = scratch[end_of_sums:end_of_parts], scratch[end_of_parts:end_of_room]
    rows[:] = 0
    terms = terms_of(
        memory, in_fours, weights_of(layer, weights), stride, parts_stride, taps, layer[DILATION],
        plane, pitch,
    )  # fmt: skip
    room = parts, products, parts_stride, STEP + lead, zeros(memory, OUTPUTS, x.dtype)
    bias = weights[layer[AT_BIAS] : layer[AT_BIAS] + n_out]
    slope, to = x.dtype.type(numbers[i, SLOPE_BEFORE]), raws if after >= 0 else out
    row, before, n_own = source_of(i, x, batch, n, table, raws)
    task = claim(member, size, batch * tiles, taken)
    while task >= 0:
        sample = task // tiles
        first, last = bounds(task % tiles, layer, space)
        came = values_of(sample, row, n_own, n, before, batch)
        others = values_of(sample, beside, n_in - n_own, n, 0, batch)
        for at, values in ((0, came), (n_own, others)):
            respond(
                values, constants, slope, first, last, space, reach, layer[MODE], rows, stride, at
            )
        made = values_of(sample, to, n_out, n, max(after, 0), batch)
        count = (last - first) * plane
        if plane == per_plane and count >= STEP and not in_fours:  # tiles lie as channels do
            begin = (max(after, 0) * batch + sample * n_out) * n + first * per_plane
            convolve(rows, terms[0], terms[1][0], bias, count, to, n, begin)
        else:
            convolve_tile(
                in_fours, rows, 0, stride, last - first, plane, terms, bias, room, sums, sums_stride
            )
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
        first, last = bounds(task % tiles, layer, space)
        raw = values_of(task // tiles, row, layer[N_OUT], n, max(after, 0), batch)
        made = values_of(task // tiles, out, layer[N_OUT], n, 0, batch)
        rectify(raw, constants, slope, first * per_plane, last * per_plane, made)
        task = claim(member, size, batch * tiles, taken)


@part
def forward_share(
    member, size, x, beside, batch, space, table, numbers, weights, running, raws, constants,
    scratch, rooms, taken, parts, out,
):  # fmt: skip
    """Do the tasks of one of `size` threads, as `forward` says."""
    memory = emptied(rooms[member])
    own, seen = copied(memory, constants), copied(memory, running)
    level = level_of(memory)
    for i in range(len(table)):
        convolve_share(
            member, size, i, x, beside, batch, space, table, numbers, weights, raws, own[i],
            scratch[member], memory, taken[i], parts[i % 2], out,
        )  # fmt: skip
        if size > 1:
            wait()
        if table[i, IS_NORMALISED]:
            sizes = sizes_of(memory, table[i], space)
            settle(
                parts[i % 2], sizes, batch, weights, table[i], seen[i], numbers[i, MOMENTUM],
                numbers[i, EPS], own[i + 1],
            )  # fmt: skip
        free_from(memory, level)
    if table[len(table) - 1, RESPONDS]:
        rectify_share(
            member, size, batch, space, table, numbers, raws, own[len(table)], taken[len(table)],
            out,
        )  # fmt: skip
    if member == 0:
        for i in range(len(table)):
            for c in range(constants.shape[2]):
                for kind in range(N_CONSTANTS):
                    constants[i + 1, kind, c] = own[i + 1, kind, c]
                running[i, 0, c], running[i, 1, c] = seen[i, 0, c], seen[i, 1, c]


@part
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
    size, n_channels = scratch_of(table, space, False), constants.shape[2]
    of_memory = bytes_forward(table, space, n_channels, x.dtype)
    block = borrow(
        bytes_together(table, batch, space, n_channels, n_threads, size, of_memory, x.dtype)
    )
    parts, taken = found_by_tasks(block, table, batch, space, n_channels, n_threads)
    scratch = scratches(block, n_threads, size, x.dtype)
    in_team(
        forward_share,
        n_threads,
        (
            x, beside, batch, space, table, numbers, weights, running, raws, constants,
            scratch, rooms_in(block, n_threads, of_memory), taken, parts, out,
        ),
    )  # fmt: skip
    give_back(block)
