"""Cells: small blocks of neighbours, from which one image becomes two of lower resolution.

Neighbours share almost the same truth and have noise of their own. A cell has two elements along
each axis that it spans; of what does not fill a cell nothing is made.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from autoden.training.batch import Batch


def to_cells(x: Tensor, size: int = 2) -> Tensor:
    """Cut into cells.

    Parameters
    ----------
    x : Tensor
        Shape (N, C, *S).
    size : int
        Elements of a cell along each axis.

    Returns
    -------
    Tensor
        Shape (N, C, *T, P): T cells of P = size ** n_dims elements, the last axis first.

    Examples
    --------
    >>> to_cells(torch.arange(6.0).reshape(1, 1, 2, 3)).tolist()
    [[[[[0.0, 1.0, 3.0, 4.0]]]]]
    """
    n_dims = x.ndim - 2
    counts = [length // size for length in x.shape[2:]]
    for axis, count in enumerate(counts, start=2):
        x = x.narrow(axis, 0, count * size)
    split = x.reshape(*x.shape[:2], *(n for count in counts for n in (count, size)))
    outer, inner = range(2, 2 + 2 * n_dims, 2), range(3, 3 + 2 * n_dims, 2)
    return split.permute(0, 1, *outer, *inner).flatten(2 + n_dims)


def halves(x: Tensor) -> tuple[Tensor, Tensor]:
    """Average each half of every cell: two images whose halves have the same centre of mass.

    In two dimensions they are the diagonals of 2 x 2 elements, in three those of a cube of which
    no two touch by a face, in one the outer and the inner two of four (Mansour and Heckel 2023).

    Parameters
    ----------
    x : Tensor
        Shape (N, C, *S).

    Returns
    -------
    Tensor, Tensor
        Shape (N, C, *T), cells of `size_of_halves` elements along each axis.

    Examples
    --------
    >>> [half.item() for half in halves(torch.tensor([[[0.0, 2.0, 4.0, 7.0]]]))]
    [3.5, 3.0]
    """
    cells = to_cells(x, size_of_halves(x.ndim - 2))
    odd = [place for place in range(cells.shape[-1]) if place.bit_count() % 2]
    even = [place for place in range(cells.shape[-1]) if not place.bit_count() % 2]
    return cells[..., even].mean(-1), cells[..., odd].mean(-1)


def size_of_halves(n_dims: int) -> int:
    """Give the elements of a cell along each axis that `halves` needs.

    Examples
    --------
    >>> [size_of_halves(n_dims) for n_dims in (1, 2, 3)]
    [4, 2, 2]
    """
    return 4 if n_dims == 1 else 2


def draw_neighbours(x: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    """Draw two elements of each cell that touch by a face, the same ones in all channels.

    Parameters
    ----------
    x : Tensor
        Shape (N, C, *S); the draws are for cells of two elements along each axis.
    generator : torch.Generator, optional
        Source of the draws, on the device of `x`; None follows torch's own state.

    Returns
    -------
    Tensor, Tensor
        Shape (N, 1, *T, 1), int64: their places in the cell, for `pick`.
    """
    n_dims = x.ndim - 2
    shape = (len(x), 1, *(length // 2 for length in x.shape[2:]), 1)
    draw = partial(torch.randint, size=shape, generator=generator, device=x.device)
    first, axis = draw(2**n_dims), draw(n_dims)
    return first, first ^ (1 << axis)


def pick(x: Tensor, places: Tensor) -> Tensor:
    """Take one element of each cell of (N, C, *S), as `draw_neighbours` chose it: (N, C, *T)."""
    cells = to_cells(x)
    index = places.expand(*cells.shape[:-1], 1)
    return cells.gather(-1, index).squeeze(-1)


def in_cells(batch: Batch, inputs: Tensor, targets: Tensor, size: int) -> Batch:
    """Make a batch of what was taken from cells: a cell trains if none of it is held out.

    Parameters
    ----------
    batch : Batch
        Of shape (N, C, *S).
    inputs, targets : Tensor
        Shape (N, C, *T), one element for each cell.
    size : int
        Elements of a cell along each axis.
    """
    weight = to_cells(batch.weight, size).amin(-1)
    held_out = to_cells(batch.held_out, size).any(-1)
    return Batch(inputs, targets, weight, held_out)
