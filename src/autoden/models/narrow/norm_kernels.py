"""Normalisation and leaky rectifier of values whose channels lie last, compiled by numba.

An array is one long row in which the channels follow one another again and again. What is known of
each channel is repeated until it is a *period* long, a multiple of the number of channels, so that
the inner loops are long enough for vector instructions whatever that number is. Sums are taken
block by block, so that those of single precision stay short. Nothing here knows torch.

Indices are unsigned for the reason given in `kernels`.
"""

# mypy: disable-error-code="no-untyped-def"

import numpy as np
from numba import uint64

from autoden.transforms.compiled import compiled

SCALE, SHIFT, MEAN, LEVEL, TILT = range(5)
"""Constants, one row each: ``u = scale * x + shift``; the others as in `unrespond`."""
N_PERIODS = 128
"""Length of a block."""


@compiled
def moments(x, period, mean, squares):
    """Write each channel's mean, and the sum of its squared distances from it.

    Blocks are joined after Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm for
    computing sample variances" (1979).
    """
    n_channels = len(mean)
    sums, centre = np.zeros(period, x.dtype), np.zeros(period, x.dtype)
    own_mean, own_squares = np.zeros(n_channels), np.zeros(n_channels)
    mean[:], squares[:] = 0, 0
    for first in range(0, len(x), N_PERIODS * period):
        last = min(first + N_PERIODS * period, len(x))
        before, now = first // n_channels, (last - first) // n_channels
        sums[:], own_mean[:], own_squares[:] = 0, 0, 0
        for start in range(first, last, period):
            offset = uint64(start)
            for j in range(uint64(min(period, last - start))):
                sums[j] += x[offset + j]
        for j in range(period):
            own_mean[j % n_channels] += sums[j] / now
        for j in range(period):
            centre[j], sums[j] = own_mean[j % n_channels], 0
        for start in range(first, last, period):
            offset = uint64(start)
            for j in range(uint64(min(period, last - start))):
                distance = x[offset + j] - centre[j]
                sums[j] += distance * distance
        for j in range(period):
            own_squares[j % n_channels] += sums[j]
        for c in range(n_channels):
            step = centre[c] - mean[c]
            mean[c] += step * now / (before + now)
            squares[c] += own_squares[c] + step * step * before * now / (before + now)


@compiled
def respond(x, constants, slope, out):
    """Normalise and rectify."""
    scale, shift = constants[SCALE], constants[SHIFT]
    for start in range(0, len(x), len(scale)):
        offset = uint64(start)
        for j in range(uint64(min(len(scale), len(x) - start))):
            u = scale[j] * x[offset + j] + shift[j]
            out[offset + j] = u if u > 0 else slope * u


@compiled
def slopes(gradient, x, constants, slope, straight, slanted):
    """Write each channel's sum of gradients before the rectifier, alone and times x - mean."""
    scale, shift, mean = constants[SCALE], constants[SHIFT], constants[MEAN]
    n_channels, period = len(straight), len(scale)
    sums, products = np.zeros(period, x.dtype), np.zeros(period, x.dtype)
    straight[:], slanted[:] = 0, 0
    for first in range(0, len(x), N_PERIODS * period):
        last = min(first + N_PERIODS * period, len(x))
        sums[:], products[:] = 0, 0
        for start in range(first, last, period):
            offset = uint64(start)
            for j in range(uint64(min(period, last - start))):
                value, z = x[offset + j], gradient[offset + j]
                z = z if scale[j] * value + shift[j] > 0 else slope * z
                sums[j] += z
                products[j] += z * (value - mean[j])
        for j in range(period):
            straight[j % n_channels] += sums[j]
            slanted[j % n_channels] += products[j]


@compiled
def unrespond(gradient, x, constants, slope, out):
    """Turn gradients after the rectifier into those before the normalisation.

    ``scale * (z + level + tilt * (x - mean))``, where z is the gradient before the rectifier.
    """
    scale, shift, mean = constants[SCALE], constants[SHIFT], constants[MEAN]
    level, tilt = constants[LEVEL], constants[TILT]
    for start in range(0, len(x), len(scale)):
        offset = uint64(start)
        for j in range(uint64(min(len(scale), len(x) - start))):
            value, z = x[offset + j], gradient[offset + j]
            z = z if scale[j] * value + shift[j] > 0 else slope * z
            out[offset + j] = scale[j] * (z + level[j] + tilt[j] * (value - mean[j]))
