"""Blind spots: pixels that are hidden from the network, which is then asked for them.

`BlindSpots` is a view of a batch, like an augmentation: some elements of the input are replaced by
something made from their surroundings, and only the errors at these elements train. Where noise is
correlated along an axis, `mask_shape` hides the neighbours that share it, too, and nothing that
takes the place of a hidden element comes from where that noise reaches.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autoden.checks import choice, number, odd_number
from autoden.errors import InputError
from autoden.training.batch import Batch

Replacement = Literal["neighbour", "median", "noise"]
REPLACEMENTS = ("neighbour", "median", "noise")

REACH = 2
"""Replacements come from so many elements around a hidden one along each axis (Krull et al.)."""

N_TRIES = 3
"""So many neighbours are drawn to find one that is not hidden."""

MAX_HIDDEN = 0.25
"""Largest share of a sample that is hidden at a time: the rest has to predict it."""


@dataclass(frozen=True)
class BlindSpots:
    """Hide random elements of the input, and let only the errors there train.

    Parameters
    ----------
    mask_shape : tuple of int
        Extent of what is hidden around each spot, one odd number per spatial axis; all 1 for noise
        without correlation.
    ratio : float
        Share of elements that are spots, above 0 and below 1; at least one per sample, and never
        so many that more than a quarter is hidden.
    replacement : {"neighbour", "median", "noise"}
        What takes the place of a hidden element: a random neighbour, the median of its
        surroundings, or a normal draw with mean and deviation of the sample.
    generator : torch.Generator, optional
        Source of the draws, on the device of the batches; None follows torch's own state.
    """

    mask_shape: tuple[int, ...]
    ratio: float = 0.015
    replacement: Replacement = "neighbour"
    generator: torch.Generator | None = None

    geometric = False

    def __post_init__(self) -> None:
        number("ratio_blind_spot", self.ratio, above=0, below=1)
        choice("replacement", self.replacement, REPLACEMENTS)

    def __call__(self, batch: Batch) -> Batch:
        """Hide spots among the elements that train; the batch given stays as it is."""
        spots = self.draw(batch.weight[:, :1] > 0)
        n_elements = spots[0].numel()
        n_most = min(self._n_spots(n_elements) * math.prod(self.mask_shape), n_elements)
        return replace(
            batch,
            input=self.hide(batch.input, spots, n_most),
            weight=batch.weight * spots.to(batch.weight.dtype),
        )

    def draw(self, allowed: Tensor) -> Tensor:
        """Draw spots.

        Parameters
        ----------
        allowed : Tensor
            Shape (N, 1, *S), bool: where spots may be.

        Returns
        -------
        Tensor
            Shape (N, 1, *S), bool; the same number of spots in each sample, fewer only where
            fewer are allowed.
        """
        n_spots = self._n_spots(allowed[0].numel())
        draws = torch.rand(allowed.shape, generator=self.generator, device=allowed.device)
        ranks = draws.masked_fill(~allowed, -1.0).flatten(1)
        chosen = ranks.topk(n_spots, dim=1).indices
        spots = torch.zeros_like(ranks, dtype=torch.bool).scatter_(1, chosen, True)
        return spots.reshape(allowed.shape) & allowed

    def _n_spots(self, n_elements: int) -> int:
        """Say how many spots a sample has."""
        n_most = int(MAX_HIDDEN * n_elements / math.prod(self.mask_shape))
        return max(1, min(round(self.ratio * n_elements), n_most))

    def hide(self, inputs: Tensor, spots: Tensor, n_most: int | None = None) -> Tensor:
        """Replace spots and what `mask_shape` hides around them.

        Parameters
        ----------
        inputs : Tensor
            Shape (N, C, *S).
        spots : Tensor
            Shape (N, 1, *S), bool.
        n_most : int, optional
            How many elements of a sample are hidden at most; counted if not given, for which a GPU
            has to wait.

        Returns
        -------
        Tensor
            Shape (N, C, *S); only hidden elements differ from `inputs`.
        """
        hidden = dilate(spots, self.mask_shape)  # (N, 1, *S)
        offsets = torch.tensor(
            neighbourhood(inputs.shape[2:], self.mask_shape), device=inputs.device
        )  # (O, n_dims)
        if self.replacement == "median":
            return _fill_by_median(inputs, hidden, offsets)
        if self.replacement == "noise":
            axes = tuple(range(1, inputs.ndim))
            mean, deviation = inputs.mean(axes, keepdim=True), inputs.std(axes, keepdim=True)
            draws = torch.randn(inputs.shape, generator=self.generator, device=inputs.device)
            return torch.where(hidden, mean + deviation * draws, inputs)
        if n_most is None:
            n_most = int(hidden.flatten(1).sum(1).max())
        return self._fill_by_neighbours(inputs, hidden, offsets, n_most)

    def _fill_by_neighbours(
        self, inputs: Tensor, hidden: Tensor, offsets: Tensor, n_most: int
    ) -> Tensor:
        """Replace hidden elements by a random neighbour, the same one in all channels.

        Of a few drawn the first that is not hidden itself is taken, so that what is hidden in one
        place does not show in another. In each sample `n_most` places are looked at, hidden ones
        first.
        """
        flat, is_hidden = inputs.flatten(2), hidden.flatten(1)  # (N, C, P), (N, P)
        n, n_channels, _ = flat.shape
        places = is_hidden.to(torch.uint8).topk(n_most, dim=1).indices  # (N, K)
        sources = places
        for draw in range(N_TRIES):
            drawn = torch.randint(
                len(offsets), places.shape, generator=self.generator, device=inputs.device
            )
            other = _sources(places, offsets[drawn], inputs.shape[2:])  # (N, K)
            sources = torch.where(is_hidden.gather(1, sources), other, sources) if draw else other
        sources = torch.where(is_hidden.gather(1, places), sources, places)
        to, origin = (i.unsqueeze(1).expand(n, n_channels, n_most) for i in (places, sources))
        return flat.scatter(2, to, flat.gather(2, origin)).reshape(inputs.shape)


def neighbourhood(shape: Sequence[int], mask_shape: Sequence[int]) -> list[tuple[int, ...]]:
    """List the offsets from a hidden element to those that may take its place.

    None of them shares the noise that `mask_shape` hides, whichever hidden element of a spot it
    starts from: where an axis has no correlation one steps along it, elsewhere twice beyond the
    mask.

    Parameters
    ----------
    shape : sequence of int
        Spatial shape of the data.
    mask_shape : sequence of int
        One odd number per axis.

    Returns
    -------
    list of tuple of int
        At least one offset. From any element, the offset or its negative, taken axis by axis,
        stays within the data.

    Raises
    ------
    InputError
        The data are too small for the mask.

    Examples
    --------
    >>> neighbourhood((9,), (1,))
    [(-2,), (-1,), (1,), (2,)]
    >>> neighbourhood((64,), (3,))
    [(-4,), (-3,), (3,), (4,)]
    """
    halves = [size // 2 for size in mask_shape]
    apart = [half == 0 and length > 2 for half, length in zip(halves, shape, strict=True)]
    reaches = [
        min(REACH if any(apart) else 2 * half + REACH, (length - 1) // 2)
        for half, length in zip(halves, shape, strict=True)
    ]
    boxes = itertools.product(*(range(-reach, reach + 1) for reach in reaches))
    if any(apart):
        offsets = [o for o in boxes if any(o[i] for i, free in enumerate(apart) if free)]
    else:
        offsets = [o for o in boxes if any(abs(o[i]) > 2 * h for i, h in enumerate(halves))]
    if not offsets:
        needed = [4 * half + 3 for half in halves]
        raise InputError(
            f"Data of shape {tuple(shape)} are too short for blind spots with `mask_shape` "
            f"{tuple(mask_shape)}: nothing is left around a spot to predict it from. Give data "
            f"with at least {' or '.join(map(str, sorted(set(needed))))} elements along an axis, "
            "or a smaller `mask_shape`."
        )
    return offsets


def checked_mask_shape(
    mask_shape: int | Sequence[int] | NDArray[np.integer], n_dims: int
) -> tuple[int, ...]:
    """Give one odd number per spatial axis, or raise.

    Examples
    --------
    >>> checked_mask_shape(1, n_dims=2), checked_mask_shape((1, 9), n_dims=2)
    ((1, 1), (1, 9))
    """
    if isinstance(mask_shape, list | tuple | np.ndarray):
        sizes = tuple(odd_number(f"mask_shape[{i}]", size) for i, size in enumerate(mask_shape))
    else:
        sizes = (odd_number("mask_shape", mask_shape),) * n_dims
    if len(sizes) != n_dims:
        raise InputError(
            f"`mask_shape` is {mask_shape!r}: give one odd number, or {n_dims}, one for each "
            f"axis of the {n_dims}D network."
        )
    return sizes


def dilate(spots: Tensor, mask_shape: Sequence[int]) -> Tensor:
    """Grow spots (N, 1, *S) to `mask_shape`, axis by axis."""
    for axis, size in enumerate(mask_shape, start=2):
        grown = spots
        for shift in range(1, min(size // 2, spots.shape[axis] - 1) + 1):
            length = spots.shape[axis] - shift
            grown = grown.clone()
            grown.narrow(axis, shift, length).logical_or_(spots.narrow(axis, 0, length))
            grown.narrow(axis, 0, length).logical_or_(spots.narrow(axis, shift, length))
        spots = grown
    return spots


def _sources(places: Tensor, offsets: Tensor, shape: Sequence[int]) -> Tensor:
    """Go from flat positions (...) along offsets (..., n_dims) to flat positions (...).

    An offset that leads beyond the edge is taken the other way round.
    """
    sources, stride = torch.zeros_like(places), 1
    for axis in reversed(range(len(shape))):
        here, step = places // stride % shape[axis], offsets[..., axis]
        there = here + step
        inside = (there >= 0) & (there < shape[axis])
        sources = sources + torch.where(inside, there, here - step) * stride
        stride *= shape[axis]
    return sources


def _fill_by_median(inputs: Tensor, hidden: Tensor, offsets: Tensor) -> Tensor:
    """Replace hidden elements by the median over the offsets; only they are computed."""
    filled = inputs.flatten(2).clone()
    samples, places = hidden.flatten(1).nonzero(as_tuple=True)  # (M,) each
    sources = _sources(places.unsqueeze(1), offsets, inputs.shape[2:])  # (M, O)
    values = filled[samples.unsqueeze(1), :, sources].sort(dim=1).values  # (M, O, C)
    n = values.shape[1]  # the number of offsets may be even: the mean of the middle two
    filled[samples, :, places] = (values[:, (n - 1) // 2] + values[:, n // 2]) / 2
    return filled.reshape(inputs.shape)
