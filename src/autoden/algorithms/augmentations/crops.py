"""Random windows of a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autoden.algorithms.augmentations.augmentation import RandomView
from autoden.checks import whole_number, whole_numbers
from autoden.errors import InputError
from autoden.training.batch import Batch

NAME = "patch_size` or `size"
"""What errors call the size: a denoiser's users know it as the first, those of crops as the other.
"""


class AugmentationCrop(RandomView):
    """Cut one random window out of every sample, each at its own place.

    Training on windows needs less memory and time per step than training on whole samples. All
    places are equally likely, so elements near a border are seen less often than the others.

    Parameters
    ----------
    size : int, sequence or array of int
        Length of the window along each spatial axis, or along all; axes that are shorter stay
        whole.
    rng : numpy.random.Generator, optional
        Source of the draws; None takes the denoiser's, or follows numpy's own state without one.

    Raises
    ------
    InputError
        Sizes below 1; when called, another number of them than the data have spatial axes.

    Examples
    --------
    >>> rows = torch.arange(10.0).expand(2, 1, 10)
    >>> crop = AugmentationCrop(4, rng=np.random.default_rng(0))
    >>> crop(Batch(rows, rows, rows, rows > 8)).input.squeeze()
    tensor([[5., 6., 7., 8.],
            [4., 5., 6., 7.]])
    """

    geometric = True

    def __init__(
        self,
        size: int | Sequence[int] | NDArray[np.integer],
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(rng)
        several = isinstance(size, Sequence) or np.ndim(size) > 0
        self.size = whole_numbers(NAME, size) if several else whole_number(NAME, size)

    def __call__(self, batch: Batch) -> Batch:
        """Cut the same windows out of all four tensors."""
        available = np.array(batch.input.shape[2:])
        sizes = np.minimum(self._sizes(len(available)), available)
        if (sizes == available).all():
            return batch
        starts = self.rng.integers(available - sizes + 1, size=(len(batch), len(sizes)))
        device = batch.input.device
        places = _window(torch.from_numpy(starts).to(device, non_blocking=True), sizes.tolist())
        samples = _along(torch.arange(len(batch), device=device), 0, batch.input.ndim)

        def cut(tensor: Tensor) -> Tensor:
            channels = _along(torch.arange(tensor.shape[1], device=device), 1, tensor.ndim)
            return tensor[(samples, channels, *places)]  # (N, C, *size)

        return batch.map(cut)

    def _sizes(self, n_dims: int) -> tuple[int, ...]:
        sizes = (self.size,) * n_dims if isinstance(self.size, int) else self.size
        if len(sizes) != n_dims:
            raise InputError(
                f"`{NAME}` is {self.size}, but the data have {n_dims} spatial axes: give one "
                "number for each, or one for all."
            )
        return sizes


def _window(starts: Tensor, sizes: Sequence[int]) -> list[Tensor]:
    """Index each axis of the windows that begin at `starts` (N, n_dims), ready to broadcast."""
    n, n_dims = starts.shape
    places = []
    for d, size in enumerate(sizes):
        place = starts[:, d, None] + torch.arange(size, device=starts.device)  # (N, size)
        places.append(place.reshape(n, 1, *(size if axis == d else 1 for axis in range(n_dims))))
    return places


def _along(values: Tensor, axis: int, n_axes: int) -> Tensor:
    """Lay values (L,) along one of so many axes; the others get length 1."""
    return values.reshape([-1 if i == axis else 1 for i in range(n_axes)])
