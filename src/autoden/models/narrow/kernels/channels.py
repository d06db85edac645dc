"""What is computed of a channel as it lies in memory, or of a part of it.

Sums may be taken in any order, which vector instructions need. Indices are unsigned as in `tiles`.
"""

# mypy: disable-error-code="no-untyped-def"

from numba import uint64

from autoden.models.narrow.kernels.tiles import MEAN, SCALE, SHIFT
from autoden.native.compiling.language import part

BLOCK = 2**14
"""So many numbers are summed in their own precision; the sums of blocks in double precision."""


@part
def rectify(raw, constants, slope, start, stop, out):
    """Normalise and rectify raw values."""
    for c in range(raw.shape[0]):
        scale, shift = constants[SCALE, c], constants[SHIFT, c]
        values, to = raw[c], out[c]
        for i in range(uint64(start), uint64(stop)):
            u = scale * values[i] + shift
            to[i] = u if u > 0 else slope * u


@part
def moments(values, start, stop, out):
    """Write the mean of some values, and the sum of their squared distances from it.

    Distances are first taken from one of the values, which is near enough to lose no digits.
    """
    near, total, squares = values[start], 0.0, 0.0
    for block in range(start, stop, BLOCK):
        s = t = values.dtype.type(0)
        for i in range(uint64(block), uint64(min(block + BLOCK, stop))):
            far = values[i] - near
            s += far
            t += far * far
        total += s
        squares += t
    count = stop - start
    out[0], out[1] = near + total / count, max(squares - total * total / count, 0.0)


@part
def sum_gradients(gradient, values, constants, c, slope, start, stop, out):
    """Write the sum of a channel's gradients before the rectifier, alone and times raw - mean."""
    scale, shift, mean = constants[SCALE, c], constants[SHIFT, c], constants[MEAN, c]
    straight = slanted = 0.0
    for block in range(start, stop, BLOCK):
        s = t = values.dtype.type(0)
        for i in range(uint64(block), uint64(min(block + BLOCK, stop))):
            g = gradient[i]
            z = g if scale * values[i] + shift > 0 else slope * g
            s += z
            t += z * (values[i] - mean)
        straight += s
        slanted += t
    out[0], out[1] = straight, slanted
