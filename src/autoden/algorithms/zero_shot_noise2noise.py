"""Zero-Shot Noise2Noise: predict one half of the neighbours from the other (CVPR 2023).

The two diagonals of every 2 x 2 pixels, averaged, are two images of half the size with the same
truth and independent noise. What holds between them should hold for the image at full size: its
denoised version, averaged alike, has to agree with what the halves give.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import nn

from autoden.algorithms.arrays import PairArrays
from autoden.algorithms.cells import halves, in_cells, size_of_halves
from autoden.algorithms.pairs import PairsTask
from autoden.algorithms.zero_shot import Recipe, ZeroShot
from autoden.signals.scaling import DataScaleBias
from autoden.training.batch import Batch
from autoden.training.task import Losses, compare


class ZSN2N(ZeroShot):
    """Denoise single measurements by predicting halves of neighbours from each other.

    In two dimensions the halves are the diagonals of 2 x 2 pixels, in three those of 2 x 2 x 2
    voxels of which no two touch by a face; in one dimension the outer and the inner two of four
    elements. Structure as fine as these cells is taken for noise in part. The constructor takes
    what `Denoiser` takes; without a `model` it is the paper's, for images: three convolutions with
    48 features.

    References
    ----------
    Y. Mansour, R. Heckel, "Zero-shot Noise2Noise: efficient image denoising without any data",
    CVPR 2023.

    Examples
    --------
    >>> import numpy as np
    >>> import autoden as ad
    >>> noisy = np.random.default_rng(0).poisson(20.0, (32, 32))
    >>> zsn2n = ad.ZSN2N(seed=0, verbose=False)
    >>> inp, held_out = zsn2n.prepare_data(noisy)
    >>> losses = zsn2n.train(inp, held_out, epochs=2)
    >>> zsn2n.infer(inp).shape
    (32, 32)
    """

    title = "Zero-Shot Noise2Noise"

    @property
    def cell_size(self) -> int:
        """Elements along each axis that are held out together: those of a cell."""
        return size_of_halves(self.n_dims)

    def _recipe(self, arrays: PairArrays, scaling: DataScaleBias) -> Recipe:
        return Recipe(arrays, HalvesTask)


@dataclass(frozen=True)
class HalvesTask(PairsTask):
    """Ask for each half from the other, and for agreement with the whole; a `Task`."""

    def loss(self, model: nn.Module, batch: Batch) -> Losses:
        """Add the errors of both halves and what they differ by from the whole, denoised."""
        size = size_of_halves(batch.input.ndim - 2)
        given, asked = halves(batch.input), halves(batch.target)
        pair = in_cells(batch, given[0], asked[0], size)
        swapped = Batch(
            torch.cat(given),
            torch.cat(asked[::-1]),
            *(torch.cat((mask, mask)) for mask in (pair.weight, pair.held_out)),
        )
        output, whole = model(swapped.input), model(batch.input)
        predicted = compare(output, swapped, self.data_term)
        errors = self.data_term(output, torch.cat(halves(whole)))
        weight = swapped.total_weight.clamp(min=1.0)
        agreement = (errors * swapped.weight).sum() / weight
        return replace(predicted, train=predicted.train + agreement, output=whole)
