"""Tables that describe a chain of layers, and the tasks into which a batch is cut.

A batch is of shape (samples, channels, planes, lines, width); a task is a tile of a sample, a few
planes (`tiles`). Rows of all numbers of a batch are seen sample by sample.
"""

# mypy: disable-error-code="no-untyped-def"

from autoden.models.narrow.codes import (
    AT_WEIGHT,
    CHANNELS_BEFORE,
    CIRCULAR,
    DILATION,
    MODE,
    N_IN,
    N_OUT,
    REACH,
    TAPS,
)
from autoden.models.narrow.kernels.blocks import STEP
from autoden.models.narrow.kernels.products import rounded
from autoden.models.narrow.kernels.registers import WIDTH
from autoden.models.narrow.kernels.tiles import plane_of
from autoden.models.narrow.kernels.winograd import AT_ONCE, N_TAPS, fours_of
from autoden.native.compiling.language import part, shaped
from autoden.native.compiling.team import take_next

TILE = 1024
"""About so many places a tile has in each channel, without its margins."""
LEAST_IN_FOURS = 10
"""Product and sum of the numbers of inputs and outputs are so far apart where fours pay."""
LEAST_REACHES = 4
"""A tile has at least so many times the planes that are computed twice at one of its ends."""


@part
def axes(layer, column):
    """Read three columns."""
    return layer[column], layer[column + 1], layer[column + 2]


@part
def n_tiles(layer, space):
    """Say into how many tiles a sample is cut."""
    reach = axes(layer, REACH)
    if layer[MODE] == CIRCULAR and reach[0]:
        return 1  # both ends are one place
    plane, _ = plane_of(space, reach)
    return max(space[0] // max(-(-TILE // plane), LEAST_REACHES * reach[0]), 1)


@part
def form_of(layer, space):
    """Give the form of a layer's tiles: reach, taps, their number, a plane, a line, the planes."""
    reach, tiles = axes(layer, REACH), n_tiles(layer, space)
    plane, pitch = plane_of(space, reach)
    return reach, axes(layer, TAPS), tiles, plane, pitch, most_planes(layer, space)


@part
def goes_in_fours(layer, space):
    """Tell whether planes of a layer are convolved in fours (`winograd`).

    That saves half of the products and takes some sums for every input and output. Samples of
    signals are planes, too, but too small.
    """
    n_in, n_out, taps = layer[N_IN], layer[N_OUT], axes(layer, TAPS)
    pays = n_in * n_out >= LEAST_IN_FOURS * (n_in + n_out)
    return taps[0] == N_TAPS and layer[DILATION] == 1 and space[1] * space[2] > 1 and pays


@part
def strides_of(layer, space):
    """Give the lengths of rows: what is convolved, sums, `lead`, gradients, sums back, parts.

    Sums are computed `STEP` at a time, and each looks as far on as the last tap lies, which is
    less than a plane beyond as many planes as the convolution is deep. Tiles at the ends of a
    sample go beyond them on the way back. Gradients by raw values have as many zeros before, as a
    tap can look back within a plane (`lead`), and twice the reach in planes at both ends, and may
    begin up to a register later. Where planes go in fours, the last four are whole.
    """
    reach, _, _, plane, pitch, height = form_of(layer, space)
    lead = 2 * (reach[1] * pitch + reach[2])
    more = AT_ONCE - 1 if goes_in_fours(layer, space) else 1
    return (
        (height + 2 * reach[0] + more) * plane + STEP,
        (height + more) * plane + STEP,
        lead,
        rounded((height + 4 * reach[0] + more) * plane + lead + STEP + WIDTH, WIDTH),
        (height + 2 * reach[0] + more) * plane + STEP,
        rounded(fours_of(height + 2 * reach[0]) * plane + STEP + lead, WIDTH),
    )


@part
def most_tiles(table, space):
    """Say into how many tiles a sample is cut at most."""
    most = 1
    for i in range(len(table)):
        most = max(most, n_tiles(table[i], space))
    return most


@part
def share(member, size, n):
    """Say which of `n` pieces of work are those of one of `size` threads."""
    return range(member * n // size, (member + 1) * n // size)


@part
def claim(member, size, n, taken):
    """Take one of `n` pieces of work: a thread's own first, then those of the others; or give -1.

    So all threads end at the same time, though one may be slower, and most find in their near
    cache what they left there. `taken` counts for each thread how many of its own are taken.
    """
    piece = -1
    for turn in range(size):
        if piece < 0:
            whose = (member + turn) % size
            found = whose * n // size + take_next(taken, whose)
            piece = found if found < (whose + 1) * n // size else -1
    return piece


@part
def together(layer, space):
    """Say how many planes stay in one tile: as many as are convolved together, or there are few."""
    whole = goes_in_fours(layer, space) and space[0] >= AT_ONCE * n_tiles(layer, space)
    return AT_ONCE if whole else 1


@part
def most_planes(layer, space):
    """Say how many planes a tile has at most."""
    unit = together(layer, space)
    return -(-space[0] // (unit * n_tiles(layer, space))) * unit


@part
def bounds(tile, layer, space):
    """Say which planes a tile has."""
    # The last tile has no fewer than others, also where its last planes are no whole unit: what is
    # copied beyond the edge, on the way back, has to be in the tile that it is added to.
    tiles, unit = n_tiles(layer, space), together(layer, space)
    n = -(-space[0] // unit)
    return tile * n // tiles * unit, min((tile + 1) * n // tiles * unit, space[0])


@part
def weights_of(layer, weights):
    """See the weights of a layer's convolution as (n_out, n_in, taps)."""
    taps = axes(layer, TAPS)
    shape = (layer[N_OUT], layer[N_IN], taps[0] * taps[1] * taps[2])
    start = layer[AT_WEIGHT]
    return shaped(weights[start:], shape)


@part
def values_of(n, row, n_channels, size, before, batch):
    """See the channels of sample `n`; those of a layer begin `before` channels of the batch."""
    start = (before * batch + n * n_channels) * size
    return shaped(row[start:], (n_channels, size))


@part
def source_of(i, x, batch, n, table, raws):
    """Give what layer `i` convolves: a row, the channels before it, how many are not beside it."""
    if i == 0:
        return x, 0, len(x) // (batch * n)
    return raws, table[i - 1, CHANNELS_BEFORE], table[i - 1, N_OUT]
