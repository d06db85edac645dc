"""Patches of images in any number of dimensions: where they are, which are alike, and back again.

An image is worked on in tiles, each with a margin as wide as the search for similar patches, so
that memory is bounded whatever the image's size. What is made of similar patches is told
elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

_GROUPS = 256  # patches of a tile whose like are searched for: so much stays in a processor's cache


@dataclass(frozen=True)
class PatchLayout:
    """How images of one shape are cut into patches.

    Parameters
    ----------
    shape : tuple of int
        S, of the image.
    patch : int
        Width of a patch along every axis; along shorter axes it is as long as they are.
    window : int
        Within how many positions along every axis similar patches are searched for.
    stride : int
        From one patch whose like are searched for to the next.
    """

    shape: tuple[int, ...]
    patch: int
    window: int
    stride: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """Lengths of a patch."""
        return tuple(min(self.patch, size) for size in self.shape)

    @property
    def reach(self) -> tuple[int, ...]:
        """How far away similar patches are searched for."""
        pairs = zip(self.shape, self.sizes, strict=True)
        return tuple(min(self.window // 2, size - patch) for size, patch in pairs)

    @property
    def n_candidates(self) -> int:
        """How many patches there are to choose from in any case, also in the corners."""
        triples = zip(self.shape, self.sizes, self.reach, strict=True)
        return math.prod(min(size - patch, reach) + 1 for size, patch, reach in triples)

    def padded(self, image: Tensor) -> Tensor:
        """Give an image (C, *S) the margin that all tiles need; nothing of it is ever chosen."""
        margins = [reach for reach in reversed(self.reach) for _ in range(2)]
        return torch.nn.functional.pad(image, margins)

    def cropped(self, image: Tensor) -> Tensor:
        """Undo `padded`."""
        for axis, (reach, size) in enumerate(zip(self.reach, self.shape, strict=True), start=1):
            image = image.narrow(axis, reach, size)
        return image

    def tiles(self) -> Iterator[Tile]:
        """Give the parts of the image, one after the other."""
        side = round(_GROUPS ** (1 / max(sum(size > 1 for size in self.shape), 1)))
        rows = [self._corners(axis) for axis in range(len(self.shape))]
        parts = [[row[i : i + side] for i in range(0, len(row), side)] for row in rows]
        return (Tile(self, corners) for corners in product(*parts))

    def _corners(self, axis: int) -> list[int]:
        """Give where patches begin along an axis: by the stride, and at the very end."""
        last = self.shape[axis] - self.sizes[axis]
        return sorted({*range(0, last + 1, self.stride), last})


@dataclass(frozen=True)
class Tile:
    """Some neighbouring patches and all those that they may be similar to.

    Parameters
    ----------
    layout : PatchLayout
        Of the whole image.
    corners : tuple of list of int
        Along each axis, where the G patches begin.
    """

    layout: PatchLayout
    corners: tuple[list[int], ...]

    @property
    def region(self) -> tuple[slice, ...]:
        """What the tile takes of the padded image, (C, *T)."""
        return (slice(None), *map(slice, self._starts, self._stops))

    @property
    def grid(self) -> tuple[int, ...]:
        """How many patches there are in the region, along each axis; P in total."""
        triples = zip(self._starts, self._stops, self.layout.sizes, strict=True)
        return tuple(stop - start - patch + 1 for start, stop, patch in triples)

    @property
    def n_elements(self) -> int:
        """How many elements a patch has, n."""
        return math.prod(self.layout.sizes)

    @property
    def _starts(self) -> list[int]:
        return [row[0] for row in self.corners]

    @property
    def _stops(self) -> list[int]:
        triples = zip(self.corners, self.layout.sizes, self.layout.reach, strict=True)
        return [row[-1] + patch + 2 * reach for row, patch, reach in triples]

    def rows(self, region: Tensor) -> Tensor:
        """Give every patch of a region (C, *T) as a row: (P, C n) for n elements in a patch."""
        n_dims = len(self.grid)
        for axis, size in enumerate(self.layout.sizes, start=1):
            region = region.unfold(axis, size, 1)
        places, inside = range(1, n_dims + 1), range(n_dims + 1, 2 * n_dims + 1)
        return region.permute(*places, 0, *inside).reshape(math.prod(self.grid), -1)

    def overlaid(self, rows: Tensor, n_channels: int) -> Tensor:
        """Add up patches (P, C n) where they lie: (C, *T)."""
        by_element = rows.t().reshape(n_channels, self.n_elements, *self.grid)
        pairs = zip(self.grid, self.layout.sizes, strict=True)
        image = rows.new_zeros(n_channels, *(size + patch - 1 for size, patch in pairs))
        for number, place in enumerate(product(*map(range, self.layout.sizes))):
            covered = image
            for axis, (at, n) in enumerate(zip(place, self.grid, strict=True), start=1):
                covered = covered.narrow(axis, at, n)
            covered += by_element[:, number]
        return image

    def sums(self, region: Tensor) -> Tensor:
        """Add up a region (C, *T) within every patch: (P,)."""
        return _box_sums(region.sum(0), list(map(range, self.grid)), self.layout.sizes).reshape(-1)

    def similar(self, region: Tensor, count: int) -> Tensor:
        """Find the patches most similar to each of the G patches, itself among them.

        Parameters
        ----------
        region : Tensor, shape (C, *T)
            What is compared, by squared differences.
        count : int
            How many are wanted, k, at most `PatchLayout.n_candidates`.

        Returns
        -------
        Tensor of int64, shape (G, k)
            Their rows in what `rows` gives, in no particular order.
        """
        distances = self._distances(region)
        n_shifts = math.prod(2 * reach + 1 for reach in self.layout.reach)
        by_patch = distances.reshape(n_shifts, -1).t().contiguous()
        chosen = torch.topk(by_patch, count, dim=1, largest=False, sorted=False).indices
        shifts = self._indices([range(2 * reach + 1) for reach in self.layout.reach])
        return self._indices(self._local)[:, None] + shifts[chosen]

    def _distances(self, region: Tensor) -> Tensor:
        """Give the squared distance at every shift of every patch, infinite outside the image."""
        middle, shifted = region, region  # the latter is a view (C, *shifts, *T')
        for axis, reach in enumerate(self.layout.reach, start=1):
            length = region.shape[axis] - 2 * reach
            middle = middle.narrow(axis, reach, length)
            shifted = shifted.unfold(axis, length, 1)
        middle = middle.reshape(len(region), *[1] * (len(self.grid) - 1), *middle.shape[1:])
        squares = (((at - middle) ** 2).sum(0) for at in shifted.movedim(1, 0))
        sums = [_box_sums(each, self._local, self.layout.sizes) for each in squares]
        distances = torch.stack(sums)  # (*shifts, *G)
        for axis, outside in enumerate(self._outside()):
            shape = [1] * distances.ndim
            shape[axis], shape[axis + len(self.grid)] = outside.shape
            distances.masked_fill_(outside.view(shape), math.inf)
        distances[self.layout.reach] = -1  # a patch itself comes before its copies
        return distances

    def _outside(self) -> Iterator[Tensor]:
        """Tell for each axis which shifts of which patches are no patches of the image."""
        layout = self.layout
        for size, patch, reach, row in zip(
            layout.shape, layout.sizes, layout.reach, self.corners, strict=True
        ):
            places = torch.arange(-reach, reach + 1)[:, None] + torch.tensor(row)
            yield (places < 0) | (places > size - patch)

    @property
    def _local(self) -> list[list[int]]:
        """Give where the patches begin, from the first one on."""
        return [[corner - row[0] for corner in row] for row in self.corners]

    def _indices(self, places: Sequence[Sequence[int]]) -> Tensor:
        """Give the rows of the patches at all combinations of places along the axes."""
        indices = torch.zeros(1, dtype=torch.int64)
        for size, along in zip(self.grid, places, strict=True):
            indices = (indices[:, None] * size + torch.tensor(list(along))).reshape(-1)
        return indices


def _box_sums(image: Tensor, corners: Sequence[Sequence[int]], sizes: Sequence[int]) -> Tensor:
    """Add up the last axes of (..., *T) within boxes that begin at the corners: (..., *G)."""
    n_dims = len(sizes)
    for axis, (begins, size) in enumerate(zip(corners, sizes, strict=True), start=-n_dims):
        first = torch.tensor(list(begins))[:, None]
        place = torch.arange(image.shape[axis])
        inside = ((place >= first) & (place < first + size)).to(image.dtype)  # (G_axis, T_axis)
        if axis == -1:
            image = image @ inside.t()
        else:
            behind = image.shape[axis + 1 :]
            summed = inside @ image.flatten(axis + 1)
            image = summed.view(*summed.shape[:-1], *behind)
    return image
