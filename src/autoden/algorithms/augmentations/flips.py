"""Mirror images of a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autoden.algorithms.augmentations.augmentation import (
    RandomView,
    checked_axes,
    moving_axes,
)
from autoden.training.batch import Batch


class AugmentationFlip(RandomView):
    """Flip each spatial axis with probability one half, the same for all samples of a batch.

    Parameters
    ----------
    axes : sequence of int, optional
        Axes that may be flipped, counted from the end: -1 is the last one. None: all spatial axes.
    rng : numpy.random.Generator, optional
        Source of the draws; None takes the denoiser's, or follows numpy's own state without one.

    Raises
    ------
    InputError
        Axes that are not counted from the end; when called, axes that the data do not have.

    Examples
    --------
    >>> import torch
    >>> row = torch.arange(3.0).reshape(1, 1, 3)
    >>> flip = AugmentationFlip(axes=(-1,), rng=np.random.default_rng(2))
    >>> flip(Batch(row, row, row, row > 1)).target.squeeze()
    tensor([2., 1., 0.])
    """

    geometric = True

    def __init__(
        self, axes: Sequence[int] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(rng)
        self.axes = checked_axes(axes)

    def __call__(self, batch: Batch) -> Batch:
        """Flip the same random axes of all four tensors."""
        axes = moving_axes(self.axes, batch.input.ndim - 2)
        chosen = [axis for axis in axes if self.rng.random() < 0.5]
        return batch.map(lambda tensor: tensor.flip(chosen)) if chosen else batch
