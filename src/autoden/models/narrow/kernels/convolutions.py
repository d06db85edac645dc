"""Convolutions of a tile and gradients by their weights, planes in fours or one by one."""

# mypy: disable-error-code="no-untyped-def"

from autoden.models.narrow.kernels.products import convolve, correlate, packed, places
from autoden.models.narrow.kernels.winograd import (
    N_PARTS,
    N_TAPS,
    convolve_fours,
    correlate_fours,
    fours_of,
    from_sets,
    packed_sets,
    split,
    split_gradients,
)
from autoden.native.compiling.language import part


@part
def places_of(memory, in_fours, n_rows, stride, parts_stride, taps, dilation, plane, pitch):
    """Say where each term begins, in a tile or in its parts."""
    if in_fours:
        return places(memory, n_rows, parts_stride, (1, taps[1], taps[2]), 1, plane, pitch)
    return places(memory, n_rows, stride, taps, dilation, plane, pitch)


@part
def terms_of(memory, in_fours, weights, stride, parts_stride, taps, dilation, plane, pitch):
    """Give what `convolve_tile` multiplies: the places of terms, and their weights in sets.

    Both are parts of `memory`.
    """
    starts = places_of(
        memory, in_fours, weights.shape[1], stride, parts_stride, taps, dilation, plane, pitch
    )
    if in_fours:
        return starts, packed_sets(memory, weights)
    return starts, packed(memory, weights)


@part
def convolve_tile(
    in_fours, tile, begin, stride, n_planes, plane, terms, bias, room, out, out_stride
):
    """Write `n_planes` of as many outputs as there are biases, convolved from `begin` on.

    `room` is for the parts of the tile, for products, how long their rows are, how many zeros
    end them, and as many zeros as a block has outputs; it is used only `in_fours`.
    """
    starts, w = terms
    parts, products, parts_stride, tail, nothing = room
    if in_fours:
        n_rows = len(parts) // (N_PARTS * parts_stride)
        split(tile, begin, stride, n_rows, n_planes, plane, parts, parts_stride, tail)
        convolve_fours(
            parts, parts_stride, starts, w, bias, nothing, n_planes, plane, products, out,
            out_stride, 0,
        )  # fmt: skip
    else:
        convolve(tile[begin:], starts, w[0], bias, n_planes * plane, out, out_stride, 0)


@part
def correlate_tile(
    in_fours, tile, stride, starts, gradients, begin, by_stride, n_planes, plane, room, by_room,
    by_weights,
):  # fmt: skip
    """Add the gradients by sets of weights (sets, outputs, terms) of `n_planes` of a tile.

    Gradients by its outputs lie from `begin` on. `room` is for the parts of both, how long their
    rows are and how many zeros end them, as in `convolve_tile`.
    """
    parts, _, parts_stride, tail, _ = room
    by_products = by_room[0]
    if in_fours:
        n_out = len(by_products) // (N_PARTS * parts_stride)
        n_in = len(parts) // (N_PARTS * parts_stride)
        split(tile, 0, stride, n_in, n_planes, plane, parts, parts_stride, tail)
        split_gradients(
            gradients, begin, by_stride, n_out, n_planes, plane, by_products, parts_stride, tail
        )
        correlate_fours(
            parts, starts, by_products, parts_stride, fours_of(n_planes) * plane, by_weights
        )
    else:
        correlate(tile, starts, gradients, begin, by_stride, n_planes * plane, by_weights[0])


@part
def write_gradient(in_fours, total, taps, o, k, found):
    """Write a gradient by the weights, of output ``o`` and term ``k``, made of those by sets."""
    of_plane = taps[1] * taps[2]
    if in_fours:
        at = k // of_plane * N_TAPS * of_plane + k % of_plane
        for plane in range(N_TAPS):
            found[o, at + plane * of_plane] = from_sets(total, plane)
    else:
        found[o, k] = total[0]
