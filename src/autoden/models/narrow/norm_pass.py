"""Batch normalisation and leaky rectifier of few channels, forward and backward.

`norm_kernels` does the arithmetic, on arrays whose channels lie last; here is what they are given.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autoden.models.narrow import norm_kernels as kernels

Array = NDArray[np.floating]

LEAST_PERIOD = 256
"""Constants of channels are repeated until there are at least so many."""


def try_out(dtype: torch.dtype) -> None:
    """Go forward and back once, which compiles the kernels."""
    x, ones = torch.ones(1, 2, 1, 1, dtype=dtype), torch.ones(2, dtype=dtype)
    normalised = NormPass(x, ones, ones, 1e-5, 0.2)
    normalised.gradients(normalised.output())


class NormPass:
    """One pass through a normalisation by the statistics of the batch and a leaky rectifier.

    Parameters
    ----------
    x : Tensor
        Shape (N, C, *S), on the CPU.
    weight, bias : Tensor
        Shape (C,): what a normalised channel is multiplied with, and what is added.
    eps : float
        Added to the variance.
    slope : float
        Of the rectifier below zero.

    Attributes
    ----------
    mean, variance : ndarray of float64
        Shape (C,), of the batch; the latter is the mean squared distance.
    """

    def __init__(self, x: Tensor, weight: Tensor, bias: Tensor, eps: float, slope: float) -> None:
        self.shape = x.shape
        self.row = _as_row(x)
        n_channels = x.shape[1]
        self.n_repeats = -(-LEAST_PERIOD // n_channels)
        self.slope = self.row.dtype.type(slope)
        self.mean, squares = np.empty((2, n_channels))
        kernels.moments(self.row, self.n_repeats * n_channels, self.mean, squares)
        self.n_of_channel = len(self.row) // n_channels
        self.variance = squares / self.n_of_channel
        self.inverse = 1 / np.sqrt(self.variance + eps)
        self.scale = weight.detach().numpy() * self.inverse
        self.shift = bias.detach().numpy() - self.scale * self.mean

    def output(self) -> Tensor:
        """Normalise and rectify: (N, C, *S), channels last."""
        out = np.empty_like(self.row)
        kernels.respond(self.row, self._constants(self.scale, self.shift), self.slope, out)
        return self._as_tensor(out)

    def gradients(self, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Turn the gradient by the output into those by the input, the weight and the bias."""
        given = _as_row(gradient)
        rows = [self.scale, self.shift, self.mean]
        straight, slanted = np.empty((2, len(self.mean)))
        kernels.slopes(given, self.row, self._constants(*rows), self.slope, straight, slanted)
        rows.append(-straight / self.n_of_channel)
        rows.append(-(self.inverse**2) * slanted / self.n_of_channel)
        out = np.empty_like(self.row)
        kernels.unrespond(given, self.row, self._constants(*rows), self.slope, out)
        by_weight, by_bias = (
            torch.from_numpy(by.astype(self.row.dtype)) for by in (slanted * self.inverse, straight)
        )
        return self._as_tensor(out), by_weight, by_bias

    def _constants(self, *rows: Array) -> Array:
        """Repeat what is known of each channel."""
        return np.tile(np.array(rows, self.row.dtype), self.n_repeats)

    def _as_tensor(self, row: Array) -> Tensor:
        n, n_channels, *size = self.shape
        return torch.from_numpy(row).view(n, *size, n_channels).movedim(-1, 1)


def _as_row(x: Tensor) -> Array:
    """See (N, C, *S) as one row with the channels last, copied only if it lies otherwise."""
    row: Array = x.detach().movedim(1, -1).contiguous().view(-1).numpy()
    return row
